from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from typer.testing import CliRunner, Result

from holdfast.answer import Answer, ArtifactRef, Column, Effort, FormattedAnswer, Header, Outcome, Question
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import STATE_ATTRIBUTE, Decision, Progress, Review, sync_workflow_id
from holdfast.errors import HoldfastError, NoSnapshot, OktaUnreachable, SettingsError, StackNotRunning, StorageFull
from holdfast.execution import State
from holdfast.plan import CypherStep, Plan
from holdfast.settings import Settings, load_settings
from starter.cli import app
from starter.commands.stack import show_stack
from starter.connection import Connection
from starter.exit_codes import ExitCode, code_of_error, code_of_failure
from starter.stack_record import ProcessRecord, StackRecord
from tests.unit.fake_temporal import FakeClient, FakeExecution, FakeHandle, ended

COMMANDS = ("questions", "steering", "syncing")
ALL = [
    *(["demo"], ["up"], ["down"], ["sync"], ["doctor"], ["settings"], ["tenant", "serve"], ["tenant", "export"]),
    *(["ask"], ["list"], ["status"], ["watch"], ["plan"], ["export"]),
    *(["pause"], ["resume"], ["cancel"], ["review"]),
]
PLAN = Plan(
    steps=(CypherStep(id="people", entity="user", operation="list", query_context="active people"),),
    reasoning="One look.",
    understood_as="people who are active",
    confidence=0.5,
)


@pytest.fixture
def data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOLDFAST_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> FakeClient:
    fake = FakeClient()

    async def connect(settings: Settings) -> Connection:
        return Connection(cast(Client, fake), settings, None)

    for module in COMMANDS:
        monkeypatch.setattr(f"starter.commands.{module}.connect", connect)
    return fake


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> str:
    """The workflow id under which the syncs of the configured tenant run."""
    monkeypatch.setenv("HOLDFAST_OKTA__URL", "https://acme.okta.example")
    monkeypatch.setenv("HOLDFAST_OKTA__TOKEN", "token")
    return sync_workflow_id("https://acme.okta.example")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def table(data_dir: Path, names: Sequence[str]) -> FormattedAnswer:
    frame = pl.DataFrame({"name": names, "hidden": [1] * len(names)})
    rows: ArtifactRef = ArtifactStore(data_dir / "artifacts").write("q-1/table", frame)
    assert rows.columns[0] == Column(name="name", dtype="String")
    return FormattedAnswer(
        display_type="table",
        headers=(Header(text="Full name", value="name"),),
        rows=rows,
        summary=f"{len(names)} people.",
        total_items=len(names),
        processing_method="offline",
        effort=Effort(seconds=0.1, peak_memory_bytes=1),
    )


@pytest.mark.parametrize("command", ALL)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    shown = run(*command, "--help")
    assert shown.exit_code == 0
    assert "Example: holdfast " + " ".join(command) in " ".join(shown.stdout.split())


def test_the_exit_codes_are_in_the_help() -> None:
    shown = " ".join(run("--help").stdout.split())
    for words in ("0 answered", "2 wrong usage", "3 refused", "4 failed", "5 cannot reach"):
        assert words in shown


# --- ask ------------------------------------------------------------------------------------------------------


def test_an_answer_is_a_table_on_standard_output_and_exit_code_0(client: FakeClient, data_dir: Path) -> None:
    client.becomes = ended(Outcome.ANSWERED, formatted=table(data_dir, ["Ann", "Bo [x]", "Cy"]), plan=PLAN)
    shown = run("ask", "--rows", "2", "Who is active?")
    assert shown.exit_code == ExitCode.ANSWERED
    assert "Understood as: people who are active" in shown.stdout
    assert "Full name" in shown.stdout
    assert "Bo [x]" in shown.stdout
    assert "Cy" not in shown.stdout
    assert "Shown are 2 of 3 rows" in shown.stdout


