"""Two runs of one question compared."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from holdfast.answer import Header
from holdfast.artifacts import ArtifactStore
from holdfast.difference import compare
from holdfast.schedule_contracts import AnsweredRows, CompareRequest, Difference

NOW = datetime(2026, 7, 24, tzinfo=UTC)


def answered(store: ArtifactStore, run: str, frame: pl.DataFrame, *, has_gaps: bool = False) -> AnsweredRows:
    headers = tuple(Header(text=name.title(), value=name) for name in frame.columns)
    rows = store.write(f"{run}/answer", frame)
    return AnsweredRows(question_id=run, rows=rows, headers=headers, has_gaps=has_gaps, answered=NOW)


def compared(folder: Path, before: pl.DataFrame, now: pl.DataFrame) -> tuple[Difference, pl.DataFrame]:
    store = ArtifactStore(folder)
    request = CompareRequest(before=answered(store, "q-1", before), now=answered(store, "q-2", now))
    difference = compare(request, store)
    assert difference.rows is not None
    return difference, store.scan(difference.rows).collect()


def test_rows_are_new_gone_or_changed_by_what_tells_them_apart(tmp_path: Path) -> None:
    before = pl.DataFrame({"login": ["ada", "bob", "cyd"], "apps": [["Mail"], ["Mail", "Wiki"], []]})
    now = pl.DataFrame({"login": ["bob", "cyd", "dan"], "apps": [["Mail"], [], ["Wiki"]]})
    difference, rows = compared(tmp_path, before, now)
    assert (difference.new, difference.gone, difference.changed, difference.key) == (1, 1, 1, "Login")
    assert rows.rows() == [
        ("new", "dan", "Wiki"),
        ("gone", "ada", "Mail"),
        ("was", "bob", "Mail, Wiki"),
        ("is", "bob", "Mail"),
    ]
    assert [header.text for header in difference.headers] == ["Change", "Login", "Apps"]


def test_rows_that_nothing_tells_apart_are_counted(tmp_path: Path) -> None:
    before = pl.DataFrame({"app": ["Mail", "Mail", "Wiki"]})
    now = pl.DataFrame({"app": ["Mail", "Wiki", "Wiki", None]})
    difference, rows = compared(tmp_path, before, now)
    assert (difference.new, difference.gone, difference.key) == (2, 1, None)
    assert Counter(rows.rows()) == Counter([("new", "Wiki"), ("new", None), ("gone", "Mail")])


def test_runs_that_are_alike_differ_in_nothing(tmp_path: Path) -> None:
    frame = pl.DataFrame({"login": ["ada", "bob"], "seen": [NOW, None]})
    difference, rows = compared(tmp_path, frame, frame.reverse())
    assert (difference.new, difference.gone, difference.changed) == (0, 0, 0)
    assert rows.is_empty()


def test_a_column_that_was_empty_and_is_not_any_more_is_compared(tmp_path: Path) -> None:
    before = pl.DataFrame({"login": ["ada"], "left": [None]})
    now = pl.DataFrame({"login": ["ada"], "left": [NOW]})
    difference, _ = compared(tmp_path, before, now)
    assert difference.changed == 1


def test_other_columns_are_said_and_not_compared(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    before = answered(store, "q-1", pl.DataFrame({"login": ["ada"]}))
    now = answered(store, "q-2", pl.DataFrame({"name": ["Ada"]}))
    difference = compare(CompareRequest(before=before, now=now), store)
    assert difference.rows is None
    assert "other columns" in difference.notes[0]


def test_rows_that_were_removed_are_said(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    frame = pl.DataFrame({"login": ["ada"]})
    before, now = answered(store, "q-1", frame), answered(store, "q-2", frame)
    (tmp_path / "q-1" / "answer.parquet").unlink()
    assert "not kept" in compare(CompareRequest(before=before, now=now), store).notes[0]


def test_what_could_not_be_read_is_a_doubt_about_what_is_new_or_gone(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    frame = pl.DataFrame({"login": ["ada"]})
    before, now = answered(store, "q-1", frame, has_gaps=True), answered(store, "q-2", frame)
    assert "the earlier run" in compare(CompareRequest(before=before, now=now), store).notes[0]


cells = st.one_of(st.none(), st.sampled_from(["", "a", "b", "^.*$"]))
tables = st.lists(st.tuples(cells, cells), max_size=8)


@given(tables, tables)
def test_what_is_new_and_gone_leads_from_one_run_to_the_other(
    before: list[tuple[str | None, ...]], now: list[tuple[str | None, ...]]
) -> None:
    schema = {"^a.*$": pl.String, "b": pl.String}
    with TemporaryDirectory() as folder:
        frames = [pl.DataFrame(rows, schema=schema, orient="row") for rows in (before, now)]
        difference, rows = compared(Path(folder), *frames)
    changes = {kind: Counter(row[1:] for row in rows.rows() if row[0] == kind) for kind in ("new", "gone", "was", "is")}
    assert Counter(before) - changes["gone"] - changes["was"] + changes["new"] + changes["is"] == Counter(now)
    assert difference.new + difference.changed <= len(now)
    assert difference.gone + difference.changed <= len(before)


def test_lists_of_the_same_things_in_another_order_are_no_change(tmp_path: Path) -> None:
    before = pl.DataFrame({"login": ["ada", "bob"], "apps": [["Mail", "Wiki"], ["Mail"]]})
    now = pl.DataFrame({"login": ["ada", "bob"], "apps": [["Wiki", "Mail"], ["Mail", "Mail"]]})
    difference, rows = compared(tmp_path, before, now)
    assert (difference.new, difference.gone, difference.changed) == (0, 0, 1)
    assert rows.rows() == [("was", "bob", "Mail"), ("is", "bob", "Mail, Mail")]


def test_rows_are_not_told_apart_by_numbers_that_happen_to_differ(tmp_path: Path) -> None:
    before = pl.DataFrame({"name": ["Jo", "Jo"], "sign_ins": [3, 4]})
    now = pl.DataFrame({"name": ["Jo", "Max"], "sign_ins": [3, 4]})
    difference, _ = compared(tmp_path, before, now)
    assert (difference.new, difference.gone, difference.changed, difference.key) == (1, 1, 0, None)
