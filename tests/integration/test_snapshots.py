"""Snapshots: built beside the old one, published by one rename, kept, pruned, and never half there."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.errors import NoSnapshot, SnapshotDamaged, StorageFull, SyncInconsistent
from holdfast.graph import snapshots
from holdfast.graph.loader import build_database
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from tests.graph_samples import draft, write_tables

# One table is enough for what this file asks, and quick to load.
ONE_USER = {"User": [{"id": "00u1", "login": "ada@acme.test", "display_name": "Ada"}]}
DAY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's folder with one published snapshot, to be copied."""
    root = tmp_path_factory.mktemp("built")
    store = SnapshotStore(root / "graph")
    store.publish(store.build(write_tables(root / "tables", ONE_USER), draft("one", finished=DAY), "ladybug"))
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


@pytest.fixture
def store(root: Path) -> SnapshotStore:
    return SnapshotStore(root / "graph")


def another(root: Path, name: str) -> Snapshot:
    """A published snapshot's twin under another id and a day later: as good as a sync, at no cost."""
    directory = root / "graph" / f"snap-{name}"
    shutil.copytree(root / "graph" / "snap-one", directory)
    file = directory / "manifest.json"
    manifest = SnapshotStore(root / "graph").get("one").manifest
    later = manifest.sync_finished + timedelta(days=int(name))
    file.chmod(0o644)
    file.write_text(manifest.model_copy(update={"snapshot_id": name, "sync_finished": later}).model_dump_json())
    return SnapshotStore(root / "graph").get(name)


def test_before_the_first_sync_a_question_is_told_to_sync(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot, match="holdfast sync"):
        SnapshotStore(tmp_path / "nothing").current()


def test_a_published_snapshot_is_the_current_one_and_a_question_may_pin_it(store: SnapshotStore) -> None:
    current = store.current()
    assert current.ref.id == "one"
    assert current.ref.synced_at == DAY
    assert store.get("one") == current
    assert current.directory.name == "snap-one"
    assert current.vocabulary_file.exists()
    current.verify_contents()


def test_an_unpublished_snapshot_is_read_by_nobody(root: Path, store: SnapshotStore) -> None:
    another(root, "2")
    assert store.current().ref.id == "one"


def test_publishing_twice_is_publishing_once(root: Path, store: SnapshotStore) -> None:
    new = another(root, "2")
    store.publish(new)
    store.publish(new)
    assert store.current().ref.id == "2"
    assert not list((root / "graph").glob("link-*"))


@pytest.mark.parametrize("snapshot_id", ["two", "../../etc", "", "a/b", ".", "x" * 500])
def test_an_unknown_id_is_no_snapshot_and_no_path(store: SnapshotStore, snapshot_id: str) -> None:
    with pytest.raises(NoSnapshot, match="ask the question again"):
        store.get(snapshot_id)


def test_pruning_keeps_the_published_one_and_the_newest_others(root: Path, store: SnapshotStore) -> None:
    for name in ("2", "3", "4", "5"):
        another(root, name)
    store.publish(store.get("3"))
    assert sorted(store.prune(keep=3)) == ["2", "one"]
    assert store.current().ref.id == "3"
    assert {d.name for d in (root / "graph").iterdir() if d.is_dir()} == {"snap-3", "snap-4", "snap-5", "current"}
    with pytest.raises(NoSnapshot, match="not kept any more"):
        store.get("one")


@pytest.mark.parametrize("asked", ["current", "pinned"])
def test_a_snapshot_pruned_while_it_is_opened_is_replaced_or_told_as_pruned_and_never_as_damaged(
    root: Path, store: SnapshotStore, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    newer, opened = another(root, "2"), snapshots._opened
    replaced: list[Snapshot] = []

    def opened_too_late(directory: Path) -> Snapshot:
        if not replaced:
            replaced.append(newer)
            store.publish(newer)
            store.prune(keep=1)
        return opened(directory)

    monkeypatch.setattr(snapshots, "_opened", opened_too_late)
    if asked == "current":
        assert store.current().ref.id == "2"
    else:
        with pytest.raises(NoSnapshot, match="not kept any more"):
            store.get("one")


def test_pruning_to_one_leaves_the_published_one(root: Path, store: SnapshotStore) -> None:
    another(root, "2")
    assert store.prune(keep=1) == ["2"]
    assert store.prune(keep=1) == []
    assert store.current().ref.id == "one"


def _cut(directory: Path) -> None:
    os.truncate(directory / "graph.db", 1_000)


def _empty_manifest(directory: Path) -> None:
    (directory / "manifest.json").chmod(0o644)
    (directory / "manifest.json").write_text("{")


def _other_version(directory: Path) -> None:
    file = directory / "manifest.json"
    file.chmod(0o644)
    file.write_text(file.read_text().replace('"engine_version": "', '"engine_version": "0.0.'))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_cut, "its database has 1,000 bytes instead of"),
        (_empty_manifest, "its manifest cannot be read"),
        (_other_version, r"was built with ladybug 0\.0\.0\.22\.0, and 0\.22\.0 is installed, which cannot read it"),
        (lambda directory: (directory / "graph.db").unlink(), "graph.db is missing"),
        (lambda directory: (directory / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda directory: (directory / "vocabulary.parquet").unlink(), "vocabulary.parquet is missing"),
        (shutil.rmtree, "manifest.json is missing"),
    ],
    ids=["cut", "manifest", "version", "no database", "no manifest", "no words", "nothing"],
)  # fmt: skip
def test_a_damaged_snapshot_says_what_is_wrong_and_what_to_do(
    root: Path, store: SnapshotStore, damage: object, reason: str
) -> None:
    assert callable(damage)
    damage(root / "graph" / "snap-one")
    with pytest.raises(SnapshotDamaged, match=reason) as damaged:
        store.current()
    assert "holdfast sync" in str(damaged.value)


