"""Views of rows against plain Python, on data that is as odd as a tenant's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.answer import ArtifactRef
from holdfast.artifacts import ArtifactStore
from holdfast.errors import ArtifactMissing
from holdfast.records import json_records
from holdfast.rows import RowsRefused, RowViews, Wish, json_rows, text_order

LETTERS = st.sampled_from(
    [*"abAB zZ09_-.,:^$*+?()[]\\\"'", "É", "é", "ß", "日", "🙂", "\n", "=", "person", "same long words "]
)
TEXTS = st.lists(LETTERS, max_size=6).map("".join)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001
SCHEMA: dict[str, pl.DataType] = {
    "text": pl.String(),
    "few": pl.String(),
    "whole": pl.Int64(),
    "number": pl.Float64(),
    "yes": pl.Boolean(),
    "day": pl.Date(),
    "moment": pl.Datetime("us"),
    "zoned": pl.Datetime("us", "UTC"),
    "list": pl.List(pl.String()),
    "nested": pl.Struct({"a": pl.Int64(), "b": pl.List(pl.String())}),
    "^.*$": pl.String(),
    "a:eq": pl.String(),
    "-odd, name": pl.Int64(),
}
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "few": st.sampled_from(["Sales", "sales", "Legal"]),
    "whole": st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    "number": st.floats() | st.sampled_from([0.0, 1.5, -1.0]),
    "yes": st.booleans(),
    "day": st.dates(date(1990, 1, 1), date(2040, 1, 1)),
    "moment": MOMENTS,
    "zoned": MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
    "list": st.lists(st.none() | TEXTS, max_size=3),
    "nested": st.fixed_dictionaries(
        {"a": st.none() | st.integers(-(2**60), 2**60), "b": st.none() | st.lists(TEXTS, max_size=2)}
    ),
    "^.*$": TEXTS,
    "a:eq": TEXTS,
    "-odd, name": st.integers(0, 2),
}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | cell for name, cell in CELLS.items()}), max_size=12)


class Table:
    """Kept rows and everything that asks for them."""

    def __init__(self, folder: Path) -> None:
        self.store = ArtifactStore(folder / "artifacts")
        self.views = RowViews(self.store, folder / "cache")

    def keep(self, rows: pl.DataFrame) -> ArtifactRef:
        return self.store.write("q/answer", rows)

    async def read(
        self, ref: ArtifactRef, offset: int = 0, limit: int = 5_000, shown: Iterable[str] | None = None, **wished: Any
    ) -> list[list[Any]]:
        names = tuple(shown or (each.name for each in ref.columns))
        view = await self.views.view(Wish(ref, tuple((name, name.title()) for name in names), **wished))
        return await self.views.page(view, offset, limit, lambda frame: json_rows(frame, view.columns))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    return Table(tmp_path_factory.mktemp("rows"))


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


def shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What JSON shows of the cells, by the rules that answers and exports have."""
    return json_records(frame_of(rows))


