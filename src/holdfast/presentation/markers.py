"""Markers: columns that say whether another could be read, `factors_known` for `factors` or `factor_types`."""

from __future__ import annotations

from collections.abc import Iterable

_ENDING = "_known"


def markers(names: Iterable[str]) -> dict[str, str]:
    """By column, the marker beside it that qualifies it."""
    columns = list(names)
    found = [name for name in columns if name.endswith(_ENDING)]
    return {
        name: marker
        for marker in found
        for name in columns
        if name not in found and name.startswith(marker.removesuffix(_ENDING).rstrip("s"))
    }
