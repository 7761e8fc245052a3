"""The settings as tables: the documented one, and the one with the values in force."""

from __future__ import annotations

import inspect
import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from rich.console import RenderableType

from holdfast.settings import Leaf, Settings, config_file, leaves, value_at, variable
from starter.plain_text import visible
from starter.tables import table

_INTRODUCTION = """# Settings

Every setting is an environment variable, or a key of the optional file `config.toml` in the data folder: the variable
`HOLDFAST_OKTA__URL` is the key `url` of the table `[okta]`. The environment wins. `holdfast settings` prints what is
in force and where each value comes from.

A variable inside one of the groups that is not in this table, a key of the file that is not, or a value that cannot
be is an error that names it. Any other `HOLDFAST_` variable is pointed out and ignored.

This file is written by `holdfast settings --markdown`.
"""


def markdown() -> str:
    """`docs/settings.md`."""
    lines = [_INTRODUCTION]
    group: str | None = None
    for leaf in leaves():
        name = leaf.path[0] if len(leaf.path) > 1 else ""
        if name != group:
            group = name
            lines += [*_heading(group), "| variable | what it is | default | may be |", "|---|---|---|---|"]
        default = _default(leaf)
        cells = (
            f"`{variable(leaf.path)}`",
            leaf.field.description or "",
            f"`{default}`" if default else "unset",
            _range(leaf.field),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _heading(group: str) -> list[str]:
    if not group:
        return ["## General", ""]
    model: Any = Settings.model_fields[group].annotation
    return ["", f"## {group.capitalize()}", "", inspect.getdoc(model) or "", ""]


def settings_view(settings: Settings) -> RenderableType:
    """What is in force, and from where; secrets are not shown."""
    in_file = _file_content(config_file(settings.data_dir))
    rows = [
        (variable(leaf.path), visible(_text(value_at(settings, leaf.path))), _source(leaf.path, in_file))
        for leaf in leaves()
    ]
    return table(("Setting", "Value", "From"), rows)


def _file_content(file: Path) -> Mapping[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _source(path: tuple[str, ...], in_file: Mapping[str, Any]) -> str:
    environment = {name.upper() for name, value in os.environ.items() if value}
    if variable(path) in environment or (len(path) > 1 and variable(path[:1]) in environment):
        return "environment"
    found: Any = in_file
    for part in path:
        found = found.get(part) if isinstance(found, Mapping) else None
    return "config.toml" if found is not None else "default"


def _default(leaf: Leaf) -> str:
    if leaf.path == ("data_dir",):
        # It differs from system to system, and from person to person.
        return "~/.local/share/holdfast"
    return _text(leaf.field.get_default())


def _text(value: Any) -> str:
    match value:
        case None | ():
            return ""
        case SecretStr():
            return "(set, not shown)"
        case timedelta():
            return f"{value.total_seconds():g}"
        case tuple():
            return ",".join(value)
        case _:
            return str(value)


def _range(field: FieldInfo) -> str:
    for kind in (field.annotation, *get_args(field.annotation)):
        if get_origin(kind) is Literal:
            return ", ".join(f"`{choice}`" for choice in get_args(kind))
    words: list[str] = []
    for bound in _bounds(field):
        match bound:
            case Ge():
                words.append(f"at least {_text(bound.ge)}")
            case Gt():
                words.append(f"above {_text(bound.gt)}")
            case Le():
                words.append(f"at most {_text(bound.le)}")
    return ", ".join(words)


def _bounds(field: FieldInfo) -> list[Any]:
    """The limits of a field, also those inside an optional type."""
    found = list(field.metadata)
    for kind in get_args(field.annotation):
        for inner in getattr(kind, "__metadata__", ()):
            found += inner.metadata if isinstance(inner, FieldInfo) else [inner]
    return found
