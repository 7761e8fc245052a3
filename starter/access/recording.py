"""The promise of the audit record: nothing is done that is not in it.

What somebody is about to do is recorded first, and only then done. So a record that cannot be written stops the
action before it happened, and whatever is killed in between leaves an entry too many, never one too few. What the
action then failed with is an entry of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from starter.access.callers import Caller

FAILED = "-failed"


class Record(Protocol):
    """Where entries go."""

    async def record(self, caller: Caller, action: str, target: str, /, **detail: object) -> None:
        """Append who did what to which question, key or sync; raises where that cannot be done."""
        ...


@asynccontextmanager
async def recorded(
    record: Record, caller: Caller, action: str, target: str, /, **detail: object
) -> AsyncIterator[None]:
    """Record the action, then run the block that does it; if that raises, `<action>-failed` is recorded too."""
    await record.record(caller, action, target, **detail)
    try:
        yield
    except Exception as error:
        await record.record(caller, f"{action}{FAILED}", target, error=type(error).__name__)
        raise
