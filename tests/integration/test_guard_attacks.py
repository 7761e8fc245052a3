"""Each class of attack works on the bare engine, is refused by the guard, and is stopped by the query process alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from holdfast.errors import QueryFailed, QueryRefused
from holdfast.graph.engine import EngineName
from holdfast.graph.guard import GuardedQuery, guarded
from holdfast.graph.schema import BASE_SCHEMA, GraphSchema
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.query_worker import QueryPool
from tests.graph_samples import TABLES, draft, write_tables

# Without a relation between several pairs of labels, which one of the engines cannot export.
SCHEMA = GraphSchema(
    nodes=tuple(node for node in BASE_SCHEMA.nodes if node.label in ("User", "Group")),
    relations=tuple(relation for relation in BASE_SCHEMA.relations if relation.name == "MEMBER_OF"),
)
# Any library will do that the query process has not loaded by itself.
SOME_LIBRARY = find_spec("orjson.orjson")

# Runs each statement on a connection as the product opens it (read-only), and tells what came of it.
BARE_ENGINE = """
    import importlib.util, json, os, sys
    from pathlib import Path
    import pyarrow
    from holdfast.graph.engine import connection

    engine, database, statements = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
    secret = pyarrow.table({"token": ["s3cret"]})
    outcomes = {}
    with connection(engine, database, read_only=True, memory_bytes=1 << 28) as link:
        link.set_query_timeout(200)
        for name, statement in statements.items():
            try:
                results = link.execute(statement)
                results = results if isinstance(results, list) else [results]
                outcomes[name] = str([result.get_as_arrow(100).to_pylist() for result in results])
            except RuntimeError as error:
                outcomes[name] = f"refused: {error}"
    print(json.dumps(outcomes), flush=True)
    os._exit(0)  # an engine that was attacked may crash as it ends
