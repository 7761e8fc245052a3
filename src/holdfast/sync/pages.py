"""Pages of a sync on disk: one small Parquet file for each page read, whose name tells that it is finished.

::

    sync/<sync_id>/pages/group_members/
        00g1.000000.more.parquet       first page of group 00g1; its metadata holds the `next` link
        00g1.000001.last.parquet       the last one: the group is complete
        00g2.unknown.json              the tenant refused to tell; why
        00g3.gone.json                 deleted in the tenant while it was read
        @family.unknown.json           the tenant refused the whole family
        .lock                          held by the attempt that reads

A file is written beside and renamed, so it is there whole or not at all however the process ends. It is not
flushed to the disk one by one (thousands come in a minute): after a power cut a page may turn out damaged, and the
tables then refuse it.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote
from uuid import uuid4

import polars as pl
from polars.exceptions import PolarsError

from holdfast.atomic_files import is_storage_full
from holdfast.errors import StorageFull, SyncInconsistent
from holdfast.sync.families import WHOLE

_NEXT = "holdfast.next"
# Names that no quoted id can be: `quote` encodes the at sign.
_ONE_LIST = "@list"
_FAMILY = "@family"
_LOCK_POLL_S = 0.2


@dataclass(frozen=True)
class Listing:
    """What is finished of a family, from one reading of its folder. Parents are ids, WHOLE for one list."""

    pages: Mapping[str, int]
    complete: frozenset[str]
    unknown: frozenset[str]
    gone: frozenset[str]
    family_unknown: bool

    @property
    def settled(self) -> frozenset[str]:
        """Parents of which nothing is left to read."""
        return self.complete | self.unknown | self.gone


class FamilyPages:
    """The pages of one family of one sync."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def to_itself(self) -> AsyncIterator[None]:
        """Wait until no other attempt reads this family, and keep others out until the block ends.

        An attempt that lost its heartbeat may still read when the next one starts. Pages of the two, fetched before
        and after a change in the tenant, would not fit together: what stands between them would be in neither.
        """
        handle = self._lock_file()
        try:
            while not _locked(handle):  # noqa: ASYNC110 - another process tells nobody
                await asyncio.sleep(_LOCK_POLL_S)
            yield
        finally:
            os.close(handle)

    def listing(self) -> Listing:
        """What is there. An absent folder is a family that was not begun."""
        pages: dict[str, int] = {}
        marked: dict[str, set[str]] = {"last": set(), "unknown": set(), "gone": set()}
        for name in self._names():
            parent_name, _, rest = name.partition(".")
            parent = _parent(parent_name)
            kind = rest.split(".")[-2]
            if rest.endswith(".parquet"):
                pages[parent] = pages.get(parent, 0) + 1
            if kind in marked:
                marked[kind].add(parent)
        return Listing(
            pages=pages,
            complete=frozenset(marked["last"]),
            unknown=frozenset(marked["unknown"] - {_FAMILY}),
            gone=frozenset(marked["gone"]),
            family_unknown=_FAMILY in marked["unknown"],
        )

    def store(self, parent: str, number: int, rows: pl.DataFrame, following: str | None) -> None:
        """Keep page `number` of `parent`; `following` is its `next` link. Blocks; raises StorageFull."""
        kind = "last" if following is None else "more"
        metadata = {} if following is None else {_NEXT: following}
        self._write(
            f"{_name(parent)}.{number:06d}.{kind}.parquet",
            lambda file: rows.write_parquet(file, metadata=metadata, statistics=False),
        )

    def mark_unknown(self, parent: str, reason: str) -> None:
        """The tenant refuses to tell about `parent`; `reason` is in words."""
        self._mark(_name(parent), "unknown", reason)

    def mark_family_unknown(self, reason: str) -> None:
        """The tenant refuses the whole family."""
        self._mark(_FAMILY, "unknown", reason)

    def mark_gone(self, parent: str, reason: str) -> None:
        """`parent` was deleted in the tenant since it was listed."""
        self._mark(_name(parent), "gone", reason)

    def next_link(self, parent: str, stored: int) -> str:
        """Where to go on after `stored` pages. Raises SyncInconsistent for a page that cannot be read."""
        file = self._folder / f"{_name(parent)}.{stored - 1:06d}.more.parquet"
        try:
            return pl.read_parquet_metadata(file)[_NEXT]
        except (OSError, PolarsError, KeyError) as error:
            raise _damaged(file) from error

    def frame(self, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """The rows of all pages in the order of their names. Raises SyncInconsistent for a damaged page."""
        files = sorted(self._folder / name for name in self._names() if name.endswith(".parquet"))
        if not files:
            return pl.DataFrame(schema=dict(columns))
        try:
            return pl.scan_parquet(files, schema=dict(columns)).collect(engine="streaming")
        except (OSError, PolarsError) as error:
            raise _damaged(self._folder) from error

    def row_count(self) -> int:
        """Rows in all pages, from their footers."""
        files = [self._folder / name for name in self._names() if name.endswith(".parquet")]
        if not files:
            return 0
        try:
            return int(pl.scan_parquet(files).select(pl.len()).collect().item())
        except (OSError, PolarsError) as error:
            raise _damaged(self._folder) from error

    def reasons(self) -> dict[str, str]:
        """Parent → why it is unknown; the whole family has the key `WHOLE`."""
        return {
            WHOLE if parent == _FAMILY else parent: json.loads((self._folder / name).read_bytes())["reason"]
            for name in self._names()
            if name.endswith(".unknown.json")
            for parent in (_parent(name.partition(".")[0]),)
        }

    def _lock_file(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        return os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)

    def _names(self) -> Sequence[str]:
        if not self._folder.is_dir():
            return ()
        # A leading dot is the lock or a file in the making, which a process that was killed may have left.
        return [file.name for file in self._folder.iterdir() if not file.name.startswith(".")]

    def _mark(self, name: str, kind: str, reason: str) -> None:
        text = json.dumps({"reason": reason}, ensure_ascii=False)
        self._write(f"{name}.{kind}.json", lambda file: file.write_text(text, encoding="utf-8"))

    def _write(self, name: str, write: Callable[[Path], object]) -> None:
        # Not `atomic_files.replacing`: it looks through the folder and flushes for each file, and a family read for
        # each person has as many files as people.
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / f".{name}.{uuid4().hex}"
        try:
            write(temporary)
            temporary.replace(self._folder / name)
        except (OSError, PolarsError) as error:
            temporary.unlink(missing_ok=True)
            if is_storage_full(error):
                raise StorageFull(
                    f"There is no space left for the tenant's pages in {self._folder}. Make room there, or point "
                    "HOLDFAST_DATA_DIR to a larger disk; the pages that were read are kept."
                ) from error
            raise


def _locked(handle: int) -> bool:
    """Whether the lock is ours now; the system lets go of it when the process dies."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name(parent: str) -> str:
    # Ids come from the tenant and become file names: no slash, no dot.
    return _ONE_LIST if parent == WHOLE else quote(parent, safe="").replace(".", "%2E")


def _parent(name: str) -> str:
    return WHOLE if name == _ONE_LIST else unquote(name) if name != _FAMILY else _FAMILY


def _damaged(path: Path) -> SyncInconsistent:
    return SyncInconsistent(
        f"A page that was read cannot be read back ({path}). Nothing was published; run `holdfast sync` again."
    )
