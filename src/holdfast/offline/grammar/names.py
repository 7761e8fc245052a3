"""Names of the tenant in a question: which thing or which value of an attribute they stand for.

A word beside a name narrows it: "the Finance group", "department Finance", `the application "Slack"`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.graph.schema import ColumnType, GraphSchema
from holdfast.graph.vocabulary import TenantWord, WordKind
from holdfast.offline.meaning import Compare, Condition, Named, Operator
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import MOST_NAMESAKES, NameRead, Parse, Read, rule

_KINDS: Final = {
    Kind.PERSON: (WordKind.PERSON, WordKind.PERSON_PART),
    Kind.GROUP: (WordKind.GROUP,),
    Kind.APPLICATION: (WordKind.APPLICATION,),
    Kind.ROLE: (WordKind.ROLE,),
    Kind.DEVICE: (WordKind.DEVICE,),
    Kind.POLICY: (WordKind.POLICY,),
    Kind.ZONE: (WordKind.ZONE,),
}
# How unlikely a bare name is a value of the column: "in Berlin" means the city before the state of that name.
_COLUMN_COST: Final = {"city": 0, "state": 1, "country_code": 1, "title": 1, "organization": 1, "cost_center": 0}
# Only the beginning of a name was typed: right where it fits one thing, but worth saying.
PARTLY_COST: Final = 10
# "Salesforce access", "Sales membership": what people have of it, not the thing.
_HAD_OF_IT: Final = frozenset({"access", "membership", "memberships", "assignments"})
# Without a word that says what it is, a first name alone is less likely than anything else it may be.
_PART_COST: Final = 2


@rule
def thing(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Named]]:
    """A thing of that kind by its name, with or without a word that says what it is."""
    for begin, said in _kind_word(parse, at, kind):
        for name in parse.names(begin):
            for word in _things(name, kind):
                cost = _cost(name, word)
                named = Named(ids=word, names=(_shown(name, word[0]),))
                yield Read(named, name.end, cost + (0 if said else _taken(parse, begin, name.end)))
                if not said:
                    for noun in parse.phrases(parse.lexicon.nouns, name.end):
                        if noun.value is kind and parse.tokens[noun.end - 1].key not in _HAD_OF_IT:
                            yield Read(named, noun.end, cost)


def _taken(parse: Parse, at: int, end: int) -> int:
    """ "Contractors" alone are people of that type before they are the group of that name."""
    return int(any(read.end == end for start in parse.starts(at) for read in user_type(parse, start)))


def _kind_word(parse: Parse, at: int, kind: Kind) -> Iterator[tuple[int, bool]]:
    yield at, False
    for noun in parse.phrases(parse.lexicon.nouns, at):
        if noun.value is kind:
            yield noun.end, True
            for named in parse.phrases(parse.lexicon.comparing, noun.end):
                if named.value == "named":
                    yield named.end, True


def _things(name: NameRead, kind: Kind) -> list[tuple[str, ...]]:
    """The ids that the name may mean: people of one name apart, groups of one name together, of one spelling each."""
    fitting = [word for word in name.words if word.kind in _KINDS.get(kind, ())]
    if not fitting:
        return []
    if kind is Kind.PERSON:
        return [(word.id,) for word in fitting[:MOST_NAMESAKES]]
    spellings = dict.fromkeys(word.name for word in fitting)
    return [tuple(sorted({word.id for word in fitting if word.name == name})) for name in spellings]


def _shown(name: NameRead, thing_id: str) -> str:
    word = next(w for w in name.words if w.id == thing_id)
    return word.detail if word.kind in (WordKind.PERSON, WordKind.PERSON_PART) else word.name


def _cost(name: NameRead, ids: tuple[str, ...]) -> int:
    word = next(w for w in name.words if w.id == ids[0])
    part = _PART_COST if word.kind is WordKind.PERSON_PART else 0
    return part + (PARTLY_COST if name.partly else 0)


@rule
def tenant_value(parse: Parse, at: int) -> Iterator[Read[Compare]]:
    """A value of an attribute of people by itself, or with the attribute's name before or after it."""
    for name in parse.names(at):
        for column, values in _values(name).items():
            yield Read(_is(column, values), name.end, _COLUMN_COST.get(column, 1 if column in _rare(parse) else 0))
            for attribute in attribute_names(parse, name.end, Kind.PERSON):
                if attribute.value == column:
                    yield Read(_is(column, values), attribute.end)
    for attribute in attribute_names(parse, at, Kind.PERSON):
        # "Department Sales", "the department of Sales"
        for begin in (attribute.end, *parse.mark("of", attribute.end)):
            for value in value_of(parse, begin, Kind.PERSON, attribute.value):
                yield Read(value.value, value.end, value.cost)


def _rare(parse: Parse) -> frozenset[str]:
    return frozenset(parse.schema.node("User").columns) - {"department", "division", "user_type"}


def _values(name: NameRead) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word in name.words:
        if word.kind is WordKind.VALUE and not name.partly:
            found[word.detail] = (*found.get(word.detail, ()), word.id)
    return found


def _is(column: str, values: tuple[str | bool | int, ...]) -> Compare:
    return Compare(column=column, values=values)


@rule
def attribute_names(parse: Parse, at: int, kind: Kind) -> Iterator[Read[str]]:
    """The name of an attribute of that kind of thing; its column."""
    yield from parse.phrases(parse.lexicon.attributes[kind], at)
    if kind is Kind.PERSON:
        for name in parse.names(at):
            for word in name.words:
                if word.kind is WordKind.ATTRIBUTE:
                    yield Read(word.id, name.end)
        # "A certification" of an attribute called certifications.
        for start in parse.starts(at):
            if start < len(parse.tokens) and parse.tokens[start].name and not parse.tokens[start].quoted:
                for word in parse.vocabulary.named(f"{parse.tokens[start].name}s"):
                    if word.kind is WordKind.ATTRIBUTE:
                        parse.reached(start + 1)
                        yield Read(word.id, start + 1)


