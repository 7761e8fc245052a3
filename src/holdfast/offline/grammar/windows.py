"""Windows of time: "in the last 7 days", "since 2026-10-01", "more than two years ago". Always UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from holdfast.offline.grammar.dates import (
    MONTHS,
    UNITS,
    WEEKDAYS,
    Dates,
    after,
    after_any,
    before,
    date_at,
    key_at,
    length_at,
    number_at,
    period_start,
    unit_at,
)
from holdfast.offline.reading.parse import Parse, Read, rule

_LAST: Final = frozenset({"last", "past", "previous", "preceding"})
_IN: Final = frozenset({"in", "within", "during", "over", "for", "on", "at", "since"})
_MORE: Final = (("more", "than"), ("over",), ("longer", "than"), ("at", "least"), ("earlier", "than"))
_LESS: Final = (("less", "than"), ("fewer", "than"), ("within",), ("under",), ("at", "most"))


# Words that this module reads; for telling which words of a question nothing reads.
WORDS: Final = frozenset(
    {
        *("older", "newer", "beginning", "start", "of"),
        *("ago", "the", "these", "this", "between", "from", "to", "until", "till", "through", "since", "after", "or"),
        *("before", "earlier", "later", "than", "prior", "by", "today", "yesterday", "up", "longer", "already"),
        *("first", "second", "third", "fourth", "half", *(f"q{n}" for n in range(1, 5)), "h1", "h2"),
        *(*UNITS, *MONTHS, *WEEKDAYS, *_LAST, *_IN),
    }
)


class Span(NamedTuple):
    """From `start` on and before `end`."""

    start: datetime | None
    end: datetime | None


@rule
def window(parse: Parse, at: int) -> Iterator[Read[Span]]:
    """A window of time at this place."""
    for start in parse.starts(at):
        yield from _relative(parse, start)
        yield from _ago(parse, start)
        yield from _from_ago_to_ago(parse, start)
        yield from _aged(parse, start)
        yield from _between(parse, start)
        yield from _bounded(parse, start)
        yield from _within_period(parse, start)


@rule
def silence(parse: Parse, at: int) -> Iterator[Read[Span]]:
    """How long something has not happened: "for 90 days", "in over three months", "90 days"."""
    start = after_any(parse, at, frozenset({"for", "in", "within", "during", "over"}))
    for begin in {at, start}:
        for more in {
            begin,
            *after(parse, begin, _MORE),
            *after(parse, begin, (("the",), ("the", "last"), ("last",))),
        }:
            for many, unit, end in length_at(parse, more):
                yield Read(Span(before(parse.now, many, unit), None), _more_time(parse, end))


def _more_time(parse: Parse, at: int) -> int:
    """After "or more", "or longer", "now": the same silence."""
    return next(iter(after(parse, at, (("or", "more"), ("or", "longer"), ("now",), ("already",)))), at)


def _relative(parse: Parse, at: int) -> Iterator[Read[Span]]:
    begin = after_any(parse, at, _IN)
    the = after_any(parse, begin, frozenset({"the", "these"}))
    if key_at(parse, the) not in _LAST:
        return
    for many, name, after_unit in length_at(parse, the + 1):
        yield Read(Span(before(parse.now, many, name), None), after_unit)
    # "The last week" is one; "the last weeks" do not say how many.
    for unit in unit_at(parse, the + 1) if not key_at(parse, the + 1).endswith("s") else ():
        on_calendar = the == begin and unit.value not in ("minute", "hour", "day", "fortnight")
        end = period_start(parse.now, unit.value) if on_calendar else parse.now
        start = period_start(end - timedelta(days=1), unit.value) if on_calendar else before(parse.now, 1, unit.value)
        if key_at(parse, at) == "since":
            yield Read(Span(start, None), unit.end)
            continue
        yield Read(Span(before(parse.now, 1, unit.value), None), unit.end)
        # "last month" may be the one before this, on the calendar; "the last month" is not.
        if on_calendar:
            yield Read(Span(start, end), unit.end)


def _ago(parse: Parse, at: int) -> Iterator[Read[Span]]:
    for begin in {
        at,
        *after(parse, at, _MORE),
        *after(parse, at, _LESS),
        *after(parse, at, (("before",), ("since",))),
    }:
        for many, unit, end in length_at(parse, begin):
            if key_at(parse, end) != "ago":
                continue
            moment = before(parse.now, many, unit)
            if begin in after(parse, at, (*_MORE, ("before",))):
                yield Read(Span(None, moment), end + 1)
            elif begin in after(parse, at, (*_LESS, ("since",))):
                yield Read(Span(moment, None), end + 1)


def _from_ago_to_ago(parse: Parse, at: int) -> Iterator[Read[Span]]:
    """ "Between 3 and 6 months ago", "more than 30 days ago but less than 60 days ago"."""
    for first in _ago(parse, at):
        for joined in after(parse, first.end, (("and",), ("but",))):
            for second in _ago(parse, joined):
                yield from _both(first.value, second)
    for begin in after(parse, at, (("between",),)):
        for number in number_at(parse, begin):
            for unit, end in [("", number.end), *((u.value, u.end) for u in unit_at(parse, number.end))]:
                yield from _up_to_ago(parse, number.value, unit, end)


def _both(first: Span, second: Read[Span]) -> Iterator[Read[Span]]:
    """The time between, where one has a start and the other an end."""
    start, end = first.start or second.value.start, first.end or second.value.end
    if start and end and None in first and None in second.value:
        yield Read(Span(start, end), second.end)


def _up_to_ago(parse: Parse, number: int, unit: str, at: int) -> Iterator[Read[Span]]:
    """ "(3) and 6 months ago", "(3 weeks) and 6 months ago"."""
    for joined in after(parse, at, (("and",),)):
        for other in number_at(parse, joined):
            for last in unit_at(parse, other.end):
                one = before(parse.now, number, unit or last.value)
                two = before(parse.now, other.value, last.value)
                for ago in after(parse, last.end, (("ago",),)):
                    yield Read(Span(min(one, two), max(one, two)), ago)


def _aged(parse: Parse, at: int) -> Iterator[Read[Span]]:
    """ "Older than 90 days", "within 7 days"."""
    for words in (("older", "than"), ("newer", "than"), ("within",)):
        for begin in after(parse, at, (words,)):
            for many, unit, end in length_at(parse, begin):
                if key_at(parse, end) != "ago":
                    moment = before(parse.now, many, unit)
                    yield Read(Span(None, moment) if words[0] == "older" else Span(moment, None), end)


@rule
def age(parse: Parse, at: int) -> Iterator[Read[Span]]:
    """How old a thing is: "older than a year", "less than 30 days old", "older than 2023", "from 2024"."""
    for words, older in (
        (("older", "than"), True),
        (("newer", "than"), False),
        (("younger", "than"), False),
        (("more", "recent", "than"), False),
    ):
        for begin in after(parse, at, (words,)):
            for many, unit, end in length_at(parse, begin):
                moment = before(parse.now, many, unit)
                yield Read(Span(None, moment) if older else Span(moment, None), end)
            for dates in date_at(parse, begin):
                yield Read(Span(None, dates.value.start) if older else Span(dates.value.end, None), dates.end)
    for phrases, older in ((_MORE, True), (_LESS, False)):
        for begin in after(parse, at, phrases):
            for many, unit, end in length_at(parse, begin):
                moment = before(parse.now, many, unit)
                for old in after(parse, end, (("old",), ("of", "age"))):
                    yield Read(Span(None, moment) if older else Span(moment, None), old)
    for begin in after(parse, at, (("from",),)):
        yield from (Read(Span(*dates.value), dates.end) for dates in date_at(parse, begin))


def _between(parse: Parse, at: int) -> Iterator[Read[Span]]:
    for first, second in (("between", ("and",)), ("from", ("to", "until", "till", "through"))):
        if key_at(parse, at) != first:
            continue
        for start in date_at(parse, at + 1):
            if key_at(parse, start.end) in second:
                for end in date_at(parse, start.end + 1):
                    # "Between July and September 2025": the first one's year is the last one's, or the one before.
                    for first_date in _dates_up_to(parse, at + 1, start, end.value.end):
                        dates = (first_date, end.value)
                        # "Between the 31st and the 1st": the days between, in whichever order.
                        yield Read(Span(min(d.start for d in dates), max(d.end for d in dates)), end.end)


def _dates_up_to(parse: Parse, at: int, read: Read[Dates], end: datetime) -> Iterator[Dates]:
    """The same words as they are read in the year of `end`; a date that has its own year stays as it is."""
    last_day = end - timedelta(microseconds=1)
    same, before_that = (
        [r.value for r in date_at(parse, at, year) if r.end == read.end] for year in (last_day.year, last_day.year - 1)
    )
    if read.value in same and read.value in before_that:
        yield read.value
    else:
        yield from (d for d in same if d.start < end)
        yield from (d for d, one in zip(before_that, same, strict=True) if one.start >= end)


def _bounded(parse: Parse, at: int) -> Iterator[Read[Span]]:
    choices: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
        ("from", (("since",), ("on", "or", "after"), ("from",), ("at", "or", "after"), ("starting",), (">=",))),
        ("after", (("after",), ("later", "than"), (">",))),
        ("before", (("before",), ("earlier", "than"), ("prior", "to"), ("<",))),
        ("until", (("until",), ("till",), ("on", "or", "before"), ("up", "to"), ("by",), ("<=",))),
        ("on", (("on",), ("in",), ("during",), ("within",))),
    )
    for kind, phrases in choices:
        for begin in after(parse, at, phrases):
            for date in date_at(parse, begin):
                start, end = date.value
                spans = {
                    "from": Span(start, None),
                    "after": Span(end, None),
                    "before": Span(None, start),
                    "until": Span(None, end),
                    "on": Span(start, end),
                }
                if start < end or kind != "on":
                    yield Read(spans[kind], date.end)
                if kind in ("from", "after") and key_at(parse, date.end) == "and":
                    for upto in _bounded(parse, date.end + 1):
                        if upto.value.start is None:
                            yield Read(Span(spans[kind].start, upto.value.end), upto.end)


def _within_period(parse: Parse, at: int) -> Iterator[Read[Span]]:
    begin = after_any(parse, at, _IN - {"since"})
    if key_at(parse, begin) == "this":
        for unit in unit_at(parse, begin + 1):
            yield Read(Span(period_start(parse.now, unit.value), None), unit.end)
    if key_at(parse, begin) in ("today", "yesterday"):
        for date in date_at(parse, begin):
            yield Read(Span(date.value.start, date.value.end), date.end)
