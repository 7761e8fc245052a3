"""What the system log tells: computed from the exported events, one by one, with no filter and no program."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from evaluation.records import Record, Records, Rows, moment, p

Fits = Callable[[Record], object]
Window = Callable[[Records], tuple[datetime, datetime]]
DAY = timedelta(days=1)
_SIGN_IN = "user.session.start"
_DENIED = {_SIGN_IN, "policy.evaluate_sign_on", "application.policy.sign_on.deny_access"}
_OPENED = "user.authentication.sso"


def last(length: timedelta) -> Window:
    return lambda t: (t.now - length, t.now)


def today(t: Records) -> tuple[datetime, datetime]:
    return t.now.replace(hour=0, minute=0, second=0, microsecond=0), t.now


def yesterday(t: Records) -> tuple[datetime, datetime]:
    midnight, _ = today(t)
    return midnight - DAY, midnight


def this_week(t: Records) -> tuple[datetime, datetime]:
    midnight, _ = today(t)
    return midnight - midnight.weekday() * DAY, t.now


def this_month(t: Records) -> tuple[datetime, datetime]:
    midnight, _ = today(t)
    return midnight.replace(day=1), t.now


EVER = last(90 * DAY)


def events(t: Records, within: Window, fits: Fits) -> Iterator[Record]:
    """The events of a window, the oldest first."""
    start, end = within(t)
    for one in t.families["log_events"]:
        if start <= moment(one["published"]) < end and fits(one):
            yield one


def of(*types: str, result: str | None = None) -> Fits:
    return lambda e: e["eventType"] in types and result in (None, e["outcome"]["result"])


def failed(e: Record) -> bool:
    return bool(e["eventType"] == _SIGN_IN and e["outcome"]["result"] == "FAILURE")


def signed_in(e: Record) -> bool:
    return bool(e["eventType"] == _SIGN_IN and e["outcome"]["result"] == "SUCCESS")


def denied(e: Record) -> bool:
    return bool(e["eventType"] in _DENIED and e["outcome"]["result"] == "DENY")


def opened(e: Record) -> bool:
    return bool(e["eventType"] == _OPENED and e["outcome"]["result"] == "SUCCESS")


def by(t: Records, first: str, last_name: str) -> Fits:
    person = t.person(first, last_name)
    return lambda e: e["actor"]["id"] == person


def target(e: Record, kind: str) -> Record:
    return next((one for one in e["target"] or [] if one["type"] == kind), {})


def login(e: Record) -> Any:
    return e["actor"]["alternateId"]


def app(e: Record) -> Any:
    return target(e, "AppInstance").get("displayName")


def user(e: Record) -> Any:
    return target(e, "User").get("alternateId")


def country(e: Record) -> Any:
    return (e["client"]["geographicalContext"] or {}).get("country")


def city(e: Record) -> Any:
    return (e["client"]["geographicalContext"] or {}).get("city")


def reason(e: Record) -> Any:
    return e["outcome"]["reason"]


def outcome(e: Record) -> Any:
    return e["outcome"]["result"]


def ip(e: Record) -> Any:
    return e["client"]["ipAddress"]


def day(e: Record) -> Any:
    return e["published"][:10]


def when(e: Record) -> datetime:
    return moment(e["published"]).replace(tzinfo=None)


def tally(found: Iterable[Record], *parts: Callable[[Record], Any]) -> list[tuple[Any, ...]]:
    """Each combination of the parts, and how many events have it."""
    return [(*key, number) for key, number in Counter(tuple(part(e) for part in parts) for e in found).items()]


def most(rows: Iterable[tuple[Any, ...]], number: int) -> Rows:
    """Those with the highest last value; of as many, in the order of their names."""
    return sorted(rows, key=lambda row: (-row[-1], *(str(part).lower() for part in row[:-1])))[:number]


def listed(found: Iterable[Record], *parts: Callable[[Record], Any]) -> Rows:
    return [tuple(part(e) for part in parts) for e in found]


def department(t: Records, name: str) -> Fits:
    return lambda e: e["actor"]["id"] in t.users and p(t.users[e["actor"]["id"]]).get("department") == name


def contractor(t: Records) -> Fits:
    return lambda e: e["actor"]["id"] in t.users and p(t.users[e["actor"]["id"]]).get("userType") == "Contractor"


def both(*fits: Fits) -> Fits:
    return lambda e: all(one(e) for one in fits)


def either(*fits: Fits) -> Fits:
    return lambda e: any(one(e) for one in fits)


def person(e: Record) -> Any:
    return login(e) if e["actor"]["id"] == "unknown" else e["actor"]["id"]


def reset_for_others(e: Record) -> bool:
    right = of("user.mfa.factor.reset_all", "user.mfa.factor.deactivate", result="SUCCESS")(e)
    aimed = target(e, "User").get("id")
    return bool(right and aimed is not None and aimed != e["actor"]["id"])


def names(e: Record) -> str:
    return ", ".join(one["displayName"] for one in e["target"])


def kilometres(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Kilometres along a great circle, by the law of cosines."""
    north, south = math.radians(one["lat"]), math.radians(other["lat"])
    turn = math.cos(math.radians(one["lon"] - other["lon"]))
    cosine = math.sin(north) * math.sin(south) + math.cos(north) * math.cos(south) * turn
    return 6371.0 * math.acos(max(-1.0, min(1.0, cosine)))


