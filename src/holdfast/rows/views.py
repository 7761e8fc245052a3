"""Views of artifacts for many readers at once: what was asked for before is paged in milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import polars as pl
from polars.io.plugins import register_io_source

from holdfast.answer import ArtifactRef
from holdfast.artifacts import ArtifactStore
from holdfast.columns import column
from holdfast.rows.conditions import condition, searched, sorts_of
from holdfast.rows.copies import RowCopy, copy_of
from holdfast.rows.kinds import TableColumn, columns_of
from holdfast.rows.selection import matching, ordered
from holdfast.rows.shared_work import SharedWork

# Each uses both cores of a small machine and some hundred megabytes.
_AT_ONCE = 1
_DESCRIBED_AT_ONCE = 4
_THREADS = 2
# Row numbers of eight views of a million rows.
_VIEW_BYTES = 32 << 20
# On the disk.
_COPY_BYTES = 4 << 30
_TABLES = 1_000
# From here on the copy is made when the first page is read, before anybody sorts.
_WORTH_A_COPY = 50_000
# Of the file's own order the beginning is read from the file itself, without waiting for a copy.
_HEAD = 20_000
# Rows that stand in memory at a time while all are read.
_BATCH = 20_000

T = TypeVar("T")


@dataclass(frozen=True)
class Wish:
    """What a reader wants of an artifact's rows. `shown` are its columns as (name, heading)."""

    ref: ArtifactRef
    shown: tuple[tuple[str, str], ...]
    sorts: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    search: str = ""

    @property
    def is_natural(self) -> bool:
        """Whether all rows are wanted in their own order."""
        return not (self.sorts or self.filters or self.search)


@dataclass(frozen=True)
class View:
    """The rows of a wish: `numbers` are theirs in the artifact in order, None: all as they stand."""

    path: Path
    # Tells an artifact from one that took its place.
    version: tuple[str, int, int]
    columns: tuple[TableColumn, ...]
    total: int
    numbers: pl.Series | None = None

    @property
    def matching(self) -> int:
        """How many rows it has."""
        return self.total if self.numbers is None else len(self.numbers)

    @property
    def is_whole(self) -> bool:
        """Whether it is the artifact's file, in its order and with all its columns."""
        names = [each.name for each in self.columns]
        return self.numbers is None and names == self.all_columns().collect_schema().names()

    def all_columns(self) -> pl.LazyFrame:
        """The artifact."""
        return pl.scan_parquet(self.path, glob=False)


class RowViews:
    """Views of artifacts and their pages. Methods raise ArtifactMissing, RowsRefused, StorageFull."""

    def __init__(self, artifacts: ArtifactStore, folder: Path) -> None:
        self._artifacts = artifacts
        self._folder = folder
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="rows")
        slots = asyncio.Semaphore(_AT_ONCE)
        self._tables: SharedWork[object, View] = SharedWork(asyncio.Semaphore(_DESCRIBED_AT_ONCE), _TABLES, lambda _: 1)
        self._copies: SharedWork[object, RowCopy] = SharedWork(slots, _COPY_BYTES, lambda copy: copy.size_bytes)
        self._orders: SharedWork[object, pl.Series] = SharedWork(slots, _VIEW_BYTES, lambda rows: 4 * len(rows))
        self._ahead: set[asyncio.Task[RowCopy]] = set()

    async def view(self, wish: Wish) -> View:
        """Find the rows that are wished for."""
        table = await self._table(wish)
        if wish.is_natural:
            return table
        conditions = [condition(text, table.columns) for text in wish.filters]
        if wish.search:
            conditions.append(searched(wish.search, table.columns))
        sorts = sorts_of(wish.sorts, table.columns)
        copy = await self._copy(table)

        def select(stop: Callable[[], None]) -> pl.Series:
            try:
                found = matching(copy.frame, conditions, self._threads, stop) if conditions else None
                return ordered(copy.frame, found, sorts, self._threads, stop)
            finally:
                copy.release()

        key = (table.version, wish.shown, wish.sorts, wish.filters, wish.search)
        return replace(table, numbers=await self._orders.get(key, select))

    async def page(self, view: View, offset: int, limit: int, render: Callable[[pl.DataFrame], T]) -> T:
        """What `render` makes, in a thread, of the shown columns of the view's rows from `offset`."""
        if view.numbers is None and offset + limit <= _HEAD:
            rendered = await asyncio.to_thread(_head, view, offset, limit, render)
            self._copy_ahead(view)
            return rendered
        copy = await self._copy(view)
        return await asyncio.to_thread(_page, copy, view, slice(offset, offset + limit), render)

    async def source(self, view: View, stop: Callable[[], None]) -> pl.LazyFrame:
        """The shown columns of all its rows, to be read in batches from any thread; `stop` is called before each."""
        copy = await self._copy(view)
        schema = copy.frame.select(_shown(view)).schema

        def batches(
            with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
        ) -> Iterator[pl.DataFrame]:
            end = view.matching if n_rows is None else min(n_rows, view.matching)
            for start in range(0, end, _BATCH):
                stop()
                frame = _rows(copy, view, slice(start, min(start + _BATCH, end)))
                chosen = frame if with_columns is None else frame.select(column(name) for name in with_columns)
                yield chosen if predicate is None else chosen.filter(predicate)
                copy.release()

        return register_io_source(batches, schema=schema)

    async def _table(self, wish: Wish) -> View:
        path = self._artifacts.path(wish.ref)
        about = path.stat()
        version = (wish.ref.key, about.st_mtime_ns, about.st_size)

        def describe(_: Callable[[], None]) -> View:
            rows = pl.scan_parquet(path, glob=False)
            height = rows.select(pl.len()).collect().item()
            return View(path, version, columns_of(rows, wish.shown), height)

        return await self._tables.get((version, wish.shown), describe)

    async def _copy(self, view: View) -> RowCopy:
        return await self._copies.get(view.version, lambda stop: copy_of(view.path, self._folder, stop))

    def _copy_ahead(self, view: View) -> None:
        """Begin with what a sort or a search will need, while the first page is looked at."""
        if view.total < _WORTH_A_COPY:
            return
        task = asyncio.create_task(self._copy(view))
        self._ahead.add(task)
        task.add_done_callback(self._ahead.discard)
        # Whoever needs the copy is told why there is none.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())


def _shown(view: View) -> list[pl.Expr]:
    return [column(each.name) for each in view.columns]


def _head(view: View, offset: int, limit: int, render: Callable[[pl.DataFrame], T]) -> T:
    return render(view.all_columns().select(_shown(view)).slice(offset, limit).collect())


def _page(copy: RowCopy, view: View, places: slice, render: Callable[[pl.DataFrame], T]) -> T:
    try:
        return render(_rows(copy, view, places))
    finally:
        copy.release()


def _rows(copy: RowCopy, view: View, places: slice) -> pl.DataFrame:
    if view.numbers is None:
        return copy.frame.select(_shown(view))[places]
    return pl.DataFrame([copy.gathered(each.name, view.numbers[places]) for each in view.columns])