def test_a_database_altered_in_place_is_found_out_by_its_digest(store: SnapshotStore) -> None:
    snapshot = store.current()
    snapshot.database.chmod(0o644)
    with snapshot.database.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    with pytest.raises(SnapshotDamaged, match="altered after it was built; run `holdfast sync`"):
        store.current().verify_contents()


def test_a_build_repeated_after_a_crash_returns_what_was_finished(root: Path, store: SnapshotStore) -> None:
    before = (root / "graph" / "snap-one" / "graph.db").stat().st_ino
    again = store.build(root / "tables", draft("one", finished=DAY), "ladybug")
    assert again == store.current()
    assert again.database.stat().st_ino == before


def test_a_build_replaces_a_damaged_snapshot_of_its_own_id_and_clears_leftovers(
    root: Path, store: SnapshotStore
) -> None:
    _cut(root / "graph" / "snap-one")
    for leftover in ("building-x", "removed-snap-0"):
        (root / "graph" / leftover).mkdir()
        (root / "graph" / leftover / "graph.db").write_text("half")
    (root / "graph" / "link-1-snap-0").symlink_to("snap-0")
    store.build(root / "tables", draft("one", finished=DAY), "ladybug").verify_contents()
    names = {entry.name for entry in (root / "graph").iterdir()}
    assert names == {"build.lock", "current", "snap-one"}


def test_counts_that_differ_from_the_tables_publish_nothing(
    root: Path, store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loses_one(*args: object) -> dict[str, int]:
        return {**build_database(*args), "User": 0}  # type: ignore[arg-type]

    monkeypatch.setattr(snapshots, "build_database", loses_one)
    with pytest.raises(SyncInconsistent, match=r"User \(1 read, 0 in the graph\)"):
        store.build(root / "tables", draft("two"), "ladybug")
    assert {d.name for d in (root / "graph").iterdir()} == {"build.lock", "current", "snap-one"}


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"id": ["00u1"]}, "does not have the schema's columns: "),
        (None, "The table User does not have the schema's types: "),
    ],
    ids=["columns", "types"],
)
def test_a_table_of_another_shape_is_named(tmp_path: Path, columns: dict[str, list[str]] | None, reason: str) -> None:
    tables = write_tables(tmp_path / "tables", ONE_USER)
    if columns is None:
        rows = pq.read_table(tables / "User.parquet")
        index = rows.column_names.index("created")
        rows = rows.set_column(index, "created", pa.array(["yesterday"]))
    else:
        rows = pa.table(columns)
    pq.write_table(rows, tables / "User.parquet")
    with pytest.raises(SyncInconsistent, match=reason):
        SnapshotStore(tmp_path / "graph").build(tables, draft(), "ladybug")


def test_a_full_disk_says_where_to_make_room_and_leaves_nothing(
    root: Path, store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(snapshots, "write_vocabulary", full)
    with pytest.raises(StorageFull, match=r"No space is left for the graph in .*graph; make room"):
        store.build(root / "tables", draft("two"), "ladybug")
    assert store.current().ref.id == "one"
    assert not list((root / "graph").glob("building-*"))


def test_a_load_that_fails_where_there_is_no_room_waits_for_room_whatever_the_engine_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = write_tables(tmp_path / "tables", ONE_USER)
    pq.write_table(pa.table({"id": ["00u1"]}), tables / "User.parquet")
    store = SnapshotStore(tmp_path / "graph")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("holdfast.graph.loader.shutil.disk_usage", lambda _: usage._replace(free=4_096))
    with pytest.raises(StorageFull, match="make room"):
        store.build(tables, draft(), "ladybug")


_BUILD = """
    import sys
    from pathlib import Path
    from tests.graph_samples import draft
    from holdfast.graph.snapshots import SnapshotStore
    root = Path(sys.argv[1])
    store = SnapshotStore(root / "graph")
    print("building", flush=True)
    store.publish(store.build(root / "tables", draft("two"), "ladybug"))
    print("published", flush=True)
"""


@pytest.mark.parametrize("after_seconds", [0.05, 0.2, 0.35, 0.5])
def test_a_build_killed_at_any_moment_changes_nothing_and_can_be_repeated(root: Path, after_seconds: float) -> None:
    command = [sys.executable, "-c", textwrap.dedent(_BUILD), str(root)]
    folder = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        time.sleep(after_seconds)
        process.send_signal(signal.SIGKILL)
        published = "published" in process.stdout.read()
    store = SnapshotStore(root / "graph")
    assert store.current().ref.id in ({"two"} if published else {"one", "two"})
    store.publish(store.build(root / "tables", draft("two"), "ladybug"))
    store.current().verify_contents()
    assert store.current().ref.id == "two"
    assert {d.name for d in (root / "graph").iterdir()} == {"build.lock", "current", "snap-one", "snap-two"}
