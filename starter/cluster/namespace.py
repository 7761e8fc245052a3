"""Temporal's namespace with our search attributes, made where it is missing: `python -m starter.cluster.namespace`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from holdfast.errors import HoldfastError, SettingsError, StackNotRunning
from holdfast.settings import Settings, load_settings
from starter.namespace import ensure_retention, ensure_search_attributes

# Every service of a new server has to see the new namespace, which each of them looks for every ten seconds.
_PATIENCE_S = 60.0
_POLL_S = 0.2
# What the server allows at least.
_SHORTEST_RETENTION = timedelta(days=1)


async def ensure_namespace(settings: Settings) -> None:
    """Return when the namespace serves. Questions stay in it for as long as their rows are kept.

    Raises StackNotRunning where no server answers in time.
    """
    address = settings.temporal.address
    if address is None:
        raise SettingsError("A namespace needs HOLDFAST_TEMPORAL__ADDRESS, the server that it is made on.")
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            client = await Client.connect(address, namespace=settings.temporal.namespace)
            retention = max(settings.keep_answers, _SHORTEST_RETENTION)
            await _register(client, retention)
            await ensure_retention(client, retention)
            await ensure_search_attributes(client)
        except (RPCError, RuntimeError) as error:
            # RuntimeError is what the SDK's connect raises for a server that does not answer yet.
            if time.monotonic() > deadline:
                raise StackNotRunning(f"Temporal at {address} did not make the namespace: {error}") from error
        else:
            return
        await asyncio.sleep(_POLL_S)


async def _register(client: Client, retention: timedelta) -> None:
    request = RegisterNamespaceRequest(
        namespace=client.namespace,
        description="Holdfast's questions and syncs",
        workflow_execution_retention_period=Duration(seconds=int(retention.total_seconds())),
    )
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


def _main() -> int:
    try:
        asyncio.run(ensure_namespace(load_settings()))
    except HoldfastError as error:
        sys.stderr.write(f"{error}\n")
        return 5
    return 0


if __name__ == "__main__":
    code = _main()
    sys.stderr.flush()
    # Threads of Temporal's SDK may take the interpreter down while it finalizes, and a client cannot be closed.
    os._exit(code)
