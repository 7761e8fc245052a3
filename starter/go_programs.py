"""Programs that Go's tool-chain builds once, for every clone on this machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# 4 minutes on two cores with empty Go caches.
_BUILD_TIMEOUT_S = 1200


@contextmanager
def only_one(lock: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock until the block ends; `tell` hears of it where another process has it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("Another process is getting Temporal; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def has_go() -> bool:
    """Whether programs can be built here."""
    return shutil.which("go") is not None


def go_install(packages: Sequence[str], folder: Path, tell: Callable[[str], None]) -> bool:
    """Build `packages`, of one module, into `folder`; False where there is no Go or it failed, which `tell` hears."""
    go = shutil.which("go")
    if go is None:
        return False
    environment = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(folder)}
    wanted = " ".join(packages)
    try:
        run = subprocess.run(  # noqa: S603 - Go's tool-chain as the person installed it
            [go, "install", "-trimpath", "-ldflags=-s -w", *packages],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_BUILD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        tell(f"`go install {wanted}` was given up after {_BUILD_TIMEOUT_S // 60} minutes.")
        return False
    if run.returncode != 0:
        tell(f"`go install {wanted}` failed: {run.stderr.strip()[-2000:]}")
        return False
    return True
