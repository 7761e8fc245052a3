"""A date asked for beside a list: "which factors does Dana have, and when was each added"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar.names import time_verbs
from holdfast.offline.meaning import Asked, Selection
from holdfast.offline.reading.parse import Parse, Read

_EACH: Final = frozenset({"each", "they", "it", "them", "these", "those", "one"})


def and_when(parse: Parse, listed: Read[Selection]) -> Iterator[Read[Asked]]:
    """ "…, and when was each enrolled", "and when they were last updated", "and since when"."""
    times = parse.lexicon.times[listed.value.kind]
    ends = [listed.end, *(r.end for r in parse.phrases(parse.lexicon.closing, listed.end))]
    ends = [
        after
        for end in ends
        for after in (*(r.end for r in parse.phrases(parse.lexicon.also, end)), *parse.mark(",", end))
    ]
    ends += [r.end for end in ends for r in parse.phrases(parse.lexicon.also, end)]
    for end in ends:
        for when in parse.mark("when", end):
            for begin in _each_was(parse, when):
                for verb in time_verbs(parse, begin, listed.value.kind):
                    asked = Asked(subject=listed.value, also=(verb.value,))
                    yield Read(asked, verb.end, listed.cost)
        for since in parse.mark("since", end):
            for when in parse.mark("when", since):
                if any(value == "created" for _, value in times.first_words()):
                    yield Read(Asked(subject=listed.value, also=("created",)), when, listed.cost)


def _each_was(parse: Parse, at: int) -> list[int]:
    """Places after "was each", "they were", "each of them was"."""
    found = [at]
    for place in found:
        following = [r.end for r in parse.phrases(parse.lexicon.auxiliaries, place)]
        if place < len(parse.tokens) and parse.tokens[place].key in (*_EACH, "of"):
            following.append(place + 1)
        found += [end for end in following if end not in found]
    return found
