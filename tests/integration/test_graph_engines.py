"""What both engines must do with a snapshot, each in processes of its own: load it whole, answer it truly."""

# ruff: noqa: DTZ001 - timestamps in the graph are UTC without a zone

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import holdfast
from holdfast.errors import QueryFailed, SyncInconsistent
from holdfast.graph.engine import EngineName, installed_version
from holdfast.graph.guard import guarded
from holdfast.graph.schema import BASE_SCHEMA, ColumnType
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.query_worker import QueryPool, QueryRows
from tests.graph_samples import TABLES, draft, sample_snapshot, write_tables

LIMITS: dict[str, Any] = {"timeout": timedelta(seconds=60), "memory_bytes": 1 << 30, "max_rows": 1_000}


@pytest.fixture(scope="module", params=["ladybug", "kuzu"])
def snapshot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    # A quote in the path: nothing may take the tenant's folder for a part of a statement.
    return sample_snapshot(tmp_path_factory.mktemp("it's a folder"), request.param)


@pytest.fixture(scope="module")
async def pool(snapshot: Snapshot) -> AsyncIterator[QueryPool]:
    made = QueryPool(engine=snapshot.manifest.engine, size=1, **LIMITS)
    yield made
    await made.close()


async def ask(pool: QueryPool, snapshot: Snapshot, query: str) -> QueryRows:
    return await pool.run(snapshot, guarded(query, snapshot.manifest.graph_schema))


def test_a_snapshot_says_what_it_is_made_of(snapshot: Snapshot) -> None:
    counts = {name: count for name, count in snapshot.manifest.counts.items() if count}
    assert counts == {name: len(rows) for name, rows in TABLES.items()}
    assert snapshot.manifest.engine_version == installed_version(snapshot.manifest.engine)
    assert {file.name for file in snapshot.directory.iterdir()} == {"graph.db", "manifest.json", "vocabulary.parquet"}
    assert all(file.stat().st_mode & 0o777 == 0o444 for file in snapshot.directory.iterdir())


async def test_values_come_back_as_they_were_read(pool: QueryPool, snapshot: Snapshot) -> None:
    rows = await ask(
        pool,
        snapshot,
        "MATCH (u:User) RETURN u.display_name AS name, u.department AS department, u.created AS created, "
        "u.last_login AS last_login, u.factors_known AS known ORDER BY name, created",
    )
    assert rows.frame.schema == {
        "name": pl.String,
        "department": pl.String,
        "created": pl.Datetime("us"),
        "last_login": pl.Datetime("us"),
        "known": pl.Boolean,
    }
    assert rows.frame.rows() == [
        ("Ada Lovelace", "Engineering", datetime(2024, 1, 2, 3, 4, 5, 678901), datetime(2025, 3, 1), True),
        ("Bo Settle", "Finance", datetime(2024, 7, 8), None, True),
        ("Grace O'Hopper 😀", "Engineering", datetime(2024, 5, 6), None, False),
        ("Ivy =Gone", None, datetime(2020, 1, 1), None, True),
    ]
    assert rows.peak_memory_bytes > 1 << 20


async def test_lists_are_lists_and_sums_are_integers(pool: QueryPool, snapshot: Snapshot) -> None:
    rows = await ask(
        pool, snapshot, "MATCH (a:Application) RETURN a.label AS l, a.features AS f, sum(size(a.label)) AS n ORDER BY l"
    )
    assert rows.frame.schema == {"l": pl.String, "f": pl.List(pl.String), "n": pl.Int64}
    assert rows.frame.rows() == [("Payroll", ["PUSH", "IMPORT"], 7), ("Wiki", [], 4)]


QUESTIONS: list[tuple[str, list[tuple[Any, ...]]]] = [
    (
        "MATCH (u:User)-[:MEMBER_OF]->(g:Group)-[:GROUP_HAS_ACCESS]->(a:Application {label: 'Payroll'}) "
        "RETURN u.login AS login, g.name AS through UNION "
        "MATCH (u:User)-[h:HAS_ACCESS]->(a:Application {label: 'Payroll'}) WHERE h.scope = 'USER' "
        "RETURN u.login AS login, '' AS through",
        [("ada@acme.test", ""), ("ada@acme.test", "Finance \\ Admins"), ("bo@acme.test", "Finance \\ Admins")],
    ),
    (
        "MATCH (u:User) WHERE NOT EXISTS { MATCH (u)-[:MEMBER_OF]->(:Group) } RETURN u.login AS login",
        [("ivy@acme.test",)],
    ),
    ("MATCH (g:Group) WHERE g.name = 'Finance \\\\ Admins' RETURN g.id AS id", [("00g2",)]),
    ('MATCH (u:User) WHERE u.last_name = "O\'Hopper 😀" RETURN u.id AS id', [("00u2",)]),
    (
        "MATCH (u:User) RETURN u.department AS d, count(*) AS n, collect(u.first_name) AS who "
        "ORDER BY n DESC, d LIMIT 1",
        [("Engineering", 2, ["Ada", "Grace"])],
    ),
    (
        "MATCH p = (u:User)-[:REPORTS_TO*1..5]->(b:User) RETURN u.login AS u, b.login AS b, length(p) AS hops",
        [("grace@acme.test", "ada@acme.test", 1)],
    ),
    (
        "MATCH (u:User)-[:MEMBER_OF]->(g:Group)-[:HAS_ROLE]->(r:Role) RETURN u.login AS login, r.label AS role",
        [("ada@acme.test", "Super Administrator"), ("bo@acme.test", "Super Administrator")],
    ),
    (
        "MATCH (u:User) WHERE u.created >= timestamp('2024-01-01 00:00:00') "
        "AND u.created < timestamp('2024-06-01 00:00:00') RETURN u.id AS id, COUNT { MATCH (u)-[:MEMBER_OF]->() } AS n",
        [("00u1", 2), ("00u2", 1)],
    ),
    ("MATCH (u:User) WHERE u.status <> 'ACTIVE' OR u.department IS NULL RETURN count(*) AS n", [(2,)]),
    ("MATCH (u:User {login: 'nobody'}) RETURN u.login AS login", []),
]


