"""How a step of a plan becomes a Cypher query, whoever writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from holdfast.answer import Generated
from holdfast.contracts import StepRequest
from holdfast.graph.schema import GraphSchema
from holdfast.spending import Ledger


@dataclass(frozen=True)
class RefusedQuery:
    """An attempt that was not run, or failed, and why."""

    text: str
    reason: str


class CypherWriter(Protocol):
    """Writes one read-only query; the guard judges it before it runs."""

    async def write(
        self, request: StepRequest, schema: GraphSchema, ledger: Ledger, refused: Sequence[RefusedQuery] = ()
    ) -> Generated:
        """The query of a step. `refused` are the earlier attempts at it.

        Raises QueryRefused where the step says too little to write one, ModelOutputRejected, ModelRefused,
        ModelBudgetSpent, ModelUnavailable.
        """
        ...


def edited_query(request: StepRequest, language: Literal["cypher", "sql"]) -> Generated | None:
    """What a person wrote in place of a writer, if somebody did; the guard judges it like any other."""
    if request.edited is None:
        return None
    return Generated(language=language, text=request.edited.text, author=request.edited.author)
