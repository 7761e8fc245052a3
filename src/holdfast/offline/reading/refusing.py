"""Why a question was not understood: the words, and the nearest question that would be."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from holdfast.answer import Refused
from holdfast.offline.grammar.questions import asked_from, question, whole_question
from holdfast.offline.grammar.windows import WORDS as WINDOW_WORDS
from holdfast.offline.meaning import Asked
from holdfast.offline.reading.parse import Parse, Read, TooManyReadings
from holdfast.offline.reading.spelling import Offered, offered_names
from holdfast.offline.reading.tokens import Token, tokenise
from holdfast.offline.wording import Wording

# Words that the grammar itself reads.
_GRAMMAR_WORDS: Final = frozenset({",", "(", ")", "'s", "of", "when", "last", "first", "both", "to", "who", "what"})
# Without these a question asks for something else altogether.
_NEVER_LEFT_OUT: Final = frozenset(
    {
        "not",
        "no",
        "never",
        "without",
        "or",
        "and",
        "nor",
        "neither",
        "but",
        "except",
        "excluding",
        "minus",
        "all",
        "every",
    }
)


def likeliest(readings: list[Read[Asked]]) -> list[Read[Asked]]:
    """The readings of least cost, each meaning once."""
    least = min((r.cost for r in readings), default=0)
    once = {r.value: r for r in readings if r.cost == least}
    return list(once.values())


def strange_words(parse: Parse) -> list[Token]:
    """Words that stand neither in a phrase of the lexicon nor in a name of the tenant."""
    read: set[int] = set()
    for at in range(len(parse.tokens)):
        for name in parse.names(at):
            if not name.partly:
                read.update(range(at, name.end))
        for table in parse.lexicon.tables:
            for _, end in table.at(parse.tokens, at):
                read.update(range(at, end))
    known = _GRAMMAR_WORDS | WINDOW_WORDS | parse.lexicon.numbers.keys()
    return [
        token
        for at, token in enumerate(parse.tokens)
        if at not in read and (token.quoted or not (token.key in known or token.key[:1].isdigit()))
    ]


def refusal(parse: Parse, wording: Wording, strange: list[Token]) -> Refused:
    """What was not understood, by name; with a name that was nearly typed, or the nearest question that would do."""
    offered = [
        (offer, nearest) for offer in offered_names(parse, strange) if (nearest := _meant(parse, offer, wording))
    ]
    nearest = "" if offered else _nearest(parse, strange, wording)
    if not strange:
        at = min(parse.furthest, len(parse.tokens) - 1)
        strange = [parse.tokens[at]] if parse.tokens else []
    typed = tuple(dict.fromkeys(token.text for token in strange))
    if not typed:
        return Refused(reason="There is no question in this. Ask for example: How many people are in each status?")
    reason = f"Not understood: {', '.join(f'“{word}”' for word in typed)}."
    if offered:
        names = " or ".join(f"“{offer.name}”" for offer, _ in offered)
        reason = f"{reason} Did you mean {names}? Then ask: {offered[0][1]}."
    elif nearest:
        reason = f"{reason} The nearest that would be: {nearest}."
    return Refused(reason=reason, not_understood=typed)


def _meant(parse: Parse, offer: Offered, wording: Wording) -> str:
    """The question with the offered name, as it would be understood; empty where it would not."""
    readings = _read(_of(parse, tokenise(offer.question)))
    return _working(parse, wording.sentence(readings[0].value)) if readings else ""


def _nearest(parse: Parse, strange: list[Token], wording: Wording) -> str:
    """The question without the words that are strange or stand in the way, or as far as it can be read."""
    without = _of(parse, tuple(token for token in parse.tokens if token not in strange)) if strange else parse
    if strange and (readings := _read(without)):
        return _working(parse, wording.sentence(readings[0].value))
    furthest = min(parse.furthest, len(parse.tokens) - 1)
    if not strange:
        for at in dict.fromkeys((furthest, max(furthest - 1, 0), 0)):
            token = parse.tokens[at] if parse.tokens else None
            if token is None or token.quoted or token.key in _NEVER_LEFT_OUT:
                continue
            # What is asked for is not what stands in the way.
            if parse.lexicon.nouns.at(parse.tokens, at):
                continue
            readings = _read(_of(parse, (*parse.tokens[:at], *parse.tokens[at + 1 :])))
            if len(readings) == 1 and (sentence := _working(parse, wording.sentence(readings[0].value))):
                return sentence
    begun = [read for begin in asked_from(without) for read in question(without, begin)]
    for read in sorted(begun, key=lambda r: -r.end)[:2]:
        if sentence := _working(parse, wording.sentence(read.value)):
            return sentence
    return ""


def _of(parse: Parse, tokens: tuple[Token, ...]) -> Parse:
    return replace(parse, tokens=tokens, furthest=0, kept={}, readings=0)


def _read(parse: Parse) -> list[Read[Asked]]:
    try:
        return likeliest(whole_question(parse))
    except TooManyReadings:
        return []


def _working(parse: Parse, sentence: str) -> str:
    """The sentence if it is understood, and in one way."""
    return sentence if len(_read(_of(parse, tokenise(sentence)))) == 1 else ""


def plainly(parse: Parse, wording: Wording, asked: Asked) -> str:
    """What was understood, without parentheses where it means the same, and nothing else, without them."""
    full, plain = wording.sentence(asked), wording.sentence(asked, plain=True)
    means_it = plain != full and [read.value for read in _read(_of(parse, tokenise(plain)))] == [asked]
    return plain if means_it else full
