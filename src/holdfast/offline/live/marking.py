"""Words that ask for the live tenant: "right now", "from the live API"."""

from __future__ import annotations

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
        *("this very moment", "at this instant", "this instant", "from the okta api", "live from the tenant"),
    )
)
# Only where they stand alone: people live in places, and accounts may be called live.
_AT_AN_END: Final = Phrases((phrase, None) for phrase in ("live", "now live", "live data"))


def unmarked(parse: Parse) -> Parse | None:
    """The question without the words that ask for the live tenant; None where it has none."""
    tokens = list(parse.tokens)
    kept: list[Token] = []
    at, found = 0, False
    while at < len(tokens):
        ends = [end for _, end in _ANYWHERE.at(tokens, at)]
        ends += [end for _, end in _AT_AN_END.at(tokens, at) if _stands_alone(tokens, at, end)]
        if ends:
            found, at = True, max(ends)
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
