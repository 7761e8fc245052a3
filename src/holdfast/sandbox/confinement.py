"""What a process gives up for good before it becomes a sandbox; each layer stands by itself.

Called between the start of a process and its `exec`, when nothing else runs in it yet. Linux only; elsewhere a layer
raises OSError, and is left out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from enum import StrEnum
from pathlib import Path

from holdfast.processes import die_with_parent, renounce_files, renounce_privileges

# linux/sched.h
_NEW_USERS, _NEW_NETWORK, _NEW_IPC, _NEW_NAME = 0x1000_0000, 0x4000_0000, 0x0800_0000, 0x0400_0000
_THREAD = 0x0001_0000

_PR_SET_SECCOMP, _FILTER_MODE = 22, 2
# linux/audit.h and seccomp.h
_MACHINES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_ALLOW, _REFUSE, _KILL = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
# The other, older way to call an x86-64 kernel.
_X32 = 0x4000_0000

# Beyond the program's heap: the interpreter, its type checker, stacks and mapped libraries.
_INTERPRETER_BYTES = 1 << 30
_OPEN_FILES = 64

# Sockets, other processes, new namespaces and mounts, files that are not in any folder, ways around this very filter.
_REFUSED_CALLS: dict[str, dict[str, int]] = {
    "x86_64": {
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "socketpair": 53, "fork": 57, "vfork": 58,
        "kill": 62, "ptrace": 101, "chroot": 161, "mount": 165, "umount": 166, "init_module": 175, "tkill": 200,
        "add_key": 248, "keyctl": 250, "unshare": 272, "accept4": 288, "perf_event_open": 298,
        "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
        "finit_module": 313, "memfd_create": 319, "bpf": 321, "userfaultfd": 323, "pidfd_send_signal": 424,
        "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438,
    },
    "aarch64": {
        "umount": 39, "mount": 40, "chroot": 51, "unshare": 97, "init_module": 105, "ptrace": 117, "kill": 129,
        "tkill": 130, "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203,
        "add_key": 217, "keyctl": 219, "perf_event_open": 241, "accept4": 242, "open_by_handle_at": 265, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "finit_module": 273, "memfd_create": 279, "bpf": 280,
        "userfaultfd": 282, "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438,
    },
}  # fmt: skip
# Threads only; a newer call hides its flags in memory, and is told not to exist, so that the older one is used.
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435


class Layer(StrEnum):
    """One thing that a sandbox's process gives up, in words that follow "without"."""

    LIMITS = "limits of memory and open files"
    NAMESPACES = "a network of its own"
    FILES = "a wall before the files"
    CALLS = "a filter of system calls"


def confine(layer: Layer, *, executable: Path, memory_bytes: int) -> None:
    """Give it up. Raises OSError where this machine cannot."""
    match layer:
        case Layer.LIMITS:
            _set_limits(memory_bytes)
        case Layer.NAMESPACES:
            _leave_namespaces()
        case Layer.FILES:
            _leave_files(executable)
        case Layer.CALLS:
            _filter_calls()


def end_with_parent() -> None:
    """After a new namespace of users was entered, which would undo it."""
    if sys.platform == "linux":
        die_with_parent()


def _set_limits(memory_bytes: int) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes + _INTERPRETER_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except ValueError as error:
            raise OSError(errno.EINVAL, str(error)) from None


def _leave_namespaces() -> None:
    """Nobody in particular, on a machine of no name, with no network interface but one that is down."""
    _linux_only()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_USERS | _NEW_NETWORK | _NEW_IPC | _NEW_NAME) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _leave_files(executable: Path) -> None:
    _linux_only()
    libraries = [Path(name) for name in ("/lib", "/lib64", "/usr/lib", "/usr/lib64")]
    # The dynamic loader counts as a program, too.
    loaders = [loader for folder in libraries for loader in folder.glob("ld-*")]
    renounce_files(run=[executable, *loaders], read=[*libraries, Path("/etc/ld.so.cache")])


def _filter_calls() -> None:
    _linux_only()
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"the system calls of {machine} are not known")
    renounce_privileges()
    program = _call_filter(machine)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _call_filter(machine: str) -> bytes:
    """In the kernel's own small language; each instruction is an operation, two ways to jump, and a number."""

    def step(operation: int, number: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("HBBI", operation, if_true, if_false, number)

    def refuse(error: int) -> bytes:
        return step(_RETURN, _REFUSE | error)

    steps = [
        step(_LOAD, _MACHINE_AT),
        step(_JUMP_EQUAL, _MACHINES[machine], 1, 0),
        step(_RETURN, _KILL),
        step(_LOAD, _NUMBER_AT),
        step(_JUMP_AT_LEAST, _X32, 0, 1),
        step(_RETURN, _KILL),
        step(_JUMP_EQUAL, _CLONE3, 0, 1),
        refuse(errno.ENOSYS),
        step(_JUMP_EQUAL, _CLONE[machine], 0, 4),
        step(_LOAD, _FIRST_ARGUMENT_AT),
        step(_JUMP_SET, _THREAD, 0, 1),
        step(_RETURN, _ALLOW),
        refuse(errno.EPERM),
    ]
    for number in _REFUSED_CALLS[machine].values():
        steps += [step(_JUMP_EQUAL, number, 0, 1), refuse(errno.EPERM)]
    return b"".join([*steps, step(_RETURN, _ALLOW)])


def _linux_only() -> None:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "this layer is Linux's")
