"""The processes of an embedded stack."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from holdfast.contracts import TASK_QUEUE
from holdfast.errors import SettingsError
from holdfast.settings import PREFIX, DemoSettings, ModelSettings, OktaSettings, Settings, as_environment
from starter.command_child import CommandChild
from starter.embedded import EmbeddedTemporal
from starter.ports import LOOPBACK, is_free, remembered_port

# A worker imports its engines and warms its query processes: 3 s on two cores, more while they are busy.
_WORKER_TIMEOUT = timedelta(seconds=60)
# A company of a million people is made in memory before the first request is served.
_TENANT_TIMEOUT = timedelta(minutes=10)
_GATEWAY_TIMEOUT = timedelta(seconds=60)


class TemporalChild(EmbeddedTemporal):
    """The embedded Temporal as one of the stack's processes."""

    name = "Temporal"


class ProgramChild(CommandChild):
    """One of our own programs: `module` with `arguments`, run by this interpreter."""

    def __init__(self, name: str, module: Sequence[str], environment: Mapping[str, str], log_file: Path) -> None:
        # -P: a worker.py in the folder where the person happens to stand must not be run instead of ours.
        super().__init__(name, [sys.executable, "-P", "-m", *module], environment, log_file)


class TenantChild(ProgramChild):
    """The demo tenant. Its port is chosen once and remembered in the data folder, as it is the tenant's name."""

    def __init__(self, demo: DemoSettings, data_dir: Path) -> None:
        self._memory = data_dir / "tenant-port"
        self._port = demo.port or remembered_port(self._memory)
        module = ["starter", "tenant", "serve", "--port", str(self._port)]
        module += ["--seed", str(demo.seed), "--users", str(demo.users)]
        module += ["--log-events", str(demo.log_events)] if demo.log_events is not None else []
        # A tenant that is started again after midnight must still be the one that was synced.
        module += ["--now", f"{datetime.now(UTC):%Y-%m-%d}"]
        module += ["--request-log", str(data_dir / "logs" / "tenant-requests.jsonl")]
        super().__init__("demo tenant", module, dict(os.environ), data_dir / "logs" / "tenant.log")

    @property
    def url(self) -> str:
        """The tenant's address."""
        return f"http://{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Return when it answers. Raises ChildFailed, or SettingsError for a port that another program has."""
        if not is_free(self._port):
            raise SettingsError(
                f"Port {self._port}, which the demo tenant should have, is in use by another program: end that, or "
                "give another one in HOLDFAST_DEMO__PORT."
            )
        await self.start_until(self._answers, _TENANT_TIMEOUT)
        self._memory.write_text(str(self._port), encoding="utf-8")

    async def _answers(self, pid: int) -> bool:
        return await _listens(LOOPBACK, self._port)


class WorkerChild(ProgramChild):
    """The worker, with every setting made explicit in its environment."""

    def __init__(self, settings: Settings, client: Client, name: str = "worker") -> None:
        log_file = settings.data_dir / "logs" / f"{file_name(name)}.out"
        super().__init__(name, ["worker"], environment_of(settings), log_file)
        self._client = client

    async def start(self) -> None:
        """Return when it takes tasks. Raises ChildFailed."""
        await self.start_until(lambda pid: is_polling(self._client, pid), _WORKER_TIMEOUT)


class GatewayChild(ProgramChild):
    """The gateway, without any of the worker's secrets. Its port is remembered, as people keep its address."""

    def __init__(self, settings: Settings, tenant: str, ui_url: str | None, name: str = "gateway") -> None:
        self._memory = settings.data_dir / f"{file_name(name)}-port"
        self._host = settings.gateway.host
        self._port = settings.gateway.port or remembered_port(self._memory)
        given = settings.gateway.model_copy(update={"port": self._port, "tenant": tenant, "temporal_ui_url": ui_url})
        told = settings.model_copy(update={"gateway": given, "okta": OktaSettings(), "models": ModelSettings()})
        log_file = settings.data_dir / "logs" / f"{file_name(name)}.out"
        super().__init__(name, ["starter.gateway"], environment_of(told), log_file)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        host = LOOPBACK if self._host in {"0.0.0.0", "::"} else self._host  # noqa: S104 - compared, not listened on
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    async def start(self) -> None:
        """Return when it serves. Raises ChildFailed, or SettingsError for a port that another program has."""
        if not is_free(self._port):
            raise SettingsError(
                f"Port {self._port}, which the gateway should have, is in use by another program: end that, or give "
                "another one in HOLDFAST_GATEWAY__PORT."
            )
        await self.start_until(self._answers, _GATEWAY_TIMEOUT)
        self._memory.write_text(str(self._port), encoding="utf-8")

    async def _answers(self, pid: int) -> bool:
        return await _listens(urlsplit(self.url).hostname or LOOPBACK, self._port)


def file_name(name: str) -> str:
    """A process's name as the beginning of a file's."""
    return name.replace(" ", "-")


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a child: ours, with every setting of Holdfast made explicit."""
    inherited = {name: text for name, text in os.environ.items() if not name.upper().startswith(PREFIX)}
    return {**inherited, **as_environment(settings)}


async def _listens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


async def is_polling(client: Client, pid: int | None = None) -> bool:
    """Whether a worker (of that process) waits for both kinds of tasks. False while Temporal does not answer."""
    for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=TASK_QUEUE), task_queue_type=kind
        )
        try:
            answer = await client.workflow_service.describe_task_queue(request, timeout=timedelta(seconds=2))
        except RPCError:
            return False
        # The SDK's identity of a worker is pid@host. A dead worker stays listed for some minutes.
        if not any(pid is None or poller.identity.startswith(f"{pid}@") for poller in answer.pollers):
            return False
    return True
