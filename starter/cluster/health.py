"""Whether the process of a container serves, for its health check: `python -m starter.cluster.health worker`."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from http.client import HTTPConnection

import psutil
from temporalio.client import Client

from holdfast.settings import load_settings
from starter.children import is_polling
from starter.ports import LOOPBACK

_DEMO_TENANT_PORT = 8099
_PATIENCE_S = 8


def _worker() -> bool:
    settings = load_settings()
    if settings.temporal.address is None:
        return False
    workers = [process.pid for process in psutil.process_iter(["cmdline"]) if _is_worker(process.info["cmdline"])]
    return any(asyncio.run(_polls(settings.temporal.address, settings.temporal.namespace, pid)) for pid in workers)


def _is_worker(command: list[str] | None) -> bool:
    return command is not None and command[1:] == ["-P", "-m", "worker"]


async def _polls(address: str, namespace: str, pid: int) -> bool:
    client = await Client.connect(address, namespace=namespace)
    return await is_polling(client, pid)


def _gateway() -> bool:
    connection = HTTPConnection(LOOPBACK, load_settings().gateway.port, timeout=_PATIENCE_S)
    connection.request("GET", "/healthz")
    return connection.getresponse().status == 200


def _tenant() -> bool:
    # With a tenant of Okta there is nothing to serve.
    if os.environ.get("HOLDFAST_OKTA__URL"):
        return True
    with socket.create_connection((LOOPBACK, _DEMO_TENANT_PORT), timeout=_PATIENCE_S):
        return True


CHECKS: dict[str, Callable[[], bool]] = {"worker": _worker, "gateway": _gateway, "tenant": _tenant}

if __name__ == "__main__":
    try:
        healthy = CHECKS[sys.argv[1]]()
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        healthy = False
    sys.stderr.flush()
    # Threads of Temporal's SDK may take the interpreter down while it finalizes, and a client cannot be closed.
    os._exit(0 if healthy else 1)
