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
    StepRequest,
    Waiting,
    WrittenProgram,
)
from holdfast.plan import ApiStep, CypherStep, SpecialStep, SqlStep
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
            return await _activity(contracts.run_special_step, request, _TOOL)
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
            return await _ran(ProgramRun(step=request, program=program), steering)
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


async def _ran(run: ProgramRun, steering: Steering) -> StepResult:
    """Run it to its end, through pauses and reviews; what it has read is in its journal and is not read again."""
    while True:
        outcome = await _until_paused(run, steering)
        if isinstance(outcome, ProgramRows):
            return outcome.result
        if outcome is None:
            await steering.while_not_paused()
            continue
        waiting = Waiting(step_id=run.step.step.id, reason=outcome.reason, calls_wanted=outcome)
        allowance = _allowance(await steering.decided(waiting), outcome)
        run = run.model_copy(update={"allowance": allowance})


async def _until_paused(run: ProgramRun, steering: Steering) -> ProgramRows | CallsWanted | None:
    """How it ended; None where it was stopped for a pause."""
    await steering.while_not_paused()
    running = workflow.start_activity(
        contracts.run_program,
        run,
        start_to_close_timeout=PROGRAM_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=PROGRAM_RETRIES,
        summary=_summary(run.step),
    )
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
