"""A tenant on loopback that each test scripts, and a client of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate

from aiohttp import web
from pydantic import SecretStr

from holdfast.okta import ApiToken, OktaClient

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOKEN = "00a-very-secret-token"


@asynccontextmanager
async def tenant(handler: Handler) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    # A handler whose client went away is cancelled, so that tests see it.
    runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def client(url: str, **options: float) -> OktaClient:
    return OktaClient(url, ApiToken(SecretStr(TOKEN)), **options)  # type: ignore[arg-type]


def okta_error(status: int, code: str, summary: str, **headers: str) -> web.Response:
    body = {"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oae1", "errorCauses": []}
    return web.json_response(body, status=status, headers=headers)


class Window:
    """Counts requests in fixed windows, as Okta does, and remembers whether the limit was ever passed."""

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit, self.seconds = limit, seconds
        self.counts: dict[int, int] = {}
        self.refused = 0

    def count(self) -> tuple[bool, dict[str, str]]:
        now = time.time()
        window = int(now) // self.seconds
        used = self.counts[window] = self.counts.get(window, 0) + 1
        allowed = used <= self.limit
        self.refused += not allowed
        reset = (window + 1) * self.seconds
        return allowed, rate_headers(self.limit, max(0, self.limit - used), reset, now)


def rate_headers(limit: int, remaining: int, reset: float, date: float) -> dict[str, str]:
    return {
        "X-Rate-Limit-Limit": str(limit),
        "X-Rate-Limit-Remaining": str(remaining),
        "X-Rate-Limit-Reset": str(int(reset)),
        "Date": formatdate(date, usegmt=True),
    }
