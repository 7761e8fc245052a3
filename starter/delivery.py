"""What a viewer gets in place of the stream's last event: the rows of the answer, whole or in batches.

Offsets are the same for every viewer, whoever serves it: where the stream's FINAL-RESULT has offset n and there are
fewer than 1,000 rows, the one that is delivered has n too. Otherwise METADATA has n, the batch that starts at row
1,000 × i has n + 1 + i, and the FINAL-RESULT the offset after the last batch.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from functools import cached_property

import orjson
from pydantic import JsonValue

from holdfast.answer import ArtifactRef, Header
from holdfast.artifacts import ArtifactStore
from holdfast.errors import ArtifactMissing
from holdfast.events import BATCH_ROWS, DeliveredResult, FinalResult, Metadata
from holdfast.export import content
from starter.connection import Connection
from starter.streams import FINAL_RESULT, Frame, QuestionStream, Silence

# Viewers of one question read its rows at about the same time: what is made for one is kept for those that are near.
_MADE_KEPT = 4


class Ending:
    """The end of one question. Use it within one event loop."""

    def __init__(self, last: Frame, artifacts: ArtifactStore) -> None:
        self._first_offset = last.offset
        self._final = FinalResult.model_validate_json(last.data)
        self._artifacts = artifacts
        self._made: OrderedDict[int, asyncio.Task[Frame]] = OrderedDict()

    @property
    def offset(self) -> int:
        """Of the last event that is delivered."""
        return self._first_offset + (1 + self._batches if self._batches else 0)

    async def frames(self, start: int, *, with_rows: bool) -> AsyncIterator[Frame]:
        """What is delivered from `start` on; the last is the FINAL-RESULT."""
        missing = ""
        if with_rows and self._batches:
            try:
                for offset in range(max(start, self._first_offset), self.offset):
                    yield await self._made_once(offset)
            except ArtifactMissing as error:
                missing = str(error)
        if start > self.offset:
            return
        if with_rows and not self._batches:
            yield await self._made_once(self.offset)
        else:
            yield self._result(None, missing) if missing else self._bare_result

    @property
    def _batches(self) -> int:
        rows = self._rows.row_count if self._rows is not None else 0
        return -(-rows // BATCH_ROWS) if rows >= BATCH_ROWS else 0

    @property
    def _rows(self) -> ArtifactRef | None:
        formatted = self._final.answer.formatted
        return formatted.rows if formatted is not None else None

    @property
    def _headers(self) -> tuple[Header, ...]:
        formatted = self._final.answer.formatted
        return formatted.headers if formatted is not None else ()

    async def _made_once(self, offset: int) -> Frame:
        making = self._made.get(offset)
        if making is None:
            making = asyncio.create_task(asyncio.to_thread(self._make, offset))
            making.add_done_callback(lambda done: self._forget_failure(offset, done))
            self._made[offset] = making
            while len(self._made) > _MADE_KEPT:
                self._made.popitem(last=False)
        # Others may wait for the same: whoever goes away leaves it to them.
        return await asyncio.shield(making)

    def _forget_failure(self, offset: int, made: asyncio.Task[Frame]) -> None:
        failed = made.cancelled() or made.exception() is not None
        if failed and self._made.get(offset) is made:
            del self._made[offset]

    def _make(self, offset: int) -> Frame:
        if not self._batches:
            return self._whole()
        return self._metadata() if offset == self._first_offset else self._batch(offset)

    def _whole(self) -> Frame:
        if self._rows is None:
            return self._result(None)
        try:
            return self._result(self._read(self._rows, 0))
        except ArtifactMissing as error:
            return self._result(None, str(error))

    def _metadata(self) -> Frame:
        assert self._rows is not None
        event = Metadata(
            at=self._final.at, headers=self._headers, total_rows=self._rows.row_count, batches=self._batches
        )
        return Frame(self._first_offset, event.type, event.model_dump_json().encode())

    def _batch(self, offset: int) -> Frame:
        assert self._rows is not None
        first = (offset - self._first_offset - 1) * BATCH_ROWS
        event = {"at": self._at, "type": "BATCH", "first": first, "rows": self._read(self._rows, first)}
        return Frame(offset, "BATCH", orjson.dumps(event))

    def _result(self, rows: list[dict[str, JsonValue]] | None, missing: str = "") -> Frame:
        event = DeliveredResult(at=self._final.at, answer=self._final.answer, rows_missing=missing)
        # The rows are JSON-able as they are; to validate each cell would take most of the time.
        return Frame(self.offset, event.type, orjson.dumps({**event.model_dump(mode="json"), "rows": rows}))

    @cached_property
    def _bare_result(self) -> Frame:
        return self._result(None)

    @cached_property
    def _at(self) -> JsonValue:
        at: JsonValue = self._final.model_dump(mode="json", include={"at"})["at"]
        return at

    def _read(self, rows: ArtifactRef, first: int) -> list[dict[str, JsonValue]]:
        """As many rows as a batch has, or what is left. Raises ArtifactMissing."""
        return content(self._artifacts.scan(rows).slice(first, BATCH_ROWS), self._headers)


async def delivered(
    connection: Connection, question_id: str, start: int, artifacts: ArtifactStore
) -> AsyncIterator[Frame | Silence]:
    """What a viewer receives of a question from `start` to its FINAL-RESULT, for one who watches alone."""
    async for told in QuestionStream(connection, question_id).follow():
        if isinstance(told, Frame) and told.type == FINAL_RESULT:
            async for frame in Ending(told, artifacts).frames(start, with_rows=True):
                yield frame
        elif isinstance(told, Silence) or told.offset >= start:
            yield told
