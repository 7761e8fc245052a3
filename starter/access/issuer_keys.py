"""The public keys of an issuer: fetched when needed, kept for a while, and never fetched faster than a floor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from pydantic import BaseModel

from holdfast.errors import TransientError
from holdfast.setting_types import LOOPBACK
from starter.access.refusals import NotAuthenticated

# A key that the issuer withdraws is refused here this much later at the latest, while the issuer answers.
_FRESH_S = 600.0
# An issuer that is down for so long is no longer believed by what it said before.
_STALE_S = 3_600.0
# Tokens with invented key ids make no more requests than this.
_FLOOR_S = 10.0
_TIMEOUT_S = 5.0
_LARGEST_BYTES = 1 << 19

log = structlog.get_logger()


class IssuerAway(TransientError):
    """The issuer of tokens does not answer, so none can be checked; try again, or use a key."""


class _Discovery(BaseModel):
    issuer: str
    jwks_uri: str


class _KeySet(BaseModel):
    keys: list[dict[str, Any]]


class IssuerKeys:
    """The keys of one issuer."""

    def __init__(self, issuer: str, jwks_url: str | None) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._keys: Mapping[str | None, Key] = {}
        self._fetched = self._tried = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def key(self, kid: str | None) -> Key:
        """The key of this id; without an id the only one there is. Raises NotAuthenticated, IssuerAway."""
        if not self._is_good(kid):
            async with self._one_at_a_time:
                if not self._is_good(kid):
                    await self._refresh()
        found = self._found(kid)
        if found is None:
            raise NotAuthenticated("This token is signed by a key that its issuer does not have.")
        return found

    def _is_good(self, kid: str | None) -> bool:
        now = time.monotonic()
        is_known = self._found(kid) is not None and now - self._fetched < _FRESH_S
        # Whatever is asked: not again so soon.
        return is_known or (now - self._tried < _FLOOR_S and bool(self._keys))

    def _found(self, kid: str | None) -> Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        """Fetch the keys anew; the old ones stay while the issuer is away for a short time. Raises IssuerAway."""
        now = time.monotonic()
        if now - self._tried < _FLOOR_S:
            raise IssuerAway(f"The issuer {self._issuer} did not answer some seconds ago; try again soon.")
        self._tried = now
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client:
                url = self._jwks_url or await self._discovered(client)
                self._keys = _imported(_KeySet.model_validate(await _fetched(client, url)))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # ValueError is what is not JSON, and what is not of the form that it should have.
            log.warning("issuer away", issuer=self._issuer, error=type(error).__name__)
            if now - self._fetched > _STALE_S:
                self._keys = {}
                raise IssuerAway(
                    f"The issuer {self._issuer} does not give its keys, so no token of its can be checked. Try again "
                    "in some seconds; API keys go on working."
                ) from error
        else:
            self._fetched = now

    async def _discovered(self, client: httpx.AsyncClient) -> str:
        url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        told = _Discovery.model_validate(await _fetched(client, url))
        if told.issuer != self._issuer:
            raise ValueError("the discovery document is another issuer's")
        where = urlsplit(told.jwks_uri)
        if where.scheme != "https" and where.hostname not in LOOPBACK:
            raise ValueError("the issuer's keys would come in the clear")
        return told.jwks_uri


async def _fetched(client: httpx.AsyncClient, url: str) -> Any:
    """The JSON at this address. Raises httpx.HTTPError, ValueError."""
    body = bytearray()
    async with client.stream("GET", url, headers={"Accept": "application/json"}) as response:
        response.raise_for_status()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _LARGEST_BYTES:
                raise ValueError("the answer is larger than any set of keys")
    return orjson.loads(body)


def _imported(told: _KeySet) -> Mapping[str | None, Key]:
    """The keys that we understand, by id; an issuer may have others beside them."""
    found: dict[str | None, Key] = {}
    for each in told.keys:
        # A shared secret is no public key, and what is for encryption signs nothing.
        if each.get("kty") == "oct" or each.get("use", "sig") != "sig":
            continue
        try:
            found[each.get("kid")] = JWKRegistry.import_key(each)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            log.warning("issuer key not understood", error=type(error).__name__)
    if not found:
        raise ValueError("the issuer has no key that we understand")
    return found
