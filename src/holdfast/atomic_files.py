"""A file is there whole or not at all, whatever is killed while it is written."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from polars.exceptions import PolarsError

from holdfast.errors import StorageFull

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# Polars raises errors of its own with the system's number in the text only.
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
# No single file takes this long to write, so what is older was left by a process that was killed.
_ABANDONED_AFTER = timedelta(hours=6)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; what was written there takes the place of `path` when the block ends well.

    The folder must exist. When the block raises, `path` is untouched and the temporary file is gone. Raises
    StorageFull when the disk or the quota is full, which names the folder.
    """
    _remove_abandoned(path)
    temporary = path.parent / f".{path.name}.{uuid4().hex}.part"
    try:
        yield temporary
        _flush_to_disk(temporary)
        temporary.replace(path)
        _flush_to_disk(path.parent)
    except (OSError, PolarsError) as error:
        if is_storage_full(error):
            raise StorageFull(
                f"There is no space left for {path.name} in {path.parent}. "
                "Make room there, or point HOLDFAST_DATA_DIR to a larger disk; finished work is kept."
            ) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def is_storage_full(error: OSError | PolarsError) -> bool:
    """Whether this error says that the disk or the quota is full."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    return any(int(number) in _FULL for number in _OS_ERROR.findall(str(error)))


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(path: Path) -> None:
    oldest = time.time() - _ABANDONED_AFTER.total_seconds()
    for leftover in path.parent.glob(f".{path.name}.*.part"):
        try:
            if leftover.lstat().st_mtime < oldest:
                leftover.unlink()
        except FileNotFoundError:
            continue  # Another writer of the same file removed it first.
