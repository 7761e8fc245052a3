"""The two walls before the graph: the guard's time for a query, and how soon a killed query process is replaced."""

from __future__ import annotations

import statistics
from datetime import timedelta
from pathlib import Path

from benchmarks.large_tables import draft, write_tables
from benchmarks.measurement import Measurement, median_seconds, seconds_of
from holdfast.errors import QueryFailed
from holdfast.graph.guard import guarded
from holdfast.graph.schema import BASE_SCHEMA
from holdfast.graph.snapshots import SnapshotStore
from holdfast.query_worker import QueryPool

# What the offline writer wrote for a count and for a question of three steps.
COUNT = "MATCH (s:`Group`) WHERE true RETURN count(*) AS group_count"
PEOPLE = (
    "MATCH (s:User) WHERE s.last_login >= timestamp('2026-11-14 15:32:09') RETURN s.id AS user_id, s.login AS login, "
    "s.display_name AS name, s.status AS status, s.department AS department, s.title AS title, "
    "s.last_login AS last_login ORDER BY login, user_id"
)
GROUPS = (
    "MATCH (s:User)-[:MEMBER_OF]->(t:`Group`) WHERE s.last_login >= timestamp('2026-11-14 15:32:09') AND true "
    "RETURN DISTINCT s.id AS user_id, t.id AS group_id, t.name AS groups ORDER BY user_id, groups, group_id"
)
APPLICATIONS = (
    "MATCH (s:User)-[:HAS_ACCESS]->(t:Application) WHERE s.status <> 'DEPROVISIONED' "
    "AND s.last_login >= timestamp('2026-11-14 15:32:09') AND true RETURN DISTINCT s.id AS user_id, "
    "t.id AS application_id, t.label AS applications ORDER BY user_id, applications, application_id UNION ALL "
    "MATCH (s:User)-[:MEMBER_OF]->(:`Group`)-[:GROUP_HAS_ACCESS]->(t:Application) WHERE s.status <> 'DEPROVISIONED' "
    "AND NOT EXISTS { MATCH (s)-[:HAS_ACCESS]->(t) } AND s.last_login >= timestamp('2026-11-14 15:32:09') "
    "RETURN DISTINCT s.id AS user_id, t.id AS application_id, t.label AS applications "
    "ORDER BY user_id, applications, application_id"
)
QUERIES = (COUNT, PEOPLE, GROUPS, APPLICATIONS)
# Nothing in it can be answered before the deadline, so the pool kills the process that runs it.
ENDLESS = """
MATCH (a:User), (b:User), (c:User), (d:User) WHERE a.login < b.login AND b.login < c.login AND c.login < d.login
RETURN count(*) AS many
"""
RUNS = 2_000
KILLS = 10


async def measure(folder: Path) -> list[Measurement]:
    """Medians; for the guard over all the queries, the longest beside it."""
    times = {query: median_seconds(lambda: guarded(query, BASE_SCHEMA), runs=RUNS, warm_up=10) for query in QUERIES}  # noqa: B023
    longest = max(QUERIES, key=len)
    note = f"{len(QUERIES)} queries; the longest, {len(longest)} characters: {times[longest] * 1e3:.2f} ms"
    return [
        Measurement(
            name="guard, one query", value=statistics.median(times.values()) * 1e3, unit="ms", target=0.1, note=note
        ),
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
    note = f"pool of one, {len(times)} kills, to the next answer"
    return Measurement(
        name="query process ready after a kill", value=statistics.median(times), unit="s", target=0.3, note=note
    )
