"""What can be called, one module for each kind of thing."""

from __future__ import annotations

from fastapi import APIRouter

from starter.gateway.routes import (
    audit,
    events,
    exports,
    health,
    hybrid,
    keys,
    metrics,
    page,
    questions,
    reruns,
    rows,
    schedules,
    sessions,
    shares,
    steering,
    syncs,
    tenant,
    tickets,
)

# The page comes last: it answers for every address that is nobody else's.
ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    metrics.router,
    questions.router,
    schedules.router,
    events.router,
    hybrid.router,
    steering.router,
    reruns.router,
    rows.router,
    exports.router,
    syncs.router,
    tenant.router,
    sessions.router,
    tickets.router,
    shares.router,
    keys.router,
    audit.router,
    page.router,
)
