"""Which rule of an application's sign-on policy applies to a person; pure rules.

Rules are tried in the order of their priority, and the first that fits decides. Of a condition that only the moment of
a sign-in decides (network, device, risk) nothing is assumed: the rule then "depends on" it, and the next one that fits
may decide instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fit(StrEnum):
    """Whether a rule, or one of its conditions, is about a person."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


@dataclass(frozen=True)
class Person:
    """Of whom it is asked. `doubtful_groups` are groups of whom it is unknown whether the person is a member."""

    id: str
    groups: Set[str]
    doubtful_groups: Set[str] = frozenset()
    # The id of the kind of user; None where it could not be read.
    type_id: str | None = None


@dataclass(frozen=True)
class Rule:
    """A rule as far as it is about one person. `reasons` say why it does not fit, or on what that depends."""

    id: str
    name: str
    priority: int
    is_active: bool
    fit: Fit
    reasons: tuple[str, ...]
    # ALLOW, DENY, or empty where the tenant does not say.
    access: str
    method: Mapping[str, Any]


@dataclass(frozen=True)
class _Verdict:
    fit: Fit
    reason: str = ""


def read_rules(records: Iterable[Mapping[str, Any]], person: Person, names: Mapping[str, str]) -> tuple[Rule, ...]:
    """Rules in the order in which they are tried. `names` tell groups and zones by their ids."""
    rules = (_rule(record, person, names) for record in records)
    return tuple(sorted(rules, key=lambda rule: (rule.priority, rule.name)))


