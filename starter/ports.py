"""Free ports on the loopback interface."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable, Set
from pathlib import Path

LOOPBACK = "127.0.0.1"

# Below Linux's range for outgoing connections: else a client that re-dials a stopped server's port may be given that
# very port as its own, connect to itself, and keep the server from coming back.
_CHOSEN_PORTS = range(15_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        # As servers do it: connections of one that ended do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port(exclude: Set[int] = frozenset()) -> int:
    """A port to listen on. Raises OSError when none of many tried is free."""
    # At random, so that stacks that start together do not choose the same one.
    for port in random.sample(_CHOSEN_PORTS, 200):
        if port not in exclude and is_free(port):
            return port
    raise OSError("no free port was found on 127.0.0.1")


def remembered_port(memory: Path) -> int:
    """The port that is written in `memory`, if nobody else has taken it, else a free one."""
    text = memory.read_text(encoding="utf-8").strip() if memory.exists() else ""
    return int(text) if text.isdigit() and is_free(int(text)) else free_port()


def remembered_ports(memory: Path, names: Iterable[str]) -> dict[str, int]:
    """A port for each name: the one that is written in `memory`, if nobody else has taken it, else a free one."""
    before = _read(memory)
    ports: dict[str, int] = {}
    for name in names:
        known = before.get(name)
        if known is None or known in ports.values() or not is_free(known):
            known = free_port(exclude=set(ports.values()))
        ports[name] = known
    memory.write_text(json.dumps(ports), encoding="utf-8")
    return ports


def _read(memory: Path) -> dict[str, int]:
    try:
        ports = json.loads(memory.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {name: port for name, port in ports.items() if isinstance(port, int)} if isinstance(ports, dict) else {}
