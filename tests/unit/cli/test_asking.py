"""Asking a question, and how it ends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from holdfast.answer import Answer, Outcome, Question
from holdfast.contracts import STATE_ATTRIBUTE, Progress
from holdfast.execution import State
from starter.exit_codes import ExitCode
from tests.unit.cli.runner import PLAN, run, table
from tests.unit.fake_temporal import FakeClient, FakeExecution, FakeHandle, ended


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
    progress = Progress(correlation_id="q-1", question="?", state=State.RUNNING, waiting=(), plan=PLAN, steps=())
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
