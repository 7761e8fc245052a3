"""A stand-in for the tenant side of API steps: a program of so many calls, a budget, and a count of what left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from holdfast.answer import ArtifactRef, Column, Effort, Generated, StepResult
from holdfast.contracts import (
    CallAllowance,
    CallsWanted,
    ProgramOutcome,
    ProgramRequest,
    ProgramRows,
    ProgramRun,
    SpecialRun,
    StepRequest,
    WrittenProgram,
)
from holdfast.plan import ApiStep, SpecialStep, SqlStep

_NO_EFFORT = Effort(seconds=0.0, peak_memory_bytes=0)


def api_step(step_id: str, *depends_on: str, critical: bool = True) -> ApiStep:
    return ApiStep(
        id=step_id,
        entity="User",
        operation="list",
        query_context=f"context of {step_id}",
        critical=critical,
        depends_on=depends_on,
    )


def sql_step(step_id: str, *depends_on: str) -> SqlStep:
    return SqlStep(id=step_id, entity="rows", operation="count", query_context="count them", depends_on=depends_on)


def special_step(step_id: str) -> SpecialStep:
    return SpecialStep(id=step_id, name="login_risk", entity="User", operation="assess", query_context="how risky")


class ScriptedPrograms:
    """Every program makes `calls` calls of `seconds` each; without an allowance it may make `budget`. So do tools.

    Finished calls are kept as a journal keeps them. `failures` is raised by that many first programs, and by those of
    `failing_texts`.
    """

    def __init__(
        self,
        calls: int = 5,
        budget: int = 1_000,
        seconds: float = 0.0,
        failures: int = 0,
        failing_texts: tuple[str, ...] = (),
    ) -> None:
        self.calls = calls
        self.budget = budget
        self.seconds = seconds
        self.failures = failures
        self.failing_texts = failing_texts
        # A special tool that is tried over and over.
        self.fails_special = False
        self.made: Counter[str] = Counter()
        self.written: list[ProgramRequest] = []
        self.runs: list[ProgramRun] = []
        self.asked: Counter[str] = Counter()
        self.special_runs: list[SpecialRun] = []
        self.stopped = 0

    def all(self) -> list[Callable[..., Any]]:
        return [self.write_program, self.run_program, self.run_sql_step, self.run_special_step]

    @activity.defn(name="write_program")
    async def write_program(self, request: ProgramRequest) -> WrittenProgram:
        self.written.append(request)
        return scripted_program(f"program {len(self.written)}", self.calls)

    @activity.defn(name="run_program")
    async def run_program(self, run: ProgramRun) -> ProgramOutcome:
        self.runs.append(run)
        wanted = await self._read(run.step.step.id, run.allowance)
        if wanted is not None:
            return wanted
        if 0 < len(self.written) <= self.failures or run.program.generated.text in self.failing_texts:
            raise ApplicationError("KeyError: 'nothing', line 3", type="ProgramFailed", non_retryable=True)
        return ProgramRows(result=_result(run.step, self.made[run.step.step.id]))

    async def _read(self, step_id: str, allowance: CallAllowance | None) -> CallsWanted | None:
        allowed = self.budget if allowance is None else self.calls if allowance.calls is None else allowance.calls
        try:
            while self.made[step_id] < self.calls:
                if self.made[step_id] >= allowed:
                    if allowance is not None and allowance.with_what_is_there:
                        break
                    return CallsWanted(
                        calls_made=self.made[step_id],
                        calls_to_come=self.calls - self.made[step_id],
                        minutes=2.0,
                        reason=f"{step_id} wants more calls",
                    )
                activity.heartbeat()
                await asyncio.sleep(self.seconds)
                self.made[step_id] += 1
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return None

    @activity.defn(name="run_sql_step")
    async def run_sql_step(self, request: StepRequest) -> StepResult:
        self.asked["sql"] += 1
        return _result(request, 1)

    @activity.defn(name="run_special_step")
    async def run_special_step(self, run: SpecialRun) -> StepResult | CallsWanted:
        self.asked["special"] += 1
        self.special_runs.append(run)
        if self.fails_special:
            raise ApplicationError("the tenant is away", type="OktaAway")
        wanted = await self._read(run.step.id, run.allowance)
        return wanted if wanted is not None else _result(run, self.made[run.step.id])


def scripted_program(text: str, calls: int) -> WrittenProgram:
    return WrittenProgram(
        generated=Generated(language="python", text=text, author="script"),
        endpoints=("list_user_factors",),
        columns=(),
        explanation="",
        estimated_calls=calls,
        now=datetime(2026, 11, 1, tzinfo=UTC),
        seed=1,
        effort=_NO_EFFORT,
    )


def _result(request: StepRequest, rows: int) -> StepResult:
    return StepResult(
        step_id=request.step.id,
        rows=ArtifactRef(
            key=f"{request.correlation_id}/{request.step.id}",
            row_count=rows,
            size_bytes=1,
            columns=(Column(name="id", dtype="String"),),
        ),
        samples=(),
        generated=Generated(language="python", text="…", author="script"),
        effort=_NO_EFFORT,
    )
