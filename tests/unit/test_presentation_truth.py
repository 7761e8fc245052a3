"""Random recipes on random rows give what plain Python gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from holdfast.presentation import Presentation, apply
from holdfast.presentation.recipe import (
    Aggregate,
    Choose,
    Compare,
    Condition,
    Contains,
    DateText,
    Explode,
    FillEmpty,
    Filter,
    IsEmpty,
    Join,
    Key,
    ListText,
    Measure,
    OneOf,
    Operation,
    Rename,
    Shown,
    Sort,
    SortKey,
    Taken,
    Top,
    Unknown,
    Words,
)
from holdfast.presentation.table import table
from tests.unit.presentation_reference import Row, expected, expected_counts

TEXTS = ["", "ann", "Ann", "Émile", "=1+1", 'a "b", c', "two\nlines", "🙂", "zoë", "{rows}"]
MOMENTS = [datetime(2026, 3, 29, 0, 59, 59), datetime(2026, 3, 29, 1, 0), datetime(2025, 12, 31, 23, 30)]  # noqa: DTZ001
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]
TYPES: dict[str, pl.DataType] = {
    "int": pl.Int64(),
    "float": pl.Float64(),
    "text": pl.String(),
    "flag": pl.Boolean(),
    "time": pl.Datetime("us"),
    "list": pl.List(pl.String()),
    "times": pl.List(pl.Datetime("us")),
    "ints": pl.List(pl.Int64()),
}
PEOPLE = {"id": "int", "name": "text", "n": "int", "x": "float", "on": "flag", "at": "time", "tags": "list"}
LINKS = {"id": "int", "label": "text", "size": "int", "since": "time", "kinds": "list", "on 2": "flag"}

_texts = st.sampled_from(TEXTS)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "int": st.none() | st.integers(-3, 3),
    "float": st.none() | st.integers(-8, 8).map(lambda n: n / 4),
    "text": st.none() | _texts,
    "flag": st.none() | st.booleans(),
    "time": st.none() | st.sampled_from(MOMENTS),
    "list": st.none() | st.lists(st.none() | _texts, max_size=4),
}


def rows_of(kinds: Mapping[str, str]) -> st.SearchStrategy[list[Row]]:
    rows = st.tuples(*(CELLS[kind] for kind in kinds.values())).map(lambda cells: dict(zip(kinds, cells, strict=True)))
    return st.lists(rows, max_size=8)


def frame(rows: list[Row], kinds: Mapping[str, str]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema={name: TYPES[kind] for name, kind in kinds.items()})


class Writer:
    """Draws operations that fit, and follows the columns' kinds as a reader of the recipe would."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.kinds = dict(PEOPLE)
        self._fresh = 0

    def operation(self) -> Operation | None:
        names = [name for name in dir(self) if name.startswith("write_")]
        written: Operation | None = getattr(self, self._draw(st.sampled_from(names)))()
        return written

    def _one(self, *kinds: str) -> str | None:
        fitting = [name for name, kind in self.kinds.items() if not kinds or kind in kinds]
        return self._draw(st.sampled_from(fitting)) if fitting else None

    def _new(self) -> str:
        self._fresh += 1
        return f"new {self._fresh}"

    def write_choose(self) -> Operation:
        names = self._draw(st.lists(st.sampled_from(list(self.kinds)), min_size=1, unique=True))
        self.kinds = {name: self.kinds[name] for name in names}
        return Choose(columns=tuple(Shown(column=name) for name in names))

    def write_rename(self) -> Operation | None:
        was, to = self._one(), self._new()
        assert was is not None
        self.kinds = {to if name == was else name: kind for name, kind in self.kinds.items()}
        return Rename(column=was, to=to)

    def write_join(self) -> Operation | None:
        left = self._one("int")
        if left is None:
            return None
        how = self._draw(st.sampled_from(["left", "inner", "anti"]))
        matches = self._draw(st.sampled_from(["rows", "lists"]))
        names = [] if how == "anti" else self._draw(st.lists(st.sampled_from(list(LINKS)), min_size=1, unique=True))
        take = tuple(Taken(column=name, name=self._new()) for name in names)
        for taken in take:
            kind = LINKS[taken.column]
            gathered = {"text": "list", "list": "list", "time": "times", "int": "ints", "flag": "flags"}[kind]
            self.kinds[taken.result] = kind if matches == "rows" else gathered
        right = self._draw(st.sampled_from(["id", "size"]))
        return Join(step="links", on=(Key(left=left, right=right),), how=how, matches=matches, take=take)

    def write_filter(self) -> Operation:
        return Filter(any_of=tuple(self._condition() for _ in range(self._draw(st.integers(1, 3)))))

    def _condition(self) -> Condition:
        negated = self._draw(st.booleans())
        column = self._one("int", "float", "text", "flag", "time", "list")
        test = self._draw(st.sampled_from(["compare", "one_of", "contains"]))
        if column is None or self._draw(st.integers(0, 4)) == 0:
            return IsEmpty(column=column or next(iter(self.kinds)), negated=negated)
        kind = self.kinds[column]
        if kind in {"text", "list"} and test == "contains":
            return Contains(
                column=column, text=self._draw(st.sampled_from(["a", "É", ",", "+", "🙂"])), negated=negated
            )
        if test == "one_of" or kind == "list":
            values = self._draw(st.lists(self._value(kind), min_size=1, max_size=3))
            return OneOf(column=column, values=tuple(values), negated=negated)
        operators = ["=", "!="] if kind == "flag" else ["=", "!=", "<", "<=", ">", ">="]
        operator = self._draw(st.sampled_from(operators))
        return Compare(column=column, operator=operator, value=self._draw(self._value(kind)), negated=negated)

    def _value(self, kind: str) -> st.SearchStrategy[Any]:
        return {
            "int": st.integers(-3, 3) | st.sampled_from([0.5, -1.0]),
            "float": st.integers(-3, 3) | st.sampled_from([0.25, -1.5]),
            "text": _texts,
            "list": _texts,
            "flag": st.booleans(),
            "time": st.sampled_from(["2026-03-29", "2026-03-29T01:00:00", "2026-03-29T02:00:00+01:00"]),
        }[kind]

    def write_aggregate(self) -> Operation:
        flat = [name for name, kind in self.kinds.items() if kind in {"int", "text", "flag", "time"}]
        by = tuple(self._draw(st.lists(st.sampled_from(flat), max_size=2, unique=True))) if flat else ()
        measures = [Measure(function="count", name=self._new())]
        kinds = {name: self.kinds[name] for name in by} | {measures[0].name: "int"}
        for _ in range(self._draw(st.integers(0, 3))):
            measure, kind = self._measure()
            measures.append(measure)
            kinds[measure.name] = kind
        self.kinds = kinds
        return Aggregate(by=by, measures=tuple(measures))

    def _measure(self) -> tuple[Measure, str]:
        column, name = self._one("int", "float", "text", "flag", "time", "list"), self._new()
        if column is None:
            return Measure(function="share", name=name), "share"
        kind = self.kinds[column]
        fits: dict[str, list[tuple[str, str]]] = {
            "int": [("sum", "int"), ("mean", "float"), ("median", "float"), ("min", "int"), ("max", "int")],
            "float": [("mean", "float"), ("median", "float"), ("min", "float")],
            "text": [("min", "text"), ("max", "text"), ("distinct", "int"), ("list", "list")],
            "flag": [("share_true", "float"), ("count", "int")],
            "time": [("min", "time"), ("max", "time"), ("list", "times")],
            "list": [("list", "list"), ("count", "int")],
        }
        function, result = self._draw(st.sampled_from(fits[kind]))
        return Measure.model_validate({"function": function, "column": column, "name": name}), result

    def write_sort(self) -> Operation | None:
        flat = [name for name, kind in self.kinds.items() if kind in {"int", "float", "text", "flag", "time"}]
        if not flat:
            return None
        names = self._draw(st.lists(st.sampled_from(flat), min_size=1, max_size=3, unique=True))
        return Sort(by=tuple(SortKey(column=name, descending=self._draw(st.booleans())) for name in names))

    def write_top(self) -> Operation:
        return Top(rows=self._draw(st.integers(1, 6)))

    def write_explode(self) -> Operation | None:
        column = self._one("list", "times", "ints", "flags")
        if column is None:
            return None
        self.kinds[column] = {"list": "text", "times": "time", "ints": "int", "flags": "flag"}[self.kinds[column]]
        return Explode(column=column)

    def write_list_text(self) -> Operation | None:
        column = self._one("list", "times", "ints", "flags")
        return self._text(ListText(column=column, limit=self._draw(st.none() | st.integers(1, 3)))) if column else None

    def write_date_text(self) -> Operation | None:
        column = self._one("time")
        precision = self._draw(st.sampled_from(["day", "minute", "second"]))
        zone = self._draw(st.sampled_from(ZONES))
        return self._text(DateText(column=column, zone=zone, precision=precision)) if column else None

    def write_words(self) -> Operation | None:
        column = self._one("flag")
        return self._text(Words(column=column)) if column else None

    def write_unknown(self) -> Operation | None:
        column, known = self._one("text", "int", "flag"), self._one("flag")
        return self._text(Unknown(column=column, known=known)) if column and known else None

    def write_fill_empty(self) -> Operation | None:
        column = self._one("text", "int", "flag", "time")
        return self._text(FillEmpty(column=column, word="(none)")) if column else None

    def _text(self, operation: Operation) -> Operation:
        assert not isinstance(operation, Choose | Join | Filter | Aggregate | Sort | Top)
        self.kinds[operation.column] = "text"
        return operation


