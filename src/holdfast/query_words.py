"""The words of a generated query, whatever its language, and how one of them is refused."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, NamedTuple

from holdfast.errors import QueryRefused

TokenKind = Literal["word", "quoted", "string", "number", "symbol"]

MAX_CHARACTERS = 8_000
MAX_TOKENS = 1_500


class Token(NamedTuple):
    """One word. `text` is what would run; `name` a word in upper case or a quoted name bare; `start` its offset."""

    kind: TokenKind
    text: str
    name: str
    start: int


NOTHING = Token("symbol", "", "", 0)


def refusal(query: str, start: int, reason: str) -> QueryRefused:
    """The refusal of what stands at offset `start`, with its line and column counted from 1."""
    line = query.count("\n", 0, start) + 1
    column = start - query.rfind("\n", 0, start)
    return QueryRefused(f"Line {line}, column {column}: {reason}.")


def nearest(name: str, known: Iterable[str]) -> str:
    """What to add to a refusal of `name`: `; near it there are …`, or nothing."""
    near = get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    return f"; near it there are {', '.join(near)}" if near else ""
