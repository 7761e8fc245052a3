"""Start a question again from what an earlier execution of it found: the failed rest of it, or from a step on."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b

from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from holdfast.contracts import TASK_QUEUE, attributes_of_question
from holdfast.errors import InvalidTransition
from holdfast.execution import State, is_final
from holdfast.origin import Origin
from holdfast.plan import StepId
from holdfast.rerun_contracts import Inherited, QuestionAgain
from starter import questions
from starter.changes import Changes, left_to_rerun, left_to_retry
from starter.connection import Connection
from starter.edit_checks import see_that_it_can_run
from starter.past import Past, past_of
from starter.questions import Asked, ReusedId
from workflows.query import QueryWorkflow

_ENDED_WELL = frozenset({State.COMPLETED.value, State.CANCELLED.value})


async def retry(connection: Connection, question_id: str, *, asker: str, key: str | None = None) -> tuple[Asked, bool]:
    """Start a failed question again; what is known of the new one, and whether it is new.

    Finished steps are not run again; the failed ones go on where their journals end. Under a `key` that this asker gave
    before, it is the question of then. Raises UnknownExecution, InvalidTransition for a question that did not fail,
    ReusedId, and what `see_that_it_can_run` raises.
    """
    _see_that_it_failed(await questions.asked(connection, question_id))
    past = await past_of(connection.client, question_id)
    origin = Origin(kind="retry", question_id=question_id)
    return await _start(connection, _Again(past, origin, left_to_retry(past), ""), asker, key)


async def rerun(
    connection: Connection, question_id: str, changes: Changes, *, asker: str, key: str | None = None
) -> tuple[Asked, bool]:
    """Start an ended question again from a step on, with what `asker` changed; see `retry`.

    Raises RerunRefused, QueryRefused, ProgramRefused and PresentationRejected too.
    """
    earlier = await questions.asked(connection, question_id)
    if not _has_ended(earlier):
        raise InvalidTransition(
            f"A question that is {earlier.state} cannot be run again from a step: only one that has ended. Wait for "
            "its end, or cancel it first."
        )
    origin = changes.origin(question_id)
    past = await past_of(connection.client, question_id)
    inherited = left_to_rerun(past, changes, asker)
    return await _start(connection, _Again(past, origin, inherited, changes.model_dump_json()), asker, key)


def _see_that_it_failed(earlier: Asked) -> None:
    if earlier.state == State.FAILED or (_has_ended(earlier) and earlier.state not in _ENDED_WELL):
        return
    instead = "it can be run again from a step" if _has_ended(earlier) else "wait for its end, or cancel it"
    raise InvalidTransition(
        f"A question that is {earlier.state} cannot be retried: only one that FAILED, or was ended from outside, can. "
        f"{instead[0].upper()}{instead[1:]}."
    )


def _has_ended(earlier: Asked) -> bool:
    return earlier.closed is not None or (earlier.state in set(State) and is_final(State(earlier.state)))


class _Again:
    """What is started: the past, what the new execution says of it, and what it inherits."""

    def __init__(self, past: Past, origin: Origin, inherited: Inherited | None, changes: str) -> None:
        self.past = past
        self.origin = origin
        self.inherited = inherited
        # The same for the same request, whenever it is made.
        self.digest = blake2b(f"{origin.model_dump_json()}{changes}".encode(), digest_size=16).hexdigest()

    def question(self, question_id: str, asker: str) -> QuestionAgain:
        asked = self.past.question
        return QuestionAgain(
            correlation_id=question_id,
            text=asked.text,
            tenant=asked.tenant,
            asker=asker,
            options=asked.options,
            origin=self.origin,
            inherited=self.inherited,
        )


async def _start(connection: Connection, again: _Again, asker: str, key: str | None) -> tuple[Asked, bool]:
    now, origin, inherited = datetime.now(UTC), again.origin, again.inherited
    # A key that somebody used for a question of its own is another one here.
    new_id = questions.id_of_request(asker, f"again\0{key}") if key else questions.new_id("q", now)
    if inherited is not None:
        step = inherited.plan.step(StepId(origin.from_step)) if origin.from_step is not None else None
        await see_that_it_can_run(connection.settings.data_dir, again.past.question.text, inherited, step)
    question = again.question(new_id, asker)
    try:
        await connection.client.start_workflow(
            QueryWorkflow.run,
            question,
            id=new_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            memo={
                "asker": asker,
                "question": question.text,
                "origin": origin.model_dump(mode="json"),
                "again": again.digest,
            },
            search_attributes=attributes_of_question(question),
            static_summary=questions.summary_of(question.text),
            static_details=f"{questions.details_of(connection, question)}\n\nThis is a {origin.words}.",
        )
    except WorkflowAlreadyStartedError:
        return await _started_before(connection, new_id, again), False
    return Asked(new_id, question.text, asker, State.QUEUED.value, now, None, origin), True


async def _started_before(connection: Connection, question_id: str, again: _Again) -> Asked:
    description = await connection.client.get_workflow_handle(question_id).describe()
    if (await description.memo()).get("again") != again.digest:
        raise ReusedId(f"Under this idempotency key something else was run again ({question_id}). Use a new key.")
    return await questions.asked(connection, question_id)
