"""Whether the gateway lives, and whether it can serve."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from holdfast.errors import StackNotRunning
from starter.gateway.gateway import Parts

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """It does."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """The process lives."""
    return Health()


@router.get("/readyz")
async def readyz(parts: Parts) -> Health:
    """Temporal answers, so questions can be asked and watched."""
    if not await parts.connection.client.service_client.check_health():
        raise StackNotRunning("Temporal does not serve at the moment.")
    return Health()
