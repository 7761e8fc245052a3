"""As whom the tenant is read: an API token, or a service app that signs with its private key."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from joserfc import jwk, jwt
from joserfc.errors import JoseError
from pydantic import SecretStr

from holdfast.errors import OktaServerError, SettingsError
from holdfast.okta.refusals import error_of, json_of
from holdfast.okta.transport import NarrowTransport, answer_to_form
from holdfast.settings import OktaSettings

# Everything that the sync reads.
READ_SCOPES = (
    "okta.users.read",
    "okta.groups.read",
    "okta.apps.read",
    "okta.devices.read",
    "okta.roles.read",
    "okta.policies.read",
    "okta.networkZones.read",
    "okta.schemas.read",
    "okta.userTypes.read",
    "okta.logs.read",
)
# Okta accepts assertions of up to an hour; this one is used at once.
_ASSERTION_LIFETIME_S = 300
# A token is not used when it may run out on the way.
_TOKEN_MARGIN_S = 60


class Credentials(Protocol):
    """Who asks. Implementations show no secret in their repr or in an error."""

    async def authorization(self, origin: str) -> str:
        """The Authorization header for the tenant at `origin`. Raises what the token endpoint's refusal means."""
        ...

    def renewed(self, refused: str) -> bool:
        """Whether another header may help after this one got a 401."""
        ...

    @property
    def mend(self) -> str:
        """What a person mends after a 401, naming the setting."""
        ...

    async def aclose(self) -> None:
        """Close what it opened."""
        ...


@dataclass(frozen=True)
class ApiToken:
    """An API token (SSWS)."""

    token: SecretStr

    def __post_init__(self) -> None:
        if not self.token.get_secret_value().isascii() or not self.token.get_secret_value().isprintable():
            raise SettingsError("HOLDFAST_OKTA__TOKEN holds characters that no API token holds; copy it again.")

    async def authorization(self, origin: str) -> str:
        """See `Credentials`."""
        return f"SSWS {self.token.get_secret_value()}"

    def renewed(self, refused: str) -> bool:
        """A token does not change by itself."""
        return False

    @property
    def mend(self) -> str:
        """See `Credentials`."""
        return "Mend HOLDFAST_OKTA__TOKEN: the token is wrong, revoked or unused for 30 days."

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class _AccessToken:
    value: str
    # On the monotonic clock.
    usable_until: float


class ServiceApp:
    """An OAuth service app (client_credentials with `private_key_jwt`); its token is fetched when needed and kept."""

    def __init__(self, client_id: str, key: jwk.RSAKey | jwk.ECKey, scopes: tuple[str, ...] = READ_SCOPES) -> None:
        self._client_id = client_id
        self._key = key
        self._scopes = scopes
        self._token: _AccessToken | None = None
        self._endpoint: TokenEndpoint | None = None
        self._fetching = asyncio.Lock()

    def __repr__(self) -> str:
        return f"ServiceApp(client_id={self._client_id!r})"

    async def authorization(self, origin: str) -> str:
        """See `Credentials`."""
        async with self._fetching:
            if self._token is None or time.monotonic() > self._token.usable_until:
                if self._endpoint is None:
                    self._endpoint = TokenEndpoint(origin)
                self._token = await self._endpoint.fetch(self._assertion(self._endpoint.url), self._scopes)
            return f"Bearer {self._token.value}"

    def renewed(self, refused: str) -> bool:
        """The refused token is forgotten; the next one is fetched."""
        if self._token is not None and refused == f"Bearer {self._token.value}":
            self._token = None
        return True

    @property
    def mend(self) -> str:
        """See `Credentials`."""
        return _MEND_APP

    async def aclose(self) -> None:
        """Close the connection to the token endpoint."""
        if self._endpoint is not None:
            await self._endpoint.aclose()

    def _assertion(self, audience: str) -> str:
        now = int(time.time())
        header = {"alg": "ES256" if isinstance(self._key, jwk.ECKey) else "RS256"}
        if self._key.kid is not None:
            header["kid"] = self._key.kid
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": audience,
            "iat": now,
            "exp": now + _ASSERTION_LIFETIME_S,
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode(header, claims, self._key)


class TokenEndpoint:
    """The one address that is sent a form, and the form is always this one."""

    def __init__(self, origin: str) -> None:
        self.url = f"{origin}/oauth2/v1/token"
        self._transport = NarrowTransport("POST", self.url, connections=1)

    async def fetch(self, assertion: str, scopes: tuple[str, ...]) -> _AccessToken:
        """A new access token. Raises OktaRefused, which says which setting to mend, or a TransientError."""
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(scopes),
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        asked = time.monotonic()
        response = await answer_to_form(self._transport, self.url, form)
        if response.status_code != 200:
            raise error_of(response, mend=_MEND_APP)
        body = json_of(response)
        token, lifetime = (body.get("access_token"), body.get("expires_in")) if isinstance(body, dict) else (None, None)
        if not isinstance(token, str) or not isinstance(lifetime, int):
            raise OktaServerError("Okta's token endpoint answered without a token; try again later.")
        return _AccessToken(token, asked + max(lifetime - _TOKEN_MARGIN_S, lifetime / 2))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._transport.aclose()


_MEND_APP = (
    "Mend HOLDFAST_OKTA__CLIENT_ID, HOLDFAST_OKTA__PRIVATE_KEY_FILE or HOLDFAST_OKTA__SCOPES: the app needs this key, "
    "these scopes granted, and no DPoP demanded."
)


def credentials_from(settings: OktaSettings) -> Credentials:
    """The one way to log in that is configured. Raises SettingsError for none, or a key that cannot be used."""
    if settings.token is not None:
        return ApiToken(settings.token)
    if settings.client_id is None or settings.private_key_file is None:
        raise SettingsError(
            "No login for the tenant: set HOLDFAST_OKTA__TOKEN, or HOLDFAST_OKTA__CLIENT_ID together with "
            "HOLDFAST_OKTA__PRIVATE_KEY_FILE."
        )
    return ServiceApp(settings.client_id, private_key_from(settings.private_key_file), settings.scopes or READ_SCOPES)


def private_key_from(file: Path) -> jwk.RSAKey | jwk.ECKey:
    """The private key in a PEM or JWK file. Raises SettingsError, which never shows what is in the file."""
    setting = f"HOLDFAST_OKTA__PRIVATE_KEY_FILE ({file})"
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{setting} cannot be read: {reason}.") from None
    key = _jwk_key(text) if text.lstrip().startswith("{") else _pem_key(text)
    if key is None or not key.is_private:
        raise SettingsError(f"{setting} holds no private RSA or EC key in PEM or JWK form.")
    return key


def _jwk_key(text: str) -> jwk.RSAKey | jwk.ECKey | None:
    try:
        values = json.loads(text)
        if values.get("kty") == "RSA":
            return jwk.import_key(values, "RSA")
        return jwk.import_key(values, "EC") if values.get("kty") == "EC" else None
    except (JoseError, ValueError, TypeError):
        return None


def _pem_key(text: str) -> jwk.RSAKey | jwk.ECKey | None:
    # PEM's usual wrapping (PKCS #8) does not show the kind outside.
    for kind in (jwk.RSAKey, jwk.ECKey):
        try:
            return kind.import_key(text)
        except (JoseError, ValueError, TypeError):
            continue
    return None
