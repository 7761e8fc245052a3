"""Child processes of our own modules: isolated from whoever started them, and gone when it is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

# linux/landlock.h: rights by the version of the interface that brought them.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_EXECUTE_WRITE_REMOVE_MAKE = 0b1_1111_1111_0011
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_BIND_AND_CONNECT_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def command(module: str, *arguments: str) -> list[str]:
    """How `module` is run: no environment variable and no current folder decides what it imports."""
    return [sys.executable, "-I", "-m", module, *arguments]


def die_with_parent() -> None:
    """Have the system kill this process when the thread that started it ends; `kill -9` of a parent tells nobody."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def renounce_changes() -> None:
    """From here on this process and all its threads change no file or folder, run no program and reach no network.

    Reading stays possible. Call it before any thread starts, since it holds for the calling one and its offspring.
    On a system without Landlock (Linux before 5.13) only the right to gain privileges is given up.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    rights = _EXECUTE_WRITE_REMOVE_MAKE | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    network = _BIND_AND_CONNECT_TCP if version >= 4 else 0
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    attributes = (ctypes.c_uint64 * 3)(rights, network, scopes)
    known_bytes = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(attributes), known_bytes, 0)
    if ruleset < 0 or libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.close(ruleset)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
