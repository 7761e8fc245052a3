"""PostgreSQL as a process of the stack, on a folder and with passwords of its own, for this machine only."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg

from holdfast.errors import SettingsError, StackNotRunning
from starter.cluster.passwords import password_of
from starter.command_child import ChildFailed, CommandChild
from starter.ports import LOOPBACK, is_free

# What a crash left is read again first: minutes for a large one.
_START_TIMEOUT = timedelta(minutes=5)
_OLDEST = 12
# Each of Temporal's four services keeps pools of 30 and 10, each gateway one of 5.
MAX_CONNECTIONS = 250
# Where Debian puts every version beside the others.
_DEBIANS = Path("/usr/lib/postgresql")
_HOW_TO_INSTALL = (
    "A cluster keeps its data in PostgreSQL, and none is installed here. Install it (Debian: apt install postgresql; "
    "macOS: brew install postgresql@15, then put its bin folder on the PATH), and start again; or run the same "
    "topology in containers: docker compose up."
)
# PostgreSQL refuses to run as root; this user comes with its package.
_USER = "postgres"


def find_postgres(installed: Path = _DEBIANS) -> Path:
    """The folder of PostgreSQL's programs: on the PATH, else Debian's newest. Raises StackNotRunning."""
    on_path = shutil.which("postgres")
    if on_path is not None and shutil.which("initdb") is not None:
        return Path(on_path).resolve().parent
    versions = [int(folder.name) for folder in installed.glob("*") if folder.name.isdigit()]
    usable = [v for v in versions if v >= _OLDEST and (installed / str(v) / "bin" / "initdb").exists()]
    if not usable:
        raise StackNotRunning(_HOW_TO_INSTALL)
    return installed / str(max(usable)) / "bin"


class PostgresChild(CommandChild):
    """PostgreSQL on `data_dir/postgres`, made when it is not there; it listens on loopback and asks for passwords."""

    # Those who are connected are cut off: they come back, or are being ended as well.
    stop_signal = signal.SIGINT

    def __init__(self, programs: Path, data_dir: Path, passwords: Path, port: int) -> None:
        super().__init__(
            "PostgreSQL", [], {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, data_dir / "logs" / "postgres.log"
        )
        self._programs = programs
        self._folder = data_dir / "postgres"
        self._passwords = passwords
        self.port = port

    async def start(self) -> None:
        """Return when it lets its owner in. Raises ChildFailed, SettingsError for a port that another program has."""
        if not is_free(self.port):
            raise SettingsError(f"Port {self.port}, which this cluster's PostgreSQL has, is in use by another program.")
        self._give_folder()
        with _reachable(self._folder) as (folder, descriptors):
            if not (self._folder / "data" / "PG_VERSION").exists():
                await asyncio.to_thread(self._initialize, folder, descriptors)
            self.command = [*_unprivileged(), str(self._programs / "postgres"), *self._options(folder)]
            await self.start_until(self._lets_its_owner_in, _START_TIMEOUT, pass_fds=descriptors)

    def _give_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self._folder, _owner().pw_uid, _owner().pw_gid)

    def _initialize(self, folder: Path, descriptors: list[int]) -> None:
        # Whatever was killed while it was made is made anew: `data` is there whole or not at all.
        shutil.rmtree(self._folder / "fresh", ignore_errors=True)
        password = self._folder / "password"
        password.touch(0o600)
        password.write_text(password_of(self._passwords, "postgres"), encoding="utf-8")
        if os.geteuid() == 0:
            shutil.chown(password, _owner().pw_uid, _owner().pw_gid)
        command = [*_unprivileged(), str(self._programs / "initdb"), "--pgdata", str(folder / "fresh")]
        command += ["--username", "postgres", "--pwfile", str(folder / "password"), "--auth", "scram-sha-256"]
        command += ["--encoding", "UTF8", "--locale", "C.UTF-8"]
        try:
            run = subprocess.run(  # noqa: S603 - PostgreSQL's own program, as it is installed
                command,
                env=self._environment,
                cwd="/",
                pass_fds=descriptors,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            password.unlink()
        if run.returncode != 0:
            raise ChildFailed(f"PostgreSQL could not make its folder {self._folder}: {run.stderr.strip()[-500:]}")
        (self._folder / "fresh").rename(self._folder / "data")

    def _options(self, folder: Path) -> list[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": MAX_CONNECTIONS,
        }
        chosen = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", str(folder / "data"), *chosen]

    async def _lets_its_owner_in(self, pid: int) -> bool:
        try:
            connection = await psycopg.AsyncConnection.connect(
                host=LOOPBACK,
                port=self.port,
                user="postgres",
                dbname="postgres",
                password=password_of(self._passwords, "postgres"),
                connect_timeout=2,
            )
        except psycopg.OperationalError:
            return False
        await connection.close()
        return True


def _owner() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_USER)
    except KeyError:
        raise StackNotRunning(
            f"PostgreSQL does not run as root, and there is no user {_USER} here whom it could run as: install "
            "PostgreSQL from your system's packages, or start the cluster as another user."
        ) from None


def _unprivileged() -> list[str]:
    """What starts a command as somebody else than root; it ends with us, which a change of user would undo."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackNotRunning(
            "PostgreSQL does not run as root: install util-linux (setpriv), or start as another user."
        )
    return [setpriv, f"--reuid={_USER}", f"--regid={_USER}", "--init-groups", "--pdeathsig", "SIGKILL", "--"]


@contextmanager
def _reachable(folder: Path) -> Iterator[tuple[Path, list[int]]]:
    """A path of the folder for whoever inherits these descriptors.

    A data folder is closed to everybody else, so another user cannot walk to a folder of its own inside it.
    """
    if os.geteuid() != 0:
        yield folder, []
        return
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}"), [descriptor]
    finally:
        os.close(descriptor)
