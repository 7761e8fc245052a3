"""From a question as understood to the steps of a plan: which queries, which columns, how they join."""

from __future__ import annotations

from pydantic import JsonValue

from holdfast.graph.schema import GraphSchema
from holdfast.offline.columns import (
    ID_COLUMNS,
    NOUNS,
    ROLE_SINCE,
    beside_column,
    column,
    count_column,
    listed,
    things_shown,
)
from holdfast.offline.doubt import FITS, UNKNOWN_COUNT, Unread, subject_of, unsure_of
from holdfast.offline.meaning import (
    Asked,
    GraphMeaning,
    Join,
    Noun,
    Numbers,
    Order,
    Pairs,
    Paths,
    Ranking,
    RolePaths,
    Selection,
    ShownColumn,
    StepMeaning,
    Tally,
    Things,
)
from holdfast.offline.meaning.links import LINKS, Kind, Link
from holdfast.offline.number_columns import shown_of
from holdfast.offline.queries.paths import access_paths, every_path, role_paths
from holdfast.plan import CypherStep

_PATH = ShownColumn(name="path", heading="Path")
# The shapes of a meaning in the words of a plan, which models and people read.
_OPERATIONS = {
    "things": "list",
    "paths": "list_paths",
    "role_paths": "list_role_paths",
    "pairs": "list_related",
    "tally": "count",
    "ranking": "rank",
} | {
    "breakdown": "count",
    "spread": "summarise",
    "peers": "rank",
    "months": "count",
    "alike": "find_duplicates",
    "holdings": "compare",
    "loss": "list_lost",
}


def main_meaning(asked: Asked) -> GraphMeaning:
    """What the first step asks."""
    if asked.numbers is not None:
        return asked.numbers
    if asked.mode == "count":
        return Tally(subject=asked.subject, by=asked.by)
    if asked.mode == "rank" and asked.counted is not None:
        return Ranking(
            subject=asked.subject,
            link=asked.counted.link,
            target=asked.counted.target,
            fewest_first=asked.fewest_first,
            limit=asked.limit,
            ties=asked.ties,
        )
    if asked.paths and (every := every_path(asked.subject) or role_paths(asked.subject)):
        return every
    if not asked.also and not asked.beside and not asked.order and (paths := access_paths(asked.subject)):
        return paths
    also = dict.fromkeys((*asked.also, *(key.column for key in asked.order)))
    return Things(subject=asked.subject, also=tuple(also), order=asked.order, limit=asked.limit)


def marked(main: GraphMeaning, unread: Unread) -> GraphMeaning:
    """The same, with those of whom it is unknown whether they are meant, where there may be such."""
    if isinstance(main, Ranking | Numbers):
        return main
    if isinstance(main, Things) and main.limit is not None:
        # The first ten are of those who surely fit.
        return main
    unsure = unread.unsure(subject_of(main).where)
    return main.model_copy(update={"unsure": unsure}) if unsure else main


def steps(asked: Asked, main: GraphMeaning, schema: GraphSchema, sentence: str, note: str) -> tuple[CypherStep, ...]:
    """The steps that answer the question; further ones belong to the rows of the first, `main`."""
    first = graph_step(described(main, schema, note), NOUNS[asked.subject.kind], sentence)
    return (first, *(_beside(asked, link, schema, unsure_of(main)) for link in asked.beside))


def graph_step(shown: StepMeaning, things: Noun, sentence: str) -> CypherStep:
    """The first step of a plan, which asks the snapshot about `things`."""
    return CypherStep(
        id="main",
        entity=things.many,
        operation=_OPERATIONS[shown.meaning.shape],
        parameters=_json(shown),
        query_context=sentence,
        reasoning="The question itself.",
    )


def _beside(asked: Asked, link: Link, schema: GraphSchema, unsure: tuple[Link, ...]) -> CypherStep:
    target = LINKS[link].target
    shown = beside_column(schema, link).shown
    meaning = Pairs(subject=asked.subject, link=link, target=Selection(kind=target), unsure=unsure)
    join = Join(on=ID_COLUMNS[asked.subject.kind])
    order = (Order(column=shown.name),)
    beside = StepMeaning(meaning=meaning, columns=(shown,), order=order, join=join, noun=NOUNS[target])
    return CypherStep(
        id=link.value,
        entity=NOUNS[target].many,
        operation=_OPERATIONS[meaning.shape],
        parameters=_json(beside),
        query_context=f"For each of these {NOUNS[asked.subject.kind].many}: their {shown.heading.lower()}.",
        reasoning="Asked for beside the rows of the first step.",
        depends_on=("main",),
    )


