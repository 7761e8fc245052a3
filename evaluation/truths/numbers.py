"""Percentages, medians, months, duplicates, comparisons and losses, in plain Python over the export."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from statistics import mean, median
from typing import Any

from evaluation.records import Record, Records, Rows, moment, p

Fits = Callable[[Record], bool | None]


def _in(department: str) -> Fits:
    return lambda u: p(u).get("department") == department


def _is(user_type: str) -> Fits:
    return lambda u: p(u)["userType"] == user_type


def _active(user: Record) -> bool:
    return bool(user["status"] == "ACTIVE")


def _everybody(_: Record) -> bool:
    return True


def _has_factor(t: Records, *kinds: str) -> Fits:
    """None where the tenant does not tell of somebody's factors."""

    def fits(user: Record) -> bool | None:
        types = t.factors_of[user["id"]]
        return None if types is None else bool(types & set(kinds)) if kinds else bool(types)

    return fits


def _by(t: Records, attribute: str, fits: Fits = _everybody) -> dict[Any, list[Record]]:
    found: dict[Any, list[Record]] = defaultdict(list)
    for user in t.users.values():
        if fits(user):
            found[user["status"] if attribute == "status" else p(user).get(attribute)].append(user)
    return found


def _part(users: Iterable[Record], matching: Fits) -> tuple[int, int, int, float | None]:
    """How many there are, of how many it holds, of how many that is unknown, and the percentage of the others."""
    told = [matching(user) for user in users]
    yes, unknown = told.count(True), told.count(None)
    known = len(told) - unknown
    return len(told), yes, unknown, 100 * yes / known if known else None


def _percentage(t: Records, fits: Fits, matching: Fits) -> Rows:
    """People, those of whom it holds, the percentage."""
    people, yes, _, percent = _part([u for u in t.users.values() if fits(u)], matching)
    return [(people, yes, percent)]


def _parts_by(t: Records, attribute: str, matching: Fits, fits: Fits = _everybody) -> list[tuple[Any, ...]]:
    return [(value, *_part(users, matching)) for value, users in _by(t, attribute, fits).items()]


def _extreme(rows: Iterable[tuple[Any, ...]], place: int, best: Callable[[Iterable[Any]], Any] = max) -> Rows:
    """The rows that have the greatest (or least) in that place."""
    kept = [row for row in rows if row[0] is not None and row[place] is not None]
    return [row for row in kept if row[place] == best(row[place] for row in kept)]


def _counts_by(t: Records, attribute: str, fits: Fits = _everybody) -> list[tuple[Any, int]]:
    return [(value, len(users)) for value, users in _by(t, attribute, fits).items() if value is not None]


def _top(rows: Sequence[tuple[Any, int]], number: int, sign: int = -1) -> Rows:
    return sorted(rows, key=lambda row: (sign * row[1], row[0]))[:number]


def _by_two(t: Records, first: str, second: str, fits: Fits = _everybody) -> Rows:
    def value(user: Record, name: str) -> Any:
        return user["status"] if name == "status" else p(user).get(name)

    counted = Counter((value(u, first), value(u, second)) for u in t.users.values() if fits(u))
    return [(*values, number) for values, number in counted.items()]


def _groups(t: Records) -> Callable[[Record], int]:
    return lambda u: len(t.groups_of[u["id"]])


def _apps(t: Records) -> Callable[[Record], int]:
    return lambda u: len(t.opens[u["id"]])


def _spread(
    t: Records, attribute: str, number: Callable[[Record], int], figures: Sequence[Callable[[list[int]], float]]
) -> Rows:
    for value, users in _by(t, attribute).items():
        numbers = [number(user) for user in users]
        yield value, len(users), *(figure(numbers) for figure in figures)


def _hired(t: Records, since: str, until: str = "9999", fits: Fits = _everybody) -> Rows:
    return t.people(lambda u: p(u).get("hireDate") and since <= p(u)["hireDate"] < until and fits(u))


def _day(t: Records, days: int) -> str:
    return (t.now - timedelta(days=days)).strftime("%Y-%m-%d")


def _months(start: tuple[int, int], number: int) -> list[str]:
    index = start[0] * 12 + start[1] - 1
    return [f"{i // 12}-{i % 12 + 1:02d}" for i in range(index, index + number)]


def _per_month(months: Sequence[str], *days: Iterable[str]) -> Rows:
    """A row for each month: how many of the days of each kind lie in it."""
    counted = [Counter(day[:7] for day in kind) for kind in days]
    return [(month, *(kind[month] for kind in counted)) for month in months]


def _created(t: Records, fits: Fits = _everybody) -> list[str]:
    return [moment(u["created"]).isoformat() for u in t.users.values() if fits(u)]


def _left(t: Records) -> list[str]:
    return [moment(u["statusChanged"]).isoformat() for u in t.users.values() if u["status"] == "DEPROVISIONED"]