def test_json_prints_only_the_dictionary_with_all_rows(client: FakeClient, data_dir: Path) -> None:
    client.becomes = ended(Outcome.ANSWERED, formatted=table(data_dir, ["Ann", "Bo"]))
    shown = run("ask", "--json", "--rows", "1", "Who is active?")
    dictionary: dict[str, Any] = json.loads(shown.stdout)
    assert shown.exit_code == ExitCode.ANSWERED
    assert dictionary["success"] is True
    assert dictionary["final_result"]["content"] == [{"name": "Ann"}, {"name": "Bo"}]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.REFUSED, ExitCode.REFUSED),
        (Outcome.NEEDS_CLARIFICATION, ExitCode.REFUSED),
        (Outcome.CANCELLED, ExitCode.REFUSED),
        (Outcome.FAILED, ExitCode.FAILED),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_how_it_ended_is_said_and_is_the_exit_code(
    client: FakeClient, outcome: Outcome, code: ExitCode, flags: list[str]
) -> None:
    client.becomes = ended(outcome, "Because of [that].")
    shown = run("ask", *flags, "Deactivate Ann")
    assert shown.exit_code == code
    assert "Because of [that]." in shown.stdout
    if flags:
        assert json.loads(shown.stdout)["outcome"] == outcome.value


def test_no_wait_prints_only_the_id(client: FakeClient) -> None:
    shown = run("ask", "--no-wait", "  Who is active? ")
    (started,) = client.started
    assert shown.stdout == f"{started['id']}\n"


def test_a_question_starts_with_all_that_lists_and_the_ui_show(client: FakeClient) -> None:
    run("ask", "--no-wait", "--approve-plan", "Who is\nactive?")
    (started,) = client.started
    question: Question = started["argument"]
    assert started["id"] == question.correlation_id
    assert question.text == "Who is\nactive?"
    assert question.options.approve_plan
    assert started["static_summary"] == "Who is active?"
    assert started["memo"] == {"asker": question.asker, "question": question.text}
    assert started["search_attributes"][STATE_ATTRIBUTE] == State.QUEUED


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 10_000])
def test_an_impossible_question_is_refused_before_anything_starts(client: FakeClient, text: str) -> None:
    shown = run("ask", text)
    assert (shown.exit_code, shown.stdout, client.started) == (ExitCode.USAGE, "", [])
    assert shown.stderr.startswith("holdfast: The question ")


def test_a_question_that_takes_longer_than_the_timeout_goes_on(
    client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress(correlation_id="q-1", question="?", state=State.RUNNING, waiting_for=None, plan=PLAN, steps=())
    client.becomes = FakeExecution("q-1", State.RUNNING, progress=progress)

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(FakeHandle, "result", never)
    shown = run("ask", "--timeout", "0.3", "Who is active?")
    assert shown.exit_code == ExitCode.FAILED
    assert "it goes on. See it again: holdfast watch q-" in shown.stderr


def test_a_person_learns_that_no_worker_answers(client: FakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.becomes = ended(Outcome.REFUSED, "No.")
    released = asyncio.Event()
    result = FakeHandle.result

    async def later(handle: FakeHandle) -> Answer:
        await released.wait()
        return await result(handle)

    async def nobody(*_: object, **__: object) -> None:
        asyncio.get_running_loop().call_later(0.1, released.set)
        raise RPCError("no worker", RPCStatusCode.DEADLINE_EXCEEDED, b"")

    monkeypatch.setattr(FakeHandle, "result", later)
    monkeypatch.setattr(FakeHandle, "query", nobody)
    shown = run("ask", "Who is active?")
    assert "waits for a worker; `holdfast doctor` checks every part" in shown.stderr
    assert "Refused: No." in shown.stdout


# --- what else can be seen ------------------------------------------------------------------------------------


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
    progress = Progress(correlation_id="q-1", question="?", state=State.RUNNING, waiting_for=None, plan=PLAN, steps=())
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


# --- steering -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "state", "signal"),
    [
        ("pause", State.RUNNING, "pause"),
        ("pause", State.BLOCKED, "pause"),
        ("resume", State.PAUSED, "resume"),
        ("cancel", State.QUEUED, "cancel"),
        ("cancel", State.PAUSED, "cancel"),
    ],
)
def test_a_question_is_steered_by_a_signal(client: FakeClient, command: str, state: State, signal: str) -> None:
    client.executions["q-1"] = FakeExecution("q-1", state)
    assert run(command, "q-1").exit_code == 0
    assert client.executions["q-1"].signals == [signal]


@pytest.mark.parametrize(
    ("command", "state", "to"),
    [("pause", "COMPLETED", "PAUSED"), ("resume", "COMPLETED", "RUNNING"), ("cancel", "CANCELLED", "CANCELLED")],
)
def test_an_invalid_steering_names_both_states_and_sends_nothing(
    client: FakeClient, command: str, state: str, to: str
) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State(state))
    shown = run(command, "q-1")
    assert shown.exit_code == ExitCode.REFUSED
    assert f"{state} cannot become {to}" in shown.stderr
    assert client.executions["q-1"].signals == []


