"""Words that ask for the live tenant: "right now", "from the live API"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from holdfast.offline.reading.lexicon import Phrases
from holdfast.offline.reading.parse import Parse
from holdfast.offline.reading.tokens import Token

_ANYWHERE: Final = Phrases(
    (phrase, None)
    for phrase in (
        *(
            "right now",
            "currently",
            "at the moment",
            "at this moment",
            "at this very moment",
            "as of now",
            "at present",
        ),
        *(
            "presently",
            "as we speak",
            "in real time",
            "in realtime",
            "real-time",
            "from the live api",
            "live from the api",
        ),
        *("from the live tenant", "in the live tenant", "from the api", "from the live data", "from live data"),
        *("using the live api", "via the live api", "through the live api", "with live data", "straight from okta"),
        *("directly from okta", "live from okta", "according to the live api", "in the live api", "by the live api"),
        *("use the live api to", "use live data to", "a live list of", "live list of", "live view of"),
        *("this very moment", "at this instant", "this instant", "from the okta api", "live from the tenant"),
    )
)
# Only where they stand alone: people live in places, and accounts may be called live.
_AT_AN_END: Final = Phrases((phrase, None) for phrase in ("live", "now live", "live data"))
_NOW: Final = Phrases((phrase, None) for phrase in ("now", "just now", "by now"))
# After these it ends a time, and does not ask for the state of it.
_UNTIL: Final = frozenset({"until", "till", "to", "and", "before", "from", "than", "since", "-", "–", "up", "through"})


def unmarked(parse: Parse) -> Parse | None:
    """The question without the words that ask for the live tenant; None where it has none."""

    def marks(tokens: list[Token], at: int) -> list[int]:
        alone = [end for _, end in _AT_AN_END.at(tokens, at) if _stands_alone(tokens, at, end)]
        return [*(end for _, end in _ANYWHERE.at(tokens, at)), *alone]

    return _without(parse, marks)


def without_now(parse: Parse) -> Parse | None:
    """The question without "now", which asks for the live tenant if that can tell; None where it has none."""

    def marks(tokens: list[Token], at: int) -> list[int]:
        return [end for _, end in _NOW.at(tokens, at) if at == 0 or tokens[at - 1].key not in _UNTIL]

    return _without(parse, marks)


def _without(parse: Parse, marks: Callable[[list[Token], int], list[int]]) -> Parse | None:
    tokens = list(parse.tokens)
    kept: list[Token] = []
    at, found = 0, False
    while at < len(tokens):
        if ends := marks(tokens, at):
            found, at = True, max(ends)
            # "…, right now, worst first": one comma is left of the two.
            if kept and kept[-1].key == "," and at < len(tokens) and tokens[at].key == ",":
                at += 1
        else:
            kept.append(tokens[at])
            at += 1
    if not found:
        return None
    while kept and kept[-1].key == ",":
        kept.pop()
    while kept and kept[0].key == ",":
        kept.pop(0)
    return replace(parse, tokens=tuple(kept), furthest=0, kept={}, readings=0)


def _stands_alone(tokens: list[Token], at: int, end: int) -> bool:
    """After a comma at the end of the question, or before one at its beginning."""
    at_end = end == len(tokens) and at > 0 and tokens[at - 1].key == ","
    return at_end or (at == 0 and end < len(tokens) and tokens[end].key == ",")
