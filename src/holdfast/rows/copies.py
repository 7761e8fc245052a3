"""An uncompressed copy of kept rows, mapped into memory: any row of a million is read without those around it.

In Parquet a page in another order than the file's means to unpack the whole file. The copy has no name: it is gone with
the process, whatever ends it, and is never found stale.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from holdfast.atomic_files import is_storage_full
from holdfast.errors import StorageFull


@dataclass(frozen=True)
class RowCopy:
    """`frame` reads from the disk what is looked at; `size_bytes` are on the disk."""

    frame: pl.DataFrame
    size_bytes: int
    _map: mmap.mmap | None = None

    def gathered(self, name: str, numbers: pl.Series) -> pl.Series:
        """The column's cells of these rows, in memory of their own.

        Rows from everywhere touch nearly all of a column; it is given back before the next one is read.
        """
        cells = self.frame.get_column(name).gather(numbers)
        if cells.dtype == pl.String or cells.dtype.is_nested():
            # Polars' own text would go on pointing into the file.
            owned = pl.from_arrow(cells.to_frame().to_arrow(compat_level=pl.CompatLevel.oldest()))
            assert isinstance(owned, pl.DataFrame)
            cells = owned.to_series()
        self.release()
        return cells

    def release(self) -> None:
        """Give back the memory of what was read: it stays in the system's cache, and counts no longer as ours.

        Harmless while somebody reads: what they need is mapped again.
        """
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)


def copy_of(path: Path, folder: Path, stop: Callable[[], None]) -> RowCopy:
    """Copy the rows of a Parquet file into the folder, one of its row groups at a time. Raises StorageFull.

    `stop` is called between them and raises where nobody waits any more.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            _write(path, file, stop)
            size = file.tell()
            file.flush()
            mapped = mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ)
    except (OSError, PolarsError) as error:
        if is_storage_full(error):
            raise StorageFull(f"There is no space left in {folder} to sort and search rows.") from error
        raise
    frame = pl.from_arrow(pa.ipc.open_file(pa.py_buffer(mapped)).read_all(), rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    return RowCopy(frame, size, mapped)


def _write(path: Path, file: IO[bytes], stop: Callable[[], None]) -> None:
    rows = pl.scan_parquet(path, glob=False)
    about = pq.read_metadata(path)
    schema = rows.head(0).collect().to_arrow(compat_level=pl.CompatLevel.newest()).schema
    with pa.ipc.new_file(file, schema) as sink:
        start = 0
        for group in range(about.num_row_groups):
            stop()
            height = about.row_group(group).num_rows
            part = rows.slice(start, height).collect()
            sink.write_table(part.to_arrow(compat_level=pl.CompatLevel.newest()))
            start += height
