"""Answers as the gateway keeps them, of questions on the real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from holdfast.answer import Outcome
from holdfast.contracts import TASK_QUEUE
from holdfast.errors import UnknownExecution
from holdfast.execution import State
from holdfast.settings import load_settings
from starter import questions
from starter.connection import Connection
from starter.gateway.answers import Answers, NotEnded
from tests.workflows.fakes import ScriptedActivities, planned, step
from workflows.query import QueryWorkflow

_PATIENCE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def script() -> ScriptedActivities:
    return ScriptedActivities(planned(step("people")), held=("people",))


@pytest.fixture(scope="module")
async def connection(
    temporal_client: Client, script: ScriptedActivities, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("answers")
    worker = Worker(temporal_client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all())
    async with worker:
        yield Connection(temporal_client, load_settings(data_dir=folder), None)


async def test_a_running_question_has_no_answer_and_an_ended_one_keeps_it(
    connection: Connection, script: ScriptedActivities
) -> None:
    answers = Answers(connection)
    asked, _ = await questions.start(connection, "Who is locked out?", asker="ada")
    with pytest.raises(NotEnded, match="no answer yet"):
        await answers.of(asked.id)
    script.release("people")
    answer = await questions.answer_of(connection, asked.id)
    assert await answers.of(asked.id) == answer
    assert await answers.of(asked.id) is await answers.of(asked.id)


async def test_many_who_look_at_once_share_one_read_and_one_who_leaves_takes_nothing_away(
    connection: Connection, script: ScriptedActivities
) -> None:
    script.release("people")
    answers = Answers(connection)
    asked, _ = await questions.start(connection, "Who left?", asker="ada")
    await questions.answer_of(connection, asked.id)
    looks = [asyncio.create_task(answers.of(asked.id)) for _ in range(20)]
    await asyncio.sleep(0)
    looks[0].cancel()
    found = await asyncio.gather(*looks[1:])
    assert all(answer is found[0] for answer in found)


async def test_only_so_many_answers_are_kept(connection: Connection, script: ScriptedActivities) -> None:
    script.release("people")
    answers = Answers(connection, most_kept=1)
    ids = [(await questions.start(connection, f"Who left {n}?", asker="ada"))[0].id for n in range(2)]
    for question_id in ids:
        await questions.answer_of(connection, question_id)
    first = await answers.of(ids[0])
    await answers.of(ids[1])
    assert await answers.of(ids[0]) is not first


async def test_a_cancelled_question_has_an_answer_that_says_so(
    connection: Connection, script: ScriptedActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "outcome", planned(step("people"), approval="a person must look"))
    asked, _ = await questions.start(connection, "Who is new?", asker="ada")
    await questions.settled_state(connection, asked.id, State.BLOCKED, _PATIENCE)
    await questions.steer(connection, asked.id, State.CANCELLED)
    await questions.settled_state(connection, asked.id, State.CANCELLED, _PATIENCE)
    await questions.answer_of(connection, asked.id)
    assert (await Answers(connection).of(asked.id)).outcome is Outcome.CANCELLED


async def test_an_unknown_question_is_told_each_time(connection: Connection) -> None:
    answers = Answers(connection)
    for _ in range(2):
        with pytest.raises(UnknownExecution):
            await answers.of(f"q-{uuid4()}")
