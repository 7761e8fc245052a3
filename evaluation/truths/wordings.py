"""What is asked in many words by help desks, auditors and reviewers: the truths, in plain Python over the export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from evaluation.records import Record, Records, Rows, counted, day, moment, p


def _department(user: Record, name: str) -> bool:
    return bool(p(user).get("department") == name)


def _type(user: Record, name: str) -> bool:
    return bool(p(user)["userType"] == name)


def _created(thing: Record, start: datetime, end: datetime | None = None) -> bool:
    return start <= moment(thing["created"]) and (end is None or moment(thing["created"]) < end)


def _newest(t: Records, number: int) -> Rows:
    by_age = sorted(t.users.values(), key=lambda u: (moment(u["created"]), p(u)["login"]), reverse=True)
    return [(p(u)["login"],) for u in by_age[:number]]


def _oldest(t: Records, number: int, fits: Callable[[Record], object]) -> Rows:
    by_age = sorted(filter(fits, t.users.values()), key=lambda u: (moment(u["created"]), p(u)["login"]))
    return [(p(u)["login"],) for u in by_age[:number]]


def _latest_logins(t: Records, number: int, fits: Callable[[Record], object]) -> Rows:
    seen = [u for u in t.users.values() if u["lastLogin"] and fits(u)]
    return [(p(u)["login"],) for u in sorted(seen, key=lambda u: moment(u["lastLogin"]), reverse=True)[:number]]


def _with_members(t: Records, fits: Callable[[Record], object]) -> Rows:
    return t.group_names(lambda g: any(fits(t.users[u]) for u in t.members_of[g["id"]]))


def _largest(t: Records, number: int) -> Rows:
    sizes = [(g["profile"]["name"], len(t.members_of[i])) for i, g in t.groups.items()]
    return sorted(sizes, key=lambda s: (-s[1], s[0]))[:number]


def _app_groups(t: Records, label: str) -> set[str]:
    return {line["group_id"] for line in t.families["app_groups"] if line["app_id"] == t.app(label)}


def _vance(t: Records) -> str:
    return t.person("Harriet", "Vance")


TRUTHS: dict[str, Callable[[Records], Rows]] = {
    "suspended": lambda t: t.people(lambda u: u["status"] == "SUSPENDED"),
    "deprovisioned": lambda t: t.people(lambda u: u["status"] == "DEPROVISIONED"),
    "staged": lambda t: t.people(lambda u: u["status"] == "STAGED"),
    "provisioned": lambda t: t.people(lambda u: u["status"] == "PROVISIONED"),
    "interns": lambda t: t.people(lambda u: _type(u, "Intern")),
    "service_accounts": lambda t: t.people(lambda u: _type(u, "Service")),
    "active_contractors": lambda t: t.people(lambda u: u["status"] == "ACTIVE" and _type(u, "Contractor")),
    "suspended_contractors": lambda t: t.people(lambda u: u["status"] == "SUSPENDED" and _type(u, "Contractor")),
    "engineering_contractors": lambda t: t.people(lambda u: _department(u, "Engineering") and _type(u, "Contractor")),
    "active_engineering": lambda t: t.people(lambda u: u["status"] == "ACTIVE" and _department(u, "Engineering")),
    "contractors_or_interns": lambda t: t.people(lambda u: p(u)["userType"] in ("Contractor", "Intern")),
    "contractors_no_manager": lambda t: t.people(lambda u: _type(u, "Contractor") and not p(u).get("managerId")),
    "active_no_manager": lambda t: t.people(lambda u: u["status"] == "ACTIVE" and not p(u).get("managerId")),
    "no_mobile": lambda t: t.people(lambda u: not p(u).get("mobilePhone")),
    "no_title": lambda t: t.people(lambda u: not p(u).get("title")),
    "berlin": lambda t: t.people(lambda u: p(u).get("city") == "Berlin"),
    "london_contractors": lambda t: t.people(lambda u: p(u).get("city") == "London" and _type(u, "Contractor")),
    "not_london": lambda t: t.people(lambda u: p(u).get("city") != "London"),
    "germany": lambda t: t.people(lambda u: p(u).get("countryCode") == "DE"),
    "technology": lambda t: t.people(lambda u: p(u).get("division") == "Technology"),
    "head_titles": lambda t: t.people(lambda u: (p(u).get("title") or "").lower().startswith("head")),
    "financial_analysts": lambda t: t.people(lambda u: p(u).get("title") == "Financial Analyst"),
    "gdpr": lambda t: t.people(lambda u: "GDPR" in p(u).get("certifications", ())),
    "privileged_contractors": lambda t: t.people(lambda u: p(u).get("isPrivileged") is True and _type(u, "Contractor")),
    "vance_reports_active": lambda t: t.people(
        lambda u: u["id"] in t.reports_of[_vance(t)] and u["status"] == "ACTIVE"
    ),
    "managers_of_contractors": lambda t: t.people(
        lambda u: any(_type(t.users[r], "Contractor") for r in t.reports_of.get(u["id"], ()))
    ),
    "manager_suspended": lambda t: t.people(
        lambda u: t.users.get(p(u).get("managerId"), {}).get("status") == "SUSPENDED"
    ),
    "five_reports": lambda t: t.people(lambda u: len(t.reports_of.get(u["id"], ())) >= 5),
    "same_manager_as_dana": lambda t: t.people(
        lambda u: (
            u["id"] != t.person("Dana", "Whitfield")
            and p(u).get("managerId") == p(t.users[t.person("Dana", "Whitfield")])["managerId"]
        )
    ),
    "platform_not_web": lambda t: t.people(lambda u: t.in_group("Eng-Platform")(u) and not t.in_group("Eng-Web")(u)),
    "vpn_users": lambda t: t.people(t.in_group("vpn-users")),
    "vpn_contractors": lambda t: t.people(lambda u: t.in_group("vpn-users")(u) and _type(u, "Contractor")),
    "neither_platform_nor_web": lambda t: t.people(
        lambda u: not t.in_group("Eng-Platform")(u) and not t.in_group("Eng-Web")(u)
    ),
    "none_of_three": lambda t: t.people(
        lambda u: not any(t.in_group(g)(u) for g in ("Eng-Platform", "Eng-Web", "Eng-Data"))
    ),
    "any_of_three": lambda t: t.people(
        lambda u: any(t.in_group(g)(u) for g in ("Eng-Platform", "Eng-Web", "Eng-Data"))
    ),
    "finance_group_not_department": lambda t: t.people(
        lambda u: t.in_group("Finance")(u) and not _department(u, "Finance")
    ),
    "one_group": lambda t: t.people(lambda u: len(t.groups_of[u["id"]]) == 1),
    "ten_groups": lambda t: t.people(lambda u: len(t.groups_of[u["id"]]) > 10),
    "contractors_in_vpn_or_platform": lambda t: t.people(
        lambda u: _type(u, "Contractor") and (t.in_group("vpn-users")(u) or t.in_group("Eng-Platform")(u))
    ),
    "groups_with_contractors": lambda t: _with_members(t, lambda u: _type(u, "Contractor")),
    "groups_with_deprovisioned": lambda t: _with_members(t, lambda u: u["status"] == "DEPROVISIONED"),
    "groups_without_contractors": lambda t: t.group_names(
        lambda g: not any(_type(t.users[u], "Contractor") for u in t.members_of[g["id"]])
    ),
    "groups_one_member": lambda t: t.group_names(lambda g: len(t.members_of[g["id"]]) == 1),
    "groups_under_5": lambda t: t.group_names(lambda g: len(t.members_of[g["id"]]) < 5),
    "eng_groups": lambda t: t.group_names(lambda g: g["profile"]["name"].lower().startswith("eng-")),
    "groups_without_apps": lambda t: t.group_names(
        lambda g: not any(line["group_id"] == g["id"] for line in t.families["app_groups"])
    ),
    "groups_without_description": lambda t: t.group_names(lambda g: not g["profile"].get("description")),
    "groups_before_2023": lambda t: t.group_names(lambda g: moment(g["created"]) < day("2023-01-01")),
    "box_or_zoom": lambda t: [
        (p(t.users[u])["login"], t.apps[a]["label"], path)
        for u, a, path in t.paths
        if t.apps[a]["label"] in ("Box", "Zoom")
    ],
    "box_finance": lambda t: t.app_paths("Box", lambda u: _department(u, "Finance")),
    "box_suspended": lambda t: t.app_paths("Box", lambda u: u["status"] == "SUSPENDED"),
    "github": lambda t: t.app_paths("GitHub Enterprise"),
    "github_not_engineering": lambda t: t.app_paths("GitHub Enterprise", lambda u: not _department(u, "Engineering")),
    "workday_never": lambda t: t.app_paths("Workday", lambda u: u["lastLogin"] is None),
    "no_app": lambda t: t.people(lambda u: not t.opens[u["id"]]),
    "salesforce_silent_90": lambda t: t.app_paths(
        "Salesforce", lambda u: not t.signed_in_since(u, t.now - timedelta(days=90))
    ),
    "oidc": lambda t: t.app_labels(lambda a: a["signOnMode"] == "OPENID_CONNECT"),
    "active_saml": lambda t: t.app_labels(lambda a: a["signOnMode"] == "SAML_2_0" and a["status"] == "ACTIVE"),
    "not_saml": lambda t: t.app_labels(lambda a: a["signOnMode"] != "SAML_2_0"),
    "apps_under_10": lambda t: t.app_labels(lambda a: t.opened_by(a["id"]) < 10),
    "apps_of_vpn_users": lambda t: t.app_labels(lambda a: t.group("vpn-users") in _app_groups(t, a["label"])),
    "apps_with_suspended": lambda t: t.app_labels(
        lambda a: any(a["id"] in t.opens[i] for i, u in t.users.items() if u["status"] == "SUSPENDED")
    ),
    "box_groups": lambda t: t.group_names(lambda g: g["id"] in _app_groups(t, "Box")),
    "count_active": lambda t: [(sum(u["status"] == "ACTIVE" for u in t.users.values()),)],
    "count_apps": lambda t: [(len(t.apps),)],
    "count_groups": lambda t: [(len(t.groups),)],
    "count_box": lambda t: [(t.opened_by(t.app("Box")),)],
    "count_vance_reports": lambda t: [(len(t.reports_of[_vance(t)]),)],
    "by_city": lambda t: counted(p(u).get("city") for u in t.users.values()),
    "by_type": lambda t: counted(p(u)["userType"] for u in t.users.values()),
    "contractors_by_department": lambda t: counted(
        p(u).get("department") for u in t.users.values() if _type(u, "Contractor")
    ),
    "apps_by_status": lambda t: counted(a["status"] for a in t.apps.values()),
    "top_5_groups": lambda t: _largest(t, 5),
    "newest_10": lambda t: _newest(t, 10),
    "oldest_5_contractors": lambda t: _oldest(t, 5, lambda u: _type(u, "Contractor")),
    "latest_20_logins": lambda t: _latest_logins(t, 20, lambda _: True),
    "logged_in_yesterday": lambda t: t.people(
        lambda u: t.signed_in_since(u, day("2026-11-19")) and moment(u["lastLogin"]) < day("2026-11-20")
    ),
    "since_monday": lambda t: t.people(lambda u: t.signed_in_since(u, day("2026-11-16"))),
    "last_fortnight": lambda t: t.people(lambda u: t.signed_in_since(u, t.now - timedelta(days=14))),
    "silent_half_year": lambda t: t.people(
        lambda u: not t.signed_in_since(u, datetime.fromisoformat("2026-05-20T15:30Z"))
    ),
    "silent_contractors": lambda t: t.people(
        lambda u: _type(u, "Contractor") and not t.signed_in_since(u, t.now - timedelta(days=60))
    ),
    "active_never": lambda t: t.people(lambda u: u["status"] == "ACTIVE" and u["lastLogin"] is None),
    "created_this_year": lambda t: t.people(lambda u: _created(u, day("2026-01-01"))),
    "created_this_week": lambda t: t.people(lambda u: _created(u, day("2026-11-16"))),
    "created_q3_2025": lambda t: t.people(lambda u: _created(u, day("2025-07-01"), day("2025-10-01"))),
    "created_h1_2026": lambda t: t.people(lambda u: _created(u, day("2026-01-01"), day("2026-07-01"))),
    "created_2025": lambda t: t.people(lambda u: _created(u, day("2025-01-01"), day("2026-01-01"))),
    "created_30_days": lambda t: t.people(lambda u: _created(u, t.now - timedelta(days=30))),
    "password_year": lambda t: t.people(
        lambda u: not u["passwordChanged"] or moment(u["passwordChanged"]) < datetime.fromisoformat("2025-11-20T15:30Z")
    ),
    "apps_created_this_year": lambda t: t.app_labels(lambda a: _created(a, day("2026-01-01"))),
    "groups_created_2024": lambda t: t.group_names(lambda g: _created(g, day("2024-01-01"), day("2025-01-01"))),
}
