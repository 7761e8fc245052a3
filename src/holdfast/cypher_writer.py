"""How a step of a plan becomes a Cypher query, whoever writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from holdfast.answer import Generated
from holdfast.contracts import StepRequest
from holdfast.graph.schema import GraphSchema


class CypherWriter(Protocol):
    """Writes one read-only query; the guard judges it before it runs."""

    async def write(self, request: StepRequest, schema: GraphSchema, refusals: Sequence[str] = ()) -> Generated:
        """The query of a step. `refusals` are the reasons why earlier attempts at it were not run."""
        ...
