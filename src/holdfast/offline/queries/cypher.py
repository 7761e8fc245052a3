"""Conditions as Cypher: each as what surely holds and what surely does not.

What the tenant did not let us read (`*_known` is false) makes a condition neither: a person whose factors are unknown
is not among those without one. So "not" does not negate text, it asks for the other of the two.

The constructs are those that were measured right on both engines: EXISTS and COUNT subqueries, `coalesce` around a
comparison that may be null, `= true` on flags. No query has a
comment, a parameter or a string that was not quoted here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Final

from holdfast.graph.schema import ColumnType, GraphSchema
from holdfast.offline.grammar.names import LABELS
from holdfast.offline.meaning import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Linked,
    Missing,
    Named,
    Not,
    Only,
    Operator,
    Selection,
    Within,
)
from holdfast.offline.meaning.links import HELD, HOLDING, LINKS, OPENED, OPENING, Kind, Link
from holdfast.offline.queries.link_patterns import PATTERNS

# Okta takes a person's assignments away on deactivation, though the groups may keep the person.
CAN_OPEN_ANYTHING: Final = "{0}.status <> 'DEPROVISIONED'"

# The marker that must be true for the absence of a link to mean "none"; also of everything that might lead back.
_NEAR: Final[dict[Link, str]] = {
    Link.HAS_MEMBER: "members_known",
    Link.OPENED_BY: "users_known",
    Link.OPENED_DIRECTLY_BY: "users_known",
    Link.OPENED_THROUGH_GROUP_BY: "users_known",
    Link.GIVEN_BY: "groups_known",
    Link.ENROLLED: "factors_known",
    Link.HOLDS: "roles_known",
    Link.HOLDS_DIRECTLY: "roles_known",
    Link.GRANTS: "roles_known",
    Link.CONTAINS: "rules_known",
    Link.OWNED_BY: "owners_known",
    Link.MANAGED_FOR: "owners_known",
    Link.UNMANAGED_FOR: "owners_known",
}

# A text that begins with a day there is: no 31st of September. A time of the day may follow.
_A_DAY: Final = (
    "^([0-9]{4}-(01|03|05|07|08|10|12)-(0[1-9]|[12][0-9]|3[01])"
    "|[0-9]{4}-(04|06|09|11)-(0[1-9]|[12][0-9]|30)"
    "|[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])"
    "|[0-9]{2}(0[48]|[2468][048]|[13579][26])-02-29)([^0-9]|$)"
)


def _absent(schema: GraphSchema, variable: str, kind: Kind, column: str) -> str:
    """Some directories send an empty text for what somebody does not have."""
    none = f"{variable}.{column} IS NULL"
    if schema.node(LABELS[kind]).columns[column] is not ColumnType.STRING:
        return none
    return f"({none} OR coalesce(regexp_matches({variable}.{column}, '^ *$'), false))"


def there(schema: GraphSchema, variable: str, kind: Kind, column: str) -> str:
    """The value of a column; null also where it is an empty text."""
    none = _absent(schema, variable, kind, column)
    value = f"{variable}.{column}"
    return value if none == f"{value} IS NULL" else f"(CASE WHEN {none} THEN NULL ELSE {value} END)"


def may_be_untold(link: Link) -> bool:
    """Whether a tenant may tell of no number at all of a thing's links of that kind."""
    return link in _NEAR


