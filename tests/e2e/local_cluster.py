"""The cluster as a user starts it, and its gateways as a program talks to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pytest

from holdfast.errors import HoldfastError
from starter.cluster.cluster import GATEWAYS, WORKERS
from starter.cluster.postgres import find_postgres
from starter.cluster.server_programs import server_programs
from tests.e2e.local_stack import LocalStack

# PostgreSQL makes its folder, Temporal its tables, and six processes of ours start: on a busy machine.
_UP_TIMEOUT_S = 240
_PATIENCE_S = 120
_LAST_EVENTS = {"FINAL-RESULT"}


def require_programs() -> None:
    """Skip where a newcomer's machine has no PostgreSQL or no server of Temporal; where changes are judged, fail."""
    try:
        find_postgres()
        server_programs(fetch=False, tell=lambda line: None)
    except HoldfastError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(str(error))


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for it, with a generous limit."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


@dataclass(frozen=True)
class Event:
    """A frame of the stream."""

    offset: int
    kind: str
    data: dict[str, Any]


@dataclass
class Gateway:
    """One gateway, called with one key."""

    url: str
    key: str

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request."""
        return httpx.request(
            method, f"{self.url}{path}", headers={"Authorization": f"Bearer {self.key}"}, timeout=60, **options
        )

    def ask(self, text: str, *, approve_plan: bool = False) -> str:
        """The id of a new question."""
        answer = self.call("POST", "/api/questions", json={"text": text, "approve_plan": approve_plan})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def state(self, question_id: str) -> str:
        """Its state."""
        return str(self.call("GET", f"/api/questions/{question_id}").json()["state"])

    def is_ready(self) -> bool:
        """Whether it serves."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def events(self, question_id: str, *, after: int | None = None) -> Iterator[Event]:
        """What is streamed of a question until it ends; raises httpx.TransportError when the gateway goes away."""
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        url = f"{self.url}/api/questions/{question_id}/events"
        with httpx.stream("GET", url, headers=headers, timeout=_PATIENCE_S) as stream:
            assert stream.status_code == 200, stream.read()
            frame: dict[str, str] = {}
            for line in stream.iter_lines():
                name, _, value = line.partition(":")
                if line and name:
                    frame[name] = value.strip()
                elif not line and "data" in frame:
                    yield Event(int(frame["id"]), frame["event"], json.loads(frame["data"]))
                    if frame["event"] in _LAST_EVENTS:
                        return
                    frame = {}


class Viewer:
    """Watches a question in the background until it ends, or until its gateway goes away."""

    def __init__(self, gateway: Gateway, question_id: str, *, after: int | None = None) -> None:
        self.seen: list[Event] = []
        self.lost: httpx.TransportError | None = None
        self._events = gateway.events(question_id, after=after)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        try:
            self.seen.extend(self._events)
        except httpx.TransportError as error:
            self.lost = error

    def ended(self) -> list[Event]:
        """Everything that was seen, once nothing more comes."""
        self._thread.join(_PATIENCE_S)
        assert not self._thread.is_alive(), f"the stream did not end; seen: {[event.kind for event in self.seen]}"
        return self.seen


_MAKE_KEY = """
import asyncio, sys
from holdfast.settings import load_settings
from starter.access.callers import Role
from starter.access.keys import NewKey
from starter.access.secret_texts import new_id
from starter.access.stored import open_access
access = open_access(load_settings())
wanted = NewKey(sys.argv[1], "test", frozenset(map(Role, sys.argv[2:])))
print(asyncio.run(access.keys.create(wanted, sys.argv[1], new_id()))[1])
"""


@dataclass
class LocalCluster(LocalStack):
    """`holdfast cluster --detach` on a folder of its own, against that tenant."""

    settings: dict[str, str] = field(default_factory=dict)

    def up(self) -> None:
        self.run("cluster", "--detach", timeout_s=_UP_TIMEOUT_S)

    @property
    def record(self) -> dict[str, Any]:
        """Where everything is."""
        record: dict[str, Any] = json.loads((self.data_dir / "stack.json").read_text())
        return record

    def gateways(self, key: str) -> tuple[Gateway, Gateway]:
        """Both gateways, called with this key."""
        record = self.record
        return Gateway(record["gateway_url"], key), Gateway(record["other_gateways"][0], key)

    def make_key(self, subject: str, *roles: str) -> str:
        """A key, made in the database that the gateways share."""
        made = subprocess.run(
            [sys.executable, "-P", "-c", _MAKE_KEY, subject, *roles],
            env={**self.environment, "HOLDFAST_ACCESS__STORE": self.record["access_store"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def worker_at_work(self) -> str:
        """The name of the worker that reads the tenant at this moment."""
        names = [name for name in WORKERS if self._reads_the_tenant(name)]
        assert len(names) == 1, f"one worker runs the step, and not {names}"
        return names[0]

    def _reads_the_tenant(self, name: str) -> bool:
        connections = psutil.Process(self.pid(name)).net_connections(kind="tcp")
        return any(connection.raddr and connection.raddr.port == self.tenant.port for connection in connections)


__all__ = ["GATEWAYS", "WORKERS", "Event", "Gateway", "LocalCluster", "Viewer", "require_programs", "until"]
