"""The pool of query processes: limits hold, failures cost one process, newer snapshots are followed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from holdfast.errors import HoldfastError, NoSnapshot, QueryFailed, QueryWorkerDied, SnapshotDamaged
from holdfast.graph.guard import GuardedQuery
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.query_worker import QueryPool
from holdfast.query_worker import pool as pool_module
from holdfast.query_worker.worker import QueryWorker
from tests.graph_samples import sample_snapshot
from tests.processes import ended


def raw(text: str) -> GuardedQuery:
    return GuardedQuery(text, frozenset(), frozenset())


ENDLESS = raw("UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y RETURN sum(x * y) AS s")
ONE = raw("RETURN 1 AS one")
PEOPLE = raw("MATCH (u:User) RETURN u.login AS login")

MakePool = Callable[..., QueryPool]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    sample_snapshot(root)
    return root


@pytest.fixture
def store(built: Path, tmp_path: Path) -> SnapshotStore:
    shutil.copytree(built / "graph", tmp_path / "graph", symlinks=True)
    return SnapshotStore(tmp_path / "graph")


@pytest.fixture
def snapshot(store: SnapshotStore) -> Snapshot:
    return store.current()


@pytest.fixture
async def make_pool() -> AsyncIterator[MakePool]:
    made: list[QueryPool] = []

    def make(**changes: Any) -> QueryPool:
        settings: dict[str, Any] = {
            "engine": "ladybug",
            "size": 1,
            "timeout": timedelta(seconds=60),
            "memory_bytes": 1 << 30,
            "max_rows": 1_000,
        }
        made.append(QueryPool(**{**settings, **changes}))
        return made[-1]

    yield make
    for pool in made:
        await pool.close()
    assert query_processes() == []


def query_processes(of: Snapshot | None = None) -> list[psutil.Process]:
    """Query processes of this test that live (each test's snapshot has a folder of its own)."""
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it may end between two looks
            with_arguments = process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
            if "holdfast.graph.query_process" in with_arguments and (of is None or str(of.database) in with_arguments):
                found.append(process)
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def renewed(store: SnapshotStore, name: str) -> Snapshot:
    """A snapshot of the same tenant, a day younger."""
    old = store.current()
    directory = old.directory.with_name(f"snap-{name}")
    shutil.copytree(old.directory, directory)
    later = old.manifest.sync_finished + timedelta(days=1)
    (directory / "manifest.json").chmod(0o644)
    (directory / "manifest.json").write_text(
        old.manifest.model_copy(update={"snapshot_id": name, "sync_finished": later}).model_dump_json()
    )
    return store.get(name)


async def test_a_query_past_its_deadline_is_stopped_and_named_and_the_next_one_runs(
    make_pool: MakePool, snapshot: Snapshot
) -> None:
    pool = make_pool(timeout=timedelta(seconds=1))
    with pytest.raises(QueryFailed, match=r"ran longer than 1 s and was stopped; .* HOLDFAST_GRAPH__QUERY_TIMEOUT"):
        await pool.run(snapshot, ENDLESS)
    assert (await pool.run(snapshot, ONE)).frame.rows() == [(1,)]


async def test_a_process_has_no_environment_and_no_right_to_write_or_open_anything(
    make_pool: MakePool, snapshot: Snapshot
) -> None:
    pool = make_pool(memory_bytes=1 << 28)
    await pool.run(snapshot, ONE)
    (process,) = query_processes(snapshot)
    assert process.environ() == {}
    assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    highest = max(int(file.name) for file in Path(f"/proc/{process.pid}/fd").iterdir())
    assert process.rlimit(psutil.RLIMIT_NOFILE)[1] <= highest + 1
    assert process.rlimit(psutil.RLIMIT_AS)[1] <= process.memory_info().vms + (1 << 28)
    assert "NoNewPrivs:\t1" in Path(f"/proc/{process.pid}/status").read_text()


async def test_too_many_rows_are_an_error_and_never_a_silent_cut(make_pool: MakePool, snapshot: Snapshot) -> None:
    pool = make_pool(max_rows=3)
    with pytest.raises(QueryFailed, match=r"finds 4 rows and a step may return 3; .*HOLDFAST_GRAPH__MAX_ROWS"):
        await pool.run(snapshot, PEOPLE)
    with pytest.raises(QueryFailed, match="finds 500,000,000 rows"):
        await pool.run(snapshot, raw("UNWIND range(1, 50000) AS x UNWIND range(1, 10000) AS y RETURN x, y"))
    assert (await pool.run(snapshot, raw("MATCH (u:User) RETURN u.id AS id LIMIT 3"))).frame.height == 3


@pytest.mark.parametrize(
    "query",
    [
        "UNWIND range(1, 50000000) AS x RETURN collect(x) AS many",
        "UNWIND range(1, 1000) AS x RETURN repeat('0123456789', 100000) AS large",
    ],
    ids=["in the engine", "in the rows"],
)
async def test_a_query_that_needs_too_much_memory_is_stopped_and_its_process_discarded(
    make_pool: MakePool, snapshot: Snapshot, query: str
) -> None:
    pool = make_pool(memory_bytes=256 << 20)
    await pool.run(snapshot, ONE)
    before = [process.pid for process in query_processes(snapshot)]
    with pytest.raises(QueryFailed, match=r"needs more than 256 MiB of memory .* HOLDFAST_GRAPH__QUERY_MEMORY_BYTES"):
        await pool.run(snapshot, raw(query))
    assert (await pool.run(snapshot, ONE)).frame.height == 1
    assert not set(before) & {process.pid for process in query_processes(snapshot)}


async def test_a_process_that_dies_in_the_middle_is_told_and_replaced(make_pool: MakePool, snapshot: Snapshot) -> None:
    pool = make_pool()
    await pool.run(snapshot, ONE)
    running = asyncio.create_task(pool.run(snapshot, ENDLESS))
    await asyncio.sleep(0.2)
    os.kill(query_processes(snapshot)[0].pid, signal.SIGSEGV)
    with pytest.raises(QueryWorkerDied, match="ended by SIGSEGV before it answered; a new one is started"):
        await running
    assert (await pool.run(snapshot, ONE)).frame.height == 1


async def test_a_process_that_died_while_nobody_asked_it_is_not_noticed(
    make_pool: MakePool, snapshot: Snapshot
) -> None:
    pool = make_pool()
    await pool.run(snapshot, ONE)
    (process,) = query_processes(snapshot)
    process.kill()
    # Its first thread is a zombie before its others are gone, and only then is the process dead.
    await until(lambda: ended(process) and (not process.is_running() or process.num_threads() <= 1))
    assert (await pool.run(snapshot, ONE)).frame.height == 1


async def test_a_cancelled_question_stops_its_query_at_once(make_pool: MakePool, snapshot: Snapshot) -> None:
    pool = make_pool()
    await pool.run(snapshot, ONE)
    (process,) = query_processes(snapshot)
    running = asyncio.create_task(pool.run(snapshot, ENDLESS))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not process.is_running())
    assert (await pool.run(snapshot, ONE)).frame.height == 1


