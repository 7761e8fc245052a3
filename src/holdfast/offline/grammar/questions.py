"""Whole questions: lists, counts, rankings, what somebody has, whether somebody has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import (
    attributes,
    breakdowns,
    clauses,
    counting,
    differences,
    nouns,
    peers,
    sorting,
    spreads,
    times,
)
from holdfast.offline.grammar.combining import all_of, any_of, negated, says_twice
from holdfast.offline.grammar.dates_beside import and_when
from holdfast.offline.grammar.holding import holding
from holdfast.offline.grammar.names import attribute_names, thing
from holdfast.offline.meaning import Asked, Condition, Linked, Missing, Selection
from holdfast.offline.meaning.links import BETWEEN, LINKS, Kind, Link
from holdfast.offline.queries.paths import access_paths, every_path, role_paths
from holdfast.offline.reading.parse import Parse, Read, rule

# Words that ask for a person when no noun does.
_PERSON_WORDS: Final = frozenset({"who", "whom", "whose", "whoever", "anyone", "anybody", "everyone"})
_YES_NO: Final = frozenset({"is", "are", "do", "does", "did", "can", "has", "have"})
_UNIVERSAL: Final = frozenset({"all", "every", "everyone", "everybody", "each"})
_QUESTION_WORDS: Final = frozenset({"who", "whom", "whose", "which", "what"})
# Auxiliaries that ask whether somebody does something; "has" and "is" may be part of what is said.
_DOING: Final = frozenset({"do", "does", "did", "can"})
# What is said of nothing is said of people before it is of another kind of thing.
_HEADLESS_COSTS: Final = {Kind.PERSON: 1, Kind.GROUP: 2, Kind.APPLICATION: 2, Kind.DEVICE: 2}
_PAST: Final = frozenset({"was", "were", "did", "been"})
# Kinds that a bare name may ask for: "show Dana Whitfield".
_NAMED_KINDS: Final = (Kind.PERSON, Kind.GROUP, Kind.APPLICATION, Kind.DEVICE, Kind.POLICY, Kind.ZONE, Kind.ROLE)


def whole_question(parse: Parse) -> list[Read[Asked]]:
    """Every reading of the question that leaves no word over."""
    found: list[Read[Asked]] = []
    if asks_of_all(parse):
        return found
    for begin in asked_from(parse):
        for read in question(parse, begin):
            if parse.at_end(read.end):
                found.append(read)
            elif parse.at_end(max(endings(parse, read.end))):
                # "Who signed in today" says when, before "today" is a word that says nothing.
                found.append(read._replace(cost=read.cost + 1))
    return found


def asks_of_all(parse: Parse) -> bool:
    """ "Are all contractors active?" wants a yes or a no of all of them, which is no list of those who are."""
    keys = [token.key for token in parse.tokens[:2]]
    return len(keys) > 1 and keys[0] in _YES_NO and keys[1] in _UNIVERSAL


def asked_from(parse: Parse) -> list[int]:
    """Places after words that only say that something is asked: "show me", "I would like to see"."""
    found, waiting = [0], [0]
    while waiting:
        at = waiting.pop()
        ends = [r.end for r in parse.phrases(parse.lexicon.asking, at)]
        for end in [*ends, *parse.mark(",", at), *parse.starts(at)]:
            if end not in found:
                found.append(end)
                waiting.append(end)
    return sorted(found)


def endings(parse: Parse, at: int) -> list[int]:
    """`at`, and the places after words that only end a question: "please", "in total"."""
    found, waiting = [at], [at]
    while waiting:
        place = waiting.pop()
        ends = [r.end for r in parse.phrases(parse.lexicon.closing, place) if not _tells_when(parse, place)]
        for end in [*ends, *parse.mark(",", place), *parse.starts(place)]:
            if end not in found:
                found.append(end)
                waiting.append(end)
    return found


def _tells_when(parse: Parse, at: int) -> bool:
    """ "Was anybody added today" is about the day, "who is in Sales today" about what is."""
    keys = {token.key for token in parse.tokens}
    return parse.tokens[at].key == "today" and not keys.isdisjoint(_PAST)


@rule
def question(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """A question that begins here, in each of its forms."""
    yield from lists(parse, at)
    yield from sorting.ordered_lists(parse, at)
    for listed in _things(parse, at):
        yield from _with_paths(parse, listed)
        yield from and_when(parse, listed)
    yield from counting.counts(parse, at)
    yield from counting.rankings(parse, at)
    yield from breakdowns.breakdowns(parse, at)
    yield from spreads.spreads(parse, at)
    yield from differences.differences(parse, at)
    yield from holding(parse, at)
    yield from _of_each(parse, at)
    yield from attributes.attribute_of(parse, at)
    yield from attributes.when(parse, at)
    yield from attributes.values_of(parse, at)


@rule
def lists(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """Things, with what else of them is to be shown."""
    for listed in _things(parse, at):
        yield Read(Asked(subject=listed.value), listed.end, listed.cost)
        yield from _beside(parse, listed)


@rule
def _things(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    for kind in Kind:
        yield from nouns.np(parse, at, kind, True)
    yield from _ones_and_others(parse, at)
    yield from _everything(parse, at)
    yield from _headless(parse, at)
    for kind in _NAMED_KINDS:
        for name in thing(parse, at, kind):
            # "Everyone" is all people before it is the group of that name.
            yield Read(Selection(kind=kind, where=name.value), name.end, name.cost + 1)
    yield from _who(parse, at)
    yield from inverted(parse, at)
    yield from _yes_or_no(parse, at)


def _ones_and_others(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Contractors and people who never logged in": the ones and the others."""
    for ones in nouns.np(parse, at, Kind.PERSON, True):
        for joined in parse.phrases(parse.lexicon.connecting, ones.end) if ones.value.where else ():
            # "Contractors and interns in London" are read as one noun with what follows it.
            one_noun = any(head.end > joined.end for head in nouns.head(parse, at, Kind.PERSON))
            if joined.value == "and_not" or one_noun or parse.tokens[joined.end - 1].key == "but":
                continue
            for others in nouns.np(parse, joined.end, Kind.PERSON, True):
                if (
                    ones.value.where
                    and others.value.where
                    and not _one_and_the_same(parse, at, ones, others, joined.end)
                ):
                    where = any_of((ones.value.where, others.value.where))
                    cost = ones.cost + others.cost + int(says_twice(where) or _leaves_out(parse, at, ones.end))
                    yield Read(Selection(kind=Kind.PERSON, where=where), others.end, cost)