def test_a_question_that_waits_for_a_review_is_not_resumed(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.BLOCKED)
    shown = run("resume", "q-1")
    assert shown.exit_code == ExitCode.REFUSED
    assert "BLOCKED cannot become RUNNING by `resume`: only a PAUSED one can" in shown.stderr


def test_a_question_that_was_ended_from_outside_is_not_steered(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution(
        "q-1", State.RUNNING, status=WorkflowExecutionStatus.TERMINATED, ended_outside=True
    )
    shown = run("cancel", "q-1")
    assert shown.exit_code == ExitCode.REFUSED
    assert "TERMINATED cannot become CANCELLED" in shown.stderr


def test_a_review_is_handed_in_under_the_reviewers_name(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.BLOCKED)
    assert run("review", "q-1", "reject", "--comment", "too wide").exit_code == 0
    (review,) = cast("list[Review]", client.executions["q-1"].reviews)
    assert (review.decision, review.comment, bool(review.reviewer)) == (Decision.REJECT, "too wide", True)


def test_a_review_that_the_question_refuses_says_why(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.RUNNING, refuses_review="Nothing waits for a review.")
    shown = run("review", "q-1", "approve")
    assert (shown.exit_code, shown.stderr) == (ExitCode.REFUSED, "holdfast: Nothing waits for a review.\n")


def test_a_question_that_has_ended_takes_no_review(client: FakeClient) -> None:
    client.executions["q-1"] = ended(Outcome.ANSWERED)
    shown = run("review", "q-1", "approve")
    assert shown.exit_code == ExitCode.REFUSED
    assert shown.stderr == "holdfast: Nothing waits for a review: the question is COMPLETED.\n"


def test_an_edited_plan_comes_from_a_file(client: FakeClient, data_dir: Path) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.BLOCKED)
    (data_dir / "plan.json").write_text(PLAN.model_dump_json())
    assert run("review", "q-1", "edit", "--plan", str(data_dir / "plan.json")).exit_code == 0
    (review,) = client.executions["q-1"].reviews
    assert review.plan == PLAN


@pytest.mark.parametrize("text", ["{", '{"steps": []}', None])
def test_a_plan_that_cannot_run_is_refused_before_it_is_sent(
    client: FakeClient, data_dir: Path, text: str | None
) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.BLOCKED)
    if text is not None:
        (data_dir / "plan.json").write_text(text)
    shown = run("review", "q-1", "edit", "--plan", str(data_dir / "plan.json"))
    assert shown.exit_code == ExitCode.USAGE
    assert shown.stderr.count("\n") == 1, "one sentence, not a validator's page"
    assert client.executions["q-1"].reviews == []


