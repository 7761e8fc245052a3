"""What is done at the command line is in the same audit record as what is done over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.settings import Settings
from starter.questions import asker


@asynccontextmanager
async def recorded(settings: Settings, action: str, target: str, /, **detail: object) -> AsyncIterator[None]:
    """Record what the person at the keyboard is about to do, then run the block that does it.

    `settings` are those of the stack that is meant. Raises StoreAway, and then the block does not run.
    """
    # Here and not above: the database's library takes a quarter of a second to import, which `--help` need not wait.
    from starter.access import recording
    from starter.access.stored import local_caller, open_access

    access = open_access(settings)
    try:
        async with recording.recorded(access, local_caller(asker()), action, target, **detail):
            yield
    finally:
        access.close()
