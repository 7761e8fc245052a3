"""What is read live, counted by what else is known: coverage, those without, factors by type, tokens, openings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from evaluation.records import Record, Records, Rows, p

Fits = Callable[[Record], object]
Types = Callable[[set[str]], object]
_RESISTANT = {"webauthn", "signed_nonce"}


def _everybody(user: Record) -> bool:
    return True


def _active(user: Record) -> bool:
    return bool(user["status"] == "ACTIVE")


def department(user: Record) -> str | None:
    return p(user).get("department") or None


def _marks(t: Records, who: Fits, by: Callable[[Record], object], fits: Types) -> dict[object, Counter[str]]:
    """Value → how many people there are of whom it holds ("yes"), does not ("no"), is unknown ("unknown")."""
    found: dict[object, Counter[str]] = defaultdict(Counter)
    for user in t.users.values():
        if who(user):
            types = t.factors_of[user["id"]]
            found[by(user)]["unknown" if types is None else "yes" if fits(types) else "no"] += 1
    return found


def coverage(
    t: Records, fits: Types, who: Fits = _everybody, by: Callable[[Record], object] = department
) -> list[tuple[object, int, int, int, float | None]]:
    """(value, people, of whom it holds, of whom it is unknown, percentage of those of whom it is known)."""
    rows = []
    for value, marks in _marks(t, who, by, fits).items():
        known = marks["yes"] + marks["no"]
        percent = 100 * marks["yes"] / known if known else None
        rows.append((value, marks.total(), marks["yes"], marks["unknown"], percent))
    return rows


def _lowest_first(rows: list[tuple[object, int, int, int, float | None]]) -> Rows:
    return sorted(rows, key=lambda row: (row[4] is None, row[4] or 0.0))


def _without_percent(rows: list[tuple[object, int, int, int, float | None]]) -> Rows:
    return [row[:4] for row in rows]


def _overall(t: Records, fits: Types, who: Fits) -> Rows:
    return [row[1:] for row in coverage(t, fits, who, lambda _: None)]


def _those(t: Records, fits: Types, who: Fits = _everybody) -> Rows:
    """(department, people, unknown) where there is anybody of whom it holds or may."""
    for value, marks in _marks(t, who, department, fits).items():
        if marks["yes"] or marks["unknown"]:
            yield value, marks["yes"], marks["unknown"]


def _factors(t: Records, who: Fits) -> Rows:
    lines = [line for line in t.families["factors"] if not line.get("unreadable") and who(t.users[line["user_id"]])]
    return Counter(line["factorType"] for line in lines).items()


def _in_finance(user: Record) -> bool:
    return _active(user) and department(user) == "Finance"


TRUTHS: Mapping[str, Callable[[Records], Rows]] = {
    "coverage_by_department_now": lambda t: _lowest_first(coverage(t, bool)),
    "webauthn_by_department_now": lambda t: _lowest_first(coverage(t, lambda x: "webauthn" in x, _active)),
    "webauthn_of_active_now": lambda t: _overall(t, lambda types: "webauthn" in types, _active),
    "webauthn_by_status_now": lambda t: _without_percent(
        coverage(t, lambda types: "webauthn" in types, by=lambda user: user["status"])
    ),
    "without_resistant_by_department_now": lambda t: _those(t, lambda types: not types & _RESISTANT),
    "without_factor_by_department_now": lambda t: _those(t, lambda types: not types),
    "active_without_factor_by_department_now": lambda t: _those(t, lambda types: not types, _active),
    "factors_of_finance_by_type_now": lambda t: _factors(t, _in_finance),
    "api_tokens_by_department": lambda t: Counter(
        department(t.users[token["userId"]]) for token in t.families["api_tokens"]
    ).items(),
    "people_by_department_and_status_now": lambda t: [
        (*pair, number) for pair, number in Counter((department(u), u["status"]) for u in t.users.values()).items()
    ],
}
