"""Child processes of our own modules: isolated from whoever started them, and gone when it is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def command(module: str, *arguments: str) -> list[str]:
    """How `module` is run: no environment variable and no current folder decides what it imports."""
    return [sys.executable, "-I", "-m", module, *arguments]


def die_with_parent() -> None:
    """Have the system kill this process when the thread that started it ends; `kill -9` of a parent tells nobody."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def renounce_new_privileges() -> None:
    """From here on no program that this process starts gains a right by it (set-uid, file capabilities)."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
