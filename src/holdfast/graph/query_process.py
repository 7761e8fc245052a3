"""The second wall: a process in which generated queries run, and which can do nothing else.

It is started with an empty environment and gives up, for good, changing any file or folder and reaching the
network; it opens one snapshot, and then gives up opening anything more and growing beyond its allowance. Whatever
gets past the guard, and whatever the engine allows in spite of `read_only`, meets the operating system here. Its
owner kills it at the deadline.

Requests are a length (4 bytes, big-endian) and the query in UTF-8. Answers are a length, a header in JSON and, for
rows, as many bytes of Arrow IPC stream as the header says. Imports are few: it must be ready in a blink.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypedDict, cast

import pyarrow as pa

from holdfast.graph.engine import EngineName, as_arrow, connection
from holdfast.processes import die_with_parent, renounce_changes

Status = Literal["ready", "unusable", "rows", "failed", "too_many_rows", "out_of_memory"]


class Header(TypedDict):
    """What an answer begins with. `payload_bytes` of Arrow follow; `row_count` is what the query found."""

    status: Status
    message: str
    row_count: int
    payload_bytes: int
    peak_memory_bytes: int


# The engine's types that mean its own handles instead of values.
_HANDLES = re.compile(r"\b(NODE|REL|RECURSIVE_REL|INTERNAL_ID)\b")
_WARM_UP = "UNWIND ['one'] AS word RETURN sum(1) AS total, collect(word) AS words"
_OUT_OF_MEMORY = ("buffer pool is full", "Unable to allocate memory", "bad_alloc", "bad allocation")
_PATHS = re.compile(r"(?<![\w.:])/[\w.@+-]+(?:/[\w.@+-]+)+")


class _Refusal(Exception):
    """An answer other than rows."""

    def __init__(self, status: Status, message: str, row_count: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.row_count = row_count


class _PeakMemory:
    """The most memory the process held since the last reset; its files are opened while that is still allowed."""

    def __init__(self) -> None:
        self._status = os.open("/proc/self/status", os.O_RDONLY)
        self._reset = os.open("/proc/self/clear_refs", os.O_WRONLY)

    def reset(self) -> None:
        os.pwrite(self._reset, b"5", 0)

    def read_bytes(self) -> int:
        for line in os.pread(self._status, 8_192, 0).splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1_024
        raise RuntimeError("The system does not tell the peak memory of a process.")


class _Desk:
    """Runs queries over one connection."""

    def __init__(self, engine: EngineName, link: Any, database: Path, max_rows: int) -> None:
        self.database = database
        self._engine = engine
        self._link = link
        self._max_rows = max_rows

    def rows(self, text: str) -> Any:
        """The query's rows as an Arrow table. Raises _Refusal, and whatever the engine raises."""
        result = self._link.execute(text)
        if isinstance(result, list):
            raise _Refusal("failed", "only one statement is allowed")
        try:
            # A cross product of 500,000,000 rows is found in no time; making a table of it is what never ends.
            if (row_count := result.get_num_tuples()) > self._max_rows:
                raise _Refusal("too_many_rows", "", row_count)
            _check_columns(result.get_column_names(), result.get_column_data_types())
            return as_arrow(self._engine, result)
        finally:
            result.close()


def serve(engine: EngineName, database: Path, memory_bytes: int, max_rows: int) -> None:
    """Answer queries until the standard input ends."""
    requests, answers = sys.stdin.buffer, _own_output()
    # Half for the engine's buffers, which live in address space reserved beforehand, half for all the rest.
    share = memory_bytes // 2
    peak = _PeakMemory()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    renounce_changes()
    try:
        with connection(engine, database, read_only=True, memory_bytes=share) as link:
            desk = _Desk(engine, link, database, max_rows)
            # The first result imports and allocates what every later one needs.
            _write_stream(desk.rows(_WARM_UP), pa.MockOutputStream())
            _give_up_rights(share, nowhere)
            _send(answers, _header("ready"))
            while (text := _next_request(requests)) is not None:
                peak.reset()
                _answer(desk, text, answers, peak)
    except RuntimeError as error:
        # Only opening raises here: what a query raises is answered.
        _send(answers, _header("unusable", message=_told(error, database)))


def _own_output() -> BinaryIO:
    """The standard output for answers alone: whatever the engine prints goes to the standard error."""
    mine = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(mine, "wb")


def _give_up_rights(memory_bytes: int, nowhere: int) -> None:
    # A dying process must not leave the tenant's data in a core file, nor the engine its words on a terminal.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    with Path("/proc/self/statm").open() as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + memory_bytes, size + memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # Nothing at or above the lowest free number can be opened: not one more file or socket.
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, lowest_free))


def _next_request(requests: BinaryIO) -> str | None:
    length = requests.read(4)
    return requests.read(int.from_bytes(length)).decode() if length else None


def _answer(desk: _Desk, text: str, answers: BinaryIO, peak: _PeakMemory) -> None:
    try:
        table = desk.rows(text)
        # Counted first, written then: a copy of a large result is what would not fit.
        counted = pa.MockOutputStream()
        _write_stream(table, counted)
    except _Refusal as refusal:
        header = _header(refusal.status, message=str(refusal), row_count=refusal.row_count)
    except (MemoryError, pa.ArrowMemoryError):
        header = _header("out_of_memory")
    except (RuntimeError, pa.ArrowException) as error:
        out_of_memory = any(words in str(error) for words in _OUT_OF_MEMORY)
        header = _header("out_of_memory" if out_of_memory else "failed", message=_told(error, desk.database))
    else:
        header = _header("rows", row_count=table.num_rows, payload_bytes=counted.size())
        header["peak_memory_bytes"] = peak.read_bytes()
        _send(answers, header)
        _write_stream(table, answers)
        answers.flush()
        return
    header["peak_memory_bytes"] = peak.read_bytes()
    _send(answers, header)


def _check_columns(names: list[str], types: list[str]) -> None:
    for name, kind in zip(names, types, strict=True):
        if names.count(name) > 1:
            raise _Refusal("failed", f"two columns are called {name}; give each a name of its own with AS")
        if _HANDLES.search(kind):
            raise _Refusal("failed", f"the column {name} holds whole nodes or relations; return their properties")


def _write_stream(table: Any, sink: Any) -> None:
    table = _with_sound_lists(table)
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)


def _with_sound_lists(table: Any) -> Any:
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


def _header(status: Status, *, message: str = "", row_count: int = 0, payload_bytes: int = 0) -> Header:
    return Header(status=status, message=message, row_count=row_count, payload_bytes=payload_bytes, peak_memory_bytes=0)


def _send(answers: BinaryIO, header: Header) -> None:
    line = json.dumps(header).encode()
    answers.write(len(line).to_bytes(4) + line)
    answers.flush()


def _told(error: Exception, database: Path) -> str:
    """The engine's own words without telling where anything lies on this machine."""
    return _PATHS.sub("(a file)", str(error).replace(str(database), "(the snapshot)"))


if __name__ == "__main__":
    die_with_parent()
    _engine, _database, _memory_bytes, _max_rows = sys.argv[1:]
    serve(cast("EngineName", _engine), Path(_database), int(_memory_bytes), int(_max_rows))
