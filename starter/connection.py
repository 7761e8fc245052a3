"""From a data folder to a Temporal client: find the stack that serves there, or the Temporal that settings name."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import cache

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from holdfast.errors import SettingsError, StackNotRunning
from holdfast.settings import Settings
from starter.stack_record import StackRecord, lock_holder, running_stack, with_store_of

# A server of another continent answers a SYN well within this.
_PROBE_TIMEOUT_S = 3.0
# A stack's Temporal that died is started again within some seconds.
_RESTART_PATIENCE_S = 15.0


@dataclass(frozen=True)
class Connection:
    """A client, and what is known of the stack behind it. `settings.data_dir` is that stack's folder."""

    client: Client
    settings: Settings
    record: StackRecord | None

    @property
    def tenant(self) -> str:
        """The tenant that is asked about, empty where only the worker knows it."""
        if self.record is not None:
            return self.record.tenant
        return self.settings.okta.url or self.settings.gateway.tenant or ""

    @property
    def ui_url(self) -> str | None:
        """Temporal's own UI, if its address is known."""
        return self.record.ui_url if self.record is not None else self.settings.gateway.temporal_ui_url

    def link(self, workflow_id: str) -> str | None:
        """Where a person can open this workflow, if the UI's address is known."""
        if self.ui_url is None:
            return None
        return f"{self.ui_url.rstrip('/')}/namespaces/{self.client.namespace}/workflows/{workflow_id}"


def demo_settings(settings: Settings) -> Settings:
    """Settings under which the demo runs: a folder and a tenant of its own, so that it never touches another's data."""
    changes = {"data_dir": settings.data_dir / "demo", "okta": type(settings.okta)()}
    return settings.model_copy(update=changes)


def located(settings: Settings) -> Settings:
    """The settings of the stack that is meant: the folder's own, or the demo's, where only that one runs."""
    if settings.temporal.address is not None:
        return settings
    demo = demo_settings(settings)
    only_demo_runs = lock_holder(settings.data_dir) is None and lock_holder(demo.data_dir) is not None
    meant = demo if only_demo_runs else settings
    return with_store_of(running_stack(meant.data_dir), meant)


async def connect(settings: Settings) -> Connection:
    """Connect to the stack of these settings. Raises StackNotRunning, which says how to start one."""
    settings = located(settings)
    record = running_stack(settings.data_dir)
    if settings.temporal.address is not None:
        client = await connect_to(settings.temporal.address, settings.temporal.namespace)
        return Connection(client, settings, record)
    if record is None:
        if lock_holder(settings.data_dir) is not None:
            raise StackNotRunning(f"The stack on {settings.data_dir} is still starting; try again in a moment.")
        raise StackNotRunning(
            f"No Holdfast runs on {settings.data_dir}. Start it with `holdfast up --detach`, set HOLDFAST_DATA_DIR to "
            "the folder of one that runs, or name a Temporal in HOLDFAST_TEMPORAL__ADDRESS."
        )
    client = await connect_to(record.temporal_address, record.namespace, patience_s=_RESTART_PATIENCE_S)
    return Connection(client, settings, record)


@cache
def _runtime() -> Runtime:
    # By default the SDK's core prints its retries on standard output, where only an answer may be.
    return Runtime(telemetry=TelemetryConfig(logging=None))


async def _see_that_there_is(client: Client) -> None:
    """Raises SettingsError where the server knows no such namespace; one that may not be looked at is believed."""
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise SettingsError(
                f"Temporal at {client.service_client.config.target_host} has no namespace {client.namespace!r}: make "
                f"it there (temporal operator namespace create -n {client.namespace}), or mend "
                "HOLDFAST_TEMPORAL__NAMESPACE."
            ) from error
        if error.status is not RPCStatusCode.PERMISSION_DENIED:
            raise


async def connect_to(address: str, namespace: str, *, patience_s: float = 0.0) -> Client:
    """A client of the Temporal at `address`, which is waited for this long. Raises StackNotRunning, SettingsError."""
    deadline = time.monotonic() + patience_s
    host, _, port = address.rpartition(":")
    while True:
        try:
            # The SDK's connect retries for seconds by itself; a plain socket knows at once.
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            client = await Client.connect(
                address, namespace=namespace, data_converter=pydantic_data_converter, runtime=_runtime()
            )
        except (OSError, TimeoutError, RuntimeError) as error:
            # RuntimeError is what the SDK's connect raises for a server that does not serve.
            if time.monotonic() > deadline:
                raise StackNotRunning(
                    f"Temporal at {address} cannot be reached ({error or 'no answer'}). Start it, or mend "
                    "HOLDFAST_TEMPORAL__ADDRESS; `holdfast doctor` checks every part."
                ) from error
        else:
            await _see_that_there_is(client)
            return client
        await asyncio.sleep(0.2)
