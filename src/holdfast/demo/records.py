"""What every family of the demo tenant is made of: records in Okta's JSON shape, ids and timestamps."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from string import ascii_letters, digits
from typing import Any

# One object as Okta's API gives it. This is where JSON enters: the shapes are Okta's, not ours.
Record = dict[str, Any]

_BASE62 = digits + ascii_letters
_ID_LENGTH = 20


def okta_id(prefix: str, *key: object) -> str:
    """An id in Okta's shape: `prefix`, then base 62 up to 20 characters; the same `key` gives the same id."""
    number = int.from_bytes(blake2b("/".join(map(str, key)).encode(), digest_size=13).digest())
    tail = []
    for _ in range(_ID_LENGTH - len(prefix)):
        number, digit = divmod(number, 62)
        tail.append(_BASE62[digit])
    return prefix + "".join(tail)


def stamp(moment: datetime) -> str:
    """`2026-11-21T14:03:09.000Z`; `moment` must be UTC."""
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def stamp_seconds(epoch_seconds: float) -> str:
    """The same for seconds since 1970."""
    return stamp(datetime.fromtimestamp(epoch_seconds, UTC))
