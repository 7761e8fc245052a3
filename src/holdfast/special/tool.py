"""What a special tool is, and what it may use while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from holdfast.sandbox.interface import RefusalKind


class Parameters(BaseModel):
    """What a plan gives a tool. Each field's description says what it may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(BaseModel):
    """A row that a tool finds. Fields are text, whole numbers, numbers, flags, moments (UTC), or lists of text."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Unread(Exception):
    """The tenant did not tell; `reason` belongs into a row, since unknown is never none.

    A tool that cannot do without lets it pass: the step then fails with the reason.
    """

    def __init__(self, kind: RefusalKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class ToolContext(Protocol):
    """What a tool may use. Everything that it learns from elsewhere would not survive a crash."""

    @property
    def now(self) -> datetime:
        """The moment the step began, in UTC; the same in every attempt."""
        ...

    @property
    def synced_at(self) -> datetime:
        """When the sync of the snapshot ended, in UTC."""
        ...

    async def ask(self, cypher: str) -> list[dict[str, Any]]:
        """Rows of a guarded query over the question's snapshot. Write values with `cypher_text`.

        Raises QueryRefused, QueryFailed.
        """
        ...

    async def read(self, endpoint: str, *path: str, **query: str | int | bool) -> Any:
        """A record or a whole list from the live tenant, by an endpoint that the tool names; asked once, ever.

        `path` are the values of its path, `query` its parameters. Raises Unread, and ToolRefused where the budget of
        unasked calls is used up.
        """
        ...

    async def find(self, endpoint: str, *path: str) -> Any | None:
        """The same, where that there is no such thing is an answer: None. Raises Unread for another reason."""
        ...

    def note(self, sentence: str) -> None:
        """Something that a reader of the rows should know besides."""
        ...


P = TypeVar("P", bound=Parameters)
R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class SpecialTool(Generic[P, R]):
    """A tool: what it promises in one sentence, what it takes and gives, and the endpoints it may read.

    `run` raises ToolRefused where the parameters do not say whom or what is meant.
    """

    name: str
    promise: str
    parameters: type[P]
    row: type[R]
    run: Callable[[P, ToolContext], Awaitable[Sequence[R]]]
    endpoints: tuple[str, ...] = ()


def cypher_text(value: str) -> str:
    """A text as it stands in a query."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
