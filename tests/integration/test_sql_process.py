"""The process in which generated SQL runs: its walls without the guard, its limits, its types."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest

from holdfast.disposable.owner import QueryLimits
from holdfast.errors import QueryFailed, QueryWorkerDied
from holdfast.sql.engine import SqlEngine
from holdfast.sql.guard import GuardedSql
from tests.sql_tables import FACTORS, FRAMES, MOMENT, PEOPLE

ENDLESS = "SELECT sum(a.n * b.n % 7) AS s FROM people, range(1000000) AS a(n), range(1000000) AS b(n)"


def limits(**changes: Any) -> QueryLimits:
    return QueryLimits(**{"timeout": timedelta(seconds=60), "memory_bytes": 1 << 30, "max_rows": 1_000, **changes})


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tables")
    files = {}
    for name, frame in FRAMES.items():
        files[name] = folder / f"{name}.parquet"
        frame.write_parquet(files[name])
    return files


@pytest.fixture
def engine() -> SqlEngine:
    return SqlEngine(limits(), 2)


async def ask(engine: SqlEngine, tables: dict[str, Path], text: str) -> pl.DataFrame:
    return (await engine.run(tables, GuardedSql(text))).frame


def processes_on(tables: dict[str, Path]) -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and any(str(tables["people"]) in argument for argument in process.cmdline()):
                found.append(process)
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


# What gets a wall of its own where the guard is not asked.
UNGUARDED = (
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT getenv('HOME') AS home",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    "SELECT * FROM sniff_csv('{secret}')",
    "COPY (SELECT 1) TO '{folder}/copied.csv'",
    "SELECT 1) TO '{folder}/copied.csv'; SELECT * FROM (SELECT 1",
    "ATTACH '{folder}/new.db' AS other",
    "EXPORT DATABASE '{folder}/exported'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{secret}'",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA memory_limit = '100GB'",
    "SELECT 1) ; SET threads = 64; SELECT * FROM (SELECT 1",
    "WITH x AS (DELETE FROM people RETURNING *) SELECT * FROM x",
    "DELETE FROM people",
    "DROP TABLE people",
    "SELECT 1) LIMIT 1; DROP TABLE people; SELECT * FROM (SELECT 1",
    "SELECT * FROM frame",
    "SELECT * FROM sys",
    "SELECT * FROM sqlite_scan('{folder}/x.db', 't')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{folder}/copied.csv''')",
    "CALL force_checkpoint()",
)


@pytest.mark.parametrize("attack", UNGUARDED)
async def test_without_the_guard_the_process_alone_stops_what_is_dangerous(
    engine: SqlEngine, tables: dict[str, Path], tmp_path: Path, attack: str
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("token\ns3cret\n")
    with pytest.raises((QueryFailed, QueryWorkerDied)) as failed:
        await ask(engine, tables, attack.format(secret=secret, folder=tmp_path))
    assert "s3cret" not in str(failed.value)
    assert str(tmp_path) not in str(failed.value)
    assert [file.name for file in tmp_path.iterdir()] == ["secret.csv"]


async def test_a_process_has_no_environment_and_no_right_to_open_or_write(
    engine: SqlEngine, tables: dict[str, Path]
) -> None:
    running = asyncio.create_task(ask(engine, tables, ENDLESS))
    await until(lambda: bool(processes_on(tables)))
    (process,) = processes_on(tables)
    await until(lambda: process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0))
    await until(lambda: process.rlimit(psutil.RLIMIT_NOFILE)[1] < 64)
    assert process.environ() == {}
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert process.rlimit(psutil.RLIMIT_AS)[1] <= process.memory_info().vms + (1 << 30)
    assert "NoNewPrivs:\t1" in Path(f"/proc/{process.pid}/status").read_text()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: processes_on(tables) == [])


async def test_a_query_past_its_deadline_is_stopped_and_named(tables: dict[str, Path]) -> None:
    engine = SqlEngine(limits(timeout=timedelta(seconds=1)), 1)
    with pytest.raises(QueryFailed, match=r"ran longer than 1 s and was stopped; .* HOLDFAST_GRAPH__QUERY_TIMEOUT"):
        await ask(engine, tables, ENDLESS)
    assert processes_on(tables) == []
    assert (await ask(engine, tables, "SELECT 1 AS one")).rows() == [(1,)]


async def test_too_many_rows_are_an_error_and_never_a_silent_cut(tables: dict[str, Path]) -> None:
    engine = SqlEngine(limits(max_rows=3), 1)
    assert (await ask(engine, tables, "SELECT n FROM range(3) AS r(n)")).height == 3
    with pytest.raises(QueryFailed, match=r"more than the 3 rows that a step may return; .*HOLDFAST_GRAPH__MAX_ROWS"):
        await ask(engine, tables, "SELECT n FROM range(4) AS r(n)")


async def test_a_query_that_needs_too_much_memory_is_stopped(tables: dict[str, Path]) -> None:
    engine = SqlEngine(limits(memory_bytes=256 << 20), 1)
    with pytest.raises(QueryFailed, match=r"more than 256 MiB of memory .* HOLDFAST_GRAPH__QUERY_MEMORY_BYTES"):
        await ask(engine, tables, "SELECT list(n) AS l, list(n::VARCHAR || 'x') AS m FROM range(50000000) AS r(n)")


async def test_rows_that_cannot_be_read_are_told(engine: SqlEngine, tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 no")
    with pytest.raises(QueryFailed, match="rows of earlier steps cannot be read"):
        await ask(engine, {"broken": broken}, "SELECT 1 AS one")


async def test_cells_keep_their_values_and_come_in_plain_types(engine: SqlEngine, tables: dict[str, Path]) -> None:
    assert (await ask(engine, tables, "SELECT * FROM people")).equals(PEOPLE)
    factors = await ask(engine, tables, 'SELECT * FROM "live-factors"')
    assert factors.equals(FACTORS)
    figures = await ask(
        engine,
        tables,
        "SELECT sum(score) AS total, sum(amount) AS money, avg(score) AS mean, count(*) AS n, NULL AS nothing, "
        "list(login ORDER BY login) AS logins, max(created_at) AS latest, DATE '2026-11-20' AS day "
        "FROM events JOIN people USING (user_id)",
    )
    assert figures.rows() == [
        (3, pytest.approx(3.3), 1.5, 2, None, ["ann@x.example", "bob@x.example"], MOMENT, date(2026, 11, 20))
    ]
    assert figures.schema["total"] == pl.Int64
    assert figures.schema["money"] == pl.Float64


async def test_moments_with_a_zone_become_utc(engine: SqlEngine, tmp_path: Path) -> None:
    file = tmp_path / "zoned.parquet"
    pl.DataFrame({"seen": [MOMENT.replace(tzinfo=UTC), None]}).write_parquet(file)
    frame = await ask(engine, {"zoned": file}, "SELECT seen, date_trunc('hour', seen) AS hour FROM zoned")
    assert frame.rows() == [(MOMENT, MOMENT.replace(minute=0, second=0, microsecond=0)), (None, None)]
    assert frame.schema["seen"] == pl.Datetime("us")


async def test_a_sum_beyond_64_bits_is_an_error_and_no_wrong_number(engine: SqlEngine, tables: dict[str, Path]) -> None:
    with pytest.raises(QueryFailed, match="A number in total is larger than 64 bits hold"):
        await ask(engine, tables, "SELECT sum(9223372036854775807) AS total FROM people")


async def test_a_length_of_time_is_no_cell(engine: SqlEngine, tables: dict[str, Path]) -> None:
    with pytest.raises(QueryFailed, match=r"the column age is of type .*; give a number"):
        await ask(engine, tables, "SELECT created_at - last_login AS age FROM people")


async def test_rows_come_in_the_order_that_was_asked_for(engine: SqlEngine, tables: dict[str, Path]) -> None:
    frame = await ask(engine, tables, "SELECT n FROM range(1000) AS r(n) ORDER BY hash(n)")
    again = await ask(engine, tables, "SELECT n FROM range(1000) AS r(n) ORDER BY hash(n)")
    assert frame.equals(again)
    assert frame["n"].to_list() != sorted(frame["n"].to_list())
    down = await ask(engine, tables, "SELECT n FROM range(1000) AS r(n) ORDER BY n DESC")
    assert down["n"].to_list() == list(range(999, -1, -1))


async def test_a_million_rows_are_joined_and_returned_within_the_memory_limit(tmp_path: Path) -> None:
    count = 1_000_000
    many, few = tmp_path / "many.parquet", tmp_path / "few.parquet"
    rows = pl.DataFrame({"user_id": pl.int_range(count, eager=True)}).with_columns(
        id=pl.format("00u{}", pl.col("user_id") % 1_000),
        text=pl.format("row {}", pl.col("user_id")),
        seen=pl.lit(MOMENT),
    )
    rows.write_parquet(many)
    pl.DataFrame({"id": [f"00u{i}" for i in range(1_000)], "name": [f"n{i}" for i in range(1_000)]}).write_parquet(few)
    engine = SqlEngine(limits(max_rows=count, memory_bytes=2 << 30), 1)
    query = "SELECT m.user_id, m.text, m.seen, f.name FROM many AS m JOIN few AS f USING (id) ORDER BY m.user_id"
    found = await engine.run({"many": many, "few": few}, GuardedSql(query))
    assert found.frame.height == count
    assert found.frame.row(-1) == (count - 1, f"row {count - 1}", MOMENT, "n999")
    assert found.peak_memory_bytes < 2 << 30
