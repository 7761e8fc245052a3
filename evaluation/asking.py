"""A question's whole way, as the product goes it: its activities, its table of what may start next, and no server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, TypeVar
from uuid import uuid4

import polars as pl
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.formatting import FormattingActivities
from activities.planning import PlanningActivities
from activities.steps import SqlActivities, StepActivities
from evaluation.live_tenant import LiveTenant
from holdfast.answer import ModelUsage, NeedsClarification, Outcome, Planned, Question, Refused, StepResult, total_usage
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import EarlierStep, FormatRequest, PlanRequest, StepRequest
from holdfast.cypher_step import CypherStepRunner
from holdfast.demo import Company
from holdfast.engines import Engines
from holdfast.errors import HoldfastError
from holdfast.execution import Execution
from holdfast.graph.snapshots import SnapshotStore
from holdfast.plan import ApiStep, Plan, SpecialStep, SqlStep, Step, StepId
from holdfast.query_worker import QueryPool
from holdfast.settings import Settings
from holdfast.spending import Ledger
from holdfast.sql.engine import SqlEngine
from holdfast.sql_step import SqlStepRunner

# A provider that is busy is asked again, as the product does, but nobody waits for it as long.
_ATTEMPTS = 3
_LONGEST_WAIT_SECONDS = 30.0

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True)
class Asked:
    """How a question ended. `table` is the one that the asker gets; None where there is none."""

    outcome: Outcome
    seconds: float
    # Why it was refused or failed, or the question that is asked back.
    message: str = ""
    not_understood: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    plan: Plan | None = None
    steps: tuple[StepResult, ...] = ()
    table: pl.DataFrame | None = None
    usage: ModelUsage | None = None

    @property
    def understood_as(self) -> str:
        """The question as the planner read it."""
        return self.plan.understood_as if self.plan else ""


class Asker:
    """Asks one tenant's published snapshot, and the tenant. What a person would have to see is taken as approved."""

    def __init__(self, settings: Settings, engines: Engines, company: Company | None = None) -> None:
        """The snapshot is that of the settings' data folder, which also gets the rows of the steps.

        `company` is served to steps that read the live tenant; without it they fail.
        """
        snapshots = SnapshotStore(settings.data_dir / "graph")
        self.artifacts = ArtifactStore(settings.data_dir / "artifacts")
        self._pool = QueryPool(
            engine=settings.graph.engine,
            size=settings.graph.workers,
            timeout=settings.graph.query_timeout,
            memory_bytes=settings.graph.query_memory_bytes,
            max_rows=settings.graph.max_rows,
        )
        self.planning = PlanningActivities(engines.planner, snapshots, settings)
        runner = CypherStepRunner(engines.writer, snapshots, self._pool, self.artifacts)
        self.steps = StepActivities(runner, settings.models)
        sql = SqlStepRunner(engines.sql, SqlEngine.from_settings(settings.graph), self.artifacts)
        self.sql = SqlActivities(sql, settings.models)
        self.live = None
        if company is not None:
            self.live = LiveTenant(company, engines.programs, settings, snapshots, self._pool)
        self.models = settings.models
        self.formatting = FormattingActivities(engines.formatter, self.artifacts, settings.models)

    async def close(self) -> None:
        """End the query processes, and the tenant."""
        await self._pool.close()
        if self.live is not None:
            await self.live.close()

    async def ask(self, text: str) -> Asked:
        """Ask, and wait for the end. What the product would fail on is an outcome here, not an error."""
        question = Question(correlation_id=uuid4().hex, text=text, tenant="", asker="evaluation")
        return await _Way(self, question).to_its_end()

    def rows_of(self, result: StepResult) -> pl.DataFrame:
        """What a step found, before anything was formatted."""
        return self.artifacts.scan(result.rows).collect()


