"""The chapter in which a question takes over what an earlier execution of it already found."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

from temporalio import workflow

from holdfast import contracts, events
from holdfast.answer import PlanningOutcome, Question
from holdfast.contracts import EditedPresentation, StepRequest, WrittenProgram
from holdfast.execution import Execution
from holdfast.plan import Plan, Step, StepId
from holdfast.rerun_contracts import AdoptRequest, QuestionAgain, adopt_earlier
from workflows.limits import ADOPTING_TIMEOUT, HEARTBEAT_TIMEOUT, PLANNING_TIMEOUT, RETRIES


class Earlier:
    """What a question goes on from; of one that is asked for the first time nothing."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._inherited = question.inherited if isinstance(question, QuestionAgain) else None

    def understood(self) -> Awaitable[PlanningOutcome]:
        """What planning says of the question, or said of it then: what is inherited becomes the question's own."""
        question = self._question
        if self._inherited is None or question.origin is None:
            return workflow.execute_activity(
                contracts.plan_question,
                contracts.PlanRequest(question=question),
                start_to_close_timeout=PLANNING_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=RETRIES,
                summary="Understand the question",
            )
        plain = Question.model_validate(question.model_dump(include=set(Question.model_fields)))
        return workflow.execute_activity(
            adopt_earlier,
            AdoptRequest(question=plain, origin_id=question.origin.question_id, inherited=self._inherited),
            start_to_close_timeout=ADOPTING_TIMEOUT,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RETRIES,
            summary=f"Take over from {question.origin.question_id}",
        )

    def take_over(self, execution: Execution, at: datetime) -> tuple[events.StepEnded, ...]:
        """Put what was found into the execution of its plan; the events that tell of it."""
        if self._inherited is None or self._question.origin is None:
            return ()
        origin_id = self._question.origin.question_id
        results = self._inherited.results_for(execution.plan, self._question.correlation_id)
        for result in results:
            execution.reuse(result, origin_id, at)
        for failed in self._inherited.failed:
            execution.start(StepId(failed.step_id), at)
            execution.fail(StepId(failed.step_id), failed.error, at)
        return tuple(
            events.StepEnded(
                at=at,
                step_id=result.step_id,
                row_count=result.rows.row_count,
                generated=result.generated,
                reused_from=origin_id,
            )
            for result in results
        )

    def as_then(self, request: StepRequest, plan: Plan) -> StepRequest:
        """The request of a step with what a person wrote for it, or the moment that it saw before."""
        if self._inherited is None:
            return request
        begun = self._inherited.begun_for(plan).get(request.step.step_id)
        edited = self._inherited.edited if self._is_edited(request.step) else None
        return request.model_copy(update={"edited": edited, "as_of": begun.as_of if begun is not None else None})

    def program_of(self, step: Step, plan: Plan) -> WrittenProgram | None:
        """The program that the step was begun with, if it was: what it read of the tenant is kept."""
        if self._inherited is None:
            return None
        begun = self._inherited.begun_for(plan).get(step.step_id)
        return begun.program if begun is not None else None

    @property
    def presentation(self) -> EditedPresentation | None:
        """The recipe that a person wrote."""
        return self._inherited.presentation if self._inherited is not None else None

    def _is_edited(self, step: Step) -> bool:
        """Not any more where a reviewer has put another step in its place."""
        assert self._inherited is not None
        assert self._question.origin is not None
        edited_step = self._inherited.edited_step or self._question.origin.from_step
        return step.id == edited_step and step in self._inherited.plan.steps
