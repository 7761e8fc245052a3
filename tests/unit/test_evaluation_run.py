"""The evaluation runs the product's own way over a small company and reports what became of every question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation import __main__ as evaluation
from evaluation import judging
from evaluation.judging import Mark
from evaluation.report import ANSWERABLE, EVERYTHING, Line, as_markdown, lines, not_right
from evaluation.running import Result
from evaluation.truths import TRUTHS, Truth

_MARKED = "Figures:\n\n<!-- figures -->\nold\n<!-- figures -->\n\nEnd.\n"


def _run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *arguments: str) -> int:
    monkeypatch.setenv("HOLDFAST_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(evaluation, "configure_logs", lambda file, secrets: None)
    monkeypatch.setattr("sys.argv", ["evaluation", "--seeds", "7", "--users", "60", *arguments])
    return evaluation.main()


def test_questions_are_asked_and_reported_one_by_one_and_by_kind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, document = tmp_path / "eval.json", tmp_path / "evaluation.md"
    document.write_text(_MARKED)
    written = ("--json", str(file), "--markdown", str(document))
    assert _run(monkeypatch, tmp_path, "--only", "contractors", "--kind", "people", "--kind", "refusals", *written) == 0
    found = json.loads(file.read_text())
    assert (found["planner"], found["seeds"], found["users"]) == ("offline", [7], 60)
    assert {line["kind"] for line in found["kinds"]} == {"people", "refusals", ANSWERABLE, EVERYTHING}
    asked = {question["question"]: question for question in found["questions"]}
    assert asked["list contractors"]["mark"] == "right"
    assert asked["list contractors"]["understood_as"].startswith("People whose user type")
    assert asked["list contractors"]["input_tokens"] is None
    assert all("contractor" in question.lower() for question in asked)
    assert "| people |" in document.read_text()
    assert "old" not in document.read_text()
    assert document.read_text().endswith("End.\n")
    captured = capsys.readouterr()
    assert "people" in captured.out
    assert "seed 7" in captured.err


def test_a_wrong_answer_is_named_and_makes_the_run_fail(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in: Truth = lambda t: t.people(lambda u: u["lastLogin"])  # noqa: E731
    monkeypatch.setattr(judging, "TRUTHS", {**TRUTHS, "everyone": signed_in})
    assert _run(monkeypatch, tmp_path, "--only", "list all users") == 1
    said = capsys.readouterr().out
    assert "WRONG (seed 7, people) list all users" in said
    assert "too many: " in said


def test_random_questions_are_asked_besides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "eval.json"
    assert _run(monkeypatch, tmp_path, "--kind", "compositions", "--compositions", "12", "--json", str(file)) == 0
    assert len(json.loads(file.read_text())["questions"]) == 12


def test_a_selection_of_nothing_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, tmp_path, "--kind", "cheese") == 2
    assert "No question" in capsys.readouterr().err


def _result(mark: Mark, **changes: object) -> Result:
    fields: dict[str, object] = {
        "kind": "people",
        "seed": 7,
        "question": "who?",
        "answerable": True,
        "expected": True,
        "mark": mark,
        "why": "",
        "understood_as": "",
        "seconds": 1.0,
        "input_tokens": None,
        "output_tokens": None,
        "cost_usd": None,
    }
    return Result(**(fields | changes))  # type: ignore[arg-type]


def test_what_need_not_be_understood_counts_only_where_it_misleads() -> None:
    optional = {"answerable": False, "expected": False}
    results = [_result(Mark.RIGHT), _result(Mark.REFUSED, **optional), _result(Mark.WRONG, **optional)]
    (line, _, everything) = lines(results)
    assert line.right_of_expected == 100
    assert everything.marks[Mark.WRONG] == 1
    assert [text.split(" ")[0] for text in not_right(results)] == ["WRONG"]


def test_the_cost_of_a_kind_is_unknown_where_one_price_is() -> None:
    spent = {"input_tokens": 900, "output_tokens": 100}
    known = _result(Mark.RIGHT, **spent, cost_usd=0.5)
    assert Line.of("x", [known, known]).cells()[8:10] == ("1,000", "$1.0000")
    assert Line.of("x", [known, _result(Mark.RIGHT, **spent)]).cells()[8:10] == ("1,000", "unknown")
    assert Line.of("x", [_result(Mark.RIGHT)]).cells()[8:10] == ("–", "–")


def test_the_slowest_of_twenty_is_beyond_the_95th_percentile() -> None:
    line = Line.of("x", [_result(Mark.RIGHT, seconds=float(number)) for number in range(1, 21)])
    assert (line.median_seconds, line.p95_seconds) == (10.5, 19.0)


def test_the_markdown_table_has_a_row_for_each_kind() -> None:
    rows = as_markdown([_result(Mark.RIGHT), _result(Mark.REFUSED, kind="groups")]).splitlines()
    assert [row.split("|")[1].strip() for row in rows] == ["kind", "---", "groups", "people", ANSWERABLE, EVERYTHING]
    assert len({row.count("|") for row in rows}) == 1
