"""Hand-written stand-ins for the activities: scripted, and counting how often they were asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError

from holdfast.answer import (
    ArtifactRef,
    Column,
    Effort,
    FormattedAnswer,
    Gap,
    Generated,
    Header,
    ModelUsage,
    Planned,
    PlanningOutcome,
    SnapshotRef,
    StepResult,
)
from holdfast.contracts import FormatRequest, PlanRequest, StepRequest
from holdfast.plan import CypherStep, Plan, Step
from holdfast.rerun_contracts import AdoptRequest
from holdfast.reviews import ReviewRules
from tests.workflows.scripted_programs import ScriptedPrograms

SNAPSHOT = SnapshotRef(id="snap-1", synced_at=datetime(2026, 11, 1, tzinfo=UTC))
NO_EFFORT = Effort(seconds=0.0, peak_memory_bytes=0)


def step(step_id: str, *depends_on: str, critical: bool = True) -> CypherStep:
    return CypherStep(
        id=step_id,
        entity="User",
        operation="list",
        query_context=f"context of {step_id}",
        critical=critical,
        depends_on=depends_on,
    )


def plan(*steps: Step, partial: bool = False) -> Plan:
    return Plan(steps=steps, reasoning="because", confidence=1.0, partial_success_acceptable=partial)


def planned(
    *steps: Step,
    approval: str | None = None,
    limit: int = 4,
    partial: bool = False,
    rules: ReviewRules = ReviewRules(),  # noqa: B008 - it is frozen
) -> Planned:
    return Planned(
        plan=plan(*steps, partial=partial),
        snapshot=SNAPSHOT,
        approval_reason=approval,
        review_rules=rules,
        max_parallel_steps=limit,
        author="script",
        effort=NO_EFFORT,
    )


class ScriptedActivities:
    """`outcome` is what planning says; `rows` how many rows a step finds, or the error it ends with;
    `passing_faults` is raised by a step's first attempt only.

    A step named in `held` waits until `release` is called for it, and sees its cancellation.
    """

    def __init__(
        self,
        outcome: PlanningOutcome,
        rows: Mapping[str, int | Exception] | None = None,
        held: tuple[str, ...] = (),
        gaps: Mapping[str, tuple[Gap, ...]] | None = None,
        passing_faults: Mapping[str, Exception] | None = None,
        samples: tuple[dict[str, JsonValue], ...] = ({"id": "x"},),
        programs: ScriptedPrograms | None = None,
        usage: ModelUsage | None = None,
    ) -> None:
        self.outcome = outcome
        self.rows = dict(rows or {})
        self.gaps = dict(gaps or {})
        self.samples = samples
        # What each step asks of models.
        self.effort = NO_EFFORT.model_copy(update={"models": usage})
        self.programs = programs or ScriptedPrograms()
        self.passing_faults = dict(passing_faults or {})
        self.asked: Counter[str] = Counter()
        self.requests: dict[str, StepRequest] = {}
        self.format_request: FormatRequest | None = None
        self.adopted: AdoptRequest | None = None
        self.outcome_error: Exception | None = None
        self.format_error: Exception | None = None
        self.cancelled: set[str] = set()
        self._released = {step_id: asyncio.Event() for step_id in held}
        self.running = 0
        self.most_at_once = 0

    def all(self) -> list[Callable[..., Any]]:
        steps = [self.run_cypher_step, *self.programs.all()]
        return [self.plan_question, self.adopt_earlier, *steps, self.format_answer]

    def release(self, step_id: str) -> None:
        self._released[step_id].set()

    async def until_asked(self, step_id: str) -> None:
        while not self.asked[step_id]:
            await asyncio.sleep(0.01)

    @activity.defn(name="plan_question")
    async def plan_question(self, request: PlanRequest) -> PlanningOutcome:
        self.asked["plan"] += 1
        await self._held("plan")
        if self.outcome_error is not None:
            raise self.outcome_error
        return self.outcome

    @activity.defn(name="adopt_earlier")
    async def adopt_earlier(self, request: AdoptRequest) -> Planned:
        """Asks for a review where the plan was not cleared, and `approval` of the outcome says why."""
        self.asked["adopt"] += 1
        self.adopted = request
        await self._held("adopt")
        inherited, reason = (
            request.inherited,
            self.outcome.approval_reason if isinstance(self.outcome, Planned) else None,
        )
        return Planned(
            plan=inherited.plan,
            snapshot=inherited.snapshot,
            approval_reason=None if inherited.is_cleared else reason,
            max_parallel_steps=4,
            author=inherited.plan_author,
            effort=NO_EFFORT,
        )

    @activity.defn(name="run_cypher_step")
    async def run_cypher_step(self, request: StepRequest) -> StepResult:
        step_id = request.step.id
        self.asked[step_id] += 1
        self.requests[step_id] = request
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await self._held(step_id)
            await asyncio.sleep(0.02)
        finally:
            self.running -= 1
        if step_id in self.passing_faults:
            raise self.passing_faults.pop(step_id)
        found = self.rows.get(step_id, 1)
        if isinstance(found, Exception):
            raise found
        more = {"gaps": self.gaps.get(step_id, ()), "effort": self.effort, "samples": self.samples if found else ()}
        return step_result(request.correlation_id, step_id, found).model_copy(update=more)

    @activity.defn(name="format_answer")
    async def format_answer(self, request: FormatRequest) -> FormattedAnswer:
        self.asked["format"] += 1
        self.format_request = request
        await self._held("format")
        if self.format_error is not None:
            raise self.format_error
        rows = sum(result.rows.row_count for result in request.results)
        return FormattedAnswer(
            display_type="table",
            headers=(Header(text="Id", value="id"),),
            rows=_reference(f"{request.correlation_id}/answer", rows),
            summary=f"{rows} rows",
            total_items=rows,
            last_sync=request.snapshot.synced_at,
            processing_method="script",
            effort=NO_EFFORT,
        )

    async def _held(self, step_id: str) -> None:
        if step_id not in self._released:
            return
        try:
            while not self._released[step_id].is_set():
                activity.heartbeat()
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            self.cancelled.add(step_id)
            raise


def step_result(question_id: str, step_id: str, rows: int) -> StepResult:
    """What a step of a question found."""
    return StepResult(
        step_id=step_id,
        rows=_reference(f"{question_id}/{step_id}", rows),
        samples=(),
        generated=Generated(language="cypher", text=f"RETURN '{step_id}' AS id", author="script"),
        effort=NO_EFFORT,
    )


def refusal(words: str) -> ApplicationError:
    return ApplicationError(words, type="QueryFailed", non_retryable=True)


def _reference(key: str, rows: int) -> ArtifactRef:
    return ArtifactRef(key=key, row_count=rows, size_bytes=100, columns=(Column(name="id", dtype="String"),))
