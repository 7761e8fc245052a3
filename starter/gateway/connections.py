"""Connections of clients, which have to say what they want: in so many bytes and so many seconds."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from starter.gateway.problems import MEDIA_TYPE, Problem

# Neither uvicorn nor its parser bounds the head of a request, which is kept in memory until it is whole.
_MOST_HEAD_BYTES = 1 << 16
_HEAD_S = 20.0

_PROBLEM = Problem(
    type="urn:holdfast:problem:head-too-long",
    title=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE.phrase,
    status=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    detail=f"The address and the headers of a request have at most {_MOST_HEAD_BYTES:,} bytes here.",
    # There is no request yet that could have one.
    correlation_id="",
).model_dump_json()
_TOO_LONG = (
    f"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: {MEDIA_TYPE}\r\n"
    f"Content-Length: {len(_PROBLEM)}\r\nConnection: close\r\n\r\n{_PROBLEM}"
).encode()


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection, given up when the head of a request is too long or takes too long."""

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio. Who connects and says nothing is given up too."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._head_bytes > _MOST_HEAD_BYTES:
            return
        super().data_received(data)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_TOO_LONG)
                self.transport.close()

    def on_message_begin(self) -> None:
        """See httptools."""
        super().on_message_begin()
        if self._head_timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._end_head()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(_HEAD_S, self.transport.abort)

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
            self._head_bytes = 0
