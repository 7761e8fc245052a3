"""Measuring what a piece of work cost."""

from __future__ import annotations

import time

import psutil

from holdfast.answer import Effort


class Stopwatch:
    """Starts when it is made; `effort()` says what was spent since then."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def effort(self, *, peak_memory_bytes: int | None = None) -> Effort:
        """Seconds since the start, and the peak of the process that did the work (default: this one)."""
        peak = psutil.Process().memory_info().rss if peak_memory_bytes is None else peak_memory_bytes
        return Effort(seconds=time.perf_counter() - self._started, peak_memory_bytes=peak)
