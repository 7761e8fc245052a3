"""What models cost is counted over every attempt, and told also where nothing came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.planning import PlanningActivities
from activities.steps import StepActivities
from holdfast.answer import Answer, ModelUsage, Question
from holdfast.contracts import StepRequest
from holdfast.errors import HoldfastError, ModelOutputRejected, ModelUnavailable
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.planner import Understanding
from holdfast.settings import load_settings
from holdfast.spending import Ledger
from tests.graph_samples import sample_snapshot
from tests.workflows.fakes import ScriptedActivities, plan, planned, step
from workflows.query import QueryWorkflow

CALL = ModelUsage(calls=1, input_tokens=900, output_tokens=100, cost_usd=0.5)


class PlannerWithFaults:
    """Spends a call each time, and fails with each of `faults` once before it plans."""

    def __init__(self, *faults: HoldfastError) -> None:
        self._faults = list(faults)
        self.found: list[ModelUsage | None] = []

    async def plan(self, question: str, snapshot: Snapshot, ledger: Ledger) -> Understanding:
        self.found.append(ledger.usage)
        ledger.add(CALL)
        if self._faults:
            raise self._faults.pop(0)
        return Understanding(plan(step("a")), "a model")


class WriterWithFault:
    """A step that spends a call and fails for good."""

    async def run(self, request: StepRequest, ledger: Ledger) -> None:
        ledger.add(CALL)
        raise ModelOutputRejected("No such query.")


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> SnapshotStore:
    root = tmp_path_factory.mktemp("sample")
    sample_snapshot(root)
    return SnapshotStore(root / "graph")


async def answered(client: Client, activities: list[Callable[..., Any]]) -> Answer:
    queue = f"spending-{uuid4()}"
    question = Question(correlation_id=f"q-{uuid4()}", text="list all people", tenant="", asker="ada")
    async with Worker(client, task_queue=queue, workflows=[QueryWorkflow], activities=activities):
        return await client.execute_workflow(QueryWorkflow.run, question, id=question.correlation_id, task_queue=queue)


async def test_an_attempt_that_failed_counts_against_the_limit_of_the_next(
    temporal_client: Client, snapshots: SnapshotStore, tmp_path: Path
) -> None:
    planner = PlannerWithFaults(ModelUnavailable("Busy."), ModelUnavailable("Busy."))
    settings = load_settings(data_dir=tmp_path)
    planning = PlanningActivities(planner, snapshots, settings)
    scripted = ScriptedActivities(planned(step("a")))
    answer = await answered(temporal_client, [planning.plan_question, scripted.run_cypher_step, scripted.format_answer])
    assert planner.found == [None, CALL, CALL + CALL]
    assert answer.usage == CALL + CALL + CALL
    assert scripted.requests["a"].spent == answer.usage


async def test_what_was_spent_on_a_plan_that_never_came_stands_in_the_answer(
    temporal_client: Client, snapshots: SnapshotStore, tmp_path: Path
) -> None:
    planner = PlannerWithFaults(ModelOutputRejected("No plan."))
    planning = PlanningActivities(planner, snapshots, load_settings(data_dir=tmp_path))
    with pytest.raises(WorkflowFailureError) as failed:
        await answered(temporal_client, [planning.plan_question])
    assert isinstance(failed.value.cause, ApplicationError)
    answer = Answer.model_validate(failed.value.cause.details[0])
    assert answer.usage == answer.spent_in_vain == CALL


async def test_what_a_failed_step_spent_counts_for_the_question(temporal_client: Client, tmp_path: Path) -> None:
    steps = StepActivities(WriterWithFault(), load_settings(data_dir=tmp_path).models)  # type: ignore[arg-type]
    scripted = ScriptedActivities(planned(step("a"), step("b", critical=False), partial=True))

    @activity.defn(name="run_cypher_step")
    async def run_cypher_step(request: StepRequest) -> Any:
        run = scripted.run_cypher_step if request.step.id == "a" else steps.run_cypher_step
        return await run(request)

    answer = await answered(temporal_client, [scripted.plan_question, run_cypher_step, scripted.format_answer])
    assert answer.success
    assert answer.usage == CALL
