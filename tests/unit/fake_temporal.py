"""The part of Temporal's client that the command line uses, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from holdfast.answer import Answer, Outcome
from holdfast.contracts import STATE_ATTRIBUTE, Progress
from holdfast.execution import State

NOW = datetime(2026, 7, 24, 12, tzinfo=UTC)


@dataclass
class FakeExecution:
    """One workflow: what it returns, and everything it was told."""

    id: str
    state: State = State.COMPLETED
    answer: Answer | None = None
    progress: Progress | None = None
    failure: ApplicationError | None = None
    # The worker cannot run its code.
    is_stuck: bool = False
    refuses_review: str | None = None
    status: WorkflowExecutionStatus = WorkflowExecutionStatus.RUNNING
    workflow_type: str = "QueryWorkflow"
    text: str = "Who is active?"
    ended_outside: bool = False
    signals: list[str] = field(default_factory=list)
    reviews: list[Any] = field(default_factory=list)
    start_time: datetime = NOW
    raw_description: DescribeWorkflowExecutionResponse = field(default_factory=DescribeWorkflowExecutionResponse)

    @property
    def close_time(self) -> datetime | None:
        return NOW if self.ended_outside or self.answer is not None or self.failure is not None else None

    @property
    def typed_search_attributes(self) -> TypedSearchAttributes:
        return TypedSearchAttributes([SearchAttributePair(STATE_ATTRIBUTE, self.state.value)])

    async def memo(self) -> Mapping[str, Any]:
        return {"asker": "ann", "question": self.text}


class FakeHandle:
    def __init__(self, execution: FakeExecution | None) -> None:
        self._execution = execution

    @property
    def _found(self) -> FakeExecution:
        if self._execution is None:
            raise RPCError("not found", RPCStatusCode.NOT_FOUND, b"")
        return self._execution

    async def result(self) -> Answer:
        if self._found.failure is not None:
            raise WorkflowFailureError(cause=self._found.failure)
        assert self._found.answer is not None
        return self._found.answer

    async def query(self, *_: object, **__: object) -> Progress:
        if self._found.progress is None:
            raise RPCError("no worker", RPCStatusCode.DEADLINE_EXCEEDED, b"")
        return self._found.progress

    async def describe(self, **_: object) -> FakeExecution:
        return self._found

    async def signal(self, signal: str | Callable[..., None]) -> None:
        name = signal if isinstance(signal, str) else signal.__name__
        self._found.signals.append(name)
        self._found.state = {"pause": State.PAUSED, "resume": State.RUNNING, "cancel": State.CANCELLED}[name]

    async def execute_update(self, _: object, review: object) -> None:
        if self._found.is_stuck:
            raise RPCError("Workflow Task in failed state.", RPCStatusCode.FAILED_PRECONDITION, b"")
        if self._found.refuses_review is not None:
            raise WorkflowUpdateFailedError(ApplicationError(self._found.refuses_review, type="ReviewRefused"))
        self._found.reviews.append(review)


@dataclass
class FakeClient:
    """`becomes` is what every started question turns out to be."""

    executions: dict[str, FakeExecution] = field(default_factory=dict)
    becomes: FakeExecution | None = None
    started: list[dict[str, Any]] = field(default_factory=list)
    namespace: str = "default"

    async def start_workflow(self, _: object, argument: object, *, id: str, **options: Any) -> None:
        if id in self.executions:
            raise WorkflowAlreadyStartedError(id, "SyncWorkflow")
        self.started.append({"id": id, "argument": argument, **options})
        if self.becomes is not None:
            self.executions[id] = self.becomes

    def get_workflow_handle_for(self, _: object, workflow_id: str) -> FakeHandle:
        return FakeHandle(self.executions.get(workflow_id))

    async def list_workflows(self, query: str, limit: int) -> AsyncIterator[FakeExecution]:
        self.started.append({"query": query})
        for execution in list(self.executions.values())[:limit]:
            yield execution


def ended(outcome: Outcome, message: str = "", **more: Any) -> FakeExecution:
    """A question that ended so."""
    answer = Answer(
        correlation_id="q-1",
        question="Who is active?",
        outcome=outcome,
        message=message,
        started=NOW,
        finished=NOW,
        **more,
    )
    if outcome is Outcome.FAILED:
        failure = ApplicationError(message, answer.model_dump(mode="json"), type="QuestionFailed")
        return FakeExecution("q-1", State.FAILED, failure=failure, status=WorkflowExecutionStatus.FAILED)
    return FakeExecution("q-1", answer=answer, status=WorkflowExecutionStatus.COMPLETED)
