from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import structlog

from holdfast.answer import MAX_QUESTION_CHARACTERS, Question, QuestionOptions
from holdfast.approval import approval_reason
from holdfast.errors import InvalidQuestion
from holdfast.logs import configure_logs
from holdfast.question import checked_text
from holdfast.settings import ApprovalSettings
from tests.workflows.fakes import plan, step


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_question_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidQuestion, match="empty"):
        checked_text(text)


def test_a_question_of_ten_thousand_characters_is_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidQuestion, match=r"10,000 characters; at most 4,000"):
        checked_text("x" * 10_000)
    assert checked_text("x" * MAX_QUESTION_CHARACTERS)


@pytest.mark.parametrize(
    ("policy", "confidence", "asked", "held"),
    [
        ("never", 0.1, False, False),
        ("never", 0.1, True, True),
        ("low_confidence", 0.69, False, True),
        ("low_confidence", 0.7, False, False),
        ("always", 1.0, False, True),
    ],
)
def test_a_plan_is_held_when_policy_or_asker_want_it(policy: str, confidence: float, asked: bool, held: bool) -> None:
    question = Question(
        correlation_id="q", text="who?", tenant="", asker="ada", options=QuestionOptions(approve_plan=asked)
    )
    settings = ApprovalSettings.model_validate({"policy": policy, "min_confidence": 0.7})
    drawn = plan(step("a")).model_copy(update={"confidence": confidence})
    assert (approval_reason(drawn, question, settings) is not None) is held


def test_a_secret_never_reaches_a_log_line_wherever_it_hides(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "worker.log"
    before = logging.getLogger().handlers[:]
    configure_logs(file, ["s3cret-token"])
    try:
        structlog.get_logger("test").info("asked", header={"Authorization": ["SSWS s3cret-token"]}, zażółć="gęślą")
        logging.getLogger("library").warning("url=https://x/?t=%s", "s3cret-token", extra={"note": "s3cret-token"})
        try:
            raise ValueError("s3cret-token")
        except ValueError:
            logging.getLogger("library").exception("broke")
    finally:
        for handler in logging.getLogger().handlers:
            handler.close()
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
    text = file.read_text()
    assert "s3cret-token" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == 3
    assert lines[0]["zażółć"] == "gęślą"
    assert lines[0]["header"] == {"Authorization": ["SSWS [secret]"]}
    assert lines[1]["note"] == "[secret]"
