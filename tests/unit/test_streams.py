"""Following a question's stream, over a Temporal that a test makes fail as it wants."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowUpdateFailedError
from temporalio.contrib.workflow_streams import PollInput, PollResult
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from holdfast.settings import load_settings
from starter import questions, streams
from starter.connection import Connection
from starter.questions import Asked
from starter.streams import FINAL_RESULT, Frame, QuestionStream, Silence
from tests.unit.fake_temporal import NOW

Trouble = Callable[[str, int], Exception | None]


class _Item:
    def __init__(self, offset: int, type_: str) -> None:
        self.offset = offset
        payload = Payload(metadata={"encoding": b"json/plain"}, data=b'{"type":"%s"}' % type_.encode())
        self.data = b64encode(payload.SerializeToString()).decode()


class Question:
    """A question whose events are all there, as the client's handle of it. `trouble` says how its n-th call fails."""

    def __init__(self, events: int, trouble: Trouble, *, at_once: int = 3, has_final: bool = True) -> None:
        self._types = [*["STATE"] * (events - has_final), *[FINAL_RESULT] * has_final]
        self._trouble = trouble
        self._at_once = at_once
        self.calls: list[tuple[str, int]] = []
        self.ids: set[str] = set()

    def get_workflow_handle(self, _: str) -> Question:
        return self

    async def execute_update(self, _: str, poll: PollInput, *, id: str, **__: Any) -> PollResult:
        self.ids.add(id)
        return self._answer("update", poll)

    async def query(self, _: str, poll: PollInput, **__: Any) -> PollResult:
        return self._answer("query", poll)

    def _answer(self, kind: str, poll: PollInput) -> PollResult:
        self.calls.append((kind, poll.from_offset))
        if (error := self._trouble(kind, len(self.calls))) is not None:
            raise error
        until = min(poll.from_offset + self._at_once, len(self._types))
        items: Any = [_Item(offset, self._types[offset]) for offset in range(poll.from_offset, until)]
        return PollResult(items=items, next_offset=until, more_ready=until < len(self._types))

    @property
    def updates(self) -> int:
        return sum(kind == "update" for kind, _ in self.calls)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_COOLDOWN_S", "_LOOK_EVERY_S", "_SHORTEST_PAUSE_S", "_LONGEST_PAUSE_S"):
        monkeypatch.setattr(streams, name, 0.0)
    _it_is(monkeypatch, "RUNNING")


def _it_is(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    async def asked(*_: object) -> Asked:
        return Asked("q-1", "Who?", "ann", state, NOW, None if state == "RUNNING" else NOW)

    monkeypatch.setattr(questions, "asked", asked)


async def _told(question: Question, start: int = 0) -> list[Frame | Silence]:
    connection = Connection(question, load_settings(), None)  # type: ignore[arg-type]
    return [told async for told in QuestionStream(connection, "q-1").follow(start)]


def _offsets(told: list[Frame | Silence]) -> list[int]:
    return [each.offset for each in told if isinstance(each, Frame)]


def _rpc(status: RPCStatusCode) -> RPCError:
    return RPCError("no", status, b"")


_REFUSED_WAITS = [
    _rpc(RPCStatusCode.FAILED_PRECONDITION),
    _rpc(RPCStatusCode.RESOURCE_EXHAUSTED),
    WorkflowUpdateFailedError(ApplicationError("detached", type="StreamDraining")),
]


@pytest.mark.parametrize("refusal", _REFUSED_WAITS)
async def test_where_updates_are_refused_events_are_read(refusal: Exception) -> None:
    told = await _told(Question(20, lambda kind, _: refusal if kind == "update" else None))
    assert told == [told_frame for told_frame in told if isinstance(told_frame, Frame)]
    assert _offsets(told) == list(range(20))


async def test_no_event_is_missed_or_told_twice_whatever_fails() -> None:
    errors = [_rpc(RPCStatusCode.UNAVAILABLE), _rpc(RPCStatusCode.DEADLINE_EXCEEDED), _REFUSED_WAITS[2]]
    for one_works_of in (2, 3, 5):
        told = await _told(Question(30, lambda _, n, m=one_works_of: errors[n % 3] if n % m else None))  # type: ignore[misc]
        assert _offsets(told) == list(range(30))


async def test_who_waits_at_an_offset_shares_one_update_with_all_others() -> None:
    question = Question(4, lambda *_: None, at_once=1)
    await _told(question)
    ids = set(question.ids)
    await _told(question)
    assert question.ids == ids


async def test_updates_are_left_for_reviews_however_much_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_MOST_WAITED_FOR", 10)
    question = Question(40, lambda *_: None, at_once=1)
    assert _offsets(await _told(question)) == list(range(40))
    assert question.updates <= 10


async def test_a_question_that_ended_without_an_answer_gets_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    _it_is(monkeypatch, "TERMINATED")
    gone = _rpc(RPCStatusCode.NOT_FOUND)
    told = await _told(Question(5, lambda kind, _: gone if kind == "update" else None, has_final=False))
    assert [(each.offset, each.type) for each in told if isinstance(each, Frame)][-2:] == [
        (4, "STATE"),
        (5, FINAL_RESULT),
    ]


async def test_silence_has_a_reason() -> None:
    away = _rpc(RPCStatusCode.UNAVAILABLE)
    first = (await _told(Question(1, lambda _, n: away if n < 4 else None)))[0]
    assert isinstance(first, Silence)
    assert "Temporal does not answer" in first.reason
