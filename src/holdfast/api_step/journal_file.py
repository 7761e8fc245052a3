"""The file of a journal: records one after the other, each with its length and a checksum, and nothing believed else.

::

    length (4 bytes) | checksum (8 bytes) | meta length (4 bytes) | meta, JSON | payload

`length` counts what follows the checksum, which is taken over the length too. A process that was killed leaves at most
a torn record at the end; the file is cut there, and also before a record that was damaged in any other way.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from holdfast.atomic_files import is_storage_full
from holdfast.errors import StorageFull

_HEAD = struct.Struct("<I8s")
_META_LENGTH = struct.Struct("<I")
# What must be free before the tenant is asked: a few of the largest pages.
_ROOM_BYTES = 1 << 20


class Place(NamedTuple):
    """Where the payload of a record stands in the file."""

    offset: int
    length: int


class JournalFile:
    """One open file. Every method blocks; `flush` may run in another thread than the rest."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._end = 0

    def records(self) -> Iterator[tuple[dict[str, Any], Place]]:
        """The meta of every whole record with the place of its payload; then the file is cut after the last of them.

        Take all of them before anything is written.
        """
        size = os.fstat(self._file).st_size
        while (found := self._record_at(self._end, size)) is not None:
            meta, place = found
            self._end = place.offset + place.length
            yield meta, place
        if self._end < size:
            os.ftruncate(self._file, self._end)
            os.fsync(self._file)

    def see_that_there_is_room(self) -> None:
        """Raises StorageFull where not even a few answers could be kept: then nothing is to be asked."""
        try:
            with self._storage_errors():
                _write_whole(self._file, bytes(_ROOM_BYTES), self._end)
        finally:
            os.ftruncate(self._file, self._end)

    def write(self, meta: dict[str, Any], payload: bytes) -> Place:
        """Hand a record to the system: from here on it outlives the process. Raises StorageFull."""
        head = orjson.dumps(meta)
        head = _META_LENGTH.pack(len(head)) + head
        length = len(head) + len(payload)
        frame = b"".join((_HEAD.pack(length, _checksum(length, head, payload)), head, payload))
        with self._storage_errors():
            _write_whole(self._file, frame, self._end)
        place = Place(self._end + _HEAD.size + len(head), len(payload))
        self._end += len(frame)
        return place

    def flush(self) -> None:
        """Return when all that was written is on the disk: from here on it outlives the machine. Raises StorageFull."""
        with self._storage_errors():
            os.fdatasync(self._file)

    def payload(self, place: Place) -> bytes:
        """The payload of a record that `records` or `append` told of."""
        return _read_whole(self._file, place.length, place.offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if is_storage_full(error):
                raise StorageFull(
                    f"There is no space left for the answers of the tenant in {self._path.parent}. Make room there, or "
                    "point HOLDFAST_DATA_DIR to a larger disk; what was read is kept."
                ) from error
            raise

    def _record_at(self, offset: int, size: int) -> tuple[dict[str, Any], Place] | None:
        """None where there is no whole and sound record."""
        if offset + _HEAD.size > size:
            return None
        length, checksum = _HEAD.unpack(_read_whole(self._file, _HEAD.size, offset))
        if length < _META_LENGTH.size or offset + _HEAD.size + length > size:
            return None
        body = _read_whole(self._file, length, offset + _HEAD.size)
        if _checksum(length, body) != checksum:
            return None
        (meta_length,) = _META_LENGTH.unpack_from(body)
        begin = _META_LENGTH.size + meta_length
        return orjson.loads(body[_META_LENGTH.size : begin]), Place(offset + _HEAD.size + begin, length - begin)


def _checksum(length: int, *parts: bytes) -> bytes:
    digest = blake2b(length.to_bytes(4, "little"), digest_size=8)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _write_whole(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def _read_whole(file: int, length: int, offset: int) -> bytes:
    parts: list[bytes] = []
    while length and (part := os.pread(file, length, offset)):
        parts.append(part)
        length, offset = length - len(part), offset + len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
