"""Syncs and saved questions by Temporal's schedules, which are also where saved questions are kept."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowFailureError,
)
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from holdfast.contracts import TASK_QUEUE
from holdfast.errors import PermanentError, SettingsError
from holdfast.question import checked_text
from holdfast.schedule_contracts import SavedQuestion, SavedRun, ScheduledSync
from holdfast.sync_contracts import SyncMode
from starter.connection import Connection
from starter.questions import quoted
from workflows.scheduled import SavedQuestionWorkflow, ScheduledSyncWorkflow

# What was due while nothing ran is done once afterwards, if it is not older than this.
_CATCH_UP = timedelta(days=1)
_SHORTEST = timedelta(minutes=1)
_EVERY = re.compile(r"(\d{1,5})\s*(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
SYNC = "sync"


class ScheduleRefused(PermanentError):
    """A schedule cannot be as it was asked for; the message says what it may be."""


class UnknownSchedule(PermanentError):
    """There is no such schedule."""


@dataclass(frozen=True)
class When:
    """When something is due: `every` (`30m`, `6h`, `1d`) or `cron` (five fields), in a time zone."""

    every: str | None = None
    cron: str | None = None
    zone: str = "UTC"

    def spec(self) -> ScheduleSpec:
        """As Temporal reads it. Raises ScheduleRefused."""
        if (self.every is None) == (self.cron is None):
            raise ScheduleRefused("Say when: either every so often (30m, 6h, 1d) or by a cron expression.")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            # An OSError is a folder of zones, such as Europe.
            raise ScheduleRefused(f"{self.zone!r} is no time zone; write it like Europe/Berlin.") from error
        if self.cron is not None:
            if len(self.cron.split()) != 5:
                raise ScheduleRefused(f"{self.cron!r} is not a cron expression of five fields, like 0 6 * * 1-5.")
            return ScheduleSpec(cron_expressions=[self.cron], time_zone_name=self.zone)
        found = _EVERY.fullmatch(str(self.every).strip())
        if found is None or (pause := int(found[1]) * _UNITS[found[2]]) < _SHORTEST:
            raise ScheduleRefused(f"{self.every!r} is not a time like 30m, 6h or 1d; the shortest is 1m.")
        return ScheduleSpec(intervals=[ScheduleIntervalSpec(every=pause)])


@dataclass(frozen=True)
class Scheduled:
    """A schedule as people see it. `text` is the saved question, or what a sync does."""

    name: str
    owner: str
    text: str
    is_sync: bool
    when: str
    is_paused: bool
    note: str
    next_runs: tuple[datetime, ...]


@dataclass(frozen=True)
class Run:
    """A run of a saved question: what it found, or why it failed; neither while it runs."""

    workflow_id: str
    started: datetime
    found: SavedRun | None
    failure: str


async def save_question(connection: Connection, name: str, text: str, asker: str, when: When) -> None:
    """Ask `text` again and again. Raises ScheduleRefused, InvalidQuestion."""
    if not _NAME.fullmatch(name) or name == SYNC:
        raise ScheduleRefused(
            f"{name!r} cannot be the name of a saved question: small letters, digits and dashes, up to 60, and not "
            f"{SYNC!r}."
        )
    saved = SavedQuestion(name=name, text=checked_text(text), tenant=connection.tenant, asker=asker)
    action = ScheduleActionStartWorkflow(
        SavedQuestionWorkflow.run,
        saved,
        id=f"saved-{name}:{asker}",
        task_queue=TASK_QUEUE,
        static_summary=f"{name}: {saved.text[:150]}",
        memo={"asker": asker, "question": saved.text},
    )
    await _create(connection, _id(asker, name), action, when, {"name": name, "owner": asker, "text": saved.text})


async def schedule_sync(connection: Connection, mode: SyncMode, asker: str, when: When) -> None:
    """Sync the tenant again and again. Raises ScheduleRefused, SettingsError."""
    tenant = connection.tenant
    if not tenant:
        raise SettingsError("Which tenant should be synced is not known here: set HOLDFAST_OKTA__URL.")
    action = ScheduleActionStartWorkflow(
        ScheduledSyncWorkflow.run,
        ScheduledSync(tenant=tenant, mode=mode, asker=asker),
        id=f"scheduled-sync-{tenant.split('://')[-1]}",
        task_queue=TASK_QUEUE,
        static_summary=f"Sync {tenant} ({mode}), by schedule",
        memo={"asker": asker},
    )
    memo = {"name": SYNC, "owner": asker, "text": f"{mode} sync of {tenant}"}
    await _create(connection, _id("", SYNC), action, when, memo)


async def listed(connection: Connection, owner: str | None = None) -> AsyncIterator[Scheduled]:
    """Schedules of one owner and those of syncs, or everybody's."""
    async for each in await connection.client.list_schedules():
        seen = await _seen(each)
        if seen is not None and (owner is None or seen.owner == owner or seen.is_sync):
            yield seen


