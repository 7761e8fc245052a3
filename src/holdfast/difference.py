"""Two runs of one question compared: rows that are new, gone or changed, counted over all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from holdfast.answer import ArtifactRef, Header
from holdfast.artifacts import ArtifactStore
from holdfast.columns import column
from holdfast.errors import ArtifactMissing
from holdfast.presentation.cells import as_one_text
from holdfast.records import json_ready
from holdfast.schedule_contracts import AnsweredRows, CompareRequest, Difference

_NEW, _GONE, _WAS, _IS = "new", "gone", "was", "is"
# Our own columns, which no shown column is called.
_SIDE, _COUNT = "\0side", "\0count"
_NUMBER = re.compile("U?Int|Float|Decimal")
_GAPS = (
    "Some of what was asked could not be read in {}: what is new or gone may only have become readable, or unreadable."
)


def compare(request: CompareRequest, artifacts: ArtifactStore) -> Difference:
    """See `holdfast.schedule_contracts.compare_answers`. Blocking: call it in a thread."""
    before, now = request.before, request.now
    difference = Difference(
        since=before.question_id,
        since_answered=before.answered,
        rows_before=before.rows.row_count,
        rows_now=now.rows.row_count,
        notes=_doubts(before, now),
    )
    if [header.text for header in before.headers] != [header.text for header in now.headers]:
        return _noted(difference, "The answer has other columns than before, so its rows were not compared.")
    try:
        then_rows, now_rows = _as_text(artifacts, before), _as_text(artifacts, now)
    except ArtifactMissing:
        return _noted(difference, "The rows of the earlier run are not kept any more, so there is nothing to compare.")
    return _compared(difference, _Sides(then_rows, now_rows, _numbers(now)), now, artifacts)


def _noted(difference: Difference, note: str) -> Difference:
    return difference.model_copy(update={"notes": (*difference.notes, note)})


def _doubts(before: AnsweredRows, now: AnsweredRows) -> tuple[str, ...]:
    match before.has_gaps, now.has_gaps:
        case True, True:
            return (_GAPS.format("both runs"),)
        case True, False:
            return (_GAPS.format("the earlier run"),)
        case False, True:
            return (_GAPS.format("this run"),)
        case _:
            return ()


def _as_text(artifacts: ArtifactStore, answered: AnsweredRows) -> pl.DataFrame:
    """The shown columns as text under their places, so that neither names nor types stand in the way."""
    rows = artifacts.scan(answered.rows).select(
        column(header.value).alias(f"{place}") for place, header in enumerate(answered.headers)
    )
    # Whoever is in the same groups as before may be told of them in another order.
    lists = [name for name, dtype in rows.collect_schema().items() if _is_of_simple_things(dtype)]
    rows = json_ready(rows.with_columns(pl.col(lists).list.sort()) if lists else rows)
    texts = [
        as_one_text(pl.col(name), dtype).cast(pl.String).alias(name) for name, dtype in rows.collect_schema().items()
    ]
    return rows.select(texts).collect(engine="streaming")


def _is_of_simple_things(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List) and not dtype.inner.is_nested()


def _numbers(answered: AnsweredRows) -> frozenset[str]:
    """The places of columns that hold numbers."""
    dtypes = {each.name: each.dtype for each in answered.rows.columns}
    return frozenset(
        f"{place}" for place, header in enumerate(answered.headers) if _NUMBER.match(dtypes.get(header.value, ""))
    )


class _Sides:
    """The rows of both runs, and which of their columns hold numbers."""

    def __init__(self, then: pl.DataFrame, now: pl.DataFrame, numbers: frozenset[str]) -> None:
        self.then = then
        self.now = now
        self.places = then.columns
        self._numbers = numbers

    def only_in(self, one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
        """Rows of `one` that `other` has not, each as often as it has more of them."""
        mine = one.group_by(self.places, maintain_order=True).agg(pl.len().cast(pl.Int64).alias(_COUNT))
        theirs = other.group_by(self.places).agg(pl.len().cast(pl.Int64).alias(_SIDE))
        met = mine.join(theirs, on=self.places, how="left", nulls_equal=True, maintain_order="left")
        more = pl.col(_COUNT) - pl.col(_SIDE).fill_null(0)
        left = met.with_columns(more.alias(_COUNT)).filter(pl.col(_COUNT) > 0)
        # Most rows are there once, and need no repeating.
        repeated = left.select(pl.col(self.places).repeat_by(_COUNT).explode()) if left[_COUNT].max() != 1 else left
        return repeated.select(self.places)

    def key(self) -> str | None:
        """The first column whose cells are there and different in every row, in both.

        Numbers that stand behind other columns are what was counted, and differ by chance.
        """
        for place in self.places:
            if place in self._numbers and place != self.places[0]:
                continue
            if all(side[place].null_count() == 0 and side[place].is_unique().all() for side in (self.then, self.now)):
                return place
        return None


def _compared(difference: Difference, sides: _Sides, now: AnsweredRows, artifacts: ArtifactStore) -> Difference:
    gone, new = sides.only_in(sides.then, sides.now), sides.only_in(sides.now, sides.then)
    key = sides.key() if sides.places and gone.height and new.height else None
    was = gone.join(new, on=key, how="semi") if key is not None else gone.clear()
    has = new.join(gone, on=key, how="semi") if key is not None else new.clear()
    parts = [(_NEW, _without(new, has, key)), (_GONE, _without(gone, was, key)), (_WAS, was), (_IS, has)]
    labelled = [rows.select(pl.lit(label).alias(_SIDE), pl.all()) for label, rows in parts]
    headers = (Header(text="Change", value="change"), *_headers(now.headers))
    return difference.model_copy(
        update={
            "new": parts[0][1].height,
            "gone": parts[1][1].height,
            "changed": was.height,
            "key": now.headers[sides.places.index(key)].text if key is not None else None,
            "rows": _kept(pl.concat(labelled), headers, key, f"{now.question_id}/difference", artifacts),
            "headers": headers,
        }
    )


def _without(rows: pl.DataFrame, changed: pl.DataFrame, key: str | None) -> pl.DataFrame:
    return rows if key is None else rows.join(changed, on=key, how="anti", maintain_order="left")


def _headers(headers: Sequence[Header]) -> tuple[Header, ...]:
    return tuple(Header(text=header.text, value=f"column_{place}") for place, header in enumerate(headers, start=1))


def _kept(
    rows: pl.DataFrame, headers: Sequence[Header], key: str | None, name: str, artifacts: ArtifactStore
) -> ArtifactRef:
    order = pl.col(_SIDE).replace_strict({_NEW: 0, _GONE: 1, _WAS: 2, _IS: 2}, return_dtype=pl.Int8)
    turn = pl.col(_SIDE).replace_strict({_WAS: 0, _IS: 1}, default=0, return_dtype=pl.Int8)
    by = [order, pl.col(key), turn] if key is not None else [order]
    ordered = rows.sort(by, maintain_order=True)
    return artifacts.write(name, ordered.rename(dict(zip(ordered.columns, (h.value for h in headers), strict=True))))
