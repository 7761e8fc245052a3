"""A running question as data: its state, one transition table, and what each step's end means for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from holdfast.answer import Gap, ModelUsage, StepReport, StepResult
from holdfast.errors import InvalidTransition
from holdfast.plan import Plan, SqlStep, Step, StepId, dependants, ready_steps


class State(StrEnum):
    """Where a question stands; also its search attribute, so it can be listed without a worker."""

    CREATED = "CREATED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    BLOCKED = "BLOCKED"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


# The only place that names a transition.
TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.CREATED: frozenset({State.QUEUED, State.CANCELLED}),
        State.QUEUED: frozenset({State.RUNNING, State.CANCELLED}),
        State.RUNNING: frozenset({State.BLOCKED, State.PAUSED, State.COMPLETED, State.FAILED, State.CANCELLED}),
        State.BLOCKED: frozenset({State.RUNNING, State.PAUSED, State.CANCELLED}),
        State.PAUSED: frozenset({State.RUNNING, State.CANCELLED}),
        State.FAILED: frozenset({State.CANCELLED}),
        State.COMPLETED: frozenset(),
        State.CANCELLED: frozenset(),
    }
)


def is_final(state: State) -> bool:
    """Whether a workflow in this state has ended."""
    return state in {State.COMPLETED, State.FAILED, State.CANCELLED}


def may_become(current: State, to: State) -> bool:
    """Whether the table allows it."""
    return to in TRANSITIONS[current]


def checked_transition(current: State, to: State) -> State:
    """`to`, if the table allows it. Raises InvalidTransition, which names both states."""
    if may_become(current, to):
        return to
    allowed = ", ".join(sorted(TRANSITIONS[current])) or "nothing, it is final"
    raise InvalidTransition(f"A question that is {current} cannot become {to} (from {current}: {allowed}).")


class StepState(StrEnum):
    """Where a step stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    # Not run: what it needed failed or found nothing, or the question ended before it.
    SKIPPED = "SKIPPED"


@dataclass
class StepRecord:
    """What is known of one step so far."""

    step: Step
    state: StepState = StepState.PENDING
    started: datetime | None = None
    finished: datetime | None = None
    result: StepResult | None = None
    error: str | None = None
    # The question whose result this is, where the step did not run in this one.
    reused_from: str | None = None

    @property
    def found_nothing(self) -> bool:
        """Whether it ended well, without a row."""
        return self.result is not None and self.result.rows.row_count == 0


@dataclass
class Execution:
    """The steps of one plan as they run. Decides what may start and when the run is over; awaits nothing.

    A step that found nothing leaves those that go on with its rows without anything to ask about, so they are skipped;
    an SQL step runs, since of no rows the number is 0, and everybody is without a partner among them. A failed critical
    step ends the run as a failure, unless the plan accepts a part; a failed non-critical one leaves a
    gap that the answer states.
    """

    plan: Plan
    records: dict[StepId, StepRecord] = field(init=False)

    def __post_init__(self) -> None:
        self.records = {step.step_id: StepRecord(step) for step in self.plan.steps}

    def startable(self, limit: int) -> list[Step]:
        """Pending steps whose dependencies are done, so many that at most `limit` run at the same time."""
        if self.failure is not None:
            return []
        room = limit - len(self._in(StepState.RUNNING))
        done = self._in(StepState.DONE)
        started = self.records.keys() - self._in(StepState.PENDING)
        return list(ready_steps(self.plan, finished=done, started=started))[: max(room, 0)]

    def start(self, step_id: StepId, at: datetime) -> None:
        """Note that a step runs."""
        record = self.records[step_id]
        record.state, record.started = StepState.RUNNING, at

    def finish(self, result: StepResult, at: datetime) -> None:
        """Note what a step found; without rows, what goes on with them is skipped."""
        record = self.records[StepId(result.step_id)]
        record.state, record.finished, record.result = StepState.DONE, at, result
        if record.found_nothing:
            for step in self.plan.steps:
                if record.step.step_id in step.depends_on and not isinstance(step, SqlStep):
                    self.records[step.step_id].state = StepState.SKIPPED
                    self._skip_dependants(step.step_id)

    def reuse(self, result: StepResult, reused_from: str, at: datetime) -> None:
        """Note what another question's step found, so that it need not run here."""
        step_id = StepId(result.step_id)
        self.start(step_id, at)
        self.finish(result, at)
        self.records[step_id].reused_from = reused_from

    def fail(self, step_id: StepId, error: str, at: datetime) -> None:
        """Note why a step failed; its dependants are skipped."""
        record = self.records[step_id]
        record.state, record.finished, record.error = StepState.FAILED, at, error
        self._skip_dependants(step_id)

    def skip_the_rest(self) -> None:
        """No further step will start: the question was cancelled or failed."""
        for record in self.records.values():
            if record.state in {StepState.PENDING, StepState.RUNNING}:
                record.state = StepState.SKIPPED

    @property
    def is_over(self) -> bool:
        """Whether nothing runs and nothing more may start."""
        if self._in(StepState.RUNNING):
            return False
        return self.failure is not None or not self._in(StepState.PENDING)

    @property
    def failure(self) -> StepRecord | None:
        """The failed step that makes the whole question fail, or None."""
        return next((r for r in self.records.values() if r.error is not None and self._is_fatal(r.step)), None)

    @property
    def results(self) -> tuple[StepResult, ...]:
        """What the finished steps found, in plan order."""
        return tuple(r.result for r in self.records.values() if r.result is not None)

    def spent(self) -> tuple[ModelUsage | None, ...]:
        """What the steps that ran here have asked of models."""
        ran = (r for r in self.records.values() if r.reused_from is None)
        return tuple(record.result.effort.models for record in ran if record.result is not None)

    def gaps(self) -> tuple[Gap, ...]:
        """What the answer cannot know: unread parts of the snapshot, failed steps and those that hung on them."""
        known: dict[str, Gap] = {gap.message: gap for result in self.results for gap in result.gaps}
        for record in self.records.values():
            if record.error is not None:
                message = f"Step {record.step.id} ({record.step.query_context}) failed: {record.error}"
                known[message] = Gap(origin="step", message=message)
            elif record.state is StepState.SKIPPED and self._hangs_on_a_failure(record.step):
                message = f"Step {record.step.id} ({record.step.query_context}) was not run: it needs a failed step."
                known[message] = Gap(origin="step", message=message)
        return tuple(known.values())

    def reports(self) -> tuple[StepReport, ...]:
        """One report for each step that was started, in plan order."""
        return tuple(
            StepReport(
                step_number=number,
                step_id=record.step.id,
                step_type=record.step.tool,
                success=record.state is StepState.DONE,
                result=record.result,
                error=record.error,
                seconds=(record.finished - record.started).total_seconds(),
                reused_from=record.reused_from,
            )
            for number, record in enumerate(self.records.values(), start=1)
            if record.started is not None and record.finished is not None
        )

    def _is_fatal(self, step: Step) -> bool:
        alive = self._in(StepState.PENDING) | self._in(StepState.RUNNING) | self._in(StepState.DONE)
        return not alive or (step.critical and not self.plan.partial_success_acceptable)

    def _skip_dependants(self, step_id: StepId) -> None:
        for dependant in dependants(self.plan, step_id):
            self.records[dependant].state = StepState.SKIPPED

    def _hangs_on_a_failure(self, step: Step) -> bool:
        failed = self._in(StepState.FAILED)
        return any(step.step_id in dependants(self.plan, step_id) for step_id in failed)

    def _in(self, state: StepState) -> set[StepId]:
        return {step_id for step_id, record in self.records.items() if record.state is state}