def deciding(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The active rules of which one decides: all that may fit, up to the first that surely does."""
    found = []
    for rule in rules:
        if rule.is_active and rule.fit is not Fit.NO:
            found.append(rule)
            if rule.fit is Fit.YES:
                break
    return tuple(found)


def _rule(record: Mapping[str, Any], person: Person, names: Mapping[str, str]) -> Rule:
    verdicts = list(_verdicts(record.get("conditions") or {}, person, names))
    fit = Fit.YES
    for kind in (Fit.NO, Fit.DEPENDS):
        if any(verdict.fit is kind for verdict in verdicts):
            fit = kind
            break
    sign_on = (record.get("actions") or {}).get("appSignOn") or {}
    return Rule(
        id=str(record.get("id", "")),
        name=str(record.get("name", "")),
        priority=int(record.get("priority") or 0),
        is_active=record.get("status") != "INACTIVE",
        fit=fit,
        reasons=tuple(verdict.reason for verdict in verdicts if verdict.fit is fit and verdict.reason),
        access=str(sign_on.get("access") or ""),
        method=sign_on.get("verificationMethod") or {},
    )


def _verdicts(conditions: Mapping[str, Any], person: Person, names: Mapping[str, str]) -> Iterator[_Verdict]:
    """One for each condition; each must hold."""
    known = {"people", "userType", "network", "device", "platform", "riskScore", "elCondition"}
    people = conditions.get("people") or {}
    yield from _people(people, person, names)
    if kind := conditions.get("userType"):
        yield _user_type(kind, person)
    if (network := conditions.get("network")) and network.get("connection") != "ANYWHERE":
        yield _Verdict(Fit.DEPENDS, _network_words(network, names))
    if device := conditions.get("device"):
        yield _Verdict(Fit.DEPENDS, _device_words(device))
    if platform := conditions.get("platform"):
        yield from _platform(platform)
    if (risk := conditions.get("riskScore")) and risk.get("level") not in (None, "ANY"):
        yield _Verdict(Fit.DEPENDS, f"depends on the risk of the sign-in, which must be {risk['level']}")
    if expression := (conditions.get("elCondition") or {}).get("condition"):
        yield _Verdict(Fit.DEPENDS, f"depends on the expression {expression}")
    for name in sorted(set(conditions) - known):
        if conditions[name]:
            yield _Verdict(Fit.DEPENDS, f"depends on a condition that is not understood here: {name}")


def _people(people: Mapping[str, Any], person: Person, names: Mapping[str, str]) -> Iterator[_Verdict]:
    users, groups = people.get("users") or {}, people.get("groups") or {}
    if person.id in _ids(users, "exclude"):
        yield _Verdict(Fit.NO, "it leaves this person out by name")
    if left_out := _ids(groups, "exclude") & person.groups:
        yield _Verdict(Fit.NO, f"it leaves out members of {_named(left_out, names)}")
    elif unsure := _ids(groups, "exclude") & person.doubtful_groups:
        yield _Verdict(Fit.DEPENDS, f"depends on membership of {_named(unsure, names)}, which could not be read")
    wanted_users, wanted_groups = _ids(users, "include"), _ids(groups, "include")
    by_user = _by_user(wanted_users, person)
    by_group = _by_group(wanted_groups, person, names)
    if by_user is None or by_group is None:
        yield by_user or by_group or _Verdict(Fit.YES)
    elif by_user.fit is by_group.fit:
        yield by_user if by_user.fit is Fit.YES else by_group
    else:
        # Whether one of them is enough, Okta does not document.
        yield _Verdict(
            Fit.DEPENDS,
            f"depends on how Okta joins its people and its groups ({_named(wanted_groups, names)}): one fits",
        )


def _by_user(wanted: Set[str], person: Person) -> _Verdict | None:
    if not wanted:
        return None
    return _Verdict(Fit.YES) if person.id in wanted else _Verdict(Fit.NO, "it is for other people")


def _by_group(wanted: Set[str], person: Person, names: Mapping[str, str]) -> _Verdict | None:
    if not wanted:
        return None
    if wanted & person.groups:
        return _Verdict(Fit.YES)
    if unsure := wanted & person.doubtful_groups:
        return _Verdict(Fit.DEPENDS, f"depends on membership of {_named(unsure, names)}, which could not be read")
    return _Verdict(Fit.NO, f"it is for members of {_named(wanted, names)}")


def _user_type(kind: Mapping[str, Any], person: Person) -> _Verdict:
    wanted, unwanted = _ids(kind, "include"), _ids(kind, "exclude")
    if person.type_id is None and (wanted or unwanted):
        return _Verdict(Fit.DEPENDS, "depends on the person's user type, which could not be read")
    if person.type_id in unwanted or (wanted and person.type_id not in wanted):
        return _Verdict(Fit.NO, "it is for another type of user")
    return _Verdict(Fit.YES)


def _network_words(network: Mapping[str, Any], names: Mapping[str, str]) -> str:
    inside, outside = _ids(network, "include"), _ids(network, "exclude")
    parts = [f"inside {_named(inside, names)}"] if inside else []
    parts += [f"outside {_named(outside, names)}"] if outside else []
    return f"depends on the network: {' and '.join(parts) or network.get('connection')}"


def _device_words(device: Mapping[str, Any]) -> str:
    wants = [word for word in ("registered", "managed") if device.get(word)]
    wants += [f"assurance {policy}" for policy in (device.get("assurance") or {}).get("include") or ()]
    return f"depends on the device: {', '.join(wants) or 'a condition on it'}"


def _platform(platform: Mapping[str, Any]) -> Iterator[_Verdict]:
    for way, word in (("include", "one of"), ("exclude", "none of")):
        kinds = sorted({_platform_words(each) for each in platform.get(way) or ()} - {"ANY"})
        if kinds:
            yield _Verdict(Fit.DEPENDS, f"depends on the platform: {word} {', '.join(kinds)}")


def _platform_words(each: Mapping[str, Any]) -> str:
    system = (each.get("os") or {}).get("type")
    return str(system if system not in (None, "ANY") else each.get("type") or "ANY")


def _ids(condition: Mapping[str, Any], way: str) -> Set[str]:
    return frozenset(str(each) for each in condition.get(way) or ())


def _named(ids: Set[str], names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names.get(each, each) for each in ids))
