"""The two walls before the graph: the guard's time for a query, and how soon a killed query process is replaced."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from benchmarks.large_tables import draft, write_tables
from benchmarks.measurement import Measurement, median_seconds, seconds_of
from holdfast.errors import QueryFailed
from holdfast.graph.guard import guarded
from holdfast.graph.schema import BASE_SCHEMA
from holdfast.graph.snapshots import SnapshotStore
from holdfast.query_worker import QueryPool

QUERY = """
MATCH (u:User)-[:MEMBER_OF]->(g:Group)-[:GROUP_HAS_ACCESS]->(a:Application)
WHERE a.label = 'Salesforce' AND u.status <> 'DEPROVISIONED' AND (u.department = 'Finance' OR u.title CONTAINS 'Lead')
  AND u.last_login >= timestamp('2026-11-14 00:00:00') AND NOT EXISTS { MATCH (u)-[:ENROLLED]->(:Factor) }
RETURN u.id AS user_id, u.login AS login, u.status AS status, collect(DISTINCT g.name) AS paths
ORDER BY login, user_id LIMIT 1000
"""
# Nothing in it can be answered before the deadline, so the pool kills the process that runs it.
ENDLESS = """
MATCH (a:User), (b:User), (c:User), (d:User) WHERE a.login < b.login AND b.login < c.login AND c.login < d.login
RETURN count(*) AS many
"""
RUNS = 2_000
KILLS = 10


async def measure(folder: Path) -> list[Measurement]:
    """Medians."""
    guard = median_seconds(lambda: guarded(QUERY, BASE_SCHEMA), runs=RUNS, warm_up=10)
    return [
        Measurement(name="guard, one query", value=guard * 1e3, unit="ms", target=0.1, note=f"{len(QUERY)} characters"),
        await _replacement(folder),
    ]


async def _replacement(folder: Path) -> Measurement:
    schema = write_tables(folder / "tables", users=1_000, groups=100, memberships=10_000)
    store = SnapshotStore(folder / "graph")
    snapshot = store.build(folder / "tables", draft("small", schema), "ladybug")
    limit = timedelta(seconds=1)
    pool = QueryPool(engine="ladybug", size=1, timeout=limit, memory_bytes=1 << 30, max_rows=1_000)
    count = guarded("MATCH (u:User) RETURN count(*) AS many", schema)
    endless = guarded(ENDLESS, schema)
    times = []
    try:
        await pool.run(snapshot, count)
        for _ in range(KILLS):
            try:
                await pool.run(snapshot, endless)
            except QueryFailed:
                times.append(await seconds_of(lambda: pool.run(snapshot, count)))
    finally:
        await pool.close()
    median = sorted(times)[len(times) // 2]
    note = f"pool of one, {len(times)} kills, to the next answer"
    return Measurement(name="query process ready after a kill", value=median, unit="s", target=0.3, note=note)
