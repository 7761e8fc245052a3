from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import StorageFull, SyncInconsistent
from holdfast.sync.consolidation import consolidate
from holdfast.sync.families import WHOLE
from holdfast.sync.folders import FamilyReads, Reads, SyncFolder
from holdfast.sync.history import SyncHistory
from holdfast.sync.pages import FamilyPages
from holdfast.sync_contracts import SyncRecord

NOW = datetime(2026, 11, 20, tzinfo=UTC)
COLUMNS = {"id": pl.String()}


def frame(*ids: str) -> pl.DataFrame:
    return pl.DataFrame({"id": list(ids)}, schema=COLUMNS)


def test_the_names_of_the_files_tell_what_is_finished(tmp_path: Path) -> None:
    pages = FamilyPages(tmp_path / "group_members")
    pages.store("g1", 0, frame("a", "b"), "https://acme.test/next")
    pages.store("g2", 0, frame(), None)
    pages.mark_unknown("g3", "403: No")
    pages.mark_gone("g4", "404: Not found")
    listing = pages.listing()
    assert listing.pages == {"g1": 1, "g2": 1}
    assert listing.settled == {"g2", "g3", "g4"}
    assert pages.next_link("g1", 1) == "https://acme.test/next"
    assert pages.frame(COLUMNS)["id"].to_list() == ["a", "b"]
    assert pages.row_count() == 2


def test_a_family_that_was_not_begun_has_nothing(tmp_path: Path) -> None:
    pages = FamilyPages(tmp_path / "zones")
    assert pages.listing().settled == frozenset()
    assert pages.frame(COLUMNS).is_empty()
    assert pages.row_count() == 0


# Okta's ids are 20 ASCII characters; a file's name has room for 255 bytes, and an encoded character takes up to 12.
ANY_TEXT = st.text(min_size=1, max_size=12)
LONG_ASCII = st.text(st.characters(max_codepoint=127), min_size=1, max_size=40)


@given(parent=(ANY_TEXT | LONG_ASCII).filter(lambda text: "\x00" not in text))
def test_whatever_a_tenant_calls_a_thing_stays_inside_the_folder_and_is_read_back(
    parent: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parent = parent.encode("utf-8", "ignore").decode()
    folder = tmp_path_factory.mktemp("pages")
    pages = FamilyPages(folder / "inside")
    pages.store(parent, 0, frame("a"), None)
    assert pages.listing().complete == {parent}
    assert [path.name for path in folder.iterdir()] == ["inside"]
    assert all(path.is_file() for path in (folder / "inside").iterdir())


def test_a_page_is_stored_twice_without_harm(tmp_path: Path) -> None:
    pages = FamilyPages(tmp_path)
    for _ in range(2):
        pages.store(WHOLE, 0, frame("a"), None)
    assert pages.row_count() == 1


@pytest.mark.parametrize("read", [lambda p: p.frame(COLUMNS), lambda p: p.row_count(), lambda p: p.next_link("g1", 1)])
def test_a_damaged_page_is_refused_with_what_to_do(tmp_path: Path, read: Callable[[FamilyPages], object]) -> None:
    pages = FamilyPages(tmp_path)
    pages.store("g1", 0, frame("a"), "next")
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(SyncInconsistent, match="run `holdfast sync` again"):
        read(pages)


def test_a_full_disk_is_said_and_leaves_no_half_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageFull, match="Make room"):
        FamilyPages(tmp_path).store("g1", 0, frame("a"), None)
    assert list(tmp_path.iterdir()) == []


def test_a_sync_of_which_a_read_is_missing_is_not_made_into_tables(tmp_path: Path) -> None:
    with pytest.raises(SyncInconsistent, match="not finished"):
        consolidate(SyncFolder(tmp_path, "s1"), "https://acme.test", NOW, None)


def test_rows_of_another_form_are_no_base(tmp_path: Path) -> None:
    folder = SyncFolder(tmp_path, "s1")
    reads = Reads(form=0, tenant="t", families={"users": FamilyReads(unknown={}, gone=(), oldest=NOW)})
    folder.keep_rows({"users": frame("a")}, reads)
    assert folder.reads() is None


def record(sync_id: str, *, success: bool = True) -> SyncRecord:
    return SyncRecord(sync_id=sync_id, mode="full", started=NOW, finished=NOW, success=success)


def test_the_history_has_one_line_for_each_sync_oldest_first(tmp_path: Path) -> None:
    history = SyncHistory(tmp_path / "sync")
    assert history.entries() == ()
    for sync_id in ("s1", "s2", "s1"):
        history.append(record(sync_id))
    assert [entry.sync_id for entry in history.entries()] == ["s1", "s2"]
    assert len((tmp_path / "sync" / "history.jsonl").read_text().splitlines()) == 2
