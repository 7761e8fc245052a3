"""The machinery under the grammar: readings with their ends, alternatives, and what was reached at the furthest.

A rule is a function of the parse and a place that gives every reading of the words from there; a sentence that can be
read in two ways is read in both, and the asker decides. A rule's readings are kept, so that shared parts are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, Concatenate, Final, Generic, NamedTuple, ParamSpec, TypeVar, cast

from holdfast.graph.schema import GraphSchema
from holdfast.graph.vocabulary import TenantWord, Vocabulary, WordKind
from holdfast.offline.meaning.links import LINKS, Kind
from holdfast.offline.reading.lexicon import Lexicon, Phrases
from holdfast.offline.reading.tokens import Token

T = TypeVar("T")
P = ParamSpec("P")


class Read(NamedTuple, Generic[T]):
    """A value, the place after its words, and how unlikely this reading is (0: as plain as can be)."""

    value: T
    end: int
    cost: int = 0


class NameRead(NamedTuple):
    """A name of the tenant that stands in the question, and what it can mean."""

    words: tuple[TenantWord, ...]
    end: int
    # Only the beginning of the name was typed, and it fits this one thing.
    partly: bool = False


# More meanings of one name than this are too many to choose from; the asker is told of these many.
MOST_NAMESAKES = 6


# Readings of one stretch of words; a sentence that has more is a riddle, and would take long to read.
MOST_READINGS = 200
# The longest question of the bank takes 3,000; so many are read in half a second.
MOST_READINGS_IN_ALL = 60_000


# Little words of the language that some tenant has for a department, a country, a group.
_FUNCTION_WORDS: Final = frozenset(
    {
        "in",
        "it",
        "is",
        "of",
        "at",
        "by",
        "no",
        "or",
        "as",
        "to",
        "on",
        "do",
        "me",
        "am",
        "and",
        "an",
        "be",
        "all",
        "so",
        "us",
    }
)
_SAYS_A_NAME: Final = frozenset({"department", "dept", "group", "team", "division", "country", "state"})


class TooManyReadings(Exception):
    """The question can be read in so many ways that no choice between them could be offered."""


@dataclass
class Parse:
    """One question being read."""

    tokens: tuple[Token, ...]
    lexicon: Lexicon
    vocabulary: Vocabulary
    schema: GraphSchema
    now: datetime
    furthest: int = 0
    readings: int = 0
    kept: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def at_end(self, at: int) -> bool:
        """Whether no word is left."""
        return at >= len(self.tokens)

    def reached(self, at: int) -> None:
        """Note how far the question was understood."""
        self.furthest = max(self.furthest, at)

    def starts(self, at: int) -> list[int]:
        """`at`, and the places that are reached by leaving out words that change nothing."""
        key = ("starts", at)
        if key not in self.kept:
            found, waiting = [at], [at]
            while waiting:
                for _, end in self.lexicon.filler.at(self.tokens, waiting.pop()):
                    if end not in found:
                        found.append(end)
                        waiting.append(end)
            self.kept[key] = found
        places: list[int] = self.kept[key]
        return places

    def phrases(self, table: Phrases[T], at: int) -> list[Read[T]]:
        """Every phrase of a table that stands at `at`, or after words that change nothing."""
        found = [Read(value, end) for start in self.starts(at) for value, end in table.at(self.tokens, start)]
        for read in found:
            self.reached(read.end)
        return found

    @cached_property
    def last_mention(self) -> Mapping[Kind, int]:
        """Where the question last has a noun for things of a kind; a kind without one need not be looked for."""
        found: dict[Kind, int] = {}
        for at in range(len(self.tokens)):
            kinds = [kind for kind, _ in self.lexicon.nouns.at(self.tokens, at)]
            kinds += [LINKS[link].source for link, _ in self.lexicon.outlines.at(self.tokens, at)]
            found |= dict.fromkeys(kinds, at)
        return found

    def mark(self, mark: str, at: int) -> list[int]:
        """The place after a comma or a parenthesis, if one stands here."""
        if at < len(self.tokens) and self.tokens[at].key == mark and not self.tokens[at].quoted:
            return [at + 1]
        return []

    def names(self, at: int) -> list[NameRead]:
        """Names of the tenant at `at`, or after words that change nothing; the longest first."""
        key = ("names", at)
        if key not in self.kept:
            self.kept[key] = [name for start in self.starts(at) for name in self._names(start)]
        found: list[NameRead] = self.kept[key]
        return found

    def _names(self, at: int) -> list[NameRead]:
        if at >= len(self.tokens) or not self.tokens[at].name:
            return []
        if self.tokens[at].quoted:
            return self._named(self.tokens[at].name, at, at + 1)
        found: list[NameRead] = []
        key = ""
        for end in range(at + 1, len(self.tokens) + 1):
            token = self.tokens[end - 1]
            if token.quoted:
                break
            if not token.name:
                continue
            key = f"{key} {token.name}".strip()
            found = [*self._named(key, at, self._closed(at, end)), *found]
            if not self.vocabulary.continues(key):
                break
        return found

    def _closed(self, at: int, end: int) -> int:
        """The end of a name with the parenthesis that closes it: "Mobile CRM (pilot)"."""
        keys = [token.key for token in self.tokens[at : end + 1]]
        return end + 1 if keys[-1:] == [")"] and len(keys) > end - at and keys.count("(") == keys.count(")") else end

    def _named(self, key: str, at: int, end: int) -> list[NameRead]:
        words = self.vocabulary.named(key)
        if not words:
            return self._partly_named(key, end)
        typed = self.typed(at, end)
        if key in _FUNCTION_WORDS and not self._says_a_name(words, typed, end):
            return []
        self.reached(end)
        exactly = tuple(w for w in words if w.name == typed)
        return [NameRead(_without_namesakes(words, exactly), end)]

    def _says_a_name(self, words: tuple[TenantWord, ...], typed: str, end: int) -> bool:
        """ "IT" is a department and "in" is not India, unless it is written so or the next word says what it is."""
        following = self.tokens[end].key if end < len(self.tokens) else ""
        return following in _SAYS_A_NAME or any(word.name == typed for word in words)

    def _partly_named(self, key: str, end: int) -> list[NameRead]:
        longer = self.vocabulary.beginning_with(f"{key} ", limit=20)
        found = []
        for kind in (WordKind.GROUP, WordKind.APPLICATION):
            fitting = {word.id: word for word in longer if word.kind is kind}
            if len(fitting) == 1 and len(longer) < 20 and len(key) > 2:
                found.append(NameRead(tuple(fitting.values()), end, partly=True))
        return found

    def typed_from(self, at: int, end: int) -> str:
        """What stands from one place to another, as it was typed, with its quotes."""
        return " ".join(f'"{token.text}"' if token.quoted else token.text for token in self.tokens[at:end])

    def typed(self, at: int, end: int) -> str:
        """What stands from one place to another, as it was typed. A token keeps no question: spaces become one."""
        part = self.tokens[at:end]
        if len(part) == 1:
            return part[0].key if part[0].quoted else part[0].text
        return "".join(
            token.text + ("" if after is None else _between(token, after))
            for token, after in zip(part, [*part[1:], None], strict=True)
        )


def _between(token: Token, after: Token) -> str:
    """What stands between two words: the mark that holds them together ("vpn-users"), or one space."""
    if after.start == token.end:
        return ""
    return token.tail if token.tail and after.start == token.end + len(token.tail) else " "


def _without_namesakes(words: Iterable[TenantWord], exactly: Iterable[TenantWord]) -> tuple[TenantWord, ...]:
    """Of each kind and detail only those spelt exactly as typed, where there are such; each thing once."""
    spelt = {w.kind for w in exactly} - {WordKind.VALUE}
    once: dict[tuple[WordKind, str, str], TenantWord] = {}
    for word in (*exactly, *(w for w in words if w.kind not in spelt)):
        detail = word.detail if word.kind is WordKind.VALUE else ""
        once.setdefault((word.kind, detail, word.id), word)
    whole = {w.id for w in once.values() if w.kind is WordKind.PERSON}
    return tuple(w for w in once.values() if w.kind is not WordKind.PERSON_PART or not whole)


Rule = Callable[Concatenate[Parse, int, P], list[Read[T]]]


def rule(function: Callable[Concatenate[Parse, int, P], Iterable[Read[T]]]) -> Rule[P, T]:
    """A rule of the grammar: its readings are kept for the place, each end and value once, the likeliest of them."""

    @wraps(function)
    def reading(parse: Parse, at: int, *args: P.args, **kwargs: P.kwargs) -> list[Read[T]]:
        key = (function, at, args, tuple(sorted(kwargs.items())))
        if key not in parse.kept:
            # A rule that asks for itself at the same place has read nothing: no reading grows from there.
            parse.kept[key] = []
            best: dict[tuple[Any, int], Read[T]] = {}
            for read in function(parse, at, *args, **kwargs):
                parse.readings += 1
                if len(best) > MOST_READINGS or parse.readings > MOST_READINGS_IN_ALL:
                    raise TooManyReadings
                known = best.get((read.value, read.end))
                if known is None or read.cost < known.cost:
                    best[read.value, read.end] = read
            parse.kept[key] = list(best.values())
        readings: list[Read[T]] = parse.kept[key]
        return readings

    return cast(Rule[P, T], reading)
