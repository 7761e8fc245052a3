"""Pausing, resuming, cancelling and reviewing."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from temporalio.client import WorkflowExecutionStatus

from holdfast.answer import Outcome
from holdfast.contracts import Decision, Progress, Review, Waiting
from holdfast.execution import State
from starter.exit_codes import ExitCode
from tests.unit.cli.runner import PLAN, run
from tests.unit.fake_temporal import FakeClient, FakeExecution, ended


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


def test_a_review_that_the_worker_cannot_take_is_one_sentence(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution("q-1", State.BLOCKED, is_stuck=True)
    shown = run("review", "q-1", "approve")
    assert shown.exit_code == ExitCode.FAILED
    assert "nothing was decided" in shown.stderr
    assert "should not have" not in shown.stderr


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
        correlation_id="q-1",
        question="?",
        state=State.BLOCKED,
        waiting=(Waiting(step_id=None, reason="policy"),),
        plan=PLAN,
        steps=(),
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
