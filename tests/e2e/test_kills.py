"""Every process is killed with `kill -9` in the middle of its work; nothing is lost and nothing is done twice."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.local_stack import COMMAND_TIMEOUT_S, LocalStack, Tenant, comparable

# A fixed day: "the last 30 days" could move on while the tests run.
SINCE = (datetime.now(UTC) - timedelta(days=30)).date()
QUESTIONS = (
    "How many people are in each status?",
    "Which groups are there?",
    "Who can open Salesforce?",
    f"Find users who logged in since {SINCE} and fetch me their applications and groups",
)
# So slow that a sync takes some seconds and every kill meets it at work.
SLOW = {"HOLDFAST_OKTA__CONCURRENCY": "4"}
LATENCY = "0.05"
# What a client has received this long ago, it has stored.
STORED_AFTER_S = 0.5


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalStack, dict[str, dict[str, Any]]]]:
    """A stack in which nothing was ever killed, and its answers."""
    with (
        Tenant(tmp_path_factory.mktemp("tenant")) as tenant,
        LocalStack(tmp_path_factory.mktemp("undisturbed"), tenant) as stack,
    ):
        stack.run("sync")
        answers = {question: stack.ask(question) for question in QUESTIONS}
        assert all(answer["success"] for answer in answers.values()), answers
        yield stack, {question: comparable(answer) for question, answer in answers.items()}


def _fetched_twice(tenant: Tenant, kills: list[float]) -> dict[str, list[float]]:
    """Pages that were asked for again although they had been received well before every kill."""
    answered: dict[str, list[float]] = defaultdict(list)
    for request in tenant.requests():
        if request["status"] == 200:
            answered[request["path"]].append(request["time"])
    return {
        path: times
        for path, times in answered.items()
        for first, _ in pairwise(times)
        if not any(first - STORED_AFTER_S <= kill <= first + STORED_AFTER_S for kill in kills)
    }


def _kill_at(stack: LocalStack, victim: str, moments: list[float]) -> list[float]:
    kills = []
    for moment in moments:
        time.sleep(moment)
        if _is_published(stack):
            break
        if victim == "tenant":
            stack.tenant.kill()
            kills.append(time.time())
            time.sleep(0.3)
            stack.tenant.start()
        elif victim == "supervisor":
            kills.append(stack.kill("supervisor"))
            time.sleep(0.3)
            stack.up()
        else:
            old = stack.pid(victim)
            kills.append(stack.kill(victim))
            stack.await_new(victim, old)
    return kills


@pytest.mark.parametrize("victim", ["worker", "Temporal", "tenant", "supervisor"])
def test_a_sync_whose_processes_are_killed_ends_as_if_nothing_had_happened(
    victim: str, undisturbed: tuple[LocalStack, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    with (
        Tenant(tmp_path, latency=LATENCY) as tenant,
        LocalStack(tmp_path / "data", tenant, SLOW) as stack,
    ):
        sync = stack.start("sync")
        while not tenant.requests():
            time.sleep(0.05)
        kills = _kill_at(stack, victim, [0.3, 0.9, 0.8])
        assert len(kills) == 3, "the sync must still run when its processes are killed"
        # The command itself may have lost its server; the sync may not.
        sync.communicate(timeout=COMMAND_TIMEOUT_S)
        _await_snapshot(stack)
        assert {question: comparable(stack.ask(question)) for question in QUESTIONS} == undisturbed[1]
        assert _fetched_twice(tenant, kills) == {}


def _is_published(stack: LocalStack) -> bool:
    return (stack.data_dir / "graph" / "current").is_symlink()


def _await_snapshot(stack: LocalStack) -> None:
    deadline = time.monotonic() + COMMAND_TIMEOUT_S
    while not _is_published(stack):
        assert time.monotonic() < deadline, "the sync did not end"
        time.sleep(0.2)


@pytest.mark.parametrize("victim", ["worker", "Temporal"])
def test_a_question_whose_processes_are_killed_is_answered_as_if_nothing_had_happened(
    victim: str, undisturbed: tuple[LocalStack, dict[str, dict[str, Any]]]
) -> None:
    stack, truth = undisturbed
    asked: list[tuple[str, str]] = []
    for moment, question in zip([0.0, 0.05, 0.1, 0.15], QUESTIONS, strict=True):
        asked.append((stack.run("ask", "--no-wait", question).stdout.strip(), question))
        time.sleep(moment)
        old = stack.pid(victim)
        stack.kill(victim)
        stack.await_new(victim, old)
    for question_id, question in asked:
        answer = json.loads(stack.run("watch", "--json", question_id).stdout)
        assert comparable(answer) == truth[question]


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("victim", ["worker", "Temporal", "supervisor"])
def test_a_hundred_questions_under_random_kills_are_all_answered_alike(
    victim: str, undisturbed: tuple[LocalStack, dict[str, dict[str, Any]]]
) -> None:
    stack, truth = undisturbed
    asked: list[tuple[str, str]] = []
    for number in range(100):
        question = QUESTIONS[number % len(QUESTIONS)]
        asked.append((stack.run("ask", "--no-wait", question).stdout.strip(), question))
        if number % 7 == 0:
            time.sleep((number % 13) * 0.02)
            old = stack.pid(victim)
            stack.kill(victim)
            if victim == "supervisor":
                stack.up()
            else:
                stack.await_new(victim, old)
    for question_id, question in asked:
        assert comparable(json.loads(stack.run("watch", "--json", question_id).stdout)) == truth[question]
