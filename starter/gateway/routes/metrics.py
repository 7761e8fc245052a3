"""The gateway's figures for Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse

from starter.access.callers import Action, Caller
from starter.gateway.gateway import Parts
from starter.gateway.permissions import allowed

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(_: Annotated[Caller, Depends(allowed(Action.READ_METRICS))], parts: Parts) -> PlainTextResponse:
    """How many requests, how long they took, who watches."""
    return PlainTextResponse(parts.metrics.text(), media_type="text/plain; version=0.0.4")
