"""The sentence under a tally of the log."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from holdfast.offline.live.log.columns import COUNT
from holdfast.offline.live.log.shapes import LogTally
from holdfast.offline.meaning import Noun


def summary(tally: LogTally, noun: Noun, samples: Sequence[dict[str, JsonValue]]) -> str:
    """A template. A row is a place, a person, a day …, and no event; things of several rows may be the same.

    `noun` is what a row is. A row may also be of what has no place, so that only `spans` counts the rows by it.
    """
    if tally.spans:
        return f"{{rows:{noun.one}|{noun.many}}}."
    if tally.distinct is not None:
        return "{rows:row|rows}."
    is_one = [sample.get(COUNT.name) for sample in samples] == [1]
    return f"{{sum:{COUNT.name}}} {'event' if is_one else 'events'} in {{rows:row|rows}}."
