"""A child process that ends when its parent does, however that ended."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

# Linux ends the child when its parent is gone. In a process of its own and not in a preexec_fn: that would run Python
# between fork and exec while the SDK's threads hold locks.
_LAUNCHER = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the parent ended before its child started")
os.execv(sys.argv[2], sys.argv[2:])
"""

_LOG_BYTES_KEPT = 10 << 20


async def spawn_bound(
    command: Sequence[str],
    log_file: Path,
    *,
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> asyncio.subprocess.Process:
    """Start `command` with its output appended to `log_file`.

    Call it from the main thread: Linux ends the child together with the thread that started it.
    """
    with _appending(log_file) as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command,
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            env=environment, pass_fds=pass_fds,
            # A Ctrl-C in the terminal must not end a server before those who use it.
            start_new_session=True,
        )  # fmt: skip


def _appending(log_file: Path) -> BinaryIO:
    log_file.parent.mkdir(parents=True, exist_ok=True)
    if log_file.exists() and log_file.stat().st_size > _LOG_BYTES_KEPT:
        log_file.replace(log_file.with_name(f"{log_file.name}.1"))
    return log_file.open("ab")
