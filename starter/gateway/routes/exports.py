"""All rows of an answer as a file, sent while it is made: nobody waits for the end of a million rows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import quote

import polars as pl
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from holdfast.answer import Header
from holdfast.export import JSON_END, JSON_START, csv_heading, csv_lines, json_lines
from holdfast.rows import View
from starter.gateway.gateway import Gateway, Parts
from starter.gateway.leaving import while_waited_for
from starter.gateway.permissions import ExportedQuestion, Permitted
from starter.gateway.row_queries import RowQuery

router = APIRouter(prefix="/api/questions", tags=["rows"])

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_BINARY = {"type": "string", "format": "binary"}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "csv": {"type": "string"},
    "json": {"type": "array", "items": {"type": "object"}},
    "parquet": _BINARY,
    "xlsx": _BINARY,
}
# What is made at a time, and stands in memory for a slow client: some megabytes. The first comes at once.
_FIRST_ROWS, _ROWS = 1_000, 50_000


class ExportQuery(RowQuery):
    """Rows as a file: csv and xlsx for people, with the headings; parquet and json for programs, with the names."""

    format: Literal["csv", "parquet", "xlsx", "json"]


@router.get(
    "/{question_id}/export",
    response_class=Response,
    responses={
        200: {
            "description": "The file. One that breaks off in the middle ends without the last chunk: it is not whole.",
            "content": {MEDIA_TYPES[each]: {"schema": schema} for each, schema in _SCHEMAS.items()},
        }
    },
)
async def export(
    exported: ExportedQuestion, parts: Parts, request: Request, query: Annotated[ExportQuery, Query()]
) -> Response:
    """All rows of the answer's table, or of one step, with the same order, filters and search as their pages."""
    return await while_waited_for(request, _begun(exported, parts, query))


async def _begun(exported: Permitted, parts: Gateway, query: ExportQuery) -> Response:
    """The response with its first bytes ready, so that whatever is refused is refused with a status."""
    question = exported.question
    view = await parts.rows.view(query.wish(await parts.answers.of(question.id)))
    headers = {"Content-Disposition": disposition(f"{question.text[:80]} {question.id}", query.format)}
    if query.format in {"csv", "json"}:
        pieces = _pieces(parts, view, query.format)
        first = await anext(pieces)
        body = _after(first, pieces)
    else:
        made = await parts.export_files.make(parts.rows, view, query.format)
        headers["Content-Length"] = str(made.size_bytes)
        body = made.read()
    await parts.access.record(
        exported.caller, "export", question.id, format=query.format, rows=view.matching, **query.chosen()
    )
    return StreamingResponse(body, headers=headers, media_type=MEDIA_TYPES[query.format])


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _pieces(parts: Gateway, view: View, file_format: str) -> AsyncIterator[bytes]:
    start, end = _framing(view, file_format)
    if not view.matching:
        yield start + end
        return
    offset, size = 0, _FIRST_ROWS
    while offset < view.matching:
        piece = await parts.rows.page(view, offset, size, _renderer(file_format, is_first=not offset))
        yield piece if offset else start + piece
        offset, size = offset + size, _ROWS
    if end:
        yield end


def _framing(view: View, file_format: str) -> tuple[bytes, bytes]:
    if file_format == "json":
        return JSON_START, JSON_END
    return csv_heading([Header(text=each.text, value=each.name) for each in view.columns]), b""


def _renderer(file_format: str, *, is_first: bool) -> Callable[[pl.DataFrame], bytes]:
    return partial(json_lines, is_first=is_first) if file_format == "json" else csv_lines


def disposition(title: str, suffix: str) -> str:
    """The header that names the file: for every browser in ASCII, and as it is written for those that can (RFC 6266).

    Of the title only letters, digits and dashes are left, so that it can be no path and no header of its own.
    """
    words = re.findall(r"[^\W_]+", title)
    name = "-".join(words)[:150] or "answer"
    plain = "-".join(re.findall(r"[A-Za-z0-9]+", name)) or "answer"
    return f"attachment; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{quote(name)}.{suffix}"
