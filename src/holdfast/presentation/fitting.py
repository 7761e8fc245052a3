"""Does a recipe fit the columns it will be applied to? Every reason why not, before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import singledispatch

import polars as pl
from polars.exceptions import PolarsError

from holdfast.errors import PresentationRejected
from holdfast.presentation.cells import is_list, is_time, item_type
from holdfast.presentation.compiler import Steps, applied
from holdfast.presentation.conditions import misfit
from holdfast.presentation.headings import headings
from holdfast.presentation.recipe import (
    Aggregate,
    Choose,
    DateText,
    Explode,
    FillEmpty,
    Filter,
    Join,
    ListText,
    Measure,
    Operation,
    Presentation,
    Rename,
    Round,
    Sort,
    Top,
    Unknown,
    Words,
)
from holdfast.presentation.templates import misfits
from holdfast.presentation.typed_numbers import typed_numbers

Schemas = Mapping[str, pl.Schema]

_YES = frozenset({"yes", "true", "y"})
_NO = frozenset({"no", "false", "n"})
# What could not be read must never look like what is not there.
_NONE = frozenset({"none", "(none)", "nothing", "never", "nobody", "-", "–", "—", ""})


def check(presentation: Presentation, schemas: Schemas) -> pl.Schema:
    """The columns of the final table. Raises PresentationRejected with every reason and the columns there are."""
    if presentation.source not in schemas:
        raise _rejected([f"there is no step {presentation.source!r}"], schemas)
    reasons: list[str] = []
    schema = schemas[presentation.source]
    for number, operation in enumerate(presentation.operations, start=1):
        found = list(problems(operation, schema, schemas))
        if not found:
            schema, found = _after(operation, schema, schemas)
        if found:
            schema = _as_meant(operation, schema, schemas)
        reasons += [f"operation {number} ({operation.op}): {reason}" for reason in found]
    reasons += _closing_problems(presentation, schema, schemas)
    if reasons:
        raise _rejected(reasons, schemas)
    return schema


def _after(operation: Operation, schema: pl.Schema, schemas: Schemas) -> tuple[pl.Schema, list[str]]:
    """The columns after an operation, as Polars itself sees it, run on no rows at all."""
    steps: Steps = {name: pl.LazyFrame(schema=step) for name, step in schemas.items()}
    try:
        return applied(operation, pl.LazyFrame(schema=schema), steps).collect().schema, []
    except PolarsError as error:
        return schema, [str(error).splitlines()[0]]


def _as_meant(operation: Operation, schema: pl.Schema, schemas: Schemas) -> pl.Schema:
    """The columns a refused operation would have given, so that what follows is not refused for its fault.

    What is not known is of type Null, which fits everything.
    """
    match operation:
        case Choose():
            return pl.Schema({name: schema.get(name, pl.Null()) for name in operation.kept})
        case Rename():
            return pl.Schema({**schema, operation.to: schema.get(operation.column, pl.Null())})
        case Join():
            return pl.Schema({**schema, **{taken.result: pl.Null() for taken in operation.take}})
        case Aggregate():
            groups = {name: schema.get(name, pl.Null()) for name in operation.by}
            return pl.Schema({**groups, **{measure.name: pl.Null() for measure in operation.measures}})
        case _:
            return schema


def _closing_problems(presentation: Presentation, schema: pl.Schema, schemas: Schemas) -> list[str]:
    texts = [header.text for header in headings(presentation.operations, schema.names())]
    reasons = [f"two columns have the heading {text!r}" for text, times in Counter(texts).items() if times > 1]
    for name in ("summary", "markdown", "when_empty"):
        reasons += [f"{name}: {reason}" for reason in misfits(getattr(presentation, name), schema, schemas)]
    return reasons


def _rejected(reasons: list[str], schemas: Schemas) -> PresentationRejected:
    there = "; ".join(f"in step {step!r} {_listed(columns)}" for step, columns in schemas.items())
    return PresentationRejected(
        f"The presentation does not fit the rows: {'; '.join(reasons)}. There are {there or 'no steps'}."
    )


def _listed(schema: pl.Schema) -> str:
    return ", ".join(f"{name!r} ({dtype})" for name, dtype in schema.items()) or "none"


@singledispatch
def problems(operation: Operation, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    """Why this operation cannot be done to columns of this schema."""
    raise TypeError(f"{type(operation).__name__} is no operation of a presentation.")


def _missing(schema: pl.Schema, *columns: str, of: str = "") -> Iterator[str]:
    yield from (f"there is no column {column!r}{of}" for column in dict.fromkeys(columns) if column not in schema)


def _repeated(*names: str) -> Iterator[str]:
    yield from (f"the name {name!r} is given to two columns" for name, times in Counter(names).items() if times > 1)


@problems.register
def _(operation: Choose, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _missing(schema, *operation.kept)
    yield from (f"{column!r} is chosen twice" for column, times in Counter(operation.kept).items() if times > 1)


@problems.register
def _(operation: Rename, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _missing(schema, operation.column)
    yield from _repeated(operation.to, *(name for name in schema if name != operation.column))


@problems.register
def _(operation: Join, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    if operation.step not in schemas:
        yield f"there is no step {operation.step!r}"
        return
    right = schemas[operation.step]
    of = f" in step {operation.step!r}"
    yield from _missing(schema, *(key.left for key in operation.on))
    yield from _missing(right, *(key.right for key in operation.on), of=of)
    yield from _missing(right, *(taken.column for taken in operation.take), of=of)
    yield from _repeated(*schema, *(taken.result for taken in operation.take))
    for key in operation.on:
        if key.left in schema and key.right in right:
            yield from _unequal(key.left, schema[key.left], key.right, right[key.right])


def _unequal(left: str, left_type: pl.DataType, right: str, right_type: pl.DataType) -> Iterator[str]:
    both_whole = left_type.is_integer() and right_type.is_integer()
    if left_type.is_nested() or right_type.is_nested():
        yield f"lists cannot be joined on ({left!r} is {left_type}, {right!r} is {right_type})"
    elif left_type != right_type and not both_whole and pl.Null not in {left_type, right_type}:
        yield f"{left!r} ({left_type}) is never equal to {right!r} ({right_type})"


@problems.register
def _(operation: Filter, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _missing(schema, *(condition.column for condition in operation.any_of))
    for condition in operation.any_of:
        if condition.column in schema and (reason := misfit(condition, schema[condition.column])):
            yield reason


@problems.register
def _(operation: Aggregate, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _missing(schema, *operation.by)
    yield from _repeated(*operation.by, *(measure.name for measure in operation.measures))
    yield from (f"lists cannot be grouped by: {name!r}" for name in operation.by if _nested(schema, name))
    for measure in operation.measures:
        if measure.column is not None:
            yield from _unmeasurable(measure, measure.column, schema)


def _unmeasurable(measure: Measure, column: str, schema: pl.Schema) -> Iterator[str]:
    if column not in schema:
        yield from _missing(schema, column)
        return
    dtype = schema[column]
    if dtype == pl.Null:
        return
    match measure.function:
        case "sum" | "mean" | "median":
            fits = dtype.is_numeric()
        case "min" | "max":
            fits = dtype.is_numeric() or dtype == pl.String or is_time(dtype)
        case "share_true":
            fits = dtype == pl.Boolean
        case "distinct":
            fits = not dtype.is_nested()
        case _:
            fits = True
    if not fits:
        yield f"there is no {measure.function} of {column!r}, which is {dtype}"


@problems.register
def _(operation: Sort, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _missing(schema, *(key.column for key in operation.by))
    for key in operation.by:
        if _nested(schema, key.column):
            yield f"{key.column!r} holds lists and cannot be sorted by; make it text first"


@problems.register
def _(operation: Top, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from ()


@problems.register
def _(operation: Explode, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _of_kind(operation.column, schema, "a list", is_list)


@problems.register
def _(operation: ListText, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _of_kind(operation.column, schema, "a flat list", lambda t: is_list(t) and not item_type(t).is_nested())
    yield from _stated(operation.separator)


@problems.register
def _(operation: DateText, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _of_kind(operation.column, schema, "a time", lambda dtype: is_time(item_type(dtype)))
    try:
        # Polars carries its own list of zones.
        pl.select(pl.lit(datetime(2000, 1, 1)).dt.replace_time_zone("UTC").dt.convert_time_zone(operation.zone))  # noqa: DTZ001
    except PolarsError:
        yield f"{operation.zone!r} is no time zone; write one like Europe/Berlin"


@problems.register
def _(operation: Round, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _of_kind(operation.column, schema, "a number", lambda dtype: dtype.is_numeric())


@problems.register
def _(operation: Words, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _of_kind(operation.column, schema, "yes or no", lambda dtype: dtype == pl.Boolean)
    yield from _stated(operation.yes, operation.no, operation.unknown)
    if len({word.strip().casefold() for word in (operation.yes, operation.no, operation.unknown)}) < 3:
        yield "yes, no and unknown need three different words"
    if operation.yes.strip().casefold() in _NO or operation.no.strip().casefold() in _YES:
        yield f"{operation.yes!r} for yes and {operation.no!r} for no say the opposite"
    yield from _no_unknown(operation.unknown)


@problems.register
def _(operation: Unknown, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _of_kind(operation.column, schema, "flat; make the list text first", lambda t: not t.is_nested())
    yield from _of_kind(operation.known, schema, "yes or no", lambda dtype: dtype == pl.Boolean)
    yield from _stated(operation.word, operation.partly)
    yield from _no_unknown(operation.word)


@problems.register
def _(operation: FillEmpty, schema: pl.Schema, schemas: Schemas) -> Iterator[str]:
    yield from _of_kind(operation.column, schema, "flat; make the list text first", lambda t: not t.is_nested())
    yield from _stated(operation.word)
    if schema.get(operation.column) == pl.Boolean and operation.word.strip().casefold() in _YES | _NO:
        yield f"an empty cell of {operation.column!r} is neither yes nor no; write a word like unknown"


def _stated(*words: str) -> Iterator[str]:
    """Cells come from the data: words typed into them state no number."""
    yield from (
        f"{word!r} states a number; a cell's numbers come from the data" for word in words if typed_numbers(word)
    )


def _no_unknown(word: str) -> Iterator[str]:
    if word.strip().casefold() in _YES | _NO | _NONE:
        yield f"{word!r} says more than that it is unknown; write a word like unknown"


def _of_kind(column: str, schema: pl.Schema, kind: str, fits: Callable[[pl.DataType], bool]) -> Iterator[str]:
    if column not in schema:
        yield from _missing(schema, column)
    elif schema[column] != pl.Null and not fits(schema[column]):
        yield f"{column!r} is {schema[column]}, not {kind}"


def _nested(schema: pl.Schema, column: str) -> bool:
    return column in schema and schema[column].is_nested()
