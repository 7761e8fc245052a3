"""What somebody did, or what was done to them: "denied a push", "was added to Finance"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from holdfast.offline.live.log import parties
from holdfast.offline.live.log.events import Frame, event_words
from holdfast.offline.live.log.phrases import Phrase, narrowing
from holdfast.offline.live.log.said import Said
from holdfast.offline.reading.parse import Parse, Read, rule

_SLOTS: Final = ("{person}", "{group}", "{app}", "{role}")
_WAS: Final = frozenset({"was", "were", "is", "are", "been", "being", "get", "got", "has", "have", "had"})
# "People granted a role" were granted it, if they did not grant it.
_NO_AUXILIARY: Final = 1


class Doing(NamedTuple):
    """Events that a clause tells of, and how whoever it is about has to do with them: see `Frame`."""

    phrase: Phrase
    side: Literal["did", "was", "got"]


@rule
def did(parse: Parse, at: int) -> Iterator[Read[Doing]]:
    """ "Denied a push", "reset factors for others", after whoever did it; one or several, joined by "or"."""
    yield from _clause(parse, at, first_form=False)


@rule
def do(parse: Parse, at: int) -> Iterator[Read[Doing]]:
    """The same after "did Dana": "deny a push"."""
    yield from _clause(parse, at, first_form=True)


def _clause(parse: Parse, at: int, *, first_form: bool) -> Iterator[Read[Doing]]:
    frames = event_words().asked if first_form else event_words().frames
    rows = list(_one(parse, at, frames))
    while rows:
        row = rows.pop()
        phrase = row.value.phrase
        yield row
        for more in narrowing(parse, row.end, phrase.sets):
            if said := phrase.said.and_(more.value):
                yield Read(Doing(Phrase(phrase.sets, said), row.value.side), more.end, row.cost + more.cost)
        # What is said of one of them only cannot be said of both.
        if phrase.said != Said():
            continue
        for joined in parse.phrases(parse.lexicon.connecting, row.end):
            if joined.value not in ("or", "and"):
                continue
            for other in _one(parse, joined.end, frames):
                if other.value.phrase.said == Said() and other.value.side == row.value.side:
                    sets = tuple(dict.fromkeys((*phrase.sets, *other.value.phrase.sets)))
                    cost = row.cost + int(joined.value == "and")
                    rows.append(Read(Doing(Phrase(sets, Said()), row.value.side), other.end, cost))


def _one(parse: Parse, at: int, frames: Mapping[str, tuple[Frame, ...]]) -> Iterator[Read[Doing]]:
    for start in _skipped(parse, at):
        key = parse.tokens[start].key if start < len(parse.tokens) and not parse.tokens[start].quoted else ""
        for frame in (*frames.get(key, ()), *frames.get("*", ())):
            if frame.side != "was":
                yield from _filled(parse, start, frame, frame.pieces)


@rule
def done(parse: Parse, at: int, piece: str) -> Iterator[Read[Doing]]:
    """ "Was added to Finance" of whoever or whatever fills that slot and stands before."""
    for frame in event_words().frames.get(piece, ()):
        if frame.side == "was":
            for rest in _filled(parse, at, frame, frame.pieces[1:]):
                yield rest
                yield from _more(parse, rest)


@rule
def happened(parse: Parse, at: int) -> Iterator[Read[Doing]]:
    """ "(When) was Dana added to Finance", "(were) factors of Dana reset": the verb stands before what it is about."""
    for start in (at, *_auxiliary(parse, at)):
        for piece in dict.fromkeys((*_SLOTS, *(t.key for t in parse.tokens[start : start + 3]))):
            for frame in event_words().frames.get(piece, ()):
                if frame.side == "was":
                    for read in _filled(parse, start, frame, frame.pieces):
                        # "Was Dana added": the one "was" stands before her.
                        told = read._replace(cost=max(0, read.cost - _NO_AUXILIARY)) if start > at else read
                        yield told
                        yield from _more(parse, told)


def _more(parse: Parse, read: Read[Doing]) -> Iterator[Read[Doing]]:
    phrase = read.value.phrase
    for more in narrowing(parse, read.end, phrase.sets):
        if said := phrase.said.and_(more.value):
            yield Read(Doing(Phrase(phrase.sets, said), read.value.side), more.end, read.cost + more.cost)


def _filled(parse: Parse, at: int, frame: Frame, pieces: tuple[str, ...]) -> Iterator[Read[Doing]]:
    """The frame's pieces from here: words as they stand, slots with whatever fits them."""
    states = [Read(Said(), at)]
    for piece in pieces:
        following: list[Read[Said]] = []
        for state in states:
            following += _after(parse, state, piece)
        states = following
        if not states:
            return
    for state in states:
        yield Read(Doing(Phrase((frame.event,), state.value), frame.side), state.end, state.cost)


def _after(parse: Parse, state: Read[Said], piece: str) -> list[Read[Said]]:
    if piece in _SLOTS:
        found = []
        for read in parties.slot(parse, state.end, piece):
            if (both := state.value.and_(read.value)) is not None:
                found.append(Read(both, read.end, state.cost + read.cost))
        return found
    if piece == "*":
        told = [Read(state.value, end, state.cost) for end in _auxiliary(parse, state.end)]
        return [Read(state.value, state.end, state.cost + _NO_AUXILIARY), *told]
    for start in _skipped(parse, state.end):
        if start < len(parse.tokens) and parse.tokens[start].key == piece and not parse.tokens[start].quoted:
            parse.reached(start + 1)
            return [Read(state.value, start + 1, state.cost)]
    return []


def _auxiliary(parse: Parse, at: int) -> list[int]:
    """The places after one or two words like "was", "has been"."""
    found = []
    end = at
    while end < len(parse.tokens) and parse.tokens[end].key in _WAS and end < at + 2:
        end += 1
        found.append(end)
    return found


def _skipped(parse: Parse, at: int) -> list[int]:
    """Past an article, but not past words that say whose something is."""
    articles = frozenset({"the", "a", "an", "any", "all", "our", "ever", "also"})
    found = [at]
    while found[-1] < len(parse.tokens) and parse.tokens[found[-1]].key in articles:
        found.append(found[-1] + 1)
    return found
