"""The demonstration as a newcomer types it: a fresh home, no configuration, any folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from platformdirs import user_cache_dir

from starter.demo import QUESTIONS
from starter.stack_record import lock_holder

LIMIT_S = 180


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def demo(home: Path) -> subprocess.CompletedProcess[str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("HOLDFAST_", "XDG_"))}
    # The temporal program alone is shared: a newcomer gets it once for all clones.
    environment = {**inherited, "HOME": str(home), "XDG_CACHE_HOME": str(Path(user_cache_dir("holdfast")).parent)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "starter", "demo", "--demo-users", "120"],
        env=environment,
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_the_demo_answers_every_question_with_a_link_to_its_workflow(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    for question in QUESTIONS:
        assert f"? {question.text}" in demo.stdout
    assert demo.stdout.count("/namespaces/default/workflows/q-") == len(QUESTIONS)
    assert "is published (full" in demo.stdout
    assert "Traceback" not in demo.stdout + demo.stderr


def test_the_demo_shows_tables_a_question_back_and_a_refusal(demo: subprocess.CompletedProcess[str]) -> None:
    assert "dana.whitfield@kelptide.example" in demo.stdout
    assert "Which is meant?" in demo.stdout
    assert "Refused: This asks to change the tenant" in demo.stdout


def test_the_demo_asks_the_live_tenant_and_finds_something_each_time(demo: subprocess.CompletedProcess[str]) -> None:
    told = {question.text: _told_of(question.text, demo.stdout) for question in QUESTIONS}
    hybrid = told["Which members of Finance have no phishing-resistant factor, right now?"]
    assert "stored snapshot and live API" in hybrid
    assert " calls · " in hybrid
    assert " events.\n" in told["Who reset factors for others in the last 30 days?"]
    assert " API tokens.\n" in told["Which API tokens have not been used for 90 days, and who owns them?"]
    assert " findings.\n" in told["Check whether Dana Whitfield can open Salesforce"]
    live = [answer for answer in told.values() if "live API" in answer]
    assert len(live) == 4
    assert not [answer for answer in live if "match" in answer]


def test_the_demo_in_a_pipe_leaves_nothing_running_and_touches_no_other_data(
    demo: subprocess.CompletedProcess[str], home: Path
) -> None:
    assert demo.stdout.splitlines()[-1] == "Ending the demo …"
    (data_dir,) = home.glob("**/holdfast")
    assert sorted(entry.name for entry in data_dir.iterdir()) == ["demo"]
    assert lock_holder(data_dir / "demo") is None
    assert not (data_dir / "demo" / "stack.json").exists()


def _told_of(question: str, said: str) -> str:
    """What stands between a question of the demo and the next one."""
    return said.partition(f"? {question}")[2].partition("\n? ")[0]
