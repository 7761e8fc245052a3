"""The hub, over a stream that a test writes itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.answer import Answer, Outcome
from holdfast.artifacts import ArtifactStore
from holdfast.events import FinalResult
from holdfast.settings import load_settings
from starter.connection import Connection
from starter.gateway import hub as hub_module
from starter.gateway.hub import KEEP_ALIVE, Hub
from starter.streams import FINAL_RESULT, Frame, Silence
from tests.unit.test_delivery import NOON

_ANSWER = Answer(correlation_id="q", question="?", outcome=Outcome.ANSWERED, started=NOON, finished=NOON)


class ScriptedStream:
    """A stream in memory. `published` is all of it so far; whoever follows hears of more."""

    def __init__(self) -> None:
        self.published: list[Frame | Silence] = []
        self.follows = 0
        self.stopped = 0
        self.failure: Exception | None = None
        self._news = asyncio.Condition()

    async def publish(self, *told: Frame | Silence) -> None:
        async with self._news:
            self.published.extend(told)
            self._news.notify_all()

    async def fail(self, failure: Exception) -> None:
        async with self._news:
            self.failure = failure
            self._news.notify_all()

    async def follow(self, start: int = 0) -> AsyncGenerator[Frame | Silence, None]:
        self.follows += 1
        try:
            for index in count():
                told = await self._told(index)
                if isinstance(told, Silence) or told.offset >= start:
                    yield told
                if isinstance(told, Frame) and told.type == FINAL_RESULT:
                    return
        finally:
            self.stopped += 1

    async def _told(self, index: int) -> Frame | Silence:
        async with self._news:
            await self._news.wait_for(lambda: index < len(self.published) or self.failure is not None)
        if self.failure is not None:
            raise self.failure
        return self.published[index]


def _frame(offset: int, size: int = 10) -> Frame:
    return Frame(offset, "STATE", b"{%s}" % (b"x" * size))


def _final(offset: int) -> Frame:
    return Frame(offset, FINAL_RESULT, FinalResult(at=NOON, answer=_ANSWER).model_dump_json().encode())


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> ScriptedStream:
    scripted = ScriptedStream()
    monkeypatch.setattr(hub_module, "QuestionStream", lambda *_: scripted)
    monkeypatch.setattr(hub_module, "_LINGER_S", 0.0)
    return scripted


@pytest.fixture
async def hub(stream: ScriptedStream, tmp_path: Path) -> AsyncIterator[Hub]:
    hub = _hub(tmp_path)
    yield hub
    await hub.close()


def _hub(folder: Path) -> Hub:
    # Nothing asks for a client: the stream is the test's own.
    return Hub(Connection(None, load_settings(data_dir=folder), None), ArtifactStore(folder))  # type: ignore[arg-type]


async def _offsets(hub: Hub, start: int = 0) -> list[int]:
    return [told.offset async for told in hub.watch("q", start, with_rows=True) if isinstance(told, Frame)]


async def _until_nothing_is_followed(hub: Hub) -> None:
    while hub.followed:
        await asyncio.sleep(0)


async def test_one_follower_serves_all_viewers_of_a_question(hub: Hub, stream: ScriptedStream) -> None:
    watching = [asyncio.create_task(_offsets(hub, start)) for start in (0, 3, 9) for _ in range(40)]
    await stream.publish(*map(_frame, range(9)))
    await asyncio.sleep(0.01)
    assert hub.viewers == 120
    await stream.publish(_frame(9), _final(10))
    seen = await asyncio.gather(*watching)
    assert seen == [list(range(start, 11)) for start in (0, 3, 9) for _ in range(40)]
    assert stream.follows == 1
    await _until_nothing_is_followed(hub)
    assert stream.stopped == 1


async def test_a_question_that_nobody_watches_any_more_is_not_followed(hub: Hub, stream: ScriptedStream) -> None:
    await stream.publish(_frame(0))
    async with aclosing(hub.watch("q", 0, with_rows=True)) as told:
        assert await anext(told) == _frame(0)
        assert (hub.viewers, hub.followed) == (1, 1)
    assert hub.viewers == 0
    await _until_nothing_is_followed(hub)
    while not stream.stopped:
        await asyncio.sleep(0)


@given(
    sizes=st.lists(st.integers(1, 400), max_size=30),
    starts=st.lists(st.integers(0, 31), min_size=1, max_size=4),
    order=st.randoms(use_true_random=False),
)
async def test_however_slow_a_viewer_is_it_gets_exactly_the_tail(
    sizes: list[int], starts: list[int], order: object
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        scripted = ScriptedStream()
        patched.setattr(hub_module, "QuestionStream", lambda *_: scripted)
        patched.setattr(hub_module, "_MOST_FRAMES", 4)
        patched.setattr(hub_module, "_MOST_BYTES", 700)
        hub = _hub(Path())
        frames = [_frame(offset, size) for offset, size in enumerate(sizes)]

        async def slow(start: int, pauses: int) -> list[int]:
            seen = []
            async for told in hub.watch("q", start, with_rows=True):
                assert isinstance(told, Frame)
                seen.append(told.offset)
                for _ in range(pauses):
                    await asyncio.sleep(0)
            return seen

        watching = [asyncio.create_task(slow(start, 3 * number)) for number, start in enumerate(starts)]
        for frame in frames:
            await scripted.publish(frame)
            await asyncio.sleep(0)
        await scripted.publish(_final(len(frames)))
        assert await asyncio.gather(*watching) == [list(range(start, len(frames) + 1)) for start in starts]
        await hub.close()


async def test_what_is_kept_in_memory_is_bounded(
    hub: Hub, stream: ScriptedStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_MOST_BYTES", 1_000)
    # One alone may be larger than all that is kept.
    await stream.publish(
        *(_frame(offset, size) for offset, size in enumerate([300, 300, 300, 300, 5_000, 20])), _final(6)
    )
    assert await _offsets(hub) == list(range(7))
    [log] = hub._logs.values()
    assert [frame.offset for frame in log._frames] == [5]


async def test_a_viewer_is_told_that_it_is_still_served_and_why_nothing_comes(
    hub: Hub, stream: ScriptedStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_KEEP_ALIVE_S", 0.01)
    async with aclosing(hub.watch("q", 0, with_rows=True)) as told:
        assert await anext(told) is KEEP_ALIVE
        away = Silence("No worker answers.")
        await stream.publish(away)
        while (said := await anext(told)) is KEEP_ALIVE:
            pass
        assert said == away
        await stream.publish(_frame(0))
        while not isinstance(said := await anext(told), Frame):
            pass
        assert said == _frame(0)


async def test_viewers_learn_of_a_defect_and_the_next_one_starts_afresh(hub: Hub, stream: ScriptedStream) -> None:
    watching = [asyncio.create_task(_offsets(hub)) for _ in range(3)]
    await asyncio.sleep(0.01)
    await stream.fail(ZeroDivisionError("a defect"))
    for each in watching:
        with pytest.raises(ZeroDivisionError):
            await each
    stream.failure = None
    await stream.publish(_final(0))
    assert await _offsets(hub) == [0]


async def test_a_viewer_that_catches_up_is_told_of_the_end_once(
    hub: Hub, stream: ScriptedStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal may forget a question, or nobody make out what it did, while its latest events are in memory here."""
    monkeypatch.setattr(hub_module, "_MOST_FRAMES", 2)
    await stream.publish(*(_frame(offset) for offset in range(6)))
    async with aclosing(hub.watch("q", 5, with_rows=True)) as other:
        await anext(other)
        last = FinalResult(at=NOON, answer=_ANSWER).model_dump_json().encode()
        stream.published = [Frame(0, FINAL_RESULT, last)]
        async with asyncio.timeout(10):
            assert [told.type async for told in hub.watch("q", 0, with_rows=True) if isinstance(told, Frame)] == [
                FINAL_RESULT
            ]


async def test_a_hub_that_closes_sends_its_viewers_away(hub: Hub, stream: ScriptedStream) -> None:
    await stream.publish(_frame(0))
    watching = [asyncio.create_task(_offsets(hub)) for _ in range(3)]
    await asyncio.sleep(0.01)
    await hub.close()
    assert await asyncio.gather(*watching) == [[0], [0], [0]]
    assert await _offsets(hub) == []
