"""How programs make rows out of the tenant's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from holdfast.contracts import PromisedColumn
from holdfast.offline.live.composing import Script, literal

# Why a row's live part could not be read; null where it was.
UNREAD: Final = PromisedColumn(name="unread", kind="text")


def with_reason(promise: tuple[PromisedColumn, ...]) -> tuple[PromisedColumn, ...]:
    """The columns, with the one for the reason at their end."""
    return promise if UNREAD.name in {column.name for column in promise} else (*promise, UNREAD)


def field_of(script: Script, field: str, record: str = "record") -> str:
    """The expression for a field: `a.b`; `a|b`, the first that there is; `a+b`, both; `a[].b`, of each of a list."""
    if "|" in field:
        return " or ".join(field_of(script, part, record) for part in field.split("|"))
    if "+" in field:
        parts = ", ".join(field_of(script, part, record) for part in field.split("+"))
        return f'" ".join([part for part in ({parts}) if part]) or None'
    if field.startswith("parent."):
        return field_of(script, field.removeprefix("parent."), "parent")
    if "[]." in field:
        script.need("each")
        before, after = field.split("[].")
        return f"each({field_of(script, before, record)}, {_path(after)})"
    script.need("at")
    return f"at({record}, {_path(field)})"


def write_row_of(
    script: Script, fields: Mapping[str, str], parameters: tuple[str, ...] = ("record",), *, more: str = ""
) -> None:
    """The function `row_of`, which makes a row of a record: column → field."""
    script.include("from typing import Any")
    with script.block(f"def row_of({', '.join(f'{name}: Any' for name in parameters)}) -> dict[str, Any]:"):
        with script.block("return {"):
            for column, field in fields.items():
                script.line(f"{literal(column)}: {field_of(script, field)},")
            if more:
                script.line(f"{more},")
        script.line("}")
    script.line("", "")


def _path(field: str) -> str:
    return ", ".join(literal(name) for name in field.split("."))
