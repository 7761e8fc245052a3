"""The way of a question from its words to its rows, as the product goes it: planner, writer, guard, query process."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from evaluation.tenant import NOW
from holdfast.answer import NeedsClarification, Refused
from holdfast.graph.guard import guarded
from holdfast.graph.snapshots import Snapshot
from holdfast.offline.meaning import StepMeaning
from holdfast.offline.planner import OfflinePlanner
from holdfast.offline.writer import compiled
from holdfast.plan import Plan
from holdfast.query_worker.pool import QueryPool
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger


def query_pool() -> QueryPool:
    limit = timedelta(seconds=60)
    return QueryPool(engine="ladybug", size=1, timeout=limit, memory_bytes=1 << 29, max_rows=1_000_000)


async def planned(question: str, snapshot: Snapshot) -> Plan | Refused | NeedsClarification:
    ledger = Ledger.under(ModelSettings())
    return (await OfflinePlanner(lambda: NOW).plan(question, snapshot, ledger)).outcome


async def rows_of(plan: Plan, snapshot: Snapshot, pool: QueryPool) -> list[pl.DataFrame]:
    found = []
    for step in plan.steps:
        schema = snapshot.manifest.graph_schema
        meaning = StepMeaning.model_validate(step.parameters)
        rows = (await pool.run(snapshot, guarded(compiled(meaning.meaning, schema), schema))).frame
        assert rows.columns[0].endswith("_id") or meaning.meaning.shape == "tally"
        assert {c.name for c in meaning.columns} <= set(rows.columns)
        found.append(rows)
    return found
