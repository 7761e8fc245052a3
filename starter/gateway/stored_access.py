"""The parameter of routes that look into the access store itself: keys, sessions, tickets, shares and the record."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from starter.access.stored import StoredAccess
from starter.gateway.gateway import Parts


def _stored(parts: Parts) -> StoredAccess:
    # Whoever serves these routes has a store; only tests of other routes do without.
    assert isinstance(parts.access, StoredAccess)
    return parts.access


Stored = Annotated[StoredAccess, Depends(_stored)]
