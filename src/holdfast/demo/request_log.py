"""One JSON line for every request the tenant got, on disk before the answer leaves."""

from __future__ import annotations

import time
from pathlib import Path
from typing import BinaryIO

import orjson

from holdfast.errors import SettingsError


class RequestLog:
    """Appends to `file`; None logs nothing. Raises SettingsError where the file cannot be written.

    A line has `time` (seconds since 1970), `method`, `path` (with its query), `status` and `cut` (the connection was
    broken in the middle of the body on purpose).
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

    def write(self, method: str, path: str, status: int, *, cut: bool) -> None:
        """Add one line and hand it to the operating system, so that killing the process loses none."""
        if self._out is None:
            return
        line = {"time": time.time(), "method": method, "path": path, "status": status, "cut": cut}
        self._out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        self._out.flush()

    def close(self) -> None:
        """Close the file."""
        if self._out:
            self._out.close()
