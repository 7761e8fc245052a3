"""What a chapter of a workflow waits for, where the worker that runs it stops."""

from __future__ import annotations

import asyncio

import pytest

from workflows.in_flight import InFlight


async def test_what_is_in_flight_is_cancelled_and_awaited_however_its_block_ends() -> None:
    done, endless = asyncio.create_task(asyncio.sleep(0)), asyncio.create_task(asyncio.sleep(3_600))
    await done
    with pytest.raises(ValueError, match="the block"):
        async with InFlight([done, endless]):
            raise ValueError("the block")
    assert (done.cancelled(), endless.cancelled()) == (False, True)


async def test_a_chapter_that_a_stopping_worker_drops_awaits_nothing_more() -> None:
    endless = asyncio.create_task(asyncio.sleep(3_600))

    async def chapter() -> None:
        async with InFlight([endless]):
            await asyncio.sleep(3_600)

    dropped = chapter()
    dropped.send(None)
    dropped.close()
    assert not endless.cancelling()
    endless.cancel()