def _sharing(t: Records, *columns: str, fits: Fits = _everybody) -> Rows:
    """(login, how many share it) of everyone who has a value of one of the columns that somebody else has too."""
    holders: dict[str, set[str]] = defaultdict(set)
    for user in t.users.values():
        for column in columns if fits(user) else ():
            if value := (p(user).get(column) or "").strip().lower():
                holders[value].add(user["id"])
    return [(p(t.users[i])["login"], len(users)) for users in holders.values() if len(users) > 1 for i in users]


def _things_of(t: Records, person: str) -> set[tuple[str, str, str]]:
    roles = {r["type"]: r["label"] for r in (*t.families["user_roles"], *t.families["group_roles"])}
    return {
        *(("group", i, t.groups[i]["profile"]["name"]) for i in t.groups_of[person]),
        *(("application", i, t.apps[i]["label"]) for i in t.opens[person]),
        *(("admin role", i, roles[i]) for i in t.roles_of[person]),
    }


def _compared(t: Records) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    return _things_of(t, t.person("Dana", "Whitfield")), _things_of(t, t.person("Luis", "Ortega"))


def _lost(t: Records, *names: str, fits: Fits = _everybody) -> list[tuple[str, str]]:
    """(login, application) of whoever has the application by these groups alone."""
    ways: dict[tuple[str, str], set[str]] = defaultdict(set)
    for user, app, path in t.paths:
        ways[user, app].add(path)
    return [
        (p(t.users[user])["login"], t.apps[app]["label"])
        for (user, app), paths in ways.items()
        if paths <= set(names) and fits(t.users[user])
    ]


def _most_apps(t: Records) -> Rows:
    return _extreme([(p(u)["login"], _apps(t)(u)) for u in t.users.values()], 1)


def _with_median(t: Records) -> Rows:
    medians = {value: median(map(_groups(t), users)) for value, users in _by(t, "department").items()}
    rows = [
        (p(u)["login"], _groups(t)(u), medians[p(u).get("department")] if p(u).get("department") else None)
        for u in t.users.values()
    ]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[:10]


def _members(t: Records) -> list[tuple[str, int]]:
    return [(g["profile"]["name"], len(t.members_of[i])) for i, g in t.groups.items()]


def _dana(t: Records) -> str:
    return t.person("Dana", "Whitfield")


def _luis(t: Records) -> str:
    return t.person("Luis", "Ortega")