"""


@dataclass(frozen=True)
class Attack:
    """`{out}` is a folder with a secret in it. `worked` judges what came of it and what is in the folder."""

    name: str
    statement: str
    worked: Callable[[str, Path], bool]


def _told_the_secret(outcome: str, _: Path) -> bool:
    return "s3cret" in outcome


def _wrote(name: str) -> Callable[[str, Path], bool]:
    return lambda _, out: (out / name).exists()


# The order matters on the bare engine: the last one damages what the others read.
ATTACKS = (
    Attack("read a file", "LOAD FROM '{out}/secret.csv' (header=true) RETURN *", _told_the_secret),
    Attack("read a variable", "LOAD FROM secret RETURN *", _told_the_secret),
    Attack(
        "hide in comments and odd spaces",
        "/* MATCH (u:User) RETURN u.id */ LOAD/**/FROM\t\n'{out}/secret.csv' (header=true) RETURN *",
        _told_the_secret,
    ),
    Attack("write a file", "COPY (MATCH (u:User) RETURN u.id) TO '{out}/copied.csv'", _wrote("copied.csv")),
    Attack("make a folder and export", "EXPORT DATABASE '{out}/exported' (format='{format}')", _wrote("exported")),
    Attack(
        "run a second statement",
        "MATCH (u:User) RETURN u.id AS id; COPY (RETURN 1 AS one) TO '{out}/second.csv'",
        _wrote("second.csv"),
    ),
    # The engine looks for its entry point only in a library that it has loaded, and so run.
    Attack("load a library", "LOAD EXTENSION '{library}'", lambda outcome, _: "name function in ext" in outcome),
    # Without a network it fails as well, but it tried.
    Attack("fetch an extension", "INSTALL httpfs", lambda outcome, _: "establish connection" in outcome),
    Attack("switch the time limit off", "CALL timeout=0", lambda outcome, _: not outcome.startswith("refused")),
    Attack("spoil the snapshot", "CHECKPOINT", lambda _, out: (out.parent / "graph.db.shadow").exists()),
)


@dataclass(frozen=True)
class Field:
    """A snapshot, a folder with a secret, and what every attack did on the bare engine."""

    snapshot: Snapshot
    out: Path
    outcomes: Mapping[str, str]

    def statement(self, attack: Attack, out: Path) -> str:
        export_format = "csv" if self.snapshot.manifest.engine == "kuzu" else "parquet"
        assert SOME_LIBRARY is not None
        return attack.statement.format(out=out, library=SOME_LIBRARY.origin, format=export_format)


def _with_secret(folder: Path) -> Path:
    folder.mkdir()
    (folder / "secret.csv").write_text("token\ns3cret\n")
    return folder


@pytest.fixture(scope="module", params=["ladybug", "kuzu"])
def field(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Field:
    engine: EngineName = request.param
    root = tmp_path_factory.mktemp(engine)
    tables = {name: TABLES[name] for name in ("User", "Group", "MEMBER_OF.User.Group")}
    store = SnapshotStore(root / "graph")
    snapshot = store.build(write_tables(root / "tables", tables, SCHEMA), draft(schema=SCHEMA, unknown=()), engine)
    victim = root / "bare" / "graph.db"
    victim.parent.mkdir()
    shutil.copy(snapshot.database, victim)
    out = _with_secret(victim.parent / "out")
    empty = Field(snapshot, out, {})
    statements = {attack.name: empty.statement(attack, out) for attack in ATTACKS}
    command = [sys.executable, "-I", "-c", textwrap.dedent(BARE_ENGINE), engine, str(victim), json.dumps(statements)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return Field(snapshot, out, json.loads(run.stdout))


@pytest.fixture(scope="module")
async def pool(field: Field) -> AsyncIterator[QueryPool]:
    made = QueryPool(
        engine=field.snapshot.manifest.engine,
        size=1,
        timeout=timedelta(seconds=1),
        memory_bytes=1 << 30,
        max_rows=1_000,
    )
    yield made
    await made.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_attack_works_where_no_wall_stands(field: Field, attack: Attack) -> None:
    assert attack.worked(field.outcomes[attack.name], field.out), field.outcomes[attack.name]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_guard_refuses_the_attack(field: Field, attack: Attack) -> None:
    with pytest.raises(QueryRefused, match="Line 1, column"):
        guarded(field.statement(attack, field.out), SCHEMA)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_the_query_process_alone_stops_the_attack(
    field: Field, pool: QueryPool, attack: Attack, tmp_path: Path
) -> None:
    out = _with_secret(tmp_path / "out")
    before = sorted(path.name for path in field.snapshot.directory.iterdir())
    try:
        rows = await pool.run(field.snapshot, _raw(field.statement(attack, out)))
        outcome = str(rows.frame.to_dicts())
    except QueryFailed as failed:
        outcome = str(failed)
    assert [path.name for path in out.iterdir()] == ["secret.csv"]
    assert sorted(path.name for path in field.snapshot.directory.iterdir()) == before
    if attack.name == "switch the time limit off":
        # It is not the engine's limit that counts.
        with pytest.raises(QueryFailed, match="ran longer than 1 s"):
            await pool.run(field.snapshot, _raw(ENDLESS))
    elif attack.name == "fetch an extension":
        assert not any(word in outcome.lower() for word in ("success", "installed"))
    else:
        assert not attack.worked(outcome, out), outcome


ENDLESS = "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y RETURN sum(x * y) AS s"


@pytest.mark.parametrize(
    "query",
    [
        ENDLESS,
        "MATCH (a:User), (b:User), (c:User), (d:User), (e:User), (f:User), (g:User), (h:User), (i:User), (j:User), "
        "(k:User), (l:User), (m:User), (n:User), (o:User), (p:User) RETURN sum(size(a.id) * size(p.id)) AS n",
    ],
    ids=["a range", "a cross product"],
)
async def test_a_query_without_an_end_ignores_the_engines_limit_but_not_the_deadline(
    field: Field, pool: QueryPool, query: str
) -> None:
    with pytest.raises(QueryFailed, match=r"ran longer than 1 s|memory"):
        await pool.run(field.snapshot, _raw(query))


async def test_after_every_attack_the_snapshot_is_whole_and_answers(field: Field, pool: QueryPool) -> None:
    field.snapshot.verify_contents()
    rows = await pool.run(field.snapshot, _raw("MATCH (u:User) RETURN count(*) AS n"))
    assert rows.frame.item() == 4


def test_a_word_that_only_looks_like_an_attack_is_no_attack() -> None:
    # What a search for forbidden words refuses.
    query = "MATCH (u:User) WHERE u.last_name = 'Settle; DROP' AND u.created IS NOT NULL RETURN u.login AS loaded"
    assert guarded(query, SCHEMA).labels == {"User"}


def _raw(text: str) -> GuardedQuery:
    return GuardedQuery(text, frozenset(), frozenset())
