"""The local stack: Temporal's dev server, a worker, a gateway, and the demo tenant where no other is set."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from pydantic import SecretStr

from holdfast.demo.options import DEMO_TOKEN
from holdfast.settings import OktaSettings, Settings
from starter.children import GatewayChild, TemporalChild, TenantChild, WorkerChild
from starter.connection import connect_to
from starter.namespace import ensure_retention, ensure_search_attributes
from starter.stack_record import ProcessRecord, StackRecord
from starter.supervision import SupervisedStack
from starter.temporal_binary import find_temporal


class Stack(SupervisedStack):
    """Everything on one machine, with as few processes as can be."""

    async def _start_all(self, ends: AsyncExitStack) -> StackRecord:
        settings = self._settings
        demo_tenant = TenantChild(settings.demo, settings.data_dir) if settings.okta.url is None else None
        temporal = await self._temporal()
        await self._start_together(ends, temporal, demo_tenant)
        address = temporal.address if temporal is not None else settings.temporal.address
        assert address is not None, "without an address of its own, the stack has an embedded Temporal"
        client = await connect_to(address, settings.temporal.namespace)
        if temporal is None:
            await ensure_search_attributes(client)
        else:
            await ensure_retention(client, settings.keep_answers)
        effective = told(settings, address, demo_tenant)
        tenant = effective.okta.url or ""
        ui_url = temporal.ui_url if temporal is not None else settings.gateway.temporal_ui_url
        gateway = GatewayChild(effective, tenant, ui_url)
        await self._start_together(ends, WorkerChild(effective, client), gateway)
        return StackRecord(
            supervisor=ProcessRecord.of(os.getpid()),
            children=self._living(),
            temporal_address=address,
            namespace=settings.temporal.namespace,
            ui_url=ui_url,
            gateway_url=gateway.url,
            tenant=tenant,
            tenant_is_demo=demo_tenant is not None,
            started=datetime.now(UTC),
        )

    async def _temporal(self) -> TemporalChild | None:
        chosen = self._settings.temporal
        if chosen.address is not None:
            return None
        # Getting the program may take minutes; Ctrl-C must work meanwhile.
        binary = await asyncio.to_thread(find_temporal, chosen.binary, tell=self._say)
        return TemporalChild(binary, self._settings.data_dir, port=chosen.port, ui_port=chosen.ui_port)


def told(settings: Settings, address: str, demo_tenant: TenantChild | None) -> Settings:
    """What workers are told: the settings, with the addresses that are known by now."""
    changes: dict[str, object] = {"temporal": settings.temporal.model_copy(update={"address": address})}
    if demo_tenant is not None:
        changes["okta"] = OktaSettings(
            url=demo_tenant.url,
            token=SecretStr(DEMO_TOKEN),
            concurrency=settings.okta.concurrency,
            rate_limit_share=settings.okta.rate_limit_share,
        )
    return settings.model_copy(update=changes)