def _json(shown: StepMeaning) -> dict[str, JsonValue]:
    data: dict[str, JsonValue] = shown.model_dump(mode="json", by_alias=True)
    return data


def described(meaning: GraphMeaning, schema: GraphSchema, note: str) -> StepMeaning:
    """The meaning with the columns that are shown of it and their order."""
    if isinstance(meaning, Numbers):
        columns, order, noun = shown_of(meaning, schema)
        return StepMeaning(meaning=meaning, columns=columns, order=order, noun=noun, note=note)
    columns, order, kind = _shown(meaning, schema)
    if unsure_of(meaning) and isinstance(meaning, Things | Paths | RolePaths):
        # Those who surely fit come first.
        columns, order = (*columns, FITS), (Order(column=FITS.name, descending=True), *order)
    elif unsure_of(meaning) and isinstance(meaning, Tally):
        columns = (*columns, UNKNOWN_COUNT)
    return StepMeaning(meaning=meaning, columns=columns, order=order, noun=NOUNS[kind], note=note)


def _shown(
    meaning: Things | Paths | RolePaths | Pairs | Tally | Ranking, schema: GraphSchema
) -> tuple[tuple[ShownColumn, ...], tuple[Order, ...], Kind]:
    match meaning:
        case Things(subject=subject, also=also, order=keys):
            columns, usual = things_shown(schema, subject.kind, subject.where, also)
            asked = [
                key.model_copy(update={"column": column(schema, subject.kind, key.column).shown.name}) for key in keys
            ]
            known = {key.column for key in asked}
            return columns, (*asked, *(Order(column=name) for name in usual if name not in known)), subject.kind
        case Paths():
            return _paths_shown(meaning, schema)
        case RolePaths():
            return _role_paths_shown(meaning, schema)
        case Pairs(subject=subject, link=link):
            shown = beside_column(schema, link).shown
            return (shown,), (Order(column=shown.name),), LINKS[link].target
        case Tally(subject=subject, by=by):
            number = count_column(subject.kind)
            if by is None:
                return (number,), (), subject.kind
            value = column(schema, subject.kind, by).shown
            return (value, number), (Order(column=number.name, descending=True), Order(column=value.name)), subject.kind
        case Ranking(subject=subject, target=target):
            number = count_column(target.kind)
            columns = tuple(c.shown for c in listed(schema, subject.kind, subject.where, ()))
            by_number = Order(column=number.name, descending=not meaning.fewest_first)
            return (columns[0], number, *columns[1:]), (by_number, Order(column=columns[0].name)), subject.kind


def _paths_shown(meaning: Paths, schema: GraphSchema) -> tuple[tuple[ShownColumn, ...], tuple[Order, ...], Kind]:
    people = [c.shown for c in listed(schema, Kind.PERSON, meaning.people.where, ())]
    applications = [c.shown for c in listed(schema, Kind.APPLICATION, meaning.applications.where, ())]
    path = Order(column=_PATH.name)
    if meaning.focus is Kind.PERSON:
        columns = (*people[:3], applications[0], _PATH, *people[3:])
        return columns, (Order(column="login"), Order(column="application"), path), Kind.PERSON
    columns = (*applications, _PATH, people[0], people[2])
    return columns, (Order(column="application"), path, Order(column="login")), Kind.APPLICATION


def _role_paths_shown(
    meaning: RolePaths, schema: GraphSchema
) -> tuple[tuple[ShownColumn, ...], tuple[Order, ...], Kind]:
    people = [c.shown for c in listed(schema, Kind.PERSON, meaning.people.where, ())]
    roles = [c.shown for c in listed(schema, Kind.ROLE, meaning.roles.where, ())]
    keys = ("login", "admin_role", "path") if meaning.focus is Kind.PERSON else ("admin_role", "path", "login")
    order = tuple(Order(column=key) for key in keys)
    if meaning.focus is Kind.PERSON:
        return (*people[:3], roles[0], _PATH, ROLE_SINCE, *people[3:]), order, Kind.PERSON
    return (*roles, _PATH, ROLE_SINCE, people[0], people[2]), order, Kind.ROLE
