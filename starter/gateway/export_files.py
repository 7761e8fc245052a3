"""Exports whose format needs the end before the beginning: made as a nameless file first, then sent."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from holdfast.answer import Header
from holdfast.export import export
from holdfast.rows import Abandoned, RowViews, View

# A workbook of a million rows takes a core for a minute.
_AT_ONCE = 1
_CHUNK_BYTES = 1 << 20
# No file takes this long to make, so what is older was left by a gateway that was killed.
_ABANDONED_AFTER = timedelta(hours=6)


@dataclass(frozen=True)
class MadeFile:
    """A file that is there until it was read or given up."""

    file: BufferedReader
    size_bytes: int

    async def read(self) -> AsyncIterator[bytes]:
        """Its bytes, a piece at a time."""
        with self.file:
            while piece := await asyncio.to_thread(self.file.read, _CHUNK_BYTES):
                yield piece


class ExportFiles:
    """Makes files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def make(self, views: RowViews, view: View, file_format: str) -> MadeFile:
        """The view as a file. Raises ExportRefused where it does not fit, StorageFull."""
        if file_format == "parquet" and view.is_whole:
            # It is what would be written.
            return await asyncio.to_thread(_opened, view.path)
        given_up = threading.Event()

        def stop() -> None:
            if given_up.is_set():
                raise Abandoned

        async with self._slots:
            rows = await views.source(view, stop)
            work = asyncio.create_task(asyncio.to_thread(self._written, rows, view, file_format))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                # The next one begins when this has really ended.
                given_up.set()
                await asyncio.gather(work, return_exceptions=True)
                raise

    def _written(self, rows: pl.LazyFrame, view: View, file_format: str) -> MadeFile:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remove_abandoned()
        headers = [Header(text=each.text, value=each.name) for each in view.columns]
        with TemporaryDirectory(dir=self._folder, prefix="export-") as folder:
            to = Path(folder) / f"rows.{file_format}"
            export(rows, headers, file_format, to)
            return _opened(to)

    def _remove_abandoned(self) -> None:
        oldest = time.time() - _ABANDONED_AFTER.total_seconds()
        for leftover in self._folder.glob("export-*"):
            # Another gateway may remove it at the same time.
            with suppress(FileNotFoundError):
                if leftover.stat().st_mtime < oldest:
                    shutil.rmtree(leftover, ignore_errors=True)


def _opened(path: Path) -> MadeFile:
    # Open, it can be read to its end even if its name goes.
    file = path.open("rb")
    return MadeFile(file, os.fstat(file.fileno()).st_size)
