"""Any recipe on any columns is refused before it runs, or runs: no failure of the engine reaches a question."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from holdfast.artifacts import ArtifactStore
from holdfast.columns import in_plain_types
from holdfast.errors import ExportRefused, PresentationRejected
from holdfast.export import FORMATS, content, export
from holdfast.presentation import Presentation
from holdfast.presentation.fitting import check
from holdfast.presentation.headings import headings
from holdfast.presentation.numbers import Support, checked_text
from holdfast.presentation.table import table
from holdfast.presentation.templates import filled

MOMENTS = st.datetimes(datetime(1890, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001
TEXTS = st.sampled_from(["", "a", "A", "é🙂", "=1", "1", "{rows}", "x\ny", "unknown"])
_FLAT: tuple[tuple[pl.DataType, st.SearchStrategy[Any]], ...] = (
    (pl.String(), TEXTS),
    (pl.Int64(), st.integers(-3, 3) | st.just(2**62)),
    (pl.Int8(), st.integers(-3, 3)),
    (pl.UInt64(), st.integers(0, 3) | st.just(2**64 - 1)),
    (pl.Float64(), st.floats()),
    (pl.Float32(), st.floats(width=32)),
    (pl.Decimal(10, 2), st.decimals(-5, 5, places=2)),
    (pl.Boolean(), st.booleans()),
    (pl.Datetime("us"), MOMENTS),
    (pl.Datetime("ms", "UTC"), MOMENTS.map(lambda moment: moment.replace(tzinfo=ZoneInfo("UTC")))),
    (pl.Datetime("ns", "Europe/Berlin"), MOMENTS.map(lambda moment: moment.replace(tzinfo=ZoneInfo("Europe/Berlin")))),
    (pl.Date(), st.dates(date(1890, 1, 1), date(2200, 1, 1))),
    (pl.Time(), st.times()),
    (pl.Duration("us"), st.timedeltas(timedelta(days=-9), timedelta(days=9))),
    (pl.Binary(), st.binary(max_size=3)),
    (pl.Categorical(), TEXTS),
    (pl.Enum(["a", "b"]), st.sampled_from(["a", "b"])),
    (pl.Null(), st.none()),
)
_USUAL = tuple(
    kind for kind in _FLAT if kind[0] in {pl.String(), pl.Int64(), pl.Boolean(), pl.Datetime("us"), pl.Float64()}
)
FLAT = st.sampled_from([*_FLAT, *_USUAL, *_USUAL, *_USUAL])


def _lists_of(
    kind: tuple[pl.DataType, st.SearchStrategy[Any]],
) -> tuple[pl.DataType, st.SearchStrategy[Any]]:
    return pl.List(kind[0]), st.lists(st.none() | kind[1], max_size=3)


def _arrays_of(
    kind: tuple[pl.DataType, st.SearchStrategy[Any]],
) -> tuple[pl.DataType, st.SearchStrategy[Any]]:
    return pl.Array(kind[0], 2), st.lists(st.none() | kind[1], min_size=2, max_size=2)


def _structs_of(
    kind: tuple[pl.DataType, st.SearchStrategy[Any]],
) -> tuple[pl.DataType, st.SearchStrategy[Any]]:
    return pl.Struct({"f": kind[0]}), st.fixed_dictionaries({"f": st.none() | kind[1]})


NESTED = FLAT.map(_lists_of) | FLAT.map(_arrays_of) | FLAT.map(_structs_of) | FLAT.map(_structs_of).map(_lists_of)
KINDS = FLAT | FLAT | FLAT.map(_lists_of) | NESTED | FLAT.map(_lists_of).map(_lists_of)
NAMES = ("a", "b", "c")
NAME = st.sampled_from(NAMES)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(0, 5))
    columns = {}
    for name in NAMES:
        dtype, cells = draw(KINDS)
        values = draw(st.lists(st.none() | cells, min_size=height, max_size=height))
        columns[name] = pl.Series(name, values, dtype=dtype, strict=False)
    return pl.DataFrame(columns)


VALUES = (
    TEXTS | st.integers(-3, 3) | st.booleans() | st.sampled_from([0.5, 2**63 - 1, "2026-01-02", "2026-01-02T03:04Z"])
)
WORDS = st.sampled_from(["none", "(none)", "unknown", "-"])
KEYS = st.lists(st.fixed_dictionaries({"left": NAME, "right": NAME}), min_size=1, max_size=2)
TAKEN = st.lists(st.fixed_dictionaries({"column": NAME, "name": st.sampled_from(["e", "f", "g"])}), max_size=2)
NEGATED = st.booleans()
CONDITIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "test": st.just("compare"),
            "column": NAME,
            "operator": st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
            "value": VALUES,
            "negated": NEGATED,
        }
    ),
    st.fixed_dictionaries(
        {
            "test": st.just("one_of"),
            "column": NAME,
            "values": st.lists(VALUES, min_size=1, max_size=3),
            "negated": NEGATED,
        }
    ),
    st.fixed_dictionaries({"test": st.just("contains"), "column": NAME, "text": st.sampled_from(["a", "É", "."])}),
    st.fixed_dictionaries({"test": st.just("is_empty"), "column": NAME, "negated": NEGATED}),
)
FUNCTIONS = ["count", "distinct", "sum", "mean", "median", "min", "max", "share_true", "list"]
MEASURES = st.fixed_dictionaries(
    {"function": st.sampled_from(FUNCTIONS), "column": NAME, "name": st.sampled_from("xyz")}
)
OPERATIONS = st.one_of(
    st.fixed_dictionaries(
        {"op": st.just("choose"), "columns": st.lists(st.fixed_dictionaries({"column": NAME}), min_size=1, max_size=3)}
    ),
    st.fixed_dictionaries({"op": st.just("rename"), "column": NAME, "to": NAME}),
    st.fixed_dictionaries(
        {
            "op": st.just("join"),
            "step": st.sampled_from(["one", "two"]),
            "on": KEYS,
            "how": st.sampled_from(["left", "inner", "anti"]),
            "matches": st.sampled_from(["rows", "lists"]),
            "take": TAKEN,
        }
    ),
    st.fixed_dictionaries({"op": st.just("filter"), "any_of": st.lists(CONDITIONS, min_size=1, max_size=2)}),
    st.fixed_dictionaries(
        {
            "op": st.just("aggregate"),
            "by": st.lists(NAME, max_size=2, unique=True),
            "measures": st.lists(
                MEASURES
                | st.fixed_dictionaries({"function": st.sampled_from(["share", "count"]), "name": st.just("w")}),
                max_size=3,
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("sort"),
            "by": st.lists(st.fixed_dictionaries({"column": NAME, "descending": NEGATED}), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"op": st.just("top"), "rows": st.integers(1, 4)}),
    st.fixed_dictionaries({"op": st.just("explode"), "column": NAME}),
    st.fixed_dictionaries({"op": st.just("list_text"), "column": NAME, "limit": st.none() | st.integers(1, 2)}),
    st.fixed_dictionaries(
        {
            "op": st.just("date_text"),
            "column": NAME,
            "zone": st.sampled_from(["UTC", "Europe/Berlin", "Nowhere"]),
            "precision": st.sampled_from(["day", "minute"]),
        }
    ),
    st.fixed_dictionaries({"op": st.just("round"), "column": NAME, "decimals": st.integers(0, 3)}),
    st.fixed_dictionaries({"op": st.just("words"), "column": NAME}),
    st.fixed_dictionaries({"op": st.just("unknown"), "column": NAME, "known": NAME}),
    st.fixed_dictionaries({"op": st.just("fill_empty"), "column": NAME, "word": WORDS}),
)
PLACES = st.builds(
    "{{{}:{}{}}}".format,
    st.sampled_from(["distinct", "sum", "mean", "median", "min", "max", "count", "share", "empty", "most", "values"]),
    st.sampled_from([*NAMES, "x", "w"]),
    st.sampled_from(["", "=a"]),
)


def recipe_of(operations: list[dict[str, Any]], places: list[str]) -> Presentation | None:
    data = {
        "source": "one",
        "operations": operations,
        "display_type": "markdown",
        "markdown": "{table}",
        "summary": f"{{rows}} 7 {' '.join(places)}",
    }
    try:
        return Presentation.model_validate(data)
    except ValidationError:
        return None


def shown(recipe: Presentation, steps: dict[str, pl.DataFrame], folder: Path) -> pl.DataFrame:
    """All that is made of a recipe that fits."""
    store = ArtifactStore(folder / "artifacts")
    kept = {name: store.scan(store.write(f"q-1/{name}", frame)) for name, frame in steps.items()}
    made = table(recipe, kept)
    lazy = store.scan(store.write("q-1/answer.table", made.rows))
    rows = lazy.collect()
    counts = made.counts(rows_in=steps["one"].height, rows_out=rows.height)
    headers = headings(recipe.operations, rows.columns)
    text, _ = checked_text(recipe.summary, Support("", [], lazy, counts))
    filled(text, lazy, counts)
    filled(recipe.markdown, lazy, counts, headers)
    for file_format in FORMATS:
        try:
            export(lazy, headers, file_format, folder / f"answer.{file_format}")
        except ExportRefused as refused:
            assert file_format == "xlsx", refused  # noqa: PT017
    content(lazy, headers)
    return rows


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    one=frames(),
    two=frames(),
    operations=st.lists(OPERATIONS, min_size=5, max_size=12),
    places=st.lists(PLACES, max_size=6),
)
def test_any_recipe_is_refused_before_it_runs_or_runs(
    one: pl.DataFrame, two: pl.DataFrame, operations: list[dict[str, Any]], places: list[str], tmp_path: Path
) -> None:
    steps = {"one": one, "two": two}
    recipe = recipe_of(operations, places)
    if recipe is not None:
        with suppress(PresentationRejected):
            assert shown(recipe, steps, tmp_path).width > 0
    fitting = fitting_of(operations, places, steps)
    assert shown(fitting, steps, tmp_path).width > 0


def fitting_of(operations: list[dict[str, Any]], places: list[str], steps: dict[str, pl.DataFrame]) -> Presentation:
    """The recipe with only those operations and places that fit."""
    schemas = {name: in_plain_types(frame.lazy()).collect_schema() for name, frame in steps.items()}
    fitting = recipe_of([], [])
    kept: list[dict[str, Any]] = []
    said: list[str] = []
    for operation, place in [*((operation, None) for operation in operations), *((None, place) for place in places)]:
        more = [*kept, operation] if operation else kept, [*said, place] if place else said
        recipe = recipe_of(*more)
        with suppress(PresentationRejected):
            if recipe is not None:
                check(recipe, schemas)
                fitting, (kept, said) = recipe, more
    assert fitting is not None
    return fitting
