"""The Cypher writer that needs no model: it compiles the meaning that the offline planner put into a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from pydantic import ValidationError

from holdfast.answer import Generated
from holdfast.complaints import complaints_of
from holdfast.contracts import StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.errors import PlanRejected
from holdfast.graph.schema import ColumnType, GraphSchema
from holdfast.offline.columns import (
    ID_COLUMNS,
    ROLE_SINCE,
    SourceColumn,
    beside_column,
    column,
    count_column,
    listed,
    naming,
    owner,
    things_shown,
)
from holdfast.offline.doubt import FITS, UNKNOWN, UNKNOWN_COUNT, YES
from holdfast.offline.grammar.names import LABELS
from holdfast.offline.meaning import Meaning, Pairs, Paths, Ranking, RolePaths, Selection, StepMeaning, Tally, Things
from holdfast.offline.meaning.links import LINKS, Kind, Link
from holdfast.offline.queries import numbers
from holdfast.offline.queries.cypher import CAN_OPEN_ANYTHING, Conditions, node, pattern, quoted, there
from holdfast.spending import Ledger

DIRECTLY: Final = "directly"
NOT_ALL_KNOWN: Final = "(not all known)"
UNREADABLE_PATH: Final = "through a group that could not be read"


class OfflineCypherWriter:
    """Implements `holdfast.cypher_writer.CypherWriter`. The same meaning always gives the same query."""

    async def write(
        self, request: StepRequest, schema: GraphSchema, ledger: Ledger, refused: Sequence[RefusedQuery] = ()
    ) -> Generated:
        """The query of a step. Raises PlanRejected where its parameters are not a meaning, or were refused before."""
        if refused:
            raise PlanRejected(
                f"The query of step {request.step.id} was refused, and rules write no other: {refused[-1].reason}"
            )
        try:
            step = StepMeaning.model_validate(request.step.parameters)
        except ValidationError as error:
            raise PlanRejected(
                f"The parameters of step {request.step.id} are not what the offline writer reads: "
                f"{complaints_of(error)}."
            ) from error
        return Generated(language="cypher", text=compiled(step.meaning, schema), author="offline")


def compiled(meaning: Meaning, schema: GraphSchema) -> str:
    """The query for a meaning. Raises PlanRejected where it names a column that the snapshot has not."""
    try:
        return _COMPILERS[type(meaning)](meaning, schema)
    except KeyError as error:
        raise PlanRejected(f"The snapshot has no {error} to ask for; ask again.") from error


def _things(meaning: Things, schema: GraphSchema) -> str:
    conditions = Conditions(schema)
    kind = meaning.subject.kind
    columns = listed(schema, kind, meaning.subject.where, meaning.also)
    where, fits = _unsure(conditions, meaning.subject, "s", meaning.unsure)
    match = f"MATCH {node('s', kind)} WHERE {where}"
    returned = _returned("s", kind, columns)
    if belongs := owner(schema, kind):
        link, told = belongs
        match = f"{match} OPTIONAL MATCH {pattern(link, 's', 'o')}"
        returned += "".join(f", o.{c.property} AS {c.shown.name}" for c in told)
    _, order = things_shown(schema, kind, meaning.subject.where, meaning.also)
    keys = dict.fromkeys((*_asked_order(meaning, schema), *order, ID_COLUMNS[kind]))
    limit = f" LIMIT {meaning.limit}" if meaning.limit else ""
    return f"{match} RETURN {returned}{fits} ORDER BY {', '.join(keys)}{limit}"


def _unsure(conditions: Conditions, subject: Selection, variable: str, unsure: Sequence[Link]) -> tuple[str, str]:
    """The condition on the subjects; and the column that marks those of whom it is unknown, where they are listed."""
    surely = conditions.selected(subject, variable)
    if not unsure or subject.where is None:
        return surely, ""
    may_be = conditions.may_hold(subject.where, variable, subject.kind, unsure)
    sure = f"coalesce({surely}, false) = true"
    return may_be, f", CASE WHEN {sure} THEN {quoted(YES)} ELSE {quoted(UNKNOWN)} END AS {FITS.name}"


def _asked_order(meaning: Things, schema: GraphSchema) -> tuple[str, ...]:
    keys = [(column(schema, meaning.subject.kind, key.column).shown.name, key.descending) for key in meaning.order]
    return tuple(f"{name} DESC" if descending else name for name, descending in keys)


def _returned(variable: str, kind: Kind, columns: Sequence[SourceColumn]) -> str:
    shown = [f"{variable}.{c.property} AS {c.shown.name}" for c in columns]
    return ", ".join([f"{variable}.id AS {ID_COLUMNS[kind]}", *shown])


def _order(kind: Kind, columns: Sequence[SourceColumn]) -> str:
    return f"{columns[0].shown.name}, {ID_COLUMNS[kind]}"


def _paths(meaning: Paths, schema: GraphSchema) -> str:
    conditions = Conditions(schema)
    people = listed(schema, Kind.PERSON, meaning.people.where, ())
    applications = listed(schema, Kind.APPLICATION, meaning.applications.where, ())
    who, fits = _unsure(conditions, meaning.people, "p", meaning.unsure)
    both = f"{CAN_OPEN_ANYTHING.format('p')} AND {who} AND {conditions.selected(meaning.applications, 'a')}"
    returned = f"RETURN {_returned('p', Kind.PERSON, people)}, {_returned('a', Kind.APPLICATION, applications)}{fits}"
    order = f"ORDER BY {people[0].shown.name}, user_id, {applications[0].shown.name}, application_id, path"
    through = "(p)-[:MEMBER_OF]->(g:`Group`)-[:GROUP_HAS_ACCESS]->(a)"
    directly = ("(p:User)-[h:HAS_ACCESS]->(a:Application)", f"h.scope = 'USER' AND {both}", quoted(DIRECTLY))
    groups = (
        ("(p:User)-[:MEMBER_OF]->(g:`Group`)-[:GROUP_HAS_ACCESS]->(a:Application)", both, "g.name"),
        (
            "(p:User)-[h:HAS_ACCESS]->(a:Application)",
            f"h.scope <> 'USER' AND NOT EXISTS {{ MATCH {through} }} AND {both}",
            quoted(UNREADABLE_PATH),
        ),
    )
    branches = {"any": (directly, *groups), "directly": (directly,), "group": groups}[meaning.way]
    return " UNION ALL ".join(
        f"MATCH {match} WHERE {where} {returned}, {path} AS path {order}" for match, where, path in branches
    )


def _role_paths(meaning: RolePaths, schema: GraphSchema) -> str:
    conditions = Conditions(schema)
    people = listed(schema, Kind.PERSON, meaning.people.where, ())
    roles = listed(schema, Kind.ROLE, meaning.roles.where, ())
    who, fits = _unsure(conditions, meaning.people, "p", meaning.unsure)
    both = f"{who} AND {conditions.selected(meaning.roles, 'r')}"
    returned = f"RETURN {_returned('p', Kind.PERSON, people)}, {_returned('r', Kind.ROLE, roles)}{fits}"
    since = f"h.created AS {ROLE_SINCE.name}"
    # A role held through a group ends with deactivation, though the membership may stay.
    ways = {
        "directly": ("(p:User)-[h:HAS_ROLE]->(r:Role)", both, quoted(DIRECTLY)),
        "group": (
            "(p:User)-[:MEMBER_OF]->(g:`Group`)-[h:HAS_ROLE]->(r:Role)",
            f"{CAN_OPEN_ANYTHING.format('p')} AND {both}",
            "g.name",
        ),
    }
    asked = [ways[meaning.way]] if meaning.way in ways else list(ways.values())
    order = "ORDER BY login, user_id, admin_role, role_id, path"
    return " UNION ALL ".join(
        f"MATCH {match} WHERE {where} {returned}, {since}, {path} AS path {order}" for match, where, path in asked
    )


def _pairs(meaning: Pairs, schema: GraphSchema) -> str:
    conditions = Conditions(schema)
    source, target = LINKS[meaning.link].source, LINKS[meaning.link].target
    named = beside_column(schema, meaning.link)
    subjects, _ = _unsure(conditions, meaning.subject, "s", meaning.unsure)
    both = f"{subjects} AND {conditions.selected(meaning.target, 't')}"
    ids = f"s.id AS {ID_COLUMNS[source]}, t.id AS {_target_id(meaning.link)}"
    returned = f"RETURN DISTINCT {ids}, t.{named.property} AS {named.shown.name}"
    order = f"ORDER BY {ID_COLUMNS[source]}, {named.shown.name}, {_target_id(meaning.link)}"
    nodes = {"(s)": node("s", source), "(t)": node("t", target)}
    queries = [
        f"MATCH {_labelled(way, nodes)} WHERE {more}{both} {returned} {order}" for way, more in _ways(meaning.link)
    ]
    if doubt := conditions.may_lack(meaning.link, "s", meaning.target):
        # An empty cell would say that there are none, and names alone that they are all.
        some = conditions.has_some(meaning.link, "s", meaning.target)
        said = f"CASE WHEN {some} THEN {quoted(NOT_ALL_KNOWN)} ELSE {quoted(UNKNOWN)} END"
        queries.append(
            f"MATCH {node('s', source)} WHERE {subjects} AND {doubt} RETURN DISTINCT s.id AS {ID_COLUMNS[source]}, "
            f"{quoted(UNKNOWN)} AS {_target_id(meaning.link)}, {said} AS {named.shown.name} {order}"
        )
    return " UNION ALL ".join(queries)


def _labelled(way: str, nodes: dict[str, str]) -> str:
    for bare, labelled in nodes.items():
        way = way.replace(bare, labelled)
    return way


def _ways(link: Link) -> list[tuple[str, str]]:
    """The patterns that find each pair once, with what else must hold."""
    if link in (Link.CAN_OPEN, Link.OPENED_BY):
        person, application = ("s", "t") if link is Link.CAN_OPEN else ("t", "s")
        alive = f"{CAN_OPEN_ANYTHING.format(person)} AND "
        # The tenant lists who can open what; the groups tell of applications whose list could not be read.
        through = f"({person})-[:MEMBER_OF]->(:`Group`)-[:GROUP_HAS_ACCESS]->({application})"
        unlisted = f"NOT EXISTS {{ MATCH ({person})-[:HAS_ACCESS]->({application}) }} AND "
        return [(pattern(link, "s", "t"), alive), (through, alive + unlisted)]
    if link is Link.HOLDS:
        through = "(s)-[:MEMBER_OF]->(:`Group`)-[:HAS_ROLE]->(t:Role)"
        only = f"{CAN_OPEN_ANYTHING.format('s')} AND NOT EXISTS {{ MATCH (s)-[:HAS_ROLE]->(t) }} AND "
        return [(pattern(link, "s", "t"), ""), (through, only)]
    return [(pattern(link, "s", "t"), "")]


def _target_id(link: Link) -> str:
    ends = LINKS[link]
    return f"other_{ID_COLUMNS[ends.target]}" if ends.source is ends.target else ID_COLUMNS[ends.target]


def _tally(meaning: Tally, schema: GraphSchema) -> str:
    kind = meaning.subject.kind
    number = count_column(kind).name
    where, fits = _unsure(Conditions(schema), meaning.subject, "s", meaning.unsure)
    match, counted = f"MATCH {node('s', kind)} WHERE {where}", f"count(*) AS {number}"
    if fits:
        match = f"{match} WITH s{fits}"
        counted = ", ".join(
            f"{_number_that(value)} AS {name}" for value, name in ((YES, number), (UNKNOWN, UNKNOWN_COUNT.name))
        )
    if meaning.by is None:
        return f"{match} RETURN {counted}"
    by = column(schema, kind, meaning.by)
    value = there(schema, "s", kind, by.property)
    if schema.node(LABELS[kind]).columns[meaning.by] is ColumnType.STRING_LIST:
        match, value = (
            f"{match} UNWIND s.{by.property} AS value WITH s, value{f', {FITS.name}' if fits else ''}",
            "value",
        )
    return f"{match} RETURN {value} AS {by.shown.name}, {counted} ORDER BY {number} DESC, {by.shown.name}"


def _number_that(fits: str) -> str:
    return f"count(CASE WHEN {FITS.name} = {quoted(fits)} THEN 1 ELSE NULL END)"


# More than any count, and fewer: a count that is unknown comes last in either order.
_UNKNOWN_LAST: Final = {True: "9000000000", False: "-1"}


def _ranking(meaning: Ranking, schema: GraphSchema) -> str:
    conditions = Conditions(schema)
    kind = meaning.subject.kind
    names = [naming(schema, kind), *listed(schema, kind, meaning.subject.where, ())[1:]]
    number = count_column(meaning.target.kind).name
    counted = conditions.counted(meaning.link, "s", meaning.target)
    if meaning.ties:
        return _with_ties(meaning, schema, counted, names)
    order = f"coalesce({number}, {_UNKNOWN_LAST[meaning.fewest_first]}) {'ASC' if meaning.fewest_first else 'DESC'}"
    limit = f" LIMIT {meaning.limit}" if meaning.limit else ""
    return (
        f"MATCH {node('s', kind)} WHERE {conditions.selected(meaning.subject, 's')} WITH s, {counted} AS {number} "
        f"RETURN {_returned('s', kind, names)}, {number} ORDER BY {order}, {_order(kind, names)}{limit}"
    )


def _with_ties(meaning: Ranking, schema: GraphSchema, counted: str, names: Sequence[SourceColumn]) -> str:
    """Those that have as many as the first; where nobody has any, nobody has the most."""
    kind = meaning.subject.kind
    match = f"MATCH {node('s', kind)} WHERE {Conditions(schema).selected(meaning.subject, 's')}"
    number = count_column(meaning.target.kind).name
    some = "" if meaning.fewest_first else f" AND {number} > 0"
    return (
        f"{match} WITH {'min' if meaning.fewest_first else 'max'}({counted}) AS best "
        f"{match} WITH s, best, {counted} AS {number} WHERE {number} = best{some} "
        f"RETURN {_returned('s', kind, names)}, {number} ORDER BY {_order(kind, names)}"
    )


_COMPILERS: Final[dict[type[Any], Callable[[Any, GraphSchema], str]]] = {
    Things: _things,
    Paths: _paths,
    RolePaths: _role_paths,
    Pairs: _pairs,
    Tally: _tally,
    Ranking: _ranking,
    **numbers.COMPILERS,
}
