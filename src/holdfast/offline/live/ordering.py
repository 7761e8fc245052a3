"""In which order things of a family are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.offline.grammar.dates import key_at
from holdfast.offline.live.families import families, words_of
from holdfast.offline.meaning import Order
from holdfast.offline.reading.parse import Parse, Read


def orders(parse: Parse, at: int, name: str) -> Iterator[Read[tuple[Order, ...]]]:
    """ "Sorted by last use, newest first", "alphabetically"."""
    columns = families()[name].by_name
    for begin in (at, *parse.mark(",", at)):
        for word in parse.phrases(parse.lexicon.sorting, begin):
            if word.value == "sorted":
                for attribute in parse.phrases(words_of(name).attributes, word.end):
                    yield from _directed(parse, attribute)
            elif word.value in ("newest_first", "oldest_first") and "created" in columns:
                if parse.tokens[word.end - 1].key == "first":
                    yield Read((Order(column="created", descending=word.value == "newest_first"),), word.end)
            elif word.value == "alphabetically":
                yield Read((Order(column=families()[name].called.name),), word.end)


def ranked(parse: Parse, at: int, name: str) -> Iterator[Read[tuple[Order, ...]]]:
    """ "(Top 3 API tokens) by last use": the latest, or the largest."""
    if key_at(parse, at) == "by":
        for attribute in parse.phrases(words_of(name).attributes, at + 1):
            column = families()[name].by_name[attribute.value]
            if column.kind in ("time", "number") and not column.ahead:
                yield Read((Order(column=attribute.value, descending=True),), attribute.end)


def _directed(parse: Parse, attribute: Read[str]) -> Iterator[Read[tuple[Order, ...]]]:
    yield Read((Order(column=attribute.value),), attribute.end)
    for begin in (attribute.end, *parse.mark(",", attribute.end)):
        for word in parse.phrases(parse.lexicon.sorting, begin):
            if word.value in ("newest_first", "descending", "oldest_first", "ascending"):
                descending = word.value in ("newest_first", "descending")
                yield Read((Order(column=attribute.value, descending=descending),), word.end)
