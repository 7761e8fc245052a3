"""The types of the system log's events, by what they are about: the tool by which writers find those to filter by."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, TypeAdapter

from holdfast.errors import UnknownEventCategory

# Of a name that is none, so much is said back.
_SAID = 80


class EventCategory(BaseModel):
    """A category and its event types; a type may belong to several categories."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    types: tuple[str, ...]


@cache
def event_categories() -> tuple[EventCategory, ...]:
    """All categories; together they hold every event type that Okta documents."""
    return _CATEGORIES.validate_json(files(__package__).joinpath("data", "event_types.json").read_bytes())


def event_types(categories: Iterable[str]) -> tuple[str, ...]:
    """The event types of the named categories, each once, sorted. Raises UnknownEventCategory."""
    known = {category.name: category.types for category in event_categories()}
    found: set[str] = set()
    for category in categories:
        name = category.strip().lower().replace(" ", "_").replace("-", "_")
        if name not in known:
            raise UnknownEventCategory(_unknown(category, tuple(known)))
        found.update(known[name])
    return tuple(sorted(found))


def _unknown(category: str, known: tuple[str, ...]) -> str:
    plain = category.strip().lower()
    parts = [name for name in known if set(name.split("_")) & set(plain.replace("-", "_").replace(" ", "_").split("_"))]
    near = list(dict.fromkeys([*difflib.get_close_matches(plain, known, n=3), *parts]))[:5]
    choice = f"The nearest are: {', '.join(near)}." if near else f"There are: {', '.join(known)}."
    return f"There is no category of events called {category[:_SAID]!r}. {choice}"


_CATEGORIES = TypeAdapter(tuple[EventCategory, ...])
