from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from holdfast import atomic_files
from holdfast.artifacts import ArtifactStore
from holdfast.errors import ArtifactMissing, PermanentError, StorageFull

ROWS = pl.DataFrame(
    {
        "login": ["ann", None, "=zoë 🙂"],
        "groups": [["a", None], [], None],
        "last_login": [datetime(2026, 1, 2, 3, 4, 5, 678901), None, None],  # noqa: DTZ001
        "nothing": pl.Series([None, None, None], dtype=pl.Null),
    }
)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@pytest.mark.parametrize("rows", [ROWS, ROWS.head(0)])
def test_rows_come_back_as_they_were_written_whether_lazy_or_not(store: ArtifactStore, rows: pl.DataFrame) -> None:
    eager, lazy = store.write("q-1/people", rows), store.write("q-1/again", rows.lazy())
    assert_frame_equal(store.scan(eager).collect(), rows)
    assert_frame_equal(store.scan(lazy).collect(), rows)


def test_a_reference_says_what_it_holds(store: ArtifactStore) -> None:
    ref = store.write("q-1/people", ROWS)
    assert ref.row_count == 3
    assert ref.size_bytes == store.path(ref).stat().st_size
    assert [(c.name, c.dtype) for c in ref.columns][:2] == [("login", "String"), ("groups", "List(String)")]


def test_writing_a_key_again_replaces_its_rows_whole(store: ArtifactStore) -> None:
    store.write("q-1/people", ROWS)
    again = store.write("q-1/people", ROWS.head(1).select("login"))
    assert store.scan(again).collect().to_dicts() == [{"login": "ann"}]


def test_rows_can_be_replaced_by_what_is_made_of_them(store: ArtifactStore) -> None:
    ref = store.write("q-1/people", ROWS)
    again = store.write("q-1/people", store.scan(ref).select("login"))
    assert store.scan(again).collect()["login"].to_list() == ROWS["login"].to_list()


@given(
    key=st.text(max_size=12)
    | st.sampled_from(["../x", "a/../b", "/etc/passwd", "a/b/c", "a", "", "./a", "a/.b", "a\\b/c", "a/b\n", "q/…"])
)
def test_no_key_leads_out_of_the_store(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "walled"
    parts = key.split("/")
    if len(parts) == 2 and all(p.isascii() and p[:1].isalnum() for p in parts):
        return
    with pytest.raises(PermanentError):
        ArtifactStore(folder / "artifacts").write(key, ROWS)
    assert not folder.exists()


def test_a_reference_to_rows_that_were_removed_says_so(store: ArtifactStore) -> None:
    ref = store.write("q-1/people", ROWS)
    other = store.write("q-2/people", ROWS)
    store.path(ref).unlink()
    with pytest.raises(ArtifactMissing, match=r"q-1/people were removed\. Ask the question again"):
        store.scan(ref)
    assert store.path(other).exists()


@pytest.mark.parametrize("lazy", [True, False])
def test_a_full_disk_is_told_with_its_folder_and_leaves_the_old_rows(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, lazy: bool
) -> None:
    ref = store.write("q-1/people", ROWS)
    folder = store.path(ref).parent
    _write_to_a_full_disk(monkeypatch, folder)
    rows = ROWS.head(1)
    with pytest.raises(StorageFull, match=rf"no space left for people.parquet in {folder}. Make room there"):
        store.write("q-1/people", rows.lazy() if lazy else rows)
    monkeypatch.undo()
    assert store.scan(ref).collect().height == 3
    assert [p.name for p in folder.iterdir()] == ["people.parquet"]


def _write_to_a_full_disk(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The temporary file becomes a link to the device on which every write finds the disk full."""

    class Name:
        hex = "full"

    monkeypatch.setattr(atomic_files, "uuid4", Name)
    (folder / ".people.parquet.full.part").symlink_to("/dev/full")


def test_another_failure_leaves_the_old_rows_and_nothing_half_written(store: ArtifactStore) -> None:
    ref = store.write("q-1/people", ROWS)
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        store.write("q-1/people", ROWS.lazy().select("no such column"))
    assert store.scan(ref).collect().height == 3
    assert len(list(store.path(ref).parent.iterdir())) == 1


def test_what_a_killed_writer_left_is_swept_but_not_what_another_is_writing(store: ArtifactStore) -> None:
    folder = store.path(store.write("q-1/people", ROWS)).parent
    old, young = folder / ".people.parquet.dead.part", folder / ".people.parquet.alive.part"
    for leftover in (old, young):
        leftover.write_bytes(b"half")
    yesterday = time.time() - 86_400
    os.utime(old, (yesterday, yesterday))
    store.write("q-1/people", ROWS)
    assert not old.exists()
    assert young.exists()


def test_rows_are_for_the_owner_only(store: ArtifactStore) -> None:
    folder = store.path(store.write("q-1/people", ROWS)).parent
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.parent.stat().st_mode & 0o077 == 0


def test_rows_are_kept_in_types_that_every_reader_knows(store: ArtifactStore) -> None:
    rows = pl.DataFrame(
        {
            "pair": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
            "length": [timedelta(hours=1), None],
            "bytes": [b"\xff", None],
            "price": [Decimal("1.50"), None],
            "within": [{"n": Decimal("2.5"), "at": datetime(2026, 1, 2)}, None],  # noqa: DTZ001
            "lists": [[timedelta(days=1)], None],
        }
    )
    assert store.scan(store.write("q-1/kinds", rows)).collect().to_dicts() == [
        {
            "pair": [1, 2],
            "length": "PT1H",
            "bytes": "/w==",
            "price": 1.5,
            "within": {"n": 2.5, "at": datetime(2026, 1, 2)},  # noqa: DTZ001
            "lists": ["P1D"],
        },
        dict.fromkeys(rows.columns),
    ]
