"""Settings of who may: where keys and the audit record are kept, and how long a session of the page lasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from holdfast.setting_types import LOOPBACK, Duration, Group, comma_parted

# Signatures by a private key, which only the issuer has. With a shared secret (HS256 …) whoever checks a token could
# also make one.
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]
_ROLES = ("asker", "reviewer", "administrator")


class AccessSettings(Group):
    """Who may call the gateway, for how long and how often, and where that and the audit record are kept."""

    # Secret, since the address holds the database's password.
    store: SecretStr | None = Field(
        None,
        description="Database of keys, shares, sessions and the audit record, e.g. "
        "`postgresql+psycopg://holdfast:…@db/holdfast`; unset: `access.db` in the data folder",
    )
    session_idle: Duration = Field(
        timedelta(hours=1), gt=timedelta(), description="A session of the page ends after so long without a request"
    )
    session_max: Duration = Field(
        timedelta(hours=12), gt=timedelta(), description="A session of the page ends after so long in any case"
    )

    requests_per_minute: int = Field(1_200, ge=1, description="Requests of one caller that a gateway serves a minute")
    questions_per_minute: int = Field(30, ge=1, description="Questions that one caller may start a minute")
    failures_per_minute: int = Field(
        60, ge=1, description="Keys, tokens and sessions that are not valid, which one address may send a minute"
    )
    issuer: str | None = Field(
        None, description="OpenID Connect issuer whose tokens are accepted, e.g. `https://acme.okta.com/oauth2/default`"
    )
    audience: str | None = Field(None, description="What a token's `aud` must hold; needed with an issuer")
    jwks_url: str | None = Field(None, description="The issuer's keys; unset: found by its discovery document")
    algorithms: Annotated[tuple[Algorithm, ...], NoDecode] = Field(
        ("RS256", "ES256", "PS256", "Ed25519"), min_length=1, description="Signatures that are accepted"
    )
    clock_leeway: Duration = Field(
        timedelta(seconds=30),
        ge=timedelta(),
        le=timedelta(minutes=5),
        description="How far the issuer's clock may differ, in seconds",
    )
    subject_claim: str = Field("sub", min_length=1, description="The claim of a token that names the person")
    role_claim: str = Field("roles", min_length=1, description="The claim of a token that lists roles or groups")
    role_mapping: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Which of its values give which role: `Okta-Admins=administrator,Auditors=reviewer`"
    )
    default_role: Literal["none", "asker", "reviewer", "administrator"] = Field(
        "none", description="The role of whoever has no value that gives one"
    )

    @property
    def role_of_claim(self) -> Mapping[str, str]:
        """The mapping, by value of the claim."""
        parted = (pair.rpartition("=") for pair in self.role_mapping)
        return {value: role for value, _, role in parted}

    @field_validator("algorithms", "role_mapping", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        return comma_parted(value)

    @field_validator("role_mapping")
    @classmethod
    def _gives_roles(cls, mapping: tuple[str, ...]) -> tuple[str, ...]:
        for pair in mapping:
            value, _, role = pair.rpartition("=")
            if not value or role not in _ROLES:
                raise ValueError(f"write each as value=role, where the role is one of {', '.join(_ROLES)}")
        return mapping

    @field_validator("issuer", "jwks_url")
    @classmethod
    def _is_safe_to_ask(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme == "http" and parts.hostname not in LOOPBACK:
                raise ValueError("keys that come in the clear prove nothing: write https://")
            if parts.scheme not in {"https", "http"} or not parts.hostname:
                raise ValueError("write it as https://host/path")
        return url

    @model_validator(mode="after")
    def _has_issuer_and_audience(self) -> Self:
        if (self.issuer is None) != (self.audience is None):
            raise ValueError("HOLDFAST_ACCESS__ISSUER and HOLDFAST_ACCESS__AUDIENCE go together: set both")
        if self.jwks_url is not None and self.issuer is None:
            raise ValueError("HOLDFAST_ACCESS__JWKS_URL needs HOLDFAST_ACCESS__ISSUER")
        return self

    @field_validator("store")
    @classmethod
    def _is_a_postgresql(cls, store: SecretStr | None) -> SecretStr | None:
        if store is not None and not store.get_secret_value().startswith("postgresql+psycopg://"):
            raise ValueError("write it as postgresql+psycopg://user:password@host:5432/database, or leave it unset")
        return store
