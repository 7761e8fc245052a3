"""Questions about what only the live tenant lists: "which API tokens have not been used for 90 days and who owns them".

A question is read only if every word of it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from holdfast.offline.grammar.combining import Item, combined, exclude_each_other, negated
from holdfast.offline.grammar.dates import key_at, number_at
from holdfast.offline.grammar.names import thing
from holdfast.offline.grammar.questions import asked_from, asks_of_all, endings
from holdfast.offline.live.clauses import adjectives, by_name, openings, parents, said_of, written
from holdfast.offline.live.families import families, words_of
from holdfast.offline.live.ordering import orders, ranked
from holdfast.offline.live.shapes import Inventory, Whose
from holdfast.offline.meaning import AllOf, Compare, Condition, Named, Operator, Order
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read

_MANY: Final = 10
_OF: Final = frozenset({"of", "for", "on", "in", "to", "from", "at"})
_EACH: Final = frozenset({"each", "every", "per"})
# What a thing has been given: "which scopes has each app been granted".
_GIVEN: Final = frozenset(
    {"granted", "given", "got", "have", "has", "hold", "holds", "allowed", "define", "defines", "use", "own"}
)
_ON: Final = frozenset(
    {"on", "off", "enabled", "disabled", "active", "inactive", "blocking", "auditing", "configured", "allowed", "open"}
)
_DEMAND: Final = frozenset(
    {"demand", "demands", "require", "requires", "say", "says", "enforce", "enforces", "ask", "want", "prescribe"}
)
_SIDE: Final = frozenset({"and", ",", "with", "including", "plus", "or", "show"})


class _Things(NamedTuple):
    """Things of a family as far as they were read."""

    items: tuple[Item, ...] = ()
    whose: tuple[Whose, ...] = ()
    parent: Named | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None


def inventory_questions(parse: Parse) -> list[Read[Inventory]]:
    """Every reading of the question that leaves no word over."""
    found: list[Read[Inventory]] = []
    for name in families() if not asks_of_all(parse) else ():
        if not _speaks_of(parse, name):
            continue
        for begin in asked_from(parse):
            for read in _question(parse, begin, name):
                if any(parse.at_end(end) for end in endings(parse, read.end)):
                    found.append(read)
    return found


def _speaks_of(parse: Parse, name: str) -> bool:
    words = words_of(name)
    tables = (words.nouns, words.before_parent, words.demanding)
    return any(table.at(parse.tokens, at) for at in range(len(parse.tokens)) for table in tables)


def _question(parse: Parse, at: int, name: str) -> Iterator[Read[Inventory]]:
    for things in _things(parse, at, name):
        yield from _meant(things, name)
    for counting in parse.phrases(parse.lexicon.counting, at):
        for things in _things(parse, counting.end, name):
            each = _EACH & {token.key for token in parse.tokens[counting.end : things.end] if not token.quoted}
            yield from _of_each_parent(things, name) if each else _meant(things, name, counted=True)
            yield from _by(parse, things, name)
    # "API tokens by status"; "scopes per app" are the scopes of each.
    for things in _things(parse, at, name):
        for counted in _by(parse, things, name):
            by = key_at(parse, things.end) == "by"
            yield counted._replace(cost=counted.cost + (1 if by else 2))
    for things in (*_asked_by(parse, at, name), *_attribute_of(parse, at, name), *_of_parents(parse, at, name)):
        yield from _meant(things, name)
    for things in (*_demanded(parse, at, name), *_state(parse, at, name)):
        yield from _meant(things, name)


def _of_each_parent(things: Read[_Things], name: str) -> Iterator[Read[Inventory]]:
    """ "(How many) scopes does each authorization server have": a number for each, where it is of each of those."""
    if families()[name].of is not None and things.value.parent is None:
        yield from _meant(things, name, counted=True, by=families()[name].columns[0].name)


def _meant(
    things: Read[_Things], name: str, *, counted: bool = False, by: str | None = None
) -> Iterator[Read[Inventory]]:
    items, whose, parent, order, limit = things.value
    if counted and (order or limit is not None):
        return
    if limit is not None and not order:
        # The first of what is in no order are any.
        return
    for where in combined(items) if items else [None]:
        if where is not None and _is_never(where, name):
            continue
        meaning = Inventory(
            family=name,
            where=where,
            whose=whose,
            parent=parent,
            counted=counted,
            by=by,
            order=order,
            limit=limit,
        )
        yield Read(meaning, things.end, things.cost)


def _by(parse: Parse, things: Read[_Things], name: str) -> Iterator[Read[Inventory]]:
    for each in parse.phrases(parse.lexicon.each, things.end):
        for attribute in parse.phrases(words_of(name).attributes, each.end):
            if families()[name].by_name[attribute.value].kind != "time":
                yield from _meant(things._replace(end=attribute.end), name, counted=True, by=attribute.value)


def _things(parse: Parse, at: int, name: str) -> Iterator[Read[_Things]]:
    """Things of the family, with all that is said of them."""
    for begin in _beginnings(parse, at, name):
        for before in _before(parse, begin):
            for head in _heads(parse, before, name):
                yield from _said(parse, head, name)


def _beginnings(parse: Parse, at: int, name: str) -> Iterator[Read[_Things]]:
    """ "The 5 oldest", "newest"; nothing, as a rule."""
    yield Read(_Things(), at)
    if "created" not in families()[name].by_name:
        return
    numbers: list[tuple[int | None, int]] = [
        (None, at),
        *((number.value, number.end) for number in number_at(parse, at)),
    ]
    for many, begin in numbers:
        for word in parse.phrases(parse.lexicon.sorting, begin):
            if word.value in ("newest", "oldest"):
                order = (Order(column="created", descending=word.value == "newest"),)
                after_word = [(many, word.end), *((n.value, n.end) for n in number_at(parse, word.end) if many is None)]
                for number, end in after_word:
                    yield Read(_Things(order=order, limit=number or 0), end)
    for first in parse.phrases(parse.lexicon.ranking, at):
        if first.value == "top":
            for several in number_at(parse, first.end):
                yield Read(_Things(limit=several.value), several.end)


def _before(parse: Parse, begin: Read[_Things]) -> Iterator[Read[_Things]]:
    """After "all", "all our"."""
    yield begin
    for whole in parse.phrases(parse.lexicon.whole, begin.end):
        yield begin._replace(end=whole.end)


def _heads(parse: Parse, begin: Read[_Things], name: str) -> Iterator[Read[_Things]]:
    """Adjectives and the noun; "Dana's API tokens"; "scopes of the authorization server X"."""
    words = words_of(name)
    for before in _adjective_rows(parse, begin, name):
        for noun in parse.phrases(words.nouns, before.end):
            yield _settled(before, parse, noun.end)
            # "The log stream Splunk"
            for called in by_name(parse, noun.end, name):
                yield _with(_settled(before, parse, called.end), Item("and", called.value), called)
        for noun in parse.phrases(words.before_parent, before.end):
            for given in _given_to(parse, noun.end, name):
                yield _belonging(before, given)
    for owner in thing(parse, begin.end, Kind.PERSON):
        for mark in parse.mark("'s", owner.end):
            for before in _adjective_rows(parse, begin._replace(end=mark), name):
                for noun in parse.phrases(words.nouns, before.end):
                    for column in families()[name].columns:
                        if column.named_kind is Kind.PERSON and column.verbs:
                            whose = (Whose(column=column.name, who=owner.value),)
                            value = before.value._replace(whose=whose)
                            yield Read(value, noun.end, before.cost + owner.cost)


def _settled(things: Read[_Things], parse: Parse, end: int) -> Read[_Things]:
    """The newest token is one, the newest tokens are as many as fit a page."""
    limit = things.value.limit
    if limit == 0:
        limit = _MANY if parse.tokens[end - 1].key.endswith("s") else 1
    return Read(things.value._replace(limit=limit), end, things.cost)


def _adjective_rows(parse: Parse, begin: Read[_Things], name: str) -> Iterator[Read[_Things]]:
    rows = [begin]
    while rows:
        row = rows.pop()
        yield row
        joins = [("and", row.end)]
        if row.value.items:
            joins += [
                (r.value, r.end) for r in parse.phrases(parse.lexicon.connecting, row.end) if r.value != "and_not"
            ]
        for word, at in joins:
            for start in parse.starts(at):
                for said in adjectives(parse, start, name):
                    rows.append(_with(row, Item(_together(row, word, said.value, name), said.value), said))


def _together(row: Read[_Things], word: str, said: Condition, name: str) -> str:
    """ "Active and inactive hooks" are the ones and the others."""
    items = row.value.items
    if not items:
        return ""
    return "or" if word == "and" and _excluding(items[-1].condition, said, name) else word


def _excluding(one: Condition, other: Condition, name: str) -> bool:
    """Whether nothing can be both; of a list, each value may be in it."""
    single = isinstance(one, Compare) and families()[name].by_name[one.column].kind != "list"
    return single and exclude_each_other(one, other)


def _is_never(where: Condition, name: str) -> bool:
    """Whether nothing can be so: "that are active and inactive", which nobody means to ask."""
    parts = where.conditions if isinstance(where, AllOf) else ()
    return any(_excluding(one, other, name) for one in parts for other in parts)


def _with(things: Read[_Things], item: Item, read: Read[Condition]) -> Read[_Things]:
    first = negated(item.condition) if item.joined == "and_not" else item.condition
    joined = item if things.value.items else Item("", first)
    value = things.value._replace(items=(*things.value.items, joined))
    return Read(value, read.end, things.cost + read.cost)


def _given_to(parse: Parse, at: int, name: str) -> Iterator[Read[Named | Condition | None]]:
    """ "Of the app X", "granted to each app", "has each app been granted"."""
    begins = [(o.end, o.said) for o in openings(parse, at) if not o.denied]
    for begin, said in begins:
        verbs = [begin + 1] if key_at(parse, begin) in _GIVEN else []
        for place in (begin, *verbs):
            if key_at(parse, place) in _OF:
                yield from parents(parse, place + 1, name)
        if said:
            for owner in parents(parse, begin, name):
                # "… has each app been granted", "… does X have"
                for opening in openings(parse, owner.end):
                    if not opening.denied and key_at(parse, opening.end) in _GIVEN:
                        yield owner._replace(end=opening.end + 1)
    # "Scopes per app", "scopes by app"
    for each in parse.phrases(parse.lexicon.each, at):
        for owner in parents(parse, each.end, name):
            if owner.value is None:
                # Numbers are of each of them, before they are of all; "by app" asks for numbers.
                yield owner._replace(cost=owner.cost + (2 if key_at(parse, at) == "by" else 1))


def _belonging(things: Read[_Things], given: Read[Named | Condition | None]) -> Read[_Things]:
    if isinstance(given.value, Named):
        return Read(things.value._replace(parent=given.value), given.end, things.cost + given.cost)
    if given.value is not None:
        return _with(things, Item("and", given.value), Read(given.value, given.end, given.cost))
    return things._replace(end=given.end, cost=things.cost + given.cost)


def _said(parse: Parse, head: Read[_Things], name: str) -> Iterator[Read[_Things]]:
    """The noun with the clauses after it, in every length."""
    rows, seen = [head], {head}
    while rows:
        row = rows.pop()
        yield row
        for longer in _longer(parse, row, name):
            if longer not in seen:
                seen.add(longer)
                rows.append(longer)


def _longer(parse: Parse, row: Read[_Things], name: str) -> Iterator[Read[_Things]]:
    joined = [(r.value, r.end) for r in parse.phrases(parse.lexicon.connecting, row.end)]
    if key_at(parse, row.end) == "but" and not (row.value.items or row.value.whose or row.value.parent):
        # "All providers but SAML" are the other ones, "but not SAML" too.
        joined = [(word, at) for word, at in joined if word == "and_not"]
    for word, at in [("and", row.end), *joined]:
        for said in said_of(parse, at, name):
            if isinstance(said.value, Whose):
                if word == "and":
                    value = row.value._replace(whose=(*row.value.whose, said.value))
                    yield Read(value, said.end, row.cost + said.cost)
            elif word != "or" or (row.value.items and not row.value.whose and row.value.parent is None):
                # "Of Dana or unused": the other ones may be anybody's, which one condition cannot say.
                yield _with(row, Item(word, said.value), Read(said.value, said.end, said.cost))
    if families()[name].of and row.value.parent is None:
        for given in _given_to(parse, row.end, name):
            yield _belonging(row, given)
    for end in _shown_besides(parse, row.end, name):
        # "With a network restriction" says which, before it says what to show.
        yield row._replace(end=end, cost=row.cost + int(key_at(parse, row.end) == "with"))
    if not row.value.order:
        ranks = ranked(parse, row.end, name) if row.value.limit is not None else ()
        for order in (*orders(parse, row.end, name), *ranks):
            yield Read(row.value._replace(order=order.value), order.end, row.cost)


def _shown_besides(parse: Parse, at: int, name: str) -> Iterator[int]:
    """ "… and who owns them", "with their owners", "when were they last used": columns that are shown anyway."""
    sides = [at + 1] if key_at(parse, at) in _SIDE else []
    sides += [r.end for r in parse.phrases(parse.lexicon.also, at)]
    sides += [r.end for side in sides for r in parse.phrases(parse.lexicon.also, side)]
    sides += [r.end for side in sides for r in parse.phrases(parse.lexicon.owners, side)]
    columns = families()[name].by_name
    for side in dict.fromkeys(sides):
        for attribute in parse.phrases(words_of(name).attributes, side):
            if columns[attribute.value].shown:
                yield attribute.end


def _asked_by(parse: Parse, at: int, name: str) -> Iterator[Read[_Things]]:
    """ "(Who) owns the API tokens", "(who) created the event hook X"."""
    if at == 0 or parse.tokens[at - 1].key not in ("who", "whom"):
        return
    for verb in parse.phrases(words_of(name).asking, at):
        yield from _things(parse, verb.end, name)


def _attribute_of(parse: Parse, at: int, name: str) -> Iterator[Read[_Things]]:
    """ "Owners of the API tokens", "when were the tokens last used", "which events do the hooks listen to"."""
    words = words_of(name)
    shown = {column.name for column in families()[name].columns if column.shown}
    for attribute in parse.phrases(words.attributes, at):
        if key_at(parse, attribute.end) in ("of", "for") and attribute.value in shown:
            yield from _things(parse, attribute.end + 1, name)
        for auxiliary in parse.phrases(parse.lexicon.auxiliaries, attribute.end):
            for things in _things(parse, auxiliary.end, name):
                for verb in parse.phrases(words.verbs, things.end):
                    if verb.value == attribute.value:
                        yield things._replace(end=verb.end)
    if key_at(parse, at) == "when":
        for auxiliary in parse.phrases(parse.lexicon.auxiliaries, at + 1):
            for things in _things(parse, auxiliary.end, name):
                for verb in parse.phrases(words.verbs, things.end):
                    if families()[name].by_name[verb.value].kind == "time" and verb.value in shown:
                        yield things._replace(end=verb.end)


def _of_parents(parse: Parse, at: int, name: str) -> Iterator[Read[_Things]]:
    """ "(Which) apps have been granted OAuth scopes", "apps with the scope okta.users.manage", "X's scopes"."""
    words = words_of(name)
    if families()[name].of is None or not families()[name].words_before_parent:
        return
    for owner in parents(parse, at, name):
        start = Read(_Things(), owner.end)
        begun = _belonging(start, owner)
        ends = [o.end for o in openings(parse, owner.end) if not o.denied]
        ends += [r.end for r in parse.phrases(parse.lexicon.having, owner.end) if r.value == "with"]
        ends += [end + 1 for end in ends if key_at(parse, end) in _GIVEN]
        ends += parse.mark("'s", owner.end)
        for end in dict.fromkeys(ends):
            for noun in (*parse.phrases(words.nouns, end), *parse.phrases(words.before_parent, end)):
                yield from _said(parse, begun._replace(end=noun.end), name)
                for text in written(parse, noun.end):
                    called = families()[name].called.name
                    said = Compare(column=called, operator=Operator.SPELT, values=(text.value,))
                    yield _with(begun, Item("and", said), Read(said, text.end))


def _demanded(parse: Parse, at: int, name: str) -> Iterator[Read[_Things]]:
    """ "(What) does the password policy for contractors demand (length, age, history)"."""
    for auxiliary in parse.phrases(parse.lexicon.auxiliaries, at):
        for noun in parse.phrases(words_of(name).demanding, auxiliary.end):
            for things in _said(parse, Read(_Things(), noun.end), name):
                if key_at(parse, things.end) in _DEMAND:
                    for end in _named_attributes(parse, things.end + 1, name):
                        yield things._replace(end=end)


def _named_attributes(parse: Parse, at: int, name: str) -> list[int]:
    """After a row of attributes, which may be in parentheses or after "of", "like"."""
    found, waiting = [at], [at]
    while waiting:
        place = waiting.pop()
        ends = [r.end for r in parse.phrases(words_of(name).attributes, place)]
        if key_at(parse, place) in ("(", ")", ",", "and", "of", "for", "like", "as", "in", "terms", "passwords"):
            ends.append(place + 1)
        for end in ends:
            if end not in found:
                found.append(end)
                waiting.append(end)
    return found


def _state(parse: Parse, at: int, name: str) -> Iterator[Read[_Things]]:
    """ "(Is) ThreatInsight on": how one setting stands."""
    if families()[name].single:
        for noun in parse.phrases(words_of(name).nouns, at):
            if key_at(parse, noun.end) in _ON:
                yield Read(_Things(), noun.end + 1)
