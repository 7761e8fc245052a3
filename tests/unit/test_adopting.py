"""What an earlier question found becomes the new one's own, and outlives the earlier one."""

from __future__ import annotations

import errno
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.adopting import AdoptingActivities
from holdfast.answer import ArtifactRef, Planned, Question, SnapshotRef
from holdfast.approval_settings import ApprovalSettings
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import EditedPresentation, EditedText
from holdfast.graph.snapshots import SnapshotStore
from holdfast.origin import Origin
from holdfast.rerun_contracts import AdoptRequest, BegunStep, Inherited
from holdfast.settings import load_settings
from tests.graph_samples import sample_snapshot
from tests.workflows.fakes import plan, step, step_result


@pytest.fixture
def root(tmp_path: Path) -> Path:
    sample_snapshot(tmp_path)
    return tmp_path


def adopting(root: Path, **approval: Any) -> AdoptingActivities:
    settings = load_settings(data_dir=root).model_copy(update={"approval": ApprovalSettings(**approval)})
    snapshots, artifacts = SnapshotStore(root / "graph"), ArtifactStore(root / "artifacts")
    return AdoptingActivities(snapshots, artifacts, root / "journals", settings)


def kept_rows(root: Path) -> ArtifactRef:
    return ArtifactStore(root / "artifacts").write("q-old/a", pl.DataFrame({"id": ["x", "y"]}))


def request(root: Path, rows: ArtifactRef, **more: Any) -> AdoptRequest:
    snapshot = SnapshotStore(root / "graph").current().ref
    result = step_result("q-old", "a", 2).model_copy(update={"rows": rows})
    inherited = Inherited(
        plan=plan(step("a"), step("b", "a")), plan_author="offline", snapshot=snapshot, results=(result,), **more
    )
    origin = Origin(kind="rerun", question_id="q-old", from_step="b")
    question = Question(correlation_id="q-new", text="who?", tenant="", asker="ada", origin=origin)
    return AdoptRequest(question=question, origin_id="q-old", inherited=inherited)


async def adopted(activities: AdoptingActivities, wanted: AdoptRequest) -> Planned:
    return cast(Planned, await ActivityEnvironment().run(activities.adopt_earlier, wanted))


async def test_rows_stand_in_the_new_questions_folder_whatever_becomes_of_the_old_one(root: Path) -> None:
    rows = kept_rows(root)
    for _ in range(2):
        await adopted(adopting(root), request(root, rows))
    own = root / "artifacts" / "q-new" / "a.parquet"
    assert own.samefile(root / "artifacts" / "q-old" / "a.parquet"), "a link costs nothing"
    shutil.rmtree(root / "artifacts" / "q-old")
    assert pl.read_parquet(own)["id"].to_list() == ["x", "y"]


async def test_rows_are_copied_where_they_cannot_be_linked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    rows = kept_rows(root)
    monkeypatch.setattr(os, "link", refuse)
    await adopted(adopting(root), request(root, rows))
    assert pl.read_parquet(root / "artifacts" / "q-new" / "a.parquet").height == 2


async def test_rows_that_are_gone_are_told_and_not_waited_for(root: Path) -> None:
    rows = kept_rows(root)
    shutil.rmtree(root / "artifacts" / "q-old")
    with pytest.raises(ApplicationError, match=r"The rows of q-old/a were removed\. Ask the question again") as told:
        await adopted(adopting(root), request(root, rows))
    assert (told.value.type, told.value.non_retryable) == ("ArtifactMissing", True)


async def test_a_snapshot_that_is_gone_matters_only_where_a_step_runs(root: Path) -> None:
    gone = SnapshotRef(id="gone", synced_at=datetime(2026, 11, 1, tzinfo=UTC))
    wanted = request(root, kept_rows(root))
    wanted = wanted.model_copy(update={"inherited": wanted.inherited.model_copy(update={"snapshot": gone})})
    with pytest.raises(ApplicationError, match=r"not kept any more.* ask the question again"):
        await adopted(adopting(root), wanted)
    layout = EditedPresentation(recipe={}, author="ada")
    presented = wanted.inherited.model_copy(update={"presentation": layout})
    assert await adopted(adopting(root), wanted.model_copy(update={"inherited": presented}))


async def test_what_was_let_run_before_runs_and_what_was_edited_is_judged_anew(root: Path) -> None:
    rows, always = kept_rows(root), adopting(root, policy="always")
    assert (await adopted(always, request(root, rows, is_cleared=True))).approval_reason is None
    assert (await adopted(always, request(root, rows))).approval_reason == "Every plan is reviewed here."


async def test_what_a_person_wrote_for_a_step_counts_as_said_of_it(root: Path) -> None:
    rows, careful = kept_rows(root), adopting(root, policy="never", sensitive=("Board Minutes",))
    edited = EditedText(text="MATCH (g:Group) WHERE g.name = 'Board Minutes' RETURN g.id AS id", author="bob")
    harmless = EditedText(text="MATCH (g:Group) RETURN g.id AS id", author="bob")
    assert "Board Minutes" in ((await adopted(careful, request(root, rows, edited=edited))).approval_reason or "")
    assert (await adopted(careful, request(root, rows, edited=harmless))).approval_reason is None


async def test_journals_come_from_the_question_that_keeps_them(root: Path) -> None:
    kept = root / "journals" / "q-oldest" / "b"
    kept.mkdir(parents=True)
    (kept / "one.journal").write_bytes(b"answers")
    begun = (BegunStep(step_id="b", journal_of="q-oldest"),)
    await adopted(adopting(root), request(root, kept_rows(root), begun=begun))
    assert (root / "journals" / "q-new" / "b" / "one.journal").read_bytes() == b"answers"
