"""The product as a user starts it: real processes, the command line, and `kill -9`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 90
COMMAND_TIMEOUT_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Tenant:
    """A demo tenant in a process of its own, with its request log."""

    folder: Path
    users: int = 150
    seed: int = 11
    latency: str = "0"
    faults: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def request_log(self) -> Path:
        return self.folder / "tenant-requests.jsonl"

    def start(self) -> None:
        command = [sys.executable, "-P", "-m", "starter", "tenant", "serve", "--port", str(self.port)]
        command += ["--users", str(self.users), "--seed", str(self.seed), "--latency", self.latency]
        command += ["--request-log", str(self.request_log), "--rate-limits", "off"]
        command += [part for name, value in self.faults.items() for part in ("--fault", f"{name}={value}")]
        with (self.folder / "tenant.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, (self.folder / "tenant.log").read_text()
            time.sleep(0.05)
        raise TimeoutError("the tenant did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def requests(self) -> list[dict[str, Any]]:
        """Every answered request so far, in order."""
        if not self.request_log.exists():
            return []
        return [json.loads(line) for line in self.request_log.read_text().splitlines()]


@dataclass
class LocalStack:
    """`holdfast up --detach` on a folder of its own, against that tenant."""

    data_dir: Path
    tenant: Tenant
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("HOLDFAST_")}
        ours = {
            "HOLDFAST_DATA_DIR": str(self.data_dir),
            "HOLDFAST_OKTA__URL": self.tenant.url,
            "HOLDFAST_OKTA__TOKEN": "demo-token",
        }
        return {**inherited, **ours, **self.settings}

    def run(
        self, *arguments: str, check: bool = True, timeout_s: float = COMMAND_TIMEOUT_S
    ) -> subprocess.CompletedProcess[str]:
        """Run a `holdfast` command as a person in a pipe would."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "starter", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        if check:
            assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command and let it run."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "starter", *command],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def up(self) -> None:
        self.run("up", "--detach")

    def down(self) -> None:
        self.run("down")

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def ask(self, question: str) -> dict[str, Any]:
        """The compatible dictionary of the answer."""
        answer: dict[str, Any] = json.loads(self.run("ask", "--json", question, check=False).stdout)
        return answer

    def pid(self, name: str) -> int:
        """The process of `Temporal`, `worker` or the supervisor, as the stack's record has it."""
        record = json.loads((self.data_dir / "stack.json").read_text())
        process = record["supervisor"] if name == "supervisor" else record["children"][name]
        return int(process["pid"])

    def kill(self, name: str) -> float:
        """`kill -9`; returns the moment, as the tenant's request log counts time."""
        os.kill(self.pid(name), signal.SIGKILL)
        return time.time()

    def await_new(self, name: str, old_pid: int) -> None:
        """Wait until the supervisor has put another process in that one's place."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            # While several are away, the record has only those that live.
            process = json.loads((self.data_dir / "stack.json").read_text())["children"].get(name)
            if process is not None and process["pid"] != old_pid:
                return
            time.sleep(0.05)
        raise TimeoutError(f"{name} was not started again")


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """What must be equal however often processes died: the table and what is said of it."""
    final = answer["final_result"]
    return {
        "success": answer["success"],
        "content": final["content"],
        "headers": final["metadata"]["headers"],
        "total": final["metadata"]["totalItems"],
        "summary": final["metadata"]["execution_summary"],
        "gaps": answer["gaps"],
    }
