"""Real databases for tests: a PostgreSQL of one's own, where Debian's binaries are there and it can be started."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from starter.ports import LOOPBACK, free_port

BINARIES = Path("/usr/lib/postgresql/15/bin")
# PostgreSQL refuses to run as root.
_USER = "postgres"


def why_no_postgresql() -> str | None:
    """The reason why no PostgreSQL can be started here; None where one can."""
    if not (BINARIES / "postgres").exists():
        return f"there is no {BINARIES}/postgres"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return "PostgreSQL refuses to run as root, and there is no runuser"
    if os.geteuid() == 0 and subprocess.run(["id", _USER], capture_output=True, check=False).returncode != 0:
        return f"PostgreSQL refuses to run as root, and there is no user {_USER}"
    return None


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database of a server of one's own, which ends with the block."""
    as_user = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
    folder = Path(mkdtemp(prefix="holdfast-pg-"))
    if as_user:
        shutil.chown(folder, _USER)
    port, data = free_port(), folder / "data"

    def run(*command: str | Path) -> None:
        subprocess.run([*as_user, *map(str, command)], check=True, capture_output=True, timeout=120, cwd=folder)

    run(BINARIES / "initdb", "-D", data, "-U", "holdfast", "-A", "trust", "--no-sync", "-E", "UTF8")
    options = f"-c listen_addresses={LOOPBACK} -p {port} -k {folder} -c fsync=off"
    run(BINARIES / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "-t", "100", "start")
    try:
        yield f"postgresql+psycopg://holdfast@{LOOPBACK}:{port}/postgres"
    finally:
        run(BINARIES / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)
