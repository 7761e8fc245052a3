"""Tokens of an OpenID Connect issuer: who they stand for, checked against the issuer's own keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError

from holdfast.access_settings import AccessSettings
from starter.access.callers import Caller, Role
from starter.access.issuer_keys import IssuerKeys
from starter.access.refusals import NotAuthenticated

_LONGEST_TOKEN = 16_384
_LONGEST_SUBJECT = 200
# The year 2100, in seconds: a number that every calendar takes.
_FAR_AWAY = 4_102_444_800
# What joserfc raises for a text that is no token at all is not always one of its own errors.
_UNREADABLE = (JoseError, ValueError, TypeError)


class Tokens:
    """The tokens of one issuer, made for one audience."""

    def __init__(self, settings: AccessSettings, clock: Callable[[], datetime]) -> None:
        if settings.issuer is None or settings.audience is None:
            raise ValueError("tokens need an issuer and an audience")
        self._settings = settings
        self._issuer = settings.issuer
        self._keys = IssuerKeys(settings.issuer, settings.jwks_url)
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=int(settings.clock_leeway.total_seconds()),
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
            iat={"essential": True},
        )
        self._roles = settings.role_of_claim

    async def caller_of(self, token: str) -> tuple[Caller, datetime]:
        """Whom a token stands for, and until when. Raises NotAuthenticated, IssuerAway."""
        claims = await self._checked(token)
        subject = self._subject_in(claims)
        name = claims.get("name")
        caller = Caller(
            subject=subject,
            name=name if isinstance(name, str) and _is_plain(name) else subject,
            roles=self._roles_in(claims),
            credential=f"token:{self._issuer}",
        )
        return caller, datetime.fromtimestamp(min(claims["exp"], _FAR_AWAY), UTC)

    async def _checked(self, token: str) -> Mapping[str, Any]:
        if len(token) > _LONGEST_TOKEN:
            raise NotAuthenticated(f"No token is longer than {_LONGEST_TOKEN:,} characters.")
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
        except _UNREADABLE as error:
            raise NotAuthenticated("This is neither a key nor a token. Send one as `Bearer <key or token>`.") from error
        key = await self._keys.key(kid if isinstance(kid, str) else None)
        try:
            # The list of algorithms is ours: what a token says of itself chooses among them, no more.
            claims = jwt.decode(token, key, algorithms=list(self._settings.algorithms)).claims
            self._claims.validate(claims)
        except ExpiredTokenError as error:
            raise NotAuthenticated("This token has expired. Get a new one from its issuer.") from error
        except _UNREADABLE as error:
            raise NotAuthenticated(f"This token is not valid here: {_reason(error)}.") from error
        return claims

    def _subject_in(self, claims: Mapping[str, Any]) -> str:
        claim = self._settings.subject_claim
        subject = claims.get(claim)
        if not isinstance(subject, str) or not subject or not _is_plain(subject):
            raise NotAuthenticated(f"This token says in its claim {claim!r} of nobody.")
        if claim == "email" and claims.get("email_verified") is not True:
            raise NotAuthenticated("The issuer has not verified the address in this token, so it says of nobody.")
        return subject

    def _roles_in(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        told = claims.get(self._settings.role_claim)
        values = told if isinstance(told, list) else [told]
        roles = {Role(self._roles[value]) for value in values if isinstance(value, str) and value in self._roles}
        if not roles and self._settings.default_role != "none":
            roles = {Role(self._settings.default_role)}
        return frozenset(roles)


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST_SUBJECT and all(unicodedata.category(each)[0] != "C" for each in text)


def _reason(error: Exception) -> str:
    """What joserfc says, which names a claim or the signature and quotes nothing."""
    return str(getattr(error, "description", "") or getattr(error, "error", "") or "it cannot be read").rstrip(".")
