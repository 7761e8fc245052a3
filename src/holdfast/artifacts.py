"""The claim-check store: rows stand in Parquet files, everything else carries a reference to them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import polars as pl

from holdfast.answer import ArtifactRef, Column
from holdfast.atomic_files import is_storage_full, replacing
from holdfast.columns import in_plain_types
from holdfast.errors import ArtifactMissing, PermanentError, StorageFull

# One folder a question, one file a step. No part begins with a dot, so none can climb out of the root.
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}"
_KEY = re.compile(rf"{_PART}/{_PART}")


class ArtifactStore:
    """Rows by key `<correlation_id>/<step_id>` under one root folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, key: str, frame: pl.DataFrame | pl.LazyFrame) -> ArtifactRef:
        """Keep the rows of `frame` under `key`; rows that stood there are replaced whole, or not at all.

        They are kept in plain types (see `in_plain_types`). A LazyFrame is computed by the streaming engine and never
        stands in memory as a whole, as far as its operations allow. Raises StorageFull, and PermanentError for a key
        that is not `<id>/<name>`.
        """
        path = self._file(key)
        self._make_folder(path.parent)
        with replacing(path) as temporary:
            # A failed sink is not retried: Temporal owns retries, and the key makes them harmless.
            in_plain_types(frame.lazy()).sink_parquet(
                temporary, compression="zstd", compression_level=1, engine="streaming"
            )
        return self._describe(key, path)

    def scan(self, ref: ArtifactRef) -> pl.LazyFrame:
        """The rows, lazily. Raises ArtifactMissing."""
        return pl.scan_parquet(self.path(ref), glob=False)

    def path(self, ref: ArtifactRef) -> Path:
        """The Parquet file itself. Raises ArtifactMissing."""
        path = self._file(ref.key)
        if not path.is_file():
            raise _missing(ref.key)
        return path

    def link(self, ref: ArtifactRef, key: str) -> None:
        """Have the rows of `ref` stand under `key` too, whatever becomes of the first; again changes nothing.

        Rows are replaced and never written over, so both may be one file. Raises ArtifactMissing, StorageFull.
        """
        source, target = self.path(ref), self._file(key)
        if source == target:
            return
        self._make_folder(target.parent)
        with replacing(target) as temporary:
            try:
                os.link(source, temporary)
            except FileNotFoundError:
                raise _missing(ref.key) from None
            except OSError:
                # Another disk, or one that knows no links.
                shutil.copyfile(source, temporary)

    def _file(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise PermanentError(
                f"{key!r} cannot be the key of an artifact: it must be <question id>/<step id> in letters, digits, "
                "dots, dashes and underscores."
            )
        return self._root / f"{key}.parquet"

    def _make_folder(self, folder: Path) -> None:
        try:
            # Rows of a tenant are nobody else's business on a shared machine.
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            if is_storage_full(error):
                raise StorageFull(
                    f"There is no space left in {self._root}. Make room there; finished work is kept."
                ) from error
            raise

    def _describe(self, key: str, path: Path) -> ArtifactRef:
        rows = pl.scan_parquet(path, glob=False)
        columns = tuple(Column(name=name, dtype=str(dtype)) for name, dtype in rows.collect_schema().items())
        row_count = rows.select(pl.len()).collect().item()
        return ArtifactRef(key=key, row_count=row_count, size_bytes=path.stat().st_size, columns=columns)


def _missing(key: str) -> ArtifactMissing:
    return ArtifactMissing(f"The rows of {key} were removed. Ask the question again.")
