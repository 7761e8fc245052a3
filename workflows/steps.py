"""How the steps of each tool run: one activity, or for a program its writing, its run and its reviews."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple, Protocol

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from holdfast import contracts
from holdfast.answer import ModelUsage, Outcome, StepResult, total_usage
from holdfast.contracts import (
    CallAllowance,
    CallsWanted,
    Decision,
    ProgramRequest,
    ProgramRows,
    ProgramRun,
    RefusedProgram,
    Review,
    SpecialRun,
    StepRequest,
    Waiting,
    WrittenProgram,
)
from holdfast.plan import ApiStep, CypherStep, SpecialStep, SqlStep, Step
from holdfast.reviews import rejection
from workflows.in_flight import QuestionEnded, words_of
from workflows.limits import (
    HEARTBEAT_TIMEOUT,
    PROGRAM_RETRIES,
    PROGRAM_TIMEOUT,
    RETRIES,
    SPECIAL_TIMEOUT,
    STEP_TIMEOUT,
)

# A program that passed its checks and still went wrong as it ran is written anew once, with its traceback.
_MOST_PROGRAMS = 2


class _Limits(NamedTuple):
    """How long one attempt may take, and how it is tried again."""

    time: timedelta
    retries: RetryPolicy


_QUERY = _Limits(STEP_TIMEOUT, RETRIES)
_TOOL = _Limits(SPECIAL_TIMEOUT, PROGRAM_RETRIES)


# How something ends that reads the live tenant, and how it is begun under an allowance.
_Outcome = StepResult | ProgramRows | CallsWanted
_Start = Callable[
    [CallAllowance | None],
    workflow.ActivityHandle[ProgramRows | CallsWanted] | workflow.ActivityHandle[StepResult | CallsWanted],
]


class Steering(Protocol):
    """What a running step asks of the question that it belongs to."""

    @property
    def is_paused(self) -> bool:
        """Whether nothing may go on."""
        ...

    async def while_not_paused(self) -> None:
        """Wait for `resume`. Raises QuestionEnded where the question is cancelled."""
        ...

    async def decided(self, waiting: Waiting) -> Review:
        """What a person decides. Raises QuestionEnded where the question is cancelled."""
        ...

    def spend_in_vain(self, usage: ModelUsage | None) -> None:
        """Count what was asked of models for nothing."""
        ...


def stops_at_its_next_call(step: Step) -> bool:
    """Whether a step of this kind is stopped as it runs; it may read for hours. A query ends soon and is waited for."""
    # Special tools that older workers began are waited for, as they were then.
    return isinstance(step, ApiStep) or (
        isinstance(step, SpecialStep) and workflow.patched("special-steps-are-stopped")
    )


async def run_step(request: StepRequest, steering: Steering, begun: WrittenProgram | None = None) -> StepResult:
    """The rows of a step, whatever its tool; of an API step the `begun` program is tried before any other.

    Raises ActivityError, and QuestionEnded where a person ends it.
    """
    match request.step:
        case CypherStep():
            return await _activity(contracts.run_cypher_step, request, _QUERY)
        case SqlStep():
            return await _activity(contracts.run_sql_step, request, _QUERY)
        case SpecialStep():
            return await _called(request, steering)
        case ApiStep():
            return await _programmed(request, steering, begun)


async def _activity(
    activity: Callable[[StepRequest], Awaitable[StepResult]], request: StepRequest, limits: _Limits
) -> StepResult:
    return await workflow.execute_activity(
        activity,
        request,
        start_to_close_timeout=limits.time,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=limits.retries,
        summary=_summary(request),
    )


async def _programmed(request: StepRequest, steering: Steering, begun: WrittenProgram | None) -> StepResult:
    failed: list[RefusedProgram] = []
    while True:
        program = begun if begun is not None and not failed else await _written(request, failed)
        try:
            return await _seen_through_reviews(_program_run(request, program), request.step.id, steering)
        except ActivityError as error:
            steering.spend_in_vain(program.effort.models)
            request = request.model_copy(update={"spent": total_usage(request.spent, program.effort.models)})
            failed.append(RefusedProgram(text=program.generated.text, diagnostics=words_of(error)))
            # What a person wrote is not replaced behind their back.
            is_theirs = request.edited is not None
            if is_theirs or not _is_the_programs_fault(error) or len(failed) == _MOST_PROGRAMS:
                raise


async def _written(request: StepRequest, failed: list[RefusedProgram]) -> WrittenProgram:
    return await workflow.execute_activity(
        contracts.write_program,
        ProgramRequest(step=request, refused=tuple(failed)),
        start_to_close_timeout=STEP_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary=f"{request.step.id}: write the program",
    )


async def _called(request: StepRequest, steering: Steering) -> StepResult:
    # It sees the same moment after a review, or it would ask all anew.
    seen = request.model_copy(update={"as_of": request.as_of or workflow.now()})

    def start(allowance: CallAllowance | None) -> workflow.ActivityHandle[StepResult | CallsWanted]:
        return workflow.start_activity(
            contracts.run_special_step,
            SpecialRun(**dict(seen), allowance=allowance),
            start_to_close_timeout=_TOOL.time,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=_TOOL.retries,
            summary=_summary(request),
        )

    stops = stops_at_its_next_call(request.step)
    return await _seen_through_reviews(start, request.step.id, steering, stops_at_pauses=stops)


def _program_run(request: StepRequest, program: WrittenProgram) -> _Start:
    def start(allowance: CallAllowance | None) -> workflow.ActivityHandle[ProgramRows | CallsWanted]:
        return workflow.start_activity(
            contracts.run_program,
            ProgramRun(step=request, program=program, allowance=allowance),
            start_to_close_timeout=PROGRAM_TIMEOUT,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=PROGRAM_RETRIES,
            summary=_summary(request),
        )

    return start


async def _seen_through_reviews(
    start: _Start, step_id: str, steering: Steering, *, stops_at_pauses: bool = True
) -> StepResult:
    """Run it to its end, through pauses and reviews; what it has read is in its journal and is not read again."""
    allowance: CallAllowance | None = None
    while True:
        match await (_until_paused(start, allowance, steering) if stops_at_pauses else start(allowance)):
            case None:
                await steering.while_not_paused()
            case CallsWanted() as wanted:
                waiting = Waiting(step_id=step_id, reason=wanted.reason, calls_wanted=wanted)
                allowance = _allowance(await steering.decided(waiting), wanted)
            case ProgramRows(result=result):
                return result
            case StepResult() as result:
                return result


async def _until_paused(start: _Start, allowance: CallAllowance | None, steering: Steering) -> _Outcome | None:
    """How it ended; None where it was stopped for a pause."""
    await steering.while_not_paused()
    running = start(allowance)
    try:
        await workflow.wait_condition(lambda: running.done() or steering.is_paused)
    except asyncio.CancelledError:
        running.cancel()
        raise
    if running.done():
        return running.result()
    running.cancel()
    return None


def _allowance(review: Review, wanted: CallsWanted) -> CallAllowance:
    match review.decision:
        case Decision.APPROVE:
            further = review.further_calls
            return CallAllowance(calls=None if further is None else wanted.calls_made + further)
        case Decision.STOP:
            return CallAllowance(calls=wanted.calls_made, with_what_is_there=True)
        case _:
            raise QuestionEnded(Outcome.CANCELLED, rejection(review, "further calls of the tenant"))


def _is_the_programs_fault(error: ActivityError) -> bool:
    cause = error.cause
    return isinstance(cause, ApplicationError) and cause.type in {"ProgramFailed", "ProgramOverLimit"}


def _summary(request: StepRequest) -> str:
    return f"{request.step.id}: {request.step.operation} {request.step.entity}"
