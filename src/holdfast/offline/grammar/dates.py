"""Points and stretches of time on the calendar: "yesterday", "1 October", "Q3 2025", "Monday". Always UTC."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from holdfast.offline.reading.parse import Parse, Read

UNITS: Final = {
    name: unit
    for unit, names in {
        "minute": ("minute", "minutes", "mins"),
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
FIXED: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "fortnight": timedelta(weeks=2),
}
MONTHS: Final = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}

WEEKDAYS: Final = {
    name.lower(): number for names in (calendar.day_name, calendar.day_abbr) for number, name in enumerate(names)
}
_ORDINALS: Final = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": 4}
# Parts of a year: how many of them it has, and the words for one.
_PARTS: Final = {"q": 4, "h": 2}
_PART_NAMES: Final = {"quarter": "q", "half": "h"}


def before(now: datetime, number: int, unit: str) -> datetime:
    """`now` less so many units; months and years by the calendar, on the last day where a month is shorter."""
    if unit in FIXED:
        return now - number * FIXED[unit]
    months = number * {"month": 1, "quarter": 3, "year": 12}[unit]
    index = now.year * 12 + now.month - 1 - months
    year, month = max(index // 12, 1), index % 12 + 1
    return now.replace(year=year, month=month, day=min(now.day, calendar.monthrange(year, month)[1]))


def key_at(parse: Parse, at: int) -> str:
    """The word there as it is compared; empty at the end, and for a quoted name."""
    return parse.tokens[at].key if at < len(parse.tokens) and not parse.tokens[at].quoted else ""


def after(parse: Parse, at: int, phrases: tuple[tuple[str, ...], ...]) -> list[int]:
    """The places after each of the phrases that stands there."""
    return [at + len(p) for p in phrases if tuple(key_at(parse, at + i) for i in range(len(p))) == p]


def after_any(parse: Parse, at: int, words: frozenset[str]) -> int:
    """The place after one of the words, or `at` where none stands there."""
    return at + 1 if key_at(parse, at) in words else at


def number_at(parse: Parse, at: int) -> Iterator[Read[int]]:
    """A number in figures or as a word."""
    key = key_at(parse, at)
    if key.isascii() and key.isdigit() and len(key) < 6:
        yield Read(int(key), at + 1)
    elif key in parse.lexicon.numbers:
        yield Read(parse.lexicon.numbers[key], at + 1)


def unit_at(parse: Parse, at: int) -> Iterator[Read[str]]:
    """A unit of time."""
    if unit := UNITS.get(key_at(parse, at)):
        parse.reached(at + 1)
        yield Read(unit, at + 1)


def period_start(moment: datetime, unit: str) -> datetime:
    """The beginning of the minute, hour, day, week (Monday), month, quarter or year that the moment is in."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "day":
        return day
    months = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}
    return day.replace(month=months[unit], day=1)


def length_at(parse: Parse, at: int) -> Iterator[tuple[int, str, int]]:
    """How long: "90 days", "half a year", "90+ days"; a number of units, and the place after."""
    for number in number_at(parse, at):
        for unit in unit_at(parse, after_any(parse, number.end, frozenset({"+"}))):
            yield number.value, unit.value, unit.end
    for end in after(parse, at, (("half", "a", "year"), ("half", "year"))):
        yield 6, "month", end


class Dates(NamedTuple):
    """From `start` on and before `end`."""

    start: datetime
    end: datetime


def date_at(parse: Parse, at: int, year: int | None = None) -> Iterator[Read[Dates]]:
    """A day, a month, a quarter, a half or a year; where none is named, of `year`, else of the one that was last."""
    key = key_at(parse, at)
    if not key:
        return
    day = parse.now.replace(hour=0, minute=0, second=0, microsecond=0)
    if key == "today":
        yield Read(Dates(day, day + timedelta(days=1)), at + 1)
    elif key == "yesterday":
        yield Read(Dates(day - timedelta(days=1), day), at + 1)
    elif "-" in key:
        yield from _iso(key, at)
    else:
        yield from _written(parse, at, year)
        yield from _weekday(parse, at)
        yield from _part_of_year(parse, at, year)
    for of in after(parse, at, (("beginning", "of"), ("start", "of"))):
        for begin in {of, *after(parse, of, (("the",), ("this",)))}:
            for unit in unit_at(parse, begin):
                start = period_start(parse.now, unit.value)
                yield Read(Dates(start, start), unit.end)
    if key == "the":
        yield from date_at(parse, at + 1, year)


def _weekday(parse: Parse, at: int) -> Iterator[Read[Dates]]:
    """ "Monday": today or the last one; "last Monday": the last one before today."""
    last = 1 if key_at(parse, at) == "last" else 0
    number = WEEKDAYS.get(key_at(parse, at + last))
    if number is not None:
        day = period_start(parse.now, "day")
        ago = (day.weekday() - number) % 7
        start = day - timedelta(days=ago or 7 * last)
        yield Read(Dates(start, start + timedelta(days=1)), at + last + 1)


