from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from holdfast.answer import Answer, Question
from tests.workflows.scenarios import HISTORIES, scenarios, sync_scenarios
from workflows.query import QueryWorkflow
from workflows.sync import SyncWorkflow

RECORDED = sorted(HISTORIES.glob("*.json"))


def _history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(file.stem, file.read_text())


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
async def test_a_recorded_history_replays_on_the_code_of_today(file: Path) -> None:
    replayer = Replayer(workflows=[QueryWorkflow, SyncWorkflow], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(_history(file))


def test_every_scenario_has_its_recorded_history() -> None:
    assert {*scenarios(), *sync_scenarios()} == {file.stem for file in RECORDED}


@workflow.defn(name="QueryWorkflow")
class _Reordered(QueryWorkflow):
    """A question that sleeps before it plans: a change that running questions could not survive."""

    @workflow.init
    def __init__(self, question: Question) -> None:
        super().__init__(question)

    @workflow.run
    async def run(self, question: Question) -> Answer:
        await asyncio.sleep(1)
        return await super().run(question)


async def test_a_change_that_breaks_running_questions_is_noticed() -> None:
    replayer = Replayer(
        workflows=[_Reordered],
        data_converter=pydantic_data_converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(_history(HISTORIES / "answered.json"))
