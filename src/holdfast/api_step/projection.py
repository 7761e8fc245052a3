"""Keeping only some fields of a record, nested as they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Which fields to keep; None keeps all that is below.
Fields = Mapping[str, "Fields | None"]


def fields_from(paths: Iterable[str]) -> Fields:
    """`("id", "profile.login")` as a tree. A whole record wins over a part of it."""
    tree: dict[str, Any] = {}
    for path in paths:
        *above, last = path.split(".")
        branch = _branch(tree, above)
        if branch is not None:
            branch[last] = None
    return tree


def _branch(tree: dict[str, Any], names: Iterable[str]) -> dict[str, Any] | None:
    """Where the last name goes; None where something above it is kept whole already."""
    branch: dict[str, Any] = tree
    for name in names:
        below: dict[str, Any] | None = branch.setdefault(name, {})
        if below is None:
            return None
        branch = below
    return branch


def projected(value: Any, fields: Fields | None) -> Any:
    """The value with these fields only, in each of its records where it is a list; a field that is not there is not."""
    if fields is None:
        return value
    if isinstance(value, list):
        return [projected(item, fields) for item in value]
    if isinstance(value, dict):
        return {name: projected(value[name], below) for name, below in fields.items() if name in value}
    return value
