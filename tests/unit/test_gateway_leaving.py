from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from starter.gateway.leaving import CLIENT_GONE, while_waited_for


def request_of(messages: asyncio.Queue[Message]) -> Request:
    return Request({"type": "http", "headers": []}, receive=messages.get)


async def test_work_is_given_up_when_the_client_goes_away() -> None:
    messages: asyncio.Queue[Message] = asyncio.Queue()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return Response()

    waiting = asyncio.create_task(while_waited_for(request_of(messages), work()))
    await begun.wait()
    await messages.put({"type": "http.request"})
    await messages.put({"type": "http.disconnect"})
    assert (await waiting).status_code == CLIENT_GONE
    assert ended.is_set()


async def test_a_client_that_stays_gets_the_response_or_the_error() -> None:
    done = Response("done")

    async def work() -> Response:
        return done

    async def fail() -> Response:
        raise ValueError("no")

    assert await while_waited_for(request_of(asyncio.Queue()), work()) is done
    with pytest.raises(ValueError, match="no"):
        await while_waited_for(request_of(asyncio.Queue()), fail())