def text_of(value: Any) -> str | None:
    """A cell of JSON as the text that is searched."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(text_of(item) or "" for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value)


def sort_key(value: Any) -> Any:
    if isinstance(value, int | float):
        return value
    return (text_of(value) or "").lower().encode()


async def test_a_page_has_json_cells_with_numbers_that_a_browser_would_lose_as_text(table: Table) -> None:
    rows = pl.DataFrame(
        {
            "whole": [1, 2**53 + 1, None],
            "small": [1, -(2**53), None],
            "moment": [datetime(2026, 1, 2, 3, 4, 5), None, None],  # noqa: DTZ001
            "list": [[2**60, 1], [], None],
            "number": [float("nan"), 1.5, float("inf")],
        }
    )
    ref = table.keep(rows)
    assert await table.read(ref) == [
        ["1", 1, "2026-01-02T03:04:05Z", [str(2**60), 1], None],
        [str(2**53 + 1), -(2**53), None, [], 1.5],
        [None, None, None, None, None],
    ]
    view = await table.views.view(Wish(ref, tuple((each.name, each.name) for each in ref.columns)))
    assert [each.kind for each in view.columns] == ["big-integer", "integer", "moment", "list", "number"]


@given(rows=ROWS, offset=st.integers(0, 14), limit=st.integers(1, 14), by=st.sampled_from([*SCHEMA, ""]))
async def test_a_page_is_a_slice_of_the_whole(
    table: Table, rows: list[dict[str, Any]], offset: int, limit: int, by: str
) -> None:
    ref = table.keep(frame_of(rows))
    sorts = (by,) if by else ()
    whole = await table.read(ref, sorts=sorts)
    assert await table.read(ref, offset, limit, sorts=sorts) == whole[offset : offset + limit]


@given(rows=ROWS, by=st.lists(st.tuples(st.sampled_from(list(SCHEMA)), st.booleans()), min_size=1, max_size=3))
async def test_rows_are_sorted_as_python_sorts_them(
    table: Table, rows: list[dict[str, Any]], by: list[tuple[str, bool]]
) -> None:
    expected = list(enumerate(shown(rows)))
    for name, descending in reversed(by):
        known = [each for each in expected if each[1][name] is not None]
        known.sort(key=lambda each: sort_key(each[1][name]), reverse=descending)
        expected = known + [each for each in expected if each[1][name] is None]
    ref = table.keep(frame_of(rows).with_row_index("row"))
    sorts = tuple(f"{'-' if descending else ''}{name}" for name, descending in by)
    found = await table.read(ref, shown=["row", *SCHEMA], sorts=sorts)
    assert [row[0] for row in found] == [place for place, _ in expected]


@given(rows=ROWS, text=TEXTS | st.sampled_from(["1", "2026-", "T0", "true", ", ", "se", '"a":', "Z"]))
async def test_search_finds_what_stands_in_a_shown_cell(table: Table, rows: list[dict[str, Any]], text: str) -> None:
    ref = table.keep(frame_of(rows).with_row_index("row"))
    found = await table.read(ref, shown=["row", *SCHEMA], search=text)
    expected = [
        place
        for place, row in enumerate(shown(rows))
        if text.lower() in str(place) or any(text.lower() in (text_of(cell) or "").lower() for cell in row.values())
    ]
    assert [row[0] for row in found] == expected


@given(rows=ROWS, by=st.sampled_from(list(SCHEMA)), descending=st.booleans())
async def test_rows_that_are_filtered_and_sorted_are_those_that_are_sorted_and_filtered(
    table: Table, rows: list[dict[str, Any]], by: str, descending: bool
) -> None:
    ref = table.keep(frame_of(rows).with_row_index("row"))
    sorts = (f"{'-' if descending else ''}{by}",)
    whole = await table.read(ref, shown=["row", *SCHEMA], sorts=sorts)
    found = await table.read(ref, shown=["row", *SCHEMA], sorts=sorts, filters=("few:ne:Legal",))
    assert found == [row for row in whole if row[2] != "Legal"]


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda cell, value: cell is not None and cell == value,
    "ne": lambda cell, value: cell is None or cell != value,
    "lt": lambda cell, value: cell is not None and cell < value,
    "le": lambda cell, value: cell is not None and cell <= value,
    "gt": lambda cell, value: cell is not None and cell > value,
    "ge": lambda cell, value: cell is not None and cell >= value,
}


@given(rows=ROWS, data=st.data())
async def test_filters_hold_for_exactly_the_rows_of_the_answer(
    table: Table, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(["text", "few", "whole", "number", "day", "moment", "zoned", "^.*$", "a:eq"]))
    operator = data.draw(st.sampled_from(list(OPERATORS)))
    cells = [row[name] for row in rows]
    value = data.draw(
        st.sampled_from([cell for cell in cells if cell is not None])
        if any(cell is not None for cell in cells)
        else CELLS[name]
    )
    if isinstance(value, float) and not isfinite(value):
        return
    folds = isinstance(value, str) and operator not in {"eq", "ne"}

    def compared(cell: Any) -> Any:
        if isinstance(cell, float) and not isfinite(cell):
            return None
        return cell.lower().encode() if folds and cell is not None else cell

    ref = table.keep(frame_of(rows).with_row_index("row"))
    text = value.isoformat() if isinstance(value, date) else str(value)
    found = await table.read(ref, shown=["row", *SCHEMA], filters=(f"{name}:{operator}:{text}",))
    expected = [n for n, cell in enumerate(cells) if OPERATORS[operator](compared(cell), compared(value))]
    assert [row[0] for row in found] == expected


@given(rows=ROWS, name=st.sampled_from(list(SCHEMA)))
async def test_empty_cells_and_others_make_up_the_whole(table: Table, rows: list[dict[str, Any]], name: str) -> None:
    ref = table.keep(frame_of(rows))
    empty = await table.read(ref, filters=(f"{name}:is-null",))
    rest = await table.read(ref, filters=(f"{name}:not-null",))
    assert len(empty) + len(rest) == len(rows)
    assert len(empty) == sum(row[name] is None for row in shown(rows))


@given(rows=ROWS, values=st.lists(TEXTS, max_size=3))
async def test_in_finds_one_of_several(table: Table, rows: list[dict[str, Any]], values: list[str]) -> None:
    wanted = [*values, "Sales"]
    ref = table.keep(frame_of(rows).with_row_index("row"))
    for name in ("text", "few"):
        found = await table.read(ref, shown=["row", name], filters=(f"{name}:in:{json.dumps(wanted)}",))
        assert [row[0] for row in found] == [n for n, row in enumerate(rows) if row[name] in wanted]
    numbers = await table.read(ref, shown=["row", "-odd, name"], filters=("-odd, name:in:[0, 2]",))
    assert [row[0] for row in numbers] == [n for n, row in enumerate(rows) if row["-odd, name"] in {0, 2}]


@given(texts=st.lists(st.none() | TEXTS.map(lambda text: text * 3), max_size=60), descending=st.booleans())
@example(texts=[], descending=False)
@example(texts=[None], descending=True)
@example(texts=["same long words " * 9 + end for end in "cab"] * 7, descending=False)
@example(texts=["same long words " * 9 + end for end in "cab"] * 7, descending=True)
def test_text_is_ordered_by_its_bytes_by_every_way(texts: list[str | None], descending: bool) -> None:
    series = pl.Series(texts, dtype=pl.String)
    absent = [n for n, text in enumerate(texts) if text is None]
    present = [n for n, text in enumerate(texts) if text is not None]
    present.sort(key=lambda n: str(texts[n]).encode(), reverse=descending)
    found, way = series.drop_nulls(), {"descending": descending}
    with ThreadPoolExecutor(2) as threads:
        whole = text_order.text_order(series, threads, lambda: None, **way)
        ways = [text_order._many(found, lambda: None, **way), text_order._few(found, **way)]
        if len(found):
            ways.append(text_order._halves(found, threads, lambda: None, **way))
    assert whole.rows.to_list() == present + absent
    ranks = whole.ranks()
    assert [ranks[row] for row in whole.rows] == sorted(ranks)
    assert len(set(ranks)) == len(set(texts))
    plain = found.to_list()
    for order in ways:
        in_order = [plain[row] for row in order.rows]
        assert in_order == sorted(plain, key=str.encode, reverse=descending)
        assert all(row < after for row, after in pairwise(order.rows) if plain[row] == plain[after])
        assert order.starts.to_list() == [n == 0 or in_order[n] != in_order[n - 1] for n in range(len(plain))]


@pytest.mark.parametrize(
    ("wished", "said"),
    [
        ({"sorts": ("nobody",)}, "no column 'nobody'"),
        ({"sorts": tuple("text" for _ in range(9))}, "at most 8"),
        ({"filters": ("nobody:eq:1",)}, "no column 'nobody'"),
        ({"filters": ("text",)}, "column:op:value"),
        ({"filters": ("text:like:x",)}, "no condition for 'text'"),
        ({"filters": ("list:eq:x",)}, "lt does not fit|eq does not fit 'list'"),
        ({"filters": ("whole:lt:1.5",)}, "a whole number"),
        ({"filters": ("number:lt:nan",)}, "a number"),
        ({"filters": ("yes:eq:maybe",)}, "true or false"),
        ({"filters": ("day:ge:31.1.2026",)}, "2026-01-31"),
        ({"filters": ("moment:ge:soon",)}, "a day or a moment"),
        ({"filters": ("few:in:Sales",)}, "JSON array"),
        ({"filters": ("few:in:" + "[" * 5_000,)}, "JSON array"),
        ({"search": "x" * 201}, "200 characters"),
    ],
)
async def test_a_wish_that_does_not_fit_is_refused_with_the_column_and_what_it_may_be(
    table: Table, wished: dict[str, Any], said: str
) -> None:
    ref = table.keep(frame_of([]))
    with pytest.raises(RowsRefused, match=said):
        await table.read(ref, **wished)


async def test_rows_that_were_removed_are_told_even_if_they_were_looked_at_before(table: Table) -> None:
    ref = table.store.write("q/removed", frame_of([]))
    await table.read(ref, sorts=("text",))
    table.store.path(ref).unlink()
    with pytest.raises(ArtifactMissing):
        await table.read(ref, sorts=("text",))
