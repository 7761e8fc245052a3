"""The second wall: a process in which generated queries run, and which can do nothing else.

It opens one snapshot and renounces the rest (`holdfast.disposable.inside`). Whatever gets past the guard, and whatever
the engine allows in spite of `read_only`, meets the operating system here.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from holdfast.disposable.inside import Desk, Refusal, without_paths, write_stream
from holdfast.graph.engine import EngineName, as_arrow, connection
from holdfast.processes import die_with_parent, renounce_changes

# The engine's types that mean its own handles instead of values.
_HANDLES = re.compile(r"\b(NODE|REL|RECURSIVE_REL|INTERNAL_ID)\b")
_WARM_UP = "UNWIND ['one'] AS word RETURN sum(1) AS total, collect(word) AS words"
_OUT_OF_MEMORY = ("buffer pool is full", "Unable to allocate memory", "bad_alloc", "bad allocation")


class _Queries:
    """Runs queries over one connection."""

    def __init__(self, engine: EngineName, link: Any, database: Path, max_rows: int) -> None:
        self._engine = engine
        self._link = link
        self._database = database
        self._max_rows = max_rows

    def rows(self, text: str) -> Any:
        """The query's rows as an Arrow table. Raises Refusal."""
        try:
            return self._executed(text)
        except RuntimeError as error:
            if any(words in str(error) for words in _OUT_OF_MEMORY):
                raise Refusal("out_of_memory") from error
            raise Refusal("failed", _told(error, self._database)) from error

    def _executed(self, text: str) -> Any:
        result = self._link.execute(text)
        if isinstance(result, list):
            raise Refusal("failed", "only one statement is allowed")
        try:
            # A cross product of 500,000,000 rows is found in no time; making a table of it is what never ends.
            if (row_count := result.get_num_tuples()) > self._max_rows:
                raise Refusal("too_many_rows", row_count=row_count)
            _check_columns(result.get_column_names(), result.get_column_data_types())
            return with_sound_lists(as_arrow(self._engine, result))
        finally:
            result.close()


def serve(engine: EngineName, database: Path, memory_bytes: int, max_rows: int) -> None:
    """Answer queries until the standard input ends."""
    # Half for the engine's buffers, which live in address space reserved beforehand, half for all the rest.
    share = memory_bytes // 2
    desk = Desk()
    renounce_changes()
    try:
        with connection(engine, database, read_only=True, memory_bytes=share) as link:
            queries = _Queries(engine, link, database, max_rows)
            # The first result imports and allocates what every later one needs.
            write_stream(queries.rows(_WARM_UP), pa.MockOutputStream())
            desk.give_up_rights(share)
            desk.serve(queries.rows)
    except (RuntimeError, Refusal) as error:
        # Only opening raises here: what a query raises is answered.
        desk.say_unusable(_told(error, database))


def _check_columns(names: list[str], types: list[str]) -> None:
    for name, kind in zip(names, types, strict=True):
        if names.count(name) > 1:
            raise Refusal("failed", f"two columns are called {name}; give each a name of its own with AS")
        if _HANDLES.search(kind):
            raise Refusal("failed", f"the column {name} holds whole nodes or relations; return their properties")


def with_sound_lists(table: Any) -> Any:
    """The same table. Where no list of a column holds anything, the engine leaves the items' buffers unwritten."""
    for place, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            chunks = [
                _without_items(chunk) if len(chunk.values) == 0 else chunk for chunk in table.column(place).chunks
            ]
            table = table.set_column(place, field, pa.chunked_array(chunks, field.type))
    return table


def _without_items(lists: Any) -> Any:
    # Nothing that would import a module: this process may no longer open files.
    there_and_offsets, items = lists.buffers()[:2], pa.nulls(0, lists.type.value_type)
    return pa.Array.from_buffers(
        lists.type, len(lists), there_and_offsets, lists.null_count, lists.offset, children=[items]
    )


def _told(error: Exception, database: Path) -> str:
    return without_paths(str(error).replace(str(database), "(the snapshot)"))


if __name__ == "__main__":
    die_with_parent()
    _engine, _database, _memory_bytes, _max_rows = sys.argv[1:]
    serve(cast("EngineName", _engine), Path(_database), int(_memory_bytes), int(_max_rows))
