"""Who reset factors for others, and for herself, this week. The people's factors of today are younger than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from holdfast.demo.cast import person_id
from holdfast.demo.log.happenings import DAY, HOUR, MINUTE, millis
from holdfast.demo.records import Record

# Parts of the cast whose factors were reset.
_RESET = ("maria_finance", "dana", "apostrophe", "no_factors")
_RECENT = 6 * DAY


@dataclass(frozen=True)
class FactorResets:
    """`admin` reset the factors of the people in `moments` (milliseconds since 1970), herself among them."""

    admin: str
    moments: Mapping[str, int]


def plan_resets(
    seed: int, people: Mapping[str, Record], roles: Mapping[str, tuple[Record, ...]], now: datetime
) -> FactorResets:
    """The case in this company: while an administrator was last signed in, or shortly before `now` if none ever was."""
    latest = round(now.timestamp() * 1_000)
    chief = person_id(seed, "super_admin")
    fit = [user for user, record in people.items() if user in roles and _was_there(record, roles[user], latest)]
    admin = chief if chief in fit or not fit else fit[0]
    last = people[admin]["lastLogin"]
    end = min(latest, millis(last) if fit and last else latest - 2 * HOUR)
    moments = dict(_moments(seed, people, end))
    if millis(people[admin]["activated"]) < end - 20 * MINUTE:
        moments[admin] = end - 20 * MINUTE
    return FactorResets(admin, moments)


def _was_there(record: Record, roles: tuple[Record, ...], now: int) -> bool:
    if record["status"] != "ACTIVE" or record["lastLogin"] is None:
        return False
    last = min(millis(record["lastLogin"]), now)
    since = max(millis(record["activated"]), min(millis(role["created"]) for role in roles))
    return last >= now - _RECENT and since < last - 3 * HOUR


def _moments(seed: int, people: Mapping[str, Record], end: int) -> Iterator[tuple[str, int]]:
    for place, key in enumerate(_RESET):
        user, when = person_id(seed, key), end - 30 * MINUTE - place * 17 * MINUTE
        if millis(people[user]["activated"]) < when:
            yield user, when
