"""People, groups, applications: what is true of them, in plain Python over the export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from evaluation.records import Record, Records, Rows, counted, day, moment, p


def _in(user: Record, department: str) -> bool:
    return bool(p(user).get("department") == department)


def _no_app(t: Records, app: Record) -> bool:
    return t.opened_by(app["id"]) == 0


def _by_way(t: Records, *, directly: bool) -> Rows:
    return [path for path in t.app_paths("Salesforce") if (path[1] == "directly") is directly]


def _largest(t: Records, number: int) -> Rows:
    sizes = [(g["profile"]["name"], len(t.members_of[i])) for i, g in t.groups.items()]
    return sorted(sizes, key=lambda s: (-s[1], s[0]))[:number]


TRUTHS: dict[str, Callable[[Records], Rows]] = {
    "everyone": lambda t: t.people(lambda u: True),
    "active": lambda t: t.people(lambda u: u["status"] == "ACTIVE"),
    "locked_out": lambda t: t.people(lambda u: u["status"] == "LOCKED_OUT"),
    "suspended_or_locked": lambda t: t.people(lambda u: u["status"] in ("SUSPENDED", "LOCKED_OUT")),
    "password_expired": lambda t: t.people(lambda u: u["status"] == "PASSWORD_EXPIRED"),
    "not_active": lambda t: t.people(lambda u: u["status"] != "ACTIVE"),
    "contractors": lambda t: t.people(lambda u: p(u)["userType"] == "Contractor"),
    "service_never": lambda t: t.people(lambda u: p(u)["userType"] == "Service" and u["lastLogin"] is None),
    "finance_department": lambda t: t.people(lambda u: _in(u, "Finance")),
    "finance_group": lambda t: t.people(t.in_group("Finance")),
    "finance_contractors": lambda t: t.people(lambda u: _in(u, "Finance") and p(u)["userType"] == "Contractor"),
    "not_employees": lambda t: t.people(lambda u: p(u)["userType"] != "Employee"),
    "neither_employees_nor_contractors": lambda t: t.people(
        lambda u: p(u)["userType"] not in ("Employee", "Contractor")
    ),
    "contractors_and_never": lambda t: t.people(lambda u: p(u)["userType"] == "Contractor" or u["lastLogin"] is None),
    "sales_not_contractors": lambda t: t.people(lambda u: _in(u, "Sales") and p(u)["userType"] != "Contractor"),
    "sales_suspended_or_locked": lambda t: t.people(
        lambda u: _in(u, "Sales") and u["status"] in ("SUSPENDED", "LOCKED_OUT")
    ),
    "named_garcia": lambda t: t.people(lambda u: p(u)["lastName"] == "García"),
    "sales_or_legal": lambda t: t.people(lambda u: _in(u, "Sales") or _in(u, "Legal")),
    "active_london_or_berlin": lambda t: t.people(
        lambda u: u["status"] == "ACTIVE" and p(u)["city"] in ("London", "Berlin")
    ),
    "no_department": lambda t: t.people(lambda u: not p(u).get("department")),
    "no_manager": lambda t: t.people(lambda u: not p(u).get("managerId")),
    "not_engineering": lambda t: t.people(lambda u: not _in(u, "Engineering")),
    "accountants": lambda t: t.people(lambda u: p(u)["title"] == "Accountant"),
    "title_manager": lambda t: t.people(lambda u: "manager" in (p(u)["title"] or "").lower()),
    "privileged": lambda t: t.people(lambda u: p(u).get("isPrivileged") is True),
    "reports_to_ceo": lambda t: t.people(lambda u: u["id"] in t.reports_of[t.person("Marguerite", "Sørensen")]),
    "reports_to_vance": lambda t: t.people(lambda u: u["id"] in t.reports_of[t.person("Harriet", "Vance")]),
    "managers": lambda t: t.people(lambda u: t.reports_of.get(u["id"])),
    "dana_manager": lambda t: t.people(lambda u: p(t.users[t.person("Dana", "Whitfield")])["managerId"] == u["id"]),
    "manager_left": lambda t: t.people(
        lambda u: t.users.get(p(u).get("managerId"), {}).get("status") == "DEPROVISIONED"
    ),
    "dana_groups": lambda t: t.group_names(lambda g: g["id"] in t.groups_of[t.person("Dana", "Whitfield")]),
    "zoe_groups": lambda t: t.group_names(lambda g: g["id"] in t.groups_of[t.person("Zoë", "Müller-Lüdenscheidt")]),
    "eng_platform": lambda t: t.people(t.in_group("Eng-Platform")),
    "platform_or_web": lambda t: t.people(lambda u: t.in_group("Eng-Platform")(u) or t.in_group("Eng-Web")(u)),
    "platform_and_data": lambda t: t.people(lambda u: t.in_group("Eng-Platform")(u) and t.in_group("Eng-Data")(u)),
    "not_everyone_group": lambda t: t.people(lambda u: not t.in_group("Everyone")(u)),
    "no_group": lambda t: t.people(lambda u: not t.groups_of[u["id"]]),
    "seven_groups": lambda t: t.people(lambda u: len(t.groups_of[u["id"]]) > 7),
    "deprovisioned_in_groups": lambda t: t.people(lambda u: u["status"] == "DEPROVISIONED" and t.groups_of[u["id"]]),
    "salesforce": lambda t: t.app_paths("Salesforce"),
    "old_wiki": lambda t: t.app_paths("Old Wiki"),
    "salesforce_directly": lambda t: _by_way(t, directly=True),
    "salesforce_through_group": lambda t: _by_way(t, directly=False),
    "count_salesforce_through_group": lambda t: [(len({login for login, *_ in _by_way(t, directly=False)}),)],
    "not_salesforce_directly": lambda t: t.people(
        lambda u: u["status"] == "ACTIVE" and p(u)["login"] not in {login for login, *_ in _by_way(t, directly=True)}
    ),
    "dana_opens_directly": lambda t: [path for path in t.person_paths("Dana", "Whitfield") if path[1] == "directly"],
    "saml_paths": lambda t: [
        (p(t.users[u])["login"], t.apps[a]["label"], path)
        for u, a, path in t.paths
        if t.apps[a]["signOnMode"] == "SAML_2_0"
    ],
    "zoom_and_box_paths": lambda t: [
        (p(t.users[u])["login"], t.apps[a]["label"], path)
        for u, a, path in t.paths
        if a in (t.app("Zoom"), t.app("Box")) and {t.app("Zoom"), t.app("Box")} <= t.opens[u]
    ],
    "neither_box_nor_zoom": lambda t: t.people(lambda u: not t.can_open("Zoom")(u) and not t.can_open("Box")(u)),
    "salesforce_sales": lambda t: t.app_paths("Salesforce", lambda u: _in(u, "Sales")),
    "salesforce_contractors": lambda t: t.app_paths("Salesforce", lambda u: p(u)["userType"] == "Contractor"),
    "box_not_netsuite": lambda t: t.app_paths("Box", lambda u: not t.can_open("NetSuite")(u)),
    "zoom_and_box": lambda t: t.people(lambda u: t.can_open("Zoom")(u) and t.can_open("Box")(u)),
    "not_box": lambda t: t.people(lambda u: not t.can_open("Box")(u)),
    "dana_opens": lambda t: t.person_paths("Dana", "Whitfield"),
    "nobody_assigned": lambda t: t.app_labels(lambda a: _no_app(t, a)),
    "active_nobody_assigned": lambda t: t.app_labels(lambda a: a["status"] == "ACTIVE" and _no_app(t, a)),
    "saml": lambda t: t.app_labels(lambda a: a["signOnMode"] == "SAML_2_0"),
    "inactive_apps": lambda t: t.app_labels(lambda a: a["status"] == "INACTIVE"),
    "apps_over_100": lambda t: t.app_labels(lambda a: t.opened_by(a["id"]) > 100),
    "contractor_apps": lambda t: t.app_labels(
        lambda a: any(p(u)["userType"] == "Contractor" and a["id"] in t.opens[u["id"]] for u in t.users.values())
    ),
    "engineering_apps": lambda t: t.app_labels(
        lambda a: (
            {"app_id": a["id"], "group_id": t.group("Engineering")}
            in [{k: x[k] for k in ("app_id", "group_id")} for x in t.families["app_groups"]]
        )
    ),
    "salesforce_groups": lambda t: t.group_names(
        lambda g: any(x["group_id"] == g["id"] and x["app_id"] == t.app("Salesforce") for x in t.families["app_groups"])
    ),
    "empty_groups": lambda t: t.group_names(lambda g: not t.members_of[g["id"]]),
    "small_groups": lambda t: t.group_names(lambda g: 1 <= len(t.members_of[g["id"]]) <= 4),
    "groups_over_50": lambda t: t.group_names(lambda g: len(t.members_of[g["id"]]) > 50),
    "app_groups": lambda t: t.group_names(lambda g: g["type"] == "APP_GROUP"),
    "groups_2025": lambda t: t.group_names(lambda g: g["created"].startswith("2025")),
    "office_or_slack_groups": lambda t: t.group_names(
        lambda g: (
            "office" in g["profile"]["name"].lower()
            or any(x["group_id"] == g["id"] and x["app_id"] == t.app("Slack") for x in t.families["app_groups"])
        )
    ),
    "office_groups": lambda t: t.group_names(lambda g: "office" in g["profile"]["name"].lower()),
    "by_status": lambda t: counted(u["status"] for u in t.users.values()),
    "by_department": lambda t: counted(p(u).get("department") for u in t.users.values()),
    "active_by_department": lambda t: counted(
        p(u).get("department") for u in t.users.values() if u["status"] == "ACTIVE"
    ),
    "apps_by_mode": lambda t: counted(a["signOnMode"] for a in t.apps.values()),
    "groups_by_type": lambda t: counted(g["type"] for g in t.groups.values()),
    "count_contractors": lambda t: [(len(TRUTHS["contractors"](t)),)],  # type: ignore[arg-type]
    "count_salesforce": lambda t: [(t.opened_by(t.app("Salesforce")),)],
    "count_eng_platform": lambda t: [(len(t.members_of[t.group("Eng-Platform")]),)],
    "count_dana_apps": lambda t: [(len(t.opens[t.person("Dana", "Whitfield")]),)],
    "top_10_groups": lambda t: _largest(t, 10),
    "members_per_group": lambda t: _largest(t, 1000),
    "apps_per_person": lambda t: [(p(u)["login"], len(t.opens[u["id"]])) for u in t.users.values()],
    "last_7_days": lambda t: t.people(lambda u: t.signed_in_since(u, t.now - timedelta(days=7))),
    "silent_90_days": lambda t: t.people(lambda u: not t.signed_in_since(u, t.now - timedelta(days=90))),
    "active_silent_30": lambda t: t.people(
        lambda u: u["status"] == "ACTIVE" and not t.signed_in_since(u, t.now - timedelta(days=30))
    ),
    "never": lambda t: t.people(lambda u: u["lastLogin"] is None),
    "since_october": lambda t: t.people(lambda u: t.signed_in_since(u, day("2026-10-01"))),
    "in_october": lambda t: t.people(
        lambda u: t.signed_in_since(u, day("2026-10-01")) and moment(u["lastLogin"]) < day("2026-11-01")
    ),
    "last_login_long_ago": lambda t: t.people(
        lambda u: u["lastLogin"] and moment(u["lastLogin"]) < t.now - timedelta(days=90)
    ),
    "last_login_month_ago": lambda t: t.people(
        lambda u: (
            t.signed_in_since(u, t.now - timedelta(days=60)) and not t.signed_in_since(u, t.now - timedelta(days=30))
        )
    ),
    "logged_in_today": lambda t: t.people(lambda u: t.signed_in_since(u, day("2026-11-20"))),
    "created_quarter": lambda t: t.people(lambda u: day("2026-01-01") <= moment(u["created"]) < day("2026-04-01")),
    "suspended_or_never": lambda t: t.people(lambda u: u["status"] == "SUSPENDED" or u["lastLogin"] is None),
    "super_admins": lambda t: t.people(lambda u: "SUPER_ADMIN" in t.roles_of[u["id"]]),
    "with_admin_roles": lambda t: t.people(lambda u: t.roles_of[u["id"]]),
    "sales_with_device": lambda t: t.people(lambda u: _in(u, "Sales") and t.devices_of[u["id"]]),
    "suspended_devices": lambda t: [
        (d["profile"]["displayName"],) for d in t.families["devices"] if d["status"] == "SUSPENDED"
    ],
}
