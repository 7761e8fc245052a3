"""What a query over a snapshot cannot know, in sentences for the reader of its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from holdfast.answer import Gap
from holdfast.graph.guard import GuardedQuery
from holdfast.graph.manifest import Manifest, UnknownRead

# More names than this make a sentence nobody reads; the sync report has them all.
_NAMES_SHOWN = 3

_NOUNS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "User": ("person", "people"),
        "Group": ("group", "groups"),
        "GroupRule": ("group rule", "group rules"),
        "Application": ("application", "applications"),
        "Factor": ("factor", "factors"),
        "Device": ("device", "devices"),
        "Role": ("admin role", "admin roles"),
        "Policy": ("policy", "policies"),
        "PolicyRule": ("policy rule", "policy rules"),
        "NetworkZone": ("network zone", "network zones"),
    }
)
# What a relation of a label is called, and what may be missing from an answer that could not read it.
_READS: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType(
    {
        ("Group", "MEMBER_OF"): ("Members of", "people"),
        ("Application", "HAS_ACCESS"): ("The people assigned to", "people"),
        ("Application", "GROUP_HAS_ACCESS"): ("The groups assigned to", "groups and their members"),
        ("User", "ENROLLED"): ("Factors of", "factors"),
        ("User", "HAS_ROLE"): ("Admin roles of", "admin roles"),
        ("Group", "HAS_ROLE"): ("Admin roles of", "admin roles"),
        ("Device", "OWNS"): ("Owners of", "owners"),
        ("Policy", "CONTAINS_RULE"): ("Rules of", "rules"),
    }
)
# Things that are read only through a relation, which a query for them need not name.
_READ_THROUGH: Mapping[str, str] = MappingProxyType(
    {"ENROLLED": "Factor", "CONTAINS_RULE": "PolicyRule", "HAS_ROLE": "Role"}
)
# Things that are missing together with what they hang on.
_HANG_ON: Mapping[str, str] = MappingProxyType({"Policy": "PolicyRule"})
# What a sync's family fills; an answer that reads none of it does not depend on the family's age.
FAMILY_FILLS: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "users": ("User", None),
        "groups": ("Group", None),
        "group_rules": ("GroupRule", None),
        "apps": ("Application", None),
        "zones": ("NetworkZone", None),
        "devices": ("Device", None),
        "policies": ("Policy", None),
        "group_members": ("Group", "MEMBER_OF"),
        "app_users": ("Application", "HAS_ACCESS"),
        "app_groups": ("Application", "GROUP_HAS_ACCESS"),
        "factors": ("User", "ENROLLED"),
        "role_assignees": ("User", "HAS_ROLE"),
        "user_roles": ("User", "HAS_ROLE"),
        "group_roles": ("Group", "HAS_ROLE"),
        "policy_rules": ("Policy", "CONTAINS_RULE"),
    }
)


def gaps(query: GuardedQuery, manifest: Manifest) -> tuple[Gap, ...]:
    """One gap for each kind of thing the query reads and the sync could not, or carried over from an earlier one."""
    kinds: dict[tuple[str, str | None], list[UnknownRead]] = {}
    for read in manifest.unknown:
        if _concerns(query, read.label, read.relation):
            kinds.setdefault((read.label, read.relation), []).append(read)
    messages = [_unread(label, relation, reads) for (label, relation), reads in kinds.items()]
    return tuple(Gap(origin="sync", message=message) for message in [*messages, *_ages(query, manifest)])


def _concerns(query: GuardedQuery, label: str, relation: str | None) -> bool:
    if relation is None:
        return label in query.labels or _HANG_ON.get(label) in query.labels
    if relation in query.relations:
        return label in query.labels
    return _READ_THROUGH.get(relation) in query.labels


def _unread(label: str, relation: str | None, reads: Sequence[UnknownRead]) -> str:
    one, many = _NOUNS[label]
    what, missing = _words(label, relation)
    whole = next((read for read in reads if read.subject_id is None), None)
    if whole is not None:
        return f"{_subject(label, relation)} could not be read ({whole.reason}); all {missing} may be missing here."
    count = f"1 {one}" if len(reads) == 1 else f"{len(reads):,} {many}"
    return f"{what} {count} could not be read ({_named(reads)}); {missing} may be missing here."


def _words(label: str, relation: str | None) -> tuple[str, str]:
    if relation is None:
        return "Details of", _NOUNS[label][1]
    words = relation.replace("_", " ").lower()
    return _READS.get((label, relation), (f"The links '{words}' of", "links"))


def _subject(label: str, relation: str | None) -> str:
    """The whole kind: `Members of groups`, `Devices`."""
    many = _NOUNS[label][1]
    return f"{_words(label, relation)[0]} {many}" if relation else many[0].upper() + many[1:]


def _named(reads: Sequence[UnknownRead]) -> str:
    """Up to a few names with their reasons; a reason they share is said once."""
    shown = reads[:_NAMES_SHOWN]
    more = f" and {len(reads) - len(shown):,} more" if len(reads) > len(shown) else ""
    names = [read.subject_name or read.subject_id or "" for read in shown]
    reasons = {read.reason for read in reads}
    if len(reasons) == 1:
        return f"{', '.join(names)}{more}: {reads[0].reason}"
    return "; ".join(f"{name}: {read.reason}" for name, read in zip(names, shown, strict=True)) + more


def _ages(query: GuardedQuery, manifest: Manifest) -> list[str]:
    kinds: dict[tuple[str, str | None], datetime] = {}
    for family, read_at in manifest.carried_over.items():
        kind = FAMILY_FILLS.get(family)
        if kind is not None and _concerns(query, *kind):
            kinds[kind] = min(read_at, kinds.get(kind, read_at))
    return [_age(label, relation, read_at, manifest) for (label, relation), read_at in kinds.items()]


def _age(label: str, relation: str | None, read_at: datetime, manifest: Manifest) -> str:
    older = _span(manifest.sync_finished - read_at)
    moment = f"{read_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"{_subject(label, relation)} were last read at {moment}, {older} before the rest; "
        "changes since then are not in this answer."
    )


def _span(age: timedelta) -> str:
    minutes = round(age.total_seconds() / 60)
    amount, unit = (
        (minutes, "minute") if minutes < 120 else (round(minutes / 60), "hour") if minutes < 2_880
        else (round(minutes / 1_440), "day")
    )  # fmt: skip
    return f"{amount} {unit}{'' if amount == 1 else 's'}"
