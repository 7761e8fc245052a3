"""The plan of an answer: a graph of typed steps, checked as a value before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Set
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, NewType, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator

from holdfast.complaints import complaints_of
from holdfast.errors import PlanRejected

StepId = NewType("StepId", str)

# More steps than this is a plan nobody can read; the longest sensible one so far has six.
MAX_STEPS = 20

_StepIdText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class _AnyStep(BaseModel):
    """What a step of every tool says.

    `query_context` says in words what the step must find; `parameters` says the same as data, where the planner
    could: rules compile it, a model reads both.
    """

    model_config = ConfigDict(frozen=True)

    id: _StepIdText
    entity: str
    operation: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    query_context: str
    critical: bool = True
    reasoning: str = ""
    depends_on: tuple[_StepIdText, ...] = ()

    @property
    def step_id(self) -> StepId:
        """The id as its own type."""
        return StepId(self.id)


class CypherStep(_AnyStep):
    """Ask the stored snapshot of the tenant by a generated query."""

    tool: Literal["cypher"] = "cypher"


class ApiStep(_AnyStep):
    """Read the live tenant by a generated program; `entity` and `operation` choose its endpoints."""

    tool: Literal["api"] = "api"


class SqlStep(_AnyStep):
    """Ask the rows of the steps in `depends_on` by a generated SQL query; each is a table of its id."""

    tool: Literal["sql"] = "sql"


class SpecialStep(_AnyStep):
    """Call a special tool by its name; `parameters` are the tool's own, checked by it."""

    tool: Literal["special"] = "special"
    name: str


# The tools a plan may name.
Step = Annotated[CypherStep | ApiStep | SqlStep | SpecialStep, Field(discriminator="tool")]


class Plan(BaseModel):
    """Steps and the order they need; valid from the moment it exists.

    Raises pydantic's ValidationError for a duplicate id, an unknown reference or a cycle; `checked_plan` turns
    untrusted data into a plan and raises PlanRejected instead.
    """

    model_config = ConfigDict(frozen=True)

    steps: tuple[Step, ...] = Field(min_length=1, max_length=MAX_STEPS)
    reasoning: str
    # The question as it was understood, in plain words; shown above the answer.
    understood_as: str = ""
    confidence: float = Field(ge=0, le=1)
    partial_success_acceptable: bool = False

    @model_validator(mode="after")
    def _is_a_dag_of_known_steps(self) -> Self:
        ids = [step.id for step in self.steps]
        if duplicates := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"step ids occur twice: {', '.join(sorted(duplicates))}")
        for step in self.steps:
            if unknown := set(step.depends_on) - set(ids):
                raise ValueError(f"step {step.id} depends on unknown steps: {', '.join(sorted(unknown))}")
        try:
            TopologicalSorter({s.id: s.depends_on for s in self.steps}).prepare()
        except CycleError as error:
            cycle: list[str] = error.args[1]
            raise ValueError(f"steps wait for each other: {' → '.join(cycle)}") from error
        return self

    def step(self, step_id: StepId) -> Step:
        """The step of that id. Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


def checked_plan(data: Any) -> Plan:
    """A plan from untrusted data (a model's output, a reviewer's edit). Raises PlanRejected with every reason."""
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise PlanRejected(f"This plan cannot run: {complaints_of(error)}.") from error


def as_reviewed(plan: Plan, shown: Plan, reviewer: str) -> Plan:
    """The reviewer's plan. What stands above its answer must not be a sentence about the plan that was shown before."""
    if plan.steps == shown.steps or plan.understood_as != shown.understood_as:
        return plan
    edited = f"The plan as {reviewer} edited it. Before that: {shown.understood_as or 'the plan that was made'}"
    return plan.model_copy(update={"understood_as": edited})


def ready_steps(plan: Plan, finished: Set[StepId], started: Set[StepId]) -> Iterable[Step]:
    """Steps whose dependencies are all in `finished` and that are not in `started`, in plan order."""
    return [
        step
        for step in plan.steps
        if step.step_id not in started and all(StepId(d) in finished for d in step.depends_on)
    ]


def dependants(plan: Plan, step_id: StepId) -> frozenset[StepId]:
    """Every step that needs `step_id`, directly or through others."""
    found: set[StepId] = set()
    waiting = [step_id]
    while waiting:
        current = waiting.pop()
        for step in plan.steps:
            if current in step.depends_on and step.step_id not in found:
                found.add(step.step_id)
                waiting.append(step.step_id)
    return frozenset(found)


def kept_steps(before: Plan, after: Plan, done: Set[StepId], again: StepId | None = None) -> frozenset[StepId]:
    """The steps of `after` whose results can stand, of those that are `done` in `before`.

    A step stands where it and all that it depends on are done and unchanged, and none of them is to run `again`.
    """
    earlier = {step.step_id: step for step in before.steps}
    standing: set[StepId] = set()
    for step_id in TopologicalSorter(
        {s.step_id: [StepId(d) for d in s.depends_on] for s in after.steps}
    ).static_order():
        step = after.step(step_id)
        builds_on_what_stands = all(StepId(needed) in standing for needed in step.depends_on)
        if step_id in done and step_id != again and earlier.get(step_id) == step and builds_on_what_stands:
            standing.add(step_id)
    return frozenset(standing)
