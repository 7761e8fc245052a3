"""Schedules: syncs and saved questions, again and again, and what each run found to be different."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, status
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from holdfast.answer import MAX_QUESTION_CHARACTERS, Header
from holdfast.artifacts import ArtifactStore
from holdfast.records import json_records
from holdfast.schedule_contracts import Difference
from holdfast.sync_contracts import SyncMode
from starter import schedules
from starter.access.callers import Action, Caller, may
from starter.access.recording import recorded
from starter.access.refusals import NotAllowed
from starter.gateway.gateway import Parts
from starter.gateway.permissions import allowed
from starter.schedules import SYNC, Run, Scheduled, UnknownSchedule, When

router = APIRouter(prefix="/api/schedules", tags=["schedules"])

Scheduler = Annotated[Caller, Depends(allowed(Action.SCHEDULE))]
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$", description="Its name; `sync` is the tenant's")]

# Rows of a difference that are shown, and runs that are looked through for it.
_MOST_ROWS = 1_000
_MOST_RUNS = 100


class Times(BaseModel):
    """When something is due: `every` (30m, 6h, 1d) or `cron` (five fields) in the time zone `zone`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    every: str | None = Field(None, max_length=20)
    cron: str | None = Field(None, max_length=100)
    zone: str = Field("UTC", max_length=60)

    def when(self) -> When:
        """As schedules take it."""
        return When(self.every, self.cron, self.zone)


class NewSavedQuestion(BaseModel):
    """A question to ask again and again."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS)
    times: Times


class NewScheduledSync(BaseModel):
    """Syncs to start again and again."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mode: SyncMode = "full"
    times: Times


class ScheduleList(BaseModel):
    """The caller's saved questions and the tenant's syncs."""

    model_config = ConfigDict(frozen=True)
    schedules: tuple[Scheduled, ...]


class RunList(BaseModel):
    """The latest runs first."""

    model_config = ConfigDict(frozen=True)
    runs: tuple[Run, ...]


class DifferenceRows(BaseModel):
    """The first rows of a difference, of `total`."""

    model_config = ConfigDict(frozen=True)
    headers: tuple[Header, ...]
    rows: tuple[dict[str, JsonValue], ...]
    total: int


@router.get("")
async def list_schedules(caller: Scheduler, parts: Parts) -> ScheduleList:
    """The caller's saved questions, and the tenant's syncs."""
    found = [each async for each in schedules.listed(parts.connection, caller.subject)]
    return ScheduleList(schedules=tuple(sorted(found, key=lambda each: each.name)))


@router.put("/sync", status_code=status.HTTP_201_CREATED)
async def schedule_sync(
    new: NewScheduledSync, caller: Annotated[Caller, Depends(allowed(Action.SYNC))], parts: Parts
) -> Scheduled:
    """Sync the tenant again and again."""
    async with recorded(parts.access, caller, "schedule", SYNC, **new.model_dump(mode="json")):
        await schedules.schedule_sync(parts.connection, new.mode, caller.subject, new.times.when())
    return await schedules.found(parts.connection, caller.subject, SYNC)


@router.put("/{name}", status_code=status.HTTP_201_CREATED)
async def save_question(name: Name, new: NewSavedQuestion, caller: Scheduler, parts: Parts) -> Scheduled:
    """Save a question, and ask it again and again."""
    async with recorded(parts.access, caller, "schedule", name, **new.model_dump(mode="json")):
        await schedules.save_question(parts.connection, name, new.text, caller.subject, new.times.when())
    return await schedules.found(parts.connection, caller.subject, name)


@router.get("/{name}/runs")
async def runs(
    name: Name, caller: Scheduler, parts: Parts, limit: Annotated[int, Query(ge=1, le=_MOST_RUNS)] = 20
) -> RunList:
    """The latest runs of a saved question."""
    await schedules.found(parts.connection, caller.subject, name)
    found = [each async for each in schedules.runs(parts.connection, caller.subject, name, limit)]
    return RunList(runs=tuple(found))


@router.get("/{name}/runs/{question_id}/difference")
async def difference(name: Name, question_id: str, caller: Scheduler, parts: Parts) -> DifferenceRows:
    """What one of the latest runs found to be different."""
    async for each in schedules.runs(parts.connection, caller.subject, name, _MOST_RUNS):
        if each.found is not None and each.found.question_id == question_id and each.found.difference is not None:
            await parts.access.record(caller, "see-rows", question_id, difference=True)
            return await asyncio.to_thread(_first_rows, each.found.difference, parts.artifacts)
    raise UnknownSchedule(f"The latest runs of {name!r} have no difference of {question_id!r}.")


def _first_rows(seen: Difference, artifacts: ArtifactStore) -> DifferenceRows:
    if seen.rows is None:
        return DifferenceRows(headers=(), rows=(), total=0)
    records = json_records(artifacts.scan(seen.rows).head(_MOST_ROWS).collect())
    return DifferenceRows(headers=seen.headers, rows=tuple(records), total=seen.rows.row_count)


@router.post("/{name}/pause", status_code=status.HTTP_202_ACCEPTED)
async def pause(name: Name, caller: Scheduler, parts: Parts) -> Scheduled:
    """Start nothing more until it is resumed."""
    _see_that_may_change(caller, name)
    async with recorded(parts.access, caller, "pause-schedule", name):
        await schedules.pause(parts.connection, caller.subject, name, f"paused by {caller.subject}")
    return await schedules.found(parts.connection, caller.subject, name)


@router.post("/{name}/resume", status_code=status.HTTP_202_ACCEPTED)
async def resume(name: Name, caller: Scheduler, parts: Parts) -> Scheduled:
    """Go on with it."""
    _see_that_may_change(caller, name)
    async with recorded(parts.access, caller, "resume-schedule", name):
        await schedules.resume(parts.connection, caller.subject, name)
    return await schedules.found(parts.connection, caller.subject, name)


@router.post("/{name}/run", status_code=status.HTTP_202_ACCEPTED)
async def run_now(name: Name, caller: Scheduler, parts: Parts) -> Scheduled:
    """Do it once now, unless it is under way."""
    _see_that_may_change(caller, name)
    async with recorded(parts.access, caller, "run-schedule", name):
        await schedules.run_now(parts.connection, caller.subject, name)
    return await schedules.found(parts.connection, caller.subject, name)


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT)
async def remove(name: Name, caller: Scheduler, parts: Parts) -> None:
    """Forget it; what it started goes on, and its answers stay."""
    _see_that_may_change(caller, name)
    async with recorded(parts.access, caller, "remove-schedule", name):
        await schedules.remove(parts.connection, caller.subject, name)


def _see_that_may_change(caller: Caller, name: str) -> None:
    if name == SYNC and not may(caller, Action.SYNC):
        raise NotAllowed("Your role or your key does not allow to sync, so not to change when it is done.")
