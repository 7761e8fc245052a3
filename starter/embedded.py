"""Temporal's dev server as a child process on a persistent database, for one machine."""

from __future__ import annotations

import asyncio
import fcntl
import json
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from holdfast.errors import TemporalUnavailable
from starter.bound_process import spawn_bound
from starter.namespace import ensure_search_attributes
from starter.ports import LOOPBACK, free_port, is_free
from starter.temporal_binary import find_temporal

__all__ = ["EmbeddedTemporal", "find_temporal"]

_NAMESPACE = "default"
# A cold start from a slow disk took 4 s; a database with a long history has to be opened as well.
_START_TIMEOUT_S = 60.0
# It drains its pollers for some seconds after SIGTERM.
_STOP_TIMEOUT_S = 15.0
# A server whose parent was killed a moment ago is being killed too.
_RELEASE_TIMEOUT_S = 5.0
# Its four inner services take random ports by themselves; one of them may be lost to another server that starts.
_ATTEMPTS = 3

# The dev server polls its one shard's queues 20 times a second and spreads each task queue over four partitions:
# five activities in a row took 550 ms. With these they take 80 ms.
_DYNAMIC_CONFIG = {
    "history.transferProcessorMaxPollRPS": 5000,
    "history.transferProcessorMaxPollHostRPS": 5000,
    "history.timerProcessorMaxPollRPS": 5000,
    "history.visibilityProcessorMaxPollRPS": 5000,
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
}
# Safe against kill -9; a power cut may lose the last moments.
_SQLITE_PRAGMAS = {"journal_mode": "WAL", "synchronous": "NORMAL"}

# SQLite locks these bytes of the file for as long as any connection in WAL mode is open.
_SQLITE_LOCK_START, _SQLITE_LOCK_BYTES = 0x40000000, 512


