"""What a caller may wish of the rows of a question, and where those rows are."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from holdfast.answer import Answer, ArtifactRef, Header
from holdfast.errors import HoldfastError
from holdfast.rows import Wish
from holdfast.rows.conditions import MAX_FILTERS, MAX_SEARCH, MAX_SORTS, OPERATORS

_MAX_NAME = 1_000
_MAX_FILTER = 20_000

SortText = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]
FilterText = Annotated[str, Field(min_length=1, max_length=_MAX_FILTER)]


class NoRows(HoldfastError):
    """The answer, or the step, has no rows; the message says why and what has."""


class RowQuery(BaseModel):
    """Which rows, and in which order. Names are those of `columns`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    step: str | None = Field(None, max_length=200, description="The rows of this step, whole; unset: of the answer")
    sort: tuple[SortText, ...] = Field(
        (),
        max_length=MAX_SORTS,
        description="Columns with commas between them, `-` before one for descending. Text regardless of case, empty "
        "cells last, equal rows as they stand. Repeat it for a name that has a comma.",
        examples=[["department,-last_login"]],
    )
    filter: tuple[FilterText, ...] = Field(
        (),
        max_length=MAX_FILTERS,
        description=f"`column:op:value`, op one of {', '.join(OPERATORS)}; repeated: all must hold. `ne` holds for "
        "empty cells too. `contains` and `starts` look at a cell's text, regardless of case. `in` takes a JSON array.",
        examples=[['status:in:["ACTIVE","SUSPENDED"]']],
    )
    search: str = Field("", max_length=MAX_SEARCH, description="Text that some cell contains, regardless of case")

    def wish(self, answer: Answer) -> Wish:
        """The same for the rows of this answer. Raises NoRows."""
        ref, headers = rows_of(answer, self.step)
        shown = tuple((header.value, header.text) for header in headers)
        return Wish(ref, shown, self.sort, self.filter, self.search)

    def chosen(self) -> dict[str, object]:
        """What was chosen, for the audit record."""
        return {name: value for name, value in self.model_dump(include=set(RowQuery.model_fields)).items() if value}


def rows_of(answer: Answer, step: str | None) -> tuple[ArtifactRef, tuple[Header, ...]]:
    """The rows of the answer's table, or of one step with all its columns. Raises NoRows."""
    if step is None:
        if answer.formatted is None or answer.formatted.rows is None:
            raise NoRows(f"This question has no rows: {answer.message or 'it answers in words.'}")
        return answer.formatted.rows, answer.formatted.headers
    found = {report.step_id: report.result.rows for report in answer.steps if report.result is not None}
    if step not in found:
        raise NoRows(f"There is no step {step!r} with rows. Steps with rows: {', '.join(found) or 'none'}.")
    ref = found[step]
    return ref, tuple(Header(text=each.name, value=each.name) for each in ref.columns)