def _part_of_year(parse: Parse, at: int, year: int | None) -> Iterator[Read[Dates]]:
    """ "Q3 2025", "2025 Q3", "third quarter of 2025", "H1", "the first six months of 2026"."""
    if (first := _year(key_at(parse, at))) and (part := _part(key_at(parse, at + 1))):
        yield Read(_part_dates(first, *part), at + 2)
    elif part := _part(key_at(parse, at)):
        yield from _of_year(parse, at + 1, part, year)
    elif number := _ORDINALS.get(key_at(parse, at)):
        name = _PART_NAMES.get(key_at(parse, at + 1), "")
        if name and (name == "q" or number <= 2 or key_at(parse, at) == "last"):
            yield from _of_year(parse, at + 2, (name, min(number, _PARTS[name])), year)
    for begin in after(parse, at, (("first",),)):
        for many, unit, end in length_at(parse, begin):
            of = after_any(parse, end, frozenset({"of"}))
            if unit == "month" and many < 12 and of > end and (of_year := _year(key_at(parse, of))):
                start = datetime(of_year, 1, 1, tzinfo=UTC)
                yield Read(Dates(start, datetime(of_year, many + 1, 1, tzinfo=UTC)), of + 1)


def _part(word: str) -> tuple[str, int] | None:
    number = int(word[1:]) if len(word) == 2 and word[1:].isascii() and word[1:].isdigit() else 0
    return (word[0], number) if 1 <= number <= _PARTS.get(word[:1], 0) else None


def _of_year(parse: Parse, at: int, part: tuple[str, int], year: int | None) -> Iterator[Read[Dates]]:
    of = after_any(parse, at, frozenset({"of", ","}))
    if said := _year(key_at(parse, of)):
        yield Read(_part_dates(said, *part), of + 1)
        return
    dates = _part_dates(year or parse.now.year, *part)
    if year is None and dates.start > parse.now:
        dates = _part_dates(parse.now.year - 1, *part)
    for this in (at, *after(parse, at, (("of", "this", "year"), ("this", "year")))):
        yield Read(dates, this)


def _part_dates(year: int, name: str, number: int) -> Dates:
    months = 12 // _PARTS[name]
    start = datetime(year, (number - 1) * months + 1, 1, tzinfo=UTC)
    return Dates(start, period_start(start + timedelta(days=31 * months), "month"))


def _iso(text: str, at: int) -> Iterator[Read[Dates]]:
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z").removesuffix("UTC").strip()).replace(tzinfo=UTC)
    except ValueError:
        return
    length = timedelta(days=1) if len(text) == len("2026-10-01") else timedelta(0)
    if moment <= datetime.max.replace(tzinfo=UTC) - timedelta(days=2):
        yield Read(Dates(moment, moment + length), at + 1)


def _written(parse: Parse, at: int, default: int | None) -> Iterator[Read[Dates]]:
    """2025 · October 2026 · 1 October 2026 · October 1st, 2026."""
    words = [key_at(parse, at + i) for i in range(4)]
    if year := _year(words[0]):
        yield Read(Dates(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)), at + 1)
    if (month := MONTHS.get(words[0])) and (year := _year(words[1])):
        yield Read(_month(year, month), at + 2)
    elif month := MONTHS.get(words[0]):
        # Without a year: the one that was last.
        yield Read(_month(default or parse.now.year - (month > parse.now.month), month), at + 1)
    comma = 1 if words[2] == "," else 0
    if (month := MONTHS.get(words[0])) and (number := _day(words[1])):
        yield from _calendar_day(parse, (_year(words[2 + comma]), month, number), at + 2, 1 + comma, default)
    of = 1 if words[1] == "of" else 0
    if (number := _day(words[0])) and (month := MONTHS.get(words[1 + of])):
        yield from _calendar_day(parse, (_year(words[2 + of]), month, number), at + 2 + of, 1, default)


def _month(year: int, month: int) -> Dates:
    start = datetime(year, month, 1, tzinfo=UTC)
    return Dates(start, period_start(start + timedelta(days=31), "month"))


def _calendar_day(
    parse: Parse, date: tuple[int | None, int, int], end: int, more: int, default: int | None
) -> Iterator[Read[Dates]]:
    """A day; `more` words after `end` hold its year, where it has one: else of `default`, or the one that was last."""
    year, month, day = date
    if year is None:
        more, year = 0, default or parse.now.year - ((month, day) > (parse.now.month, parse.now.day))
    if day <= calendar.monthrange(year, month)[1]:
        start = datetime(year, month, day, tzinfo=UTC)
        yield Read(Dates(start, start + timedelta(days=1)), end + more)


def _year(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) == 4 and 1900 <= int(word) < 2200 else None


def _day(word: str) -> int | None:
    number = word.rstrip("stndrh") if word[:1].isdigit() else ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 3 and 1 <= int(number) <= 31 else None
