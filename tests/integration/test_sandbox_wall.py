"""The system's wall around generated programs: what holds here, what is said of the rest, and who dies with whom."""

from __future__ import annotations

import signal
import subprocess
import sys
import sysconfig
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from holdfast.errors import SandboxDied, SettingsError
from holdfast.sandbox import wall as walls
from holdfast.sandbox.confinement import Layer
from holdfast.sandbox.pool import Sandbox
from holdfast.sandbox.wall import Wall, find_interpreter, launcher_script, wall_of_this_machine
from starter.sandbox_check import behind, sandbox
from tests.processes import ended

# What each layer alone keeps a process from, on a machine that has it.
STOPPED_BY = {
    Layer.LIMITS: {"write files", "use more memory than it may", "open any number of files"},
    Layer.NAMESPACES: {"reach this machine's own services"},
    Layer.FILES: {"read files", "list folders", "write files", "make folders", "run programs"},
    Layer.CALLS: {"start processes", "open sockets", "send signals to other processes", "run programs"},
}

# A worker that is killed outright while its program computes and another waits.
WORKER = """
    import asyncio, sys
    from datetime import UTC, datetime
    from holdfast.sandbox.interface import ProgramInterface
    from holdfast.sandbox.limits import SandboxLimits
    from holdfast.sandbox.pool import Program, Sandbox

    async def wait(name, arguments):
        print("waits", flush=True)
        await asyncio.sleep(3600)

    async def main():
        interface = ProgramInterface("", "", {})
        def program(code):
            return Program(code, interface, datetime(2026, 1, 1, tzinfo=UTC), 1)
        async with Sandbox() as sandbox:
            await asyncio.gather(
                sandbox.run(program("while True:\\n    pass"), wait, SandboxLimits()),
                sandbox.run(program("await _call('x', '{}')"), wait, SandboxLimits()),
            )

    asyncio.run(main())
"""


@pytest.fixture(scope="module")
def interpreter() -> Path:
    return find_interpreter()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    wall_of_this_machine.cache_clear()
    yield
    wall_of_this_machine.cache_clear()


def test_without_a_wall_everything_works_that_must_not(interpreter: Path) -> None:
    # Or the probe would prove nothing.
    assert set().union(*STOPPED_BY.values()) <= set(walls.probed((), interpreter).open)


@pytest.mark.parametrize("layer", Layer, ids=lambda layer: layer.name.lower())
def test_each_layer_alone_stops_what_it_is_for(layer: Layer, interpreter: Path) -> None:
    tried = walls.probed((layer,), interpreter)
    if layer.name in tried.missing:
        pytest.skip(f"this machine has no such layer: {tried.missing[layer.name]}")
    assert not STOPPED_BY[layer] & set(tried.open)


def test_behind_the_layers_that_hold_nothing_of_theirs_works(interpreter: Path) -> None:
    wall = wall_of_this_machine(interpreter)
    assert not set().union(*(STOPPED_BY[layer] for layer in wall.layers)) & set(wall.open_ways)
    assert {*wall.layers} | {layer for layer, _ in wall.missing} == set(Layer)


def test_a_layer_behind_which_the_interpreter_does_not_start_is_left_out_and_named(
    interpreter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "_starts", lambda layers, _: Layer.FILES not in layers)
    wall = wall_of_this_machine(interpreter)
    assert Layer.FILES not in wall.layers
    assert (Layer.FILES, "the interpreter does not start behind it") in wall.missing
    assert "read files" in wall.open_ways


def test_an_interpreter_that_never_starts_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "monty"
    broken.write_text("not a program")
    broken.chmod(0o700)
    with pytest.raises(SandboxDied, match="does not start, even with no wall"):
        wall_of_this_machine(broken)


def test_a_missing_interpreter_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="pydantic-monty"):
        find_interpreter()
    assert sandbox().verdict == "bad"


def test_the_doctor_says_what_holds() -> None:
    check = sandbox()
    assert check.part == "Sandbox"
    assert check.verdict in ("ok", "note")
    assert check.finding


def test_the_doctor_says_what_does_not_hold_and_what_that_leaves_open() -> None:
    lame = Wall((Layer.LIMITS,), ((Layer.CALLS, "Function not implemented"),), ("open sockets",))
    check = behind(lame)
    assert check.verdict == "note"
    assert "without a filter of system calls (Function not implemented)" in check.finding
    assert "could still open sockets" in check.finding
    assert behind(Wall(tuple(Layer), (), ())).verdict == "ok"


def test_a_sandbox_starts_behind_the_layers_that_hold_with_nothing_inherited(
    interpreter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "s3cret")
    with launcher_script(wall_of_this_machine(interpreter), interpreter, 256 << 20) as script:
        process = subprocess.Popen([script, "subprocess"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            seen = psutil.Process(process.pid)
            while seen.name() != interpreter.name:
                assert process.poll() is None
            status = Path(f"/proc/{process.pid}/status").read_text()
            environment = Path(f"/proc/{process.pid}/environ").read_bytes()
            files = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        finally:
            process.communicate()
    assert environment == b""
    assert files == 3
    assert "NoNewPrivs:\t1" in status
    assert "CapEff:\t0000000000000000" in status
    assert not script.exists()


async def test_the_sandbox_tells_its_wall() -> None:
    async with Sandbox() as made:
        assert made.wall == wall_of_this_machine(find_interpreter())


def test_a_worker_that_is_killed_leaves_no_sandbox_behind() -> None:
    worker = subprocess.Popen([sys.executable, "-c", textwrap.dedent(WORKER)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    try:
        assert worker.stdout.readline() == "waits\n"
        # One waits; the other's process may still be on its way.
        _until(lambda: len(_sandboxes_of(worker.pid)) >= 2)
        sandboxes = _sandboxes_of(worker.pid)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    _until(lambda: all(ended(one) for one in sandboxes))


def _sandboxes_of(pid: int) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if child.name() == "monty":
                found.append(child)
    return found


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
