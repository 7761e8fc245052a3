from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from starter.gateway.leaving import ClientGone, while_waited_for


def request_of(messages: asyncio.Queue[Message]) -> Request:
    return Request({"type": "http", "headers": []}, receive=messages.get)


async def test_work_is_given_up_when_the_client_goes_away() -> None:
    messages: asyncio.Queue[Message] = asyncio.Queue()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(while_waited_for(request_of(messages), work()))
    await begun.wait()
    await messages.put({"type": "http.request"})
    await messages.put({"type": "http.disconnect"})
    with pytest.raises(ClientGone):
        await waiting
    assert ended.is_set()


async def test_a_client_that_stays_gets_the_result_or_the_error() -> None:
    async def work() -> str:
        return "done"

    async def fail() -> str:
        raise ValueError("no")

    assert await while_waited_for(request_of(asyncio.Queue()), work()) == "done"
    with pytest.raises(ValueError, match="no"):
        await while_waited_for(request_of(asyncio.Queue()), fail())