class _Way:
    """One question on its way."""

    def __init__(self, asker: Asker, question: Question) -> None:
        self._asker = asker
        self._question = question
        self._started = perf_counter()
        self._plan: Plan | None = None
        self._spent: ModelUsage | None = None

    async def to_its_end(self) -> Asked:
        try:
            understood = await self._done(self._asker.planning.plan_question, PlanRequest(question=self._question))
            self._spend(understood.effort.models if understood.effort else None)
            match understood:
                case Refused():
                    return self._ended(Outcome.REFUSED, understood.reason, not_understood=understood.not_understood)
                case NeedsClarification():
                    return self._ended(Outcome.NEEDS_CLARIFICATION, understood.question, choices=understood.choices)
                case Planned():
                    return await self._answered(understood)
        except ApplicationError as error:
            return self._ended(Outcome.FAILED, f"{error.type}: {error.message}")

    async def _answered(self, planned: Planned) -> Asked:
        self._plan = planned.plan
        execution = Execution(planned.plan)
        while steps := execution.startable(planned.max_parallel_steps):
            await asyncio.gather(*(self._run(planned, execution, step) for step in steps))
        if (failed := execution.failure) is not None:
            return self._ended(Outcome.FAILED, f"Step {failed.step.id} failed: {failed.error}")
        request = FormatRequest(
            correlation_id=self._question.correlation_id,
            question=self._question.text,
            plan=planned.plan,
            snapshot=planned.snapshot,
            results=execution.results,
            gaps=execution.gaps(),
            spent=self._spent,
        )
        formatted = await self._done(self._asker.formatting.format_answer, request)
        self._spend(formatted.effort.models)
        assert formatted.rows is not None
        table = self._asker.artifacts.scan(formatted.rows).collect()
        words = formatted.markdown or formatted.summary
        return self._ended(Outcome.ANSWERED, words, steps=execution.results, table=table)

    async def _run(self, planned: Planned, execution: Execution, step: Step) -> None:
        execution.start(step.step_id, datetime.now(UTC))
        request = StepRequest(
            correlation_id=self._question.correlation_id,
            question=self._question.text,
            snapshot=planned.snapshot,
            step=step,
            earlier=tuple(EarlierStep.of(execution.records[StepId(step_id)]) for step_id in step.depends_on),
            spent=self._spent,
        )
        try:
            result = await self._result(request)
        except (ApplicationError, HoldfastError) as error:
            message = error.message if isinstance(error, ApplicationError) else str(error)
            execution.fail(step.step_id, message, datetime.now(UTC))
        else:
            self._spend(result.effort.models)
            execution.finish(result, datetime.now(UTC))

    async def _result(self, request: StepRequest) -> StepResult:
        """What a step found, by the tool that its plan names."""
        if isinstance(request.step, SqlStep):
            return await self._done(self._asker.sql.run_sql_step, request)
        if isinstance(request.step, ApiStep) and self._asker.live is not None:
            # Its activity tells viewers of a workflow, which is not there.
            return await self._asker.live.run(request, Ledger.under(self._asker.models))
        if isinstance(request.step, SpecialStep) and self._asker.live is not None:
            return await self._asker.live.run_tool(request)
        return await self._done(self._asker.steps.run_cypher_step, request)

    async def _done(self, activity: Callable[[A], Awaitable[R]], request: A) -> R:
        """What an activity gives, run as a worker would. Raises ApplicationError where it gives nothing."""
        environment = ActivityEnvironment()
        for attempt in range(1, _ATTEMPTS + 1):
            beats: list[tuple[object, ...]] = [()]
            environment.on_heartbeat = lambda *details, beats=beats: beats.append(details)
            try:
                return await environment.run(activity, request)
            except ApplicationError as error:
                if error.non_retryable or attempt == _ATTEMPTS:
                    self._spend(ModelUsage.model_validate(error.details[0]) if error.details else None)
                    raise
                wait = error.next_retry_delay.total_seconds() if error.next_retry_delay else float(attempt)
                await asyncio.sleep(min(wait, _LONGEST_WAIT_SECONDS))
                # The next attempt goes on with what this one has spent.
                environment.info = replace(environment.info, heartbeat_details=beats[-1])
        raise AssertionError("the last attempt returns or raises")

    def _spend(self, usage: ModelUsage | None) -> None:
        self._spent = total_usage(self._spent, usage)

    def _ended(self, outcome: Outcome, message: str, **found: Any) -> Asked:
        seconds = perf_counter() - self._started
        return Asked(outcome, seconds, message, plan=self._plan, usage=self._spent, **found)