TRUTHS: dict[str, Callable[[Records], Rows]] = {
    # Dates that a tenant keeps as text.
    "hired_90_days": lambda t: _hired(t, _day(t, 90)),
    "hired_before_2020": lambda t: _hired(t, "0000", "2020-01-01"),
    "hired_this_year": lambda t: _hired(t, "2026-01-01"),
    "contractors_hired_since_march": lambda t: _hired(t, "2026-03-01", fits=_is("Contractor")),
    "hired_2024_sales": lambda t: _hired(t, "2024-01-01", "2025-01-01", _in("Sales")),
    "no_hire_date": lambda t: t.people(lambda u: not p(u).get("hireDate")),
    # Percentages.
    "percent_active": lambda t: _percentage(t, _everybody, _active),
    "percent_webauthn": lambda t: _percentage(t, _everybody, _has_factor(t, "webauthn")),
    "percent_sales_sms": lambda t: _percentage(t, _in("Sales"), _has_factor(t, "sms")),
    "percent_contractors_silent": lambda t: _percentage(
        t, _is("Contractor"), lambda u: not t.signed_in_since(u, t.now - timedelta(days=90))
    ),
    "percent_apps_saml": lambda t: [
        (len(t.apps), n := sum(a["signOnMode"] == "SAML_2_0" for a in t.apps.values()), 100 * n / len(t.apps))
    ],
    "percent_groups_empty": lambda t: [
        (len(t.groups), n := sum(not t.members_of[g] for g in t.groups), 100 * n / len(t.groups))
    ],
    "percent_by_status": lambda t: [
        (status, len(users), 100 * len(users) / len(t.users)) for status, users in _by(t, "status").items()
    ],
    "contractor_share": lambda t: [
        (value, people, yes, percent)
        for value, people, yes, _, percent in _parts_by(t, "department", _is("Contractor"))
    ],
    "active_share_by_city": lambda t: [
        (value, people, yes, percent) for value, people, yes, _, percent in _parts_by(t, "city", _active)
    ],
    "mfa_coverage": lambda t: _parts_by(t, "department", _has_factor(t)),
    "mfa_coverage_active": lambda t: _parts_by(t, "department", _has_factor(t), _active),
    "phishing_resistant_coverage": lambda t: _parts_by(t, "department", _has_factor(t, "webauthn", "signed_nonce")),
    "lowest_mfa_coverage": lambda t: _extreme(_parts_by(t, "department", _has_factor(t)), 4, min),
    "highest_contractor_share": lambda t: [
        (value, percent) for value, _, _, _, percent in _extreme(_parts_by(t, "department", _is("Contractor")), 4)
    ],
    # Several attributes, and how many of them.
    "by_department_and_status": lambda t: _by_two(t, "department", "status"),
    "by_city_and_type": lambda t: _by_two(t, "city", "userType"),
    "active_by_department_and_type": lambda t: _by_two(t, "department", "userType", _active),
    "status_of_outsiders": lambda t: [
        (status, len(users), sum(p(u)["userType"] in ("Service", "Contractor") for u in users))
        for status, users in _by(t, "status").items()
    ],
    "department_of_active": lambda t: [
        (value, people, yes) for value, people, yes, _, _ in _parts_by(t, "department", _active)
    ],
    # The most and the fewest, and bounds.
    "top_5_departments": lambda t: _top(_counts_by(t, "department"), 5),
    "top_3_cities_active": lambda t: _top(_counts_by(t, "city", _active), 3),
    "biggest_department": lambda t: _extreme(_counts_by(t, "department"), 1),
    "smallest_department": lambda t: _extreme(_counts_by(t, "department"), 1, min),
    "departments_over_30": lambda t: [row for row in _counts_by(t, "department") if row[1] > 30],
    "departments_few_contractors": lambda t: [
        (value, yes) for value, _, yes, _, _ in _parts_by(t, "department", _is("Contractor")) if value and yes < 4
    ],
    "most_apps": _most_apps,
    "most_reports": lambda t: _extreme([(p(t.users[i])["login"], len(r)) for i, r in t.reports_of.items()], 1),
    "largest_group": lambda t: _extreme(_members(t), 1),
    "three_largest_groups": lambda t: _top(_members(t), 3),
    "groups_of_100": lambda t: [(name,) for name, members in _members(t) if members >= 100],
    # Medians and averages.
    "median_groups": lambda t: _spread(t, "department", _groups(t), [median]),
    "spread_of_groups": lambda t: _spread(t, "department", _groups(t), [min, median, max]),
    "average_apps": lambda t: [(len(t.users), mean(map(_apps(t), t.users.values())))],
    "average_apps_of_contractors_by_city": lambda t: [
        (city, len(users), mean(map(_apps(t), users))) for city, users in _by(t, "city", _is("Contractor")).items()
    ],
    "average_group_size": lambda t: [(len(t.groups), mean(number for _, number in _members(t)))],
    "highest_average_groups": lambda t: [
        (value, average) for value, _, average in _extreme(_spread(t, "department", _groups(t), [mean]), 2)
    ],
    "groups_beside_median": _with_median,
    # Months.
    "joiners_and_leavers": lambda t: _per_month(_months((2026, 5), 7), _created(t), _left(t)),
    "contractors_joined_per_month": lambda t: _per_month(_months((2026, 1), 11), _created(t, _is("Contractor"))),
    "hired_per_month": lambda t: _per_month(
        _months((2026, 8), 4), [p(u)["hireDate"] for u in t.users.values() if p(u).get("hireDate")]
    ),
    # Duplicates.
    "same_phone_or_mail": lambda t: [*_sharing(t, "mobilePhone"), *_sharing(t, "email", "secondEmail")],
    "same_mail": lambda t: _sharing(t, "email", "secondEmail"),
    "same_phone": lambda t: _sharing(t, "mobilePhone"),
    "same_number": lambda t: _sharing(t, "employeeNumber"),
    "same_last_name_sales": lambda t: _sharing(t, "lastName", fits=_in("Sales")),
    # Comparisons.
    "dana_not_luis": lambda t: [(kind, name) for kind, _, name in _compared(t)[0] - _compared(t)[1]],
    "dana_and_luis": lambda t: [(kind, name) for kind, _, name in _compared(t)[0] & _compared(t)[1]],
    "dana_beside_luis": lambda t: [
        *((kind, name, "both") for kind, _, name in _compared(t)[0] & _compared(t)[1]),
        *((kind, name, f"only {p(t.users[_dana(t)])['login']}") for kind, _, name in _compared(t)[0] - _compared(t)[1]),
        *((kind, name, f"only {p(t.users[_luis(t)])['login']}") for kind, _, name in _compared(t)[1] - _compared(t)[0]),
    ],
    "dana_opens_not_luis": lambda t: [
        (t.apps[app]["label"], path) for user, app, path in t.paths if user == _dana(t) and app not in t.opens[_luis(t)]
    ],
    "groups_of_both": lambda t: t.group_names(lambda g: {_dana(t), _luis(t)} <= t.members_of[g["id"]]),
    "groups_of_luis_alone": lambda t: t.group_names(
        lambda g: _luis(t) in t.members_of[g["id"]] and _dana(t) not in t.members_of[g["id"]]
    ),
    # Losses.
    "lost_without_platform": lambda t: [(app, login) for login, app in _lost(t, "Eng-Platform")],
    "luis_loses": lambda t: [(app,) for _, app in _lost(t, "Eng-Platform", fits=lambda u: u["id"] == _luis(t))],
    "losing_salesforce": lambda t: [(login,) for login, app in _lost(t, "Sales") if app == "Salesforce"],
    "contractors_lose": lambda t: [(app, login) for login, app in _lost(t, "Engineering", fits=_is("Contractor"))],
    "lost_without_two": lambda t: [(app, login) for login, app in _lost(t, "Sales", "crm-power-users")],
}
