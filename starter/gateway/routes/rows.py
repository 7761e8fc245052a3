"""Rows of an answer, a page at a time: sorted, filtered and searched here, so that a browser never holds them all."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Literal

import orjson
import polars as pl
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from holdfast.rows import Kind, View, json_rows
from starter.gateway.gateway import Gateway, Parts
from starter.gateway.leaving import while_waited_for
from starter.gateway.permissions import Permitted, SeenQuestion
from starter.gateway.row_queries import RowQuery

router = APIRouter(prefix="/api/questions", tags=["rows"])

MAX_PAGE = 5_000
_ARROW = "application/vnd.apache.arrow.stream"


class PageQuery(RowQuery):
    """A page of rows."""

    offset: int = Field(0, ge=0, le=2**53, description="How many rows come before the page")
    limit: int = Field(100, ge=0, le=MAX_PAGE, description="The most rows it may have")
    format: Literal["json", "arrow"] = "json"


class RowsColumn(BaseModel):
    """A column: its name, its heading, and how its cells are written.

    `text`; `boolean`; `integer` and `number` as JSON numbers; `big-integer`, where some do not fit into a double: all
    as decimal text; `day` `2026-01-31`; `moment` `2026-01-31T08:00:00Z`; `list` as an array; `nested` as an object or
    an array of them (whole numbers beyond 2^53 in these two are text). A number that is not finite is null.
    """

    model_config = ConfigDict(frozen=True)
    name: str
    text: str
    kind: Kind


class RowsPage(BaseModel):
    """Rows from `offset`, each an array in the order of `columns`.

    `total` rows are in the table, `matching` of them meet the filters and the search.
    """

    model_config = ConfigDict(frozen=True)
    columns: tuple[RowsColumn, ...]
    total: int
    matching: int
    offset: int
    rows: tuple[tuple[JsonValue, ...], ...]


@router.get(
    "/{question_id}/rows",
    response_model=RowsPage,
    responses={
        200: {
            "description": "A page of rows. As Arrow: a stream with the columns' own types, the counts in "
            "`X-Total-Rows`, `X-Matching-Rows` and `X-Offset`.",
            "content": {_ARROW: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def rows(seen: SeenQuestion, parts: Parts, request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """A page of the answer's table, or of the rows of one step."""
    return await while_waited_for(request, _page(seen, parts, query))


async def _page(seen: Permitted, parts: Gateway, query: PageQuery) -> Response:
    wish = query.wish(await parts.answers.of(seen.question.id))
    view = await parts.rows.view(wish)
    this_view = (seen.caller.subject, seen.question.id, wish)
    if this_view not in parts.seen_views:
        await parts.access.record(seen.caller, "see-rows", seen.question.id, **query.chosen())
        parts.seen_views.add(this_view)
    render = _arrow if query.format == "arrow" else _json
    body = await parts.rows.page(view, query.offset, query.limit, lambda frame: render(view, query.offset, frame))
    if query.format == "json":
        return Response(body, media_type="application/json")
    counts = {"X-Total-Rows": view.total, "X-Matching-Rows": view.matching, "X-Offset": query.offset}
    return Response(body, headers={name: str(count) for name, count in counts.items()}, media_type=_ARROW)


def _json(view: View, offset: int, frame: pl.DataFrame) -> bytes:
    return orjson.dumps(
        {
            "columns": [{"name": each.name, "text": each.text, "kind": each.kind} for each in view.columns],
            "total": view.total,
            "matching": view.matching,
            "offset": offset,
            "rows": json_rows(frame, view.columns),
        }
    )


def _arrow(view: View, offset: int, frame: pl.DataFrame) -> bytes:
    written = BytesIO()
    # Types that every reader of Arrow knows: no views of text.
    frame.write_ipc_stream(written, compat_level=pl.CompatLevel.oldest())
    return written.getvalue()
