"""What can be seen of questions and syncs, and taken away."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

from holdfast.answer import Outcome
from holdfast.contracts import Progress
from holdfast.execution import State
from holdfast.plan import Plan
from starter.exit_codes import ExitCode
from tests.unit.cli.runner import PLAN, run, table
from tests.unit.fake_temporal import FakeClient, FakeExecution, ended


@pytest.mark.parametrize(
    "command", [["status"], ["watch"], ["plan"], ["pause"], ["resume"], ["cancel"], ["export", "-o", "x.csv"]]
)
def test_an_unknown_id_is_named_with_the_way_out(client: FakeClient, command: list[str]) -> None:
    shown = run(*command, "q-nope")
    assert shown.exit_code == ExitCode.USAGE
    assert "There is no question 'q-nope' here. `holdfast list` shows the latest." in shown.stderr


def test_a_sync_is_no_question(client: FakeClient) -> None:
    client.executions["sync-t"] = FakeExecution("sync-t", workflow_type="SyncWorkflow")
    shown = run("status", "sync-t")
    assert shown.exit_code == ExitCode.USAGE
    assert "not a question" in shown.stderr
    assert "holdfast sync --cancel" in shown.stderr


def test_a_sync_is_cancelled_by_its_command(client: FakeClient, tenant: str) -> None:
    cancelled = ApplicationError("The sync was cancelled.", type="SyncCancelled")
    client.executions[tenant] = FakeExecution(tenant, failure=cancelled, workflow_type="SyncWorkflow")
    shown = run("sync", "--cancel")
    assert (shown.exit_code, shown.stdout) == (0, "The sync was cancelled; nothing was changed.\n")
    assert client.executions[tenant].signals == ["cancel"]
    assert client.started == []


def test_whoever_follows_a_sync_that_another_cancels_learns_that(client: FakeClient, tenant: str) -> None:
    cancelled = ApplicationError("The sync was cancelled.", type="SyncCancelled")
    client.executions[tenant] = FakeExecution(tenant, failure=cancelled, workflow_type="SyncWorkflow")
    shown = run("sync")
    assert shown.exit_code == ExitCode.REFUSED
    assert shown.stderr.endswith("holdfast: The sync was cancelled; nothing was changed.\n")


def test_where_no_sync_runs_there_is_none_to_cancel(client: FakeClient, tenant: str) -> None:
    shown = run("sync", "--cancel")
    assert shown.exit_code == ExitCode.REFUSED
    assert "No sync of this tenant runs" in shown.stderr


def test_a_list_asks_temporal_by_state_and_needs_no_worker(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.BLOCKED, text="Who [is] it?")
    shown = run("list", "--state", "blocked")
    assert shown.exit_code == 0
    assert client.started == [{"query": "WorkflowType = 'QueryWorkflow' AND HoldfastState = 'BLOCKED'"}]
    assert "Who [is] it?" in shown.stdout


def test_a_question_that_was_ended_from_outside_says_so(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.RUNNING, status=WorkflowExecutionStatus.TERMINATED)
    assert "q-1 is TERMINATED" in run("status", "q-1").stdout


def test_status_works_while_no_worker_answers(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.PAUSED)
    shown = run("status", "q-1")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "q-1 is PAUSED" in shown.stdout


def test_status_says_what_keeps_a_question_from_going_on(client: FakeClient) -> None:
    progress = Progress(correlation_id="q-1", question="?", state=State.RUNNING, waiting=(), plan=PLAN, steps=())
    execution = client.executions["q-1"] = FakeExecution("q-1", State.RUNNING, progress=progress)
    failing = execution.raw_description.pending_activities.add(attempt=4)
    failing.last_failure.message = "There is no space left in /data/artifacts."
    assert "attempt 4, before: There is no space left in /data/artifacts." in run("status", "q-1").stdout


def test_status_says_that_the_worker_cannot_go_on(client: FakeClient) -> None:
    execution = client.executions["q-1"] = FakeExecution("q-1", State.QUEUED)
    execution.raw_description.pending_workflow_task.attempt = 3
    assert "cannot go on" not in run("status", "q-1").stdout, "a worker that was killed costs a few"
    execution.raw_description.pending_workflow_task.attempt = 9
    assert "the worker cannot go on with it, attempt 9" in run("status", "q-1").stdout


def test_the_plan_as_json_is_what_a_review_takes(client: FakeClient) -> None:
    client.executions["q-1"] = ended(Outcome.ANSWERED, plan=PLAN)
    assert Plan.model_validate_json(run("plan", "--json", "q-1").stdout) == PLAN


def test_an_answer_is_exported_by_the_files_name(client: FakeClient, data_dir: Path) -> None:
    client.executions["q-1"] = ended(Outcome.ANSWERED, formatted=table(data_dir, ["Ann", "=1+1"]))
    target = data_dir / "people.csv"
    shown = run("export", "q-1", "-o", str(target))
    assert shown.exit_code == 0
    assert "Wrote 2 rows" in shown.stderr
    assert target.read_text(encoding="utf-8-sig").splitlines()[:2] == ["Full name", "Ann"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "people.doc"], "one of csv, parquet, xlsx, json"),
        (["-o", "people"], "--format"),
        (["-o", "/nowhere/people.csv"], "/nowhere"),
    ],
)
def test_a_wrong_export_is_refused_by_name(client: FakeClient, data_dir: Path, arguments: list[str], said: str) -> None:
    client.executions["q-1"] = ended(Outcome.ANSWERED, formatted=table(data_dir, ["Ann"]))
    shown = run("export", "q-1", *arguments)
    assert shown.exit_code == ExitCode.USAGE
    assert said in shown.stderr


def test_a_refused_question_has_no_rows_to_export(client: FakeClient, data_dir: Path) -> None:
    client.executions["q-1"] = ended(Outcome.REFUSED, "Holdfast only reads.")
    shown = run("export", "q-1", "-o", str(data_dir / "x.csv"))
    assert shown.exit_code == ExitCode.FAILED
    assert "no rows to export: Holdfast only reads." in shown.stderr
