"""Live questions through real processes: `kill -9`, pauses and reviews in the middle, and nothing asked twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.local_stack import COMMAND_TIMEOUT_S, REPOSITORY, LocalStack, Tenant, comparable

QUESTION = "Which active users have which MFA factors, from the live API?"
# So slow that a step of some 130 calls takes ten seconds: kills and commands of a busy machine meet it at work.
SLOW = {"HOLDFAST_OKTA__CONCURRENCY": "2"}
LATENCY = "0.15"
# A call that was on its way at the kill is asked again, and one whose answer was not yet in the journal.
IN_FLIGHT_S = 0.6


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalStack, dict[str, Any]]]:
    """A stack with a slow tenant, and the answer that it gives when nothing is killed."""
    with (
        Tenant(tmp_path_factory.mktemp("tenant"), latency=LATENCY) as tenant,
        LocalStack(tmp_path_factory.mktemp("live"), tenant, SLOW) as stack,
    ):
        stack.run("sync")
        answer = stack.ask(QUESTION)
        assert answer["success"], answer
        yield stack, comparable(answer)


def started(stack: LocalStack, question: str = QUESTION) -> tuple[str, float]:
    """Ask, and wait until the step reads the tenant; the question's id and when its first call was answered."""
    asked_at = time.time()
    question_id = stack.run("ask", "--no-wait", question).stdout.strip()
    until(lambda: len(reads(stack.tenant, asked_at)) >= 10, "the step to read the tenant")
    return question_id, asked_at


def reads(tenant: Tenant, since: float) -> list[dict[str, Any]]:
    """The factor reads that were answered well since then."""
    return [r for r in tenant.requests() if r["time"] >= since and r["status"] == 200 and "/factors" in r["path"]]


def asked_twice(tenant: Tenant, since: float, kills: list[float]) -> dict[str, int]:
    """What was answered well before every kill and asked for again."""
    found = [r for r in reads(tenant, since) if not any(abs(r["time"] - kill) < IN_FLIGHT_S for kill in kills)]
    return {path: count for path, count in Counter(r["path"] for r in found).items() if count > 1}


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + COMMAND_TIMEOUT_S
    while not true():
        assert time.monotonic() < deadline, f"in vain waited for {what}"
        time.sleep(0.05)


