"""Which columns a reader sees of each kind of thing, and under which names they stand in the rows."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from holdfast.graph.schema import ColumnType, GraphSchema
from holdfast.offline.grammar.names import LABELS
from holdfast.offline.meaning import AllOf, AnyOf, Compare, Condition, Missing, Not, Noun, ShownColumn, Within
from holdfast.offline.meaning.links import LINKS, Kind, Link


class SourceColumn(NamedTuple):
    """A column of the rows: the property of the thing behind it, and how it is shown."""

    property: str
    shown: ShownColumn


NOUNS: Final = {
    Kind.PERSON: Noun(one="person", many="people"),
    Kind.GROUP: Noun(one="group", many="groups"),
    Kind.APPLICATION: Noun(one="application", many="applications"),
    Kind.FACTOR: Noun(one="factor", many="factors"),
    Kind.ROLE: Noun(one="admin role", many="admin roles"),
    Kind.DEVICE: Noun(one="device", many="devices"),
    Kind.POLICY: Noun(one="policy", many="policies"),
    Kind.POLICY_RULE: Noun(one="policy rule", many="policy rules"),
    Kind.ZONE: Noun(one="network zone", many="network zones"),
    Kind.GROUP_RULE: Noun(one="group rule", many="group rules"),
}
ID_COLUMNS: Final = {kind: f"{'user' if kind is Kind.PERSON else kind.value}_id" for kind in Kind}
_USUAL: Final = {
    Kind.PERSON: ("login", "display_name", "status", "department", "title"),
    Kind.GROUP: ("name", "type", "description"),
    Kind.APPLICATION: ("label", "status", "sign_on_mode"),
    Kind.FACTOR: ("factor_type", "provider", "status", "created"),
    Kind.ROLE: ("label", "type"),
    Kind.DEVICE: ("name", "platform", "status", "os_version"),
    Kind.POLICY: ("name", "type", "status", "priority"),
    Kind.POLICY_RULE: ("name", "status", "priority"),
    Kind.ZONE: ("name", "type", "usage", "status"),
    Kind.GROUP_RULE: ("name", "status", "expression"),
}
# What a thing belongs to, which it does not tell by itself: the link to its one owner, and what is shown of that.
_OWNERS: Final = {
    Kind.FACTOR: (Link.ENROLLED_BY, ("login",)),
    Kind.POLICY_RULE: (Link.CONTAINED_IN, ("name", "type")),
}
# How a list is sorted where its first column is not how people read it: rules stand in the order they are tried.
_SORTED: Final = {
    Kind.FACTOR: ("login", "factor"),
    Kind.POLICY: ("policy_type", "policy_priority"),
    Kind.POLICY_RULE: ("policy_type", "policy_name", "policy_rule_priority"),
}
# Names in the rows that are not the property's own; other kinds than people put their noun before it.
_ALIASES: Final = {
    (Kind.PERSON, "display_name"): "name",
    (Kind.APPLICATION, "label"): "application",
    (Kind.APPLICATION, "sign_on_mode"): "sign_on_mode",
    (Kind.FACTOR, "factor_type"): "factor",
    (Kind.ROLE, "label"): "admin_role",
}
_HEADINGS: Final = {
    "name": "Name",
    "group_name": "Group",
    "application": "Application",
    "status": "Status",
    "sign_on_mode": "Sign-on mode",
    "factor": "Factor",
    "admin_role": "Admin role",
    "device_name": "Device",
    "policy_name": "Policy",
    "zone_name": "Network zone",
    "group_rule_name": "Group rule",
    "policy_rule_name": "Policy rule",
    "user_type": "User type",
    "last_login": "Last login",
}
_KINDS: Final[dict[ColumnType, Literal["text", "time", "flag", "number", "list"]]] = {
    ColumnType.STRING: "text",
    ColumnType.BOOL: "flag",
    ColumnType.INT64: "number",
    ColumnType.DOUBLE: "number",
    ColumnType.TIMESTAMP: "time",
    ColumnType.STRING_LIST: "list",
}


# When a role was assigned, to the person or to the group.
ROLE_SINCE: Final = ShownColumn(name="assigned", heading="Assigned", kind="time")


def column(schema: GraphSchema, kind: Kind, name: str) -> SourceColumn:
    """The column of the rows for that property of that kind of thing."""
    plain = name if kind is Kind.PERSON else f"{kind.value}_{name}"
    alias = _ALIASES.get((kind, name), plain)
    heading = _HEADINGS.get(alias, alias.removeprefix("custom_").replace("_", " ").capitalize())
    column_type = schema.node(LABELS[kind]).columns[name]
    return SourceColumn(name, ShownColumn(name=alias, heading=heading, kind=_KINDS[column_type]))


def usual(schema: GraphSchema, kind: Kind) -> list[SourceColumn]:
    """What is always shown of that kind of thing."""
    return [column(schema, kind, name) for name in _USUAL[kind]]


def naming(schema: GraphSchema, kind: Kind) -> SourceColumn:
    """The column that names a thing beside other things."""
    return column(schema, kind, _USUAL[kind][0])


def listed(schema: GraphSchema, kind: Kind, where: Condition | None, also: tuple[str, ...]) -> list[SourceColumn]:
    """The usual columns, those that the condition speaks of, and those that were asked for."""
    names = [*_USUAL[kind], *(_columns_of(where) if where else ()), *also]
    known = schema.node(LABELS[kind]).columns
    return [column(schema, kind, name) for name in dict.fromkeys(names) if name in known]


def owner(schema: GraphSchema, kind: Kind) -> tuple[Link, list[SourceColumn]] | None:
    """The link to the one thing that such a thing belongs to, and the columns that tell which."""
    if kind not in _OWNERS:
        return None
    link, names = _OWNERS[kind]
    return link, [column(schema, LINKS[link].target, name) for name in names]


def things_shown(
    schema: GraphSchema, kind: Kind, where: Condition | None, also: tuple[str, ...]
) -> tuple[tuple[ShownColumn, ...], tuple[str, ...]]:
    """The columns of a list of things, and those it is sorted by."""
    shown = [c.shown for c in listed(schema, kind, where, also)]
    belongs = owner(schema, kind)
    shown[1:1] = [c.shown for c in belongs[1]] if belongs else []
    return tuple(shown), _SORTED.get(kind, (shown[0].name,))


def _columns_of(condition: Condition) -> list[str]:
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return [name for part in parts for name in _columns_of(part)]
        case Not(condition=inner):
            return _columns_of(inner)
        case Compare(column="actions" | "conditions"):
            return []
        case Compare(column=name) | Within(column=name) | Missing(column=name):
            return ["manager" if name == "manager_id" else name]
        case _:
            return []


def count_column(kind: Kind) -> ShownColumn:
    """The column that holds how many things of that kind there are."""
    noun = NOUNS[kind]
    return ShownColumn(name=f"{noun.one.replace(' ', '_')}_count", heading=noun.many.capitalize(), kind="number")


def beside_column(schema: GraphSchema, link: Link) -> SourceColumn:
    """The column that names what is shown beside a thing, headed by what it is to that thing."""
    target = LINKS[link].target
    source = naming(schema, target)
    name, heading = _BESIDE.get(link, (f"{NOUNS[target].many.replace(' ', '_')}", NOUNS[target].many.capitalize()))
    return SourceColumn(source.property, ShownColumn(name=name, heading=heading, kind=source.shown.kind))


_BESIDE = {
    Link.HAS_MEMBER: ("members", "Members"),
    Link.REPORTS_TO: ("managers", "Managers"),
    Link.MANAGES: ("direct_reports", "Direct reports"),
    Link.OWNED_BY: ("owners", "Owners"),
}
