"""Percentages, medians and averages, months, things shared, two people compared, what would be lost."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any

from evaluation.comparison import TrueTable
from evaluation.compositions.people import Head, quoted, some_login, some_value
from evaluation.records import Records, p

Figure = tuple[str, TrueTable]

_PEOPLE: Sequence[Head] = (
    ("people", lambda t, i: True),
    ("users", lambda t, i: True),
    ("active users", lambda t, i: t.users[i]["status"] == "ACTIVE"),
    ("contractors", lambda t, i: p(t.users[i])["userType"] == "Contractor"),
    ("employees", lambda t, i: p(t.users[i])["userType"] == "Employee"),
)
_BY: Sequence[tuple[str, str, Callable[[dict[str, Any]], Any]]] = (
    ("department", "department", lambda u: p(u).get("department")),
    ("city", "city", lambda u: p(u).get("city")),
    ("status", "status", lambda u: u["status"]),
    ("user type", "user_type", lambda u: p(u).get("userType")),
)
_MIDDLES: Mapping[str, Callable[[Sequence[int]], float]] = {"median": statistics.median, "average": statistics.fmean}
_NUMBERS: Sequence[tuple[str, Callable[[Records, str], int]]] = (
    ("groups", lambda t, i: len(t.groups_of[i])),
    ("apps", lambda t, i: len(t.opens[i])),
    ("devices", lambda t, i: len(t.devices_of[i])),
)
_FACTORS = (("WebAuthn", "webauthn"), ("SMS", "sms"), ("FastPass", "signed_nonce"))


def figure(random: Random, t: Records) -> Figure:
    """A question and its answer."""
    return random.choice(_FIGURES)(random, t)


def _some(random: Random, t: Records) -> tuple[str, list[str]]:
    words, fits = random.choice(_PEOPLE)
    return words, [i for i in t.users if fits(t, i)]


def _percent(marks: Iterable[bool | None]) -> float | None:
    """Of those of whom it is known."""
    known = [mark for mark in marks if mark is not None]
    return 100 * sum(known) / len(known) if known else None


def _has(t: Records, factor: str) -> Callable[[str], bool | None]:
    def has(person: str) -> bool | None:
        types = t.factors_of[person]
        return None if types is None else factor in types

    return has


def _part(random: Random, t: Records) -> Figure:
    """What part of some people are somewhere, or have something."""
    words, people = _some(random, t)
    city, department = some_value(random, t, "city"), some_value(random, t, "department")
    factor, kind = random.choice(_FACTORS)
    said, fits = random.choice(
        (
            (f"are based in {city}", lambda i: p(t.users[i]).get("city") == city),
            (f"are in the {department} department", lambda i: p(t.users[i]).get("department") == department),
            (f"have {factor}", _has(t, kind)),
            ("never logged in", lambda i: t.users[i]["lastLogin"] is None),
        )
    )
    start = random.choice(("what percentage of", "what share of", "what proportion of"))
    return f"{start} {words} {said}?", TrueTable.of(["percent"], [(_percent(map(fits, people)),)])


def _coverage(random: Random, t: Records) -> Figure:
    """What part has a factor, by an attribute."""
    factor, kind = random.choice(_FACTORS)
    by, column, value = random.choice(_BY)
    marks: dict[Any, list[bool | None]] = defaultdict(list)
    for person, user in t.users.items():
        marks[value(user)].append(_has(t, kind)(person))
    rows = [(group, len(found), _percent(found)) for group, found in marks.items()]
    return f"{factor} coverage by {by}", TrueTable.of([column, "person_count", "percent"], rows)


def _middle(random: Random, t: Records) -> Figure:
    """The median or average number of things that each has, in all or by an attribute."""
    words, people = _some(random, t)
    things, number = random.choice(_NUMBERS)
    name = random.choice(("median", "average"))
    one = {"people": "person"}.get(words, words.removesuffix("s"))
    question = f"{name} number of {things} per {one}"
    if random.random() < 0.4:
        return question, TrueTable.of([name], [(_MIDDLES[name]([number(t, i) for i in people]),)])
    by, column, value = random.choice(_BY)
    numbers: dict[Any, list[int]] = defaultdict(list)
    for person in people:
        numbers[value(t.users[person])].append(number(t, person))
    rows = [(group, _MIDDLES[name](found)) for group, found in numbers.items()]
    return f"{question} by {by}", TrueTable.of([column, name], rows)


def _months(random: Random, t: Records) -> Figure:
    """How many came in each month of a year that is over."""
    year = random.choice((2022, 2023, 2024, 2025))
    joined = Counter(u["created"][:7] for u in t.users.values())
    question = random.choice(("how many people joined per month in {}?", "joiners per month in {}"))
    months = [f"{year}-{month:02}" for month in range(1, 13)]
    return question.format(year), TrueTable.of(["month", "joined"], [(month, joined[month]) for month in months])


def _shared(random: Random, t: Records) -> Figure:
    """Who has the same as somebody else."""
    words, attribute = random.choice(
        (("last name", "lastName"), ("first name", "firstName"), ("mobile phone", "mobilePhone"))
    )

    def key(person: str) -> str:
        text = str(p(t.users[person]).get(attribute) or "").strip().casefold()
        return re.sub(r"\D", "", text) if attribute == "mobilePhone" else text

    keys = {i: key(i) for i in t.users}
    times = Counter(keys.values())
    rows = [(p(t.users[i])["login"],) for i, shared in keys.items() if shared and times[shared] > 1]
    return f"users that share the same {words}", TrueTable.of(["login"], rows)


def _labels(t: Records) -> dict[str, str]:
    return {role["type"]: role["label"] for role in (*t.families["user_roles"], *t.families["group_roles"])}


def _has_everything(t: Records, person: str) -> set[tuple[str, str]]:
    """Ids and names of the groups, applications and admin roles that somebody has."""
    groups = {(i, t.groups[i]["profile"]["name"]) for i in t.groups_of[person]}
    apps = {(i, t.apps[i]["label"]) for i in t.opens[person]}
    return groups | apps | {(role, _labels(t)[role]) for role in t.roles_of[person]}


def _compared(random: Random, t: Records) -> Figure:
    """What one person has that another has not, or what both have."""
    (one, first), (other, second) = some_login(random, t), some_login(random, t)
    ours, theirs = _has_everything(t, one), _has_everything(t, other)
    if random.random() < 0.3:
        return f"what do {first} and {second} have in common?", _names(ours & theirs)
    return f"what does {first} have that {second} does not?", _names(ours - theirs)


def _names(things: Iterable[tuple[str, str]]) -> TrueTable:
    return TrueTable.of(["thing_name"], [(name,) for _, name in things])


def _only_through(t: Records, person: str, app: str, group: str) -> bool:
    """Whether a group is the only way of somebody to an application."""
    if app not in t.opens[person] or group not in t.groups_of[person]:
        return False
    others = t.groups_of[person] - {group}
    ways = [line["group_id"] for line in t.families["app_groups"] if line["app_id"] == app]
    directly = any(
        line["user_id"] == person and line["app_id"] == app and line["scope"] == "USER"
        for line in t.families["app_users"]
    )
    return group in ways and not directly and not others.intersection(ways)


def _lost(random: Random, t: Records) -> Figure:
    """Which applications somebody would lose without a group."""
    person = random.choice(sorted(i for i in t.users if t.groups_of[i]))
    login, group = p(t.users[person])["login"], random.choice(sorted(t.groups_of[person]))
    name = quoted(t.groups[group]["profile"]["name"])
    rows = [(t.apps[app]["label"],) for app in t.opens[person] if _only_through(t, person, app, group)]
    return f"which apps would {login} lose without the group {name}?", TrueTable.of(["application"], rows)


_FIGURES: Sequence[Callable[[Random, Records], Figure]] = (
    _part,
    _part,
    _coverage,
    _middle,
    _middle,
    _months,
    _shared,
    _compared,
    _lost,
)
