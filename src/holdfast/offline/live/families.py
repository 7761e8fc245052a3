"""The families of `families.toml`: what the live tenant lists, its columns and its words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from holdfast.offline.meaning import Noun, ShownColumn
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.lexicon import ColumnValue, Phrases

Values = Mapping[str, Mapping[str, tuple[str, ...]]]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FamilyColumn(_Fact):
    """A column of a family's rows; the file says what each field is for."""

    name: str
    heading: str
    kind: Literal["text", "time", "flag", "number", "list"] = "text"
    field: str
    person: Literal["login", "status"] | None = None
    names: Kind | None = None
    ahead: bool = False
    shown: bool = True
    named: bool = False
    # What conditions call it, where that is not its name: the property of a thing of the snapshot.
    stored: str = ""
    words: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    # Verbs after "who": "who owns the API tokens".
    asking: tuple[str, ...] = ()
    # Say by themselves that a time lies long back, or before now: "unused (for 90 days)", "expired".
    idle: tuple[str, ...] = ()
    past: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """What conditions call it."""
        return self.stored or self.name

    @property
    def id_column(self) -> str:
        """Where the ids stand by which a thing of the tenant is meant."""
        return self.name if self.names else f"{self.name}_id"

    @property
    def named_kind(self) -> Kind | None:
        """What the ids in it are of, where it can be asked for by name."""
        return Kind.PERSON if self.person == "login" else self.names


class Family(_Fact):
    """Things of one kind that the tenant lists."""

    one: str
    many: str
    words: tuple[str, ...]
    # After these a thing of the family it belongs to may follow: "scopes of (the authorization server X)".
    words_before_parent: tuple[str, ...] = ()
    parent_words: tuple[str, ...] = ()
    demanding: tuple[str, ...] = ()
    reads: str
    entity: str
    arguments: Mapping[str, str] = Field(default_factory=dict)
    single: bool = False
    of: str | None = None
    # The field that holds its id, and the one it is called by.
    id: str = "id"
    # Where that id stands in the rows; empty: after the family's name.
    id_name: str = ""
    label: str | None = None
    # Fields that its records must have, or they are no such thing.
    keep: Mapping[str, str] = Field(default_factory=dict)
    # What such a thing is in the snapshot, whose names then stand for its ids.
    kind: Kind | None = None
    note: str = ""
    columns: tuple[FamilyColumn, ...]
    values: Values = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_values_of_its_columns(self) -> Self:
        names = {column.name for column in self.columns}
        if strange := set(self.values) - names:
            raise ValueError(f"values of what is no column: {', '.join(sorted(strange))}")
        return self

    @property
    def noun(self) -> Noun:
        """What its things are called."""
        return Noun(one=self.one, many=self.many)

    @cached_property
    def by_name(self) -> Mapping[str, FamilyColumn]:
        """Its columns, by what conditions call them."""
        return {column.said: column for column in self.columns}

    @cached_property
    def called(self) -> FamilyColumn:
        """The column that a thing is called by."""
        return next((column for column in self.columns if column.named), self.columns[0])

    @property
    def reads_people(self) -> bool:
        """Whether the people whose ids stand in it are read too."""
        return any(column.person for column in self.columns)


class FamilyWords:
    """The words of one family, by what they are good for."""

    def __init__(self, family: Family) -> None:
        columns = family.columns
        self.nouns: Phrases[None] = Phrases((word, None) for word in family.words)
        self.before_parent: Phrases[None] = Phrases((word, None) for word in family.words_before_parent)
        self.parents: Phrases[None] = Phrases((word, None) for word in family.parent_words)
        self.demanding: Phrases[None] = Phrases((word, None) for word in family.demanding)
        self.attributes: Phrases[str] = Phrases((word, c.name) for c in columns for word in c.words)
        self.verbs: Phrases[str] = Phrases((word, c.name) for c in columns for word in c.verbs)
        self.asking: Phrases[str] = Phrases((word, c.name) for c in columns for word in c.asking)
        self.idle: Phrases[str] = Phrases((word, c.name) for c in columns for word in c.idle)
        self.past: Phrases[str] = Phrases((word, c.name) for c in columns for word in c.past)
        self.values: Phrases[ColumnValue] = Phrases(
            (word, ColumnValue(column, value))
            for column, values in family.values.items()
            for value, words in values.items()
            for word in (*words, *_by_itself(family.by_name[column], value))
        )
        self.tables = (
            *(self.nouns, self.before_parent, self.parents, self.attributes, self.verbs),
            *(self.demanding, self.asking, self.idle, self.past, self.values),
        )


def _by_itself(column: FamilyColumn, value: str) -> list[str]:
    """The value as a word for things that have it; what a person is, none of their things is ("active")."""
    return [value] if value.replace("_", "").isalnum() and value.isupper() and column.person is None else []


@cache
def families() -> Mapping[str, Family]:
    """Every family by its name, read once."""
    data = tomllib.loads(files(__package__).joinpath("families.toml").read_text(encoding="utf-8"))
    return {name: Family.model_validate(facts) for name, facts in data.items()}


@cache
def words_of(name: str) -> FamilyWords:
    """The words of the family of that name."""
    return FamilyWords(families()[name])


def shown_column(column: FamilyColumn) -> ShownColumn:
    """The column as a reader sees it."""
    return ShownColumn(name=column.name, heading=column.heading, kind=column.kind)


def id_column(name: str, family: Family) -> str:
    """Where the id of a thing of that family stands in the rows."""
    return family.id_name or f"{name}_id"
