"""Mistyped words: one letter too many, too few, another one, or two in the wrong order.

A word of the language is read as the one it nearly is, and the answer says so. A name of the tenant never is: a wrong
person or application would be a wrong answer, so it is only offered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from string import ascii_lowercase, digits
from typing import Final, NamedTuple

from holdfast.graph.vocabulary import WordKind
from holdfast.offline.grammar.windows import WORDS as WINDOW_WORDS
from holdfast.offline.reading.lexicon import lexicon
from holdfast.offline.reading.parse import Parse
from holdfast.offline.reading.tokens import Token, tokenise

# Shorter words are too near to too many others.
_SHORTEST: Final = 5
_LONGEST: Final = 24
_LETTERS: Final = ascii_lowercase + digits
# A name of so many words is looked for around the mistyped one.
_MOST_NAME_WORDS: Final = 3
_MOST_OFFERED: Final = 3
_MOST_STRANGE: Final = 2


class Respelt(NamedTuple):
    """A question with its mistyped words put right: what was typed and what it is read as."""

    tokens: tuple[Token, ...]
    words: tuple[tuple[str, str], ...]


class Offered(NamedTuple):
    """A name that is nearly the one that was typed, and the question with it."""

    name: str
    question: str


def near(word: str) -> Iterator[str]:
    """Every spelling that one slip of the fingers turns into `word`, or `word` into it."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in _LETTERS)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        yield from (head + letter + tail for letter in _LETTERS)


@cache
def known_words() -> frozenset[str]:
    """The words of the language that are long enough to be told from others."""
    words = {token.key for table in lexicon().tables for phrase, _ in table.first_words() for token in tokenise(phrase)}
    words |= {token for table in lexicon().tables for token in table.words()} | WINDOW_WORDS
    return frozenset(word for word in words if len(word) >= _SHORTEST and word.isalpha())


def respelt(parse: Parse, strange: list[Token]) -> Iterator[Respelt]:
    """The question with each strange word read as the known word it nearly is; nothing where one is near to none."""
    words: dict[Token, list[str]] = {}
    for token in strange:
        fits = not token.quoted and token.key.isalpha() and _SHORTEST <= len(token.key) <= _LONGEST
        found = {word for word in near(token.key) if word in known_words()} if fits else set()
        # Of two short words neither tells which was meant.
        words[token] = sorted(word for word in found if word[0] == token.key[0] and len(word) + len(token.key) > 10)
    if not words or not all(words.values()) or len(words) > _MOST_STRANGE:
        return
    for choice in range(min(max(len(found) for found in words.values()), _MOST_OFFERED)):
        read_as = {token: found[min(choice, len(found) - 1)] for token, found in words.items()}
        tokens = tuple(replace(t, key=read_as[t], name=read_as[t]) if t in read_as else t for t in parse.tokens)
        yield Respelt(tokens, tuple((t.text, word) for t, word in read_as.items()))


def offered_names(parse: Parse, strange: list[Token]) -> list[Offered]:
    """Names of the tenant that are nearly what was typed, with the question as it would be with each."""
    found: dict[str, Offered] = {}
    for token in strange[:_MOST_STRANGE]:
        if token.quoted or not 3 < len(token.name) <= _LONGEST:
            continue
        place = parse.tokens.index(token)
        for begin in range(max(0, place - _MOST_NAME_WORDS + 1), place + 1):
            for end in range(place + 1, min(len(parse.tokens), begin + _MOST_NAME_WORDS) + 1):
                for name in _names_near(parse, begin, place, end):
                    found.setdefault(name, Offered(name, _with_name(parse, begin, end, name)))
    # The longest stretch of words that is nearly a name is what was meant.
    longest = max((len(o.name.split()) for o in found.values()), default=0)
    return [o for o in found.values() if len(o.name.split()) == longest][:_MOST_OFFERED]


def _names_near(parse: Parse, begin: int, place: int, end: int) -> Iterator[str]:
    part = parse.tokens[begin:end]
    if any(token.quoted or not token.name for token in part):
        return
    before = "".join(f"{token.name} " for token in parse.tokens[begin:place])
    after = "".join(f" {token.name}" for token in parse.tokens[place + 1 : end])
    if before and not parse.vocabulary.beginning_with(before, limit=1):
        return
    for spelling in near(parse.tokens[place].name):
        for word in parse.vocabulary.named(f"{before}{spelling}{after}", limit=_MOST_OFFERED):
            if word.kind is not WordKind.ATTRIBUTE:
                yield word.name


def _with_name(parse: Parse, begin: int, end: int, name: str) -> str:
    """The question, with the name in quotes in place of those words."""
    left, right = parse.typed_from(0, begin), parse.typed_from(end, len(parse.tokens))
    return f'{left} "{name}" {right}'.strip()