def travels(t: Records, within: Window, fits: Fits = lambda _: True) -> Iterator[Record]:
    """Sign-ins that come too soon after one that is far away."""
    before: dict[str, Record] = {}
    for one in events(t, within, both(signed_in, fits)):
        earlier = before.get(one["actor"]["id"])
        before[one["actor"]["id"]] = one
        if earlier is not None:
            km = kilometres(*(e["client"]["geographicalContext"]["geolocation"] for e in (one, earlier)))
            hours = max(1.0, (moment(one["published"]) - moment(earlier["published"])).total_seconds()) / 3600
            if km >= 150 and km / hours > 900:
                yield one


def countries_and_travel(t: Records) -> Rows:
    dana = by(t, "Dana", "Whitfield")
    jumps = Counter(country(e) for e in travels(t, last(30 * DAY), dana))
    found = tally(events(t, last(30 * DAY), both(signed_in, dana)), country)
    return [(name, number, jumps[name]) for name, number in found]


def _opened_apps(t: Records, within: Window) -> set[str]:
    return {target(e, "AppInstance").get("id", "") for e in events(t, within, opened)}


def never_opened(t: Records, fits: Fits = lambda _: True) -> Rows:
    seen = _opened_apps(t, last(60 * DAY))
    return t.app_labels(lambda a: a["id"] not in seen and fits(a))


def of_engineering(t: Records) -> Fits:
    group = t.group("Engineering")
    given = {x["app_id"] for x in t.families["app_groups"] if x["group_id"] == group}
    return lambda a: a["id"] in given


def silent(t: Records) -> Rows:
    seen = {e["actor"]["id"] for e in events(t, last(30 * DAY), signed_in)}
    return t.people(lambda u: u["status"] == "ACTIVE" and u["id"] not in seen)


def usage(t: Records) -> Rows:
    """The ten applications that most people can open, beside how many did."""
    openers: dict[str, set[str]] = defaultdict(set)
    for one in events(t, last(30 * DAY), opened):
        openers[target(one, "AppInstance").get("id", "")].add(one["actor"]["id"])
    assigned = [(a["label"], t.opened_by(i), len(openers[i])) for i, a in t.apps.items()]
    return sorted(assigned, key=lambda row: (-row[1], row[0]))[:10]


def most_failed(t: Records) -> Rows:
    counts = tally(events(t, this_week, failed), login)
    return [row for row in counts if row[-1] == max(number for _, number in counts)]


def added_to(name: str) -> Callable[[Records], Rows]:
    def rows(t: Records) -> Rows:
        group = t.group(name)
        added = of("group.user_membership.add", result="SUCCESS")
        found = events(t, EVER, both(added, lambda e: target(e, "UserGroup").get("id") == group))
        return listed(found, when, user, login)

    return rows


def role_of_luis(t: Records) -> Rows:
    luis = t.person("Luis", "Ortega")
    granted = of("user.account.privilege.grant", result="SUCCESS")
    wanted = "Read-only Administrator"
    fits = both(
        granted,
        lambda e: target(e, "User").get("id") == luis,
        lambda e: e["debugContext"]["debugData"].get("privilegeGranted") == wanted,
    )
    return [(when(e), login(e), wanted) for e in events(t, EVER, fits)]