class EmbeddedTemporal:
    """One dev server on `data_dir/temporal.db`. Start it again after it died and it goes on where it was.

    A port that is None is chosen once and remembered in the data folder, so that a restart keeps the address.
    Start it from the main thread: Linux ends the server together with the thread that started it.
    """

    def __init__(self, binary: Path, data_dir: Path, *, port: int | None = None, ui_port: int | None = None) -> None:
        self._binary = binary
        self._data_dir = data_dir
        self._given = {"port": port, "ui_port": ui_port}
        self._ports: dict[str, int] = {}
        self._served = False
        self._log_start = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        """host:port of the frontend; known after `start`."""
        return f"{LOOPBACK}:{self._ports['port']}"

    @property
    def ui_url(self) -> str:
        """Where the web UI is; known after `start`."""
        return f"http://{LOOPBACK}:{self._ports['ui_port']}"

    @property
    def pid(self) -> int | None:
        """The server's process, None while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def log_file(self) -> Path:
        """What the server wrote, newest last."""
        return self._data_dir / "logs" / "temporal.log"

    async def start(self) -> None:
        """Return when the server really serves. Raises TemporalUnavailable, which says what to do."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with (self._data_dir / "temporal.lock").open("a") as lock:
            await self._claim(lock)
            for attempt in range(1, _ATTEMPTS + 1):
                self._ports = self._choose_ports()
                await self._spawn(lock)
                try:
                    if await self._serves():
                        self._served = True
                        return
                except BaseException:
                    await self.stop()
                    raise
                lines = self._last_log_lines()
                if attempt < _ATTEMPTS and "address already in use" in lines:
                    continue
                raise TemporalUnavailable(
                    f"Temporal ended while it started ({self._binary}). Its last words, from {self.log_file}:\n{lines}"
                )

    async def stop(self) -> None:
        """End the server: asked first, killed when it does not go. Nothing happens when it does not run."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def wait(self) -> int:
        """Wait until the server ends, however it does; its exit code, negative for a signal."""
        if self._process is None:
            raise TemporalUnavailable("The embedded Temporal was not started.")
        return await self._process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _claim(self, lock: IO[str]) -> None:
        """Hold the folder's lock; the server inherits it, so it is free exactly when the server has ended."""
        deadline = time.monotonic() + _RELEASE_TIMEOUT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not _is_open_elsewhere(self._data_dir / "temporal.db"):
                    return
                fcntl.flock(lock, fcntl.LOCK_UN)
            except BlockingIOError:
                pass
            if time.monotonic() > deadline:
                raise TemporalUnavailable(
                    f"Another Temporal server is using {self._data_dir / 'temporal.db'}: stop it (`holdfast down`), "
                    "or use another folder (HOLDFAST_DATA_DIR)."
                )
            await asyncio.sleep(0.05)

    def _choose_ports(self) -> dict[str, int]:
        memory = self._data_dir / "temporal-ports.json"
        remembered = _read_ports(memory)
        ports: dict[str, int] = {}
        for name, given in self._given.items():
            # Once it served, its clients know the address: a restart may not move.
            fixed = given if given is not None else self._ports.get(name) if self._served else None
            if fixed is not None and not is_free(fixed):
                raise TemporalUnavailable(
                    f"Port {fixed} is in use by another program: end that, or give another one in "
                    f"HOLDFAST_TEMPORAL__{name.upper()} (unset, Holdfast chooses a free one when it starts)."
                )
            if fixed is None and name in remembered and is_free(remembered[name]):
                fixed = remembered[name]
            ports[name] = fixed if fixed is not None else free_port(exclude=set(ports.values()))
        memory.write_text(json.dumps(ports))
        return ports

    async def _spawn(self, lock: IO[str]) -> None:
        options = {
            "ip": LOOPBACK,
            "port": self._ports["port"],
            "ui-port": self._ports["ui_port"],
            "db-filename": self._data_dir / "temporal.db",
            "log-level": "warn",
            "color": "never",
        }
        command = [str(self._binary), "server", "start-dev"]
        for option, chosen in options.items():
            command += [f"--{option}", str(chosen)]
        for key, value in _DYNAMIC_CONFIG.items():
            command += ["--dynamic-config-value", f"{key}={value}"]
        for key, pragma in _SQLITE_PRAGMAS.items():
            command += ["--sqlite-pragma", f"{key}={pragma}"]
        self._log_start = self.log_file.stat().st_size if self.log_file.exists() else 0
        self._process = await spawn_bound(command, self.log_file, pass_fds=(lock.fileno(),))

    async def _serves(self) -> bool:
        """True when it answers and knows our search attributes, False when it ended. Raises after the time limit."""
        assert self._process is not None
        deadline = time.monotonic() + _START_TIMEOUT_S
        while self._process.returncode is None:
            if await self._answers():
                # Else it was another program that answered, on a port that it took in the same moment.
                return self._process.returncode is None
            if time.monotonic() > deadline:
                raise TemporalUnavailable(
                    f"Temporal did not serve within {_START_TIMEOUT_S:.0f} s. Its last words, from {self.log_file}:\n"
                    f"{self._last_log_lines()}"
                )
            await asyncio.sleep(0.02)
        return False

    async def _answers(self) -> bool:
        try:
            # The SDK's connect retries for seconds by itself; a plain socket knows at once.
            _, writer = await asyncio.open_connection(LOOPBACK, self._ports["port"])
            writer.close()
            await writer.wait_closed()
            client = await Client.connect(self.address, namespace=_NAMESPACE)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=_NAMESPACE))
            await ensure_search_attributes(client)
        except (OSError, RuntimeError, RPCError):
            # RuntimeError is what the SDK's connect raises for a server that does not answer yet.
            return False
        return True

    def _last_log_lines(self) -> str:
        with self.log_file.open("rb") as log:
            # A log that was too long began anew.
            log.seek(self._log_start if self._log_start <= self.log_file.stat().st_size else 0)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-8:]) or "(nothing)"


def _read_ports(memory: Path) -> dict[str, int]:
    try:
        ports = json.loads(memory.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {name: port for name, port in ports.items() if isinstance(port, int)} if isinstance(ports, dict) else {}


def _is_open_elsewhere(database: Path) -> bool:
    """Whether another process has this SQLite file open, ours or one started by hand."""
    try:
        with database.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SQLITE_LOCK_BYTES, _SQLITE_LOCK_START)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
