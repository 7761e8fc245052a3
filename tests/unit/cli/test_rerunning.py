"""Retrying and running again, as somebody types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.answer import Answer, FormattedAnswer, Generated, Outcome, Question
from holdfast.contracts import PromisedColumn
from holdfast.origin import Origin
from starter import reruns
from starter.changes import Changes
from starter.commands import rerunning
from starter.exit_codes import ExitCode
from starter.past import Past
from starter.questions import Asked
from tests.unit.cli.runner import PLAN, run
from tests.unit.fake_temporal import NOW, FakeClient, FakeExecution, ended
from tests.workflows.fakes import NO_EFFORT, step_result

LAYOUT = {"source": "people", "summary": "x"}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> list[Changes]:
    """What was asked to run again."""
    seen: list[Changes] = []
    client.executions["q-2"] = ended(Outcome.CANCELLED, "It was cancelled.")

    async def rerun(_: object, question_id: str, changes: Changes, *, asker: str) -> tuple[Asked, bool]:
        origin = changes.origin(question_id)
        seen.append(changes)
        return Asked("q-2", "Who is active?", asker, "QUEUED", NOW, None, origin), True

    monkeypatch.setattr(reruns, "rerun", rerun)
    return seen


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> Past:
    """What is known of question q-1."""
    client.executions["q-1"] = ended(Outcome.ANSWERED)
    found = step_result("q-1", "people", 2)
    found = found.model_copy(
        update={"generated": Generated(language="cypher", text="RETURN 1 AS one", author="offline")}
    )
    formatted = FormattedAnswer(
        display_type="table", summary="x", total_items=2, presentation=LAYOUT, processing_method="x", effort=NO_EFFORT
    )
    answer = Answer(
        correlation_id="q-1",
        question="Who is active?",
        outcome=Outcome.ANSWERED,
        plan=PLAN,
        formatted=formatted,
        started=NOW,
        finished=NOW,
    )
    question = Question(correlation_id="q-1", text="Who is active?", tenant="", asker="ann")
    past = Past(question, results={"people": found}, answer=answer)

    async def past_of(*_: object) -> Past:
        return past

    monkeypatch.setattr(rerunning, "past_of", past_of)
    return past


def editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> Path:
    """An editor that keeps what it was shown, and writes this."""
    shown, script = tmp_path / "shown", tmp_path / "editor.py"
    script.write_text(
        f"import sys, pathlib\nfile = pathlib.Path(sys.argv[1])\n"
        f"pathlib.Path({str(shown)!r}).write_text(file.read_text())\nfile.write_text({text!r})\n"
    )
    monkeypatch.setenv("EDITOR", f"python3 {script}")
    monkeypatch.delenv("VISUAL", raising=False)
    return shown


def test_without_a_terminal_no_editor_is_opened(
    monkeypatch: pytest.MonkeyPatch, past: Past, started: list[Changes]
) -> None:
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    shown = run("rerun", "q-1", "--from", "people", "--edit", "query")
    assert (shown.exit_code, started) == (ExitCode.USAGE, [])
    assert "give a file in place of --edit" in shown.stderr


def test_a_rerun_says_what_it_is_and_ends_as_its_question_does(started: list[Changes]) -> None:
    shown = run("rerun", "q-1", "--from", "people")
    assert shown.exit_code == ExitCode.REFUSED
    assert "q-2 is a rerun of q-1 from step people." in shown.stderr
    assert started == [Changes(from_step="people")]


def test_without_waiting_only_the_new_id_is_printed(started: list[Changes]) -> None:
    assert run("rerun", "q-1", "--from", "people", "--no-wait").stdout == "q-2\n"


@pytest.mark.parametrize("what", ["plan", "query", "program", "presentation"])
def test_a_file_is_taken_for_what_is_edited(what: str, started: list[Changes], tmp_path: Path) -> None:
    texts = {
        "plan": PLAN.model_dump_json(),
        "query": "RETURN 2",
        "program": "result = []",
        "presentation": json.dumps(LAYOUT),
    }
    file = tmp_path / "edited"
    file.write_text(texts[what])
    from_step = ["--from", "people"] if what != "presentation" else []
    assert run("rerun", "q-1", *from_step, f"--{what}", str(file), "--no-wait").exit_code == 0
    assert started[0].edited == what


@pytest.mark.parametrize(
    ("what", "before", "after"),
    [
        ("query", "RETURN 1 AS one", "RETURN 2 AS two"),
        ("plan", PLAN.model_dump_json(indent=2), PLAN.model_copy(update={"confidence": 1.0}).model_dump_json()),
        ("presentation", json.dumps(LAYOUT, indent=2), json.dumps(LAYOUT | {"summary": "y"})),
    ],
)
def test_the_editor_opens_with_what_there_was(
    what: str,
    before: str,
    after: str,
    started: list[Changes],
    past: Past,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    shown = editor(monkeypatch, tmp_path, after)
    from_step = ["--from", "people"] if what == "query" else []
    assert run("rerun", "q-1", *from_step, "--edit", what, "--no-wait").exit_code == 0
    assert shown.read_text() == before
    assert started[0].edited == what


def test_what_was_left_as_it_was_starts_nothing(
    started: list[Changes], past: Past, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor(monkeypatch, tmp_path, "RETURN 1 AS one")
    shown = run("rerun", "q-1", "--from", "people", "--edit", "query")
    assert (shown.exit_code, started) == (ExitCode.USAGE, [])
    assert "left as it is" in shown.stderr


def test_columns_are_named_with_their_kinds(started: list[Changes], tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text("result = []")
    columns = ["--column", "login:text", "--column", "seen:time"]
    assert run("rerun", "q-1", "--from", "a", "--program", str(file), *columns, "--no-wait").exit_code == 0
    assert started[0].columns == (
        PromisedColumn(name="login", kind="text"),
        PromisedColumn(name="seen", kind="time"),
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--plan", "nowhere.json"], "nowhere.json cannot be read"),
        (["--plan", "{file}"], "The plan is not JSON"),
        (["--from", "a", "--program", "{file}", "--column", "login"], "kind"),
        (["--from", "a", "--edit", "layout"], "plan, query, program, presentation"),
        (["--edit", "query", "--from", "people", "--program", "{file}"], "One thing is edited at a time"),
        ([], "from which step"),
    ],
)
def test_what_was_typed_wrong_is_said_and_starts_nothing(
    arguments: list[str],
    words: str,
    started: list[Changes],
    past: Past,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    editor(monkeypatch, tmp_path, "RETURN 3")
    file = tmp_path / "file"
    file.write_text("RETURN 2")
    shown = run("rerun", "q-1", *(argument.format(file=file) for argument in arguments))
    assert (shown.exit_code, started) == (ExitCode.USAGE, [])
    assert words in shown.stderr.replace("\n", " ")


def test_a_question_that_did_not_fail_is_not_retried(client: FakeClient) -> None:
    client.executions["q-1"] = ended(Outcome.ANSWERED)
    shown = run("retry", "q-1")
    assert shown.exit_code == ExitCode.REFUSED
    assert "A question that is COMPLETED cannot be retried" in shown.stderr
    assert "It can be run again from a step" in shown.stderr


def test_a_question_that_runs_is_not_run_again(client: FakeClient) -> None:
    client.executions["q-1"] = FakeExecution("q-1")
    client.executions["q-1"].state = type(client.executions["q-1"].state).RUNNING
    shown = run("rerun", "q-1", "--from", "people")
    assert shown.exit_code == ExitCode.REFUSED
    assert "A question that is RUNNING cannot be run again from a step" in shown.stderr


def test_an_answer_says_what_it_goes_on_from_and_what_it_reused(client: FakeClient) -> None:
    report: dict[str, Any] = {
        "step_number": 1,
        "step_id": "people",
        "step_type": "cypher",
        "success": True,
        "result": step_result("q-1", "people", 2),
        "error": None,
        "seconds": 0.0,
        "reused_from": "q-1",
    }
    origin = Origin(kind="retry", question_id="q-1")
    client.executions["q-2"] = ended(Outcome.CANCELLED, "No.", origin=origin, steps=(report,), plan=PLAN)
    assert "Retry of q-1; reused: step people" in run("watch", "q-2").stdout
    assert "Reused from q-1" in run("plan", "q-2").stdout