def test_an_editor_opens_the_plan_as_it_stands(client: FakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress(
        correlation_id="q-1", question="?", state=State.BLOCKED, waiting_for="policy", plan=PLAN, steps=()
    )
    client.executions["q-1"] = FakeExecution("q-1", State.BLOCKED, progress=progress)
    monkeypatch.setenv("VISUAL", "sed -i s/0.5/0.75/")
    assert run("review", "q-1", "edit").exit_code == 0
    (review,) = client.executions["q-1"].reviews
    assert review.plan == PLAN.model_copy(update={"confidence": 0.75})
    monkeypatch.setenv("VISUAL", "true")
    unchanged = run("review", "q-1", "edit")
    assert unchanged.exit_code == ExitCode.REFUSED
    assert "left as it is" in unchanged.stderr


# --- the stack -------------------------------------------------------------------------------------------------


def test_a_stack_on_kuzu_says_loudly_what_that_means(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    own = ProcessRecord.of(os.getpid())
    record = StackRecord(
        supervisor=own, children={}, temporal_address="127.0.0.1:1", namespace="default", ui_url=None,
        tenant="https://acme.okta.example", tenant_is_demo=False, started=now,
    )  # fmt: skip
    show_stack(record, load_settings(graph={"engine": "kuzu"}))
    said = capsys.readouterr()
    assert "kuzu answers some ordinary questions wrongly" in said.err
    show_stack(record, load_settings())
    assert "kuzu" not in capsys.readouterr().err


# --- nothing to reach, and nothing foreseen -------------------------------------------------------------------


@pytest.mark.parametrize("command", [["ask", "Who?"], ["list"], ["status", "q"], ["sync"], ["pause", "q"]])
def test_without_a_stack_every_command_says_how_to_start_one(data_dir: Path, command: list[str]) -> None:
    shown = run(*command)
    assert (shown.exit_code, shown.stdout) == (ExitCode.UNREACHABLE, "")
    assert f"No Holdfast runs on {data_dir}. Start it with `holdfast up --detach`" in shown.stderr


def test_a_temporal_that_does_not_answer_is_named(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", "127.0.0.1:1")
    shown = run("list")
    assert shown.exit_code == ExitCode.UNREACHABLE
    assert "Temporal at 127.0.0.1:1 cannot be reached" in shown.stderr


def test_a_wrong_setting_is_wrong_usage(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_GRAPH__WORKERS", "many")
    shown = run("list")
    assert shown.exit_code == ExitCode.USAGE
    assert "HOLDFAST_GRAPH__WORKERS" in shown.stderr


def test_an_unforeseen_error_is_one_sentence_and_a_log(
    client: FakeClient, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(FakeClient, "start_workflow", broken)
    shown = run("ask", "Who?")
    log = data_dir / "logs" / "errors.log"
    assert shown.exit_code == ExitCode.FAILED
    assert shown.stderr.count("\n") == 1
    assert "Traceback" not in shown.stderr
    assert str(log) in shown.stderr
    assert "ZeroDivisionError: inside" in log.read_text()


def test_a_temporal_that_goes_away_is_said_with_the_way_on(
    client: FakeClient, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise RPCError("tcp connect error", RPCStatusCode.UNAVAILABLE, b"")

    monkeypatch.setattr(FakeHandle, "result", gone)
    client.executions["q-1"] = FakeExecution("q-1", State.RUNNING)
    shown = run("watch", "q-1")
    assert shown.exit_code == ExitCode.UNREACHABLE
    assert "goes on when it is back" in shown.stderr
    assert not (data_dir / "logs").exists()


def test_output_that_does_not_fit_is_one_sentence(client: FakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    client.executions["q-1"] = ended(Outcome.ANSWERED)
    monkeypatch.setattr("starter.commands.questions.questions_view", full)
    shown = run("list")
    assert shown.exit_code == ExitCode.FAILED
    assert "There is no space left to write to" in shown.stderr


def test_a_question_of_bytes_that_are_no_text_is_wrong_usage(client: FakeClient) -> None:
    shown = run("ask", "who \udcff is")
    assert (shown.exit_code, client.started) == (ExitCode.USAGE, [])
    assert "no UTF-8 text" in shown.stderr


def test_an_id_that_cannot_be_sent_is_wrong_usage(client: FakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def describe(*_: object) -> None:
        "q-\udcff".encode()

    monkeypatch.setattr(FakeHandle, "describe", describe)
    shown = run("status", "q-\udcff")
    assert shown.exit_code == ExitCode.USAGE
    assert "no UTF-8 text" in shown.stderr


def test_a_usage_error_is_not_an_unforeseen_one(data_dir: Path) -> None:
    shown = run("list", "--state", "SLEEPING")
    assert shown.exit_code == ExitCode.USAGE
    assert not (data_dir / "logs").exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError("x"), 2),
        (StackNotRunning("x"), 5),
        (NoSnapshot("x"), 5),
        (OktaUnreachable("x"), 5),
        (StorageFull("x"), 4),
    ],
)
def test_each_error_has_its_documented_code_also_across_temporal(error: HoldfastError, code: int) -> None:
    assert code_of_error(error) == code
    assert code_of_failure(type(error).__name__) == code
