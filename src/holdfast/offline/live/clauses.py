"""What is said of the things of a family: "active", "not used for 90 days", "owned by Dana", "called Splunk"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, NamedTuple

from holdfast.offline.grammar.combining import negated
from holdfast.offline.grammar.dates import FIXED, after, key_at, length_at
from holdfast.offline.grammar.names import thing
from holdfast.offline.grammar.windows import WORDS, Span, age, silence, window
from holdfast.offline.live.families import families, words_of
from holdfast.offline.live.shapes import Whose
from holdfast.offline.meaning import Compare, Condition, Missing, Named, Operator, Within
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read

_OPERATORS: Final = {"contains": Operator.CONTAINS, "starts": Operator.STARTS, "ends": Operator.ENDS}
_SOON: Final = (
    ("in", "the", "next"),
    ("within", "the", "next"),
    ("in",),
    ("within",),
    ("over", "the", "next"),
    ("the", "next"),
)
# A window with one of these has begun already; what is to come does not lie in it.
_BEGUN: Final = frozenset(
    {"last", "past", "previous", "preceding", "this", "ago", "today", "yesterday", "newer", "older"}
)
# A name that is not in quotes ends the question, and has none of these words.
_LONGEST_NAME: Final = 5
_NO_NAME: Final = frozenset(
    {
        "and",
        "or",
        "with",
        "without",
        "that",
        "who",
        "which",
        "whose",
        "in",
        "of",
        "for",
        "by",
        "not",
        "is",
        "are",
        "has",
    }
    | {
        "have",
        "was",
        "were",
        "do",
        "does",
        "on",
        "off",
        "active",
        "inactive",
        "enabled",
        "disabled",
        "since",
        "last",
        ",",
    }
    # Nobody asks for the thing of that name.
    | {"secret", "secrets", "value", "values", "key", "keys", "credential", "credentials", "password", "hash"}
)
_MONTH: Final = timedelta(days=30)
_LONGEST_MONTH: Final = timedelta(days=31)
_HAS: Final = frozenset({"have", "own", "hold", "possess"})
_MAY: Final = frozenset({"can", "could", "may", "might", "should", "must", "will", "would", "shall"})


class Opening(NamedTuple):
    """After "that have not been": whether it was denied, and by "never"; whether any such word was said."""

    end: int
    denied: bool = False
    never: bool = False
    said: bool = False


def openings(parse: Parse, at: int) -> list[Opening]:
    """The places after "who", "that are", "which have not been"; `at` itself too."""
    found, waiting = [Opening(at)], [Opening(at)]
    while waiting:
        one = waiting.pop()
        steps = [(r.end, False) for r in parse.phrases(parse.lexicon.auxiliaries, one.end)]
        # What can be is not what is.
        steps = [(end, False) for end, _ in steps if not _MAY & {t.key for t in parse.tokens[one.end : end]}]
        if not one.said:
            steps += [(r.end, False) for r in parse.phrases(parse.lexicon.who, one.end)]
        if not one.denied:
            steps += [(r.end, True) for r in parse.phrases(parse.lexicon.negation, one.end)]
        for end, denies in steps:
            never = one.never or (denies and any(t.key == "never" for t in parse.tokens[one.end : end]))
            further = Opening(end, one.denied or denies, never, True)
            if further not in found:
                found.append(further)
                waiting.append(further)
    return found


def said_of(parse: Parse, at: int, name: str) -> Iterator[Read[Condition] | Read[Whose]]:
    """Every clause at this place."""
    for opening in openings(parse, at):
        yield from _adjectives(parse, opening, name)
        yield from _timed(parse, opening, name)
        if not opening.denied:
            yield from _by_thing(parse, opening.end, name)
            yield from _of_person(parse, opening, name)
            yield from _valued(parse, opening.end, name)
    yield from _compared(parse, at, name)
    yield from _called(parse, at, name)
    yield from _without(parse, at, name)
    if "created" in families()[name].by_name:
        for span in age(parse, at):
            aged: Condition = Within(column="created", start=span.value.start, end=span.value.end)
            yield Read(aged, span.end, 2)


def adjectives(parse: Parse, at: int, name: str) -> Iterator[Read[Condition]]:
    """What stands before the noun: "active", "not active", "expired"."""
    for opening in [Opening(at), *(Opening(r.end, True) for r in parse.phrases(parse.lexicon.negation, at))]:
        yield from _adjectives(parse, opening, name)


def _adjectives(parse: Parse, opening: Opening, name: str) -> Iterator[Read[Condition]]:
    if opening.never:
        return
    for value in parse.phrases(words_of(name).values, opening.end):
        column = families()[name].by_name[value.value.column]
        said = Compare(column=column.name, values=_values(value.value.value, column.kind))
        yield Read(negated(said) if opening.denied else said, value.end)
    for past in parse.phrases(words_of(name).past, opening.end):
        ended = Within(column=past.value, end=parse.now)
        yield Read(negated(ended) if opening.denied else ended, past.end)


def _values(value: str, kind: str) -> tuple[str | bool, ...]:
    """What a word of `families.toml` stands for: one value, or each that is between bars."""
    return (value == "yes",) if kind == "flag" else tuple(value.split("|"))


def _timed(parse: Parse, opening: Opening, name: str) -> Iterator[Read[Condition]]:
    columns = families()[name].by_name
    for verb in parse.phrases(words_of(name).verbs, opening.end):
        column = columns[verb.value]
        if column.kind != "time":
            continue
        spans = [*(coming(parse, verb.end) if column.ahead else window(parse, verb.end))]
        spans += silence(parse, verb.end) if opening.denied and not column.ahead else ()
        for span in spans:
            said = Within(column=column.name, start=span.value.start, end=span.value.end)
            yield Read(negated(said) if opening.denied else said, span.end, span.cost)
        if opening.never:
            yield Read(Missing(column=column.name), verb.end)
    for idle in parse.phrases(words_of(name).idle, opening.end) if not opening.denied else ():
        for span in (*silence(parse, idle.end), *window(parse, idle.end)):
            if span.value.end is None:
                yield Read(negated(Within(column=idle.value, start=span.value.start)), span.end, span.cost)


def coming(parse: Parse, at: int) -> Iterator[Read[Span]]:
    """A window of time to come: "in the next 30 days", "before 2027-01-01", "in December 2026"."""
    for begin in after(parse, at, _SOON):
        for many, unit, end in length_at(parse, begin):
            length = FIXED.get(unit)
            if length is None and unit != "month":
                continue
            yield Read(Span(parse.now, parse.now + many * (length or _MONTH)), end)
    for span in window(parse, at):
        # What has begun already and goes on was meant of the past: "within 30 days".
        goes_on = span.value.end is None and span.value.start is not None and span.value.start < parse.now
        if not goes_on and not _BEGUN & {token.key for token in parse.tokens[at : span.end]}:
            yield from _ahead(parse, at, span)


def _ahead(parse: Parse, at: int, span: Read[Span]) -> Iterator[Read[Span]]:
    """ "In December" is the next one, where something is to come; other times that are over must be dates."""
    start, end = span.value
    dated = any(sum(sign.isdigit() for sign in token.key) > 2 for token in parse.tokens[at : span.end])
    if dated or end is None or end > parse.now:
        yield span
    elif start is not None and timedelta(days=27) < end - start <= _LONGEST_MONTH and start.day == end.day == 1:
        yield span._replace(value=Span(start.replace(year=start.year + 1), end.replace(year=end.year + 1)))


def _by_thing(parse: Parse, at: int, name: str) -> Iterator[Read[Whose]]:
    """ "Owned by Dana", "for the group Contractors"."""
    for verb in parse.phrases(words_of(name).verbs, at):
        column = families()[name].by_name[verb.value]
        kind = column.named_kind
        for who in thing(parse, verb.end, kind) if kind else ():
            yield Read(Whose(column=column.name, who=who.value), who.end, who.cost)


def _of_person(parse: Parse, opening: Opening, name: str) -> Iterator[Read[Whose]]:
    """ "(What API tokens does) Dana have", "(which origins did) Dana create"; "whose creator is Dana"."""
    columns = [c for c in families()[name].columns if c.named_kind is Kind.PERSON and c.verbs]
    for who in thing(parse, opening.end, Kind.PERSON) if opening.said and columns else ():
        done = key_at(parse, who.end)
        for column in columns:
            if done in _HAS or any(word in (done, f"{done}d", f"{done}ed") for word in column.asking):
                yield Read(Whose(column=column.name, who=who.value), who.end + 1, who.cost)
    for whose in parse.phrases(parse.lexicon.comparing, opening.end):
        for attribute in parse.phrases(words_of(name).attributes, whose.end) if whose.value == "whose" else ():
            for verb in parse.phrases(parse.lexicon.comparing, attribute.end):
                if verb.value == "is" and attribute.value in {column.name for column in columns}:
                    for who in thing(parse, verb.end, Kind.PERSON):
                        yield Read(Whose(column=attribute.value, who=who.value), who.end, who.cost)


def _valued(parse: Parse, at: int, name: str) -> Iterator[Read[Condition]]:
    """ "Listening to user.session.start", "for the scope okta.users.read"."""
    for verb in parse.phrases(words_of(name).verbs, at):
        column = families()[name].by_name[verb.value]
        if column.kind in ("text", "list") and column.named_kind is None:
            for text in written(parse, verb.end):
                yield Read(Compare(column=column.name, operator=Operator.SPELT, values=(text.value,)), text.end)


def written(parse: Parse, at: int) -> Iterator[Read[str]]:
    """A text as it was typed: in quotes, or with no space in it and something that no plain word has."""
    for start in parse.starts(at):
        if start >= len(parse.tokens):
            continue
        if parse.tokens[start].quoted:
            parse.reached(start + 1)
            yield Read(parse.tokens[start].key, start + 1)
            continue
        end = start + 1
        while (
            end < len(parse.tokens)
            and parse.tokens[end].start <= parse.tokens[end - 1].end + 1
            and parse.tokens[end - 1].tail
        ):
            end += 1
        text = parse.typed(start, end)
        if any(mark in text for mark in "._:@"):
            parse.reached(end)
            yield Read(text, end)


def _compared(parse: Parse, at: int, name: str) -> Iterator[Read[Condition]]:
    """ "Whose name contains 'terra'", "with status active", "whose last use is before May"."""
    columns = families()[name].by_name
    for whose in parse.phrases(parse.lexicon.comparing, at):
        if whose.value != "whose":
            continue
        for attribute in parse.phrases(words_of(name).attributes, whose.end):
            column = columns[attribute.value]
            for verb in parse.phrases(parse.lexicon.comparing, attribute.end):
                yield from _verbed(parse, verb, column.name, name)
            for value in _value(parse, attribute.end, column.name, name, denied=False):
                yield value._replace(cost=value.cost + 1)


def _verbed(parse: Parse, verb: Read[str], column: str, name: str) -> Iterator[Read[Condition]]:
    if verb.value in ("is", "is_not"):
        yield from _value(parse, verb.end, column, name, denied=verb.value == "is_not")
    elif verb.value in ("missing", "present"):
        missing = Missing(column=column)
        yield Read(missing if verb.value == "missing" else negated(missing), verb.end)
    elif verb.value in _OPERATORS:
        yield from _with_text(parse, verb.end, column, _OPERATORS[verb.value], denied=False)
    elif verb.value == "does_not":
        for contains in parse.phrases(parse.lexicon.comparing, verb.end):
            if contains.value in _OPERATORS:
                yield from _with_text(parse, contains.end, column, _OPERATORS[contains.value], denied=True)


def _with_text(parse: Parse, at: int, column: str, operator: Operator, *, denied: bool) -> Iterator[Read[Condition]]:
    for start in parse.starts(at):
        if start < len(parse.tokens) and not parse.mark(",", start):
            said = Compare(column=column, operator=operator, values=(parse.typed(start, start + 1),))
            parse.reached(start + 1)
            yield Read(negated(said) if denied else said, start + 1)


def _value(parse: Parse, at: int, column: str, name: str, *, denied: bool) -> Iterator[Read[Condition]]:
    kind = families()[name].by_name[column].kind
    found: list[Read[Condition]] = []
    for value in parse.phrases(words_of(name).values, at):
        if value.value.column == column:
            found.append(Read(Compare(column=column, values=_values(value.value.value, kind)), value.end))
    if kind == "time":
        spans = coming(parse, at) if families()[name].by_name[column].ahead else window(parse, at)
        found += [Read(Within(column=column, start=s.value.start, end=s.value.end), s.end, s.cost) for s in spans]
    elif kind == "flag":
        found += [
            Read(Compare(column=column, values=(key_at(parse, at) in ("true", "yes"),)), at + 1)
            for _ in range(int(key_at(parse, at) in ("true", "false", "yes", "no")))
        ]
    elif kind == "number":
        if key_at(parse, at).isdigit() and len(key_at(parse, at)) < 10:
            found.append(Read(Compare(column=column, values=(int(key_at(parse, at)),)), at + 1))
    else:
        for text in written(parse, at):
            # A person is meant by who they are, before how they are written.
            of_person = int(families()[name].by_name[column].person is not None)
            found.append(
                Read(Compare(column=column, operator=Operator.SPELT, values=(text.value,)), text.end, of_person)
            )
    for read in found:
        yield Read(negated(read.value), read.end, read.cost) if denied else read


def _called(parse: Parse, at: int, name: str) -> Iterator[Read[Condition]]:
    """ "Called Splunk": the rest of the question, or what stands in quotes."""
    for named in parse.phrases(parse.lexicon.comparing, at):
        if named.value == "named":
            yield from by_name(parse, named.end, name)


def by_name(parse: Parse, at: int, name: str, *, of: str = "") -> Iterator[Read[Condition]]:
    """A name that the snapshot does not know: in quotes as it is, or how it begins, at the end of the question.

    `of`: the family of the thing that is called so, where that is what things of `name` belong to.
    """
    column = families()[name].called.name
    rest = parse.tokens[at:]
    if not rest:
        return
    if rest[0].quoted:
        parse.reached(at + 1)
        yield Read(Compare(column=column, operator=Operator.SPELT, values=(rest[0].key,)), at + 1)
    elif len(rest) <= _LONGEST_NAME and _may_be_a_name(parse, at, of or name):
        end = len(parse.tokens)
        parse.reached(end)
        yield Read(Compare(column=column, operator=Operator.STARTS, values=(parse.typed(at, end),)), end, 1)


def _may_be_a_name(parse: Parse, at: int, name: str) -> bool:
    """Whether what is left of the question can only be a name: it is written like one, or said to be one."""
    rest = parse.tokens[at:]
    if any(token.quoted or token.key in _NO_NAME | WORDS for token in rest):
        return False
    plain = [place for place in range(at, len(parse.tokens)) if not parse.tokens[place].text[:1].isupper()]
    if any(table.at(parse.tokens, place) for table in words_of(name).tables for place in plain):
        return False
    before = [token.key for token in parse.tokens[max(at - 4, 0) : at]]
    said = "the" in before or before[-1:] in (["called"], ["named"])
    singular = not parse.tokens[at - 1].key.endswith("s")
    return singular and (said or all(token.text[:1].isupper() or not token.text[:1].isalpha() for token in rest))


def _without(parse: Parse, at: int, name: str) -> Iterator[Read[Condition]]:
    """ "Without a description", "with no owner"."""
    for having in parse.phrases(parse.lexicon.having, at):
        begins = [having.end] if having.value == "without" else []
        if having.value == "with":
            begins = [no.end for no in parse.phrases(parse.lexicon.no, having.end)]
        for begin in begins:
            for attribute in parse.phrases(words_of(name).attributes, begin):
                yield Read(Missing(column=attribute.value), attribute.end)


def parents(parse: Parse, at: int, name: str) -> Iterator[Read[Named | Condition | None]]:
    """The things that it belongs to: one by its name, or each of them (None)."""
    of = families()[name].of
    if of is None:
        return
    family = families()[of]
    words = words_of(of)
    begins = [at, *(r.end for r in parse.phrases(parse.lexicon.whole, at))]
    for begin in begins:
        for each in (*parse.phrases(words.parents, begin), *parse.phrases(words.nouns, begin)):
            yield Read(None, each.end)
            if family.kind is None:
                for called in by_name(parse, each.end, name, of=of):
                    assert isinstance(called.value, Compare)
                    column = families()[name].columns[0].name
                    yield Read(called.value.model_copy(update={"column": column}), called.end, 1)
    if family.kind is not None:
        for named in thing(parse, at, family.kind):
            yield Read(named.value, named.end, named.cost)