async def found(connection: Connection, owner: str, name: str) -> Scheduled:
    """One schedule. Raises UnknownSchedule."""
    with _known(name):
        seen = await _seen(await _handle(connection, owner, name).describe())
    if seen is None:
        raise _unknown(name)
    return seen


async def runs(connection: Connection, owner: str, name: str, limit: int) -> AsyncIterator[Run]:
    """The latest runs of a saved question first."""
    query = f"TemporalScheduledById = {quoted(_id(owner, name))} AND WorkflowType = '{SavedQuestionWorkflow.__name__}'"
    async for execution in connection.client.list_workflows(query, limit=limit):
        yield await _run(connection, execution)


async def pause(connection: Connection, owner: str, name: str, note: str) -> None:
    """Start nothing more until it is resumed. Raises UnknownSchedule."""
    with _known(name):
        await _handle(connection, owner, name).pause(note=note)


async def resume(connection: Connection, owner: str, name: str) -> None:
    """Go on with it. Raises UnknownSchedule."""
    with _known(name):
        await _handle(connection, owner, name).unpause()


async def run_now(connection: Connection, owner: str, name: str) -> None:
    """Do it once now, unless it is under way. Raises UnknownSchedule."""
    with _known(name):
        await _handle(connection, owner, name).trigger()


async def remove(connection: Connection, owner: str, name: str) -> None:
    """Forget it; what it started goes on, and its answers stay. Raises UnknownSchedule."""
    with _known(name):
        await _handle(connection, owner, name).delete()


async def _create(
    connection: Connection, schedule_id: str, action: ScheduleActionStartWorkflow, when: When, memo: dict[str, str]
) -> None:
    schedule = Schedule(
        action=action,
        spec=when.spec(),
        # What still waits for a review is not asked a second time beside it.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
    )
    words = f"every {when.every}" if when.every is not None else f"{when.cron} ({when.zone})"
    try:
        await connection.client.create_schedule(schedule_id, schedule, memo={**memo, "when": words})
    except ScheduleAlreadyRunningError as error:
        raise ScheduleRefused(
            f"There is a schedule {memo['name']!r} already. Remove it first, or name another."
        ) from error
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            raise ScheduleRefused(f"Temporal does not take this schedule: {error.message}.") from error
        raise


def _id(owner: str, name: str) -> str:
    """Of a sync there is one for all.

    A name has no colon, so no owner and name make the id of another's: `ada` with `b-c`, `ada-b` with `c`.
    """
    return f"holdfast-{SYNC}" if name == SYNC else f"holdfast-question-{name}:{owner}"


def _handle(connection: Connection, owner: str, name: str) -> ScheduleHandle:
    return connection.client.get_schedule_handle(_id(owner, name))


async def _seen(each: ScheduleDescription | ScheduleListDescription) -> Scheduled | None:
    """None for a schedule that is not ours, or was removed a moment ago."""
    memo = await each.memo()
    if each.schedule is None or each.info is None or "when" not in memo:
        return None
    return Scheduled(
        name=str(memo["name"]),
        owner=str(memo["owner"]),
        text=str(memo["text"]),
        is_sync=memo["name"] == SYNC,
        when=str(memo["when"]),
        is_paused=each.schedule.state.paused,
        note=each.schedule.state.note or "",
        next_runs=tuple(each.info.next_action_times),
    )


async def _run(connection: Connection, execution: WorkflowExecution) -> Run:
    if execution.status is WorkflowExecutionStatus.RUNNING:
        return Run(execution.id, execution.start_time, None, "")
    handle = connection.client.get_workflow_handle(execution.id, run_id=execution.run_id, result_type=SavedRun)
    try:
        return Run(execution.id, execution.start_time, await handle.result(), "")
    except WorkflowFailureError as error:
        cause = error.cause
        words = cause.message if isinstance(cause, FailureError) else str(cause)
        return Run(execution.id, execution.start_time, None, words)


@contextmanager
def _known(name: str) -> Iterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise _unknown(name) from error
        raise


def _unknown(name: str) -> UnknownSchedule:
    return UnknownSchedule(f"There is no schedule {name!r} of yours here. `holdfast schedule list` shows them.")
