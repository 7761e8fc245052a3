"""Both halves of an API step as a question's workflow drives them: real sandbox, journal and tenant, scripted plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.programs import ProgramActivities
from holdfast.answer import Answer, Outcome, Question
from holdfast.api_settings import ApiSettings
from holdfast.api_step.programs import ProgramAuthor
from holdfast.catalogue.endpoints import Catalogue
from holdfast.contracts import Decision, RefusedProgram, Review, StepRequest
from holdfast.demo import Company, FaultOptions, TenantOptions, make_company, running
from holdfast.events import StepProgressed
from holdfast.execution import State
from holdfast.plan import ApiStep
from holdfast.program_writer import ProgramDraft
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import ModelSettings, load_settings
from holdfast.spending import Ledger
from starter.connection import Connection
from tests.api_steps import FACTORS_OF_EVERYONE, Asked, Bench, factors_of_everyone
from tests.demo_asker import UNLIMITED
from tests.event_readers import published
from tests.workflows.fakes import ScriptedActivities, planned
from workflows.query import QueryWorkflow

Handle = WorkflowHandle[QueryWorkflow, Answer]


class OneProgram:
    """Always writes the same program."""

    async def write(
        self, request: StepRequest, interface: ProgramInterface, ledger: Ledger, refused: Sequence[RefusedProgram] = ()
    ) -> ProgramDraft:
        columns = factors_of_everyone().program.columns
        return ProgramDraft(FACTORS_OF_EVERYONE, columns, "factors of everyone", None, "", "test")


class RealPrograms:
    """The product's own activities, in the place of scripted ones."""

    def __init__(self, bench: Bench) -> None:
        author = ProgramAuthor(OneProgram(), bench.sandbox, Catalogue.load())
        self._activities = ProgramActivities(author, bench.runner(), ModelSettings())

    def all(self) -> list[Callable[..., Any]]:
        return [self._activities.write_program, self._activities.run_program]


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(seed=3, users=80)


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@asynccontextmanager
async def question(client: Client, bench: Bench) -> AsyncIterator[Handle]:
    step = ApiStep(id="factors", entity="user factors", operation="list", query_context="the factors of all users")
    script = ScriptedActivities(planned(step), programs=RealPrograms(bench))  # type: ignore[arg-type]
    queue = f"test-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[QueryWorkflow],
        activities=script.all(),
        max_heartbeat_throttle_interval=timedelta(seconds=0.25),
    ):
        asked = Question(correlation_id=f"q-{uuid4()}", text="which factors?", tenant="demo", asker="ada")
        yield await client.start_workflow(QueryWorkflow.run, asked, id=asked.correlation_id, task_queue=queue)


def slow(folder: Path, milliseconds: int) -> TenantOptions:
    faults = FaultOptions(latency=timedelta(milliseconds=milliseconds))
    return TenantOptions(request_log=folder / "requests", rate_limits=UNLIMITED, faults=faults)


async def until_asked(asked: Asked, count: int) -> None:
    while asked.count < count:
        await asyncio.sleep(0.01)


async def until_quiet(asked: Asked) -> int:
    """How often the tenant was asked, once it is asked no more."""
    before = -1
    while asked.count > before:
        before = asked.count
        await asyncio.sleep(1.5)
    return before


async def test_a_live_question_is_answered_and_tells_how_far_it_is(
    temporal_client: Client, company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with running(company, slow(tmp_path, 40)) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path, concurrency=1)
        async with question(temporal_client, bench) as handle:
            connection = Connection(temporal_client, load_settings(), None)
            seen = await published(connection, handle.id)
            answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert answer.steps[0].result is not None
    assert answer.steps[0].result.live is not None
    told = [event for event in seen if isinstance(event, StepProgressed)]
    assert told
    assert [event.calls for event in told] == sorted(event.calls for event in told)
    assert all(event.step_id == "factors" and event.calls > 0 and event.rows for event in told)


async def test_a_pause_sends_nothing_more_and_nothing_is_asked_again_after_it(
    temporal_client: Client, company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = Asked(tmp_path / "requests")
    async with running(company, slow(tmp_path, 40)) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path, concurrency=2)
        async with question(temporal_client, bench) as handle:
            await until_asked(asked, 10)
            await handle.signal(QueryWorkflow.pause)
            paused_at = await until_quiet(asked)
            assert (await handle.query(QueryWorkflow.progress)).state is State.PAUSED
            await handle.signal(QueryWorkflow.resume)
            answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert paused_at < asked.count
    assert set(asked.finished().values()) == {1}


async def test_a_cancelled_question_sends_nothing_more(
    temporal_client: Client, company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = Asked(tmp_path / "requests")
    async with running(company, slow(tmp_path, 40)) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path, concurrency=2)
        async with question(temporal_client, bench) as handle:
            await until_asked(asked, 10)
            await handle.signal(QueryWorkflow.cancel)
            answer = await handle.result()
            cancelled_at = await until_quiet(asked)
    assert answer.outcome is Outcome.CANCELLED
    assert cancelled_at < len(company.users)


async def test_a_review_lets_a_step_go_on_where_it_stood(
    temporal_client: Client, company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = Asked(tmp_path / "requests")
    async with running(company, slow(tmp_path, 0)) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path, ApiSettings(calls_each=20))
        async with question(temporal_client, bench) as handle:
            while not (waiting := (await handle.query(QueryWorkflow.progress)).waiting):
                await asyncio.sleep(0.05)
            stood_at = asked.count
            assert waiting[0].calls_wanted is not None
            assert waiting[0].calls_wanted.calls_made == stood_at
            review = Review(decision=Decision.APPROVE, reviewer="grace", step_id="factors")
            await handle.execute_update(QueryWorkflow.review, review)
            answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert asked.count > stood_at
    assert set(asked.finished().values()) == {1}