@st.composite
def recipes(draw: st.DrawFn) -> Presentation:
    writer = Writer(draw)
    operations = [writer.operation() for _ in range(draw(st.integers(0, 6)))]
    return Presentation(source="people", operations=tuple(o for o in operations if o), summary="{rows} rows")


def same(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, float):
        return isinstance(actual, float) and actual == pytest.approx(wanted)
    return bool(actual == wanted) and isinstance(actual, bool) == isinstance(wanted, bool)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(recipe=recipes(), people=rows_of(PEOPLE), links=rows_of(LINKS))
def test_any_recipe_gives_what_plain_python_gives(recipe: Presentation, people: list[Row], links: list[Row]) -> None:
    steps = {"people": frame(people, PEOPLE), "links": frame(links, LINKS)}
    actual = apply(recipe, steps).collect(engine="streaming").to_dicts()
    wanted = expected(recipe, {"people": people, "links": links})
    assert len(actual) == len(wanted)
    for one, other in zip(actual, wanted, strict=True):
        assert list(one) == list(other)
        assert all(same(one[name], other[name]) for name in other), (one, other)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(recipe=recipes(), people=rows_of(PEOPLE), links=rows_of(LINKS))
def test_the_rows_of_any_recipe_are_counted_as_plain_python_counts_them(
    recipe: Presentation, people: list[Row], links: list[Row]
) -> None:
    made = table(recipe, {"people": frame(people, PEOPLE), "links": frame(links, LINKS)})
    wanted = expected_counts(recipe, {"people": people, "links": links})
    assert made.counts(rows_in=len(people), rows_out=wanted.rows_out) == wanted


