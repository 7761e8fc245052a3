"""Questions that no snapshot answers, and why: what is not in it, or what could mean too much.

Only asked of a question that the grammar could not read, so that nothing that can be answered is refused here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from holdfast.answer import NeedsClarification
from holdfast.offline.reading.lexicon import Phrases
from holdfast.offline.reading.tokens import Token

# Words that a vague question may hold besides: they add nothing to it.
_SAYS_NOTHING: Final = frozenset(
    {
        "is",
        "are",
        "was",
        "were",
        "be",
        "do",
        "does",
        "did",
        "we",
        "us",
        "our",
        "ours",
        "the",
        "a",
        "an",
        "any",
        "all",
        "here",
        "there",
        "what",
        "which",
        "who",
        "how",
        "much",
        "in",
        "of",
        "for",
        "on",
        "at",
        "okta",
        "tenant",
        "org",
        "organisation",
        "organization",
        "company",
        "has",
        "have",
        "had",
        "been",
        "everybody",
        "everyone",
        "someone",
        "people",
        "users",
        "user",
        "and",
        "please",
        "show",
        "tell",
        "me",
        "list",
        "give",
        "with",
        "this",
        "these",
        "days",
        "right",
        "now",
        "currently",
        "to",
        "it",
        "something",
        "anything",
    }
)


@dataclass(frozen=True)
class Topic:
    """Something that no snapshot holds; `instead` is a question that it can answer, empty where none is near."""

    what: str
    instead: str


@dataclass(frozen=True)
class Unstored:
    """A topic that a question speaks of, and where."""

    topic: Topic
    start: int
    end: int


@dataclass(frozen=True)
class _Vague:
    asked: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class _Lists:
    topics: Phrases[Topic]
    vague: Phrases[_Vague]


@cache
def _lists() -> _Lists:
    data = tomllib.loads(files(__package__).joinpath("unstored.toml").read_text(encoding="utf-8"))
    return _Lists(
        topics=Phrases((word, Topic(t["what"], t.get("instead", ""))) for t in data["topic"] for word in t["words"]),
        vague=Phrases((word, _Vague(v["asked"], tuple(v["choices"]))) for v in data["vague"] for word in v["words"]),
    )


def unstored(tokens: Sequence[Token]) -> Unstored | None:
    """What the question asks for that no snapshot holds; of several the first, in its most words."""
    found = [Unstored(topic, at, end) for at in range(len(tokens)) for topic, end in _lists().topics.at(tokens, at)]
    return min(found, key=lambda one: (one.start, -one.end), default=None)


def vague(tokens: Sequence[Token]) -> NeedsClarification | None:
    """The question back, where one says nothing but something that could mean several things."""
    for at in range(len(tokens)):
        for meant, end in _lists().vague.at(tokens, at):
            others = [*tokens[:at], *tokens[end:]]
            if all(token.key in _SAYS_NOTHING or token.key == "," for token in others):
                return NeedsClarification(question=meant.asked, choices=meant.choices)
    return None


def without(tokens: Sequence[Token], found: Unstored) -> list[tuple[Token, ...]]:
    """The question without what no snapshot holds, in each way that may be a question again."""
    joining = ("or", "and", ",", "nor")
    before, after = found.start, found.end
    starts = [before, *([before - 1] if before and tokens[before - 1].key in joining else [])]
    ends = [after, *([after + 1] if after < len(tokens) and tokens[after].key in joining else [])]
    return [(*tokens[:start], *tokens[end:]) for start in starts for end in ends]
