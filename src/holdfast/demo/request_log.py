"""One JSON line for every request the tenant got, on disk before the answer leaves, and how to count them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from holdfast.errors import SettingsError


@dataclass(frozen=True)
class Count:
    """How often an address was asked for, and how often all of its answer went out to somebody who was there."""

    asked: int
    finished: int


def read_counts(file: Path) -> dict[str, Count]:
    """Counts by address (path with query) of everything in the log; a line torn by a kill counts as not written."""
    asked: Counter[str] = Counter()
    finished: Counter[str] = Counter()
    for text in file.read_bytes().split(b"\n")[:-1]:
        line = orjson.loads(text)
        asked[line["path"]] += 1
        finished[line["path"]] += line["status"] == 200 and line["heard"] and not line["cut"]
    return {path: Count(times, finished[path]) for path, times in asked.items()}


class RequestLog:
    """Appends to `file`; None logs nothing. Raises SettingsError where the file cannot be written.

    A line has `time` (seconds since 1970), `method`, `path` (with its query), `status`, `cut` (the connection was
    broken in the middle of the body on purpose) and `heard` (whoever asked was still there when the answer was ready).
    """

    def __init__(self, file: Path | None) -> None:
        self._out: BinaryIO | None = None
        if file is None:
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._out = file.open("ab")
        except OSError as error:
            raise SettingsError(f"The request log {file} cannot be written: {error.strerror}.") from error

    def write(self, method: str, path: str, status: int, *, cut: bool, heard: bool) -> None:
        """Add one line and hand it to the operating system, so that killing the process loses none."""
        if self._out is None:
            return
        line = {
            "time": time.time(),
            "method": method,
            "path": path,
            "status": status,
            "cut": cut,
            "heard": heard,
        }
        self._out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        self._out.flush()

    def close(self) -> None:
        """Close the file."""
        if self._out:
            self._out.close()
