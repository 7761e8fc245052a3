"""Two hundred questions of all kinds on a tenant that misbehaves, while processes are killed at random moments."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.local_stack import REPOSITORY, LocalStack, Tenant, comparable

REPORT = REPOSITORY / "benchmarks" / "results" / "soak.json"
ROUNDS = 200
# Several are asked before the first of them is waited for.
AT_ONCE = 4
KILL_EVERY = 4
VICTIMS = ("worker", "Temporal", "tenant", "worker", "supervisor")
CONCURRENCY = 8

_TODAY = datetime.now(UTC).date()
_WEEK_AGO, _MONTH_AGO = _TODAY - timedelta(days=7), _TODAY - timedelta(days=30)
# Fixed days: "the last 7 days" would move on while the questions are asked.
QUESTIONS = {
    "stored": (
        "How many people are in each status?",
        "Who can open Salesforce?",
        "MFA coverage by department as a percentage, worst first",
        f"Find users who logged in since {_WEEK_AGO} and fetch me their applications and groups",
        "Find users in the group sso-super-admins and fetch all their groups and applications",
    ),
    "live": (
        "Which active users have which MFA factors, from the live API?",
        "Which API tokens have not been used for 90 days and who owns them?",
        "Which log streams are active?",
        "Which IP ranges are in the blocked network zones?",
        "Which OAuth scopes has each service app been granted?",
    ),
    "hybrid": (
        "Which members of Finance have no phishing-resistant factor, right now?",
        "Which contractors have only SMS as a second factor, right now?",
    ),
    "log": (
        f"Failed sign-ins between {_WEEK_AGO} and {_TODAY} by person and reason",
        f"Who reset MFA factors for other people between {_MONTH_AGO} and {_TODAY}?",
        f"Which users denied a push between {_MONTH_AGO} and {_TODAY}?",
    ),
    "refused": ("Deactivate Luis Ortega", "Which groups is Maria García in?"),
}
FAULTS = {
    "seed": "5",
    "jitter": "0.05",
    "slow_rate": "0.01",
    "slow_by": "1",
    "error_rate": "0.02",
    "throttle_rate": "0.005",
    "cut_rate": "0.01",
}


@dataclass
class Tally:
    """How the questions ended."""

    asked: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    told_incomplete: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    # Finished requests that answers know of, in all.
    calls: int = 0


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every question's answer where nothing goes wrong."""
    with (
        Tenant(tmp_path_factory.mktemp("tenant")) as tenant,
        LocalStack(tmp_path_factory.mktemp("truth"), tenant) as stack,
    ):
        stack.run("sync")
        return {question: _seen(stack.ask(question)) for kind in QUESTIONS.values() for question in kind}


def _seen(answer: dict[str, Any]) -> dict[str, Any]:
    if answer["final_result"] is None:
        return {"outcome": answer["outcome"], "message": answer["message"], "choices": answer["choices"]}
    return comparable(answer)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_no_question_is_lost_or_wrong_and_no_finished_call_repeated(
    truth: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    settings = {"HOLDFAST_OKTA__CONCURRENCY": str(CONCURRENCY)}
    with Tenant(tmp_path, latency="0.02") as tenant, LocalStack(tmp_path / "data", tenant, settings) as stack:
        stack.run("sync")
        tenant.faults = FAULTS
        tenant.kill()
        tenant.start()
        began = time.time()
        tally = _soaked(stack, truth)
        finished = _finished_calls(tenant, began)
    repeated = finished - tally.calls
    report = {
        "asked": tally.asked,
        "by_kind": tally.by_kind,
        "kills": tally.kills,
        "lost": tally.lost,
        "wrong": tally.wrong,
        "said to be incomplete": tally.told_incomplete,
        "finished calls": tally.calls,
        "answers of the tenant beyond them": repeated,
        "in flight at kills, at most": sum(tally.kills.values()) * CONCURRENCY,
        "seconds": round(time.time() - began),
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(report, indent=2, ensure_ascii=False))
    assert (tally.lost, tally.wrong) == ([], [])
    # What was on its way when a process died may be asked again, and nothing else.
    assert repeated <= sum(tally.kills.values()) * CONCURRENCY


def _soaked(stack: LocalStack, truth: dict[str, dict[str, Any]]) -> Tally:
    tally, dice = Tally(), random.Random(7)
    kinds = {question: kind for kind, questions in QUESTIONS.items() for question in questions}
    for round_number, batch in enumerate(_batches(dice, list(kinds))):
        ids = [(stack.run("ask", "--no-wait", question).stdout.strip(), question) for question in batch]
        if round_number % KILL_EVERY == 0:
            time.sleep(dice.random())
            _kill(stack, victim := VICTIMS[round_number // KILL_EVERY % len(VICTIMS)])
            tally.kills[victim] += 1
        for question_id, question in ids:
            tally.asked += 1
            tally.by_kind[kinds[question]] += 1
            _judge(tally, stack, question_id, question, truth[question])
    return tally


def _batches(dice: random.Random, questions: list[str]) -> Iterator[list[str]]:
    for _ in range(ROUNDS // AT_ONCE):
        yield dice.sample(questions, AT_ONCE)


def _judge(tally: Tally, stack: LocalStack, question_id: str, question: str, truth: dict[str, Any]) -> None:
    answer = json.loads(stack.run("watch", "--json", question_id, check=False).stdout)
    tally.calls += sum(
        use["calls"]
        for step in answer["step_results"]
        if step["result"] is not None and step["result"]["live"] is not None
        for use in step["result"]["live"]["endpoints"]
    )
    seen = _seen(answer)
    if seen == truth:
        return
    if answer["outcome"] in {"failed", "cancelled"}:
        tally.lost.append(f"{question}: {answer['message']}")
    elif set(seen.get("gaps", ())) - set(truth.get("gaps", ())):
        tally.told_incomplete.append(f"{question}: {seen['gaps']}")
    else:
        tally.wrong.append(f"{question} ({question_id})")


def _kill(stack: LocalStack, victim: str) -> None:
    if victim == "tenant":
        stack.tenant.kill()
        stack.tenant.start()
    elif victim == "supervisor":
        stack.kill("supervisor")
        time.sleep(0.3)
        stack.up()
    else:
        old = stack.pid(victim)
        stack.kill(victim)
        stack.await_new(victim, old)


def _finished_calls(tenant: Tenant, since: float) -> int:
    """Whole answers that somebody received, refusals among them."""
    return sum(
        1
        for request in tenant.requests()
        if request["time"] >= since
        and request["heard"]
        and not request["cut"]
        and request["status"] not in {429, 500, 503}
    )
