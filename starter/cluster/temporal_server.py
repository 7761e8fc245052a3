"""Temporal's server on PostgreSQL as a process of the stack; the scripts and settings are those of its container."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starter.cluster.server_programs import environment_with
from starter.command_child import CommandChild
from starter.ports import LOOPBACK

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "temporal"
# It joins its own four services, each of which waits for the others.
_START_TIMEOUT = timedelta(minutes=2)

# One port each. Their names are those of the server's own variables.
PORT_VARIABLES = (
    "FRONTEND_GRPC_PORT",
    "FRONTEND_HTTP_PORT",
    "FRONTEND_MEMBERSHIP_PORT",
    "HISTORY_GRPC_PORT",
    "HISTORY_MEMBERSHIP_PORT",
    "MATCHING_GRPC_PORT",
    "MATCHING_MEMBERSHIP_PORT",
    "WORKER_GRPC_PORT",
    "WORKER_MEMBERSHIP_PORT",
)


class TemporalServerChild(CommandChild):
    """All four services of Temporal in one process, on loopback."""

    def __init__(self, environment: Mapping[str, str], log_file: Path) -> None:
        super().__init__("Temporal", ["/bin/sh", str(DEPLOY / "server.sh")], environment, log_file)
        self.address = f"{LOOPBACK}:{environment['FRONTEND_GRPC_PORT']}"

    async def start(self) -> None:
        """Return when it serves. Raises ChildFailed."""
        await self.start_until(self._serves, _START_TIMEOUT)

    async def _serves(self, pid: int) -> bool:
        try:
            client = await Client.connect(self.address, namespace="temporal-system")
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
        except (RPCError, RuntimeError):
            # RuntimeError is what the SDK's connect raises for a server that does not answer yet.
            return False
        return True


def server_environment(
    programs: Path, ports: Mapping[str, int], *, postgres_port: int, password_file: Path
) -> dict[str, str]:
    """What `server.sh` and `schema.sh` read: what is the same everywhere, and where everything is on this machine."""
    here = {
        "POSTGRES_SEEDS": LOOPBACK,
        "DB_PORT": str(postgres_port),
        "POSTGRES_PASSWORD_FILE": str(password_file),
        "BIND_ON_IP": LOOPBACK,
        "TEMPORAL_BROADCAST_ADDRESS": LOOPBACK,
        "DYNAMIC_CONFIG_FILE_PATH": str(DEPLOY / "dynamic.yaml"),
        **{name: str(ports[name]) for name in PORT_VARIABLES},
    }
    # A TEMPORAL_… or POSTGRES_… of the person's own shell is meant for other programs.
    ours = {name: text for name, text in environment_with(programs).items() if name in {"PATH", "HOME", "TMPDIR", "TZ"}}
    return {**ours, **same_everywhere(), **here}


def same_everywhere() -> dict[str, str]:
    """The settings of `server.env`."""
    lines = (DEPLOY / "server.env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
