"""Programs as models write them by themselves, for questions that people ask; none was made to please the checks."""

# Lines are as long as models write them.
# ruff: noqa: E501

from __future__ import annotations

from typing import NamedTuple


class Natural(NamedTuple):
    """A step as a model plans it, and its program; `columns` like `login:text`, `least` rows in the demo tenant."""

    entity: str
    context: str
    columns: str
    least: int
    code: str


NATURAL: dict[str, Natural] = {
    "service app scopes": Natural(
        "service app",
        "Every active service app with the OAuth scopes granted to it: application_id, label, scope",
        "application_id:text label:text scope:text granted:time unread:text",
        0,
        """
import asyncio

apps = await list_applications(filter='status eq "ACTIVE"', fields=("id", "label", "settings.oauthClient.application_type", "signOnMode"))
service = [a for a in apps if a.get("settings", {}).get("oauthClient", {}).get("application_type") == "service"]

async def scopes(app):
    grants, reason = await attempt(list_application_grants(app["id"]))
    if grants is None:
        return [{"application_id": app["id"], "label": app.get("label"), "scope": None, "granted": None, "unread": reason}]
    return [
        {"application_id": app["id"], "label": app.get("label"), "scope": g.get("scopeId"), "granted": g.get("created"), "unread": None}
        for g in grants
    ]

nested = await asyncio.gather(*[scopes(a) for a in service])
result = sorted((row for rows in nested for row in rows), key=lambda r: (r["label"] or "", r["scope"] or ""))
""",
    ),
    "blocked zones": Natural(
        "network zone",
        "Blocked zones with IP ranges: zone_id, name, range",
        "zone_id:text name:text range:text kind:text",
        1,
        """
zones = await list_network_zones()
result = []
for zone in zones:
    if zone.get("usage") != "BLOCKLIST":
        continue
    for kind in ("gateways", "proxies"):
        for address in zone.get(kind) or []:
            result.append({"zone_id": zone["id"], "name": zone.get("name"), "range": address.get("value"), "kind": kind})
result.sort(key=lambda row: (row["name"], row["range"]))
""",
    ),
    "password policy": Natural(
        "password policy",
        "What the password policy for contractors demands: min length, age, history",
        "policy_id:text name:text min_length:integer max_age_days:integer history:integer",
        1,
        """
policies = await list_policies(type="PASSWORD")
result = []
for policy in policies:
    password = ((policy.get("settings") or {}).get("password") or {})
    complexity = password.get("complexity") or {}
    age = password.get("age") or {}
    if "contractor" not in (policy.get("name") or "").lower():
        continue
    result.append({
        "policy_id": policy["id"],
        "name": policy.get("name"),
        "min_length": complexity.get("minLength"),
        "max_age_days": age.get("maxAgeDays"),
        "history": age.get("historyCount"),
    })
""",
    ),
    "stale tokens": Natural(
        "api token",
        "API tokens not used for 90 days with the login of the user who owns each",
        "token_id:text name:text user_id:text owner_login:text last_used:time unread:text",
        1,
        """
import asyncio
from datetime import timedelta

cutoff = (now - timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
tokens = await list_api_tokens()
stale = [t for t in tokens if (t.get("lastUpdated") or "") < cutoff]
owner_ids = sorted({t["userId"] for t in stale if t.get("userId")})
answers = await asyncio.gather(*[attempt(get_user(user_id)) for user_id in owner_ids])
owners = dict(zip(owner_ids, answers))
result = []
for token in stale:
    owner, reason = owners.get(token.get("userId"), (None, None))
    result.append({
        "token_id": token["id"], "name": token.get("name"), "user_id": token.get("userId"),
        "owner_login": owner.get("profile", {}).get("login") if owner else None,
        "last_used": token.get("lastUpdated"), "unread": reason,
    })
result.sort(key=lambda r: r["last_used"] or "")
""",
    ),
    "log streams": Natural(
        "log stream",
        "Active log streams",
        "stream_id:text name:text type:text status:text",
        1,
        """
result = [
    {"stream_id": s["id"], "name": s.get("name"), "type": s.get("type"), "status": s["status"]}
    for s in await list_log_streams() if s["status"] == "ACTIVE"
]
""",
    ),
    "impersonation": Natural(
        "system log event",
        "Impersonation sessions granted in 90 days",
        "event_id:text published:time event_type:text actor:text outcome:text",
        1,
        """
from datetime import timedelta
since = now - timedelta(days=90)
events = await list_log_events(
    since=since.isoformat(),
    until=now.isoformat(),
    filter='eventType sw "user.session.impersonation"',
)
result = []
for event in events:
    actor = event.get("actor") or {}
    result.append({
        "event_id": event["uuid"], "published": event["published"], "event_type": event["eventType"],
        "actor": actor.get("alternateId"), "outcome": (event.get("outcome") or {}).get("result"),
    })
result.sort(key=lambda e: e["published"] or "", reverse=True)
""",
    ),
    "countries": Natural(
        "sign-in event",
        "Countries of sign-ins over 30 days per user",
        "user_id:text login:text country:text sign_ins:integer first:time last:time",
        1,
        """
from collections import defaultdict
from datetime import timedelta

until = now.strftime("%Y-%m-%dT%H:%M:%SZ")
since = (now - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
seen = defaultdict(list)
cursor = None
while True:
    events, cursor = await list_log_events_page(
        cursor,
        since=since,
        until=until,
        filter='eventType eq "user.session.start" and outcome.result eq "SUCCESS"',
        fields=("uuid", "published", "actor.id", "actor.alternateId", "client.geographicalContext.country"),
    )
    for event in events:
        actor = event.get("actor") or {}
        country = ((event.get("client") or {}).get("geographicalContext") or {}).get("country")
        seen[(actor.get("id"), actor.get("alternateId"), country)].append(event["published"])
    if not cursor:
        break
result = [
    {"user_id": uid, "login": login, "country": country, "sign_ins": len(times), "first": min(times), "last": max(times)}
    for (uid, login, country), times in sorted(seen.items(), key=lambda kv: (kv[0][1] or "", kv[0][2] or ""))
]
""",
    ),
    "denied push": Natural(
        "log event",
        "Users who denied a push or reported suspicious activity",
        "event_id:text published:time user_id:text login:text kind:text",
        1,
        """
from datetime import timedelta

KINDS = {
    "user.mfa.okta_verify.deny_push": "denied a push",
    "user.account.report_suspicious_activity_by_enduser": "reported suspicious activity",
}
query = " or ".join(f'eventType eq "{kind}"' for kind in KINDS)
events = await list_log_events(since=(now - timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), until=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), filter=query)
result = [
    {
        "event_id": e["uuid"],
        "published": e["published"],
        "user_id": e["actor"]["id"] if e.get("actor") else None,
        "login": e["actor"].get("alternateId") if e.get("actor") else None,
        "kind": KINDS[e["eventType"]],
    }
    for e in events
]
""",
    ),
    "role grant": Natural(
        "admin role grant event",
        "When roles were given, to whom, by whom",
        "event_id:text published:time actor:text target:text role:text",
        1,
        """
from datetime import timedelta
events = await list_log_events(
    since=(now - timedelta(days=90)).isoformat(timespec="seconds"), until=now.isoformat(timespec="seconds"),
    filter='eventType eq "user.account.privilege.grant"',
)
rows = []
for e in events:
    targets = e.get("target") or []
    users = [t for t in targets if t.get("type") == "User"]
    debug = (e.get("debugContext") or {}).get("debugData") or {}
    roles = [t.get("displayName") for t in targets if t.get("type") != "User"]
    for u in users:
        rows.append(dict(event_id=e["uuid"], published=e["published"], actor=e["actor"].get("alternateId"), target=u.get("alternateId"), role=debug.get("privilegeGranted") or ", ".join(r for r in roles if r)))
result = rows
""",
    ),
    "mfa resets": Natural(
        "mfa reset event",
        "Who reset MFA factors for other people this week",
        "event_id:text published:time actor_id:text actor_login:text user_id:text login:text",
        1,
        """
from datetime import timedelta, datetime

start = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
fmt = "%Y-%m-%dT%H:%M:%SZ"
result = []
for event in await list_log_events(since=start.strftime(fmt), until=now.strftime(fmt), filter='eventType eq "user.mfa.factor.deactivate" or eventType eq "user.mfa.factor.reset_all"'):
    actor = event["actor"]
    for target in event["target"] or []:
        if target["type"] == "User" and target["id"] != actor["id"]:
            result.append({"event_id": event["uuid"], "published": event["published"], "actor_id": actor["id"], "actor_login": actor.get("alternateId"), "user_id": target["id"], "login": target.get("alternateId")})
""",
    ),
    "app opens": Natural(
        "sso event",
        "Distinct users who opened each app in 30 days",
        "application_id:text label:text person_count:integer",
        1,
        """
from collections import defaultdict
from datetime import timedelta
until = now
since = until - timedelta(days=30)
people: dict[str, set[str]] = defaultdict(set)
labels: dict[str, str] = {}
cursor: str | None = None
pages = 0
while True:
    events, cursor = await list_log_events_page(cursor, since=since.strftime("%Y-%m-%dT%H:%M:%SZ"), until=until.strftime("%Y-%m-%dT%H:%M:%SZ"), filter='eventType eq "user.authentication.sso"', fields=("actor.id", "target"))
    pages += 1
    await progress(pages, pages + (1 if cursor else 0))
    for event in events:
        for target in event.get("target", []):
            if target.get("type") == "AppInstance":
                people[target["id"]].add(event["actor"]["id"])
                labels[target["id"]] = target.get("displayName", "")
    if cursor is None:
        break
ranked = sorted(people.items(), key=lambda item: -len(item[1]))
result = [{"application_id": app_id, "label": labels[app_id], "person_count": len(users)} for app_id, users in ranked]
""",
    ),
    "joiners leavers": Natural(
        "user lifecycle event",
        "Monthly joiners and leavers",
        "month:text joiners:integer leavers:integer",
        1,
        """
from collections import Counter
from datetime import timedelta
joined, left = Counter(), Counter()
events = await list_log_events(since=(now - timedelta(days=90)).isoformat(), until=now.isoformat(), filter='eventType eq "user.lifecycle.create" or eventType eq "user.lifecycle.deactivate"', fields=("published", "eventType"))
for e in events:
    counter = joined if e["eventType"] == "user.lifecycle.create" else left
    counter[e["published"][:7]] += 1
result = [{"month": m, "joiners": joined[m], "leavers": left[m]} for m in sorted(set(joined) | set(left))]
""",
    ),
    "catch-all apps": Natural(
        "policy",
        "Apps protected only by the catch-all rule of their authentication policy",
        "policy_id:text policy:text rules:integer application_id:text label:text unread:text",
        0,
        """
import asyncio

policies = await list_policies(type="ACCESS_POLICY")

async def look(policy):
    (rules, why), (apps, why_apps) = await asyncio.gather(
        attempt(list_policy_rules(policy["id"])), attempt(list_policy_applications(policy["id"]))
    )
    if rules is None or apps is None:
        return [{"policy_id": policy["id"], "policy": policy.get("name"), "rules": None, "application_id": None, "label": None, "unread": why or why_apps}]
    own = [rule for rule in rules if not rule.get("system")]
    if own:
        return []
    return [{"policy_id": policy["id"], "policy": policy.get("name"), "rules": len(rules), "application_id": app["id"], "label": app.get("label"), "unread": None} for app in apps]

result = sum(await asyncio.gather(*(look(p) for p in policies)), [])
""",
    ),
    "super admins live": Natural(
        "admin role",
        "Users who hold super admin right now",
        "user_id:text role:text how:text unread:text",
        1,
        """
import asyncio
holders = await list_role_assigned_users()
async def roles_of(user):
    roles, reason = await attempt(list_user_roles(user["id"]))
    return user, roles, reason
result = []
for user, roles, reason in await asyncio.gather(*map(roles_of, holders)):
    if roles is None:
        result.append({"user_id": user["id"], "role": None, "how": None, "unread": reason})
        continue
    for role in roles:
        if role["type"] == "SUPER_ADMIN":
            result.append({"user_id": user["id"], "role": role["type"], "how": role.get("assignmentType"), "unread": None})
""",
    ),
    "hooks": Natural(
        "hook",
        "Hooks that send data outside: id, name, kind, url",
        "hook_id:text name:text kind:text url:text status:text",
        1,
        """
rows = []
for hook in await list_event_hooks():
    config = (hook.get("channel") or {}).get("config") or {}
    rows.append({"hook_id": hook["id"], "name": hook["name"], "kind": "event hook", "url": config.get("uri"), "status": hook.get("status")})
for hook in await list_inline_hooks():
    config = (hook.get("channel") or {}).get("config") or {}
    rows.append({"hook_id": hook["id"], "name": hook.get("name"), "kind": "inline hook", "url": config.get("uri"), "status": hook.get("status")})
result = sorted(rows, key=lambda r: (r["kind"], str(r["name"]).casefold()))
""",
    ),
    "users last login": Natural(
        "user",
        "Active users who never signed in, with days since creation",
        "user_id:text login:text days:integer",
        1,
        """
from datetime import datetime, timezone

def to_dt(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value.replace("Z", "+00:00")) if value else None

users = await list_users(filter='status eq "ACTIVE"', fields=("id", "profile.login", "lastLogin", "created"))
result = []
for u in users:
    created = to_dt(u.get("created"))
    if u.get("lastLogin") is None and created is not None:
        result.append({"user_id": u["id"], "login": u["profile"]["login"], "days": (now - created).days})
result.sort(key=lambda r: r["days"], reverse=True)
""",
    ),
}
