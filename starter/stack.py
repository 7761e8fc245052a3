"""The local stack: start its processes in order, restart what dies, end all in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import psutil
from pydantic import SecretStr

from holdfast.demo.options import DEMO_TOKEN
from holdfast.errors import HoldfastError
from holdfast.settings import OktaSettings, Settings
from starter.children import Child, GatewayChild, TemporalChild, TenantChild, WorkerChild
from starter.connection import connect_to
from starter.namespace import ensure_retention, ensure_search_attributes
from starter.stack_record import ProcessRecord, StackRecord, end_survivors, owned_folder, record_file, write_record
from starter.temporal_binary import find_temporal

_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 10.0
# A process that served for this long did not die of its start.
_SERVED_WELL_S = 60.0

Say = Callable[[str], None]


class Stack:
    """The processes that serve from one data folder, between `started` and the end of its block."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings = settings
        self._say = say
        self._children: list[Child] = []
        self._record: StackRecord | None = None

    @property
    def record(self) -> StackRecord:
        """Where everything is; there once the stack has started."""
        assert self._record is not None, "record is there once the stack has started"
        return self._record

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """Own the folder and serve until the block ends. Raises FolderInUse or what a process said as it failed."""
        data_dir = self._settings.data_dir
        with owned_folder(data_dir):
            if survivors := await asyncio.to_thread(end_survivors, data_dir):
                self._say(f"Ended what a killed stack had left running: {', '.join(survivors)}.")
            async with AsyncExitStack() as ends:
                ends.callback(record_file(data_dir).unlink, missing_ok=True)
                await self._start_all(ends)
                yield

    async def supervise(self) -> None:
        """Restart what dies, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for child in self._children:
                group.create_task(self._keep(child))

    async def _start_all(self, ends: AsyncExitStack) -> None:
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
        effective = self._effective(address, demo_tenant)
        tenant = effective.okta.url or ""
        ui_url = temporal.ui_url if temporal is not None else settings.gateway.temporal_ui_url
        gateway = GatewayChild(effective, tenant, ui_url)
        await self._start_together(ends, WorkerChild(effective, client), gateway)
        self._record = StackRecord(
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
        write_record(settings.data_dir, self._record)

    async def _temporal(self) -> TemporalChild | None:
        chosen = self._settings.temporal
        if chosen.address is not None:
            return None
        # Getting the program may take minutes; Ctrl-C must work meanwhile.
        binary = await asyncio.to_thread(find_temporal, chosen.binary, tell=self._say)
        return TemporalChild(binary, self._settings.data_dir, port=chosen.port, ui_port=chosen.ui_port)

    def _effective(self, address: str, demo_tenant: TenantChild | None) -> Settings:
        """What the worker is told: the settings, with the addresses that are known by now."""
        changes: dict[str, object] = {"temporal": self._settings.temporal.model_copy(update={"address": address})}
        if demo_tenant is not None:
            changes["okta"] = OktaSettings(
                url=demo_tenant.url,
                token=SecretStr(DEMO_TOKEN),
                concurrency=self._settings.okta.concurrency,
                rate_limit_share=self._settings.okta.rate_limit_share,
            )
        return self._settings.model_copy(update=changes)

    async def _start_together(self, ends: AsyncExitStack, *children: Child | None) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for child in children:
                    if child is not None:
                        group.create_task(self._start(child, ends))
        except* HoldfastError as failures:
            raise failures.exceptions[0] from None

    async def _start(self, child: Child, ends: AsyncExitStack) -> None:
        await child.start()
        self._children.append(child)
        ends.push_async_callback(child.stop)

    async def _keep(self, child: Child) -> None:
        backoff = _FIRST_BACKOFF_S
        while True:
            serving_since = time.monotonic()
            code = await child.wait()
            if time.monotonic() - serving_since > _SERVED_WELL_S:
                backoff = _FIRST_BACKOFF_S
            self._say(f"{_capitalised(child.name)} {_ending(code)}; starting it again.")
            while True:
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _LONGEST_BACKOFF_S)
                try:
                    await child.start()
                except HoldfastError as error:
                    self._say(f"{_capitalised(child.name)} could not be started, trying again: {error}")
                else:
                    break
            self._record = self.record.model_copy(update={"children": self._living()})
            write_record(self._settings.data_dir, self._record)
            self._say(f"{_capitalised(child.name)} serves again.")

    def _living(self) -> dict[str, ProcessRecord]:
        living: dict[str, ProcessRecord] = {}
        for child in self._children:
            # One that ends at this very moment is written down when it serves again.
            if (pid := child.pid) is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    living[child.name] = ProcessRecord.of(pid)
        return living


async def run_until_stopped(stack: Stack, when_ready: Callable[[StackRecord], Awaitable[None]]) -> None:
    """Serve until SIGINT or SIGTERM, also while the stack is still starting; then end everything."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(stack, when_ready))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not serving.done():
            serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def _serve(stack: Stack, when_ready: Callable[[StackRecord], Awaitable[None]]) -> None:
    async with stack.started():
        await when_ready(stack.record)
        await stack.supervise()


def _capitalised(name: str) -> str:
    return name[0].upper() + name[1:] if name[0] != "T" else name


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
