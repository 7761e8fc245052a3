"""A question, from its text to its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from temporalio import workflow
from temporalio.contrib.workflow_streams import WorkflowStream
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

# Pure modules, imported once for all workflows: the sandbox would build every model anew for each of them.
with workflow.unsafe.imports_passed_through():
    from holdfast import contracts, events
    from holdfast.answer import (
        Answer,
        FormattedAnswer,
        ModelUsage,
        NeedsClarification,
        Outcome,
        Planned,
        PlanningOutcome,
        Question,
        Refused,
        StepResult,
        total_usage,
    )
    from holdfast.contracts import STATE_ATTRIBUTE, TOOLS_ATTRIBUTE, Decision, Progress, Review, Waiting
    from holdfast.errors import ReviewRefused
    from holdfast.execution import Execution, State, checked_transition, is_final, may_become
    from holdfast.plan import Plan, Step, StepId, as_reviewed
    from holdfast.rerun_contracts import QuestionAgain
    from holdfast.reviews import rejection
    from workflows.earlier import Earlier
    from workflows.in_flight import InFlight, QuestionEnded, cancelled, spent_by, words_of
    from workflows.limits import FORMATTING_TIMEOUT, HEARTBEAT_TIMEOUT, RETRIES
    from workflows.narration import current_details, progress_of
    from workflows.reviews import Reviews
    from workflows.steps import run_step, stops_at_its_next_call

T = TypeVar("T")


@workflow.defn
class QueryWorkflow:
    """Plan, approve, step, format; durable, steerable and watchable all the way.

    Returns an Answer when the question was answered, refused, asked back or cancelled by a person. A question that
    fails, fails its workflow with an ApplicationError of type QuestionFailed, whose detail is the Answer so far.
    """

    @workflow.init
    def __init__(self, question: Question | QuestionAgain) -> None:
        self._question = question
        self._earlier = Earlier(question)
        self._stream = WorkflowStream()
        self._topic = self._stream.topic(events.EVENTS_TOPIC)
        # Whoever starts a question has it wait in the queue; this code runs when a worker took it.
        self._state = State.QUEUED
        self._understanding: PlanningOutcome | None = None
        self._execution: Execution | None = None
        self._reviews = Reviews(question.asker)
        self._cancel_asked = False
        self._formatted: FormattedAnswer | None = None
        self._spent_in_vain: ModelUsage | None = None

    @workflow.run
    async def run(self, question: Question | QuestionAgain) -> Answer:
        """See the class."""
        self._move(State.RUNNING)
        try:
            await self._make_plan()
            await self._await_approval()
            await self._run_steps()
            await self._format_answer()
        except QuestionEnded as ended:
            return await self._end(ended.outcome, ended.message)
        except asyncio.CancelledError:
            self._end_by_cancellation_request()
            raise
        return await self._end(Outcome.ANSWERED)

    # --- the chapters -------------------------------------------------------------------------------------

    async def _make_plan(self) -> None:
        outcome = await self._unless_cancelled(self._earlier.understood())
        self._understanding = outcome
        if isinstance(outcome, Refused):
            raise QuestionEnded(Outcome.REFUSED, outcome.reason)
        if isinstance(outcome, NeedsClarification):
            raise QuestionEnded(Outcome.NEEDS_CLARIFICATION, outcome.question)
        self._reviews.rules = outcome.review_rules
        self._adopt(outcome.plan)

    async def _await_approval(self) -> None:
        if (reason := self._planned.approval_reason) is None:
            return
        review = await self.decided(Waiting(step_id=None, reason=reason))
        if review.decision is Decision.REJECT:
            raise QuestionEnded(Outcome.CANCELLED, rejection(review, "the plan"))
        if review.plan is not None:
            self._adopt(as_reviewed(review.plan, self._planned.plan, review.reviewer))

    async def _run_steps(self) -> None:
        assert self._execution is not None
        running: dict[StepId, asyncio.Task[StepResult]] = {}
        async with InFlight(running.values()):
            await self._run_until_over(self._execution, running)
        await self.while_not_paused()
        if (failed := self._execution.failure) is not None:
            raise QuestionEnded(Outcome.FAILED, f"Step {failed.step.id} failed: {failed.error}")

    async def _format_answer(self) -> None:
        assert self._execution is not None
        self._formatted = await self._unless_cancelled(
            workflow.execute_activity(
                contracts.format_answer,
                contracts.FormatRequest(
                    correlation_id=self._question.correlation_id,
                    question=self._question.text,
                    plan=self._execution.plan,
                    snapshot=self._planned.snapshot,
                    results=self._execution.results,
                    gaps=self._execution.gaps(),
                    spent=self._spent(),
                    edited=self._earlier.presentation,
                ),
                start_to_close_timeout=FORMATTING_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=RETRIES,
                summary="Format the answer",
            )
        )

    async def _end(self, outcome: Outcome, message: str = "") -> Answer:
        if self._execution is not None:
            self._execution.skip_the_rest()
        self._reviews.want_none()
        answer = self._answer(outcome, message)
        self._move(_FINAL_STATES[outcome])
        self._topic.publish(events.FinalResult(at=workflow.now(), answer=answer))
        fields = {"correlation_id": answer.correlation_id, "answer": answer.model_dump(mode="json")}
        workflow.logger.info("answer", extra=fields)
        # Viewers' polls must be released, or they would keep the workflow open.
        self._stream.detach_pollers()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if outcome is Outcome.FAILED:
            raise ApplicationError(message, answer, type="QuestionFailed", non_retryable=True)
        return answer

    # --- steering: handlers record, `run` acts ------------------------------------------------------------

    @workflow.signal
    def pause(self) -> None:
        """Start nothing further until `resume`; a query that runs is finished, a program stops at its next call."""
        self._move_if_allowed(State.PAUSED)

    @workflow.signal
    def resume(self) -> None:
        """Go on after a pause, or wait again for the review that was waited for."""
        if self.is_paused:
            self._move(State.RUNNING)
            if self._reviews.waiting:
                self._move(State.BLOCKED)

    @workflow.signal
    def cancel(self) -> None:
        """End the question; no further step starts, and the answer says what was found so far."""
        if not is_final(self._state):
            self._cancel_asked = True

    @workflow.update
    def review(self, review: Review) -> Progress:
        """Decide on the plan or the step that waits; returns the progress after the decision."""
        self.tell(self._reviews.decide(review))
        return self.progress()

    @review.validator
    def _refuse_review_out_of_place(self, review: Review) -> None:
        if self._state is not State.BLOCKED:
            after = "; resume it first" if self.is_paused and self._reviews.waiting else ""
            raise _refused_review(f"Nothing waits for a review: the question is {self._state}{after}.")
        try:
            self._reviews.subject_of(review)
        except ReviewRefused as refused:
            raise _refused_review(str(refused)) from refused

    @workflow.query
    def progress(self) -> Progress:
        """One frozen snapshot of how far the question is."""
        return progress_of(self._question, self._state, self._reviews, self._execution)

    async def _run_until_over(self, execution: Execution, running: dict[StepId, asyncio.Task[StepResult]]) -> None:
        limit = self._planned.max_parallel_steps
        while True:
            for step in [] if self.is_paused else execution.startable(limit):
                running[step.step_id] = self._start(step)
            if execution.failure is not None:
                # Queries end soon and belong to the answer so far; what reads the tenant may take hours.
                stopped = [i for i in running if stops_at_its_next_call(execution.records[i].step)]
                await cancelled(*(running.pop(i) for i in stopped))
                self._want_no_review()
            if not running and (execution.is_over or execution.failure is not None):
                return
            await workflow.wait_condition(
                lambda: (
                    self._cancel_asked
                    or any(task.done() for task in running.values())
                    or (not self.is_paused and bool(execution.startable(limit)))
                )
            )
            self._stop_if_cancelled()
            for step_id in [step_id for step_id, task in running.items() if task.done()]:
                self._record(step_id, running.pop(step_id))

    def _start(self, step: Step) -> asyncio.Task[StepResult]:
        assert self._execution is not None
        self._execution.start(step.step_id, workflow.now())
        self._topic.publish(events.StepStarted(at=workflow.now(), step_id=step.id))
        request = contracts.StepRequest(
            correlation_id=self._question.correlation_id,
            question=self._question.text,
            snapshot=self._planned.snapshot,
            step=step,
            earlier=tuple(contracts.EarlierStep.of(self._execution.records[StepId(i)]) for i in step.depends_on),
            spent=self._spent(),
        )
        plan = self._execution.plan
        return asyncio.create_task(
            run_step(self._earlier.as_then(request, plan), self, self._earlier.program_of(step, plan))
        )

    def _spent(self) -> ModelUsage | None:
        assert self._execution is not None
        return total_usage(self._planned.effort.models, *self._execution.spent(), self._spent_in_vain)

    def _record(self, step_id: StepId, task: asyncio.Task[StepResult]) -> None:
        assert self._execution is not None
        now = workflow.now()
        try:
            result = task.result()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise asyncio.CancelledError from error
            self.spend_in_vain(spent_by(error))
            self._execution.fail(step_id, words_of(error), now)
            self._topic.publish(events.StepFailed(at=now, step_id=step_id, error=words_of(error)))
        else:
            self._execution.finish(result, now)
            self._topic.publish(
                events.StepEnded(at=now, step_id=step_id, row_count=result.rows.row_count, generated=result.generated)
            )
        self.show_details()

    # --- what a running step asks of its question (`workflows.steps.Steering`) ---------------------------------

    @property
    def is_paused(self) -> bool:
        """Whether nothing may go on."""
        return self._state is State.PAUSED

    @property
    def is_ending(self) -> bool:
        """Whether somebody asked for its end."""
        return self._cancel_asked

    def tell(self, event: events.Event) -> None:
        """Tell its viewers."""
        self._topic.publish(event)

    async def while_not_paused(self) -> None:
        """Wait for `resume` where the question is paused, and end where it is cancelled."""
        await workflow.wait_condition(lambda: not self.is_paused or self._cancel_asked)
        self._stop_if_cancelled()

    async def decided(self, waiting: Waiting) -> Review:
        """What a person decides; the question is BLOCKED until then. Raises QuestionEnded where it is cancelled."""
        self._reviews.ask(waiting)
        if self._state is State.RUNNING:
            self._move(State.BLOCKED)
        review = await self._reviews.decision_on(waiting.step_id, self)
        if self._state is State.BLOCKED and not self._reviews.waiting and review.decision is not Decision.REJECT:
            self._move(State.RUNNING)
        return review

    def _want_no_review(self) -> None:
        self._reviews.want_none()
        if self._state is State.BLOCKED:
            self._move(State.RUNNING)

    def spend_in_vain(self, usage: ModelUsage | None) -> None:
        """Count what was asked of models for nothing."""
        self._spent_in_vain = total_usage(self._spent_in_vain, usage)

    # --- state --------------------------------------------------------------------------------------------

    @property
    def _planned(self) -> Planned:
        assert isinstance(self._understanding, Planned)
        return self._understanding

    def _adopt(self, plan: Plan) -> None:
        self._execution = Execution(plan)
        # Questions that were planned before this was done are still waited for.
        if workflow.patched("tools-are-searched-by"):
            tools = sorted({step.tool for step in plan.steps})
            workflow.upsert_search_attributes([TOOLS_ATTRIBUTE.value_set(tools)])
        self._topic.publish(events.PlanGenerated(at=workflow.now(), plan=plan, origin=self._question.origin))
        for event in self._earlier.take_over(self._execution, workflow.now()):
            self._topic.publish(event)
        self.show_details()

    def _move(self, to: State) -> None:
        self._state = checked_transition(self._state, to)
        workflow.upsert_search_attributes([STATE_ATTRIBUTE.value_set(to.value)])
        self._topic.publish(events.StateChanged(at=workflow.now(), state=to))
        self.show_details()

    def _move_if_allowed(self, to: State) -> None:
        # A signal cannot be refused to its sender; the command line looks at the state before it sends one.
        if may_become(self._state, to):
            self._move(to)
        else:
            workflow.logger.warning("A question that is %s cannot become %s", self._state, to)

    async def _unless_cancelled(self, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        async with InFlight([task]):
            try:
                await workflow.wait_condition(lambda: task.done() or self._cancel_asked)
                await self.while_not_paused()
                return task.result()
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise asyncio.CancelledError from error
                self.spend_in_vain(spent_by(error))
                raise QuestionEnded(Outcome.FAILED, words_of(error)) from error

    def _stop_if_cancelled(self) -> None:
        # Our own flag, looked at between steps: a cancellation that arrives together with an activity's
        # completion can be swallowed by the SDK.
        if self._cancel_asked:
            raise QuestionEnded(Outcome.CANCELLED, "The question was cancelled.")

    def _end_by_cancellation_request(self) -> None:
        if self._execution is not None:
            self._execution.skip_the_rest()
        self._reviews.want_none()
        self._move_if_allowed(State.CANCELLED)
        answer = self._answer(Outcome.CANCELLED, "The question was cancelled.")
        self._topic.publish(events.FinalResult(at=workflow.now(), answer=answer))
        self._stream.detach_pollers()

    def _answer(self, outcome: Outcome, message: str) -> Answer:
        execution, understanding = self._execution, self._understanding
        return Answer(
            correlation_id=self._question.correlation_id,
            question=self._question.text,
            outcome=outcome,
            message=message,
            choices=understanding.choices if isinstance(understanding, NeedsClarification) else (),
            not_understood=understanding.not_understood if isinstance(understanding, Refused) else (),
            plan=execution.plan if execution is not None else None,
            plan_author=understanding.author if understanding is not None else None,
            planning_effort=understanding.effort if understanding is not None else None,
            snapshot=understanding.snapshot if isinstance(understanding, Planned) else None,
            steps=execution.reports() if execution is not None else (),
            formatted=self._formatted,
            spent_in_vain=self._spent_in_vain,
            gaps=execution.gaps() if execution is not None else (),
            reviews=self._reviews.history,
            started=workflow.info().start_time,
            finished=workflow.now(),
            origin=self._question.origin,
        )

    def show_details(self) -> None:
        """Show in Temporal's own UI how it stands."""
        details = current_details(self._question, self._state, self._reviews, self._execution)
        workflow.set_current_details(details)


_FINAL_STATES = {
    Outcome.ANSWERED: State.COMPLETED,
    Outcome.REFUSED: State.COMPLETED,
    Outcome.NEEDS_CLARIFICATION: State.COMPLETED,
    Outcome.FAILED: State.FAILED,
    Outcome.CANCELLED: State.CANCELLED,
}


def _refused_review(message: str) -> ApplicationError:
    return ApplicationError(message, type="ReviewRefused", non_retryable=True)
