"""Start, watch and steer questions through the Temporal client."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import getpass
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from holdfast.answer import MAX_QUESTION_CHARACTERS, Answer, Question, QuestionOptions
from holdfast.contracts import (
    ASKER_ATTRIBUTE,
    STATE_ATTRIBUTE,
    TASK_QUEUE,
    Progress,
    Review,
    attributes_of_question,
)
from holdfast.errors import (
    HoldfastError,
    InvalidTransition,
    ReviewRefused,
    TransientError,
    UnknownExecution,
)
from holdfast.execution import State, checked_transition
from holdfast.markdown import as_text
from holdfast.origin import Origin
from holdfast.question import checked_text
from starter.connection import Connection
from starter.troubles import NOTHING_TOLD, Look, looked_at
from workflows.query import QueryWorkflow

# Temporal's limit on a summary is 400 bytes, with some for its envelope.
_SUMMARY_BYTES = 300
_POLL_S = 0.2
_QUICK_S = 1.0
# A query is answered in milliseconds while a worker lives.
_QUERY_TIMEOUT = timedelta(seconds=2)
# A worker that was killed is replaced on another host, or by its supervisor, within some seconds.
_REVIEW_PATIENCE_S = 30.0
_SIGNALS = {State.PAUSED: "pause", State.RUNNING: "resume", State.CANCELLED: "cancel"}


class ReusedId(HoldfastError):
    """An idempotency key was used for another question before; use a new one."""


class QuestionLost(HoldfastError):
    """The workflow ended without an answer: terminated, timed out, or failed outside our own code."""


class ReviewUnanswered(TransientError):
    """No worker says whether the decision was taken; look before it is handed in again."""


@dataclass(frozen=True)
class Asked:
    """What Temporal knows of a question without asking a worker."""

    id: str
    text: str
    asker: str
    state: str
    started: datetime
    closed: datetime | None
    # Where it goes on from, when it is a retry or a rerun.
    origin: Origin | None = None


def asker() -> str:
    """The login name of the person at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a uid that has no name.
        return f"uid {os.getuid()}"


def new_id(kind: str, now: datetime) -> str:
    """An id for people to read aloud and type: `q-20260724-k3v9x2ta`."""
    chance = base64.b32encode(secrets.token_bytes(5)).decode().lower()
    return f"{kind}-{now:%Y%m%d}-{chance}"


def summary_of(text: str) -> str:
    """The question on one line of Markdown, cut to what Temporal accepts as a summary."""
    characters = len(text)
    while len((summary := as_text(text, characters)).encode()) > _SUMMARY_BYTES:
        characters = min(characters, _SUMMARY_BYTES) - 1
    return summary


def details_of(connection: Connection, question: Question) -> str:
    """In Markdown, for Temporal's own UI: who asked what, and where it is watched."""
    tenant = f" about {as_text(question.tenant)}" if question.tenant else ""
    lines = [f"Asked by **{as_text(question.asker)}**{tenant}: {as_text(question.text, MAX_QUESTION_CHARACTERS)}", ""]
    if (page := connection.settings.gateway.public_url) is not None:
        lines.append(f"- On the page: {page.rstrip('/')}/q/{question.correlation_id}")
    lines.append(f"- On the command line: `holdfast watch {question.correlation_id}`")
    return "\n".join(lines)


def id_of_request(asker: str, key: str) -> str:
    """The id of the question that this asker starts under this idempotency key, always the same."""
    digest = hashlib.blake2b(f"{asker}\0{key}".encode(), digest_size=15).digest()
    return f"q-{base64.b32encode(digest).decode().lower()}"