def answer_of(stack: LocalStack, question_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(stack.run("watch", "--json", question_id, check=False).stdout)
    return answer


def state_of(stack: LocalStack, question_id: str) -> str:
    return stack.run("status", question_id).stdout.splitlines()[0].rsplit(" ", 1)[-1]


@pytest.mark.parametrize("victim", ["worker", "Temporal", "tenant"])
def test_a_live_step_whose_processes_are_killed_goes_on_and_asks_nothing_twice(
    victim: str, live: tuple[LocalStack, dict[str, Any]]
) -> None:
    stack, truth = live
    question_id, asked_at = started(stack)
    kills = []
    for _ in range(2):
        if victim == "tenant":
            stack.tenant.kill()
            kills.append(time.time())
            stack.tenant.start()
        else:
            old = stack.pid(victim)
            kills.append(stack.kill(victim))
            stack.await_new(victim, old)
        _await_more(stack, question_id, asked_at)
    assert comparable(answer_of(stack, question_id)) == truth
    assert asked_twice(stack.tenant, asked_at, kills) == {}


def _await_more(stack: LocalStack, question_id: str, asked_at: float) -> None:
    read = len(reads(stack.tenant, asked_at))
    until(
        lambda: len(reads(stack.tenant, asked_at)) > read or _has_ended(stack, question_id),
        "the step to go on",
    )


def _has_ended(stack: LocalStack, question_id: str) -> bool:
    return state_of(stack, question_id) in {"COMPLETED", "FAILED", "CANCELLED"}


@contextmanager
def second_worker(stack: LocalStack) -> Iterator[subprocess.Popen[bytes]]:
    """A worker beside the stack's own, on the same folder, as somebody would add one."""
    record = json.loads((stack.data_dir / "stack.json").read_text())
    environment = {**stack.environment, "HOLDFAST_TEMPORAL__ADDRESS": record["temporal_address"]}
    with (stack.data_dir / "second-worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "worker"],
            env={**environment, "PYTHONPATH": str(REPOSITORY)},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_step_whose_worker_is_killed_is_taken_over_by_another_worker(
    live: tuple[LocalStack, dict[str, Any]],
) -> None:
    stack, truth = live
    supervisor = stack.pid("supervisor")
    with second_worker(stack):
        question_id, asked_at = started(stack)
        # Whichever of the two has the step, the other one is left with it: the supervisor starts nobody meanwhile.
        os.kill(supervisor, signal.SIGSTOP)
        try:
            kill = stack.kill("worker")
            until(lambda: _reads_stopped_or_went_on(stack, asked_at), "the other worker")
            answer = answer_of(stack, question_id)
        finally:
            os.kill(supervisor, signal.SIGCONT)
    assert comparable(answer) == truth
    assert asked_twice(stack.tenant, asked_at, [kill]) == {}


def _reads_stopped_or_went_on(stack: LocalStack, asked_at: float) -> bool:
    return len(reads(stack.tenant, asked_at)) > 10


def test_a_pause_stops_the_calls_and_resume_goes_on_with_the_next_one(
    live: tuple[LocalStack, dict[str, Any]],
) -> None:
    stack, truth = live
    question_id, asked_at = started(stack)
    stack.run("pause", question_id)
    paused_at = time.time()
    time.sleep(2.5)
    assert [r for r in stack.tenant.requests() if r["time"] > paused_at + 1] == [], (
        "nothing is asked while it is paused"
    )
    assert state_of(stack, question_id) == "PAUSED"
    stack.run("resume", question_id)
    assert comparable(answer_of(stack, question_id)) == truth
    assert asked_twice(stack.tenant, asked_at, [paused_at]) == {}


def test_a_cancelled_step_leaves_no_stray_request(live: tuple[LocalStack, dict[str, Any]]) -> None:
    stack, _ = live
    question_id, _ = started(stack)
    stack.run("cancel", question_id)
    cancelled_at = time.time()
    time.sleep(2.5)
    assert [r for r in stack.tenant.requests() if r["time"] > cancelled_at + 1] == []
    assert answer_of(stack, question_id)["outcome"] == "cancelled"


@pytest.fixture(scope="module")
def thrifty(live: tuple[LocalStack, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack where a person is asked after forty calls, on the same tenant."""
    tenant = live[0].tenant
    with LocalStack(tmp_path_factory.mktemp("thrifty"), tenant, {"HOLDFAST_API__CALLS_EACH": "40"}) as stack:
        stack.run("sync")
        yield stack


def blocked(stack: LocalStack) -> tuple[str, float]:
    asked_at = time.time()
    question_id = stack.run("ask", "--no-wait", QUESTION).stdout.strip()
    until(lambda: state_of(stack, question_id) == "BLOCKED", "the review")
    return question_id, asked_at


def test_a_costly_step_waits_for_approval_and_repeats_nothing_after_it(
    thrifty: LocalStack, live: tuple[LocalStack, dict[str, Any]]
) -> None:
    question_id, asked_at = blocked(thrifty)
    assert len(reads(thrifty.tenant, asked_at)) <= 40
    thrifty.run("review", question_id, "approve", "--further-calls", "30")
    until(lambda: len(reads(thrifty.tenant, asked_at)) >= 30, "the approved calls")
    until(lambda: state_of(thrifty, question_id) == "BLOCKED", "the second review")
    assert len(reads(thrifty.tenant, asked_at)) <= 70
    thrifty.run("review", question_id, "approve")
    assert comparable(answer_of(thrifty, question_id)) == live[1]
    assert asked_twice(thrifty.tenant, asked_at, []) == {}


def test_a_stopped_step_answers_with_what_it_read_and_says_what_is_missing(thrifty: LocalStack) -> None:
    question_id, asked_at = blocked(thrifty)
    thrifty.run("review", question_id, "approve", "--further-calls", "30")
    until(lambda: len(reads(thrifty.tenant, asked_at)) >= 30, "the approved calls")
    until(lambda: state_of(thrifty, question_id) == "BLOCKED", "the second review")
    thrifty.run("review", question_id, "stop")
    answer = answer_of(thrifty, question_id)
    assert answer["success"]
    assert any("stopped" in gap for gap in answer["gaps"]), answer["gaps"]
    assert len(reads(thrifty.tenant, asked_at)) <= 70


def test_a_rejected_step_ends_its_question(thrifty: LocalStack) -> None:
    question_id, _ = blocked(thrifty)
    thrifty.run("review", question_id, "reject", "--comment", "too costly today")
    answer = answer_of(thrifty, question_id)
    assert (answer["outcome"], "too costly today" in answer["message"]) == ("cancelled", True)


def test_what_a_live_step_read_is_in_its_journal_and_nobody_elses(live: tuple[LocalStack, dict[str, Any]]) -> None:
    stack, _ = live
    files = [path for path in (stack.data_dir / "journals").rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in (*files, *(file.parent for file in files)))
    assert not any(b"demo-token" in Path(file).read_bytes() for file in files)
