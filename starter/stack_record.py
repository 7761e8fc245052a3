"""`stack.json` and `lock` in the data folder: which stack serves there, for the commands that look for it."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import psutil
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from holdfast.errors import FolderInUse, SettingsError
from holdfast.settings import Settings

# Another command looks at the lock for an instant; only a supervisor keeps it.
_LOCK_PATIENCE_S = 1.0


class ProcessRecord(BaseModel):
    """A process that can be told from a later one with the same id by the moment it was started."""

    model_config = ConfigDict(frozen=True)
    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this id now. Raises psutil.NoSuchProcess."""
        return cls(pid=pid, created=psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The process if it still lives."""
        try:
            process = psutil.Process(self.pid)
            lives = process.create_time() == self.created and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if lives else None


class StackRecord(BaseModel):
    """A stack that serves: addresses and processes, no secrets."""

    model_config = ConfigDict(frozen=True)
    supervisor: ProcessRecord
    children: dict[str, ProcessRecord]
    temporal_address: str
    namespace: str
    # None where Temporal is not ours and its UI unknown.
    ui_url: str | None
    # Where the page is.
    gateway_url: str
    # A cluster has more than one gateway, and one database for who may; its password is in a file of its own.
    other_gateways: tuple[str, ...] = ()
    access_store: str | None = None
    tenant: str
    tenant_is_demo: bool
    started: datetime


def record_file(data_dir: Path) -> Path:
    """Where the record of the folder's stack is."""
    return data_dir / "stack.json"


def write_record(data_dir: Path, record: StackRecord) -> None:
    """Replace the record in one step, so that nobody reads half of it."""
    file = record_file(data_dir)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.write_text(record.model_dump_json(indent=2), encoding="utf-8")
    fresh.replace(file)


def left_record(data_dir: Path) -> StackRecord | None:
    """The record in the folder, whether or not its stack still runs; None where there is none or it is unreadable."""
    try:
        return StackRecord.model_validate_json(record_file(data_dir).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def running_stack(data_dir: Path) -> StackRecord | None:
    """The stack that serves from this folder now.

    Its supervisor holds the folder's lock for as long as it lives, so neither a reboot nor `kill -9` leaves a record
    that is believed.
    """
    return left_record(data_dir) if lock_holder(data_dir) is not None else None


def with_store_of(record: StackRecord | None, settings: Settings) -> Settings:
    """The settings with the database in which the gateways of this stack keep who may."""
    if record is None or record.access_store is None:
        return settings
    access = settings.access.model_copy(update={"store": SecretStr(record.access_store)})
    return settings.model_copy(update={"access": access})


def lock_holder(data_dir: Path) -> int | None:
    """The pid of the `holdfast up` that owns the folder, 0 where it did not write it yet, None where none runs."""
    try:
        with (data_dir / "lock").open("r", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = lock.read().strip()
                return int(text) if text.isdigit() else 0
    except (FileNotFoundError, NotADirectoryError):
        pass
    return None


def folder_in_use(data_dir: Path, holder: int) -> FolderInUse:
    """The refusal that names the owner of the folder."""
    return FolderInUse(
        f"Another `holdfast up` (process {holder or 'just starting'}) runs on {data_dir}. Stop it with "
        "`holdfast down`, or set HOLDFAST_DATA_DIR to another folder."
    )


def prepared(data_dir: Path) -> None:
    """Make the folder if need be. Raises SettingsError where it cannot be written."""
    try:
        # A tenant's data is nobody else's business on a shared machine.
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise SettingsError(
            f"The data folder {data_dir} cannot be written ({error.strerror}): mend that, or set HOLDFAST_DATA_DIR to "
            "another one."
        ) from error


@contextmanager
def owned_folder(data_dir: Path) -> Iterator[None]:
    """Own the folder until the block ends. Raises FolderInUse, which names the other owner."""
    prepared(data_dir)
    with (data_dir / "lock").open("a+", encoding="utf-8") as lock:
        deadline = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise folder_in_use(data_dir, lock_holder(data_dir) or 0) from None
                time.sleep(0.05)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


def end_survivors(data_dir: Path) -> list[str]:
    """End what a killed supervisor left running (Linux ends it by itself) and forget the record; names what it ended.

    Only for the owner of the folder, or when nobody owns it.
    """
    record = left_record(data_dir)
    record_file(data_dir).unlink(missing_ok=True)
    if record is None:
        return []
    living = {name: process for name, child in record.children.items() if (process := child.process()) is not None}
    for process in living.values():
        process.terminate()
    _, stubborn = psutil.wait_procs(list(living.values()), timeout=10)
    for process in stubborn:
        process.kill()
    return sorted(living)