def _one_and_the_same(parse: Parse, at: int, ones: Read[Selection], others: Read[Selection], begin: int) -> bool:
    """ "Who are active and contractors" are both; "who are active, and people in Sales" are the ones and the others."""
    said = any(token.key in ("is", "are", "who", "that") for token in parse.tokens[at : ones.end])
    return said and others.end == begin + 1


def _leaves_out(parse: Parse, at: int, end: int) -> bool:
    """Whether "except", "but not" stands there: then what follows "and" is left out too, or asked back."""
    return any(
        read.value == "and_not" for place in range(at, end) for read in parse.phrases(parse.lexicon.connecting, place)
    )


def _headless(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Never logged in", "SAML", "no login since May": said of people, if it can be, though no noun says so."""
    # "Grant Luis the role" is an order.
    if at > 0 or parse.lexicon.change.at(parse.tokens, at):
        return
    for kind, cost in _HEADLESS_COSTS.items():
        if kind is not Kind.PERSON and not nouns.adjectives(parse, at, kind, False):
            continue
        for said in clauses.conditions(parse, at, kind):
            # "Login" by itself asks for nothing.
            if said.value != negated(Missing(column="last_login")):
                yield Read(Selection(kind=kind, where=said.value), said.end, said.cost + cost)
    for said in times.events(parse, at):
        yield Read(Selection(kind=Kind.PERSON, where=said.value), said.end, said.cost + 1)


def _everything(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Everything that Dana can open", "what Dana can open"."""
    for word in ("everything", "anything", "whatever", "what"):
        for begin in parse.mark(word, at):
            for said in clauses.reduced(parse, begin, Kind.APPLICATION):
                yield Read(Selection(kind=Kind.APPLICATION, where=said.value), said.end, said.cost)


@rule
def nobody(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Nobody", "no contractors": those of whom nothing holds."""
    for word in parse.phrases(parse.lexicon.nobody, at):
        yield Read(Selection(kind=word.value), word.end)
        # "Nobody in Sales"
        for said in clauses.conditions(parse, word.end, word.value):
            yield Read(Selection(kind=word.value, where=said.value), said.end, said.cost)
    for no in parse.phrases(parse.lexicon.no, at):
        for kind in Kind:
            yield from nouns.np(parse, no.end, kind)


def _who(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Who can open Slack", "whose manager is suspended"."""
    if at >= len(parse.tokens) or parse.tokens[at].key not in _PERSON_WORDS:
        return
    for said in clauses.conditions(parse, at, Kind.PERSON):
        yield Read(Selection(kind=Kind.PERSON, where=said.value), said.end, said.cost)


@rule
def inverted(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Which apps can Dana open", "what groups are contractors in", "who does Dana report to"."""
    for kind in Kind:
        for asked in nouns.np(parse, at, kind, True):
            yield from _asked_of_subject(parse, asked, False)
    if at < len(parse.tokens) and parse.tokens[at].key in ("what", "who", "whom"):
        for kind in (Kind.APPLICATION, Kind.PERSON):
            yield from _asked_of_subject(parse, Read(Selection(kind=kind), at + 1), True)


def _asked_of_subject(parse: Parse, asked: Read[Selection], bare: bool) -> Iterator[Read[Selection]]:
    for auxiliary in parse.phrases(parse.lexicon.yes_no, asked.end):
        # "Which apps can Dana open", "… can't Dana open", "… can nobody open"
        owners = [(owner, False) for owner in subject(parse, auxiliary.end)]
        owners += [
            (o, True) for no in parse.phrases(parse.lexicon.negation, auxiliary.end) for o in subject(parse, no.end)
        ]
        owners += [(owner, True) for owner in nobody(parse, auxiliary.end)]
        for owner, none in owners:
            for verb, denied, end in _verbs(parse, owner.end, owner.value.kind, asked.value.kind, bare):
                if none and denied:
                    continue
                condition: Condition = Linked(link=LINKS[verb].inverse, target=owner.value)
                said = [Read(condition, end, asked.cost + owner.cost)]
                for way in parse.phrases(parse.lexicon.ways, end):
                    said += clauses.by_way(Read(condition, way.end, said[0].cost), way.value)
                for read in said:
                    where = all_of((asked.value.where, negated(read.value) if denied or none else read.value))
                    yield Read(Selection(kind=asked.value.kind, where=where), read.end, read.cost)


def _of_each(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "Which groups does each contractor belong to": the contractors, with their groups."""
    for kind in Kind:
        for asked in nouns.np(parse, at, kind):
            if asked.value.where is not None:
                continue
            for auxiliary in parse.phrases(parse.lexicon.yes_no, asked.end):
                for whole in parse.phrases(parse.lexicon.whole, auxiliary.end):
                    if parse.tokens[whole.end - 1].key in ("all", "every"):
                        # What all of them have is not what each of them has.
                        continue
                    for owner in subject(parse, whole.end):
                        for verb, denied, end in _verbs(parse, owner.end, owner.value.kind, kind, False):
                            if not denied:
                                yield Read(Asked(subject=owner.value, beside=(verb,)), end, owner.cost)


def _verbs(parse: Parse, at: int, kind: Kind, target: Kind, bare: bool) -> Iterator[tuple[Link, bool, int]]:
    """The link from a subject of that kind to what is asked for: "open", "belong to", "have"."""
    denials = [(False, at), *((True, no.end) for no in parse.phrases(parse.lexicon.negation, at))]
    for denied, begin in denials:
        for word in parse.phrases(parse.lexicon.links[kind], begin):
            ends = LINKS[word.value]
            if denied and clauses.tells_of_use(parse, word):
                continue
            if ends.target is target and (
                not bare or parse.tokens[word.end - 1].key not in ("have", "has", "in", "on")
            ):
                yield word.value, denied, word.end
        link = BETWEEN.get((kind, target))
        for having in parse.phrases(parse.lexicon.having, begin) if link and not bare else ():
            if having.value == "with" and link:
                yield link, denied, having.end


@rule
def subject(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """Who or what a question is about: a name, or things of a kind."""
    for kind in _NAMED_KINDS:
        for name in thing(parse, at, kind):
            yield Read(Selection(kind=kind, where=name.value), name.end, name.cost)
    for kind in Kind:
        yield from nouns.np(parse, at, kind)
    # Which apps does "the Finance department" use.
    for place in peers.of_named_attribute(parse, at):
        yield Read(Selection(kind=Kind.PERSON, where=place.value), place.end, place.cost)


def _yes_or_no(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Can Dana open Slack", "do contractors have access to Box": Dana, the contractors, if so."""
    if at > 0 and parse.tokens[at - 1].key in _QUESTION_WORDS:
        # "Who has Box" does not ask whether Box has anything.
        return
    for auxiliary in parse.phrases(parse.lexicon.yes_no, at):
        for kind in _NAMED_KINDS:
            for name in thing(parse, auxiliary.end, kind):
                for said in clauses.conditions(parse, name.end, kind):
                    where = all_of((name.value, said.value))
                    yield Read(Selection(kind=kind, where=where), said.end, name.cost + said.cost)
        for kind in Kind:
            # "Can any contractors open Slack"
            anyone = any(t.key in _PERSON_WORDS for t in parse.tokens[auxiliary.end : auxiliary.end + 1])
            if parse.tokens[auxiliary.end - 1].key in _DOING or (anyone and kind is Kind.PERSON):
                yield from (r for r in nouns.np(parse, auxiliary.end, kind) if r.value.where is not None)


def _beside(parse: Parse, listed: Read[Selection]) -> Iterator[Read[Asked]]:
    """ "…, and fetch me their applications and groups", "with their title and manager"."""
    kind = listed.value.kind
    rows: list[tuple[Asked, int]] = [(Asked(subject=listed.value), listed.end)]
    seen = 0
    while seen < len(rows):
        asked, end = rows[seen]
        seen += 1
        started = bool(asked.also or asked.beside)
        for begin in _more_to_show(parse, end, started):
            for attribute in attribute_names(parse, begin, kind):
                if attribute.value not in asked.also:
                    rows.append((asked.model_copy(update={"also": (*asked.also, attribute.value)}), attribute.end))
            for link, after in _linked_nouns(parse, begin, kind):
                if link not in asked.beside:
                    rows.append((asked.model_copy(update={"beside": (*asked.beside, link)}), after))
    for asked, end in rows[1:]:
        yield Read(asked, end, listed.cost)


def _with_paths(parse: Parse, listed: Read[Selection]) -> Iterator[Read[Asked]]:
    """ "Who can open Slack, and by which path", "…, directly or through a group", "with their paths"."""
    if (every_path(listed.value) or role_paths(listed.value)) is None:
        return
    # Where each path has its row anyway, the words for it ask for nothing more.
    asked = Asked(subject=listed.value, paths=access_paths(listed.value) is None)
    joined = [*(r.end for r in parse.phrases(parse.lexicon.also, listed.end)), *parse.mark(",", listed.end)]
    joined += [r.end for at in joined for r in parse.phrases(parse.lexicon.also, at)]
    for begin in (listed.end, *joined):
        for adverb in parse.phrases(parse.lexicon.path_adverbs, begin):
            yield Read(asked, adverb.end, listed.cost)
    for begin in (*joined, *(r.end for at in joined for r in parse.phrases(parse.lexicon.owners, at))):
        for noun in parse.phrases(parse.lexicon.path_nouns, begin):
            yield Read(asked, noun.end, listed.cost)


def _more_to_show(parse: Parse, at: int, started: bool) -> list[int]:
    words = [*(r.end for r in parse.phrases(parse.lexicon.also, at)), *parse.mark(",", at)]
    words += [r.end for w in words for r in parse.phrases(parse.lexicon.also, w)]
    owned = [r.end for w in words for r in parse.phrases(parse.lexicon.owners, w)]
    # The first thing needs "their", or it would be part of the list: "users and groups".
    commanded = [w for w in words if parse.tokens[w - 1].key not in ("and", ",", "with", "plus", "or", "including")]
    return list(dict.fromkeys([*owned, *(words if started else commanded)]))


def _linked_nouns(parse: Parse, at: int, kind: Kind) -> Iterator[tuple[Link, int]]:
    for noun in parse.phrases(parse.lexicon.nouns, at):
        if link := BETWEEN.get((kind, noun.value)):
            yield link, noun.end
    for outline in parse.phrases(parse.lexicon.outlines, at):
        ends = LINKS[outline.value]
        if ends.target is kind and ends.source is Kind.PERSON:
            yield ends.inverse, outline.end
