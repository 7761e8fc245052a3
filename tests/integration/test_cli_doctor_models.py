"""What `holdfast doctor` says of models: which are named, and with `--models` whether each answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from holdfast import prompts
from holdfast.settings import ModelSettings
from starter.checks import Check, show
from starter.model_checks import answers, named
from tests.model_servers import KEYS, MODELS, Hang, Status, model_server


def test_without_a_name_rules_do_everything() -> None:
    check = named(ModelSettings())
    assert (check.verdict, check.finding) == ("ok", "none is named: rules plan, write queries and lay out answers")


def test_models_are_named_in_their_order_with_how_they_are_reached() -> None:
    check = named(
        ModelSettings.model_validate(
            {
                "default": "openai:gpt-5.2,anthropic:claude-opus-5",
                "coding": "local:qwen3",
                "openai_api_key": KEYS["openai"],
                "anthropic_api_key": KEYS["anthropic"],
                "local_url": "http://127.0.0.1:11434/v1",
                "fallback_to_offline": True,
            }
        )
    )
    assert check.verdict == "ok"
    assert "plans and layouts by openai:gpt-5.2, then anthropic:claude-opus-5; " in check.finding
    assert "rules stand in for plans and layouts" in check.finding
    assert "queries by local:qwen3" in check.finding
    assert "openai: its key is set" in check.finding
    assert "local: no key is set, at http://127.0.0.1:11434/v1" in check.finding
    assert not any(key in check.finding for key in KEYS.values())


def test_one_order_for_everything_is_said_once() -> None:
    check = named(ModelSettings(default=("local:qwen3",), local_url="http://127.0.0.1:1/v1"))
    assert check.finding.startswith("plans, queries and layouts by local:qwen3; local: no key is set, at http://")
    assert "rules" not in check.finding


def test_prompts_that_are_not_there_are_told_before_a_question_meets_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prompts.PromptLibrary.__init__, "__defaults__", (tmp_path,))
    check = named(ModelSettings(default=("local:qwen3",), local_url="http://127.0.0.1:1/v1"))
    assert check.verdict == "bad"
    assert "There is no prompt" in check.finding


@pytest.mark.parametrize("provider", MODELS)
async def test_a_model_that_answers_is_told_with_what_the_answer_cost(provider: str) -> None:
    async with model_server() as server:
        server.will_answer({"ready": True})
        [check] = [check async for check in answers(server.settings(provider))]
    assert (check.part, check.verdict) == (f"{provider}:{MODELS[provider]}", "ok")
    assert check.finding.startswith("answers in ")
    assert "1 model call, " in check.finding
    assert ("cost unknown" in check.finding) is (provider == "local")
    assert server.tokens < 300


async def test_each_model_is_asked_once_and_a_bad_one_says_what_to_do() -> None:
    async with model_server() as server:
        server.will_answer(Status(401, message=f"wrong key {KEYS['openai']}"), model="gpt-5.2")
        server.will_answer(Hang(), model="claude-opus-5")
        server.will_answer({"ready": True}, model="gemini-2.5-flash")
        settings = server.settings("openai", "anthropic", "google", timeout=0.5)
        found = {check.part: check async for check in answers(settings)}
    assert {name: check.verdict for name, check in found.items()} == {
        "openai:gpt-5.2": "bad",
        "anthropic:claude-opus-5": "bad",
        "google:gemini-2.5-flash": "ok",
    }
    assert "mend HOLDFAST_MODELS__OPENAI_API_KEY" in found["openai:gpt-5.2"].finding
    assert KEYS["openai"] not in found["openai:gpt-5.2"].finding
    assert "HOLDFAST_MODELS__TIMEOUT" in found["anthropic:claude-opus-5"].finding
    assert len(server.requests) == 3


def test_a_long_name_stands_apart_from_what_is_said_of_it() -> None:
    console = Console(record=True, width=200)
    show(console, Check("anthropic:claude-opus-5", "ok", "answers"))
    assert "anthropic:claude-opus-5 answers" in console.export_text()
