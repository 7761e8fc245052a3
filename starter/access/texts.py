"""Texts and times from outside, as parameters and fields may hold them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, StringConstraints

LONGEST = 200


def _one_line(text: str) -> str:
    if any(unicodedata.category(character)[0] in {"C", "Z"} and character != " " for character in text):
        raise ValueError("control characters and line breaks have no place here")
    return text


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("no calendar has this moment in UTC") from None


# A name of a person, a program or a purpose: one line, nothing that a terminal or a log would obey.
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST, strip_whitespace=True), AfterValidator(_one_line)
]

# A moment with its offset, in UTC.
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
