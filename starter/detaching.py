"""A stack in the background: start it and return when it serves, and end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.errors import HoldfastError
from holdfast.settings import PREFIX, Settings, as_environment
from starter.stack_record import (
    StackRecord,
    end_survivors,
    folder_in_use,
    lock_holder,
    owned_folder,
    prepared,
    running_stack,
)

Say = Callable[[str], None]

_POLL_S = 0.1
# The slowest process gets 20 s before it is killed, one after the other.
_DOWN_TIMEOUT_S = 60.0


class DetachedFailed(HoldfastError):
    """The stack ended while it started; it already said why. `exit_code` is its own."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def start_detached(settings: Settings, say: Say, command: str = "up") -> StackRecord:
    """Start a stack that outlives this process, by `holdfast up` or a command like it; return when all of it serves.

    Raises FolderInUse, DetachedFailed.
    """
    prepared(settings.data_dir)
    if (holder := lock_holder(settings.data_dir)) is not None:
        raise folder_in_use(settings.data_dir, holder)
    log = settings.data_dir / "logs" / "stack.log"
    log.parent.mkdir(exist_ok=True)
    inherited = {name: text for name, text in os.environ.items() if not name.upper().startswith(PREFIX)}
    with log.open("ab") as output:
        begin = output.tell()
        child = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-m", "starter", command, "--no-summary"],
            env={**inherited, **as_environment(settings)},
            # A folder of its own: else it would keep somebody's folder from being unmounted.
            cwd=settings.data_dir,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    tell = _Tail(log, begin, say)
    with _ended_on_interruption(child):
        while child.poll() is None:
            tell()
            record = running_stack(settings.data_dir)
            if record is not None and record.supervisor.pid == child.pid:
                return record
            time.sleep(_POLL_S)
    tell()
    raise DetachedFailed(f"Nothing was started; see also {log}.", child.returncode)


def stop_stack(data_dir: Path) -> bool:
    """End the stack of this folder and wait until all of it has ended; False where none ran."""
    holder = _named_holder(data_dir)
    if holder is None:
        if not data_dir.exists():
            return False
        with owned_folder(data_dir):
            return bool(end_survivors(data_dir))
    os.kill(holder, signal.SIGTERM)
    if not _released(data_dir, _DOWN_TIMEOUT_S):
        os.kill(holder, signal.SIGKILL)
        _released(data_dir, _DOWN_TIMEOUT_S)
        with owned_folder(data_dir):
            end_survivors(data_dir)
    return True


def _named_holder(data_dir: Path) -> int | None:
    while (holder := lock_holder(data_dir)) == 0:
        time.sleep(_POLL_S)
    return holder


def _released(data_dir: Path, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while lock_holder(data_dir) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


@contextmanager
def _ended_on_interruption(child: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise


class _Tail:
    """Passes on what a growing file got since it was last looked at, whole lines only."""

    def __init__(self, file: Path, begin: int, say: Say) -> None:
        self._file = file
        self._seen = begin
        self._say = say

    def __call__(self) -> None:
        with self._file.open("rb") as log:
            log.seek(self._seen)
            fresh = log.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._seen += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            self._say(line)
