"""A gateway as tests need it: on a port of loopback, with callers that a test names itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from holdfast.artifacts import ArtifactStore
from starter.access.callers import Caller, Role
from starter.access.refusals import NotAuthenticated
from starter.connection import Connection
from starter.gateway.app import create_app
from starter.gateway.connections import BoundedConnection
from starter.gateway.gateway import Access, Gateway
from starter.ports import LOOPBACK, free_port

# The header that names the caller of a test's request.
CALLER = "X-Test-Caller"

ADA = Caller("ada", "Ada", frozenset({Role.ASKER}), "key:ada")
BOB = Caller("bob", "Bob", frozenset({Role.ASKER}), "key:bob")
RHEA = Caller("rhea", "Rhea", frozenset({Role.REVIEWER}), "key:rhea")
ADMIN = Caller("admin", "Admin", frozenset({Role.ADMINISTRATOR}), "key:admin")


@dataclass
class NamedCallers:
    """An `Access` that believes the header of a test."""

    callers: Mapping[str, Caller] = field(default_factory=lambda: {c.subject: c for c in (ADA, BOB, RHEA, ADMIN)})
    shared: set[tuple[str, str]] = field(default_factory=set)
    recorded: list[tuple[str, str, str, dict[str, object]]] = field(default_factory=list)

    async def caller_of(self, connection: HTTPConnection) -> Caller:
        """The caller that the header names."""
        try:
            return self.callers[connection.headers[CALLER]]
        except KeyError:
            raise NotAuthenticated("Nobody is named.") from None

    async def is_shared(self, question_id: str, subject: str) -> bool:
        """Whether the test said so."""
        return (question_id, subject) in self.shared

    async def shared_with(self, subject: str) -> tuple[str, ...]:
        """What the test said."""
        return tuple(question_id for question_id, whom in self.shared if whom == subject)

    async def keep_in_sight(self, question_id: str, reviewer: Caller) -> None:
        """As if it were shared."""
        self.shared.add((question_id, reviewer.subject))

    async def admit_question(self, caller: Caller) -> None:
        """As many as a test wants."""

    async def record(self, caller: Caller, action: str, target: str, /, **detail: object) -> None:
        """Keep it for the test to look at."""
        self.recorded.append((caller.subject, action, target, detail))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to pytest."""
        yield


@asynccontextmanager
async def serving(
    connection: Connection, artifacts: Path, access: Access | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that serves on loopback, and a client of it that calls as Ada until told otherwise."""
    gateway = Gateway(connection, access or NamedCallers(), ArtifactStore(artifacts))
    async with serving_app(create_app(gateway, max_body_bytes=1 << 20)) as client:
        client.headers[CALLER] = ADA.subject
        yield client


@asynccontextmanager
async def serving_app(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The app on loopback, and a client of it."""
    port = free_port()
    server = _Server(
        uvicorn.Config(app, host=LOOPBACK, port=port, log_config=None, lifespan="on", http=BoundedConnection)
    )
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        await task
