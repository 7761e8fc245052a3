"""The stack as a user starts it: real processes, found again by other commands, restarted when they die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from starter.exit_codes import ExitCode
from starter.stack_record import StackRecord, lock_holder, running_stack
from tests.processes import ended

LIMIT_S = 90
HOLDFAST = [sys.executable, "-P", "-m", "starter"]


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < deadline, f"in vain waited for: {what}"
        time.sleep(0.05)


@dataclass
class Folder:
    """A data folder, and the commands on it."""

    path: Path

    def environment(self, **more: str) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("HOLDFAST_")}
        return {**inherited, "HOLDFAST_DATA_DIR": str(self.path), "HOLDFAST_DEMO__USERS": "60", **more}

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        # Returns only when nobody holds the pipes any more: a stack in the background must not.
        done = subprocess.run(
            [*HOLDFAST, *arguments],
            env=self.environment(**more),
            cwd=self.path.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done

    def foreground(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*HOLDFAST, "up"],
            env=self.environment(),
            cwd=self.path.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def record(self) -> StackRecord:
        record = running_stack(self.path)
        assert record is not None, "no stack runs"
        return record

    def said(self) -> list[str]:
        return (self.path / "logs" / "stack.log").read_text().splitlines()


def alive(record: StackRecord) -> list[str]:
    processes = {"supervisor": record.supervisor, **record.children}
    return [name for name, process in processes.items() if process.process() is not None]


def is_served(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    folder = Folder(tmp_path_factory.mktemp("stack") / "data")
    started = folder.run("up", "--detach")
    assert started.returncode == 0, started.stdout + started.stderr
    yield folder
    folder.run("down")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path / "data")
    yield folder
    folder.run("down")


def test_a_detached_stack_serves_all_when_the_command_returns(stack: Folder) -> None:
    record = stack.record
    assert sorted(record.children) == ["Temporal", "demo tenant", "gateway", "worker"]
    assert record.ui_url is not None
    assert is_served(record.ui_url)
    assert is_served(record.tenant)
    assert is_served(record.temporal_address)
    assert is_served(record.gateway_url)
    checked = stack.run("doctor")
    assert checked.returncode == 0, checked.stdout
    assert "Worker          takes questions" in checked.stdout


def test_the_record_holds_no_secret(stack: Folder) -> None:
    assert "token" not in (stack.path / "stack.json").read_text().lower()


def test_a_second_up_on_the_folder_names_the_first(stack: Folder) -> None:
    for arguments in (["up"], ["up", "--detach"]):
        refused = stack.run(*arguments)
        assert refused.returncode == ExitCode.UNREACHABLE
        assert f"Another `holdfast up` (process {stack.record.supervisor.pid}) runs on {stack.path}" in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert len(alive(stack.record)) == 5


@pytest.mark.parametrize("name", ["Temporal", "demo tenant", "gateway", "worker"])
def test_what_is_killed_is_started_again_where_it_was(stack: Folder, name: str) -> None:
    before = stack.record
    said = len(stack.said())
    os.kill(before.children[name].pid, signal.SIGKILL)
    until(lambda: stack.record.children[name] != before.children[name], f"another {name}")
    after = stack.record
    assert (after.temporal_address, after.ui_url, after.tenant, after.gateway_url) == (
        before.temporal_address, before.ui_url, before.tenant, before.gateway_url,
    )  # fmt: skip
    assert len(alive(after)) == 5
    until(lambda: len(stack.said()) >= said + 2, "both lines")
    first, second = stack.said()[said : said + 2]
    assert first.lower() == f"{name} was ended by SIGKILL; starting it again.".lower()
    assert second.lower() == f"{name} serves again.".lower()
    assert stack.run("doctor").returncode == 0


def test_stacks_run_side_by_side_and_down_ends_only_its_own(stack: Folder, folder: Folder) -> None:
    assert folder.run("up", "--detach").returncode == 0
    ours, theirs = folder.record, stack.record
    assert not {ours.temporal_address, ours.ui_url, ours.tenant} & {
        theirs.temporal_address, theirs.ui_url, theirs.tenant,
    }  # fmt: skip
    ended = folder.run("down")
    assert (ended.returncode, ended.stdout) == (0, f"Stopped what ran on {folder.path}.\n")
    assert alive(ours) == []
    assert len(alive(theirs)) == 5
    assert not (folder.path / "stack.json").exists()
    assert folder.run("down").stdout == f"Nothing ran on {folder.path}.\n"


def test_a_killed_supervisor_takes_its_stack_along_and_its_record_is_not_believed(folder: Folder) -> None:
    assert folder.run("up", "--detach").returncode == 0
    before = folder.record
    os.kill(before.supervisor.pid, signal.SIGKILL)
    until(lambda: alive(before) == [], "the end of everything")
    assert (folder.path / "stack.json").exists()
    seen = folder.run("list")
    assert seen.returncode == ExitCode.UNREACHABLE
    assert f"No Holdfast runs on {folder.path}" in seen.stderr
    assert folder.run("up", "--detach").returncode == 0
    assert (folder.record.temporal_address, folder.record.tenant) == (before.temporal_address, before.tenant)


def test_a_foreground_stack_ends_cleanly_at_ctrl_c(folder: Folder) -> None:
    # A worker.py where the person happens to stand is not ours, and must not be run.
    (folder.path.parent / "worker.py").write_text("raise SystemExit('This is not ours.')")
    with folder.foreground() as process:
        until(lambda: process.poll() is not None or running_stack(folder.path) is not None, "the stack")
        record = folder.record
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, said
    assert said.startswith(f"Holdfast serves from {folder.path}\n")
    assert alive(record) == []
    assert not (folder.path / "stack.json").exists()


def test_an_end_that_is_asked_while_it_starts_leaves_nothing_behind(folder: Folder) -> None:
    with folder.foreground() as process:
        until(lambda: lock_holder(folder.path) == process.pid, "the owner of the folder")
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, said) == (0, "")
    assert all(ended(child) for child in started)


@pytest.mark.parametrize("arguments", [["up"], ["up", "--detach"]])
def test_a_part_that_cannot_start_is_one_sentence(folder: Folder, arguments: list[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        failed = folder.run(*arguments, HOLDFAST_DEMO__PORT=str(port))
    assert failed.returncode == ExitCode.USAGE
    said = failed.stderr + failed.stdout
    assert f"Port {port}, which the demo tenant should have, is in use" in said
    assert "HOLDFAST_DEMO__PORT" in said
    assert running_stack(folder.path) is None


def test_a_worker_that_ends_at_once_is_named_with_its_log(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "worker.py").write_text("raise SystemExit('It has no engine.')")
    failed = folder.run("up", PYTHONPATH=str(tmp_path / "modules"))
    assert failed.returncode == ExitCode.UNREACHABLE
    assert "The worker ended while it started" in failed.stderr
    assert str(folder.path / "logs" / "worker.out") in failed.stderr
    assert "It has no engine." in failed.stderr


def test_a_token_that_the_tenant_refuses_is_named_and_nothing_is_published(stack: Folder, folder: Folder) -> None:
    wrong = {"HOLDFAST_OKTA__URL": stack.record.tenant, "HOLDFAST_OKTA__TOKEN": "00wrong-secret"}
    assert folder.run("up", "--detach", **wrong).returncode == 0
    assert "demo tenant" not in folder.record.children
    told = psutil.Process(folder.record.children["gateway"].pid).environ()
    assert told["HOLDFAST_GATEWAY__TENANT"] == stack.record.tenant
    assert "00wrong-secret" not in told.values()
    synced = folder.run("sync", **wrong)
    assert synced.returncode == ExitCode.UNREACHABLE
    assert "HOLDFAST_OKTA__TOKEN" in synced.stderr
    assert folder.run("doctor", **wrong).returncode == ExitCode.UNREACHABLE
    asked = folder.run("ask", "Who is locked out?", **wrong)
    assert (asked.returncode, asked.stdout) == (ExitCode.UNREACHABLE, "")
    assert "holdfast sync" in asked.stderr
    assert folder.run("down").returncode == 0
    written = [file for file in folder.path.rglob("*") if file.is_file()]
    assert [file for file in written if b"00wrong-secret" in file.read_bytes()] == []


def test_the_link_of_a_stack_signs_in_once(stack: Folder) -> None:
    printed = stack.run("page")
    link = next(word for word in printed.stdout.split() if "#code=" in word)
    address, _, code = link.partition("/#code=")
    assert address == stack.record.gateway_url
    first = httpx.post(f"{address}/api/session", json={"code": code})
    again = httpx.post(f"{address}/api/session", json={"code": code})
    assert (first.status_code, again.status_code) == (201, 401)
    assert code not in (stack.path / "logs" / "gateway.log").read_text()