async def start(
    connection: Connection, text: str, *, asker: str, approve_plan: bool = False, question_id: str | None = None
) -> tuple[Asked, bool]:
    """Start a question; what is known of it, and whether it is new.

    Under a `question_id` that was given before, it is the question of then. Raises InvalidQuestion, and
    ReusedId where that one asked something else.
    """
    now = datetime.now(UTC)
    question = Question(
        correlation_id=question_id or new_id("q", now),
        text=checked_text(text),
        tenant=connection.tenant,
        asker=asker,
        options=QuestionOptions(approve_plan=approve_plan),
    )
    try:
        await connection.client.start_workflow(
            QueryWorkflow.run,
            question,
            id=question.correlation_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            memo={"asker": question.asker, "question": question.text},
            search_attributes=attributes_of_question(question),
            static_summary=summary_of(question.text),
            static_details=details_of(connection, question),
        )
    except WorkflowAlreadyStartedError:
        earlier = await asked(connection, question.correlation_id)
        if earlier.text != question.text:
            raise ReusedId(
                f"Under this idempotency key another question was asked ({earlier.id}). Use a new key for a new "
                "question."
            ) from None
        return earlier, False
    return Asked(question.correlation_id, question.text, asker, State.QUEUED.value, now, None), True


async def follow(connection: Connection, question_id: str, show: Callable[[Progress | None, Look], None]) -> Answer:
    """Show progress until the question ends, and return its answer.

    `show` gets None while no worker says how far it is, and beside it what Temporal tells of it.

    Raises UnknownExecution, QuestionLost.
    """
    result = asyncio.create_task(answer_of(connection, question_id))
    may_be_in_trouble = time.monotonic() + _QUICK_S
    try:
        while not result.done():
            seen = await progress_of(connection, question_id)
            # Most questions end before anything could be in trouble; those need not wait for one look more.
            look = await looked(connection, question_id) if time.monotonic() > may_be_in_trouble else NOTHING_TOLD
            if not result.done():
                show(seen, look)
            await asyncio.wait({result}, timeout=_POLL_S)
        return result.result()
    finally:
        result.cancel()


async def answer_of(connection: Connection, question_id: str) -> Answer:
    """Wait for the answer. Raises UnknownExecution, QuestionLost."""
    handle = _handle(connection.client, question_id)
    with _known(question_id):
        try:
            return await handle.result()
        except WorkflowFailureError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type == "QuestionFailed" and cause.details:
                return Answer.model_validate(cause.details[0])
            raise QuestionLost(
                f"Question {question_id} ended without an answer ({_words(cause)}). Ask it again."
            ) from error


async def progress_of(connection: Connection, question_id: str) -> Progress | None:
    """One snapshot from the worker; None while no worker answers. Raises UnknownExecution."""
    handle = _handle(connection.client, question_id)
    with _known(question_id):
        try:
            return await handle.query(QueryWorkflow.progress, rpc_timeout=_QUERY_TIMEOUT)
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise
            return None


async def looked(connection: Connection, question_id: str) -> Look:
    """What Temporal itself tells of a question that runs."""
    return await looked_at(_handle(connection.client, question_id))


async def asked(connection: Connection, question_id: str) -> Asked:
    """What Temporal itself knows of a question. Raises UnknownExecution."""
    with _known(question_id):
        description = await _handle(connection.client, question_id).describe()
    if description.workflow_type != QueryWorkflow.__name__:
        raise UnknownExecution(
            f"{question_id} is not a question but a {description.workflow_type}. `holdfast list` shows the questions; "
            "`holdfast sync` follows a sync that runs, `holdfast sync --cancel` ends it."
        )
    return await _asked(description)


async def listed(
    connection: Connection, state: State | None, limit: int, *, asker: str | None = None
) -> AsyncIterator[Asked]:
    """The latest questions first, of everybody or of one asker; all of it from Temporal, so no worker is needed."""
    wanted = f"WorkflowType = '{QueryWorkflow.__name__}'"
    if asker is not None:
        wanted += f" AND {ASKER_ATTRIBUTE.name} = {quoted(asker)}"
    if state is not None:
        wanted += f" AND {STATE_ATTRIBUTE.name} = '{state.value}'"
    async for execution in connection.client.list_workflows(wanted, limit=limit):
        yield await _asked(execution)


