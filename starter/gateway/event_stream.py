"""Events on their way to one viewer, as server-sent events or over a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from fastapi.responses import StreamingResponse
from starlette.types import Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from holdfast.events import VERSION
from starter.gateway.hub import Hub, KeepAlive, Told
from starter.streams import Frame, Silence

MEDIA_TYPE = "text/event-stream"

# What the kernel and the server buffer is some hundred kilobytes: who takes nothing for so long does not read.
_STALLED_S = 30.0

log = structlog.get_logger()


class EventStream(StreamingResponse):
    """One viewer's events as server-sent events. Who does not read is dropped, and may join again at its offset."""

    media_type = MEDIA_TYPE

    def __init__(self, hub: Hub, question_id: str, start: int, *, with_rows: bool) -> None:
        self._question_id = question_id
        self._told = hub.watch(question_id, start, with_rows=with_rows)
        super().__init__(
            (),
            headers={
                "Cache-Control": "no-store",
                # Some proxies hold an answer back until they have seen its end.
                "X-Accel-Buffering": "no",
                "X-Correlation-Id": question_id,
                "X-Events-Version": str(VERSION),
            },
        )

    async def stream_response(self, send: Send) -> None:
        """See Starlette."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        # What is sent first tells a viewer that it is served, even where nothing happens for a while.
        await _sent(send, b"retry: 1000\n\n")
        async with aclosing(self._told) as all_told:
            async for told in all_told:
                try:
                    async with asyncio.timeout(_STALLED_S):
                        await _sent(send, _as_sse(told))
                except TimeoutError:
                    log.info("viewer dropped", correlation_id=self._question_id)
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def send_events(socket: WebSocket, told_to: AsyncGenerator[Told, None]) -> None:
    """Send each event as one JSON object with its offset, until the last one or until the viewer goes away.

    The socket is accepted before, and closed here. What the viewer says is passed over.
    """
    sending = asyncio.create_task(_send_all(socket, told_to))
    leaving = asyncio.create_task(_until_gone(socket))
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        leaving.cancel()
        await asyncio.wait({sending, leaving})
    if not sending.cancelled():
        sending.result()


async def _send_all(socket: WebSocket, told_to: AsyncGenerator[Told, None]) -> None:
    try:
        async with aclosing(told_to) as all_told:
            async for told in all_told:
                if isinstance(told, Frame):
                    async with asyncio.timeout(_STALLED_S):
                        await socket.send_text(told.line.decode())
            await socket.close()
    except TimeoutError:
        log.info("viewer dropped", path=socket.url.path)
    except WebSocketDisconnect:
        # It went away while something was sent to it.
        return


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _sent(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _as_sse(told: Told) -> bytes:
    match told:
        case Frame():
            return told.sse
        case Silence():
            return b": %s\n\n" % told.reason.encode()
        case KeepAlive():
            return b": still there\n\n"
