"""Headings of the shown columns: those the recipe gives, else the column's name made readable."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.answer import Header
from holdfast.presentation.recipe import Choose, Operation, Rename

_SPELT_IN_CAPITALS = frozenset({"id", "url", "mfa", "ip", "os", "sms", "saml", "oidc", "swa", "json", "utc"})


def readable(column: str) -> str:
    """`last_login` → `Last login`, `sign_on_url` → `Sign on URL`; a name that is no snake_case stays as it is."""
    words = column.split("_")
    if not all(word.isascii() and word.isalnum() and word == word.lower() for word in words):
        return column
    spelt = [word.upper() if word in _SPELT_IN_CAPITALS else word for word in words]
    return " ".join((spelt[0][0].upper() + spelt[0][1:], *spelt[1:]))


def headings(operations: Sequence[Operation], columns: Sequence[str]) -> tuple[Header, ...]:
    """A heading for every column that the operations leave to be shown, in order."""
    given: dict[str, str] = {}
    for operation in operations:
        if isinstance(operation, Choose):
            columns = [column for column in columns if column not in operation.hidden]
            given |= {shown.column: shown.heading for shown in operation.columns if shown.heading}
        elif isinstance(operation, Rename) and operation.column in given:
            given[operation.to] = given.pop(operation.column)
    made = {column: readable(column) for column in columns if column not in given}
    texts = [*given.values(), *made.values()]
    # Two names that read alike stay as they are: nobody could tell the columns apart.
    apart = {column: text if texts.count(text) == 1 else column for column, text in made.items()}
    return tuple(Header(text=given.get(column) or apart[column], value=column) for column in columns)