async def steer(connection: Connection, question_id: str, to: State) -> None:
    """Ask a question to move to `to`. Raises InvalidTransition, which names both states, and UnknownExecution."""
    now = await asked(connection, question_id)
    if to is State.RUNNING and now.state != State.PAUSED:
        # The table lets others run too: a queued one when a worker takes it, a blocked one when it is reviewed.
        raise InvalidTransition(
            f"A question that is {now.state} cannot become {to} by `resume`: only a PAUSED one can."
        )
    if now.closed is not None and now.state not in set(State):
        raise InvalidTransition(f"A question that is {now.state} cannot become {to}: it has ended.")
    checked_transition(State(now.state), to)
    try:
        await _handle(connection.client, question_id).signal(_SIGNALS[to])
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        now = await asked(connection, question_id)
        raise InvalidTransition(f"A question that is {now.state} cannot become {to}: it has ended.") from error


async def settled_state(connection: Connection, question_id: str, to: State, patience: timedelta) -> str:
    """The state once it is `to` or the patience ends: a pause waits for the steps that run."""
    deadline = time.monotonic() + patience.total_seconds()
    while True:
        now = await asked(connection, question_id)
        if now.state == to or now.closed is not None or time.monotonic() > deadline:
            return now.state
        await asyncio.sleep(_POLL_S)


async def review(connection: Connection, question_id: str, decision: Review) -> Progress:
    """Hand in a review; the progress after it.

    Raises ReviewRefused with the reason, ReviewUnanswered, and UnknownExecution.
    """
    now = await asked(connection, question_id)
    if now.closed is not None:
        raise ReviewRefused(f"Nothing waits for a review: the question is {now.state}.")
    patience = asyncio.timeout(_REVIEW_PATIENCE_S)
    try:
        async with patience:
            return await _handle(connection.client, question_id).execute_update(QueryWorkflow.review, decision)
    except WorkflowUpdateFailedError as error:
        raise ReviewRefused(_words(error.cause)) from error
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        if not patience.expired():
            raise
        raise ReviewUnanswered(
            "No worker has taken the decision so far, and one that comes back may still take it: look how the question "
            "stands before you decide again."
        ) from error
    except RPCError as error:
        if error.status is RPCStatusCode.FAILED_PRECONDITION:
            raise ReviewUnanswered(
                "The worker cannot go on with this question at the moment, so nothing was decided. `holdfast watch "
                f"{question_id}` says why; then review it again."
            ) from error
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        now = await asked(connection, question_id)
        raise ReviewRefused(f"Nothing waits for a review: the question is {now.state}.") from error


def quoted(text: str) -> str:
    """As a literal of Temporal's list filter."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _handle(client: Client, question_id: str) -> WorkflowHandle[QueryWorkflow, Answer]:
    return client.get_workflow_handle_for(QueryWorkflow.run, question_id)


@contextlib.contextmanager
def _known(question_id: str) -> Iterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            raise UnknownExecution(
                f"There is no question {question_id!r} here. `holdfast list` shows the latest."
            ) from error
        raise


async def _asked(execution: WorkflowExecution) -> Asked:
    memo = await execution.memo()
    state = execution.typed_search_attributes.get(STATE_ATTRIBUTE)
    # Ended from outside, our code could not write its last state.
    if execution.status not in _WRITTEN_BY_US and execution.status is not None:
        state = execution.status.name
    return Asked(
        id=execution.id,
        text=str(memo.get("question", "")),
        asker=str(memo.get("asker", "")),
        state=state or State.QUEUED.value,
        started=execution.start_time,
        closed=execution.close_time,
        origin=Origin.model_validate(memo["origin"]) if "origin" in memo else None,
    )


_WRITTEN_BY_US = {
    WorkflowExecutionStatus.RUNNING,
    WorkflowExecutionStatus.COMPLETED,
    WorkflowExecutionStatus.FAILED,
    WorkflowExecutionStatus.CANCELED,
}


def _words(cause: BaseException | None) -> str:
    return cause.message if isinstance(cause, ApplicationError) else str(cause or "no reason was given")
