"""Immutable snapshots of a tenant: built beside the old one, verified, and published by one atomic rename.

::

    graph/
        current -> snap-7          what new questions read
        snap-7/                    manifest.json, graph.db, vocabulary.parquet, all 0444
        snap-6/                    still open in questions that began on it
        building-…/, removed-…/    leftovers of a process that was killed; the next build clears them
        build.lock                 one build at a time; the system lets go of it when a process dies
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import structlog
from pydantic import ValidationError

from holdfast.answer import SnapshotRef
from holdfast.errors import NoSnapshot, SnapshotDamaged, SyncInconsistent
from holdfast.graph.engine import EngineName, installed_version
from holdfast.graph.loader import build_database, storage_errors, table_rows
from holdfast.graph.manifest import Manifest, ManifestDraft
from holdfast.graph.vocabulary import write_vocabulary

_CURRENT = "current"
_PREFIX = "snap-"
# An id becomes a folder's name, and may come from outside.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """A description of one snapshot; no engine handle in it, so it is free to pass around."""

    directory: Path
    manifest: Manifest

    @property
    def database(self) -> Path:
        """The engine's file, which nothing may write."""
        return self.directory / "graph.db"

    @property
    def vocabulary_file(self) -> Path:
        """The tenant's own words, for planners."""
        return self.directory / "vocabulary.parquet"

    @property
    def ref(self) -> SnapshotRef:
        """What a question carries from its first step to its last."""
        return SnapshotRef(id=self.manifest.snapshot_id, synced_at=self.manifest.sync_finished)

    def see_that_it_is_of(self, tenant: str) -> None:
        """Raises NoSnapshot where the folder's last sync was of another tenant than the one that is asked about."""
        if self.manifest.tenant != tenant:
            raise NoSnapshot(
                f"What is known here is of {self.manifest.tenant}, and the question is about {tenant}; run "
                "`holdfast sync` first."
            )

    def verify_contents(self) -> None:
        """Read the whole database file against its digest. Raises SnapshotDamaged, NoSnapshot where it was pruned."""
        try:
            found = _sha256(self.database)
        except FileNotFoundError:
            raise _pruned(self.manifest.snapshot_id) from None
        if found != self.manifest.database_sha256:
            raise SnapshotDamaged(
                f"Snapshot {self.manifest.snapshot_id} was altered after it was built; "
                "run `holdfast sync` to replace it."
            )


