"""The lowest layer: whatever is built above it, only the stated method reaches only the stated address."""

from __future__ import annotations

import asyncio
from typing import Literal

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from holdfast.errors import OktaRefused, OktaUnreachable

# A tenant that takes no connection for this long is not there.
CONNECT_TIMEOUT_S = 10.0
# Okta gives up on its own requests after a minute or so.
READ_TIMEOUT_S = 90.0
# A whole answer: a tenant that sends one byte a minute is not there either.
ANSWER_TIMEOUT_S = 180.0


class _OnlyTransport(httpx.AsyncBaseTransport):
    """Lets one method pass, to one origin (or to one address of it)."""

    def __init__(self, method: Literal["GET", "POST"], allowed: str, connections: int) -> None:
        self._method = method
        self._allowed = httpx.URL(allowed)
        self._inner = AiohttpTransport(client=lambda: _session(connections))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, allowed = request.url, self._allowed
        elsewhere = (url.scheme, url.host, url.port) != (allowed.scheme, allowed.host, allowed.port)
        if elsewhere or request.method != self._method or (allowed.path != "/" and url.path != allowed.path):
            raise OktaRefused(f"Holdfast does not send {request.method} to {url.host}{url.path}.", status=0)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _session(connections: int) -> aiohttp.ClientSession:
    # No cookies: a session cookie that Okta sets would be a second, unseen identity.
    connector = aiohttp.TCPConnector(limit=connections)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def http_client(method: Literal["GET", "POST"], allowed: str, connections: int) -> httpx.AsyncClient:
    """A client that follows no redirect, retries nothing and cannot do anything else than `method` on `allowed`."""
    return httpx.AsyncClient(
        transport=_OnlyTransport(method, allowed, connections),
        timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S, pool=None),
        headers={"Accept": "application/json", "User-Agent": "holdfast"},
        follow_redirects=False,
        trust_env=False,
    )


async def answered(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The whole response, whatever its status. Raises OktaUnreachable for none, or half of one."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await http.send(request)
    except (httpx.RequestError, aiohttp.ClientError, TimeoutError) as error:
        # The cause is not chained: a traceback would print the request with its headers.
        why = str(error) or type(error).__name__
        raise OktaUnreachable(
            f"{request.url.host} did not answer {request.method} {request.url.path} ({why}). Check the network and "
            "HOLDFAST_OKTA__URL."
        ) from None
