"""Reading fields out of a record that the tenant sent.

A `path` is a sequence of keys; where it breaks off, the field is None or an empty list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def at(record: Any, *path: str) -> Any:
    """The value at the end of a path of keys, or None where it breaks off."""
    for key in path:
        if not isinstance(record, Mapping):
            return None
        record = record.get(key)
    return record


def text_of(record: Any, *path: str) -> str | None:
    """The value as text: what is no text (a number in a text attribute) is written as JSON."""
    value = at(record, *path)
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def time_of(record: Any, *path: str) -> datetime | None:
    """A moment in UTC without zone. Raises ValueError for a text that is no ISO 8601 time."""
    value = at(record, *path)
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def texts_of(record: Any, *path: str) -> list[str]:
    """A list of texts; nothing there is an empty list."""
    return [value if isinstance(value, str) else json.dumps(value) for value in at(record, *path) or ()]


def bool_of(record: Any, *path: str) -> bool | None:
    """A truth value; anything else is None."""
    value = at(record, *path)
    return value if isinstance(value, bool) else None


def int_of(record: Any, *path: str) -> int | None:
    """A whole number; anything else is None."""
    value = at(record, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def last_segment_of(record: Any, *path: str) -> str | None:
    """The id at the end of a link."""
    href = text_of(record, *path)
    return href.split("?")[0].rstrip("/").rsplit("/", 1)[-1] if href else None


def json_of(record: Any, *path: str) -> str | None:
    """The value as JSON text with sorted keys."""
    value = at(record, *path)
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
