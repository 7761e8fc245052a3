"""Syncs: the one that runs, those that ended, and starting or ending one."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, status
from pydantic import BaseModel, ConfigDict

from holdfast.sync.history import SyncHistory
from holdfast.sync_contracts import SyncMode, SyncProgress, SyncRecord
from starter import syncs
from starter.access.callers import Action, Caller
from starter.access.recording import recorded
from starter.gateway.gateway import Parts
from starter.gateway.permissions import allowed

router = APIRouter(prefix="/api/syncs", tags=["syncs"])

Seer = Annotated[Caller, Depends(allowed(Action.SEE_SYNCS))]
Starter = Annotated[Caller, Depends(allowed(Action.SYNC))]


class NewSync(BaseModel):
    """A sync to start."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mode: SyncMode = "full"


class SyncStarted(BaseModel):
    """A sync runs. `is_new` is false where one ran already: there is never a second one."""

    model_config = ConfigDict(frozen=True)
    workflow_id: str
    is_new: bool
    temporal_url: str | None


class SyncList(BaseModel):
    """Syncs that ended, the latest first."""

    model_config = ConfigDict(frozen=True)
    syncs: tuple[SyncRecord, ...]


class CurrentSync(BaseModel):
    """The sync that runs, if one does.

    `progress` is None also while no worker tells; `trouble` is what keeps failing and is tried again.
    """

    model_config = ConfigDict(frozen=True)
    is_running: bool
    progress: SyncProgress | None
    trouble: str


@router.get("")
async def list_syncs(_: Seer, parts: Parts) -> SyncList:
    """Syncs that ended."""
    folder = parts.connection.settings.data_dir / "sync"
    records = await asyncio.to_thread(SyncHistory(folder).entries)
    return SyncList(syncs=tuple(records[::-1]))


@router.post("", status_code=status.HTTP_202_ACCEPTED)
async def start_sync(new: NewSync, caller: Starter, parts: Parts) -> SyncStarted:
    """Read the tenant into a new snapshot, which is published when it is whole."""
    async with recorded(parts.access, caller, "sync", parts.connection.tenant, mode=new.mode):
        workflow_id, is_new = await syncs.start(parts.connection, new.mode, asker=caller.subject)
    return SyncStarted(workflow_id=workflow_id, is_new=is_new, temporal_url=parts.connection.link(workflow_id))


@router.get("/current")
async def current_sync(_: Seer, parts: Parts) -> CurrentSync:
    """How far the sync is that runs."""
    is_running, progress, trouble = await syncs.current(parts.connection)
    return CurrentSync(is_running=is_running, progress=progress, trouble=trouble)


@router.delete("/current", status_code=status.HTTP_202_ACCEPTED)
async def cancel_sync(caller: Starter, parts: Parts) -> CurrentSync:
    """End the sync that runs; nothing is changed."""
    async with recorded(parts.access, caller, "cancel-sync", parts.connection.tenant):
        await syncs.cancel(parts.connection)
    return await current_sync(caller, parts)
