"""The gateway as an ASGI application."""

from __future__ import annotations

from fastapi import FastAPI

from starter.gateway.bodies import Bodies
from starter.gateway.description import Application, operation_id
from starter.gateway.gateway import Gateway
from starter.gateway.hosts import Hosts
from starter.gateway.problems import PROBLEMS, Unforeseen, answer_problems
from starter.gateway.requests import Requests
from starter.gateway.routes import ROUTERS

API_VERSION = "1"

_DESCRIPTION = """Ask questions of an identity tenant, watch and steer them, read and export their answers.

Every call proves who calls: `Authorization: Bearer <key or token>`, or the page's session cookie. Errors are problem
details (RFC 9457)."""


def create_app(gateway: Gateway, *, max_body_bytes: int) -> FastAPI:
    """The application over these parts. Whoever serves it closes the parts."""
    app = Application(
        title="Holdfast",
        version=API_VERSION,
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        # Their pages load scripts from another host.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
        responses=PROBLEMS,
    )
    app.state.gateway = gateway
    answer_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Bodies, max_bytes=max_body_bytes)
    app.add_middleware(Unforeseen)
    app.add_middleware(Hosts, public_url=gateway.connection.settings.gateway.public_url)
    app.add_middleware(Requests, metrics=gateway.metrics)
    return app
