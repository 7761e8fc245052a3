"""The things of the snapshot as families of the live tenant, from `things.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from holdfast.graph.schema import BASE_SCHEMA
from holdfast.offline.columns import ID_COLUMNS, NOUNS, column
from holdfast.offline.live.families import Family, FamilyColumn
from holdfast.offline.meaning.links import Kind, Link

_KINDS: Final = frozenset(Kind)


class LiveLink(BaseModel):
    """How what a thing has is read; the file says what each field is for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    call: str
    entity: str
    filter: str = ""
    within: str = ""


class _Thing(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    reads: str = ""
    entity: str
    arguments: Mapping[str, str] = Field(default_factory=dict)
    fields: Mapping[str, str]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    links: Mapping[Link, LiveLink]
    things: Mapping[Kind, _Thing]


@cache
def _file() -> _File:
    data = tomllib.loads(files(__package__).joinpath("things.toml").read_text(encoding="utf-8"))
    return _File.model_validate({"links": data.pop("links"), "things": data})


def live_links() -> Mapping[Link, LiveLink]:
    """The links that can be read of each thing."""
    return _file().links


@cache
def thing_family(kind: Kind) -> Family | None:
    """Things of that kind as a family, with the names that their columns have in the rows of the snapshot."""
    thing = _file().things.get(kind)
    if thing is None:
        return None
    columns = []
    for name, field in thing.fields.items():
        shown = column(BASE_SCHEMA, kind, name).shown
        columns.append(FamilyColumn(name=shown.name, heading=shown.heading, kind=shown.kind, field=field, stored=name))
    noun = NOUNS[kind]
    return Family(
        one=noun.one,
        many=noun.many,
        words=(),
        reads=thing.reads,
        entity=thing.entity,
        arguments=thing.arguments,
        id_name=ID_COLUMNS[kind],
        columns=tuple(columns),
    )


def family_called(name: str) -> Family | None:
    """The family of things of the snapshot that an `Inventory` calls by their kind."""
    return thing_family(Kind(name)) if name in _KINDS else None
