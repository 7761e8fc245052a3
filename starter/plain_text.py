"""Text from a tenant or a stranger, made harmless for a terminal."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

# Characters that reorder what stands around them: a name must not be able to write elsewhere in its line.
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}

_MINUTE = timedelta(minutes=1)
_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (_MINUTE, "minute"))


def visible(text: str) -> str:
    """The text on one line, with control characters shown as their code instead of obeyed."""
    return "".join(_visible(character) for character in text)


def visible_lines(text: str) -> str:
    """Like `visible`, but lines stay lines."""
    return "\n".join(visible(line) for line in text.split("\n"))


def _visible(character: str) -> str:
    if character in "\n\t\r":
        return " "
    # Cc: escape sequences; Cs: half a character, which cannot be written; Zl and Zp: line breaks of another kind.
    if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or ord(character) in _BIDI:
        return f"\\u{ord(character):04x}"
    return character


def cell(value: JsonValue) -> str:
    """A value of a table as a person reads it; nothing is shown for what is not there."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(cell(item) for item in value)
        case dict():
            return ", ".join(f"{visible(key)}: {cell(item)}" for key, item in value.items())
        case _:
            return visible(str(value))


def moment(value: JsonValue) -> str:
    """A time of a table to the second, as `2026-07-24 10:02:03`; its heading has the zone."""
    return cell(value).replace("T", " ").removesuffix("Z").partition(".")[0]


def when(moment: datetime, now: datetime | None = None) -> str:
    """A moment in UTC and how far it is away: `2026-07-24 10:02 UTC (3 minutes ago)`, `… (in 5 hours)`."""
    elapsed = (now or datetime.now(UTC)) - moment
    # Clocks differ a little: what comes in less than a minute is now.
    away = age(elapsed) if elapsed > -_MINUTE else f"in {_in_units(-elapsed)}"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({away})"


def age(elapsed: timedelta) -> str:
    """How long ago, in the largest unit that fits."""
    return f"{_in_units(elapsed)} ago" if elapsed >= _MINUTE else "just now"


def _in_units(length: timedelta) -> str:
    """A minute or more in the largest unit that fits."""
    size, unit = next(each for each in _UNITS if length >= each[0])
    count = length // size
    return f"{count} {unit}{'s' * (count > 1)}"


def span(seconds: float) -> str:
    """A duration: `0.14 s`, `12 s`, `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
