"""The cluster: Temporal on PostgreSQL, two workers, two gateways, and the demo tenant where no other is set."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from holdfast.settings import Settings
from starter.children import GatewayChild, TenantChild, WorkerChild, environment_of
from starter.cluster.postgres import PostgresChild, find_postgres
from starter.cluster.server_programs import server_programs
from starter.cluster.temporal_server import DEPLOY, PORT_VARIABLES, TemporalServerChild, server_environment
from starter.command_child import CommandChild
from starter.connection import connect_to
from starter.ports import LOOPBACK, remembered_ports
from starter.stack import told
from starter.stack_record import ProcessRecord, StackRecord
from starter.supervision import SupervisedStack

_POSTGRES_PORT = "POSTGRES_PORT"
# Modules that do their work and end; docker-compose.yml has a service of the same name for each.
JOBS = {
    "passwords": "starter.cluster.passwords",
    "databases": "starter.cluster.databases",
    "namespace": "starter.cluster.namespace",
}
WORKERS = ("first worker", "second worker")
GATEWAYS = ("first gateway", "second gateway")


class ClusterStack(SupervisedStack):
    """The topology of docker-compose.yml as processes of this machine, from one data folder."""

    async def _start_all(self, ends: AsyncExitStack) -> StackRecord:
        settings = self._settings
        # Getting the programs may take minutes; Ctrl-C must work meanwhile.
        postgres_programs = find_postgres()
        programs = await asyncio.to_thread(server_programs, tell=self._say)
        passwords = settings.data_dir / "secrets"
        passwords.mkdir(mode=0o700, exist_ok=True)
        await self._run_job("passwords", _ours(JOBS["passwords"], str(passwords)))
        ports = remembered_ports(settings.data_dir / "cluster-ports.json", [_POSTGRES_PORT, *PORT_VARIABLES])
        postgres = PostgresChild(postgres_programs, settings.data_dir, passwords, ports[_POSTGRES_PORT])
        demo_tenant = TenantChild(settings.demo, settings.data_dir) if settings.okta.url is None else None
        await self._start_together(ends, postgres, demo_tenant)
        temporal = await self._start_temporal(ends, programs, passwords, ports)
        effective = told(settings, temporal.address, demo_tenant)
        await self._run_job("namespace", _ours(JOBS["namespace"]), environment_of(effective))
        # A database that a person named themselves may have a password in its address, which no record holds.
        store = access_store(passwords, postgres.port) if settings.access.store is None else None
        gateways = await self._start_ours(ends, effective, store)
        return StackRecord(
            supervisor=ProcessRecord.of(os.getpid()),
            children=self._living(),
            temporal_address=temporal.address,
            namespace=settings.temporal.namespace,
            ui_url=settings.gateway.temporal_ui_url,
            gateway_url=gateways[0].url,
            other_gateways=tuple(gateway.url for gateway in gateways[1:]),
            access_store=store,
            tenant=effective.okta.url or "",
            tenant_is_demo=demo_tenant is not None,
            started=datetime.now(UTC),
        )

    async def _start_temporal(
        self, ends: AsyncExitStack, programs: Path, passwords: Path, ports: Mapping[str, int]
    ) -> TemporalServerChild:
        port = ports[_POSTGRES_PORT]
        await self._run_job("databases", _ours(JOBS["databases"], LOOPBACK, str(port), str(passwords)))
        environment = server_environment(
            programs, ports, postgres_port=port, password_file=passwords / "temporal" / "password"
        )
        await self._run_job("schema", ["/bin/sh", str(DEPLOY / "schema.sh")], environment)
        temporal = TemporalServerChild(environment, self._settings.data_dir / "logs" / "temporal.log")
        await self._start(temporal, ends)
        return temporal

    async def _start_ours(self, ends: AsyncExitStack, settings: Settings, store: str | None) -> list[GatewayChild]:
        assert settings.temporal.address is not None, "the address is known once Temporal serves"
        client = await connect_to(settings.temporal.address, settings.temporal.namespace)
        workers = [WorkerChild(settings, client, name) for name in WORKERS]
        access = settings.access if store is None else settings.access.model_copy(update={"store": SecretStr(store)})
        with_store = settings.model_copy(update={"access": access})
        tenant, ui_url = settings.okta.url or "", settings.gateway.temporal_ui_url
        first = GatewayChild(with_store, tenant, ui_url, GATEWAYS[0])
        # A port that a person chose is the first one's.
        any_port = with_store.model_copy(update={"gateway": settings.gateway.model_copy(update={"port": None})})
        others = [GatewayChild(any_port, tenant, ui_url, name) for name in GATEWAYS[1:]]
        await self._start_together(ends, *workers, first, *others)
        return [first, *others]

    async def _run_job(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        log_file = self._settings.data_dir / "logs" / f"{name}.log"
        await CommandChild(f"{name} job", command, environment or os.environ, log_file).run()


def _ours(*module: str) -> list[str]:
    return [sys.executable, "-P", "-m", *module]


def access_store(passwords: Path, port: int) -> str:
    """Where the gateways keep who may, as `HOLDFAST_ACCESS__STORE`; the password stays in its file."""
    return f"postgresql+psycopg://holdfast@{LOOPBACK}:{port}/holdfast?passfile={passwords / 'holdfast' / 'pgpass'}"
