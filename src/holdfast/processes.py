"""Child processes of our own modules: isolated from whoever started them, and gone when it is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

# linux/landlock.h: rights by the version of the interface that brought them.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_BENEATH_A_PATH = 1
_EXECUTE_WRITE_REMOVE_MAKE = 0b1_1111_1111_0011
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
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
    renounce_privileges()
    if landlock_version() >= 1:
        _restrict(_EXECUTE_WRITE_REMOVE_MAKE, {})


def renounce_files(*, run: Iterable[Path], read: Iterable[Path]) -> None:
    """As `renounce_changes`, but also reading ends, except of what is in `read`; the programs `run` stay runnable.

    Raises OSError on a system without Landlock.
    """
    renounce_privileges()
    allowed = dict.fromkeys(read, _READ_FILE) | dict.fromkeys(run, _READ_FILE | _EXECUTE)
    _restrict(_EXECUTE_WRITE_REMOVE_MAKE | _READ_FILE | _READ_FOLDER, allowed)


def renounce_privileges() -> None:
    """From here on no program that this process runs gains rights that it lacks itself."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def landlock_version() -> int:
    """The system's version of Landlock; 0 or less where there is none."""
    version: int = ctypes.CDLL(None, use_errno=True).syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1)
    return version


def _restrict(files: int, allowed: Mapping[Path, int]) -> None:
    """Give up these rights to files, but for those `allowed`, and with them all that Landlock knows of the network."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = landlock_version()
    rights = files | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    network = _BIND_AND_CONNECT_TCP if version >= 4 else 0
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    attributes = (ctypes.c_uint64 * 3)(rights, network, scopes)
    known_bytes = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(attributes), known_bytes, 0)
    if ruleset < 0:
        raise _last_error()
    try:
        for path, right in allowed.items():
            _allow(libc, ruleset, path, right)
        if libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
            raise _last_error()
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, right: int) -> None:
    """The right to a file, or to all below a folder; what is not there needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rule = struct.pack("=Qi", right, place)
        if libc.syscall(_LANDLOCK_ADD_RULE, ruleset, _BENEATH_A_PATH, rule, 0) != 0:
            raise _last_error()
    finally:
        os.close(place)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise _last_error()


def _last_error() -> OSError:
    return OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