@settings(max_examples=100, deadline=None)
@given(recipe=recipes(), people=rows_of(PEOPLE), links=rows_of(LINKS))
def test_a_recipe_survives_json_unchanged(recipe: Presentation, people: list[Row], links: list[Row]) -> None:
    assert Presentation.model_validate_json(recipe.model_dump_json()) == recipe


@settings(max_examples=150, deadline=None)
@given(
    cut=st.sampled_from(["filter", "inner", "anti", "left", "rows", "top"]),
    people=rows_of(PEOPLE),
    links=rows_of(LINKS),
    top=st.integers(1, 5),
)
@example(cut="rows", people=[], links=[], top=1)
def test_rows_in_joined_dropped_and_out_add_up(cut: str, people: list[Row], links: list[Row], top: int) -> None:
    on = (Key(left="id", right="id"),)
    label = (Taken(column="label"),)
    operations: dict[str, Operation] = {
        "filter": Filter(any_of=(Compare(column="n", operator=">", value=0),)),
        "inner": Join(step="links", on=on, how="inner", take=label),
        "anti": Join(step="links", on=on, how="anti"),
        "left": Join(step="links", on=on, take=label),
        "rows": Join(step="links", on=on, matches="rows", take=label),
        "top": Top(rows=top),
    }
    operation = operations[cut]
    recipe = Presentation(source="people", operations=(Sort(by=(SortKey(column="name"),)), operation), summary="")
    steps = {"people": people, "links": links}
    rows_out = len(expected(recipe, steps))
    made = table(recipe, {"people": frame(people, PEOPLE), "links": frame(links, LINKS)})
    counts = made.counts(rows_in=len(people), rows_out=rows_out)
    with_partner = sum(1 for p in people if p["id"] is not None and any(r["id"] == p["id"] for r in links))
    if cut in {"inner", "anti", "left", "rows"}:
        (join,) = counts.joins
        assert (join.joined, join.not_joined) == (with_partner, len(people) - with_partner)
    assert counts.dropped == (0 if cut == "rows" else len(people) - rows_out)


