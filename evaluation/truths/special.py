"""What the special tools tell of one person: computed from the exported records, rule by rule and event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from evaluation.records import Record, Records, Rows, moment, p
from evaluation.truths.log import kilometres

_MAY_SIGN_IN = {"ACTIVE", "PASSWORD_EXPIRED", "RECOVERY"}
_RESISTANT = {"webauthn", "u2f", "signed_nonce"}
_TROUBLE = {
    "user.account.lock": "lockout",
    "user.mfa.okta_verify.deny_push": "push_refused",
    "user.account.report_suspicious_activity_by_enduser": "reported",
}
_ASKED = {
    *_TROUBLE,
    *("user.session.start", "user.authentication.auth_via_mfa", "user.authentication.sso"),
    "policy.evaluate_sign_on",
}
_BASELINE = timedelta(days=30)
_LOG = timedelta(days=90)


def access(first: str, last: str, label: str) -> Callable[[Records], Rows]:
    """(topic, subject, whether it holds) of whether somebody can open an application."""
    return lambda t: list(_access(t, t.person(first, last), t.app(label)))


def _access(t: Records, person: str, app: str) -> Iterator[tuple[str, str, str]]:
    user, label, login = t.users[person], t.apps[app]["label"], p(t.users[person])["login"]
    may, is_active = user["status"] in _MAY_SIGN_IN, t.apps[app]["status"] == "ACTIVE"
    lines = [x for x in t.families["app_users"] if (x["app_id"], x["user_id"]) == (app, person)]
    groups = [
        t.groups[x["group_id"]]["profile"]["name"]
        for x in t.families["app_groups"]
        if x["app_id"] == app and x["group_id"] in t.groups_of[person]
    ]
    policy = _policy(t, app)
    rules = _rules(t, policy["id"], person) if policy else []
    deciding = _deciding(rules)
    demands = [(rule["name"], _enrolled(t, person, rule)) for rule, _ in deciding if _access_of(rule) == "ALLOW"]
    yield "verdict", f"{login} → {label}", _verdict(may and is_active and bool(lines), deciding, demands)
    yield "person", login, "yes" if may else "no"
    yield "application", label, "yes" if is_active else "no"
    yield "path", label, "yes" if lines else "no"
    if any(line["scope"] == "USER" for line in lines):
        yield "path", label, "yes"
    for name in groups:
        yield "path", name, "yes"
    yield "policy", policy["name"] if policy else label, "yes" if rules else "unknown"
    for rule, fit in rules:
        yield "rule", rule["name"], "no" if rule["status"] == "INACTIVE" else fit
    for name, enrolled in demands:
        yield "demand", name, enrolled
    kinds = _kinds(t, person)
    yield "factors", login, "unknown" if kinds is None else "yes" if kinds else "no"


def _verdict(could: bool, deciding: list[tuple[Record, str]], demands: list[tuple[str, str]]) -> str:
    denying = [fit for rule, fit in deciding if _access_of(rule) == "DENY"]
    if not could or (denying and len(denying) == len(deciding) and denying[-1] == "yes"):
        return "no"
    of_last = {enrolled for name, enrolled in demands if name == deciding[-1][0]["name"]}
    return "depends" if denying or of_last == {"no"} else "yes"


def _policy(t: Records, app: str) -> Record | None:
    link = t.apps[app]["_links"].get("accessPolicy")
    policies = {x["id"]: x for x in t.families["policies"]}
    return policies[link["href"].rsplit("/", 1)[-1]] if link else None


def _rules(t: Records, policy: str, person: str) -> list[tuple[Record, str]]:
    rules = [rule for rule in t.families["policy_rules"] if rule["policy_id"] == policy]
    return [(rule, _fit(t, rule, person)) for rule in sorted(rules, key=lambda x: (x["priority"], x["name"]))]


def _fit(t: Records, rule: Record, person: str) -> str:
    conditions = rule["conditions"] or {}
    people = conditions.get("people") or {}
    users, groups = people.get("users") or {}, people.get("groups") or {}
    if person in users.get("exclude", []) or t.groups_of[person] & set(groups.get("exclude", [])):
        return "no"
    wanted = [person in users["include"]] if users.get("include") else []
    wanted += [bool(t.groups_of[person] & set(groups["include"]))] if groups.get("include") else []
    if wanted and not any(wanted):
        return "no"
    network = (conditions.get("network") or {}).get("connection", "ANYWHERE")
    return "yes" if all(wanted) and network == "ANYWHERE" else "depends"


def _deciding(rules: list[tuple[Record, str]]) -> list[tuple[Record, str]]:
    found = []
    for rule, fit in rules:
        if rule["status"] == "ACTIVE" and fit != "no":
            found.append((rule, fit))
            if fit == "yes":
                break
    return found


def _access_of(rule: Record) -> Any:
    return rule["actions"]["appSignOn"]["access"]


def _kinds(t: Records, person: str) -> set[str] | None:
    lines = [line for line in t.families["factors"] if line["user_id"] == person]
    if any(line.get("unreadable") for line in lines):
        return None
    return {line["factorType"] for line in lines if line["status"] == "ACTIVE"}


def _enrolled(t: Records, person: str, rule: Record) -> str:
    """Of the demo's three demands: a password; two factors; two factors of which one resists phishing."""
    (constraint,) = rule["actions"]["appSignOn"]["verificationMethod"]["constraints"]
    kinds, has_password = _kinds(t, person), "password" in t.users[person]["credentials"]
    if "knowledge" in constraint:
        return "yes" if has_password else "no"
    if kinds is None:
        return "unknown"
    held = kinds - {"question"}
    if constraint["possession"].get("phishingResistant"):
        held &= _RESISTANT
    if not held:
        return "no"
    # A key that verifies its user counts as two, which no list of factors tells.
    return "yes" if has_password or "question" in kinds else "unknown"


