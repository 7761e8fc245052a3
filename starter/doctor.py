"""Checks of every part, each with what to do where it is not well."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from holdfast.demo.options import DEMO_TOKEN
from holdfast.errors import HoldfastError, NoSnapshot
from holdfast.graph.engine import installed_version
from holdfast.graph.snapshots import SnapshotStore
from holdfast.okta import OktaClient
from holdfast.settings import OktaSettings, Settings, unknown_variables
from starter import gateway_checks, model_checks
from starter.checks import Check
from starter.children import is_polling
from starter.connection import Connection, connect, located
from starter.namespace import retention_of, retention_words
from starter.plain_text import when
from starter.sandbox_check import sandbox
from starter.stack_record import prepared, running_stack
from starter.temporal_binary import find_temporal

# A tenant of 100,000 people needs some 300 MB for a sync: pages, tables, the old and the new snapshot.
_ENOUGH_BYTES = 1 << 30
_OLD = timedelta(days=1)


async def checks(settings: Settings, *, ask_models: bool = False) -> AsyncIterator[Check]:
    """Every check, in the order in which the parts need each other. Models are asked only where it is wished."""
    settings = located(settings)
    yield Check("Python", "ok", f"{platform.python_version()} at {sys.executable}")
    yield _settings()
    yield _data_folder(settings.data_dir)
    yield _temporal_program(settings)
    connection: Connection | None = None
    try:
        connection = await connect(settings)
    except HoldfastError as error:
        yield Check("Temporal", "bad", str(error))
    else:
        yield await _temporal(connection)
        yield await _worker(connection)
    yield await gateway_checks.gateway(settings, running_stack(settings.data_dir))
    yield await gateway_checks.access_store(settings)
    yield await _tenant(settings)
    yield _snapshot(settings)
    yield _engine(settings)
    yield await asyncio.to_thread(sandbox)
    yield model_checks.named(settings.models)
    if ask_models:
        async for check in model_checks.answers(settings.models):
            yield check


def _address(connection: Connection) -> str:
    return connection.settings.temporal.address or (
        connection.record.temporal_address if connection.record is not None else ""
    )


async def _temporal(connection: Connection) -> Check:
    finding = f"serves at {_address(connection)}, namespace {connection.client.namespace}"
    kept, wanted = await retention_of(connection.client), connection.settings.keep_answers
    if kept is not None and kept < wanted:
        return Check("Temporal", "note", f"{finding}. {retention_words(kept, wanted)}")
    return Check("Temporal", "ok", finding)


def _settings() -> Check:
    if unknown := unknown_variables(os.environ):
        return Check("Settings", "note", " ".join(unknown))
    return Check("Settings", "ok", "all are known; `holdfast settings` prints them")


def _data_folder(data_dir: Path) -> Check:
    try:
        prepared(data_dir)
    except HoldfastError as error:
        return Check("Data folder", "bad", str(error))
    free = shutil.disk_usage(data_dir).free
    if free < _ENOUGH_BYTES:
        return Check("Data folder", "bad", f"{data_dir} has only {_size(free)} left: make room there")
    return Check("Data folder", "ok", f"{data_dir}, {_size(free)} free")


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB"


def _temporal_program(settings: Settings) -> Check:
    if settings.temporal.address is not None:
        return Check("temporal binary", "ok", "not needed, HOLDFAST_TEMPORAL__ADDRESS is set")
    try:
        return Check("temporal binary", "ok", str(find_temporal(settings.temporal.binary, fetch=False)))
    except HoldfastError as error:
        if shutil.which("go") is not None and settings.temporal.binary is None:
            return Check("temporal binary", "note", "not there yet; `holdfast up` downloads it, or builds it with Go")
        return Check("temporal binary", "bad", str(error))


async def _worker(connection: Connection) -> Check:
    if await is_polling(connection.client):
        return Check("Worker", "ok", "takes questions")
    log = connection.settings.data_dir / "logs" / "worker.out"
    return Check(
        "Worker", "bad", f"none takes questions: start one with `holdfast up`; the last one's words are in {log}"
    )


async def _tenant(settings: Settings) -> Check:
    okta = settings.okta
    if okta.url is None:
        record = running_stack(settings.data_dir)
        if record is None or not record.tenant_is_demo:
            return Check("Tenant", "note", "none is configured; `holdfast up` serves the demo tenant")
        okta = OktaSettings(url=record.tenant, token=SecretStr(DEMO_TOKEN))
    try:
        async with OktaClient.from_settings(okta) as client:
            await client.get("/api/v1/users", {"limit": 1})
    except HoldfastError as error:
        return Check("Tenant", "bad", f"{okta.url}: {error}")
    return Check("Tenant", "ok", f"{okta.url} answers and takes the credentials")


def _snapshot(settings: Settings) -> Check:
    try:
        manifest = SnapshotStore(settings.data_dir / "graph").current().manifest
    except NoSnapshot:
        return Check("Snapshot", "note", "none yet: run `holdfast sync`")
    except HoldfastError as error:
        return Check("Snapshot", "bad", str(error))
    if manifest.engine != settings.graph.engine:
        return Check(
            "Snapshot",
            "bad",
            f"{manifest.snapshot_id} was built with {manifest.engine}, and HOLDFAST_GRAPH__ENGINE is "
            f"{settings.graph.engine}: run `holdfast sync` to build one with it",
        )
    finding = f"{manifest.snapshot_id} of {manifest.tenant}, synced {when(manifest.sync_finished)}"
    if manifest.unknown:
        finding += f", {len(manifest.unknown):,} unanswered by the tenant"
    if datetime.now(UTC) - manifest.sync_finished > _OLD:
        return Check("Snapshot", "note", f"{finding}: run `holdfast sync` for fresher answers")
    return Check("Snapshot", "ok", finding)


def _engine(settings: Settings) -> Check:
    engine = settings.graph.engine
    found = f"{engine} {installed_version(engine)}"
    if engine == "kuzu":
        return Check("Graph engine", "note", f"{found} answers some questions wrongly (ADR 0002): prefer ladybug")
    return Check("Graph engine", "ok", found)
