"""Read a gateway's events as a viewer does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from holdfast.events import AnyEvent, Event
from starter.connection import Connection
from starter.streams import Frame, QuestionStream


@dataclass(frozen=True)
class Seen:
    """One server-sent event."""

    offset: int
    type: str
    event: dict[str, Any]


async def seen_in(response: httpx.Response) -> AsyncIterator[Seen]:
    """The events of an open response, as they come; comments are passed over."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            event = orjson.loads(fields["data"])
            assert event["type"] == fields["event"]
            yield Seen(int(fields["id"]), fields["event"], event)
            fields = {}


async def watched(
    client: httpx.AsyncClient, question_id: str, *, most: int | None = None, **asked: object
) -> list[Seen]:
    """The events of a question to its last, or the first `most` of them; then the viewer goes away."""
    found: list[Seen] = []
    headers = {"Last-Event-ID": str(asked.pop("after"))} if "after" in asked else {}
    params = {name: str(value).lower() for name, value in asked.items()}
    path = f"/api/questions/{question_id}/events"
    async with client.stream("GET", path, params=params, headers=headers, timeout=60) as response:
        assert response.status_code == 200, await response.aread()
        async for seen in seen_in(response):
            found.append(seen)
            if len(found) == most:
                break
    return found


async def published(connection: Connection, question_id: str) -> list[Event]:
    """What the question itself told, to its end."""
    told = [told async for told in QuestionStream(connection, question_id).follow()]
    return [AnyEvent.model_validate_json(frame.data).root for frame in told if isinstance(frame, Frame)]
