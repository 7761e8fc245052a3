"""What is read of a request's body: not more than so much, and not longer than so long."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# For a mebibyte over a bad line.
_SECONDS = 60.0


class Bodies:
    """ASGI middleware: who reads a body that is too large gets an HTTPException of 413, of one too slow one of 408."""

    def __init__(self, app: ASGIApp, max_bytes: int, seconds: float = _SECONDS) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        seen = int(declared) if declared.isdecimal() else 0
        deadline = asyncio.get_running_loop().time() + self._seconds
        left = self._max_bytes
        has_ended = False

        async def bounded() -> Message:
            nonlocal left, has_ended
            if has_ended:
                # What comes then is that the client went away.
                return await receive()
            if seen > self._max_bytes:
                raise self._too_large()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.") from None
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._too_large()
            has_ended = not message.get("more_body", False)
            return message

        await self._app(scope, bounded, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {self._max_bytes:,} bytes here."
        )
