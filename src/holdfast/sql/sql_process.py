"""The second wall before generated SQL: a process that holds earlier steps' rows in memory and can do nothing else.

It reads each table's Parquet file, then shuts every way out: the engine's own (external access, file systems,
extensions, Python's variables, settings) and the system's (`holdfast.disposable.inside`). A query runs as the inside of
a SELECT, where nothing that changes data may stand, and one row beyond the limit is asked for: no cut is silent.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from holdfast.disposable.inside import Desk, Refusal, without_paths, write_stream
from holdfast.processes import die_with_parent, renounce_changes

# Of a machine shared with other steps; large joins gain little from more.
_THREADS = 2
_OPENED_WITH = {
    "threads": str(_THREADS),
    "temp_directory": "",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
# In this order: nothing can be loaded after the first, and nothing be set after the last.
_LOCKS = (
    "SET enable_external_access = false",
    "SET disabled_filesystems = 'LocalFileSystem'",
    "SET lock_configuration = true",
)


class _Queries:
    """Runs queries over one locked connection."""

    def __init__(self, link: duckdb.DuckDBPyConnection, max_rows: int) -> None:
        self._link = link
        self._max_rows = max_rows

    def rows(self, text: str) -> Any:
        """The query's rows as an Arrow table. Raises Refusal."""
        try:
            return self._executed(f"SELECT * FROM (\n{text}\n) LIMIT {self._max_rows + 1}")  # noqa: S608 - which is what this process is for
        except duckdb.OutOfMemoryException as error:
            raise Refusal("out_of_memory") from error
        except duckdb.Error as error:
            raise Refusal("failed", without_paths(str(error))) from error

    def _executed(self, wrapped: str) -> Any:
        if len(duckdb.extract_statements(wrapped)) != 1:
            raise Refusal("failed", "only one statement is allowed")
        relation = self._link.sql(wrapped)
        if relation is None:
            raise Refusal("failed", "only a SELECT gives rows")
        table = relation.to_arrow_table()
        if table.num_rows > self._max_rows:
            raise Refusal("too_many_rows", row_count=table.num_rows)
        for field in table.schema:
            _check_type(field.name, field.type)
        return table


def serve(tables: Mapping[str, str], memory_bytes: int, max_rows: int) -> None:
    """Load `tables` (Parquet files by the table's name) and answer queries over them until the input ends."""
    # Half for the engine, half for the rows that leave it.
    share = memory_bytes // 2
    desk = Desk()
    renounce_changes()
    try:
        link = duckdb.connect(":memory:", config={**_OPENED_WITH, "memory_limit": f"{share}B"})
        for name, file in tables.items():
            _load(link, name, file)
        for lock in _LOCKS:
            link.execute(lock)
        queries = _Queries(link, max_rows)
        # The first result imports and allocates what every later one needs.
        write_stream(queries.rows("SELECT 1 AS one, ['a'] AS words, TIMESTAMP '2026-01-01' AS moment"), _nowhere())
    except (duckdb.Error, Refusal) as error:
        desk.say_unusable(without_paths(str(error)))
        return
    desk.give_up_rights(share)
    desk.serve(queries.rows)


def _nowhere() -> Any:
    return pa.MockOutputStream()


def _load(link: duckdb.DuckDBPyConnection, name: str, file: str) -> None:
    source = link.read_parquet(file)
    columns = (
        # Moments have no zone here: all of them are UTC.
        f"timezone('UTC', {_quoted(column)}) AS {_quoted(column)}"
        if str(kind) == "TIMESTAMP WITH TIME ZONE"
        else _quoted(column)
        for column, kind in zip(source.columns, source.types, strict=True)
    )
    source.project(", ".join(columns)).create(_quoted(name))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _check_type(name: str, kind: Any) -> None:
    """Refuse what no reader of rows knows: lengths of time, opaque and extension types."""
    if pa.types.is_struct(kind):
        for field in kind:
            _check_type(name, field.type)
    elif pa.types.is_list(kind):
        _check_type(name, kind.value_type)
    elif not any(is_kind(kind) for is_kind in _KNOWN):
        raise Refusal(
            "failed",
            f"the column {name} is of type {kind}; give a number (as of date_diff('day', a, b)) or text instead",
        )


_KNOWN = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_boolean,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_time,
    pa.types.is_null,
)


if __name__ == "__main__":
    die_with_parent()
    _tables, _memory_bytes, _max_rows = sys.argv[1:]
    serve(json.loads(_tables), int(_memory_bytes), int(_max_rows))
