"""What is asked about: the tenant, how fresh its snapshot is, and what could be asked."""

from __future__ import annotations

import asyncio
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from holdfast.errors import NoSnapshot, SnapshotDamaged
from holdfast.graph.snapshots import SnapshotStore
from starter.examples import EXAMPLES
from starter.gateway.gateway import Parts
from starter.gateway.permissions import CurrentCaller

router = APIRouter(prefix="/api/tenant", tags=["tenant"])


class TenantView(BaseModel):
    """`last_sync` is when the published snapshot was read; None where there is none, and `trouble` says why."""

    model_config = ConfigDict(frozen=True)
    # Empty where only the worker knows it.
    tenant: str
    last_sync: datetime | None
    trouble: str
    temporal_ui_url: str | None
    examples: tuple[str, ...]


@router.get("")
async def tenant(_: CurrentCaller, parts: Parts) -> TenantView:
    """The tenant, its snapshot, and examples of questions."""
    snapshots = SnapshotStore(parts.connection.settings.data_dir / "graph")
    last_sync, trouble = None, ""
    try:
        last_sync = (await asyncio.to_thread(snapshots.current)).ref.synced_at
    except (NoSnapshot, SnapshotDamaged) as error:
        trouble = str(error)
    return TenantView(
        tenant=parts.connection.tenant,
        last_sync=last_sync,
        trouble=trouble,
        temporal_ui_url=parts.connection.ui_url,
        examples=EXAMPLES,
    )