async def test_a_question_cancelled_while_its_process_starts_leaves_it_to_the_next(
    make_pool: MakePool, snapshot: Snapshot
) -> None:
    pool = make_pool()
    cancelled = asyncio.create_task(pool.run(snapshot, ONE))
    await until(lambda: len(query_processes(snapshot)) == 1)
    (starting,) = query_processes(snapshot)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert (await pool.run(snapshot, ONE)).frame.height == 1
    assert query_processes(snapshot) == [starting]


async def test_a_start_that_failed_before_is_not_told_to_a_later_question(
    make_pool: MakePool, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()

    async def failing(*_: object) -> QueryWorker:
        failed.set()
        raise QueryWorkerDied("A query process was not ready after 30 s.")

    pool = make_pool()
    with monkeypatch.context() as at_first:
        at_first.setattr(QueryWorker, "start", failing)
        pool.follow(snapshot)
        await failed.wait()
        await asyncio.sleep(0)
    assert (await pool.run(snapshot, ONE)).frame.height == 1


async def test_a_query_asked_of_a_closed_pool_leaves_no_process(make_pool: MakePool, snapshot: Snapshot) -> None:
    pool = make_pool()
    await pool.close()
    with pytest.raises(QueryWorkerDied, match="a new worker runs it"):
        await pool.run(snapshot, ONE)
    assert query_processes(snapshot) == []


@pytest.mark.parametrize("after", [0.0, 0.01, 0.05, 0.1, 0.15])
async def test_a_pool_closes_at_any_moment_and_leaves_no_process(
    make_pool: MakePool, snapshot: Snapshot, after: float
) -> None:
    pool = make_pool(size=2)
    running = [asyncio.create_task(pool.run(snapshot, ENDLESS)) for _ in range(3)]
    await asyncio.sleep(after)
    for task in running[:2]:
        task.cancel()
    await asyncio.wait_for(pool.close(), 20)
    running[2].cancel()
    outcomes = await asyncio.gather(*running, return_exceptions=True)
    assert all(isinstance(outcome, (asyncio.CancelledError, HoldfastError)) for outcome in outcomes)
    await until(lambda: query_processes(snapshot) == [])


async def test_questions_beyond_the_size_wait_and_the_loop_goes_on(make_pool: MakePool, snapshot: Snapshot) -> None:
    pool = make_pool(size=2)
    heavy = raw("UNWIND range(1, 2000) AS x UNWIND range(1, 500) AS y RETURN count(DISTINCT x * y) AS n")
    running = asyncio.gather(*(pool.run(snapshot, heavy) for _ in range(6)))
    ticks = 0
    while not running.done():
        assert len(query_processes(snapshot)) <= 2
        await asyncio.sleep(0.01)
        ticks += 1
    rows = await running
    assert len({row.frame.item() for row in rows}) == 1
    assert ticks > 10


async def test_a_newer_snapshot_is_followed_while_an_older_question_stays_on_its_own(
    make_pool: MakePool, store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "RETIRE_AFTER", timedelta(seconds=0.5))
    pool = make_pool(size=2)
    old = store.current()
    await pool.run(old, ONE)
    new = renewed(store, "newer")
    pool.follow(new)
    assert (await pool.run(old, PEOPLE)).frame.height == 4
    assert (await pool.run(new, PEOPLE)).frame.height == 4
    await until(lambda: len(query_processes(new)) == 2)
    await until(lambda: query_processes(old) == [])
    assert (await pool.run(old, PEOPLE)).frame.height == 4
    await until(lambda: query_processes(old) == [])


async def test_a_question_on_a_snapshot_that_was_pruned_since_is_told_to_ask_again(
    make_pool: MakePool, snapshot: Snapshot
) -> None:
    shutil.rmtree(snapshot.directory)
    with pytest.raises(NoSnapshot, match="newer ones replaced it; ask the question again"):
        await make_pool().run(snapshot, ONE)


async def test_a_process_keeps_answering_from_a_snapshot_that_is_pruned_under_it(
    make_pool: MakePool, snapshot: Snapshot
) -> None:
    pool = make_pool()
    await pool.run(snapshot, ONE)
    shutil.rmtree(snapshot.directory)
    assert (await pool.run(snapshot, PEOPLE)).frame.height == 4


@pytest.mark.parametrize("honest_digest", [False, True], ids=["altered", "built so"])
async def test_a_database_that_cannot_be_opened_is_a_damaged_snapshot(
    make_pool: MakePool, store: SnapshotStore, honest_digest: bool
) -> None:
    snapshot = store.current()
    snapshot.database.chmod(0o644)
    snapshot.database.write_bytes(b"\0" * snapshot.manifest.database_bytes)
    if honest_digest:
        digest = hashlib.sha256(snapshot.database.read_bytes()).hexdigest()
        manifest = snapshot.manifest.model_copy(update={"database_sha256": digest})
        snapshot = Snapshot(directory=snapshot.directory, manifest=manifest)
    pool = make_pool()
    for _ in range(2):
        with pytest.raises(SnapshotDamaged, match=r"[Rr]un `holdfast sync`") as damaged:
            await pool.run(snapshot, ONE)
        assert str(snapshot.directory) not in str(damaged.value)


async def test_a_database_cut_under_an_open_process_is_a_damaged_snapshot_until_it_is_mended(
    make_pool: MakePool, snapshot: Snapshot
) -> None:
    pool = make_pool(size=1)
    await pool.run(snapshot, ONE)
    whole = snapshot.database.read_bytes()
    snapshot.database.chmod(0o644)
    os.truncate(snapshot.database, 1_000)
    with pytest.raises(SnapshotDamaged, match=r"cannot be read .*Run `holdfast sync`"):
        await pool.run(snapshot, PEOPLE)
    snapshot.database.write_bytes(whole)
    assert (await pool.run(snapshot, PEOPLE)).frame.height == 4


async def test_a_snapshot_of_another_engine_says_to_sync(make_pool: MakePool, snapshot: Snapshot) -> None:
    with pytest.raises(SnapshotDamaged, match="HOLDFAST_GRAPH__ENGINE is kuzu; run `holdfast sync`"):
        await make_pool(engine="kuzu").run(snapshot, ONE)


async def test_an_empty_answer_keeps_its_columns(make_pool: MakePool, snapshot: Snapshot) -> None:
    nobody = raw("MATCH (u:User {login: 'nobody'}) RETURN u.login AS login, u.created AS c")
    rows = await make_pool().run(snapshot, nobody)
    assert (rows.frame.height, rows.frame.columns) == (0, ["login", "c"])


OWNER = """
    import asyncio, sys
    from datetime import timedelta
    from pathlib import Path
    from holdfast.graph.guard import GuardedQuery
    from holdfast.graph.snapshots import SnapshotStore
    from holdfast.query_worker import QueryPool

    async def main():
        pool = QueryPool(engine="ladybug", size=1, timeout=timedelta(60), memory_bytes=1 << 30, max_rows=9)
        snapshot = SnapshotStore(Path(sys.argv[1])).current()
        await pool.run(snapshot, GuardedQuery("RETURN 1 AS one", frozenset(), frozenset()))
        print("ready", flush=True)
        await pool.run(snapshot, GuardedQuery(sys.argv[2], frozenset(), frozenset()))

    asyncio.run(main())
"""


async def test_a_running_query_does_not_outlive_a_worker_that_was_killed(snapshot: Snapshot) -> None:
    arguments = (str(snapshot.directory.parent), ENDLESS.text)
    command = (sys.executable, "-c", textwrap.dedent(OWNER), *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        await asyncio.sleep(0.2)
        (process,) = psutil.Process(owner.pid).children()
        owner.kill()
    await until(lambda: ended(process))