@rule
def value_of(parse: Parse, at: int, kind: Kind, column: str) -> Iterator[Read[Compare]]:
    """A value of that attribute: a word of the lexicon, one that the tenant uses, or as quoted."""
    known = False
    for adjective in parse.phrases(parse.lexicon.values[kind], at):
        if adjective.value.column == column:
            yield Read(_is(column, (adjective.value.value,)), adjective.end)
            known = True
    if kind is Kind.PERSON and column == "user_type":
        yield from user_type(parse, at)
    for name in parse.names(at):
        values = _values(name).get(column, ()) if kind is Kind.PERSON else ()
        if values:
            known = True
            yield Read(_is(column, values), name.end)
    if kind is Kind.PERSON and column in ("first_name", "last_name"):
        for name in parse.names(at):
            spelt = tuple(sorted({w.name for w in name.words if w.kind is WordKind.PERSON_PART}))
            if spelt and not name.partly:
                known = True
                yield Read(Compare(column=column, operator=Operator.SPELT, values=spelt), name.end)
    if not known:
        yield from _literal(parse, at, kind, column)


def _literal(parse: Parse, at: int, kind: Kind, column: str) -> Iterator[Read[Compare]]:
    column_type = _column_type(parse, kind, column)
    for start in parse.starts(at):
        if start >= len(parse.tokens):
            continue
        token = parse.tokens[start]
        if column_type is ColumnType.INT64 and token.key.isdigit() and len(token.key) < 18:
            yield Read(Compare(column=column, values=(int(token.key),)), start + 1)
        elif column_type is ColumnType.BOOL and token.key in ("true", "false", "yes", "no"):
            yield Read(Compare(column=column, values=(token.key in ("true", "yes"),)), start + 1)
        elif column_type in (ColumnType.STRING, ColumnType.STRING_LIST) and (
            token.quoted or _is_free(column, token.text)
        ):
            yield Read(
                Compare(column=column, operator=Operator.SPELT, values=(parse.typed(start, start + 1),)), start + 1
            )


def _column_type(parse: Parse, kind: Kind, column: str) -> ColumnType:
    return parse.schema.node(LABELS[kind]).columns[column]


# Custom attributes that tell when somebody began to work; "hired" means the first that the tenant has.
HIRE_COLUMNS: Final = ("hire_date", "start_date", "date_of_hire", "hired_on", "joining_date", "join_date")
_DATED: Final = ("_date", "_on", "_at", "_day")


def hire_column(schema: GraphSchema) -> str | None:
    """The column that tells when somebody was hired, where the tenant has one."""
    known = schema.node(LABELS[Kind.PERSON]).columns
    return next((name for name in HIRE_COLUMNS if name in known), None)


def is_time(parse: Parse, kind: Kind, column: str) -> bool:
    """Whether the column holds times; in a custom attribute a date is text: `2026-10-01`."""
    column_type = _column_type(parse, kind, column)
    dated = column_type is ColumnType.STRING and (column in HIRE_COLUMNS or column.endswith(_DATED))
    return dated or column_type is ColumnType.TIMESTAMP


def time_verbs(parse: Parse, at: int, kind: Kind) -> list[Read[str]]:
    """Words that put a time to a column: "logged in", "created", "hired"."""
    verbs = parse.phrases(parse.lexicon.times[kind], at)
    hired = hire_column(parse.schema)
    plain = [verb for verb in verbs if verb.value != HIRE_COLUMNS[0]]
    return [*plain, *(v._replace(value=hired) for v in verbs if hired and v.value == HIRE_COLUMNS[0])]


def _is_free(column: str, text: str) -> bool:
    """Whether an unquoted word may be a value that the tenant's words do not hold: an address, a number."""
    return "@" in text or (column in ("employee_number", "country_code") and text.isalnum())


LABELS: Final = {
    Kind.PERSON: "User",
    Kind.GROUP: "Group",
    Kind.APPLICATION: "Application",
    Kind.FACTOR: "Factor",
    Kind.ROLE: "Role",
    Kind.DEVICE: "Device",
    Kind.POLICY: "Policy",
    Kind.POLICY_RULE: "PolicyRule",
    Kind.ZONE: "NetworkZone",
    Kind.GROUP_RULE: "GroupRule",
}


@rule
def user_type(parse: Parse, at: int) -> Iterator[Read[Compare]]:
    """A word for a user type that the tenant has: "contractors"."""
    for found in parse.phrases(parse.lexicon.user_types, at):
        words: tuple[TenantWord, ...] = parse.vocabulary.named(found.value.lower())
        values = tuple(w.id for w in words if w.kind is WordKind.VALUE and w.detail == "user_type")
        if values:
            yield Read(_is("user_type", values), found.end)


@rule
def flag(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """A custom attribute that is true: "privileged" for `is_privileged`."""
    if at < len(parse.tokens) and not parse.tokens[at].quoted:
        for key in (f"is {parse.tokens[at].key}", parse.tokens[at].key):
            for word in parse.vocabulary.named(key):
                if word.kind is WordKind.ATTRIBUTE and word.detail == ColumnType.BOOL.value:
                    parse.reached(at + 1)
                    yield Read(Compare(column=word.id, values=(True,)), at + 1)
