"""The SQL writer that asks a model; the guard judges each query while the model can still mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from holdfast.answer import Generated
from holdfast.contracts import StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.models.calls import ModelCalls, Role, Task
from holdfast.models.context import rows_context
from holdfast.models.untrusted import said
from holdfast.offline.sql_shapes import SqlParameters
from holdfast.spending import Ledger
from holdfast.sql.guard import guarded
from holdfast.sql.vocabulary import FUNCTIONS
from holdfast.sql_writer import SqlWriter, columns_of, tables_of

log = structlog.get_logger()


# A model thinks as it writes, so how the query finds what is asked comes first. It reads the docstring, too.
class WrittenSql(BaseModel):
    """The query of your step."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    explanation: str
    query: str


# What the engine says before it reads a row is about the query alone; a conversion that fails quotes a cell.
_BEFORE_ANY_ROW = re.compile(r"The query cannot run: (?:Binder|Parser|Catalog) Error:")
_KEPT_BACK = "It cannot run over these rows: convert, compare and divide more carefully."


class ModelSqlWriter:
    """Implements `holdfast.sql_writer.SqlWriter`.

    Each call asks a model at most twice: a query that the guard refuses goes back once with its sentence. A step calls
    it at most twice (`holdfast.sql_step.MAX_ATTEMPTS`), so that a step asks each configured model at most four times.
    """

    def __init__(self, calls: ModelCalls, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._calls = calls
        self._clock = clock

    async def write(self, request: StepRequest, ledger: Ledger, refused: Sequence[RefusedQuery] = ()) -> Generated:
        """A query that the guard allows."""
        tables = tables_of(request)

        def see_that_it_only_reads(written: WrittenSql) -> None:
            guarded(written.query, columns_of(tables))

        asked_of = request.model_copy(update={"earlier": tuple(tables.values())})
        context = rows_context(asked_of, functions_text(), self._clock(), refused)
        task = Task(agent="sql_writer", context=context, output=WrittenSql, check=see_that_it_only_reads)
        asked = await self._calls.ask(Role.CODING, task, ledger)
        log.info(
            "query_explained",
            correlation_id=request.correlation_id,
            step=request.step.id,
            explanation=said(asked.output.explanation),
        )
        return Generated(language="sql", text=asked.output.query, author=asked.author)


class SqlWriterWithoutRows:
    """Keeps every row from the writer behind it: of earlier steps it sees the columns and their number of rows."""

    def __init__(self, writer: SqlWriter) -> None:
        self._writer = writer

    async def write(self, request: StepRequest, ledger: Ledger, refused: Sequence[RefusedQuery] = ()) -> Generated:
        """See `holdfast.sql_writer.SqlWriter`."""
        earlier = tuple(step.model_copy(update={"samples": ()}) for step in request.earlier)
        told = [
            query if _BEFORE_ANY_ROW.match(query.reason) else replace(query, reason=_KEPT_BACK) for query in refused
        ]
        return await self._writer.write(request.model_copy(update={"earlier": earlier}), ledger, told)


class SqlWriterByStep:
    """A step whose meaning is data is compiled by rules, also where models are named; a model writes the others."""

    def __init__(self, model: SqlWriter, offline: SqlWriter) -> None:
        self._model = model
        self._offline = offline

    async def write(self, request: StepRequest, ledger: Ledger, refused: Sequence[RefusedQuery] = ()) -> Generated:
        """See `holdfast.sql_writer.SqlWriter`."""
        writer = self._offline if _has_a_meaning(request) else self._model
        return await writer.write(request, ledger, refused)


@cache
def functions_text() -> str:
    """The functions that the guard allows."""
    return f"Functions: {' '.join(sorted(FUNCTIONS))}"


def _has_a_meaning(request: StepRequest) -> bool:
    try:
        SqlParameters.model_validate(request.step.parameters)
    except ValidationError:
        return False
    return True
