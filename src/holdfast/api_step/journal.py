"""What the tenant answered a step, kept before its program sees it: after a crash nothing is asked twice.

::

    journals/<correlation id>/<step id>/
        3f0c….journal   the answers to one program, named by all that must be the same when it is run again
        .lock           held by the attempt that runs; the system lets go of it when its process dies

An answer is found again by what was asked, and by the how-many-th time: a program that fans out asks in another order
when it is run again.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from holdfast.api_step.journal_file import JournalFile, Place
from holdfast.atomic_files import is_storage_full
from holdfast.errors import StorageFull, TransientError
from holdfast.sandbox.interface import RefusalKind

# An attempt that lost its heartbeat hears of it and ends within this time, and lets the next one in.
_LOCK_WAIT_S = 20.0
_LOCK_POLL_S = 0.1
# What is smaller gains less than it costs.
_COMPRESSED_FROM = 2_048
_CODEC = pa.Codec("zstd", compression_level=1)


class Slot(NamedTuple):
    """One request of a program: the digest of what it asked, the how-many-th time it asked that, and the page."""

    asked: str
    occurrence: int
    page: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a finished request cost. Times are seconds since 1970; `waits` are those spent on rate limits."""

    endpoint: str
    sent: float
    answered: float
    retries: int = 0
    received_bytes: int = 0
    waits: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer. `text` is JSON: a record, or the rows of a page; of a refusal it is empty.

    `ids` are those of a page's rows, where there may be other pages that hold the same ones; `following` is the link to
    the next page.
    """

    text: bytes
    following: str | None = None
    refused: RefusalKind | None = None
    reason: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    """All that must be the same for answers to be used again."""

    program: str
    prelude: str
    sandbox: str
    now: datetime
    seed: int
    endpoints: tuple[str, ...]
    # Raised whenever answers are kept, or asked for, in another way.
    form: int = 1

    @property
    def digest(self) -> str:
        """The name of the journal."""
        return blake2b(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


class _Entry(NamedTuple):
    """An answer that is on the disk: where its payload is, and what its meta says of it."""

    place: Place
    text_length: int
    # Before it was compressed; None where it was not.
    payload_length: int | None
    following: str | None
    refused: RefusalKind | None
    reason: str

    @staticmethod
    def of(meta: dict[str, Any], place: Place) -> _Entry:
        return _Entry(place, meta["t"], meta.get("z"), meta.get("f"), meta.get("x"), meta.get("y", ""))


class Journal:
    """The journal of one program, open. One attempt at a time has it; made by `opened`."""

    def __init__(self, file: JournalFile, *, note: str | None = None) -> None:
        self._file = file
        self._entries: dict[Slot, _Entry] = {}
        self._costs: dict[Slot, Cost] = {}
        # Answers that are written and not yet flushed.
        self._unflushed: list[asyncio.Future[None]] = []
        self._flushing: asyncio.Task[None] | None = None
        # One thread of its own: the shared ones may all be busy with rows, and an answer must not wait for them.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        # Why answers of an earlier attempt were not used, where there are any.
        self.note = note

    @property
    def costs(self) -> Collection[Cost]:
        """What every finished request cost, those of earlier attempts among them."""
        return self._costs.values()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, slot: Slot) -> Kept | None:
        """The answer that was kept; None where there is none yet."""
        entry = self._entries.get(slot)
        if entry is None:
            return None
        payload = self._file.payload(entry.place)
        if entry.payload_length is not None:
            payload = _CODEC.decompress(payload, entry.payload_length, asbytes=True)
        text, ids = payload[: entry.text_length], payload[entry.text_length :]
        known_ids = tuple(orjson.loads(ids)) if ids else ()
        return Kept(text, entry.following, entry.refused, entry.reason, known_ids)

    async def keep(self, slot: Slot, answer: Kept, cost: Cost) -> None:
        """Return when the answer is on the disk. Raises StorageFull.

        It is written before anything is awaited: a process that is killed meanwhile has kept it.
        """
        meta, payload = _recorded(slot, answer, cost)
        place = self._file.write(meta, payload)
        await self._flushed()
        self._entries[slot] = _Entry.of(meta, place)
        self._costs[slot] = cost

    async def forget(self, slot: Slot) -> None:
        """Ask again next time: the answer was trouble that the step could not live with."""
        self._file.write({"slot": list(slot), "void": True}, b"")
        self._entries.pop(slot, None)
        await self._flushed()

    async def close(self) -> None:
        """Flush what is left and close the file."""
        while self._flushing is not None:
            await asyncio.wait([self._flushing])
        self._thread.shutdown(wait=False)
        self._file.close()

    def load(self) -> None:
        """Read what earlier attempts have left. Blocks."""
        for meta, place in self._file.records():
            if "header" in meta:
                # What the attempt that began it had to tell is as true of those that go on with it.
                self.note = meta.get("note")
                continue
            slot = Slot(*meta["slot"])
            if "void" in meta:
                self._entries.pop(slot, None)
                continue
            self._entries[slot] = _Entry.of(meta, place)
            self._costs[slot] = _cost_of(meta)

    async def _flushed(self) -> None:
        """Many answers of one moment share one flush."""
        on_disk: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unflushed.append(on_disk)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await on_disk

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._unflushed:
                waiting, self._unflushed = self._unflushed, []
                try:
                    await loop.run_in_executor(self._thread, self._file.flush)
                except (OSError, StorageFull) as error:
                    _settle(waiting, error)
                else:
                    _settle(waiting)
        finally:
            self._flushing = None


def _settle(waiting: Iterable[asyncio.Future[None]], error: Exception | None = None) -> None:
    for one in waiting:
        # Whoever asked may have been cancelled; the answer is kept all the same.
        if one.done():
            continue
        if error is None:
            one.set_result(None)
        else:
            one.set_exception(error)


@asynccontextmanager
async def opened(folder: Path, header: Header) -> AsyncIterator[Journal]:
    """The journal of this program in the folder of its step, for one attempt alone.

    Raises TransientError where another attempt does not let go of it, StorageFull.
    """
    async with locked(folder):
        journal = await asyncio.to_thread(_journal, folder, header)
        try:
            yield journal
        finally:
            await journal.close()


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[None]:
    """The folder of a step, made where it is not there, for one alone. Raises TransientError, StorageFull."""
    lock = await asyncio.to_thread(_lock_file, folder)
    try:
        await _locked(lock, folder)
        yield
    finally:
        os.close(lock)


def _lock_file(folder: Path) -> int:
    try:
        # Answers of a tenant are nobody else's business on a shared machine.
        for part in (folder.parent.parent, folder.parent, folder):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        if is_storage_full(error):
            raise StorageFull(f"There is no space left in {folder}. Make room there.") from error
        raise


async def _locked(lock: int, folder: Path) -> None:
    until = time.monotonic() + _LOCK_WAIT_S
    while not _try_lock(lock):
        if time.monotonic() > until:
            raise TransientError(
                f"Another attempt at this step still runs and holds {folder}. It hears of it soon; this is tried again."
            )
        await asyncio.sleep(_LOCK_POLL_S)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _journal(folder: Path, header: Header) -> Journal:
    path = folder / f"{header.digest}.journal"
    is_new, others = not path.exists(), any(folder.glob("*.journal"))
    note = (
        "An earlier attempt at this step ran another program, or saw another clock or another version of the sandbox; "
        "this one read everything anew."
        if is_new and others
        else None
    )
    file = JournalFile(path)
    try:
        journal = Journal(file, note=note)
        journal.load()
        file.see_that_there_is_room()
        if is_new:
            file.write({"header": asdict(header), "note": note}, b"")
            file.flush()
            _flush_folder(folder)
    except BaseException:
        file.close()
        raise
    return journal


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _recorded(slot: Slot, answer: Kept, cost: Cost) -> tuple[dict[str, Any], bytes]:
    """The record of an answer: short keys, since a step may have a hundred thousand of them."""
    payload = answer.text + (orjson.dumps(answer.ids) if answer.ids else b"")
    meta: dict[str, Any] = {
        "slot": list(slot),
        "t": len(answer.text),
        "c": [cost.endpoint, cost.sent, cost.answered, cost.retries, cost.received_bytes, cost.waits],
    }
    if answer.following is not None:
        meta["f"] = answer.following
    if answer.refused is not None:
        meta |= {"x": answer.refused, "y": answer.reason}
    if len(payload) >= _COMPRESSED_FROM:
        meta["z"] = len(payload)
        payload = _CODEC.compress(payload, asbytes=True)
    return meta, payload


def _cost_of(meta: dict[str, Any]) -> Cost:
    endpoint, sent, answered, retries, received_bytes, waits = meta["c"]
    return Cost(endpoint, sent, answered, retries, received_bytes, tuple((since, until) for since, until in waits))
