"""The words of `data/words.toml`: in which plans ask for entities and operations, brought to one form."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

# `either` may mean one thing or all of them; `change` is what Holdfast never does.
OperationKind = Literal["list", "get", "either", "change"]
Words = tuple[str, ...]

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]*|[^\W\d_]+")


@dataclass(frozen=True)
class EntityWords:
    """Verbs of operations, synonyms of words and phrases, and what whole entities may be called."""

    operations: Mapping[str, OperationKind]
    irregular: Mapping[str, str]
    empty: frozenset[str]
    vague: frozenset[str]
    attributes: frozenset[str]
    happenings: frozenset[str]
    turning: frozenset[str]
    phrases: Mapping[Words, Words]
    entities: Mapping[str, Sequence[str]]

    @staticmethod
    @cache
    def load() -> EntityWords:
        """The words that come with Holdfast, read once in a process."""
        data = tomllib.loads(files(__package__).joinpath("data", "words.toml").read_text(encoding="utf-8"))
        operations = {verb: kind for kind, verbs in data["operations"].items() for verb in verbs}
        return EntityWords(
            operations=operations,
            irregular=data["irregular"],
            empty=frozenset(data["empty"]["words"]),
            vague=frozenset(data["vague"]["words"]),
            attributes=frozenset(data["attributes"]["words"]),
            happenings=frozenset(data["happenings"]["words"]),
            turning=frozenset(data["turning"]["words"]),
            phrases={tuple(phrase.split()): tuple(other.split()) for phrase, other in data["phrases"].items()},
            entities=data["entities"],
        )

    def plain(self, text: str) -> Words:
        """Words in lower case and the singular, with phrases brought to one form: `appUsers` → application, user."""
        text = re.sub(r"['’]s\b|(?<=[A-Z]{2})s\b", "", text)
        words = [self._singular(part.lower()) for part in _PART.findall(text)]
        longest = max(map(len, self.phrases), default=1)
        plain: list[str] = []
        position = 0
        while position < len(words):
            for length in range(min(longest, len(words) - position), 0, -1):
                other = self.phrases.get(tuple(words[position : position + length]))
                if other is not None:
                    plain += other
                    position += length
                    break
            else:
                plain.append(words[position])
                position += 1
        return tuple(plain)

    def asked(self, entity: str) -> Words:
        """The words of an entity as a plan names it, the general one last: `members of a group` → group, member."""
        words = self._filled(entity)
        while turn := next((at for at, word in enumerate(words) if word in self.turning), None):
            words = words[turn + 1 :] + words[:turn]
        return tuple(word for word in words if word not in self.turning)

    def readings(self, entity: str) -> tuple[Words, ...]:
        """What a plan may mean by an entity, the closest first: all its words, then ever fewer of them."""
        asked = self.asked(entity)
        words = self._filled(entity)
        # `users in Finance` are users, whatever Finance is.
        head = words[: next((at for at, word in enumerate(words) if word in self.turning), None)]
        log = [("event",)] if asked and asked[-1] in self.happenings else []
        readings = [asked, *log, *(self._thinned(words) for words in (asked, head))]
        return tuple(
            dict.fromkeys(reading for thinned in readings for reading in (thinned, self._bare(thinned)) if reading)
        )

    def _filled(self, entity: str) -> Words:
        return tuple(word for word in self.plain(entity) if word not in self.empty)

    def _thinned(self, words: Words) -> Words:
        return tuple(word for word in words if word not in self.vague)

    def _bare(self, words: Words) -> Words:
        """Without the attributes behind the thing whose they are."""
        while len(words) > 1 and words[-1] in self.attributes:
            words = words[:-1]
        return words

    def operation(self, operation: str) -> OperationKind | None:
        """What the first known verb of it means; None where there is none."""
        words = self.plain(operation)
        return next((self.operations[word] for word in words if word in self.operations), None)

    def _singular(self, word: str) -> str:
        if word in self.irregular:
            return self.irregular[word]
        if len(word) > 4 and word.endswith("ies"):
            return word[:-3] + "y"
        if word.endswith(("sses", "shes", "ches", "xes")):
            return word[:-2]
        if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
            return word[:-1]
        return word
