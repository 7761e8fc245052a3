"""The Cypher writer that asks a model; the guard judges each query while the model can still mend it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from pydantic import BaseModel, ConfigDict

from holdfast.answer import Generated
from holdfast.contracts import StepRequest
from holdfast.cypher_writer import CypherWriter, RefusedQuery
from holdfast.graph.guard import guarded
from holdfast.graph.schema import GraphSchema
from holdfast.graph.snapshots import SnapshotStore
from holdfast.models.calls import ModelCalls, Role, Task
from holdfast.models.context import words_of, writing_context
from holdfast.models.near_words import TenantLexicon
from holdfast.models.untrusted import said
from holdfast.spending import Ledger

log = structlog.get_logger()


# A model thinks as it writes, so how the query finds what is asked comes first. It reads the docstring, too.
class WrittenQuery(BaseModel):
    """The query of your step."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    explanation: str
    query: str


# What the engine says before it reads a row is about the query alone; a conversion that fails quotes a cell.
_BEFORE_ANY_ROW = re.compile(r"The query cannot run: (?:Binder|Parser|Catalog) exception:")
_KEPT_BACK = "It cannot run over these rows: convert, compare and divide more carefully."


class ModelCypherWriter:
    """Implements `holdfast.cypher_writer.CypherWriter`.

    Each call asks a model at most twice: a query that the guard refuses goes back once with its sentence. A step calls
    it at most twice (`holdfast.cypher_step.MAX_ATTEMPTS`: once more after the engine failed), so that a step asks
    each configured model at most four times.
    """

    def __init__(
        self,
        calls: ModelCalls,
        lexicon: TenantLexicon,
        snapshots: SnapshotStore,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calls = calls
        self._lexicon = lexicon
        self._snapshots = snapshots
        self._clock = clock

    async def write(
        self, request: StepRequest, schema: GraphSchema, ledger: Ledger, refused: Sequence[RefusedQuery] = ()
    ) -> Generated:
        """A query that the guard allows. Raises NoSnapshot, SnapshotDamaged besides what models raise."""

        def see_that_it_only_reads(written: WrittenQuery) -> None:
            guarded(written.query, schema)

        snapshot = self._snapshots.get(request.snapshot.id)
        words = await asyncio.to_thread(self._lexicon.near, words_of(request), snapshot)
        context = writing_context(request, schema, words, self._clock(), refused)
        task = Task(agent="cypher_writer", context=context, output=WrittenQuery, check=see_that_it_only_reads)
        asked = await self._calls.ask(Role.CODING, task, ledger)
        log.info(
            "query_explained",
            correlation_id=request.correlation_id,
            step=request.step.id,
            explanation=said(asked.output.explanation),
        )
        return Generated(language="cypher", text=asked.output.query, author=asked.author)


class WriterWithoutRows:
    """Keeps every row from the writer behind it: of earlier steps it sees the columns and their number of rows."""

    def __init__(self, writer: CypherWriter) -> None:
        self._writer = writer

    async def write(
        self, request: StepRequest, schema: GraphSchema, ledger: Ledger, refused: Sequence[RefusedQuery] = ()
    ) -> Generated:
        """See `holdfast.cypher_writer.CypherWriter`."""
        earlier = tuple(step.model_copy(update={"samples": ()}) for step in request.earlier)
        told = [query if _is_about_the_query(query) else replace(query, reason=_KEPT_BACK) for query in refused]
        return await self._writer.write(request.model_copy(update={"earlier": earlier}), schema, ledger, told)


def _is_about_the_query(refused: RefusedQuery) -> bool:
    # A cell may hold these very words, but not before the engine has said what went wrong.
    return _BEFORE_ANY_ROW.match(refused.reason) is not None
