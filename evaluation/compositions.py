"""Random questions put together from phrases, each phrase with what it says of a person in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from evaluation.comparison import TrueTable
from evaluation.records import Records, p

Fits = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True)
class Phrase:
    """What follows a noun ("in the Sales department"), its opposite, and whom it is true of (None: unknown)."""

    words: str
    opposite: str
    fits: Callable[[dict[str, Any]], bool | None]

    def denied(self) -> Phrase:
        def not_fits(user: dict[str, Any]) -> bool | None:
            fits = self.fits(user)
            return None if fits is None else not fits

        return Phrase(self.opposite, self.words, not_fits)


@dataclass(frozen=True)
class Composition:
    question: str
    truth: TrueTable


_HEADS: tuple[tuple[str, Fits], ...] = (
    ("users", lambda u: True),
    ("people", lambda u: True),
    ("active accounts", lambda u: u["status"] == "ACTIVE"),
    ("contractors", lambda u: p(u)["userType"] == "Contractor"),
    ("suspended or locked out users", lambda u: u["status"] in ("SUSPENDED", "LOCKED_OUT")),
    ("active employees", lambda u: u["status"] == "ACTIVE" and p(u)["userType"] == "Employee"),
    ("deprovisioned people", lambda u: u["status"] == "DEPROVISIONED"),
)
_LISTS = ("list {}", "show me {}", "which {} are there?", "{}", "give me all {}", "find {}, please")
_COUNTS = ("how many {} are there?", "count {}", "number of {}")


def compositions(number: int, seed: int, t: Records) -> Iterator[Composition]:
    """So many random questions of a tenant, the same ones for the same seed."""
    random = Random(seed)
    for _ in range(number):
        yield composition(random, t)


def composition(random: Random, t: Records) -> Composition:
    head, fits_head = random.choice(_HEADS)
    phrases = [_phrase(random, t) for _ in range(random.choice((1, 1, 2, 2, 3)))]
    phrases = [phrase.denied() if random.random() < 0.3 else phrase for phrase in phrases]
    joined = random.choice((" and ", " or "))
    counts = random.random() < 0.3
    template = random.choice(_COUNTS if counts else _LISTS)
    together = all if joined == " and " else any
    shown = {
        u["profile"]["login"]
        for u in t.users.values()
        if fits_head(u) and together(phrase.fits(u) is True for phrase in phrases)
    }
    question = template.format(f"{head} {joined.join(phrase.words for phrase in phrases)}")
    truth = (
        TrueTable.of(["person_count"], [(len(shown),)]) if counts else TrueTable.of(["login"], [(u,) for u in shown])
    )
    return Composition(question, truth)


def _phrase(random: Random, t: Records) -> Phrase:
    makers = (
        _department,
        _city,
        _group,
        _application,
        _signed_in,
        _never,
        _manager,
        _groups,
        _title,
        _factor,
        _created,
    )
    return random.choice(makers)(random, t)


def _department(random: Random, t: Records) -> Phrase:
    name = random.choice(sorted({p(u)["department"] for u in t.users.values() if p(u).get("department")}))
    return Phrase(
        random.choice((f"in the {name} department", f"whose department is {name}", f"with department {name}")),
        f"who are not in the {name} department",
        lambda u: p(u).get("department") == name,
    )


def _city(random: Random, t: Records) -> Phrase:
    name = random.choice(sorted({p(u)["city"] for u in t.users.values() if p(u).get("city")}))
    return Phrase(f"based in {name}", f"whose city is not {name}", lambda u: p(u).get("city") == name)


def _group(random: Random, t: Records) -> Phrase:
    group = random.choice(sorted(t.groups))
    name = t.groups[group]["profile"]["name"]
    quoted = f'"{name}"' if '"' not in name else f"`{name}`"
    return Phrase(
        random.choice((f"in the group {quoted}", f"who belong to the group {quoted}", f"who are members of {quoted}")),
        f"who are not in the group {quoted}",
        lambda u: group in t.groups_of[u["id"]],
    )


def _application(random: Random, t: Records) -> Phrase:
    app = random.choice(sorted(t.apps))
    label = t.apps[app]["label"]
    return Phrase(
        random.choice((f'who can open "{label}"', f'with access to "{label}"', f'assigned to the app "{label}"')),
        random.choice(
            (f'who cannot open "{label}"', f'who have no access to "{label}"', f'without access to "{label}"')
        ),
        lambda u: app in t.opens[u["id"]],
    )


def _signed_in(random: Random, t: Records) -> Phrase:
    days = random.choice((1, 7, 30, 60, 90, 180))
    return Phrase(
        random.choice((f"who logged in in the last {days} days", f"who have signed in within the past {days} days")),
        random.choice((f"who have not signed in for {days} days", f"who haven't logged in in the last {days} days")),
        lambda u: t.signed_in_since(u, t.now - timedelta(days=days)),
    )


def _never(random: Random, t: Records) -> Phrase:
    return Phrase("who never logged in", "who have logged in", lambda u: u["lastLogin"] is None)


def _manager(random: Random, t: Records) -> Phrase:
    boss = random.choice(sorted(t.reports_of))
    login = t.users[boss]["profile"]["login"]
    return Phrase(
        random.choice((f"who report to {login}", f"whose manager is {login}", f"managed by {login}")),
        f"who do not report to {login}",
        lambda u: u["id"] in t.reports_of[boss],
    )


def _groups(random: Random, t: Records) -> Phrase:
    number = random.randint(3, 8)
    return Phrase(
        random.choice((f"with more than {number} groups", f"in at least {number + 1} groups")),
        f"with at most {number} groups",
        lambda u: len(t.groups_of[u["id"]]) > number,
    )


def _title(random: Random, t: Records) -> Phrase:
    word = random.choice(("engineer", "manager", "analyst", "lead"))
    return Phrase(
        f"whose title contains '{word}'",
        f"whose title does not contain '{word}'",
        lambda u: word in (p(u).get("title") or "").lower(),
    )


def _factor(random: Random, t: Records) -> Phrase:
    words, kind = random.choice((("SMS", "sms"), ("WebAuthn", "webauthn"), ("push", "push")))

    def enrolled(user: dict[str, Any]) -> bool | None:
        types = t.factors_of[user["id"]]
        return None if types is None else kind in types

    return Phrase(f"with {words}", f"without {words}", enrolled)


def _created(random: Random, t: Records) -> Phrase:
    year = random.randint(2019, 2026)
    return Phrase(
        random.choice((f"created before {year}-01-01", f"whose creation date is before {year}-01-01")),
        f"who were not created before {year}-01-01",
        lambda u: u["created"] < f"{year}-01-01",
    )
