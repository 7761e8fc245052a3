"""Schedules on the real server: saved questions that say what became different, and syncs that are never two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.comparing import ComparingActivities
from holdfast.answer import Effort, FormattedAnswer, Header
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import TASK_QUEUE, FormatRequest
from holdfast.errors import InvalidQuestion
from holdfast.schedule_contracts import SavedRun, ScheduledSyncEnd
from holdfast.settings import load_settings
from starter import schedules, syncs
from starter.connection import Connection
from starter.schedules import ScheduleRefused, UnknownSchedule, When
from tests.workflows.fakes import ScriptedActivities, planned, step
from workflows.query import QueryWorkflow
from workflows.scheduled import SavedQuestionWorkflow, ScheduledSyncWorkflow
from workflows.sync import SyncWorkflow

NEVER_YET = When(every="30d")


class Answers(ScriptedActivities):
    """Answers with one list of logins after the other; None is a question that fails."""

    def __init__(self, folder: Path, *runs: list[str] | None) -> None:
        super().__init__(planned(step("people")))
        self._artifacts = ArtifactStore(folder)
        self._runs = list(runs)

    def all(self) -> list[Callable[..., Any]]:
        return [*super().all(), ComparingActivities(self._artifacts).compare_answers]

    @activity.defn(name="format_answer")
    async def format_answer(self, request: FormatRequest) -> FormattedAnswer:
        logins = self._runs.pop(0)
        if logins is None:
            raise ApplicationError("no recipe fits", type="PresentationRejected", non_retryable=True)
        rows = self._artifacts.write(f"{request.correlation_id}/answer", pl.DataFrame({"login": logins}))
        return FormattedAnswer(
            display_type="table",
            headers=(Header(text="Login", value="login"),),
            rows=rows,
            summary="",
            total_items=len(logins),
            processing_method="test",
            effort=Effort(seconds=0, peak_memory_bytes=0),
        )


def connection(client: Client, folder: Path, tenant: str = "http://127.0.0.1:1") -> Connection:
    settings = load_settings(data_dir=folder)
    gateway = settings.gateway.model_copy(update={"tenant": tenant})
    return Connection(client, settings.model_copy(update={"gateway": gateway}), None)


async def ended_runs(connected: Connection, name: str, count: int) -> list[schedules.Run]:
    while True:
        found = [run async for run in schedules.runs(connected, "ada", name, 10)]
        if len(found) == count and all(run.found or run.failure for run in found):
            return found
        await asyncio.sleep(0.1)


async def ran(connected: Connection, name: str, times: int) -> list[SavedRun | str]:
    """What each run found, or why it failed, the first first."""
    for count in range(1, times + 1):
        await schedules.run_now(connected, "ada", name)
        await ended_runs(connected, name, count)
    return [run.found or run.failure for run in reversed(await ended_runs(connected, name, times))]


async def test_each_run_says_what_became_different_since_the_last_that_answered(
    temporal_client: Client, tmp_path: Path
) -> None:
    connected, name = connection(temporal_client, tmp_path), f"people-{uuid4().hex[:8]}"
    script = Answers(tmp_path, ["ada", "bob"], None, ["bob", "cyd", "dan"])
    workflows = [QueryWorkflow, SavedQuestionWorkflow]
    async with Worker(temporal_client, task_queue=TASK_QUEUE, workflows=workflows, activities=script.all()):
        await schedules.save_question(connected, name, "Who is there?", "ada", NEVER_YET)
        first, failed, last = await ran(connected, name, 3)
        await schedules.remove(connected, "ada", name)
    assert isinstance(first, SavedRun)
    assert isinstance(last, SavedRun)
    assert first.difference is None
    assert "no recipe fits" in str(failed)
    assert last.difference is not None
    assert (last.difference.new, last.difference.gone) == (2, 1)
    assert last.difference.since == first.question_id


async def test_a_schedule_is_listed_paused_and_removed_by_its_owner_alone(
    temporal_client: Client, tmp_path: Path
) -> None:
    connected, name = connection(temporal_client, tmp_path), f"people-{uuid4().hex[:8]}"
    await schedules.save_question(
        connected, name, "Who is there?", "ada", When(cron="0 6 * * 1-5", zone="Europe/Berlin")
    )
    with pytest.raises(ScheduleRefused, match="already"):
        await schedules.save_question(connected, name, "Who is there?", "ada", NEVER_YET)
    with pytest.raises(UnknownSchedule):
        await schedules.pause(connected, "bob", name, "")
    await schedules.pause(connected, "ada", name, "holidays")
    paused = await schedules.found(connected, "ada", name)
    assert (paused.is_paused, paused.note, paused.when) == (True, "holidays", "0 6 * * 1-5 (Europe/Berlin)")
    assert paused.next_runs[0].astimezone(UTC).hour in {4, 5}
    await schedules.resume(connected, "ada", name)
    # Temporal lists what was created a moment ago a moment later.
    while name not in [each.name async for each in schedules.listed(connected, "ada")]:
        await asyncio.sleep(0.05)
    assert name not in [each.name async for each in schedules.listed(connected, "bob")]
    await schedules.remove(connected, "ada", name)
    with pytest.raises(UnknownSchedule):
        await schedules.found(connected, "ada", name)


@pytest.mark.parametrize(
    "when",
    [
        When(),
        When(every="6h", cron="0 6 * * *"),
        When(every="30s"),
        When(every="0m"),
        When(every="1d", zone="Europe"),
        When(cron="@daily"),
        When(cron="61 6 * * *"),
        When(cron="0 6 * * *", zone="Mars/Base"),
    ],
)
async def test_a_time_that_is_none_is_refused(temporal_client: Client, tmp_path: Path, when: When) -> None:
    with pytest.raises(ScheduleRefused):
        await schedules.save_question(connection(temporal_client, tmp_path), "people", "Who is there?", "ada", when)


async def test_a_name_or_a_question_that_is_none_is_refused(temporal_client: Client, tmp_path: Path) -> None:
    connected = connection(temporal_client, tmp_path)
    for name in ("sync", "", "Über", "a/b", "x" * 61):
        with pytest.raises(ScheduleRefused):
            await schedules.save_question(connected, name, "Who is there?", "ada", NEVER_YET)
    with pytest.raises(InvalidQuestion):
        await schedules.save_question(connected, "people", "  ", "ada", NEVER_YET)


async def test_a_scheduled_sync_is_not_the_second_one(temporal_client: Client, tmp_path: Path) -> None:
    tenant = f"http://{uuid4().hex}.example"
    connected = connection(temporal_client, tmp_path, tenant)
    # Nobody does its activities, so it runs for as long as the test likes.
    async with Worker(temporal_client, task_queue=TASK_QUEUE, workflows=[SyncWorkflow, ScheduledSyncWorkflow]):
        name, _ = await syncs.start(connected, "full", asker="ada")
        await schedules.schedule_sync(connected, "full", "ada", NEVER_YET)
        await schedules.run_now(connected, "ada", schedules.SYNC)
        query = f"TemporalScheduledById = 'holdfast-sync' AND StartTime > '{datetime.now(UTC):%Y-%m-%d}T00:00:00Z'"
        while not (found := [each async for each in temporal_client.list_workflows(query)]):
            await asyncio.sleep(0.05)
        end = await temporal_client.get_workflow_handle(found[0].id, result_type=ScheduledSyncEnd).result()
        await schedules.remove(connected, "ada", schedules.SYNC)
        await temporal_client.get_workflow_handle(name).terminate()
    assert end.snapshot_id is None


async def test_owners_and_names_that_read_alike_when_joined_are_kept_apart(
    temporal_client: Client, tmp_path: Path
) -> None:
    connected = connection(temporal_client, tmp_path)
    mark = uuid4().hex[:8]
    await schedules.save_question(connected, "admins", "Who is locked out?", f"ada-{mark}", NEVER_YET)
    for owner, name in (("ada", f"{mark}-admins"), ("ada-", f"{mark}-admins"), (f"ada-{mark}:", "admins")):
        with pytest.raises(UnknownSchedule):
            await schedules.found(connected, owner, name)
        with pytest.raises(UnknownSchedule):
            await schedules.remove(connected, owner, name)
    await schedules.remove(connected, f"ada-{mark}", "admins")


@pytest.mark.parametrize("owner", ["ada' OR WorkflowType != 'x", "ada\\' OR WorkflowType != 'x", "ada\\"])
async def test_a_name_is_no_part_of_the_question_to_temporal(
    temporal_client: Client, tmp_path: Path, owner: str
) -> None:
    assert [run async for run in schedules.runs(connection(temporal_client, tmp_path), owner, "admins", 10)] == []