def risk(first: str, last: str, days: int = 7) -> Callable[[Records], Rows]:
    """(kind, moment, level) of what stands out in somebody's sign-ins."""
    return lambda t: list(_risk(t, t.person(first, last), timedelta(days=days)))


def _risk(t: Records, person: str, span: timedelta) -> Iterator[tuple[str, datetime | None, str | None]]:
    since = t.now - span
    begin = since - min(_BASELINE, _LOG - span)
    events = [
        e
        for e in t.families["log_events"]
        if begin <= moment(e["published"]) < t.now
        and e["eventType"] in _ASKED
        and person in {e["actor"]["id"], *(one["id"] for one in e["target"] or [])}
    ]
    events.sort(key=lambda e: (moment(e["published"]), e["uuid"]))
    before = [e for e in events if moment(e["published"]) < since and _signed_in(e)]
    recent = [e for e in events if moment(e["published"]) >= since]
    signed_in = [e for e in recent if _signed_in(e)]
    found = [*_jumps([*before[-1:], *signed_in]), *_new(_country, "new_country", before, signed_in)]
    found += [*_new(_client, "new_device", before, signed_in), *_troubles(recent)]
    if not before and signed_in:
        found.append(("no_baseline", None))
    found += [("unknown_place", moment(e["published"])) for e in signed_in if _place(e) is None or not _country(e)]
    yield "level", None, _level(found, bool(signed_in))
    for kind, when in found:
        yield kind, when, None


_Found = tuple[str, datetime | None]


def _level(found: list[_Found], any_sign_in: bool) -> str:
    kinds = [kind for kind, _ in found]
    failed = [when for kind, when in found if kind == "failure" and when]
    soon = [
        when
        for kind, when in found
        if kind == "new_country" and when and sum(timedelta() <= when - x <= timedelta(hours=1) for x in failed) >= 3
    ]
    if soon or {"impossible_travel", "push_refused", "reported"} & set(kinds):
        return "high"
    if {"new_country", "lockout", "denial"} & set(kinds) or len(failed) >= 5 or (failed and "new_device" in kinds):
        return "medium"
    if {"no_baseline", "unknown_place"} & set(kinds) or not (any_sign_in or found):
        return "unknown"
    return "low"


def _signed_in(e: Record) -> bool:
    return bool(e["eventType"] == "user.session.start" and e["outcome"]["result"] == "SUCCESS")


def _country(e: Record) -> Any:
    return (e["client"]["geographicalContext"] or {}).get("country")


def _place(e: Record) -> Mapping[str, float] | None:
    place: Mapping[str, float] | None = (e["client"]["geographicalContext"] or {}).get("geolocation")
    return place


def _client(e: Record) -> Any:
    agent = e["client"].get("userAgent") or {}
    words = [e["client"].get("device"), agent.get("os"), agent.get("browser")]
    return tuple(word for word in words if word and word.upper() != "UNKNOWN") or agent.get("rawUserAgent")


def _jumps(sign_ins: list[Record]) -> Iterator[_Found]:
    for one, other in pairwise(e for e in sign_ins if _place(e) is not None):
        here, there = _place(one), _place(other)
        assert here is not None
        assert there is not None
        far = kilometres(here, there)
        hours = (moment(other["published"]) - moment(one["published"])).total_seconds() / 3600
        if far >= 150 and far > 1000 * hours:
            yield "impossible_travel", moment(other["published"])


def _new(trait: Callable[[Record], Any], kind: str, before: list[Record], recent: list[Record]) -> Iterator[_Found]:
    seen = {trait(e) for e in before} - {None}
    if not seen:
        return
    for e in recent:
        if trait(e) is not None and trait(e) not in seen:
            seen.add(trait(e))
            yield kind, moment(e["published"])


def _troubles(recent: list[Record]) -> Iterator[_Found]:
    for e in recent:
        ended = {"DENY": "denial", "FAILURE": "failure"}.get(e["outcome"]["result"])
        if kind := _TROUBLE.get(e["eventType"]) or ended:
            yield kind, moment(e["published"])


TRUTHS: Mapping[str, Callable[[Records], Rows]] = {
    "access_dana_salesforce": access("Dana", "Whitfield", "Salesforce"),
    "access_imani_payments": access("Imani", "Okoye", "Payments API Console"),
    "access_carmen_vendor_portal": access("Carmen", "Iglesias", "Vendor Portal"),
    "access_harriet_netsuite": access("Harriet", "Vance", "NetSuite"),
    "access_sam_zendesk": access("Sam", "Underwood", "Zendesk"),
    "access_ottilie_aws": access("Ottilie", "Strand", "AWS IAM Identity Center"),
    "access_luis_old_wiki": access("Luis", "Ortega", "Old Wiki"),
    "risk_dana": risk("Dana", "Whitfield"),
    "risk_dana_30": risk("Dana", "Whitfield", 30),
    "risk_imani_30": risk("Imani", "Okoye", 30),
    "risk_carmen_60": risk("Carmen", "Iglesias", 60),
    "risk_sam_14": risk("Sam", "Underwood", 14),
}
