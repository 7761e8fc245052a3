"""The queries behind comparisons: who shares a value, what two people have, what is lost without a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from holdfast.graph.schema import GraphSchema
from holdfast.offline.columns import ID_COLUMNS, NOUNS, listed, naming, usual
from holdfast.offline.meaning import Alike, Holdings, Linked, Loss, Selection
from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.number_columns import (
    ATTRIBUTE,
    HELD_BY,
    SHARED,
    SHARED_BY,
    THING_KIND,
    THING_NAME,
    attribute_name,
)
from holdfast.offline.queries.cypher import CAN_OPEN_ANYTHING, Conditions, node, quoted

_PHONES: Final = frozenset({"mobile_phone", "primary_phone"})
# What a person has, seen from the thing.
_HELD: Final = {Kind.GROUP: Link.HAS_MEMBER, Kind.APPLICATION: Link.OPENED_BY, Kind.ROLE: Link.HELD_BY}


def alike(meaning: Alike, schema: GraphSchema) -> str:
    """One row for each subject and value that another subject has too."""
    return " UNION ALL ".join(_alike(meaning, columns, schema) for columns in meaning.columns)


def _alike(meaning: Alike, columns: Sequence[str], schema: GraphSchema) -> str:
    kind = meaning.subject.kind
    shown = listed(schema, kind, meaning.subject.where, ())
    match = f"MATCH {node('s', kind)} WHERE {Conditions(schema).selected(meaning.subject, 's')}"
    values = f"UNWIND [{', '.join(f's.{name}' for name in columns)}] AS item"
    # Somebody whose two addresses are the same shares them with nobody.
    own = ", ".join([f"s.id AS {ID_COLUMNS[kind]}", *(f"s.{c.property} AS {c.shown.name}" for c in shown)])
    keyed = f"WITH {own}, {_key(columns)} AS shared_key, min(item) AS {SHARED} WHERE shared_key <> ''"
    names = [ID_COLUMNS[kind], *(c.shown.name for c in shown), SHARED]
    gathered = f"WITH shared_key, collect({{{', '.join(f'{name}: {name}' for name in names)}}}) AS sharing"
    returned = ", ".join(f"struct_extract(one, {quoted(name)}) AS {name}" for name in names)
    said = quoted(" or ".join(attribute_name(schema, kind, name) for name in columns))
    return (
        f"{match} {values} {keyed} {gathered} WHERE size(sharing) > 1 WITH shared_key, sharing, size(sharing) AS many "
        f"UNWIND sharing AS one RETURN {returned}, {said} AS {ATTRIBUTE}, shared_key, many AS {SHARED_BY} "
        f"ORDER BY shared_key, {shown[0].shown.name}, {ID_COLUMNS[kind]}"
    )


def _key(columns: Sequence[str]) -> str:
    """What values are compared by."""
    return "regexp_replace(item, '[^0-9]', '', 'g')" if _PHONES.issuperset(columns) else "lower(trim(item))"


def holdings(meaning: Holdings, schema: GraphSchema) -> str:
    """One row for each thing that one of the two people has, or both."""
    return " UNION ALL ".join(_held(meaning, kind, schema) for kind in _HELD)


def _held(meaning: Holdings, kind: Kind, schema: GraphSchema) -> str:
    conditions = Conditions(schema)
    has = [
        f"CASE WHEN {conditions.holds(linked, 't', kind)} THEN 'yes' "
        f"WHEN {conditions.fails(linked, 't', kind)} THEN 'no' ELSE 'unknown' END AS {name}"
        for name, person in (("first_has", meaning.first), ("second_has", meaning.second))
        for linked in (Linked(link=_HELD[kind], target=person),)
    ]
    ways = {
        "first": ("yes", "no", f"only {_name(meaning.first)}"),
        "both": ("yes", "yes", "both"),
        "second": ("no", "yes", f"only {_name(meaning.second)}"),
    }
    whens = " ".join(
        f"WHEN first_has = {quoted(first)} AND second_has = {quoted(second)} THEN {quoted(said)}"
        for first, second, said in (ways[who] for who in meaning.who)
    )
    name = naming(schema, kind)
    return (
        f"MATCH {node('t', kind)} WITH t, {', '.join(has)} WITH t, CASE {whens} ELSE '' END AS {HELD_BY} "
        f"WHERE {HELD_BY} <> '' RETURN t.id AS thing_id, {quoted(NOUNS[kind].one)} AS {THING_KIND}, "
        f"t.{name.property} AS {THING_NAME}, {HELD_BY} ORDER BY {THING_NAME}, thing_id"
    )


def _name(person: Selection) -> str:
    return " or ".join(getattr(person.where, "names", ("the other",)))


def loss(meaning: Loss, schema: GraphSchema) -> str:
    """One row for each person and thing that the person surely has by those groups alone."""
    return " UNION ALL ".join(_lost(meaning, kind, schema) for kind in meaning.kinds)


# How a group gives a thing of that kind, how somebody has it without one, and what must be known to say "not".
_GIVING: Final = {Kind.APPLICATION: "GROUP_HAS_ACCESS", Kind.ROLE: "HAS_ROLE"}
_OWN: Final = {
    Kind.APPLICATION: "EXISTS { MATCH (s)-[own:HAS_ACCESS]->(t) WHERE own.scope = 'USER' }",
    Kind.ROLE: "EXISTS { MATCH (s)-[:HAS_ROLE]->(t) }",
}
_KNOWN: Final = {
    Kind.APPLICATION: ("t.users_known = true", "t.groups_known = true"),
    Kind.ROLE: ("s.roles_known = true",),
}


def _lost(meaning: Loss, kind: Kind, schema: GraphSchema) -> str:
    conditions = Conditions(schema)
    giving, thing = _GIVING[kind], node("t", kind)
    removed, other = conditions.selected(meaning.groups, "g"), _not(conditions.selected(meaning.groups, "o"))
    where = [
        CAN_OPEN_ANYTHING.format("s"),
        removed,
        conditions.selected(meaning.people, "s"),
        *([conditions.selected(meaning.applications, "t")] if kind is Kind.APPLICATION else []),
        *_KNOWN[kind],
        f"NOT {_OWN[kind]}",
        f"NOT EXISTS {{ MATCH (s)-[:MEMBER_OF]->(o:`Group`)-[:{giving}]->(t) WHERE {other} }}",
        f"NOT EXISTS {{ MATCH (o:`Group`)-[:{giving}]->(t) WHERE o.members_known = false AND {other} }}",
    ]
    if kind is Kind.ROLE:
        where.append(f"NOT EXISTS {{ MATCH (s)-[:MEMBER_OF]->(o:`Group`) WHERE o.roles_known = false AND {other} }}")
    match = f"MATCH (s:User)-[:MEMBER_OF]->(g:`Group`)-[:{giving}]->{thing}"
    people, things = listed(schema, Kind.PERSON, meaning.people.where, ()), usual(schema, kind)
    shown = [f"s.id AS {ID_COLUMNS[Kind.PERSON]}", *(f"s.{c.property} AS {c.shown.name}" for c in people)]
    if len(meaning.kinds) > 1:
        shown += ["t.id AS thing_id", f"{quoted(NOUNS[kind].one)} AS {THING_KIND}"]
        shown.append(f"t.{naming(schema, kind).property} AS {THING_NAME}")
        last = f"{THING_NAME}, thing_id"
    else:
        shown += [f"t.id AS {ID_COLUMNS[kind]}", *(f"t.{c.property} AS {c.shown.name}" for c in things)]
        last = f"{things[0].shown.name}, {ID_COLUMNS[kind]}"
    return (
        f"{match} WHERE {' AND '.join(where)} RETURN DISTINCT {', '.join(shown)} "
        f"ORDER BY {people[0].shown.name}, {ID_COLUMNS[Kind.PERSON]}, {last}"
    )


def _not(condition: str) -> str:
    return f"NOT ({condition})"
