from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdfast.retention import prune_questions

NOW = datetime(2026, 11, 21, tzinfo=UTC)
KEEP = timedelta(days=30)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path


def written(data: Path, root: str, question: str, days_ago: float) -> Path:
    file = data / root / question / "step" / "rows"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x")
    moment = (NOW - timedelta(days=days_ago)).timestamp()
    for path in (file, file.parent, file.parent.parent):
        os.utime(path, (moment, moment))
    return file


def test_rows_and_journals_of_a_question_go_together_when_both_are_old(data: Path) -> None:
    old = [written(data, "artifacts", "q-old", 31), written(data, "journals", "q-old", 40)]
    young = [written(data, "artifacts", "q-young", 40), written(data, "journals", "q-young", 29)]
    assert prune_questions(data, KEEP, set(), NOW) == ("q-old",)
    assert not any(file.exists() for file in old)
    assert all(file.exists() for file in young), "a step that was resumed lately keeps the rows before it"


def test_a_question_that_still_waits_for_a_person_keeps_everything(data: Path) -> None:
    file = written(data, "artifacts", "q-waiting", 400)
    assert prune_questions(data, KEEP, {"q-waiting"}, NOW) == ()
    assert file.exists()


def test_a_data_folder_without_questions_is_left_alone(data: Path) -> None:
    (data / "graph" / "snap-1").mkdir(parents=True)
    assert prune_questions(data, timedelta(0), set(), NOW) == ()
    assert (data / "graph" / "snap-1").exists()
