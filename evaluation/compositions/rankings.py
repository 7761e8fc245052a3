"""How many of one thing each other thing has: the largest, the smallest, all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from evaluation.comparison import TrueTable
from evaluation.records import Records, p

Numbers = Mapping[str, int]


def _members(t: Records) -> Numbers:
    return {g["profile"]["name"]: len(t.members_of[i]) for i, g in t.groups.items()}


def _contractors(t: Records) -> Numbers:
    contractors = {i for i, u in t.users.items() if p(u)["userType"] == "Contractor"}
    return {g["profile"]["name"]: len(t.members_of[i] & contractors) for i, g in t.groups.items()}


def _users(t: Records) -> Numbers:
    return {a["label"]: t.opened_by(i) for i, a in t.apps.items()}


def _apps(t: Records) -> Numbers:
    return {p(u)["login"]: len(t.opens[i]) for i, u in t.users.items()}


def _groups(t: Records) -> Numbers:
    return {p(u)["login"]: len(t.groups_of[i]) for i, u in t.users.items()}


def _devices(t: Records) -> Numbers:
    return {p(u)["login"]: len(t.devices_of[i]) for i, u in t.users.items()}


# Subject, what is counted, the columns, the numbers.
_RANKED: Sequence[tuple[str, str, tuple[str, str], Callable[[Records], Numbers]]] = (
    ("groups", "members", ("group_name", "person_count"), _members),
    ("groups", "contractors", ("group_name", "person_count"), _contractors),
    ("apps", "users", ("application", "person_count"), _users),
    ("users", "apps", ("login", "application_count"), _apps),
    ("people", "groups", ("login", "group_count"), _groups),
    ("people", "devices", ("login", "device_count"), _devices),
)
_MOST = ("top {0} {1} by number of {2}", "the {0} {1} with the most {2}", "{0} {1} with the most {2}")
_FEWEST = ("the {0} {1} with the fewest {2}",)
_ALL = ("{1} by number of {2}", "number of {2} per {3}")
_ONE = {"groups": "group", "apps": "app", "users": "user", "people": "person"}


def ranking(random: Random, t: Records) -> tuple[str, TrueTable] | None:
    """A question and its answer; None where two things share the last place, so that any of them could be meant."""
    subjects, counted, columns, numbers_of = random.choice(_RANKED)
    numbers = numbers_of(t)
    if random.random() < 0.3:
        question = random.choice(_ALL).format("", subjects, counted, _ONE[subjects])
        return question, TrueTable.of(columns, list(numbers.items()))
    fewest = random.random() < 0.3
    limit = random.randint(1, 12)
    ordered = sorted(numbers.items(), key=lambda item: item[1], reverse=not fewest)
    if len(ordered) > limit and ordered[limit - 1][1] == ordered[limit][1]:
        return None
    question = random.choice(_FEWEST if fewest else _MOST).format(limit, subjects, counted)
    return question, TrueTable.of(columns, ordered[:limit])
