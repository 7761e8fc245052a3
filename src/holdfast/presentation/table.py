"""The final table of a recipe, lazily, and what became of the rows on their way into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from holdfast.answer import JoinCount, RowCounts
from holdfast.columns import column
from holdfast.presentation.compiler import applied
from holdfast.presentation.fitting import check
from holdfast.presentation.recipe import Aggregate, Explode, Filter, Join, Presentation, Top


def apply(presentation: Presentation, rows: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """The final table over all rows, not computed yet.

    `rows` are the steps' rows by step id. Raises PresentationRejected with every reason when the recipe does not fit.
    """
    return table(presentation, rows).rows


def table(presentation: Presentation, rows: Mapping[str, pl.LazyFrame]) -> Table:
    """The same, with what is needed to count the rows."""
    check(presentation, {step: frame.collect_schema() for step, frame in rows.items()})
    source = rows[presentation.source]
    made = Table(rows=source, as_many=source)
    for operation in presentation.operations:
        after = applied(operation, made.rows, rows)
        match operation:
            case Join():
                made = made.joined(operation, after, rows[operation.step])
            case Filter():
                made = made.narrowed(after, after)
            case Top():
                # The first rows of any order are as many: no need to sort for a count.
                made = made.narrowed(after, made.as_many.head(operation.rows))
            case Aggregate() | Explode():
                made = Table(rows=after, as_many=after, losses=made.losses, joins=made.joins)
            case _:
                made = Table(rows=after, as_many=made.as_many, losses=made.losses, joins=made.joins)
    return made


@dataclass(frozen=True)
class _Lookup:
    """A join to count: rows before it, and those of them that found something."""

    step_id: str
    before: pl.LazyFrame
    found: pl.LazyFrame
    # Which of the two parts is left out of the answer.
    drops: str | None


@dataclass(frozen=True)
class Table:
    """The table so far. `as_many` has the same number of rows and is cheaper to count."""

    rows: pl.LazyFrame
    as_many: pl.LazyFrame
    # Before and after each operation that leaves rows out.
    losses: tuple[tuple[pl.LazyFrame, pl.LazyFrame], ...] = ()
    joins: tuple[_Lookup, ...] = ()

    def narrowed(self, after: pl.LazyFrame, as_many: pl.LazyFrame) -> Table:
        """The table after rows were left out."""
        return Table(rows=after, as_many=as_many, losses=(*self.losses, (self.as_many, as_many)), joins=self.joins)

    def joined(self, join: Join, after: pl.LazyFrame, right: pl.LazyFrame) -> Table:
        """The table after rows were looked up in another step."""
        on = [column(key.left) for key in join.on]
        found = self.rows.join(right, left_on=on, right_on=[column(key.right) for key in join.on], how="semi")
        drops = {"left": None, "inner": "not_joined", "anti": "joined"}[join.how]
        lookup = _Lookup(step_id=join.step, before=self.as_many, found=found, drops=drops)
        as_many = self.as_many if join.how == "left" and join.matches == "lists" else after
        return Table(rows=after, as_many=as_many, losses=self.losses, joins=(*self.joins, lookup))

    def counts(self, *, rows_in: int, rows_out: int) -> RowCounts:
        """What became of the rows; computes what the two known numbers do not tell."""
        pairs = [*self.losses, *((lookup.before, lookup.found) for lookup in self.joins)]
        frames = pl.collect_all([f.select(pl.len()) for pair in pairs for f in pair], engine="streaming")
        lengths = [int(frame.item()) for frame in frames]
        counted = list(zip(lengths[::2], lengths[1::2], strict=True))
        dropped = sum(before - after for before, after in counted[: len(self.losses)])
        joins = []
        for lookup, (before, found) in zip(self.joins, counted[len(self.losses) :], strict=True):
            joins.append(JoinCount(step_id=lookup.step_id, joined=found, not_joined=before - found))
            dropped += {"joined": found, "not_joined": before - found, None: 0}[lookup.drops]
        return RowCounts(rows_in=rows_in, joins=tuple(joins), dropped=dropped, rows_out=rows_out)
