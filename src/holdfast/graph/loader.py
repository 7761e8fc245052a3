"""From a folder of Parquet tables to a new database file, in a process of its own.

The engine's native code never runs in the worker's process: if it crashes, it takes this load along and no
question. The load is all or nothing; whoever called discards the file after any error.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from holdfast.errors import StorageFull, SyncInconsistent
from holdfast.graph.engine import EngineName, connection
from holdfast.graph.schema import ColumnType, GraphSchema, NodeTable, RelationTable
from holdfast.processes import command, die_with_parent

# Twice what 100,000 users and 1,000,000 memberships need; beyond it the engine spills into the folder it builds in.
_BUFFER_BYTES = 1 << 30

# A hundred times what 1,000,000 memberships take: an engine that hangs must not hold the lock for ever.
_LOAD_SECONDS = 600

_ARROW_TYPES = {
    ColumnType.STRING: pa.string(),
    ColumnType.BOOL: pa.bool_(),
    ColumnType.INT64: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.STRING_LIST: pa.list_(pa.string()),
}
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
# Less than the engine's smallest step of growth.
_FULL_BYTES = 1 << 20


class _Load(BaseModel):
    """What the loading process is told on its standard input."""

    model_config = ConfigDict(frozen=True)
    tables: Path
    graph_schema: GraphSchema
    database: Path
    engine: EngineName


class _Loaded(BaseModel):
    """What it answers: rows in the database by table, or what went wrong."""

    model_config = ConfigDict(frozen=True)
    counts: dict[str, int] = {}
    failure: str = ""
    storage_full: bool = False


def build_database(tables: Path, schema: GraphSchema, database: Path, engine: EngineName) -> dict[str, int]:
    """Load every table of `schema` into the new file `database`; rows found in it afterwards, by table.

    Raises SyncInconsistent where the tables do not fit the schema or each other, OSError (ENOSPC) for a full disk.
    """
    load = _Load(tables=tables, graph_schema=schema, database=database, engine=engine)
    try:
        process = subprocess.run(  # noqa: S603 - our own module, nothing from outside on the command line
            command("holdfast.graph.loader"),
            input=load.model_dump_json().encode(),
            capture_output=True,
            env={},
            check=False,
            timeout=_LOAD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise _unfinished(engine, f"no end after {_LOAD_SECONDS} s") from None
    has_room = shutil.disk_usage(database.parent).free >= _FULL_BYTES
    if process.returncode != 0:
        # kuzu aborts on a full disk without a word of it.
        if not has_room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        words = process.stderr.decode(errors="replace").strip().splitlines()
        raise _unfinished(engine, words[-1] if words else f"exit status {process.returncode}")
    loaded = _Loaded.model_validate_json(process.stdout.splitlines()[-1])
    # A checkpoint on a full disk fails as if the file could not be read.
    if loaded.storage_full or (loaded.failure and not has_room):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if loaded.failure:
        raise SyncInconsistent(f"{loaded.failure} Nothing was published; run `holdfast sync` again in full.")
    return loaded.counts


def _unfinished(engine: EngineName, why: str) -> SyncInconsistent:
    return SyncInconsistent(
        f"{engine} did not finish loading the graph ({why}). Nothing was published; run `holdfast sync` again."
    )


def table_rows(tables: Path, schema: GraphSchema) -> dict[str, int]:
    """Rows of every table of `schema` as its Parquet file states them; no file means none."""
    rows = {}
    for name in _table_names(schema):
        file = tables / f"{name}.parquet"
        rows[name] = pq.read_metadata(file).num_rows if file.exists() else 0
    return rows


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turns "no space left" into StorageFull, which says where to make room."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageFull(
                f"No space is left for the graph in {folder}; make room, it goes on by itself."
            ) from error
        raise


def _table_names(schema: GraphSchema) -> list[str]:
    return [node.label for node in schema.nodes] + [relation.file_stem for relation in schema.relations]


class _TableUnfit(Exception):
    """A table that cannot be loaded, in a sentence."""


def _load_all(link: Any, load: _Load) -> None:
    schema = load.graph_schema
    for node in schema.nodes:
        columns = ", ".join(f"`{name}` {kind.value}" for name, kind in node.columns.items())
        link.execute(f"CREATE NODE TABLE `{node.label}`({columns}, PRIMARY KEY(`id`))")
    for name in dict.fromkeys(relation.name for relation in schema.relations):
        link.execute(_relation_ddl([r for r in schema.relations if r.name == name]))
    for node in schema.nodes:
        _copy_node(link, node, load.tables)
    for relation in schema.relations:
        _copy_relation(link, relation, load.tables)
    link.execute("CHECKPOINT")


def _relation_ddl(pairs: list[RelationTable]) -> str:
    ends = ", ".join(f"FROM `{pair.source}` TO `{pair.target}`" for pair in pairs)
    columns = "".join(f", `{name}` {kind.value}" for name, kind in pairs[0].columns.items())
    return f"CREATE REL TABLE `{pairs[0].name}`({ends}{columns})"


def _copy_node(link: Any, node: NodeTable, tables: Path) -> None:
    rows = _rows(tables, node.label, node.columns)
    if rows is not None:
        # COPY goes by position unless the columns are named.
        names = ", ".join(f"`{name}`" for name in node.columns)
        _copy(link, f"COPY `{node.label}`({names}) FROM rows", rows, node.label)


def _copy_relation(link: Any, relation: RelationTable, tables: Path) -> None:
    ends = {"from_id": ColumnType.STRING, "to_id": ColumnType.STRING}
    rows = _rows(tables, relation.file_stem, {**ends, **relation.columns})
    if rows is not None:
        statement = f"COPY `{relation.name}` FROM rows (from='{relation.source}', to='{relation.target}')"
        _copy(link, statement, rows, relation.file_stem)


def _copy(link: Any, statement: str, rows: pa.Table, name: str) -> None:
    """Run a COPY whose source is this function's variable `rows`: the engine looks it up by that name."""
    try:
        link.execute(statement)
    except RuntimeError as error:
        raise _TableUnfit(f"The table {name} ({rows.num_rows:,} rows) cannot be loaded: {error}") from error


