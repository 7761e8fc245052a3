"""Single-use tickets for WebSockets, which carry neither a header nor, safely, a cookie."""

from __future__ import annotations

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict

from starter.access.passes import PassKind
from starter.access.stored import TICKET_LIFETIME
from starter.gateway.permissions import CurrentCaller
from starter.gateway.stored_access import Stored

router = APIRouter(prefix="/api/tickets", tags=["session"])


class Ticket(BaseModel):
    """To be sent as the parameter `ticket` of one WebSocket, soon."""

    model_config = ConfigDict(frozen=True)
    ticket: str
    expires_in_s: int


@router.post("", status_code=status.HTTP_201_CREATED)
async def ticket(caller: CurrentCaller, stored: Stored) -> Ticket:
    """A ticket for one WebSocket of this caller."""
    issued = await stored.passes.issue(PassKind.TICKET, caller, TICKET_LIFETIME)
    return Ticket(ticket=issued, expires_in_s=int(TICKET_LIFETIME.total_seconds()))
