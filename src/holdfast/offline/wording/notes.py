"""What a reader must know to take an answer right, in sentences that follow the question as it was understood."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from holdfast.offline.grammar.nouns import SECOND_FACTOR
from holdfast.offline.grammar.owning import NO_SECOND_FACTOR
from holdfast.offline.meaning import (
    AllOf,
    AnyOf,
    Asked,
    Compare,
    Condition,
    Linked,
    Loss,
    Missing,
    Named,
    Not,
    Only,
    Within,
)
from holdfast.offline.meaning.links import OPENED, OPENING, Kind, Link
from holdfast.offline.wording.number_notes import number_notes

_OPENING = OPENING | OPENED


def notes(asked: Asked, inactive_applications: frozenset[str], now: datetime) -> list[str]:
    """The sentences for one question. `inactive_applications` are the ids of those that nobody can open now."""
    subject = asked.subject
    parts = list(_parts(subject.where)) if subject.where else []
    linked = [p for p in parts if isinstance(p, Linked | Only)]
    found = []
    opens = any(p.link in _OPENING for p in linked) or any(link in _OPENING for link in asked.beside)
    if asked.counted is not None:
        opens = opens or asked.counted.link in _OPENING
    if opens:
        found.append("Deprovisioned people can open nothing and are not counted as assigned.")
    elif (
        subject.kind is Kind.PERSON
        and not isinstance(asked.numbers, Loss)
        and not any(_settles_status(p) for p in parts)
    ):
        found.append("People of every status are included, also deprovisioned ones.")
    if _includes_never_logged_in(subject.where):
        found.append("People who never signed in are included.")
    if any(_asks_for_earlier_logins(p, now) for p in (parts if subject.where else ())):
        found.append("Only the last sign-in of each person is known, so an earlier one in that time is not seen.")
    found += _of_factors(linked)
    if asked.numbers is not None:
        found += number_notes(asked.numbers, now)
    if any(p.link is Link.FILLS and _names_a_member(p) for p in linked):
        found.append("Whether a rule or a hand put somebody there is not known; only active rules fill groups.")
    if subject.kind is Kind.PERSON and any(isinstance(p, Within) and p.column == "status_changed" for p in parts):
        found.append("Only the last change of each person's status is known.")
    named = {i for p in linked if isinstance(p.target.where, Named) for i in p.target.where.ids}
    named |= {i for p in parts if isinstance(p, Named) for i in p.ids}
    if named & inactive_applications:
        found.append("The application is inactive: nobody can open it now, those assigned are listed.")
    elif subject.kind is Kind.APPLICATION and any(p.link in OPENED for p in linked):
        found.append("An inactive application cannot be opened, though it is listed where it is assigned.")
    return found


def _names_a_member(filling: Linked | Only) -> bool:
    where = filling.target.where
    return where is not None and any(isinstance(p, Linked) and p.link is Link.HAS_MEMBER for p in _parts(where))


def _of_factors(linked: list[Linked | Only]) -> list[str]:
    factors = [p for p in linked if p.link is Link.ENROLLED]
    told = []
    second = [p for p in factors if p.target.where is not None and SECOND_FACTOR in _parts(p.target.where)]
    if second or any(isinstance(p, Only) and p.besides == NO_SECOND_FACTOR for p in factors):
        told.append("E-mail is not counted as a second factor.")
    if any(p.target.where is None or not any(_settles_status(c) for c in _parts(p.target.where)) for p in factors):
        told.append("A factor that is still pending counts as enrolled.")
    return told


def _asks_for_earlier_logins(condition: Condition, now: datetime) -> bool:
    """Whether somebody who signed in again after that time may have signed in within it."""
    match condition:
        case Not(condition=Within(column="last_login", end=end)):
            return end is not None and end <= now
        case Within(column="last_login", start=start, end=end):
            return start is not None and end is not None and end <= now
        case _:
            return False


def _settles_status(condition: Condition) -> bool:
    """Whether the condition speaks of the status, or names the people."""
    return isinstance(condition, Named) or (isinstance(condition, Compare) and condition.column == "status")


def _parts(condition: Condition) -> Iterator[Condition]:
    yield condition
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            for part in parts:
                yield from _parts(part)
        case Not(condition=inner):
            yield from _parts(inner)
        case _:
            return


def _includes_never_logged_in(condition: Condition | None) -> bool:
    match condition:
        case Not(condition=Within(column="last_login")):
            return True
        case AllOf(conditions=parts):
            return any(_includes_never_logged_in(p) for p in parts) and not any(
                isinstance(p, Not) and isinstance(p.condition, Missing) and p.condition.column == "last_login"
                for p in parts
            )
        case AnyOf(conditions=parts):
            return any(_includes_never_logged_in(p) for p in parts)
        case _:
            return False
