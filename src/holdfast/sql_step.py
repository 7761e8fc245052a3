"""One step over the rows of earlier steps: write a query, guard it, run it, keep its rows."""

from __future__ import annotations

import asyncio

import structlog

from holdfast.answer import Generated, StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import StepRequest
from holdfast.cypher_writer import RefusedQuery, edited_query
from holdfast.disposable.owner import QueryRows
from holdfast.effort import Stopwatch
from holdfast.errors import QueryFailed, QueryRefused
from holdfast.samples import whole_samples
from holdfast.spending import Ledger
from holdfast.sql.engine import SqlEngine
from holdfast.sql.guard import guarded
from holdfast.sql_writer import SqlWriter, columns_of, tables_of

log = structlog.get_logger()

# A writer is told once why its query was refused or failed and may write another; a second time ends the step.
MAX_ATTEMPTS = 2


class SqlStepRunner:
    """Runs steps of kind `sql`. What earlier steps could not know they have said themselves, as gaps of their own."""

    def __init__(self, writer: SqlWriter, engine: SqlEngine, artifacts: ArtifactStore) -> None:
        self._writer = writer
        self._engine = engine
        self._artifacts = artifacts

    async def run(self, request: StepRequest, ledger: Ledger) -> StepResult:
        """The step's rows by reference, with samples.

        Raises QueryRefused, QueryFailed, QueryWorkerDied, ArtifactMissing, StorageFull, and what the writer raises.
        """
        watch = Stopwatch()
        generated, rows = await self._found(request, ledger)
        key = f"{request.correlation_id}/{request.step.id}"
        ref = await asyncio.to_thread(self._artifacts.write, key, rows.frame)
        result = StepResult(
            step_id=request.step.id,
            rows=ref,
            samples=whole_samples(rows.frame),
            generated=generated,
            effort=watch.effort(ledger.usage, peak_memory_bytes=rows.peak_memory_bytes),
        )
        log.info(
            "step", correlation_id=request.correlation_id, step=request.step.id, result=result.model_dump(mode="json")
        )
        return result

    async def _found(self, request: StepRequest, ledger: Ledger) -> tuple[Generated, QueryRows]:
        tables = tables_of(request)
        files = {name: self._artifacts.path(earlier.rows) for name, earlier in tables.items()}
        refused: list[RefusedQuery] = []
        edited = edited_query(request, "sql")
        while True:
            generated = edited or await self._writer.write(request, ledger, refused)
            log.info("query", correlation_id=request.correlation_id, step=request.step.id, query=generated.model_dump())
            try:
                query = guarded(generated.text, columns_of(tables))
                return generated, await self._engine.run(files, query)
            except (QueryRefused, QueryFailed) as refusal:
                refused.append(RefusedQuery(generated.text, str(refusal)))
                # What a person wrote is not replaced behind their back.
                if edited is not None or len(refused) == MAX_ATTEMPTS:
                    raise
