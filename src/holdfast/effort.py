"""Measuring what a piece of work cost."""

from __future__ import annotations

import resource
import sys
import time

from holdfast.answer import Effort, ModelUsage


class Stopwatch:
    """Starts when it is made; `effort()` says what was spent since then."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def effort(self, models: ModelUsage | None = None, *, peak_memory_bytes: int | None = None) -> Effort:
        """Seconds since the start, what was asked of models, and the most memory held (default: this process)."""
        peak = _peak_of_this_process() if peak_memory_bytes is None else peak_memory_bytes
        return Effort(seconds=time.perf_counter() - self._started, peak_memory_bytes=peak, models=models)


def _peak_of_this_process() -> int:
    """In bytes, since the process started."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # The unit differs between systems: kibibytes on Linux, bytes on macOS.
    return peak if sys.platform == "darwin" else peak * 1024
