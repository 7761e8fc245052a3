"""Numbers that somebody typed into a summary: each must stand in the question or in the data."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from holdfast.answer import RowCounts
from holdfast.columns import column
from holdfast.presentation.cells import as_text, is_list, item_type
from holdfast.presentation.templates import literal_text

_DAY = r"\d{4}-\d{2}-\d{2}"
_NUMBER = re.compile(rf"(?<![\w.])(?:{_DAY}|\d[\d,]*(?:\.\d+)?)")
# "one" is left out: it is a pronoun more often than a number.
_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_TENS = "thirty forty fifty sixty seventy eighty ninety"
_WORDS = {
    **{word: value for value, word in enumerate(_TO_TWENTY.split(" ")) if word != "one"},
    **{word: value * 10 for value, word in enumerate(_TENS.split(" "), start=3)},
    **{"dozen": 12, "hundred": 100, "thousand": 1_000, "million": 1_000_000},
}
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})s?\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def unsupported_numbers(template: str, question: str, rows: pl.LazyFrame, counts: RowCounts) -> tuple[str, ...]:
    """The numbers typed in a template, as typed, that neither the question nor the data holds.

    The data is the final table and its row counts; a broken number may be a cell's rounded value. Numbers that code
    fills in are not typed and not looked at.
    """
    typed = {text: _plain(text) for text in _numbers(literal_text(template))}
    supported = {_plain(text) for text in _numbers(question)} | _counts(counts)
    doubtful = {text: plain for text, plain in typed.items() if plain not in supported}
    held = _held(frozenset(doubtful.values()), rows)
    return tuple(text for text, plain in doubtful.items() if plain not in held)


def without_unsupported(template: str, unsupported: Iterable[str]) -> str:
    """The template without the sentences in which those numbers stand."""
    bad = frozenset(unsupported)
    sentences = _SENTENCE_END.split(template)
    return " ".join(s for s in sentences if bad.isdisjoint(_numbers(literal_text(s))))


def _numbers(text: str) -> list[str]:
    return [found.rstrip(",") for found in _NUMBER.findall(text)] + _WORD.findall(text)


def _plain(typed: str) -> str:
    """One spelling for equal numbers: `1,200.50` → `1200.5`, `twelve` → `12`; a day stays as it is."""
    if re.fullmatch(_DAY, typed):
        return typed
    word = typed.lower()
    value = _WORDS.get(word, _WORDS.get(word.removesuffix("s")))
    if value is not None:
        return str(value)
    whole, _, decimals = typed.replace(",", "").partition(".")
    return f"{whole.lstrip('0') or '0'}.{decimals}".rstrip("0").rstrip(".") if decimals else whole.lstrip("0") or "0"


def _counts(counts: RowCounts) -> set[str]:
    joins = [value for join in counts.joins for value in (join.joined, join.not_joined)]
    return {str(value) for value in (counts.rows_in, counts.rows_out, counts.dropped, *joins)}


def _held(numbers: frozenset[str], rows: pl.LazyFrame) -> set[str]:
    """Which of the numbers some cell of the table is, or holds in its text."""
    schema = rows.collect_schema()
    if not numbers or not schema:
        return set()
    ordered = sorted(numbers)
    asked = (
        pl.any_horizontal([_holds(number, name, dtype) for name, dtype in schema.items()]).any().alias(number)
        for number in ordered
    )
    found = rows.select(asked).collect(engine="streaming")
    return {number for number in ordered if found[number].item()}


def _holds(number: str, name: str, dtype: pl.DataType) -> pl.Expr:
    cell = column(name)
    if dtype.is_numeric() and not re.fullmatch(_DAY, number):
        decimals = len(number.partition(".")[2])
        return (cell.cast(pl.Float64).round(decimals) == float(number)).fill_null(False)
    if is_list(dtype) and not item_type(dtype).is_nested():
        texts = cell.list.eval(as_text(pl.element(), item_type(dtype))).list.join(" ")
    elif dtype.is_nested():
        return pl.lit(False)
    else:
        texts = as_text(cell, dtype)
    # No part of a longer number: 42 is neither in 142 nor in 42.5.
    bounded = rf"(?:^|[^0-9.,]){re.escape(number)}(?:$|[^0-9.,]|[.,](?:$|[^0-9]))"
    return texts.str.contains(bounded).fill_null(False)
