"""How the process gives memory back. To be told before Polars is loaded, so this module imports next to nothing."""

from __future__ import annotations

import os


def give_memory_back_at_once() -> None:
    """Have Polars' allocator return what it frees to the system.

    By default it keeps it for a while, and each thread for itself: sorting a million rows held 100 MiB more, for a
    tenth of the time.
    """
    # Polars leaves its own choice here for every child of a process that loaded it.
    os.environ["_RJEM_MALLOC_CONF"] = "dirty_decay_ms:0,muzzy_decay_ms:0"
