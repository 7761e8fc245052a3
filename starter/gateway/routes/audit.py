"""The audit record, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from starter.access.audit import Entry, Wanted
from starter.access.callers import Action, Caller
from starter.access.texts import Moment
from starter.gateway.permissions import allowed
from starter.gateway.stored_access import Stored

router = APIRouter(prefix="/api/audit", tags=["audit"])

_MOST = 1_000
Text = Annotated[str | None, Query(max_length=200)]


class AuditPage(BaseModel):
    """Entries, the latest first; `next` is what `before` of the next page is, null where this is the last."""

    model_config = ConfigDict(frozen=True)
    entries: tuple[Entry, ...]
    next: int | None


@router.get("")
async def read_audit(
    caller: Annotated[Caller, Depends(allowed(Action.READ_AUDIT))],
    stored: Stored,
    since: Moment | None = None,
    subject: Text = None,
    action: Text = None,
    target: Text = None,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
) -> AuditPage:
    """Entries, the latest first. That it was read is recorded too, once for a first page."""
    wanted = Wanted(since, subject, action, target, before)
    if before is None:
        filters = {"since": since, "subject": subject, "action": action, "target": target}
        said = {name: value for name, value in filters.items() if value is not None}
        await stored.record(caller, "read-audit", "audit", **said)
    found = await stored.audit.page(wanted, limit + 1)
    shown = found[:limit]
    return AuditPage(entries=tuple(shown), next=shown[-1].id if len(found) > limit else None)
