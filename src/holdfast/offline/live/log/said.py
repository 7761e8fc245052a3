"""What a question says of events beside what they are: who, to what, from where, when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from holdfast.offline.grammar.windows import Span
from holdfast.offline.live.log.shapes import Ended, Events, EventSet
from holdfast.offline.meaning import Selection

# A tenant keeps its log so long.
LOG_REACH: Final = timedelta(days=90)


class Said(NamedTuple):
    """Every part at most once; None and empty for what was not said."""

    person: Selection | None = None
    actor: Selection | None = None
    application: Selection | None = None
    group: Selection | None = None
    whose: Literal["anybody", "others", "oneself"] = "anybody"
    roles: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    ended: Ended | None = None
    span: Span | None = None

    @staticmethod
    def of(parts: Mapping[str, Any]) -> Said:
        """These parts by name and no others."""
        return Said(**parts)

    def and_(self, other: Said) -> Said | None:
        """Both together; None where both say the same part."""
        nothing = Said()
        changed = {name for name in self._fields if getattr(other, name) != getattr(nothing, name)}
        if any(getattr(self, name) != getattr(nothing, name) for name in changed):
            return None
        return self._replace(**{name: getattr(other, name) for name in changed})


class Window(NamedTuple):
    """The stretch of the log that a question is about. `clipped`: it asked for what lies before the log's reach."""

    start: datetime
    end: datetime
    clipped: bool


def window_of(span: Span | None, now: datetime) -> Window | None:
    """The stretch as it can be read at `now`; None where all of it is before the log begins, or after now."""
    begin = now - LOG_REACH
    start = span.start if span and span.start else begin
    end = min(span.end, now) if span and span.end else now
    if start >= end or end <= begin:
        return None
    # "The last 90 days" are all that there is; a second more is not there.
    return Window(max(start, begin), end, start < begin)


def events_of(sets: tuple[EventSet, ...], said: Said, window: Window) -> Events:
    """The meaning of what was said of these events."""
    ended = said.ended
    return Events(
        sets=tuple(EventSet(name=one.name, ended=ended) if ended else one for one in sets),
        start=window.start,
        end=window.end,
        **{name: getattr(said, name) for name in said._fields if name not in ("ended", "span")},
    )