def last_sign_ins_of_dana(t: Records) -> Rows:
    found = listed(events(t, EVER, both(signed_in, by(t, "Dana", "Whitfield"))), when, country)
    return list(found)[-5:]


_PUSH = either(of("user.mfa.okta_verify.deny_push"), of("user.account.report_suspicious_activity_by_enduser"))
_SUPPORT = tuple(f"user.session.impersonation.{word}" for word in ("grant", "initiate", "extend", "end", "revoke"))
_POLICY = tuple(
    [f"policy.lifecycle.{word}" for word in ("create", "update", "overwrite", "delete", "activate", "deactivate")]
    + [f"policy.rule.{word}" for word in ("add", "update", "delete", "activate", "deactivate")]
)


def _provisioning(e: Record) -> bool:
    family = e["eventType"].split(".")[:2]
    return bool(family == ["application", "provision"] and e["outcome"]["result"] == "FAILURE")


def first_sign_in_of_dana(t: Records) -> Rows:
    return list(listed(events(t, EVER, both(signed_in, by(t, "Dana", "Whitfield"))), when))[:1]


def worst_address(t: Records) -> Rows:
    counts = tally(events(t, last(30 * DAY), failed), ip)
    return [row for row in counts if row[-1] == max(number for _, number in counts)]


TRUTHS: Mapping[str, Callable[[Records], Rows]] = {
    "log_failed_day_by_person": lambda t: tally(events(t, last(DAY), failed), login, reason),
    "log_failed_finance": lambda t: tally(
        events(t, last(30 * DAY), both(failed, department(t, "Finance"))), login, reason
    ),
    "log_failed_count": lambda t: [(sum(1 for _ in events(t, last(7 * DAY), failed)),)],
    "log_failed_month_edge": lambda t: [(sum(1 for _ in events(t, last(30 * DAY), failed)),)],
    "log_failed_people": lambda t: [(len({person(e) for e in events(t, last(7 * DAY), failed)}),)],
    "log_failed_by_day": lambda t: tally(events(t, last(7 * DAY), failed), day),
    "log_failed_ever": lambda t: [(sum(1 for _ in events(t, EVER, failed)),)],
    "log_top_failed": lambda t: most(tally(events(t, last(30 * DAY), failed), login), 10),
    "log_most_failed": most_failed,
    "log_top_ips": lambda t: most(tally(events(t, last(7 * DAY), failed), ip), 3),
    "log_ips_today": lambda t: tally(events(t, today, failed), ip),
    "log_spray": lambda t: tally(events(t, last(7 * DAY), both(failed, lambda e: ip(e) == "198.18.66.6")), login),
    "log_hostile": lambda t: tally(events(t, last(DAY), both(failed, lambda e: ip(e) == "198.18.66.8")), login),
    "log_wrong_password": lambda t: tally(
        events(t, last(7 * DAY), both(failed, lambda e: reason(e) == "INVALID_CREDENTIALS")), login
    ),
    "log_resets_for_others": lambda t: listed(events(t, last(30 * DAY), reset_for_others), when, login, user),
    "log_resets_week": lambda t: listed(events(t, this_week, reset_for_others), when, login, user),
    "log_push_denied": lambda t: tally(events(t, EVER, _PUSH), login),
    "log_support": lambda t: listed(events(t, EVER, of(*_SUPPORT)), when, lambda e: e["eventType"], login),
    "log_role_of_luis": role_of_luis,
    "log_dana_countries": countries_and_travel,
    "log_dana_ips": lambda t: tally(events(t, EVER, both(signed_in, by(t, "Dana", "Whitfield"))), ip),
    "log_dana_apps": lambda t: tally(events(t, last(30 * DAY), both(opened, by(t, "Dana", "Whitfield"))), app),
    "log_dana_last": last_sign_ins_of_dana,
    "log_dana_times": lambda t: [
        (sum(1 for _ in events(t, last(30 * DAY), both(signed_in, by(t, "Dana", "Whitfield")))),)
    ],
    "log_salesforce": lambda t: tally(events(t, last(30 * DAY), both(opened, lambda e: app(e) == "Salesforce")), login),
    "log_openings_by_app": lambda t: tally(events(t, last(7 * DAY), opened), app),
    "log_never_opened": never_opened,
    "log_never_opened_engineering": lambda t: never_opened(t, of_engineering(t)),
    "log_silent": silent,
    "log_usage": usage,
    "log_travel": lambda t: listed(travels(t, EVER), login, when, city),
    "log_policies": lambda t: listed(events(t, EVER, of(*_POLICY, result="SUCCESS")), when, login, names),
    "log_tokens": lambda t: listed(
        events(t, EVER, of("system.api_token.create", result="SUCCESS")), when, login, names
    ),
    "log_rate": lambda t: listed(events(t, EVER, of("system.org.rate_limit.warning")), when, names),
    "log_provisioning": lambda t: tally(events(t, EVER, _provisioning), app, reason),
    "log_threats": lambda t: listed(
        events(t, EVER, of("security.threat.detected", "security.attack.start")), when, ip, reason
    ),
    "log_denied_by_country": lambda t: tally(events(t, EVER, denied), country),
    "log_contractors_by_outcome": lambda t: tally(
        events(t, last(30 * DAY), both(either(failed, denied), contractor(t))), outcome
    ),
    "log_mfa_by_outcome": lambda t: tally(events(t, last(30 * DAY), of("user.authentication.auth_via_mfa")), outcome),
    "log_mfa_by_factor": lambda t: tally(
        events(t, last(30 * DAY), of("user.authentication.auth_via_mfa")),
        lambda e: e["debugContext"]["debugData"].get("factor"),
    ),
    "log_added_to_sales": added_to("Sales"),
    "log_deactivations": lambda t: listed(
        events(t, this_month, of("user.lifecycle.deactivate", result="SUCCESS")), when, login, user
    ),
    "log_lockouts": lambda t: listed(events(t, EVER, of("user.account.lock", "user.account.lock.limit")), when, user),
    "log_own_password": lambda t: listed(
        events(
            t,
            this_month,
            both(
                of("user.account.update_password", result="SUCCESS"),
                lambda e: target(e, "User").get("id") == e["actor"]["id"],
            ),
        ),
        when,
        user,
    ),
    "log_three_failures": lambda t: [row for row in tally(events(t, last(7 * DAY), failed), login) if row[-1] >= 3],
    "log_busy_addresses": lambda t: [row for row in tally(events(t, last(7 * DAY), failed), ip) if row[-1] > 10],
    "log_failures_of_dana": lambda t: [
        (sum(1 for _ in events(t, last(30 * DAY), both(failed, by(t, "Dana", "Whitfield")))),)
    ],
    "log_reset_factors": lambda t: listed(
        events(t, last(30 * DAY), of("user.mfa.factor.reset_all", "user.mfa.factor.deactivate", result="SUCCESS")),
        when,
        user,
    ),
    "log_pushes": lambda t: tally(events(t, EVER, of("user.mfa.okta_verify.deny_push")), login),
    "log_last_minutes": lambda t: listed(events(t, last(timedelta(minutes=300)), of(_SIGN_IN)), when, login),
    "log_sign_ins_today": lambda t: listed(events(t, today, signed_in), when, login),
    "log_sign_ins_fortnight": lambda t: listed(events(t, last(14 * DAY), signed_in), when, login),
    "log_locked_this_week": lambda t: listed(
        events(t, this_week, of("user.account.lock", "user.account.lock.limit")), when, user
    ),
    "log_password_changes": lambda t: listed(
        events(t, last(42 * DAY), of("user.account.update_password", result="SUCCESS")), when, user
    ),
    "log_added_today": lambda t: listed(
        events(
            t,
            today,
            both(
                of("group.user_membership.add", result="SUCCESS"),
                lambda e: target(e, "UserGroup").get("id") == t.group("Sales"),
            ),
        ),
        when,
        user,
    ),
    "log_additions_by_group": lambda t: tally(
        events(t, EVER, of("group.user_membership.add", result="SUCCESS")),
        lambda e: target(e, "UserGroup").get("displayName"),
    ),
    "log_dana_first": first_sign_in_of_dana,
    "log_worst_address": worst_address,
    "log_germany": lambda t: tally(events(t, last(7 * DAY), both(signed_in, lambda e: country(e) == "Germany")), login),
    "log_berlin": lambda t: tally(events(t, last(30 * DAY), both(signed_in, lambda e: city(e) == "Berlin")), login),
    "log_console": lambda t: tally(
        events(t, last(30 * DAY), of("user.session.access_admin_app", result="SUCCESS")), login
    ),
    "log_yesterday_by_country": lambda t: tally(events(t, yesterday, signed_in), country),
}
