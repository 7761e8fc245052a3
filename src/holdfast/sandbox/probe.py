"""Run as `probe LAYERS EXECUTABLE FOLDER PORT`: a process that gives up what a sandbox does, then tries what none may.

It prints what it could not give up and what it still could do, as JSON.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from holdfast.sandbox.confinement import Layer, confine, end_with_parent

# Reserved, never touched.
_MUCH_MEMORY = 8 << 30


def main() -> None:
    """Give up, try, tell."""
    names, executable, folder, port = sys.argv[1:]
    missing: dict[str, str] = {}
    for layer in (layer for layer in Layer if layer.name in names.split(",")):
        try:
            confine(layer, executable=Path(executable), memory_bytes=1 << 28)
        except OSError as error:
            missing[layer.name] = os.strerror(error.errno) if error.errno else str(error)
    end_with_parent()
    open_ways = [name for name, attempt in _ways(Path(folder), int(port)).items() if _works(attempt)]
    sys.stdout.write(json.dumps({"missing": missing, "open": open_ways}))


def _ways(folder: Path, port: int) -> Mapping[str, Callable[[], object]]:
    return {
        "read files": (folder / "secret").read_text,
        "list folders": lambda: list(folder.iterdir()),
        "write files": lambda: (folder / "written").write_text("x"),
        "make folders": (folder / "made").mkdir,
        "run programs": _run_a_program,
        "start processes": _fork,
        "reach this machine's own services": lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close(),
        "open sockets": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "send signals to other processes": lambda: os.kill(os.getppid(), 0),
        "use more memory than it may": lambda: mmap.mmap(-1, _MUCH_MEMORY).close(),
        "open any number of files": lambda: [os.dup(0) for _ in range(2_000)],
    }


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _run_a_program() -> None:
    process = os.posix_spawn(sys.executable, [sys.executable, "-I", "-c", ""], {})
    _, status = os.waitpid(process, 0)
    if status != 0:
        raise PermissionError


def _fork() -> None:
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)


if __name__ == "__main__":
    main()
