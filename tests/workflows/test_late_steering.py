"""What comes when the question has just ended, or when no worker is there to take it, is told as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from holdfast.contracts import Decision, Review
from holdfast.errors import InvalidTransition, ReviewRefused
from holdfast.execution import State
from holdfast.settings import load_settings
from starter import questions
from starter.connection import Connection
from starter.questions import Asked, ReviewUnanswered
from tests.workflows.fakes import ScriptedActivities, planned, step
from tests.workflows.test_query_workflow import Handle, asked, until

APPROVAL = Review(decision=Decision.APPROVE, reviewer="grace")


@pytest.fixture
def connection(temporal_client: Client, tmp_path: Path) -> Connection:
    return Connection(temporal_client, load_settings(data_dir=tmp_path), None)


async def ended_a_moment_later(connection: Connection, handle: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look at it was a moment before its end."""
    seen = [await questions.asked(connection, handle.id)]
    await handle.terminate("an operator did")
    look = questions.asked

    async def looked(connection: Connection, question_id: str) -> Asked:
        return seen.pop() if seen else await look(connection, question_id)

    monkeypatch.setattr(questions, "asked", looked)


async def test_who_pauses_what_has_just_ended_is_told_that_it_ended(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asked(connection.client, ScriptedActivities(planned(step("a"), approval="it is costly"))) as handle:
        await until(handle, State.BLOCKED)
        await ended_a_moment_later(connection, handle, monkeypatch)
        with pytest.raises(InvalidTransition, match="A question that is TERMINATED cannot become PAUSED: it has ended"):
            await questions.steer(connection, handle.id, State.PAUSED)


async def test_who_reviews_what_has_just_ended_is_told_that_it_ended(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asked(connection.client, ScriptedActivities(planned(step("a"), approval="it is costly"))) as handle:
        await until(handle, State.BLOCKED)
        await ended_a_moment_later(connection, handle, monkeypatch)
        with pytest.raises(ReviewRefused, match="Nothing waits for a review: the question is TERMINATED"):
            await questions.review(connection, handle.id, APPROVAL)


async def test_a_reviewer_is_not_kept_waiting_for_a_worker_that_is_away(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asked(connection.client, ScriptedActivities(planned(step("a"), approval="it is costly"))) as handle:
        await until(handle, State.BLOCKED)
    monkeypatch.setattr(questions, "_REVIEW_PATIENCE_S", 0.3)
    async with asyncio.timeout(30):
        with pytest.raises(ReviewUnanswered, match="look how the question stands before you decide again"):
            await questions.review(connection, handle.id, APPROVAL)
    await handle.terminate("the test is over")
