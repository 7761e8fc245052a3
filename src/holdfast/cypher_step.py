"""One step against the stored snapshot: write a query, guard it, run it, keep its rows."""

from __future__ import annotations

import asyncio

import structlog

from holdfast.answer import Generated, StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import StepRequest
from holdfast.cypher_writer import CypherWriter, RefusedQuery, edited_query
from holdfast.disposable.owner import QueryRows
from holdfast.effort import Stopwatch
from holdfast.errors import QueryFailed, QueryRefused
from holdfast.graph.coverage import gaps
from holdfast.graph.guard import GuardedQuery, guarded
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.query_worker import QueryPool
from holdfast.samples import whole_samples
from holdfast.spending import Ledger

log = structlog.get_logger()

# A writer is told once why its query was refused or failed and may write another; a second time ends the step.
MAX_ATTEMPTS = 2


class CypherStepRunner:
    """Runs steps of kind `cypher`, each on the snapshot that its question is pinned to."""

    def __init__(
        self, writer: CypherWriter, snapshots: SnapshotStore, pool: QueryPool, artifacts: ArtifactStore
    ) -> None:
        self._writer = writer
        self._snapshots = snapshots
        self._pool = pool
        self._artifacts = artifacts

    async def run(self, request: StepRequest, ledger: Ledger) -> StepResult:
        """The step's rows by reference, with samples and what it could not know.

        Raises QueryRefused, QueryFailed, NoSnapshot, SnapshotDamaged, QueryWorkerDied, StorageFull, and what the
        writer raises.
        """
        watch = Stopwatch()
        snapshot = self._snapshots.get(request.snapshot.id)
        generated, query, rows = await self._found(request, snapshot, ledger)
        key = f"{request.correlation_id}/{request.step.id}"
        ref = await asyncio.to_thread(self._artifacts.write, key, rows.frame)
        result = StepResult(
            step_id=request.step.id,
            rows=ref,
            samples=whole_samples(rows.frame),
            generated=generated,
            gaps=gaps(query, snapshot.manifest),
            effort=watch.effort(ledger.usage, peak_memory_bytes=rows.peak_memory_bytes),
        )
        log.info(
            "step", correlation_id=request.correlation_id, step=request.step.id, result=result.model_dump(mode="json")
        )
        return result

    async def _found(
        self, request: StepRequest, snapshot: Snapshot, ledger: Ledger
    ) -> tuple[Generated, GuardedQuery, QueryRows]:
        schema = snapshot.manifest.graph_schema
        refused: list[RefusedQuery] = []
        edited = edited_query(request, "cypher")
        while True:
            generated = edited or await self._writer.write(request, schema, ledger, refused)
            log.info("query", correlation_id=request.correlation_id, step=request.step.id, query=generated.model_dump())
            try:
                query = guarded(generated.text, schema)
                return generated, query, await self._pool.run(snapshot, query)
            except (QueryRefused, QueryFailed) as refusal:
                refused.append(RefusedQuery(generated.text, str(refusal)))
                # What a person wrote is not replaced behind their back.
                if edited is not None or len(refused) == MAX_ATTEMPTS:
                    raise
