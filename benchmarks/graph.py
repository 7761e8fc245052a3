"""A snapshot of 100,000 people and 1,000,000 memberships, built from Parquet."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.large_tables import draft, write_tables
from benchmarks.measurement import Measurement, seconds_of
from holdfast.graph.loader import build_database
from holdfast.graph.snapshots import SnapshotStore

USERS, GROUPS, MEMBERSHIPS = 100_000, 1_000, 1_000_000


async def measure(folder: Path) -> list[Measurement]:
    """The graph alone, and the whole snapshot with its checks, vocabulary and digest."""
    tables = folder / "tables"
    schema = write_tables(tables, users=USERS, groups=GROUPS, memberships=MEMBERSHIPS)
    note = f"{USERS:,} people, {MEMBERSHIPS:,} memberships"
    graph = await seconds_of(lambda: asyncio.to_thread(build_database, tables, schema, folder / "graph.db", "ladybug"))
    store = SnapshotStore(folder / "graph")
    snapshot = await seconds_of(lambda: asyncio.to_thread(store.build, tables, draft("large", schema), "ladybug"))
    return [
        Measurement(name="graph built from Parquet", value=graph, unit="s", target=7, note=note),
        Measurement(name="whole snapshot, verified", value=snapshot, unit="s", target=None, note="vocabulary, digest"),
    ]
