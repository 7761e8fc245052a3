"""The events of a question, from any offset, during the run and after it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, WebSocket

from holdfast.errors import HoldfastError
from holdfast.event_schema import event_schema
from starter.access.callers import Action, Caller
from starter.gateway.event_stream import MEDIA_TYPE, EventStream, send_events
from starter.gateway.gateway import Parts
from starter.gateway.permissions import CurrentCaller, QuestionId, SeenQuestion, allowed_on_question
from starter.gateway.problems import status_of

router = APIRouter(tags=["events"])

# Codes of a WebSocket that an application may choose, and the most that a reason may hold.
_CLOSE_CODES = 4_000
_MOST_REASON_BYTES = 120

# A stream of server-sent events in the OpenAPI document.
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `id` is the offset, `event` the type, `data` one event as JSON "
        "(its schema: `/api/events.schema.json`)",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}

Offset = Annotated[int, Query(ge=0, le=1 << 53, description="The offset of the first event that is wanted")]
WithRows = Annotated[
    bool, Query(alias="rows", description="Whether the rows of the answer are sent too; offsets are the same")
]

_see = allowed_on_question(Action.SEE)


@router.get("/api/events.schema.json")
async def schema(caller: CurrentCaller) -> dict[str, Any]:
    """The JSON schema of one event."""
    return event_schema()


@router.get("/api/questions/{question_id}/events", status_code=200, response_class=EventStream, responses=STREAM)
async def events(
    seen: SeenQuestion,
    parts: Parts,
    offset: Offset = 0,
    with_rows: WithRows = True,
    last_event_id: Annotated[int | None, Header(ge=0, le=1 << 53)] = None,
) -> EventStream:
    """Everything that happens to a question, as server-sent events. With `Last-Event-ID` it goes on after that one."""
    start = offset if last_event_id is None else last_event_id + 1
    await record_seen(parts, seen.caller, seen.question.id)
    return EventStream(parts.hub, seen.question.id, start, with_rows=with_rows)


@router.websocket("/api/questions/{question_id}/events/socket")
async def socket(
    socket: WebSocket, question_id: QuestionId, parts: Parts, offset: Offset = 0, with_rows: WithRows = True
) -> None:
    """The same over a WebSocket: each message is one event as JSON, with its `offset`."""
    try:
        seen = await _see(await parts.access.caller_of(socket), question_id, parts)
    except HoldfastError as refused:
        # A browser is told why only by the code of a socket that was open.
        await socket.accept()
        reason = str(refused).encode()[:_MOST_REASON_BYTES].decode(errors="ignore")
        await socket.close(_CLOSE_CODES + status_of(refused), reason)
        return
    await record_seen(parts, seen.caller, question_id)
    await socket.accept()
    await send_events(socket, parts.hub.watch(question_id, offset, with_rows=with_rows))


async def record_seen(parts: Parts, caller: Caller, question_id: str) -> None:
    """Put it into the audit record, once for a viewer, however often its connection is lost."""
    view = ("events", caller.subject, caller.credential, question_id)
    if view not in parts.seen_views:
        await parts.access.record(caller, "see-events", question_id)
        parts.seen_views.add(view)
