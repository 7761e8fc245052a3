"""Who may ask: an API token, or a service app with `private_key_jwt` and the scopes it was granted."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from holdfast.demo.options import TenantOptions
from holdfast.demo.records import Record
from holdfast.demo.replies import ApiError, EmptyRefusal
from holdfast.errors import SettingsError

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_TOKEN_SECONDS = 3_600
# Okta refuses assertions that are valid for longer.
_LONGEST_ASSERTION = 3_600
_CLOCK_SKEW = 300


class TokenRefused(Exception):
    """The token endpoint says no, in OAuth's words."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class Caller:
    """Who asks. `scopes` is None for an API token, which may read everything."""

    scopes: frozenset[str] | None

    def require(self, scope: str) -> None:
        """EmptyRefusal (403, no body) where the scope was not granted."""
        if self.scopes is not None and scope not in self.scopes:
            raise EmptyRefusal(403, "insufficient_scope")


class Gatekeeper:
    """Knows the token, the service app and the access tokens it was given. They end with the process."""

    def __init__(self, options: TenantOptions) -> None:
        self._token = options.token.get_secret_value()
        self._client_id = options.client_id
        self._key = _public_key(options.public_key_file) if options.public_key_file else None
        self._granted: dict[str, tuple[float, frozenset[str]]] = {}

    def admit(self, authorization: str | None) -> Caller:
        """Who that header belongs to. ApiError or EmptyRefusal for nobody."""
        if not authorization:
            raise ApiError("E0000005")
        if authorization[:4].upper() == "SSWS":
            # One of Okta's own clients sends no space after the scheme.
            if hmac.compare_digest(authorization[4:].strip().encode(), self._token.encode()):
                return Caller(None)
            raise ApiError("E0000011")
        scheme, _, token = authorization.partition(" ")
        until, scopes = self._granted.get(token.strip(), (0.0, frozenset[str]()))
        if scheme.lower() != "bearer" or until <= time.time():
            raise EmptyRefusal(401, "invalid_token")
        return Caller(scopes)

    def grant(self, form: Mapping[str, str], audience: str) -> Record:
        """An access token for a client assertion meant for `audience`. TokenRefused says why not."""
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "The grant type must be client_credentials.")
        if form.get("client_assertion_type") != _ASSERTION_TYPE or not form.get("client_assertion"):
            raise TokenRefused("invalid_client", "A client_assertion of type jwt-bearer is required.", 401)
        scopes = form.get("scope", "").split()
        if not scopes or not all(scope.startswith("okta.") and scope.endswith(".read") for scope in scopes):
            raise TokenRefused("invalid_scope", "One or more scopes are not granted to the client application.")
        self._check(form["client_assertion"], audience)
        token = secrets.token_urlsafe(32)
        self._granted[token] = (time.time() + _TOKEN_SECONDS, frozenset(scopes))
        return {
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
            "access_token": token,
            "scope": " ".join(scopes),
        }

    def _check(self, assertion: str, audience: str) -> None:
        if self._key is None:
            raise TokenRefused("invalid_client", "This tenant knows no service app: give it a public key.", 401)
        registry = jwt.JWTClaimsRegistry(
            leeway=_CLOCK_SKEW,
            iss={"essential": True, "value": self._client_id},
            sub={"essential": True, "value": self._client_id},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        try:
            claims = jwt.decode(assertion, self._key, algorithms=_ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise TokenRefused("invalid_client", f"The client_assertion is not valid: {error}", 401) from error
        if claims["exp"] > time.time() + _LONGEST_ASSERTION + _CLOCK_SKEW:
            raise TokenRefused("invalid_client", "The client_assertion expires too far in the future.", 401)


def _public_key(file: Path) -> RSAKey | ECKey:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"The service app's public key {file} cannot be read: {error.strerror}.") from error
    for kind in (RSAKey, ECKey):
        try:
            return kind.import_key(data if b"BEGIN" in data else _jwk(data))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    raise SettingsError(f"{file} holds no RSA or EC public key: give one as PEM or JWK.")


def _jwk(data: bytes) -> dict[str, str | list[str]]:
    key: dict[str, str | list[str]] = orjson.loads(data)
    return key