TIMES_OF = {
    "three steps": [("left", "lists"), ("inner", "lists")],
    "rows then anti": [("left", "rows"), ("anti", "rows")],
    "inner twice": [("inner", "rows"), ("inner", "rows")],
}


@settings(max_examples=60, deadline=None)
@given(
    shape=st.sampled_from(list(TIMES_OF)),
    people=rows_of(PEOPLE),
    links=rows_of(LINKS),
    more=rows_of(LINKS),
    after=st.sampled_from(["", "explode", "aggregate", "top"]),
)
def test_the_rows_of_three_joined_steps_add_up_step_by_step(
    shape: str, people: list[Row], links: list[Row], more: list[Row], after: str
) -> None:
    operations: list[Operation] = []
    for step, name, (how, matches) in zip(("links", "more"), ("label", "kind"), TIMES_OF[shape], strict=True):
        take = () if how == "anti" else (Taken(column="label", name=name),)
        operations.append(
            Join.model_validate(
                {"step": step, "on": (Key(left="id", right="id"),), "how": how, "matches": matches, "take": take}
            )
        )
    ends: dict[str, Operation] = {
        "explode": Explode(column="tags"),
        "aggregate": Aggregate(by=("name",), measures=(Measure(function="count", name="how many"),)),
        "top": Top(rows=2),
    }
    operations += [ends[after]] if after else []
    recipe = Presentation(source="people", operations=tuple(operations), summary="")
    rows = {"people": people, "links": links, "more": more}
    wanted = expected_counts(recipe, rows)
    made = table(recipe, {"people": frame(people, PEOPLE), **{n: frame(rows[n], LINKS) for n in ("links", "more")}})
    counts = made.counts(rows_in=len(people), rows_out=made.rows.collect(engine="streaming").height)
    assert counts == wanted
    first, second = counts.joins
    assert first.joined + first.not_joined == counts.rows_in
    if shape == "three steps" and not after:
        assert second.joined + second.not_joined == counts.rows_in
        assert counts.rows_in - counts.dropped == counts.rows_out
