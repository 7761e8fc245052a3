"""Windows of time: "in the last 7 days", "since 2026-10-01", "more than two years ago". Always UTC."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from holdfast.offline.parse import Parse, Read, rule

_UNITS: Final = {
    name: unit
    for unit, names in {
        "hour": ("hour", "hours", "hrs"),
        "day": ("day", "days"),
        "week": ("week", "weeks"),
        "fortnight": ("fortnight", "fortnights"),
        "month": ("month", "months"),
        "quarter": ("quarter", "quarters"),
        "year": ("year", "years"),
    }.items()
    for name in names
}
_FIXED: Final = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "fortnight": timedelta(weeks=2),
}
_MONTHS: Final = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}
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
        *(*_UNITS, *_MONTHS, *_LAST, *_IN),
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
    start = _after_any(parse, at, frozenset({"for", "in", "within", "during", "over"}))
    for begin in {at, start}:
        for more in {
            begin,
            *_after(parse, begin, _MORE),
            *_after(parse, begin, (("the",), ("the", "last"), ("last",))),
        }:
            for number in _number(parse, more):
                # "For 90+ days"
                for unit in _unit(parse, _after_any(parse, number.end, frozenset({"+"}))):
                    yield Read(Span(before(parse.now, number.value, unit.value), None), _more_time(parse, unit.end))


def before(now: datetime, number: int, unit: str) -> datetime:
    """`now` less so many units; months and years by the calendar, on the last day where a month is shorter."""
    if unit in _FIXED:
        return now - number * _FIXED[unit]
    months = number * {"month": 1, "quarter": 3, "year": 12}[unit]
    index = now.year * 12 + now.month - 1 - months
    year, month = max(index // 12, 1), index % 12 + 1
    return now.replace(year=year, month=month, day=min(now.day, calendar.monthrange(year, month)[1]))


def _key(parse: Parse, at: int) -> str:
    return parse.tokens[at].key if at < len(parse.tokens) and not parse.tokens[at].quoted else ""


def _after(parse: Parse, at: int, phrases: tuple[tuple[str, ...], ...]) -> list[int]:
    return [at + len(p) for p in phrases if tuple(_key(parse, at + i) for i in range(len(p))) == p]


def _after_any(parse: Parse, at: int, words: frozenset[str]) -> int:
    return at + 1 if _key(parse, at) in words else at


def _number(parse: Parse, at: int) -> Iterator[Read[int]]:
    key = _key(parse, at)
    if key.isascii() and key.isdigit() and len(key) < 6:
        yield Read(int(key), at + 1)
    elif key in parse.lexicon.numbers:
        yield Read(parse.lexicon.numbers[key], at + 1)


def _unit(parse: Parse, at: int) -> Iterator[Read[str]]:
    if unit := _UNITS.get(_key(parse, at)):
        parse.reached(at + 1)
        yield Read(unit, at + 1)


def _more_time(parse: Parse, at: int) -> int:
    """After "or more", "or longer", "now": the same silence."""
    return next(iter(_after(parse, at, (("or", "more"), ("or", "longer"), ("now",), ("already",)))), at)


def _relative(parse: Parse, at: int) -> Iterator[Read[Span]]:
    begin = _after_any(parse, at, _IN)
    the = _after_any(parse, begin, frozenset({"the", "these"}))
    if _key(parse, the) not in _LAST:
        return
    for number in _number(parse, the + 1):
        for unit in _unit(parse, number.end):
            yield Read(Span(before(parse.now, number.value, unit.value), None), unit.end)
    # "The last week" is one; "the last weeks" do not say how many.
    for unit in _unit(parse, the + 1) if not _key(parse, the + 1).endswith("s") else ():
        on_calendar = the == begin and unit.value not in ("hour", "day", "fortnight")
        end = _period_start(parse.now, unit.value) if on_calendar else parse.now
        start = _period_start(end - timedelta(days=1), unit.value) if on_calendar else before(parse.now, 1, unit.value)
        if _key(parse, at) == "since":
            yield Read(Span(start, None), unit.end)
            continue
        yield Read(Span(before(parse.now, 1, unit.value), None), unit.end)
        # "last month" may be the one before this, on the calendar; "the last month" is not.
        if on_calendar:
            yield Read(Span(start, end), unit.end)


def _ago(parse: Parse, at: int) -> Iterator[Read[Span]]:
    for begin in {
        at,
        *_after(parse, at, _MORE),
        *_after(parse, at, _LESS),
        *_after(parse, at, (("before",), ("since",))),
    }:
        for number in _number(parse, begin):
            for unit in _unit(parse, number.end):
                if _key(parse, unit.end) != "ago":
                    continue
                moment = before(parse.now, number.value, unit.value)
                if begin in _after(parse, at, (*_MORE, ("before",))):
                    yield Read(Span(None, moment), unit.end + 1)
                elif begin in _after(parse, at, (*_LESS, ("since",))):
                    yield Read(Span(moment, None), unit.end + 1)


def _from_ago_to_ago(parse: Parse, at: int) -> Iterator[Read[Span]]:
    """ "Between 3 and 6 months ago", "more than 30 days ago but less than 60 days ago"."""
    for first in _ago(parse, at):
        for joined in _after(parse, first.end, (("and",), ("but",))):
            for second in _ago(parse, joined):
                yield from _both(first.value, second)
    for begin in _after(parse, at, (("between",),)):
        for number in _number(parse, begin):
            for unit, end in [("", number.end), *((u.value, u.end) for u in _unit(parse, number.end))]:
                yield from _up_to_ago(parse, number.value, unit, end)


def _both(first: Span, second: Read[Span]) -> Iterator[Read[Span]]:
    """The time between, where one has a start and the other an end."""
    start, end = first.start or second.value.start, first.end or second.value.end
    if start and end and None in first and None in second.value:
        yield Read(Span(start, end), second.end)


def _up_to_ago(parse: Parse, number: int, unit: str, at: int) -> Iterator[Read[Span]]:
    """ "(3) and 6 months ago", "(3 weeks) and 6 months ago"."""
    for joined in _after(parse, at, (("and",),)):
        for other in _number(parse, joined):
            for last in _unit(parse, other.end):
                one = before(parse.now, number, unit or last.value)
                two = before(parse.now, other.value, last.value)
                for ago in _after(parse, last.end, (("ago",),)):
                    yield Read(Span(min(one, two), max(one, two)), ago)


def _aged(parse: Parse, at: int) -> Iterator[Read[Span]]:
    """ "Older than 90 days", "within 7 days"."""
    for words in (("older", "than"), ("newer", "than"), ("within",)):
        for begin in _after(parse, at, (words,)):
            for number in _number(parse, begin):
                for unit in _unit(parse, number.end):
                    if _key(parse, unit.end) != "ago":
                        moment = before(parse.now, number.value, unit.value)
                        yield Read(Span(None, moment) if words[0] == "older" else Span(moment, None), unit.end)


def _between(parse: Parse, at: int) -> Iterator[Read[Span]]:
    for first, second in (("between", ("and",)), ("from", ("to", "until", "till", "through"))):
        if _key(parse, at) != first:
            continue
        for start in _date(parse, at + 1):
            if _key(parse, start.end) in second:
                for end in _date(parse, start.end + 1):
                    # "Between the 31st and the 1st": the days between, in whichever order.
                    dates = (start.value, end.value)
                    yield Read(Span(min(d.start for d in dates), max(d.end for d in dates)), end.end)


def _bounded(parse: Parse, at: int) -> Iterator[Read[Span]]:
    choices: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
        ("from", (("since",), ("on", "or", "after"), ("from",), ("at", "or", "after"), ("starting",), (">=",))),
        ("after", (("after",), ("later", "than"), (">",))),
        ("before", (("before",), ("earlier", "than"), ("prior", "to"), ("<",))),
        ("until", (("until",), ("till",), ("on", "or", "before"), ("up", "to"), ("by",), ("<=",))),
        ("on", (("on",), ("in",), ("during",), ("within",))),
    )
    for kind, phrases in choices:
        for begin in _after(parse, at, phrases):
            for date in _date(parse, begin):
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
                if kind in ("from", "after") and _key(parse, date.end) == "and":
                    for upto in _bounded(parse, date.end + 1):
                        if upto.value.start is None:
                            yield Read(Span(spans[kind].start, upto.value.end), upto.end)


def _within_period(parse: Parse, at: int) -> Iterator[Read[Span]]:
    begin = _after_any(parse, at, _IN - {"since"})
    if _key(parse, begin) == "this":
        for unit in _unit(parse, begin + 1):
            yield Read(Span(_period_start(parse.now, unit.value), None), unit.end)
    if _key(parse, begin) in ("today", "yesterday"):
        for date in _date(parse, begin):
            yield Read(Span(date.value.start, date.value.end), date.end)


def _period_start(moment: datetime, unit: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "day":
        return day
    months = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}
    return day.replace(month=months[unit], day=1)


class _Dates(NamedTuple):
    start: datetime
    end: datetime


def _date(parse: Parse, at: int) -> Iterator[Read[_Dates]]:
    key = _key(parse, at)
    if not key:
        return
    day = parse.now.replace(hour=0, minute=0, second=0, microsecond=0)
    if key == "today":
        yield Read(_Dates(day, day + timedelta(days=1)), at + 1)
    elif key == "yesterday":
        yield Read(_Dates(day - timedelta(days=1), day), at + 1)
    elif "-" in key:
        yield from _iso(key, at)
    else:
        yield from _written(parse, at)
    for of in _after(parse, at, (("beginning", "of"), ("start", "of"))):
        for begin in {of, *_after(parse, of, (("the",), ("this",)))}:
            for unit in _unit(parse, begin):
                start = _period_start(parse.now, unit.value)
                yield Read(_Dates(start, start), unit.end)
    if key == "the":
        yield from _date(parse, at + 1)


def _iso(text: str, at: int) -> Iterator[Read[_Dates]]:
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z").removesuffix("UTC").strip()).replace(tzinfo=UTC)
    except ValueError:
        return
    length = timedelta(days=1) if len(text) == len("2026-10-01") else timedelta(0)
    if moment <= datetime.max.replace(tzinfo=UTC) - timedelta(days=2):
        yield Read(_Dates(moment, moment + length), at + 1)


def _written(parse: Parse, at: int) -> Iterator[Read[_Dates]]:
    """2025 · October 2026 · 1 October 2026 · October 1st, 2026."""
    words = [_key(parse, at + i) for i in range(4)]
    if year := _year(words[0]):
        yield Read(_Dates(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)), at + 1)
    if (month := _MONTHS.get(words[0])) and (year := _year(words[1])):
        yield Read(_month(year, month), at + 2)
    elif month := _MONTHS.get(words[0]):
        # Without a year: the one that was last.
        yield Read(_month(parse.now.year - (month > parse.now.month), month), at + 1)
    comma = 1 if words[2] == "," else 0
    if (month := _MONTHS.get(words[0])) and (number := _day(words[1])):
        yield from _calendar_day(parse, (_year(words[2 + comma]), month, number), at + 2, 1 + comma)
    of = 1 if words[1] == "of" else 0
    if (number := _day(words[0])) and (month := _MONTHS.get(words[1 + of])):
        yield from _calendar_day(parse, (_year(words[2 + of]), month, number), at + 2 + of, 1)


def _month(year: int, month: int) -> _Dates:
    start = datetime(year, month, 1, tzinfo=UTC)
    return _Dates(start, _period_start(start + timedelta(days=31), "month"))


def _calendar_day(parse: Parse, date: tuple[int | None, int, int], end: int, more: int) -> Iterator[Read[_Dates]]:
    """A day; `more` words after `end` hold its year, where it has one: else it is the one that was last."""
    year, month, day = date
    if year is None:
        more, year = 0, parse.now.year - ((month, day) > (parse.now.month, parse.now.day))
    if day <= calendar.monthrange(year, month)[1]:
        start = datetime(year, month, day, tzinfo=UTC)
        yield Read(_Dates(start, start + timedelta(days=1)), end + more)


def _year(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) == 4 and 1900 <= int(word) < 2200 else None


def _day(word: str) -> int | None:
    number = word.rstrip("stndrh") if word[:1].isdigit() else ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 3 and 1 <= int(number) <= 31 else None
