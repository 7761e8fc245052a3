"""Which of the things that are named sensitive a plan touches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.filter import EndpointFilter
from holdfast.catalogue.words import EntityWords, Words
from holdfast.errors import NoEndpoint
from holdfast.plan import ApiStep, SpecialStep, Step


class SensitiveThings:
    """Names of entities, groups and applications, and what the catalogue knows of them.

    It looks at all that a step says of itself before it runs, and errs on the side of asking: a name that stands
    anywhere in it is touched, and so is an entity that the catalogue reads by the same endpoints.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._words = EntityWords.load()
        self._named: dict[str, Words] = {name: self._words.plain(name) for name in names}

    def touched_by(self, step: Step, question: str) -> tuple[str, ...]:
        """The names that the step touches, as they were set."""
        if not self._named:
            return ()
        texts = [_Text(text, self._words.plain(text)) for text in _texts(step)]
        entities = self._entities_of(step, question)
        return tuple(
            name
            for name, words in self._named.items()
            if any(text.names(name, words) for text in texts) or not entities.isdisjoint(self._entities[name])
        )

    @cached_property
    def _filter(self) -> EndpointFilter:
        return EndpointFilter(Catalogue.load())

    @cached_property
    def _entities(self) -> dict[str, frozenset[str]]:
        """By name: what the catalogue calls it; nothing for a group's or an application's name."""
        return {name: self._read_by(name, "") for name in self._named}

    def _entities_of(self, step: Step, question: str) -> frozenset[str]:
        """What its endpoints read, as they are chosen when the step runs; of stored rows what its entity means."""
        match step:
            case ApiStep():
                return self._read_by(step.entity, f"{step.query_context} {question}")
            case SpecialStep():
                return frozenset()
            case _:
                return self._read_by(step.entity, "")

    def _read_by(self, entity: str, words: str) -> frozenset[str]:
        try:
            return frozenset(endpoint.entity for endpoint in self._filter.choose(entity, "", words))
        except NoEndpoint:
            return frozenset()


def _texts(step: Step) -> Iterator[str]:
    yield from (step.entity, step.operation, step.query_context)
    if isinstance(step, SpecialStep):
        yield step.name
    yield from _leaves(step.parameters)


def _leaves(value: JsonValue) -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                yield name
                yield from _leaves(inner)
        case list():
            for inner in value:
                yield from _leaves(inner)
        case str():
            yield value


@dataclass(frozen=True)
class _Text:
    """What a step says, as it is written and as its plain words."""

    written: str
    words: Words

    def names(self, name: str, words: Words) -> bool:
        """Whether the name stands in it, or its words one after the other in any of their forms."""
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.written, re.IGNORECASE):
            return True
        length = len(words)
        return bool(words) and any(self.words[at : at + length] == words for at in range(len(self.words) - length + 1))


def listed(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