def _rows(tables: Path, name: str, columns: dict[str, ColumnType]) -> pa.Table | None:
    """The rows of a table in the schema's order and types; None where there are none.

    Read by Arrow and not by the engine, which takes timestamps written by Polars for integers and the brackets in
    a folder's name for a pattern.
    """
    file = tables / f"{name}.parquet"
    if not file.exists():
        return None
    found = pq.read_table(file)
    if differing := set(found.column_names) ^ set(columns):
        raise _TableUnfit(f"The table {name} does not have the schema's columns: {', '.join(sorted(differing))}.")
    wanted = pa.schema([(column, _ARROW_TYPES[kind]) for column, kind in columns.items()])
    try:
        rows = found.select(list(columns)).cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _TableUnfit(f"The table {name} does not have the schema's types: {error}.") from error
    return rows if rows.num_rows else None


def _counts(link: Any, schema: GraphSchema) -> dict[str, int]:
    patterns = {node.label: f"(:`{node.label}`)" for node in schema.nodes}
    patterns |= {r.file_stem: f"(:`{r.source}`)-[:`{r.name}`]->(:`{r.target}`)" for r in schema.relations}
    return {name: link.execute(f"MATCH {pattern} RETURN count(*)").get_next()[0] for name, pattern in patterns.items()}


def _run(load: _Load) -> _Loaded:
    try:
        with connection(load.engine, load.database, read_only=False, memory_bytes=_BUFFER_BYTES) as link:
            _load_all(link, load)
            return _Loaded(counts=_counts(link, load.graph_schema))
    except (_TableUnfit, RuntimeError) as error:
        # The engine tells of a full disk in words only.
        return _Loaded(failure=str(error), storage_full=os.strerror(errno.ENOSPC) in str(error))


if __name__ == "__main__":
    die_with_parent()
    sys.stdout.write(_run(_Load.model_validate_json(sys.stdin.buffer.read())).model_dump_json() + "\n")
