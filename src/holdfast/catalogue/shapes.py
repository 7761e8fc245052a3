"""What the tenant answers with: records, their fields and how they nest, as data.

A field's type is one of a few kinds. `moment` is text in ISO 8601; `record` refers to a shape, or is a record of which
nothing is known; `any` holds what differs from record to record. Fields not listed may come too: Okta adds some without
notice, and a shape that is `open` holds attributes which each tenant names itself.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

FieldKind = Literal["text", "moment", "whole", "number", "flag", "record", "list", "any"]


class FieldType(BaseModel):
    """What a field, a row or an element of a list is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FieldKind
    # The name of the shape of a record that is known.
    shape: str | None = None
    # Of a list: what it holds.
    items: FieldType | None = None
    # Of a text: the values that Okta documents. More may come.
    values: tuple[str, ...] = ()

    @property
    def innermost_shape(self) -> str | None:
        """The shape of the record, or of the records in the list."""
        return self.items.innermost_shape if self.items else self.shape


class Shape(BaseModel):
    """One kind of record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fields: dict[str, FieldType]
    # Whether each tenant adds attributes of its own.
    open: bool = False
