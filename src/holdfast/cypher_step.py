"""One step against the stored snapshot: write a query, guard it, run it, keep its rows."""

from __future__ import annotations

import asyncio

import structlog

from holdfast.answer import Generated, StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import StepRequest
from holdfast.cypher_writer import CypherWriter
from holdfast.effort import Stopwatch
from holdfast.errors import QueryRefused
from holdfast.graph.coverage import gaps
from holdfast.graph.guard import GuardedQuery, guarded
from holdfast.graph.schema import GraphSchema
from holdfast.graph.snapshots import SnapshotStore
from holdfast.query_worker import QueryPool
from holdfast.samples import whole_samples

log = structlog.get_logger()

# A writer is told once why its query was refused and may write another; a second refusal ends the step.
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

    async def run(self, request: StepRequest) -> StepResult:
        """The step's rows by reference, with samples and what it could not know.

        Raises QueryRefused, QueryFailed, NoSnapshot, SnapshotDamaged, QueryWorkerDied, StorageFull.
        """
        watch = Stopwatch()
        snapshot = self._snapshots.get(request.snapshot.id)
        generated, query = await self._guarded_query(request, snapshot.manifest.graph_schema)
        rows = await self._pool.run(snapshot, query)
        key = f"{request.correlation_id}/{request.step.id}"
        ref = await asyncio.to_thread(self._artifacts.write, key, rows.frame)
        result = StepResult(
            step_id=request.step.id,
            rows=ref,
            samples=whole_samples(rows.frame),
            generated=generated,
            gaps=gaps(query, snapshot.manifest),
            effort=watch.effort(peak_memory_bytes=rows.peak_memory_bytes),
        )
        log.info(
            "step", correlation_id=request.correlation_id, step=request.step.id, result=result.model_dump(mode="json")
        )
        return result

    async def _guarded_query(self, request: StepRequest, schema: GraphSchema) -> tuple[Generated, GuardedQuery]:
        refusals: list[str] = []
        while True:
            generated = await self._writer.write(request, schema, refusals)
            log.info("query", correlation_id=request.correlation_id, step=request.step.id, query=generated.model_dump())
            try:
                return generated, guarded(generated.text, schema)
            except QueryRefused as refusal:
                refusals.append(str(refusal))
                if len(refusals) == MAX_ATTEMPTS:
                    raise
