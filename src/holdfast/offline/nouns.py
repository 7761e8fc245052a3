"""What rows are called in a sentence about them."""

from __future__ import annotations

from holdfast.contracts import FormatRequest
from holdfast.formatter import has_gaps
from holdfast.offline.meaning import Noun
from holdfast.plan import SpecialStep, Step

_PEOPLE = frozenset({"user", "users", "person", "people"})


def noun_of(step: Step) -> Noun:
    """What the rows of a step are whose parameters do not tell."""
    if isinstance(step, SpecialStep):
        return Noun(one="finding", many="findings")
    is_of_people = step.entity.lower() in _PEOPLE
    return Noun(one="person", many="people") if is_of_people else Noun(one="row", many="rows")


def nothing(noun: Noun, request: FormatRequest) -> str:
    """What is said where no row is the answer."""
    said = "Nobody matches" if noun.many == "people" else f"No {literal(noun.many)} match"
    return f"{said} among what could be read." if has_gaps(request) else f"{said}."


def literal(text: str) -> str:
    """Text of a plan inside a template: braces and bars mean themselves."""
    return text.replace("{", "(").replace("}", ")").replace("|", "/")
