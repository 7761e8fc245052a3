"""The lowest layer: whatever is built above it, only the stated method reaches only the stated address."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Literal

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from holdfast.errors import OktaAway, OktaRefused, OktaUnreachable

# A tenant that takes no connection for this long is not there.
CONNECT_TIMEOUT_S = 10.0
# Okta gives up on its own requests after a minute or so.
READ_TIMEOUT_S = 90.0
# A whole answer: a tenant that sends one byte a minute is not there either.
ANSWER_TIMEOUT_S = 180.0

_TIMEOUTS = {"connect": CONNECT_TIMEOUT_S, "read": READ_TIMEOUT_S}
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "holdfast"}


class NarrowTransport(AiohttpTransport):
    """Lets one method pass, to one origin (or to one address of it)."""

    def __init__(self, method: Literal["GET", "POST"], allowed: str, *, connections: int) -> None:
        super().__init__(client=lambda: _session(connections))
        self._method = method
        self._allowed = httpx.URL(allowed)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, or raise OktaRefused for what may not pass."""
        url, allowed = request.url, self._allowed
        elsewhere = (url.scheme, url.host, url.port) != (allowed.scheme, allowed.host, allowed.port)
        if elsewhere or request.method != self._method or (allowed.path != "/" and url.path != allowed.path):
            raise OktaRefused(f"Holdfast does not send {request.method} to {url.host}{url.path}.", status=0)
        response: httpx.Response = await super().handle_async_request(request)
        return response


def _session(connections: int) -> aiohttp.ClientSession:
    # No cookies: a session that Okta sets would be a second, unseen identity.
    connector = aiohttp.TCPConnector(limit=connections)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


async def answer_to_get(transport: NarrowTransport, url: str, authorization: str) -> httpx.Response:
    """The whole response, whatever its status. Raises OktaUnreachable, OktaAway."""
    return await _answer(transport, httpx.Request("GET", url, headers={**_HEADERS, "Authorization": authorization}))


async def answer_to_form(transport: NarrowTransport, url: str, form: Mapping[str, str]) -> httpx.Response:
    """The whole response, whatever its status. Raises OktaUnreachable, OktaAway."""
    return await _answer(transport, httpx.Request("POST", url, headers=_HEADERS, data=form))


async def _answer(transport: NarrowTransport, request: httpx.Request) -> httpx.Response:
    # Not through httpx.AsyncClient: it keeps cookies, and its redirects, hooks and merges of settings, none of them
    # used here, cost as much time as the request itself.
    request.extensions["timeout"] = _TIMEOUTS
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            response = await transport.handle_async_request(request)
            try:
                await response.aread()
            finally:
                await response.aclose()
            return response
    except (httpx.RequestError, aiohttp.ClientError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        # The transport has one name for a connection that broke and for one that never was.
        is_away = isinstance(error.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
        # The cause is not chained: what prints it may print the request with its headers.
        raise (OktaAway if is_away else OktaUnreachable)(
            f"{request.url.host} did not answer {request.method} {request.url.path} ({why}). Check the network and "
            "HOLDFAST_OKTA__URL."
        ) from None
