"""The state of a running question: one transition table, and what a finished step means for the others."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from holdfast.errors import InvalidTransition
from holdfast.plan import Plan, Step, StepId, dependants


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


def checked_transition(current: State, to: State) -> State:
    """`to`, if the table allows it. Raises InvalidTransition, which names both states."""
    if to in TRANSITIONS[current]:
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


class StepOutcome(BaseModel):
    """How one step ended: rows found, or None where it failed."""

    model_config = ConfigDict(frozen=True)
    step_id: StepId
    row_count: int | None


class Consequence(BaseModel):
    """What one step's end means for the rest: these are skipped, and whether the run stops."""

    model_config = ConfigDict(frozen=True)
    skip: frozenset[StepId]
    # The run ends early; `fails` tells a failure from an answer of nothing.
    ends: bool
    fails: bool


def consequence(plan: Plan, outcome: StepOutcome) -> Consequence:
    """What follows when a step ended so.

    A step that found nothing leaves its dependants without anything to ask about: they are skipped, and the run
    ends early when none other is left to be true. A failed critical step fails the question, unless the plan
    accepts a part; a failed non-critical one leaves a gap that the answer states.
    """
    step = plan.step(outcome.step_id)
    skip = dependants(plan, outcome.step_id)
    others = {s.step_id for s in plan.steps} - skip - {outcome.step_id}
    if outcome.row_count is None:
        fails = _failure_is_fatal(plan, step, is_first=plan.steps[0].id == step.id)
        return Consequence(skip=skip, ends=fails or not others, fails=fails)
    if outcome.row_count == 0:
        return Consequence(skip=skip, ends=not others, fails=False)
    return Consequence(skip=frozenset(), ends=False, fails=False)


def _failure_is_fatal(plan: Plan, step: Step, *, is_first: bool) -> bool:
    if len(plan.steps) == 1:
        return True
    if plan.partial_success_acceptable and not (is_first and step.critical):
        return False
    return step.critical