@pytest.mark.parametrize(("query", "expected"), QUESTIONS)
async def test_questions_are_answered_truly(
    pool: QueryPool, snapshot: Snapshot, query: str, expected: list[tuple[Any, ...]]
) -> None:
    rows = await ask(pool, snapshot, query)
    found = [tuple(sorted(v) if isinstance(v, list) else v for v in row) for row in rows.frame.rows()]
    assert sorted(found) == expected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("MATCH (u:User) RETURN u", "the column u holds whole nodes or relations; return their properties"),
        ("MATCH (u:User) RETURN u.id AS a, u.login AS a", r"(two columns are called|same name) a"),
        ("MATCH (u:User) RETURN lower(u.created, 1) AS a", "LOWER"),
    ],
)
async def test_a_query_that_cannot_run_is_told_so_in_words(
    pool: QueryPool, snapshot: Snapshot, query: str, words: str
) -> None:
    with pytest.raises(QueryFailed, match=words) as failed:
        await ask(pool, snapshot, query)
    assert str(snapshot.directory) not in str(failed.value)


async def test_a_custom_attribute_may_have_any_name(tmp_path: Path, snapshot: Snapshot) -> None:
    engine = snapshot.manifest.engine
    schema = BASE_SCHEMA.with_user_attributes({"order": ColumnType.INT64, "match": ColumnType.STRING})
    users = [{"id": "00u1", "order": 5, "match": "yes"}]
    store = SnapshotStore(tmp_path / "graph")
    built = store.build(write_tables(tmp_path / "tables", {"User": users}, schema), draft(schema=schema), engine)
    pool = QueryPool(engine=engine, size=1, **LIMITS)
    rows = await ask(pool, built, "MATCH (u:User) RETURN u.`order` AS o, u.`match` AS m")
    await pool.close()
    assert rows.frame.rows() == [(5, "yes")]


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({**TABLES, "User": [*TABLES["User"], TABLES["User"][0]]}, "00u1"),
        ({**TABLES, "REPORTS_TO.User.User": [{"from_id": "00u1", "to_id": "nobody"}]}, "nobody"),
    ],
    ids=["an id twice", "an edge to nobody"],
)
def test_tables_that_do_not_fit_each_other_are_no_snapshot(
    tmp_path: Path, snapshot: Snapshot, tables: dict[str, Any], reason: str
) -> None:
    store = SnapshotStore(tmp_path / "graph")
    with pytest.raises(SyncInconsistent, match=reason):
        store.build(write_tables(tmp_path / "tables", tables), draft(), snapshot.manifest.engine)
    assert [entry.name for entry in (tmp_path / "graph").iterdir()] == ["build.lock"]


def test_timestamps_that_polars_wrote_are_timestamps(tmp_path: Path, snapshot: Snapshot) -> None:
    tables = write_tables(tmp_path / "tables", {"User": TABLES["User"]})
    frame = pl.read_parquet(tables / "User.parquet").with_columns(pl.col("created").dt.replace_time_zone("UTC"))
    frame.select(reversed(frame.columns)).write_parquet(tables / "User.parquet")
    built = SnapshotStore(tmp_path / "graph").build(tables, draft(), snapshot.manifest.engine)
    assert built.manifest.counts["User"] == 4


def test_no_other_module_imports_an_engine() -> None:
    source = Path(holdfast.__file__).parent
    importing = re.compile(r"^\s*(?:import|from) (?:ladybug|kuzu)\b|import_module\(", re.MULTILINE)
    found = {str(file.relative_to(source)) for file in source.rglob("*.py") if importing.search(file.read_text())}
    assert found == {"graph/engine.py"}


@pytest.mark.parametrize("engine", ["kuzu"])
def test_kuzu_is_a_choice_with_a_loud_warning(
    tmp_path: Path, engine: EngineName, capsys: pytest.CaptureFixture[str]
) -> None:
    SnapshotStore(tmp_path / "graph").build(write_tables(tmp_path / "tables", {}), draft(finished=_NOW), engine)
    assert "answers some ordinary questions wrongly" in capsys.readouterr().out


_NOW = datetime(2026, 1, 1, tzinfo=UTC)
