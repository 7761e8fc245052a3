"""Where the syncs of a data folder keep what they read.

::

    sync/
        history.jsonl               one line for each sync that ended
        <sync_id>/
            pages/<family>/         while it reads (see `pages`)
            rows/<family>.parquet   after it read everything: the pages of a family as one table
            rows/reads.json         what was refused, what was gone, when each family was read
            tables-…/               what the graph is built from, while it is built
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
from polars.exceptions import PolarsError
from pydantic import BaseModel, ConfigDict, ValidationError

from holdfast.atomic_files import replacing
from holdfast.errors import SyncInconsistent
from holdfast.sync.pages import FamilyPages
from holdfast.sync.rows import SHAPES

# Raised whenever the columns of rows change: rows of another form are no base.
ROWS_FORM = 1
_TABLES = "tables-"


class FamilyReads(BaseModel):
    """What `rows/reads.json` says of one family."""

    model_config = ConfigDict(frozen=True)
    unknown: dict[str, str]
    gone: tuple[str, ...]
    # When the oldest of its rows was known to be true: carried-over rows of which Okta cannot say that they still are
    # keep the start of the sync that read them.
    oldest: datetime


class Reads(BaseModel):
    """`rows/reads.json`: its being there says that the sync read everything."""

    model_config = ConfigDict(frozen=True)
    form: int
    tenant: str
    families: dict[str, FamilyReads]


class SyncFolder:
    """The folder of one sync."""

    def __init__(self, root: Path, sync_id: str) -> None:
        self._folder = root / sync_id
        self.sync_id = sync_id

    @contextmanager
    def tables(self) -> Iterator[Path]:
        """A new folder for what the graph is built from, gone after the block.

        Each attempt has its own: one that lost its heartbeat may still load its tables while the next one writes.
        """
        place = Path(mkdtemp(prefix=_TABLES, dir=self._folder))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def pages(self, family: str) -> FamilyPages:
        """The pages of one family."""
        return FamilyPages(self._folder / "pages" / family)

    def page_rows(self, family: str) -> pl.DataFrame:
        """The rows in the pages of one family. Raises SyncInconsistent for a damaged page."""
        return self.pages(family).frame(SHAPES[family].columns)

    def rows(self, family: str) -> pl.DataFrame:
        """The rows of one family, once everything was read. Raises SyncInconsistent where they are damaged."""
        file = self._folder / "rows" / f"{family}.parquet"
        try:
            return pl.read_parquet(file)
        except (OSError, PolarsError) as error:
            raise SyncInconsistent(
                f"What sync {self.sync_id} read cannot be read back ({file}). Run `holdfast sync` in full."
            ) from error

    def reads(self) -> Reads | None:
        """What became of the reads; None unless everything was read in a form that is still known."""
        try:
            found = Reads.model_validate_json((self._folder / "rows" / "reads.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        return found if found.form == ROWS_FORM else None

    def keep_rows(self, rows: Mapping[str, pl.DataFrame], reads: Reads) -> None:
        """Write the rows of all families, then what became of the reads. Raises StorageFull."""
        folder = self._folder / "rows"
        folder.mkdir(parents=True, exist_ok=True)
        for family, frame in rows.items():
            with replacing(folder / f"{family}.parquet") as temporary:
                frame.write_parquet(temporary)
        with replacing(folder / "reads.json") as temporary:
            temporary.write_text(reads.model_dump_json())

    def drop_pages(self) -> None:
        """Remove pages and tables of a sync that ended well: its rows hold all that they held."""
        for folder in (self._folder / "pages", *self._folder.glob(f"{_TABLES}*")):
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self._folder, ignore_errors=True)


def sync_folders(root: Path) -> list[SyncFolder]:
    """Every sync that left a folder under `root`."""
    return [SyncFolder(root, path.name) for path in sorted(root.glob("*/"))] if root.is_dir() else []
