"""The operating system's wall around a sandbox's process: which layers hold on this machine, found by trying."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from holdfast.errors import SandboxDied, SettingsError
from holdfast.processes import command
from holdfast.sandbox.confinement import Layer

# It takes 0.1 s; a machine that swaps may take much longer.
_PROBE_SECONDS = 60.0


class Tried(BaseModel):
    """Layers, by name, that could not be had and why; and what a process behind the others could do."""

    missing: dict[str, str]
    open: list[str]


@dataclass(frozen=True)
class Wall:
    """The layers that hold, why others do not, and what a process behind them could still do when it tried."""

    layers: tuple[Layer, ...]
    missing: tuple[tuple[Layer, str], ...]
    open_ways: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every layer holds, and nothing that was tried worked."""
        return not self.missing and not self.open_ways

    def describe(self) -> str:
        """A sentence for a person."""
        if self.is_whole:
            return f"{', '.join(self.layers)}: a process behind them tried everything it must not do, in vain"
        parts = [f"behind {', '.join(self.layers) or 'no layer'}"]
        parts += [f"without {layer} ({reason})" for layer, reason in self.missing]
        if self.open_ways:
            parts.append(f"a process could still {', '.join(self.open_ways)}")
        return "; ".join(parts) + ": programs are confined by their interpreter, and by what holds"


def find_interpreter() -> Path:
    """The sandbox's interpreter, where its package put it. Raises SettingsError where it is not installed."""
    beside_python = Path(sysconfig.get_path("scripts")) / "monty"
    found = beside_python if beside_python.is_file() else shutil.which("monty")
    if found is None:
        raise SettingsError("The sandbox for generated programs is not installed: install `pydantic-monty` here.")
    return Path(found)


@cache
def wall_of_this_machine(executable: Path) -> Wall:
    """The layers behind which `executable`, the sandbox's interpreter, runs. Raises SandboxDied if it never does."""
    tried = probed(tuple(Layer), executable)
    missing = {Layer[name]: reason for name, reason in tried.missing.items()}
    holding = [layer for layer in Layer if layer not in missing]
    # Libraries may lie where nobody looks for them, and then the wall before the files keeps the interpreter out, too.
    for left_out in (None, Layer.FILES, Layer.CALLS, Layer.NAMESPACES, Layer.LIMITS):
        if left_out is not None and left_out in holding:
            holding.remove(left_out)
            missing[left_out] = "the interpreter does not start behind it"
        if _starts(holding, executable):
            return Wall(tuple(holding), tuple(missing.items()), tuple(probed(holding, executable).open))
    raise SandboxDied(f"{executable} does not start, even with no wall around it.")


@contextmanager
def launcher_script(wall: Wall, executable: Path, memory_bytes: int) -> Iterator[Path]:
    """A program that starts the interpreter behind the wall; it is gone when the context ends."""
    words = shlex.join(_launch(wall.layers, executable, memory_bytes))
    with _held(f'#!/bin/sh\nexec {words} "$@"\n'.encode()) as script:
        yield script


if sys.platform == "linux":

    @contextmanager
    def _held(script: bytes) -> Iterator[Path]:
        """In memory: a worker lives for months, and folders for passing files are swept."""
        written = os.memfd_create("holdfast-sandbox")
        try:
            os.write(written, script)
            # A file that is open to be written cannot be run.
            kept = os.open(f"/proc/self/fd/{written}", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            os.close(written)
        try:
            yield Path(f"/proc/{os.getpid()}/fd/{kept}")
        finally:
            os.close(kept)

else:

    @contextmanager
    def _held(script: bytes) -> Iterator[Path]:
        """In a folder of its own."""
        with tempfile.TemporaryDirectory(prefix="holdfast-sandbox-") as folder:
            file = Path(folder) / "sandbox"
            file.write_bytes(script)
            file.chmod(0o500)
            yield file


def _launch(layers: Collection[Layer], executable: Path, memory_bytes: int) -> list[str]:
    return command("holdfast.sandbox.launcher", _names(layers), str(memory_bytes), str(executable))


def _names(layers: Collection[Layer]) -> str:
    return ",".join(layer.name for layer in layers)


def _starts(layers: Collection[Layer], executable: Path) -> bool:
    words = [*_launch(layers, executable, 256 << 20), "--version"]
    run = subprocess.run(words, env={}, capture_output=True, timeout=_PROBE_SECONDS, check=False)  # noqa: S603
    return run.returncode == 0


def probed(layers: Collection[Layer], executable: Path) -> Tried:
    """What a process that gives up these layers can still do. `executable` stays runnable for it."""
    with tempfile.TemporaryDirectory(prefix="holdfast-probe-") as folder, socket.create_server(("127.0.0.1", 0)) as one:
        (Path(folder) / "secret").write_text("for nobody")
        port = str(one.getsockname()[1])
        words = command("holdfast.sandbox.probe", _names(layers), str(executable), folder, port)
        run = subprocess.run(  # noqa: S603 - our own module
            words, env={}, capture_output=True, timeout=_PROBE_SECONDS, check=False, text=True
        )
    if run.returncode != 0:
        raise SandboxDied(f"The probe of the sandbox's wall ended with status {run.returncode}: {run.stderr[-500:]}")
    return Tried.model_validate(json.loads(run.stdout))
