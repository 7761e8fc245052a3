from __future__ import annotations

import subprocess
import sys

_LOOK = """
import os, sys
os.environ["_RJEM_MALLOC_CONF"] = "dirty_decay_ms:500"
import starter.gateway.memory
assert "polars" not in sys.modules
starter.gateway.memory.give_memory_back_at_once()
import polars
assert os.environ["_RJEM_MALLOC_CONF"].endswith("dirty_decay_ms:0,muzzy_decay_ms:0")
"""


def test_the_allocator_is_told_before_polars_is_loaded_whatever_a_parent_left() -> None:
    subprocess.run([sys.executable, "-c", _LOOK], check=True, timeout=60)
