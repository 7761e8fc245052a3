"""The evaluation runs the planner that the settings name: here a model, over a loopback server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.models import LISTED, agent_of
from evaluation import judging
from evaluation.cases import AnswerCase, Case, RefusalCase
from evaluation.judging import Mark
from evaluation.records import Records, p
from evaluation.running import Result, Selection, run
from evaluation.truths import Truth
from holdfast.settings import load_settings
from tests.model_servers import Json, ModelServer, Request, Status, model_server


def _people_of(department: str) -> Truth:
    def truth(t: Records) -> list[tuple[str, str | None]]:
        people = (u for u in t.users.values() if u["status"] == "ACTIVE" and p(u).get("department") == department)
        return [(p(u)["login"], u["lastLogin"]) for u in people]

    return truth


_TRUTHS = {"engineering": _people_of("Engineering"), "sales": _people_of("Sales")}
_RIGHT, _WRONG = (
    AnswerCase(kind="people", truth=truth, columns=("who", "seen"), enough=("who",), questions=(LISTED.question,))
    for truth in _TRUTHS
)
_REFUSAL = RefusalCase(kind="refusals", refuse="change", questions=(LISTED.question,))


def _script() -> Callable[[Request], Json]:
    """The same answers for one question after the other."""
    replies = LISTED.script()

    def reply(request: Request) -> Json:
        nonlocal replies
        if agent_of(request) == "preplanner":
            replies = LISTED.script()
        return replies(request)

    return reply


async def _results(server: ModelServer, folder: Path, *cases: Case) -> list[Result]:
    settings = load_settings(data_dir=folder).model_copy(update={"models": server.settings("openai")})
    questions = [(case, question) for case in cases for question in case.questions]
    selection = Selection(questions=questions, compositions=0, seeds=[7], users=60, concurrency=1)
    return await run(selection, settings, folder, lambda line: None)


async def test_what_a_model_answers_is_judged_by_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "TRUTHS", _TRUTHS)
    async with model_server() as server:
        server.always(_script())
        right, wrong, answered = await _results(server, tmp_path, _RIGHT, _WRONG, _REFUSAL)
    assert [right.mark, wrong.mark, answered.mark] == [Mark.RIGHT, Mark.WRONG, Mark.WRONG]
    assert right.understood_as.startswith(LISTED.understood_as)
    assert right.input_tokens is not None
    assert right.input_tokens > 1_000
    assert right.output_tokens is not None


async def test_a_provider_that_fails_fails_the_question_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluation.asking._LONGEST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(judging, "TRUTHS", _TRUTHS)
    async with model_server() as server:
        server.always(Status(500))
        (failed,) = await _results(server, tmp_path, _RIGHT)
    assert failed.mark is Mark.FAILED
    assert "ModelUnavailable" in failed.why