def quoted(text: str) -> str:
    """A string literal that holds exactly `text`."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "'" + "".join(escapes.get(c, c) for c in text) + "'"


def node(variable: str, kind: Kind) -> str:
    """The pattern of a thing; `Group` is a word of the language, so labels of that name are quoted."""
    label = LABELS[kind]
    return f"({variable}:{f'`{label}`' if kind is Kind.GROUP else label})"


def pattern(link: Link, source: str, target: str) -> str:
    """The first pattern of a link: the one whose matches can be counted."""
    return PATTERNS[link][0].format(source, target)


@dataclass
class Conditions:
    """Compiles conditions over one schema; every thing within a query gets a variable of its own."""

    schema: GraphSchema
    _variables: Iterator[int] = field(default_factory=lambda: count(1))

    def variable(self) -> str:
        """A variable that the query does not hold yet."""
        return f"x{next(self._variables)}"

    def selected(self, selection: Selection, variable: str) -> str:
        """What holds of the selected things; `true` for all of them."""
        return "true" if selection.where is None else self.holds(selection.where, variable, selection.kind)

    def holds(self, condition: Condition, variable: str, kind: Kind) -> str:
        """True where the condition surely holds."""
        match condition:
            case AllOf(conditions=parts):
                return _joined(" AND ", [self.holds(part, variable, kind) for part in parts])
            case AnyOf(conditions=parts):
                return _joined(" OR ", [self.holds(part, variable, kind) for part in parts])
            case Not(condition=inner):
                return self.fails(inner, variable, kind)
            case Linked():
                return self._linked(condition, variable)
            case Only():
                return self.holds(_spelt_out(condition), variable, kind)
            case Compare() | Within() | Missing() | Named():
                return self._plain(condition, variable, kind)

    def fails(self, condition: Condition, variable: str, kind: Kind) -> str:
        """True where the condition surely does not hold."""
        match condition:
            case AllOf(conditions=parts):
                return _joined(" OR ", [self.fails(part, variable, kind) for part in parts])
            case AnyOf(conditions=parts):
                return _joined(" AND ", [self.fails(part, variable, kind) for part in parts])
            case Not(condition=inner):
                return self.holds(inner, variable, kind)
            case Linked():
                return self._not_linked(condition, variable)
            case Only():
                return self.fails(_spelt_out(condition), variable, kind)
            case Compare() | Within() | Missing() | Named():
                return f"NOT coalesce({self._plain(condition, variable, kind)}, false)"

    def may_hold(self, condition: Condition, variable: str, kind: Kind, unsure: Sequence[Link]) -> str:
        """True where the condition holds, or may for all that was read of the links `unsure` of that very thing."""
        match condition:
            case AllOf(conditions=parts):
                return _joined(" AND ", [self.may_hold(part, variable, kind, unsure) for part in parts])
            case AnyOf(conditions=parts):
                return _joined(" OR ", [self.may_hold(part, variable, kind, unsure) for part in parts])
            case Not(condition=AllOf(conditions=parts)):
                return _joined(" OR ", [self.may_hold(_opposite(part), variable, kind, unsure) for part in parts])
            case Not(condition=AnyOf(conditions=parts)):
                return _joined(" AND ", [self.may_hold(_opposite(part), variable, kind, unsure) for part in parts])
            case Linked(link=link) | Only(link=link) | Not(condition=Linked(link=link) | Only(link=link)):
                surely = self.holds(condition, variable, kind)
                marker = self._marker(link) if link in unsure else None
                return f"({variable}.{marker} = false OR {surely})" if marker else surely
            case _:
                return self.holds(condition, variable, kind)

    def counted(self, link: Link, variable: str, target: Selection) -> str:
        """How many of `target` a thing is linked to; null where that is unknown."""
        number = self._count(link, variable, target)
        if link in OPENING:
            return f"CASE WHEN {CAN_OPEN_ANYTHING.format(variable)} THEN {number} ELSE 0 END"
        if marker := self._marker(link):
            return f"CASE WHEN {variable}.{marker} = true THEN {number} ELSE NULL END"
        return number

    def has_some(self, link: Link, variable: str, target: Selection) -> str:
        """True where at least one of `target` was found."""
        return f"({self._exists(link, variable, target)})"

    def may_lack(self, link: Link, variable: str, target: Selection) -> str:
        """True where there may be more of `target` than was read: of the thing itself, or where none was found."""
        known = self._known(link, variable, target)
        if not known:
            return ""
        none = f"NOT coalesce({_joined(' AND ', known)}, false) AND NOT {self.has_some(link, variable, target)}"
        marker = self._marker(link)
        either = f"({variable}.{marker} = false OR ({none}))" if marker else f"({none})"
        return _joined(" AND ", [*self._alive(link, variable), either])

    def _plain(self, condition: Compare | Within | Missing | Named, variable: str, kind: Kind) -> str:
        match condition:
            case Named(ids=ids):
                return f"{variable}.id IN [{', '.join(map(quoted, ids))}]"
            case Missing(column=column):
                return _absent(self.schema, variable, kind, column)
            case Within(column=column, start=start, end=end):
                is_text = self._type(kind, column) is ColumnType.STRING
                bounds = [f"{variable}.{column} >= {_moment(start, is_text)}"] if start else []
                bounds += [f"{variable}.{column} < {_moment(end, is_text)}"] if end else []
                if is_text:
                    # What is no date is neither before nor after one.
                    bounds.append(f"regexp_matches({variable}.{column}, '{_A_DAY}')")
                return _joined(" AND ", bounds)
            case Compare():
                return self._compared(condition, variable, kind)

    def _compared(self, condition: Compare, variable: str, kind: Kind) -> str:
        column = f"{variable}.{condition.column}"
        texts = [v for v in condition.values if isinstance(v, str)]
        if self._type(kind, condition.column) is ColumnType.STRING_LIST:
            return _joined(" OR ", [f"coalesce(list_contains({column}, {quoted(v)}), false)" for v in texts])
        if condition.operator is Operator.IS:
            return f"{column} IN [{', '.join(map(_literal, condition.values))}]"
        word = {
            Operator.SPELT: "=",
            Operator.CONTAINS: "CONTAINS",
            Operator.STARTS: "STARTS WITH",
            Operator.ENDS: "ENDS WITH",
        }[condition.operator]
        return _joined(" OR ", [f"lower({column}) {word} {quoted(v.lower())}" for v in texts])

    def _type(self, kind: Kind, column: str) -> ColumnType:
        return self.schema.node(LABELS[kind]).columns[column]

    def _linked(self, condition: Linked, variable: str) -> str:
        link, target = condition.link, condition.target
        if (condition.at_least, condition.at_most) == (1, None):
            return _joined(" AND ", [*self._alive(link, variable), self._exists(link, variable, target)])
        bounds = [*self._alive(link, variable)] if condition.at_least else []
        number = self._count(link, variable, target)
        if condition.at_least:
            bounds.append(f"{number} >= {condition.at_least}")
        if condition.at_most is not None:
            at_most = _joined(" AND ", [*self._known(link, variable, target), f"{number} <= {condition.at_most}"])
            bounds.append(self._or_left(link, variable, at_most) if not condition.at_least else at_most)
        return _joined(" AND ", bounds)

    def _not_linked(self, condition: Linked, variable: str) -> str:
        link, target = condition.link, condition.target
        known = self._known(link, variable, target)
        if (condition.at_least, condition.at_most) == (1, None):
            none = _joined(" AND ", [*known, f"NOT {self._may_exist(link, variable, target)}"])
            return self._or_left(link, variable, none)
        number = self._count(link, variable, target)
        ways = []
        if condition.at_least:
            fewer = _joined(" AND ", [*known, f"{number} < {condition.at_least}"])
            ways.append(self._or_left(link, variable, fewer))
        if condition.at_most is not None:
            ways.append(_joined(" AND ", [*self._alive(link, variable), f"{number} > {condition.at_most}"]))
        return _joined(" OR ", ways)

    @staticmethod
    def _alive(link: Link, variable: str) -> list[str]:
        return [CAN_OPEN_ANYTHING.format(variable)] if link in OPENING else []

    @staticmethod
    def _or_left(link: Link, variable: str, none: str) -> str:
        """Somebody who left can open nothing, whatever could not be read."""
        return f"({variable}.status = 'DEPROVISIONED' OR {none})" if link in OPENING else none

    def _exists(self, link: Link, variable: str, target: Selection, *, maybe: bool = False) -> str:
        found = []
        for way in PATTERNS[link]:
            other = self.variable()
            wanted = self._maybe(link, target, other) if maybe else self._target(link, target, other)
            where = _joined(" AND ", [*_still_there(link, way, variable, other), wanted])
            found.append(_exists(way.format(variable, other), where))
        return _joined(" OR ", found)

    def _may_exist(self, link: Link, variable: str, target: Selection) -> str:
        """Linked to something that is not surely none of them: "none" may be said of no other."""
        doubtful = target.where is not None and _hangs_on_links(target.where)
        return self._exists(link, variable, target, maybe=doubtful)

    def _maybe(self, link: Link, target: Selection, variable: str) -> str:
        assert target.where is not None
        alive = [CAN_OPEN_ANYTHING.format(variable)] if link in OPENED else []
        return _joined(" AND ", [*alive, f"NOT coalesce({self.fails(target.where, variable, target.kind)}, false)"])

    def _count(self, link: Link, variable: str, target: Selection) -> str:
        # The tenant lists everyone who can open an application, also those who can only through groups: the first
        # pattern has each thing once.
        other = self.variable()
        where = self._target(link, target, other)
        if len(PATTERNS[link]) > 1 and link not in (Link.CAN_OPEN, Link.OPENED_BY):
            ways = _joined(
                " OR ",
                [
                    _exists(way.format(variable, other), _joined(" AND ", _still_there(link, way, variable, other)))
                    for way in PATTERNS[link]
                ],
            )
            return f"COUNT {{ MATCH {node(other, target.kind)} WHERE {_joined(' AND ', [where, ways])} }}"
        return f"COUNT {{ MATCH {pattern(link, variable, other)} WHERE {where} }}"

    def _target(self, link: Link, target: Selection, variable: str) -> str:
        alive = [CAN_OPEN_ANYTHING.format(variable)] if link in OPENED else []
        return _joined(" AND ", [*alive, self.selected(target, variable)])

    def _known(self, link: Link, variable: str, target: Selection) -> list[str]:
        marker = self._marker(link)
        known = [f"{variable}.{marker} = true"] if marker else []
        if link in (Link.HOLDS, Link.HOLDS_THROUGH_GROUP):
            known += self._roles_of_groups_known(variable, target)
        if far := self._marker(LINKS[link].inverse):
            other = self.variable()
            doubt = f"{other}.{far} = false AND {self.selected(target, other)}"
            known.append(f"NOT EXISTS {{ MATCH {node(other, target.kind)} WHERE {doubt} }}")
        return known

    def _marker(self, link: Link) -> str | None:
        """The marker on a link's source; a snapshot of an earlier day may not have it."""
        marker = _NEAR.get(link)
        return marker if marker in self.schema.node(LABELS[LINKS[link].source]).columns else None

    def _roles_of_groups_known(self, variable: str, target: Selection) -> list[str]:
        """No role comes through a group whose roles, or whose members, could not be read."""
        group, other, role = self.variable(), self.variable(), self.variable()
        unread = f"({variable})-[:MEMBER_OF]->({group}:`Group`)"
        granting = f"({other}:`Group`)-[:HAS_ROLE]->({role}:Role)"
        doubt = _joined(" AND ", [f"{other}.members_known = false", self.selected(target, role)])
        none = _joined(
            " AND ", [f"NOT {_exists(unread, f'{group}.roles_known = false')}", f"NOT {_exists(granting, doubt)}"]
        )
        return [f"({variable}.status = 'DEPROVISIONED' OR {none})"]


