"""Which endpoints a step needs, from the entity and the operation that its plan names.

An endpoint's entity matches exactly, or is narrower than what was asked (`hook`: event hooks and inline hooks), or is
what was asked less a qualifier that its own documentation knows (`SAML applications`: applications, whose sign-on mode
may be SAML). Only the closest kind of match is taken. What else the step's text speaks of may join it, behind.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.catalogue.endpoints import Catalogue, Endpoint
from holdfast.catalogue.words import EntityWords, Words
from holdfast.errors import NoEndpoint

MOST = 5
_NEAREST = 5
# Stable endpoints first; None is one of which Okta says nothing.
_LIFECYCLES = ("GA", "LIMITED_GA", None, "EA", "BETA")


@dataclass(frozen=True)
class _Known:
    endpoint: Endpoint
    words: Words
    # Where it stands in the catalogue.
    place: int


class EndpointFilter:
    """Chooses among the endpoints of one catalogue; it knows none by name."""

    def __init__(self, catalogue: Catalogue, words: EntityWords | None = None) -> None:
        self._catalogue = catalogue
        self._words = words or EntityWords.load()
        self._known = [
            _Known(endpoint, self._words.plain(endpoint.entity), place) for place, endpoint in enumerate(catalogue)
        ]
        self._aliases = {self._words.asked(alias): entities for alias, entities in self._words.entities.items()}

    def choose(self, entity: str, operation: str, words: str = "", method: str = "GET") -> tuple[Endpoint, ...]:
        """One to five endpoints, the best first; `words` is the step's own text. Raises NoEndpoint.

        An entity may be of two things (`group members`, `members of groups`), or several (`users and groups`).
        """
        kind = self._words.operation(operation) if operation.strip() else "either"
        if method.upper() != "GET" or kind == "change":
            raise NoEndpoint(f"Holdfast only reads: there is no endpoint to {operation or method} a thing.")
        if kind is None:
            raise NoEndpoint(f"No endpoint is known for the operation {operation!r}; use list, get, search or count.")
        told = frozenset(self._words.plain(words))
        wants_get = kind == "get" and not self._is_plural(entity)
        parts = _parts(entity)
        found = [self._ranked(part, told, wants_get=wants_get) for part in parts]
        if not found or not all(found):
            raise self._refused(next((part for part, known in zip(parts, found, strict=True) if not known), entity))
        chosen = _in_turns(found)[:MOST]
        chosen += self._beside(chosen[0], chosen)
        return tuple(known.endpoint for known in self._with_neighbours(chosen[:MOST], told)[:MOST])

    def _ranked(self, entity: str, told: frozenset[str], *, wants_get: bool) -> list[_Known]:
        for reading in self._words.readings(entity):
            for match in (self._exact, self._turned, self._narrower, self._wider):
                distances = match(reading)
                if distances:
                    return sorted(
                        (known for known in self._known if known.place in distances),
                        key=lambda known: (
                            distances[known.place],
                            (known.endpoint.operation == "get") != wants_get,
                            known.endpoint.deprecated,
                            _LIFECYCLES.index(known.endpoint.lifecycle),
                            -len(told & self._documented(known.endpoint)),
                            known.place,
                        ),
                    )
        return []

    def _exact(self, asked: Words) -> dict[int, int]:
        """Places of endpoints of this very entity, or of one that it may be called by; with the alias's rank."""
        alike = {known.place: 0 for known in self._known if known.words == asked}
        if alike:
            return alike
        entities = self._aliases.get(asked, ())
        return {known.place: entities.index(e) for known in self._known if (e := known.endpoint.entity) in entities}

    def _turned(self, asked: Words) -> dict[int, int]:
        """Places of endpoints of this entity with its words in another order."""
        return {known.place: 0 for known in self._known if sorted(known.words) == sorted(asked)}

    def _narrower(self, asked: Words) -> dict[int, int]:
        """Places of endpoints whose entity is this one with a qualifier; with the number of qualifying words."""
        if not asked:
            return {}
        return {
            known.place: len(known.words) - len(asked)
            for known in self._known
            if known.words[-1] == asked[-1] and set(asked) < set(known.words)
        }

    def _wider(self, asked: Words) -> dict[int, int]:
        """Places of endpoints whose entity, qualified by what their documentation knows, is this one."""
        fits = {
            known.place: len(asked) - len(known.words)
            for known in self._known
            if set(known.words) < set(asked)
            and asked[-1] in known.words
            and set(asked) - set(known.words) <= self._vocabulary(known.endpoint.entity)
        }
        least = min(fits.values(), default=0)
        return {place: distance for place, distance in fits.items() if distance == least}

    def _with_neighbours(self, chosen: Sequence[_Known], told: frozenset[str]) -> list[_Known]:
        """Behind what is chosen, what the step's text speaks of and what gives ids to it, or takes its ids."""
        have = list(chosen)
        spoken = self._spoken(told)
        while len(have) < MOST:
            joins = [
                (at, taking, -len(one.words), one.endpoint.lifecycle != "GA", one.place, one)
                for one in spoken
                for at, other in enumerate(have)
                for taking, joined in enumerate(
                    (self._gives(one, other), self._takes(one, other), self._holds(other, one))
                )
                if joined and one not in have
            ]
            if not joins:
                break
            neighbour = min(joins, key=lambda join: join[:-1])[-1]
            have += [neighbour, *self._beside(neighbour, have)]
        return have

    def _beside(self, chosen: _Known, have: Sequence[_Known]) -> list[_Known]:
        names = chosen.endpoint.beside
        return [known for known in self._known if known.endpoint.name in names and known not in have]

    def _spoken(self, told: frozenset[str]) -> list[_Known]:
        """The endpoints whose entity the text names, by its own words or by those that it may be called."""
        named = {
            entity for alias, entities in self._aliases.items() if told.issuperset(alias) for entity in entities[:1]
        }
        return [known for known in self._known if told.issuperset(known.words) or known.endpoint.entity in named]

    def _gives(self, giver: _Known, taker: _Known) -> bool:
        """Whether the one lists what the other is asked by."""
        wanted = [self._words.plain(place.entity) for place in taker.endpoint.path_parameters if place.entity]
        return giver.endpoint.operation == "list" and any(giver.words[-len(words) :] == words for words in wanted)

    def _takes(self, taker: _Known, giver: _Known) -> bool:
        """Whether the one lists something of each thing that the other gives."""
        return taker.endpoint.operation == "list" and self._gives(giver, taker)

    def _holds(self, holder: _Known, named: _Known) -> bool:
        """Whether the one's rows hold ids of what the other lists, like `userId`."""
        shape = self._catalogue.shape(holder.endpoint.response.of.shape or "")
        ids = [self._words.plain(field) for field in (shape.fields if shape else ()) if field.endswith("Id")]
        return (*named.words, "id") in ids

    def _vocabulary(self, entity: str) -> frozenset[str]:
        """What the documentation of an entity's endpoints speaks of."""
        alike = [known.endpoint for known in self._known if known.endpoint.entity == entity]
        return frozenset().union(*(self._documented(endpoint) for endpoint in alike))

    def _documented(self, endpoint: Endpoint) -> frozenset[str]:
        """What its own documentation speaks of: its description, its parameters, the values of its answer's fields."""
        shape = self._catalogue.shape(endpoint.response.of.shape or "")
        values = [value for field in shape.fields.values() for value in field.values] if shape else []
        values += [value for query in endpoint.query_parameters for value in query.values]
        texts = [endpoint.description, *(query.meaning for query in endpoint.query_parameters)]
        # Documented values are in capitals, which would be taken for one abbreviation.
        return frozenset(self._words.plain(" ".join([*texts, *(value.lower() for value in values)])))

    def _is_plural(self, entity: str) -> bool:
        last = entity.strip().rsplit(" ", 1)[-1]
        return last.endswith("s") and self._words.plain(last.lower()) != (last.lower(),)

    def _refused(self, entity: str) -> NoEndpoint:
        asked = self._words.asked(entity)
        names = dict.fromkeys(" ".join(known.words) for known in self._known)
        alike = difflib.get_close_matches(" ".join(asked), names, n=_NEAREST, cutoff=0.6)
        shared = sorted((name for name in names if set(name.split()) & set(asked)), key=len)
        nearest = list(dict.fromkeys([*alike, *shared]))[:_NEAREST]
        near = f" The nearest are: {', '.join(nearest)}." if nearest else ""
        return NoEndpoint(f"No endpoint of Okta's read API gives {entity.strip()!r}.{near}")


def _parts(entity: str) -> list[str]:
    """The things of an enumeration; `users and their groups` are users, and users' groups."""
    parts = [part.strip() for part in re.split(r",|&|\band\b", entity, flags=re.IGNORECASE) if part.strip()]
    return [re.sub(r"^(their|its|his|her)\b", lambda _: parts[0], part, flags=re.IGNORECASE) for part in parts]


def _in_turns(found: Iterable[Sequence[_Known]]) -> list[_Known]:
    """The best of each first, then the second best of each."""
    lists = list(found)
    turns = [one[turn] for turn in range(max(map(len, lists))) for one in lists if turn < len(one)]
    return list({known.place: known for known in turns}.values())
