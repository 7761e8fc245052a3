"""Work that is given up when the client that waits for it goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

# What a server says to nobody, for the log.
CLIENT_GONE = 499


async def while_waited_for(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """The response that the work makes; it is cancelled when the client goes away first, and then the status is 499.

    The body of the request is thrown away.
    """
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        return Response(status_code=CLIENT_GONE)
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
