"""The graph engine behind one name: ladybug, or kuzu where a setting says so (docs/adr/0002).

The only module that imports either. A process holds one of them for its whole life, because both in one process
end in a segmentation fault; loading and querying therefore run in processes of their own, and this module needs
nothing that would make those slow to start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

EngineName = Literal["ladybug", "kuzu"]

# Address space that is reserved, not memory: without it the engine reserves 8 TiB, which no limit on a process's
# size survives. The graph of 100,000 users and 1,000,000 memberships takes 0.1 GiB. Must be a power of two.
MAX_DATABASE_BYTES = 1 << 34


@cache
def installed_version(engine: EngineName) -> str:
    """The version whose files this installation can read; every version has a format of its own."""
    # Imported here because it takes a query process a tenth of its start, and that one never asks.
    from importlib.metadata import version

    return version(engine)


@contextmanager
def connection(
    engine: EngineName, database: Path, *, read_only: bool, memory_bytes: int, threads: int = 0
) -> Iterator[Any]:
    """An open connection, closed together with its database. The engine raises RuntimeError for whatever it refuses.

    `memory_bytes` bounds the engine's own buffers; `threads` 0 means one for every core.
    """
    module = import_module(engine)
    opened = module.Database(
        str(database),
        read_only=read_only,
        buffer_pool_size=memory_bytes,
        max_num_threads=threads,
        max_db_size=MAX_DATABASE_BYTES,
    )
    try:
        link = module.Connection(opened)
        try:
            yield link
        finally:
            link.close()
    finally:
        opened.close()


def as_arrow(engine: EngineName, result: Any) -> Any:
    """A query's result as one Arrow table of plain types."""
    if engine == "kuzu":
        return result.get_as_arrow(-1)
    return result.get_as_arrow(-1, fallbackExtensionTypes=True)
