"""Nothing to reach, wrong usage, and what nobody foresaw."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.service import RPCError, RPCStatusCode

from holdfast.answer import Outcome
from holdfast.errors import (
    HoldfastError,
    NoSnapshot,
    OktaUnreachable,
    PresentationRejected,
    ProgramRefused,
    QueryRefused,
    SettingsError,
    StackNotRunning,
    StorageFull,
)
from holdfast.execution import State
from holdfast.settings import load_settings
from starter.commands.stack import show_stack
from starter.exit_codes import ExitCode, code_of_error, code_of_failure
from starter.schedules import ScheduleRefused, UnknownSchedule
from starter.stack_record import ProcessRecord, StackRecord
from tests.unit.cli.runner import run
from tests.unit.fake_temporal import FakeClient, FakeExecution, FakeHandle, ended


def test_a_stack_on_kuzu_says_loudly_what_that_means(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    own = ProcessRecord.of(os.getpid())
    record = StackRecord(
        supervisor=own, children={}, temporal_address="127.0.0.1:1", namespace="default", ui_url=None,
        gateway_url="http://127.0.0.1:2", tenant="https://acme.okta.example", tenant_is_demo=False, started=now,
    )  # fmt: skip
    show_stack(record, load_settings(graph={"engine": "kuzu"}))
    said = capsys.readouterr()
    assert "kuzu answers some ordinary questions wrongly" in said.err
    show_stack(record, load_settings())
    assert "kuzu" not in capsys.readouterr().err


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


@pytest.mark.parametrize(
    "error",
    [ScheduleRefused("x"), UnknownSchedule("x"), QueryRefused("x"), ProgramRefused(["x"]), PresentationRejected("x")],
)
def test_what_somebody_gave_and_cannot_be_is_wrong_usage(error: HoldfastError) -> None:
    assert code_of_error(error) is ExitCode.USAGE
