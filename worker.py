"""Composition root: settings → engines → one Temporal worker. The only module that sees workflows and activities."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.adopting import AdoptingActivities
from activities.comparing import ComparingActivities
from activities.formatting import FormattingActivities
from activities.planning import PlanningActivities
from activities.programs import ProgramActivities
from activities.steps import SpecialActivities, SqlActivities, StepActivities
from activities.syncing import SyncActivities
from holdfast.api_step.programs import ProgramAuthor
from holdfast.api_step.runner import ApiStepRunner, Stores
from holdfast.artifacts import ArtifactStore
from holdfast.catalogue.endpoints import Catalogue
from holdfast.contracts import TASK_QUEUE
from holdfast.cypher_step import CypherStepRunner
from holdfast.engines import engines_from
from holdfast.errors import HoldfastError, NoSnapshot, SettingsError, SnapshotDamaged
from holdfast.graph.snapshots import SnapshotStore
from holdfast.logs import configure_logs
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.query_worker import QueryPool
from holdfast.retention import prune_questions
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import Settings, load_settings
from holdfast.special.runner import SpecialStepRunner
from holdfast.sql.engine import SqlEngine
from holdfast.sql_step import SqlStepRunner
from holdfast.sync.tenant_sync import TenantSync
from starter.namespace import ensure_search_attributes, retention_of, retention_words
from workflows.query import QueryWorkflow
from workflows.scheduled import SavedQuestionWorkflow, ScheduledSyncWorkflow
from workflows.sync import SyncWorkflow

# Activities that run when the worker is asked to end may finish for so long; what does not is done again elsewhere.
GRACE = timedelta(seconds=5)
# After a killed worker, its questions wait this long for it before another worker takes them from their history.
STICKY_QUEUE_TIMEOUT = timedelta(seconds=5)
# A cancelled activity hears of it with a heartbeat's answer, and no later than within a second.
HEARTBEAT_THROTTLE = timedelta(seconds=0.25)
# What is kept for days is looked through so often.
_PRUNING_EVERY = timedelta(hours=1)
_QUESTIONS_THAT_RUN = f"WorkflowType = '{QueryWorkflow.__name__}' AND ExecutionStatus = 'Running'"

log = structlog.get_logger()


async def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Raises SettingsError where something needed is not set."""
    if settings.temporal.address is None:
        raise SettingsError("A worker needs HOLDFAST_TEMPORAL__ADDRESS; `holdfast up` starts one with it.")
    configure_logs(settings.data_dir / "logs" / "worker.log", settings.secrets)
    # Whose line it is stands in fields of its own; an event's name stays what it is called.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    client = await Client.connect(
        settings.temporal.address, namespace=settings.temporal.namespace, data_converter=pydantic_data_converter
    )
    await ensure_search_attributes(client)
    await _warn_of_short_retention(client, settings.keep_answers)
    snapshots = SnapshotStore(settings.data_dir / "graph")
    artifacts = ArtifactStore(settings.data_dir / "artifacts")
    pool = QueryPool(
        engine=settings.graph.engine,
        size=settings.graph.workers,
        timeout=settings.graph.query_timeout,
        memory_bytes=settings.graph.query_memory_bytes,
        max_rows=settings.graph.max_rows,
    )
    with suppress(NoSnapshot, SnapshotDamaged):
        # The first question should not wait for its process; one that cannot be answered is told why itself.
        pool.follow(snapshots.current())
    engines = engines_from(settings)
    planning = PlanningActivities(engines.planner, snapshots, settings)
    steps = StepActivities(CypherStepRunner(engines.writer, snapshots, pool, artifacts), settings.models)
    sql = SqlActivities(SqlStepRunner(engines.sql, SqlEngine.from_settings(settings.graph), artifacts), settings.models)
    formatting = FormattingActivities(engines.formatter, artifacts, settings.models)
    tenant = SharedTenant(lambda: OktaClient.from_settings(settings.okta))
    syncing = SyncActivities(TenantSync.from_settings(settings, tenant, snapshots))
    sandbox = Sandbox(processes=settings.api.sandboxes, memory_bytes=settings.api.sandbox_memory_bytes)
    stores = Stores(lambda id: snapshots.get(id).manifest.tenant, artifacts, settings.data_dir / "journals")
    programs = ProgramActivities(
        ProgramAuthor(engines.programs, sandbox, Catalogue.load()),
        ApiStepRunner(sandbox, tenant, stores, settings),
        settings.models,
    )
    special = SpecialActivities(SpecialStepRunner(snapshots, pool, tenant, stores, settings), settings.models)
    adopting = AdoptingActivities(snapshots, artifacts, settings.data_dir / "journals", settings)
    implemented: list[Callable[..., Any]] = [
        planning.plan_question,
        adopting.adopt_earlier,
        steps.run_cypher_step,
        sql.run_sql_step,
        special.run_special_step,
        programs.write_program,
        programs.run_program,
        formatting.format_answer,
        ComparingActivities(artifacts).compare_answers,
        *syncing.all(),
    ]
    pruning = asyncio.create_task(_prune_now_and_then(client, settings))
    try:
        async with sandbox, _working(client, implemented):
            await _asked_to_end()
    finally:
        pruning.cancel()
        await pool.close()
        await engines.close()


def _working(client: Client, activities: Sequence[Callable[..., Any]]) -> Worker:
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[QueryWorkflow, SyncWorkflow, SavedQuestionWorkflow, ScheduledSyncWorkflow],
        activities=activities,
        graceful_shutdown_timeout=GRACE,
        sticky_queue_schedule_to_start_timeout=STICKY_QUEUE_TIMEOUT,
        max_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
    )


async def _warn_of_short_retention(client: Client, wanted: timedelta) -> None:
    kept = await retention_of(client)
    if kept is not None and kept < wanted:
        log.warning("short_retention", reason=retention_words(kept, wanted))


async def _prune_now_and_then(client: Client, settings: Settings) -> None:
    while True:
        try:
            running = {question.id async for question in client.list_workflows(_QUESTIONS_THAT_RUN)}
            now = datetime.now(UTC)
            await asyncio.to_thread(prune_questions, settings.data_dir, settings.keep_answers, running, now)
        except (RPCError, OSError) as error:
            # Without knowing which questions run nothing may go; the next round asks again, and looks again.
            log.warning("pruning_put_off", reason=str(error))
        await asyncio.sleep(_PRUNING_EVERY.total_seconds())


async def _asked_to_end() -> None:
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()


def main() -> int:
    """Run until asked to end; the exit code is 0 then and 5 where something needed is missing."""
    try:
        asyncio.run(run_worker(load_settings()))
    except (HoldfastError, RuntimeError) as error:
        # The SDK says with a RuntimeError that the server cannot be reached.
        sys.stderr.write(f"{error}\n")
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
