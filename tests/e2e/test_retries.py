"""A live question that is ended from outside is retried while its worker is killed: nothing is asked twice."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.e2e.local_stack import LocalStack, Tenant, comparable
from tests.e2e.test_live_steps import LATENCY, QUESTION, SLOW, answer_of, asked_twice, reads, started, until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with (
        Tenant(tmp_path_factory.mktemp("tenant"), latency=LATENCY) as tenant,
        LocalStack(tmp_path_factory.mktemp("retries"), tenant, SLOW) as stack,
    ):
        stack.run("sync")
        yield stack


def terminate(stack: LocalStack, question_id: str) -> None:
    """As an operator does in Temporal's own UI."""

    async def run() -> None:
        record = json.loads(Path(stack.data_dir / "stack.json").read_text())
        client = await Client.connect(record["temporal_address"], namespace=record["namespace"])
        await client.get_workflow_handle(question_id).terminate("by the operator")

    asyncio.run(run())


def test_a_question_that_was_terminated_goes_on_though_the_worker_of_its_retry_is_killed(stack: LocalStack) -> None:
    truth = comparable(stack.ask(QUESTION))
    question_id, asked_at = started(stack)
    until(lambda: len(reads(stack.tenant, asked_at)) >= 30, "some calls")
    terminate(stack, question_id)
    terminated = time.time()
    retried = stack.run("retry", "--no-wait", question_id).stdout.strip()
    read = len(reads(stack.tenant, asked_at))
    until(lambda: len(reads(stack.tenant, asked_at)) >= read + 15, "the retry to read the tenant")
    old = stack.pid("worker")
    killed = stack.kill("worker")
    stack.await_new("worker", old)
    answer = answer_of(stack, retried)
    assert comparable(answer) == truth
    assert asked_twice(stack.tenant, asked_at, [terminated, killed]) == {}
    assert answer["origin"]["question_id"] == question_id
    shown = stack.run("status", retried).stdout
    assert f"retry of {question_id}" in shown
    assert f"(retry of {question_id})" in stack.run("list").stdout
    refused = stack.run("retry", retried, check=False)
    assert refused.returncode == 3
    assert "COMPLETED cannot be retried" in refused.stderr


def test_a_rerun_edits_a_program_and_repeats_nothing_before_its_step(stack: LocalStack, tmp_path: Path) -> None:
    first = stack.ask(QUESTION)
    [live] = [s for s in first["execution_plan"]["steps"] if s["tool"] == "api"]
    program = tmp_path / "program.py"
    program.write_text("result = []\n")
    done = stack.run("rerun", first["correlation_id"], "--from", live["id"], "--program", str(program), "--json")
    answer = json.loads(done.stdout)
    assert answer["final_result"]["metadata"]["totalItems"] == 0
    [step] = [s for s in answer["step_results"] if s["step_id"] == live["id"]]
    assert step["result"]["generated"]["author"].endswith(", who edited it")
    reused = {s["step_id"] for s in answer["step_results"] if s["reused_from"] == first["correlation_id"]}
    assert reused == {s["id"] for s in first["execution_plan"]["steps"]} - {live["id"]} - _after(first, live["id"])
    program.write_text("import os\nresult = []\n")
    refused = stack.run("rerun", first["correlation_id"], "--from", live["id"], "--program", str(program), check=False)
    assert refused.returncode != 0
    assert "`os` cannot be imported here" in refused.stderr


def _after(answer: dict[str, object], step_id: str) -> set[str]:
    plan = answer["execution_plan"]
    assert isinstance(plan, dict)
    return {s["id"] for s in plan["steps"] if step_id in s["depends_on"]}
