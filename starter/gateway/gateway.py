"""What every route needs, composed once when the gateway starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from holdfast.artifacts import ArtifactStore
from holdfast.rows import RowViews
from starter.access.callers import Caller
from starter.access.recording import Record
from starter.connection import Connection
from starter.gateway.answers import Answers
from starter.gateway.export_files import ExportFiles
from starter.gateway.hub import Hub
from starter.gateway.metrics import Metrics
from starter.gateway.seen_views import SeenViews


class Access(Record, Protocol):
    """Who calls, what is shared with them, and the record of what they did."""

    async def caller_of(self, connection: HTTPConnection) -> Caller:
        """Who calls, proved by a key, a token or a session. Raises NotAuthenticated, NotAllowed (CSRF)."""
        ...

    async def is_shared(self, question_id: str, subject: str) -> bool:
        """Whether the question was shared with this person."""
        ...

    async def shared_with(self, subject: str) -> tuple[str, ...]:
        """The questions that were shared with this person, the latest first."""
        ...

    async def keep_in_sight(self, question_id: str, reviewer: Caller) -> None:
        """Let a reviewer go on seeing the question that they decided on."""
        ...

    async def admit_question(self, caller: Caller) -> None:
        """Count a question that the caller starts. Raises TooManyRequests."""
        ...


@dataclass(frozen=True)
class Gateway:
    """The parts behind the routes."""

    connection: Connection
    access: Access
    artifacts: ArtifactStore
    metrics: Metrics = field(default_factory=Metrics)

    @cached_property
    def answers(self) -> Answers:
        """How questions ended."""
        return Answers(self.connection)

    @cached_property
    def hub(self) -> Hub:
        """Who watches which question."""
        hub = Hub(self.connection, self.artifacts)
        self.metrics.viewers.set_function(lambda: hub.viewers)
        self.metrics.subscriptions.set_function(lambda: hub.followed)
        return hub

    @cached_property
    def rows(self) -> RowViews:
        """Rows of answers and steps, in any order."""
        return RowViews(self.artifacts, self.connection.settings.data_dir / "cache" / "rows")

    @cached_property
    def export_files(self) -> ExportFiles:
        """Rows as files."""
        return ExportFiles(self.connection.settings.data_dir / "cache" / "exports")

    @cached_property
    def seen_views(self) -> SeenViews:
        """What of them is in the audit record."""
        return SeenViews()


def _gateway(connection: HTTPConnection) -> Gateway:
    gateway: Gateway = connection.app.state.gateway
    return gateway


# The parameter of a route that gets the parts.
Parts = Annotated[Gateway, Depends(_gateway)]
