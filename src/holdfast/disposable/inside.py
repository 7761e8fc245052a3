"""What a disposable process does for itself: give up its rights for good, and answer one request at a time.

It is started with an empty environment. Before any thread starts it gives up changing any file or folder and reaching
the network (`holdfast.processes.renounce_changes`); once it has all that it must read, it gives up opening anything
more and growing beyond its allowance. Its owner kills it at the deadline.

Requests are a length (4 bytes, big-endian) and the query in UTF-8. Answers are a length, a header in JSON and, for
rows, as many bytes of Arrow IPC stream as the header says. Imports are few: it must be ready in a blink.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypedDict

import pyarrow as pa

Status = Literal["ready", "unusable", "rows", "failed", "too_many_rows", "out_of_memory"]

_PATHS = re.compile(r"(?<![\w.:])/[\w.@+-]+(?:/[\w.@+-]+)+")


class Header(TypedDict):
    """What an answer begins with. `payload_bytes` of Arrow follow; `row_count` is what the query found."""

    status: Status
    message: str
    row_count: int
    payload_bytes: int
    peak_memory_bytes: int


class Refusal(Exception):
    """An answer other than rows."""

    def __init__(self, status: Status, message: str = "", row_count: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.row_count = row_count


class PeakMemory:
    """The most memory the process held since the last reset; its files are opened while that is still allowed."""

    def __init__(self) -> None:
        self._status = os.open("/proc/self/status", os.O_RDONLY)
        self._reset = os.open("/proc/self/clear_refs", os.O_WRONLY)

    def reset(self) -> None:
        """Count from now on."""
        os.pwrite(self._reset, b"5", 0)

    def read_bytes(self) -> int:
        """In bytes. Raises RuntimeError where the system does not tell."""
        for line in os.pread(self._status, 8_192, 0).splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1_024
        raise RuntimeError("The system does not tell the peak memory of a process.")


class Desk:
    """Where requests come in and answers go out. Make it before any right is given up."""

    def __init__(self) -> None:
        self._requests = sys.stdin.buffer
        self._answers = _own_output()
        self._peak = PeakMemory()
        self._nowhere = os.open(os.devnull, os.O_WRONLY)

    def give_up_rights(self, memory_bytes: int) -> None:
        """From here on the process opens nothing and grows by no more than `memory_bytes`."""
        # A dying process must not leave the tenant's data in a core file, nor the engine its words on a terminal.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for stream in (1, 2):
            os.dup2(self._nowhere, stream)
        os.close(self._nowhere)
        with Path("/proc/self/statm").open() as statm:
            size = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + memory_bytes, size + memory_bytes))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        # Nothing at or above the lowest free number can be opened: not one more file or socket.
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, lowest_free))

    def say_unusable(self, message: str) -> None:
        """Tell the owner why this process will answer nothing."""
        _send(self._answers, _header("unusable", message=message))

    def serve(self, rows: Callable[[str], Any]) -> None:
        """Answer until the requests end. `rows` gives a query's Arrow table; it raises Refusal or MemoryError."""
        _send(self._answers, _header("ready"))
        while (text := self._next_request()) is not None:
            self._peak.reset()
            self._answer(rows, text)

    def _next_request(self) -> str | None:
        length = self._requests.read(4)
        return self._requests.read(int.from_bytes(length)).decode() if length else None

    def _answer(self, rows: Callable[[str], Any], text: str) -> None:
        try:
            table = rows(text)
            # Counted first, written then: a copy of a large result is what would not fit.
            counted = pa.MockOutputStream()
            write_stream(table, counted)
        except Refusal as refusal:
            header = _header(refusal.status, message=str(refusal), row_count=refusal.row_count)
        except (MemoryError, pa.ArrowMemoryError):
            header = _header("out_of_memory")
        except pa.ArrowException as error:
            header = _header("failed", message=str(error))
        else:
            header = _header("rows", row_count=table.num_rows, payload_bytes=counted.size())
            header["peak_memory_bytes"] = self._peak.read_bytes()
            _send(self._answers, header)
            write_stream(table, self._answers)
            self._answers.flush()
            return
        header["peak_memory_bytes"] = self._peak.read_bytes()
        _send(self._answers, header)


def write_stream(table: Any, sink: Any) -> None:
    """The table as an Arrow IPC stream."""
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)


def without_paths(words: str) -> str:
    """An engine's own words without telling where anything lies on this machine."""
    return _PATHS.sub("(a file)", words)


def _own_output() -> BinaryIO:
    """The standard output for answers alone: whatever the engine prints goes to the standard error."""
    mine = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(mine, "wb")


def _header(status: Status, *, message: str = "", row_count: int = 0, payload_bytes: int = 0) -> Header:
    return Header(status=status, message=message, row_count=row_count, payload_bytes=payload_bytes, peak_memory_bytes=0)


def _send(answers: BinaryIO, header: Header) -> None:
    line = json.dumps(header).encode()
    answers.write(len(line).to_bytes(4) + line)
    answers.flush()
