"""Who and what events are about: people, applications, groups and roles by name or by what is said of them; places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from holdfast.graph.vocabulary import WordKind
from holdfast.offline.grammar import nouns
from holdfast.offline.grammar.dates import before, key_at, length_at
from holdfast.offline.grammar.names import thing
from holdfast.offline.grammar.windows import Span, window
from holdfast.offline.live.log.events import event_words
from holdfast.offline.live.log.said import Said
from holdfast.offline.live.log.shapes import Facet
from holdfast.offline.meaning import Selection
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

_KINDS: Final = {"person": Kind.PERSON, "app": Kind.APPLICATION, "group": Kind.GROUP}
_PARTS: Final = {Kind.PERSON: "person", Kind.APPLICATION: "application", Kind.GROUP: "group"}
_ELSE: Final = (
    ("others",),
    ("other", "people"),
    ("other", "users"),
    ("someone", "else"),
    ("somebody", "else"),
    ("another", "user"),
    ("another", "person"),
)
_SELF: Final = (("themselves",), ("himself",), ("herself",), ("their", "own"), ("his", "own"), ("her", "own"))
# A reason as a log writes it.
_REASON: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


@rule
def party(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Selection]]:
    """Things of a kind by name, or by what is said of them; in parentheses or not."""
    for name in thing(parse, at, kind):
        yield Read(Selection(kind=kind, where=name.value), name.end, name.cost)
    for read in nouns.np(parse, at, kind):
        # "Somebody" is anybody; of a name beside a noun the name is meant.
        yield Read(read.value, read.end, read.cost)
    for begin in parse.mark("(", at):
        for read in nouns.np(parse, begin, kind):
            for end in parse.mark(")", read.end):
                yield Read(read.value, end, read.cost)


@rule
def slot(parse: Parse, at: int, piece: str) -> Iterator[Read[Said]]:
    """What a slot of a frame may hold; with a possessive ending where one stands."""
    name = piece.strip("{}")
    if name == "role":
        yield from _role(parse, at)
        return
    if name == "person":
        yield from _pronoun(parse, at)
    kind = _KINDS[name]
    # "Granted admin roles": the roles, before it is "granted admins roles".
    role = int(name == "person" and any(n.value is Kind.ROLE for n in parse.phrases(parse.lexicon.nouns, at)))
    for read in party(parse, at, kind):
        selection = read.value if read.value.where is not None else None
        said = Said.of({_PARTS[kind]: selection})
        yield Read(said, read.end, read.cost + role)
        if name == "person":
            yield from (Read(said, end, read.cost + role) for end in parse.mark("'s", read.end))


def _pronoun(parse: Parse, at: int) -> Iterator[Read[Said]]:
    for phrases, whose in ((_ELSE, "others"), (_SELF, "oneself")):
        for phrase in phrases:
            end = at + len(phrase)
            if tuple(token.key for token in parse.tokens[at:end]) == phrase:
                parse.reached(end)
                said = Said.of({"whose": whose})
                yield Read(said, end)
                yield from (Read(said, after) for after in parse.mark("'s", end))


@rule
def _role(parse: Parse, at: int) -> Iterator[Read[Said]]:
    """ "The super admin role", "an admin role", "role Sales Helpdesk"."""
    for noun in parse.phrases(parse.lexicon.nouns, at):
        if noun.value is Kind.ROLE:
            yield Read(Said(), noun.end)
    for begin in (at, *(n.end for n in parse.phrases(parse.lexicon.nouns, at) if n.value is Kind.ROLE)):
        for read in _named_role(parse, begin) or (_quoted_role(parse, begin) if begin > at else []):
            yield read
            for noun in parse.phrases(parse.lexicon.nouns, read.end):
                if noun.value is Kind.ROLE:
                    yield Read(read.value, noun.end, read.cost)


def _quoted_role(parse: Parse, at: int) -> list[Read[Said]]:
    """`the role "Report Administrator"`, which nobody may hold any more."""
    if at >= len(parse.tokens) or not parse.tokens[at].quoted:
        return []
    return [Read(Said(roles=(parse.tokens[at].text.lower(),)), at + 1)]


def _named_role(parse: Parse, at: int) -> list[Read[Said]]:
    found: dict[int, tuple[str, ...]] = {}
    for name in parse.names(at):
        labels = tuple(dict.fromkeys(w.name for w in name.words if w.kind is WordKind.ROLE))
        if labels and not name.partly:
            found[name.end] = labels
    for value in parse.phrases(parse.lexicon.values[Kind.ROLE], at):
        if value.value.column == "type" and value.end not in found:
            found[value.end] = (event_words().role_labels.get(value.value.value, value.value.value),)
    # A log and a snapshot write them with other capitals.
    small = {end: tuple(dict.fromkeys(label.lower() for label in labels)) for end, labels in found.items()}
    return [Read(Said(roles=labels), end) for end, labels in small.items()]


@rule
def place(parse: Parse, at: int) -> Iterator[Read[Said]]:
    """An IP address, a country, a city: one or several joined by "or", "and"."""
    for first in _one_place(parse, at):
        yield first
        rows = [first]
        while rows:
            row = rows.pop()
            for joined in parse.phrases(parse.lexicon.connecting, row.end):
                for other in _one_place(parse, joined.end) if joined.value in ("or", "and") else ():
                    if both := _either(row.value, other.value):
                        rows.append(Read(both, other.end, row.cost))
                        yield rows[-1]


def _either(one: Said, other: Said) -> Said | None:
    """Two places of the same sort: either will do."""
    for name in ("ips", "countries", "cities"):
        if getattr(one, name) and getattr(other, name):
            return Said.of({name: tuple(dict.fromkeys((*getattr(one, name), *getattr(other, name))))})
    return None


@rule
def _one_place(parse: Parse, at: int) -> Iterator[Read[Said]]:
    words = event_words()
    for start in parse.starts(at):
        yield from _address(parse, start)
        begins = [start]
        for facet in words.facets.at(parse.tokens, start):
            # "Country Germany", "the IP 192.0.2.1"
            yield from _address(parse, facet[1])
            begins.append(facet[1])
        for begin in begins:
            for name, end in words.countries.at(parse.tokens, begin):
                parse.reached(end)
                yield Read(Said(countries=words.spellings[name]), end)
            if begin > start:
                yield from _quoted(parse, begin, start)
        of_city = [end for facet, end in words.facets.at(parse.tokens, start) if facet is Facet.CITY]
        for name_read in (read for place_at in (start, *of_city) for read in parse.names(place_at)):
            cities = tuple(w.id for w in name_read.words if w.kind is WordKind.VALUE and w.detail == "city")
            if cities and not name_read.partly:
                yield Read(Said(cities=cities), name_read.end)


def _quoted(parse: Parse, at: int, facet_at: int) -> Iterator[Read[Said]]:
    """`city "Reykjavík"`: a place in quotes, whatever it is."""
    if at < len(parse.tokens) and parse.tokens[at].quoted:
        for facet, end in event_words().facets.at(parse.tokens, facet_at):
            if end == at and facet.value in ("country", "city"):
                text = parse.tokens[at].text
                parse.reached(at + 1)
                said = Said(countries=(text,)) if facet.value == "country" else Said(cities=(text,))
                yield Read(said, at + 1)


def _address(parse: Parse, at: int) -> Iterator[Read[Said]]:
    """An IP address, which the question's words part at its dots and colons."""
    if at >= len(parse.tokens):
        return
    if parse.tokens[at].quoted:
        text, end = parse.tokens[at].text, at + 1
    else:
        end = at
        while end < len(parse.tokens) and parse.tokens[end].tail == "." and parse.tokens[end].key.isdigit():
            end += 1
        end += 1
        text = ".".join(token.text for token in parse.tokens[at:end])
    try:
        address = str(ip_address(text))
    except ValueError:
        return
    parse.reached(end)
    yield Read(Said(ips=(address,)), end)


@rule
def reason(parse: Parse, at: int) -> Iterator[Read[Said]]:
    """Why something failed: in the words of people, or as the log writes it."""
    for start in parse.starts(at):
        for value, end in event_words().reasons.at(parse.tokens, start):
            yield Read(Said(reasons=(value,)), end)
        if start < len(parse.tokens):
            token = parse.tokens[start]
            if token.quoted or _REASON.fullmatch(token.text):
                parse.reached(start + 1)
                yield Read(Said(reasons=(token.text,)), start + 1)


@rule
def spans(parse: Parse, at: int) -> Iterator[Read[Said]]:
    """A window of time; "over 30 days" are the last 30."""
    for read in window(parse, at):
        yield Read(Said(span=read.value), read.end, read.cost)
    for begin in parse.starts(at):
        for word in ("over", "for", "in", "during"):
            for after in parse.mark(word, begin):
                for many, unit, end in length_at(parse, after):
                    if key_at(parse, end) != "ago":
                        yield Read(Said(span=Span(before(parse.now, many, unit), None)), end)