def _spelt_out(only: Only) -> Condition:
    """Linked to one of them, and to nothing else that counts."""
    target = only.target
    others: list[Condition] = [] if target.where is None else [_opposite(target.where)]
    if only.besides is not None and only.besides.where is not None:
        others.append(_opposite(only.besides.where))
    some = Linked(link=only.link, target=target)
    if target.where is None:
        return some
    where = others[0] if len(others) == 1 else AllOf(conditions=tuple(others))
    return AllOf(
        conditions=(some, Not(condition=Linked(link=only.link, target=Selection(kind=target.kind, where=where))))
    )


def _hangs_on_links(condition: Condition) -> bool:
    """Whether it may be unknown of something: attributes are always known."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return any(_hangs_on_links(part) for part in parts)
        case Not(condition=inner):
            return _hangs_on_links(inner)
        case _:
            return isinstance(condition, Linked | Only)


def _opposite(condition: Condition) -> Condition:
    return condition.condition if isinstance(condition, Not) else Not(condition=condition)


def _exists(way: str, where: str) -> str:
    return f"EXISTS {{ MATCH {way} WHERE {where} }}"


def _still_there(link: Link, way: str, variable: str, other: str) -> list[str]:
    """A role held through a group ends with deactivation, though the membership may stay."""
    if "MEMBER_OF" not in way:
        return []
    if link in HOLDING:
        return [CAN_OPEN_ANYTHING.format(variable)]
    return [CAN_OPEN_ANYTHING.format(other)] if link in HELD else []


def _joined(word: str, parts: list[str]) -> str:
    kept = [part for part in parts if part != "true"] if word == " AND " else parts
    if not kept:
        return "true"
    return kept[0] if len(kept) == 1 else f"({word.join(kept)})"


def _literal(value: str | bool | int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)


def _moment(moment: datetime, is_text: bool) -> str:
    utc = moment.astimezone(UTC)
    if is_text:
        return quoted(utc.strftime("%Y-%m-%d"))
    return f"timestamp({quoted(utc.strftime('%Y-%m-%d %H:%M:%S.%f'))})"
