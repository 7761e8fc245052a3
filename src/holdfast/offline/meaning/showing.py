"""How rows are shown. Part of `holdfast.offline.meaning`."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from holdfast.offline.meaning.selection import Value


class ShownColumn(Value):
    """A column that the reader sees."""

    name: str
    heading: str
    kind: Literal["text", "time", "flag", "number", "list"] = "text"


class Order(Value):
    """One key of the rows' order."""

    column: str
    descending: bool = False


class Join(Value):
    """How the rows of a further step belong to those of the first."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    on: str
    as_: Literal["list"] = Field(default="list", alias="as")


class Noun(Value):
    """A word for the rows."""

    one: str
    many: str
