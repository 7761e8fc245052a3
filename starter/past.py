"""What an ended question left, read from its history: also of one that was ended from outside, and with no worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import DataConverter

from holdfast import contracts
from holdfast.answer import Answer, Effort, Planned, PlanningOutcome, Question, SnapshotRef, StepResult
from holdfast.contracts import (
    CallsWanted,
    ProgramOutcome,
    ProgramRequest,
    ProgramRows,
    Review,
    StepRequest,
    WrittenProgram,
)
from holdfast.plan import Plan, as_reviewed
from holdfast.rerun_contracts import BegunStep, Inherited, QuestionAgain, adopt_earlier, owned

T = TypeVar("T")

_QUERIES = frozenset({contracts.run_cypher_step.__name__, contracts.run_sql_step.__name__})
_SPECIAL = contracts.run_special_step.__name__
_WRITE, _RUN = contracts.write_program.__name__, contracts.run_program.__name__
_UNDERSTAND = frozenset({contracts.plan_question.__name__, adopt_earlier.__name__})
_REVIEW = "review"
_FAILED_WITH_ANSWER = "QuestionFailed"


@dataclass
class Past:
    """What is known of a question that ended. `results` are of finished steps, `begun` of steps that were not finished.

    `was_cleared`: the plan was let run, by policy or by a person.
    """

    question: Question
    planned: Planned | None = None
    reviewed: Plan | None = None
    results: dict[str, StepResult] = field(default_factory=dict)
    begun: dict[str, BegunStep] = field(default_factory=dict)
    # The last one that was written for each API step.
    programs: dict[str, WrittenProgram] = field(default_factory=dict)
    answer: Answer | None = None
    was_cleared: bool = False

    @property
    def inherited(self) -> Inherited | None:
        """What it went on from itself."""
        return self.question.inherited if isinstance(self.question, QuestionAgain) else None

    @property
    def plan(self) -> Plan | None:
        """The plan that ran, or would have."""
        if self.answer is not None and self.answer.plan is not None:
            return self.answer.plan
        return self.reviewed or (self._understood.plan if self._understood is not None else None)

    @property
    def plan_author(self) -> str:
        """Who made it."""
        if self.planned is not None:
            return self.planned.author
        return self.inherited.plan_author if self.inherited is not None else ""

    @property
    def snapshot(self) -> SnapshotRef | None:
        """What its steps have read."""
        return self._understood.snapshot if self._understood is not None else None

    @property
    def _understood(self) -> Planned | Inherited | None:
        """One that ended before it had taken over what it inherits leaves just that."""
        return self.planned or self.inherited


async def past_of(client: Client, question_id: str) -> Past:
    """All that the history of an ended question tells of it."""
    history = await client.get_workflow_handle(question_id).fetch_history()
    reader = _Reader(client.data_converter)
    for event in history.events:
        await reader.read(event)
    return reader.past


@dataclass(frozen=True)
class _Scheduled:
    """An activity that was asked for."""

    name: str
    input: Any
    at: datetime


class _Reader:
    def __init__(self, converter: DataConverter) -> None:
        self._converter = converter
        self._scheduled: dict[int, _Scheduled] = {}
        self.past: Past

    async def read(self, event: HistoryEvent) -> None:
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                payloads = event.workflow_execution_started_event_attributes.input
                self._began(await self._decoded(payloads, cast(type[Question], Question | QuestionAgain)))
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                asked = event.activity_task_scheduled_event_attributes
                at = event.event_time.ToDatetime(tzinfo=UTC)
                await self._asked(event.event_id, _Scheduled(asked.activity_type.name, asked.input, at))
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                done = event.activity_task_completed_event_attributes
                await self._done(self._scheduled[done.scheduled_event_id], done.result)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                update = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
                if update.name == _REVIEW:
                    self._reviewed(await self._decoded(update.args, Review))
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
                result = event.workflow_execution_completed_event_attributes.result
                self.past.answer = await self._decoded(result, Answer)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
                failure = event.workflow_execution_failed_event_attributes.failure.application_failure_info
                if failure.type == _FAILED_WITH_ANSWER and failure.details.payloads:
                    self.past.answer = await self._decoded(failure.details, Answer)

    def _began(self, question: Question) -> None:
        self.past = Past(question)
        if (inherited := self.past.inherited) is not None and question.origin is not None:
            # Until it has made them its own, what it inherited stands where it came from.
            self.past.results = {result.step_id: result for result in inherited.results}
            self.past.begun = {
                b.step_id: _kept_by(b, b.journal_of or question.origin.question_id) for b in inherited.begun
            }
            self.past.programs = {b.step_id: b.program for b in inherited.begun if b.program is not None}
            self.past.was_cleared = inherited.is_cleared

    async def _asked(self, event_id: int, asked: _Scheduled) -> None:
        self._scheduled[event_id] = asked
        past = self.past
        if asked.name not in _UNDERSTAND:
            past.was_cleared = True
        if asked.name == _SPECIAL:
            request = await self._decoded(asked.input, StepRequest)
            begun = BegunStep(step_id=request.step.id, as_of=request.as_of or asked.at)
            past.begun[begun.step_id] = begun

    async def _done(self, asked: _Scheduled, result: Any) -> None:
        if asked.name in _UNDERSTAND:
            await self._understood(await self._decoded(result, cast(type[Any], PlanningOutcome)), asked)
        elif asked.name in _QUERIES:
            self._found(await self._decoded(result, StepResult))
        elif asked.name == _SPECIAL:
            found = await self._decoded(result, cast(type[StepResult | CallsWanted], StepResult | CallsWanted))
            if isinstance(found, StepResult):
                self._found(found)
        elif asked.name == _WRITE:
            step_id = (await self._decoded(asked.input, ProgramRequest)).step.step.id
            program = await self._decoded(result, WrittenProgram)
            self.past.programs[step_id] = program
            self.past.begun[step_id] = BegunStep(step_id=step_id, program=_paid_for(program))
        elif asked.name == _RUN:
            outcome = await self._decoded(result, cast(type[Any], ProgramOutcome))
            if isinstance(outcome, ProgramRows):
                self._found(outcome.result)

    async def _understood(self, outcome: Any, asked: _Scheduled) -> None:
        if not isinstance(outcome, Planned):
            return
        past = self.past
        past.planned = outcome
        past.was_cleared = past.was_cleared or outcome.approval_reason is None
        if asked.name == adopt_earlier.__name__:
            own_id = past.question.correlation_id
            past.results = {step_id: owned(result, own_id) for step_id, result in past.results.items()}
            past.begun = {step_id: _kept_by(begun, None) for step_id, begun in past.begun.items()}

    def _found(self, result: StepResult) -> None:
        self.past.results[result.step_id] = result
        self.past.begun.pop(result.step_id, None)

    def _reviewed(self, review: Review) -> None:
        shown = self.past.plan
        if review.plan is not None and shown is not None:
            self.past.reviewed = as_reviewed(review.plan, shown, review.reviewer)

    async def _decoded(self, payloads: Any, kind: type[T]) -> T:
        (value,) = await self._converter.decode(payloads.payloads, [kind])
        return cast(T, value)


def _kept_by(begun: BegunStep, question_id: str | None) -> BegunStep:
    return begun.model_copy(update={"journal_of": question_id})


def _paid_for(program: WrittenProgram) -> WrittenProgram:
    """The same program without what was asked of models for it: the question that had it written has counted that."""
    return program.model_copy(update={"effort": Effort(seconds=0.0, peak_memory_bytes=0)})