class SnapshotStore:
    """The snapshots under one folder (`data_dir/graph`). Readers take no lock and never wait."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def current(self) -> Snapshot:
        """What new questions read. Raises NoSnapshot before the first sync, SnapshotDamaged."""
        published = self._published()
        while True:
            try:
                return _opened(published)
            except SnapshotDamaged:
                # It may have been replaced and pruned since the link was read.
                before, published = published, self._published()
                if published == before:
                    raise

    def get(self, snapshot_id: str) -> Snapshot:
        """The snapshot a question began on. Raises NoSnapshot once it was pruned, SnapshotDamaged."""
        directory = self._directory(snapshot_id)
        try:
            return _opened(directory)
        except SnapshotDamaged:
            if directory.is_dir():
                raise
            raise _pruned(snapshot_id) from None

    def build(self, tables: Path, draft: ManifestDraft, engine: EngineName) -> Snapshot:
        """A complete snapshot beside the published ones, its counts verified against `tables`.

        Blocks for seconds: call it in a thread. One id is one snapshot: building it again after a crash returns
        the one that was finished. Raises SyncInconsistent, StorageFull; either leaves everything as it was.
        """
        warn_about(engine)
        self._root.mkdir(parents=True, exist_ok=True)
        with self._lock():
            self._clear_leftovers()
            directory = self._directory(draft.snapshot_id)
            if directory.is_dir():
                try:
                    return _opened(directory)
                except SnapshotDamaged:
                    self._remove(directory)
            building = Path(mkdtemp(prefix="building-", dir=self._root))
            try:
                with storage_errors(self._root):
                    _fill(building, tables, draft, engine)
                    building.rename(directory)
                    _fsync(self._root)
            finally:
                shutil.rmtree(building, ignore_errors=True)
            return _opened(directory)

    def publish(self, snapshot: Snapshot) -> None:
        """Make `snapshot` what new questions read, by one rename; again after a crash changes nothing."""
        link = self._root / f"link-{os.getpid()}-{snapshot.directory.name}"
        with self._lock():
            link.unlink(missing_ok=True)
            link.symlink_to(snapshot.directory.name)
            link.replace(self._root / _CURRENT)
            _fsync(self._root)
        _log.info("snapshot_published", snapshot=snapshot.manifest.snapshot_id, counts=snapshot.manifest.counts)

    def prune(self, keep: int) -> list[str]:
        """Remove all but the published one and the newest others, `keep` in all; the ids that went.

        Raises NoSnapshot where nothing is published, SnapshotDamaged.
        """
        with self._lock():
            self._clear_leftovers()
            current = self.current().directory.name
            others = sorted((d for d in self._root.glob(f"{_PREFIX}*") if d.name != current), key=_age, reverse=True)
            doomed = others[keep - 1 :]
            for directory in doomed:
                self._remove(directory)
        return [directory.name.removeprefix(_PREFIX) for directory in doomed]

    def _published(self) -> Path:
        try:
            return self._root / (self._root / _CURRENT).readlink().name
        except FileNotFoundError:
            raise NoSnapshot("Nothing is known of the tenant yet; run `holdfast sync` first.") from None

    def _directory(self, snapshot_id: str) -> Path:
        if not _ID.fullmatch(snapshot_id):
            raise NoSnapshot(f"{snapshot_id!r} is no snapshot's id; ask the question again.")
        return self._root / f"{_PREFIX}{snapshot_id}"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._root / "build.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _clear_leftovers(self) -> None:
        for leftover in self._root.iterdir():
            if leftover.name.startswith(("building-", "removed-")):
                shutil.rmtree(leftover)
            elif leftover.name.startswith("link-"):
                leftover.unlink()

    def _remove(self, directory: Path) -> None:
        # Renamed first: a reader finds a whole snapshot or none.
        doomed = directory.rename(self._root / f"removed-{directory.name}")
        shutil.rmtree(doomed)


def warn_about(engine: EngineName) -> None:
    """Say loudly, each time it is used, what choosing kuzu means."""
    if engine == "kuzu":
        _log.warning(
            "graph_engine_kuzu",
            reason="kuzu 0.11.3 is archived and answers some ordinary questions wrongly: counts by a bare boolean, "
            "dates cast from timestamps, any() over long lists (docs/adr/0002).",
            remedy="Set HOLDFAST_GRAPH__ENGINE=ladybug and run `holdfast sync`.",
        )


def _fill(building: Path, tables: Path, draft: ManifestDraft, engine: EngineName) -> None:
    database = building / "graph.db"
    counts = build_database(tables, draft.graph_schema, database, engine)
    _verify_counts(counts, table_rows(tables, draft.graph_schema))
    write_vocabulary(tables, draft.graph_schema, building / "vocabulary.parquet")
    manifest = Manifest(
        **dict(draft),
        engine=engine,
        engine_version=installed_version(engine),
        counts=counts,
        database_bytes=database.stat().st_size,
        database_sha256=_sha256(database),
    )
    (building / "manifest.json").write_text(manifest.model_dump_json(indent=1))
    for file in building.iterdir():
        _fsync(file)
        file.chmod(0o444)
    _fsync(building)


def _verify_counts(loaded: dict[str, int], given: dict[str, int]) -> None:
    differing = [
        f"{table} ({given[table]:,} read, {loaded[table]:,} in the graph)"
        for table in given
        if loaded[table] != given[table]
    ]
    if differing:
        raise SyncInconsistent(
            f"The graph does not hold what was read: {', '.join(differing)}. Nothing was published; run "
            "`holdfast sync` again in full."
        )


def _opened(directory: Path) -> Snapshot:
    try:
        stat = (directory / "manifest.json").stat()
        manifest = _read_manifest(directory / "manifest.json", stat.st_mtime_ns, stat.st_size)
        size = (directory / "graph.db").stat().st_size
        (directory / "vocabulary.parquet").stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _damaged(directory, f"{Path(error.filename).name} is missing") from error
    except ValidationError as error:
        raise _damaged(directory, "its manifest cannot be read") from error
    if size != manifest.database_bytes:
        raise _damaged(directory, f"its database has {size:,} bytes instead of {manifest.database_bytes:,}")
    installed = installed_version(manifest.engine)
    if manifest.engine_version != installed:
        raise SnapshotDamaged(
            f"Snapshot {manifest.snapshot_id} was built with {manifest.engine} {manifest.engine_version}, and "
            f"{installed} is installed, which cannot read it; run `holdfast sync` to build a new one."
        )
    return Snapshot(directory=directory.resolve(), manifest=manifest)


# A published manifest never changes, and each question reads it; a changed file is another key.
@lru_cache(maxsize=8)
def _read_manifest(file: Path, _mtime_ns: int, _size: int) -> Manifest:
    return Manifest.model_validate_json(file.read_bytes())


def _damaged(directory: Path, what: str) -> SnapshotDamaged:
    name = directory.name.removeprefix(_PREFIX)
    return SnapshotDamaged(f"Snapshot {name} is damaged: {what}. Run `holdfast sync` to replace it.")


def _pruned(snapshot_id: str) -> NoSnapshot:
    return NoSnapshot(f"Snapshot {snapshot_id} is not kept any more, newer ones replaced it; ask the question again.")


def _age(directory: Path) -> float:
    """When its sync ended, in epoch seconds; damaged ones are the oldest of all."""
    try:
        return _opened(directory).manifest.sync_finished.timestamp()
    except SnapshotDamaged:
        return 0.0


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
