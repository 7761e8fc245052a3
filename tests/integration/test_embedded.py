"""The embedded Temporal as users get it: real server, real database, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from temporalio import activity, workflow
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from holdfast.contracts import STATE_ATTRIBUTE, TOOLS_ATTRIBUTE
from holdfast.errors import TemporalUnavailable
from starter.embedded import EmbeddedTemporal, find_temporal
from starter.namespace import ensure_retention, ensure_search_attributes, retention_of, retention_words
from tests.processes import ended


@pytest.fixture(scope="module")
def binary() -> Path:
    return find_temporal(None, tell=print)


@activity.defn
async def add_one(number: int) -> int:
    return number + 1


@workflow.defn
class WaitThenCount:
    """Waits for a signal, so that a server can die meanwhile; then five activities in a row."""

    def __init__(self) -> None:
        self.goes_on = False

    @workflow.signal
    def go_on(self) -> None:
        self.goes_on = True

    @workflow.run
    async def run(self) -> int:
        await workflow.wait_condition(lambda: self.goes_on)
        number = 0
        for _ in range(5):
            number = await workflow.execute_activity(add_one, number, start_to_close_timeout=timedelta(seconds=30))
        return number


async def started(client: Client, workflow_id: str) -> None:
    attributes = TypedSearchAttributes([SearchAttributePair(STATE_ATTRIBUTE, "RUNNING")])
    await client.start_workflow(WaitThenCount.run, id=workflow_id, task_queue="tiny", search_attributes=attributes)


async def finished(client: Client, workflow_id: str) -> int:
    runner = UnsandboxedWorkflowRunner()
    async with Worker(
        client, task_queue="tiny", workflows=[WaitThenCount], activities=[add_one], workflow_runner=runner
    ):
        handle: WorkflowHandle[WaitThenCount, int] = client.get_workflow_handle(workflow_id, result_type=int)
        await handle.signal(WaitThenCount.go_on)
        return await handle.result()


async def test_a_workflow_survives_kill_9_of_its_server_and_goes_on_at_the_same_address(
    binary: Path, tmp_path: Path
) -> None:
    async with EmbeddedTemporal(binary, tmp_path) as server:
        address, ui_url, first = server.address, server.ui_url, server.pid
        await started(await Client.connect(address), "kept")
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert await server.wait() == -signal.SIGKILL
        assert server.pid is None
        await server.start()
        assert (server.address, server.ui_url) == (address, ui_url)
        assert server.pid not in (None, first)
        client = await Client.connect(address)
        found = [execution.id async for execution in client.list_workflows("HoldfastState = 'RUNNING'")]
        assert found == ["kept"]
        assert await finished(client, "kept") == 5


async def test_a_new_start_on_the_same_folder_keeps_the_address_and_what_ran(binary: Path, tmp_path: Path) -> None:
    async with EmbeddedTemporal(binary, tmp_path) as server:
        address = server.address
        await started(await Client.connect(address), "kept")
    async with EmbeddedTemporal(binary, tmp_path) as server:
        assert server.address == address
        assert await finished(await Client.connect(address), "kept") == 5


async def test_several_servers_start_together_and_show_their_uis(binary: Path, tmp_path: Path) -> None:
    servers = [EmbeddedTemporal(binary, tmp_path / str(number)) for number in range(2)]
    await asyncio.gather(*(server.start() for server in servers))
    try:
        assert len({server.address for server in servers} | {server.ui_url for server in servers}) == 4
        for server in servers:
            assert await asyncio.to_thread(lambda url: urlopen(url).status, server.ui_url) == 200
    finally:
        await asyncio.gather(*(server.stop() for server in servers))


async def test_search_attributes_are_registered_once_and_asking_again_does_nothing(temporal_client: Client) -> None:
    await asyncio.gather(ensure_search_attributes(temporal_client), ensure_search_attributes(temporal_client))


async def test_ended_questions_are_kept_at_least_as_long_as_their_rows_and_stay_searchable(
    binary: Path, tmp_path: Path
) -> None:
    async with EmbeddedTemporal(binary, tmp_path) as server:
        client = await Client.connect(server.address)
        assert await retention_of(client) == timedelta(days=1)
        await ensure_retention(client, timedelta(days=30))
        assert await retention_of(client) == timedelta(days=30)
        await ensure_retention(client, timedelta(days=7))
        assert await retention_of(client) == timedelta(days=30), "what is kept longer stays"
        known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
        assert {STATE_ATTRIBUTE.name, TOOLS_ATTRIBUTE.name} <= set(known.custom_attributes)


def test_a_retention_that_is_too_short_is_said_with_what_its_operator_can_do() -> None:
    words = retention_words(timedelta(days=1), timedelta(days=30))
    assert "after 24 hours, and HOLDFAST_KEEP_ANSWERS is 720 hours" in words
    assert "--retention 720h" in words


@contextlib.contextmanager
def occupied() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("which", "setting"), [("port", "HOLDFAST_TEMPORAL__PORT"), ("ui_port", "HOLDFAST_TEMPORAL__UI_PORT")]
)
async def test_a_port_in_use_is_named_with_its_setting(which: str, setting: str, binary: Path, tmp_path: Path) -> None:
    with occupied() as port:
        server = EmbeddedTemporal(binary, tmp_path, **{which: port})
        with pytest.raises(TemporalUnavailable, match=f"Port {port} is in use.*{setting}"):
            await server.start()
    assert server.pid is None


async def test_a_remembered_port_that_was_taken_since_gives_way_to_a_free_one(binary: Path, tmp_path: Path) -> None:
    with occupied() as port:
        (tmp_path / "temporal-ports.json").write_text(f'{{"port": {port}}}')
        async with EmbeddedTemporal(binary, tmp_path) as server:
            assert server.address != f"127.0.0.1:{port}"


async def test_given_ports_are_the_ones_that_serve(binary: Path, tmp_path: Path) -> None:
    with occupied() as port, occupied() as ui_port:
        pass
    async with EmbeddedTemporal(binary, tmp_path, port=port, ui_port=ui_port) as server:
        assert (server.address, server.ui_url) == (f"127.0.0.1:{port}", f"http://127.0.0.1:{ui_port}")


async def test_a_program_that_does_not_start_shows_its_last_words(tmp_path: Path) -> None:
    broken = tmp_path / "temporal"
    broken.write_text("#!/bin/sh\necho 'cannot open the shared thing' >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(TemporalUnavailable, match="cannot open the shared thing") as caught:
        await EmbeddedTemporal(broken, tmp_path).start()
    assert str(tmp_path / "logs" / "temporal.log") in str(caught.value)


async def test_a_program_that_never_serves_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("starter.embedded._START_TIMEOUT_S", 0.3)
    idle = tmp_path / "temporal"
    idle.write_text("#!/bin/sh\necho waiting for nothing\nexec sleep 60\n")
    idle.chmod(0o755)
    server = EmbeddedTemporal(idle, tmp_path)
    with pytest.raises(TemporalUnavailable, match="did not serve"):
        await server.start()
    assert server.pid is None
    assert await server.wait() < 0


async def test_a_database_in_use_by_another_server_is_refused(
    binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.embedded._RELEASE_TIMEOUT_S", 0.2)
    async with EmbeddedTemporal(binary, tmp_path) as server:
        with pytest.raises(TemporalUnavailable, match=r"Another Temporal server is using .*HOLDFAST_DATA_DIR"):
            await EmbeddedTemporal(binary, tmp_path).start()
        # As if it had been started by hand: without our lock, only the database tells.
        (tmp_path / "temporal.lock").unlink()
        with pytest.raises(TemporalUnavailable, match="Another Temporal server is using"):
            await EmbeddedTemporal(binary, tmp_path).start()
        assert server.pid is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_the_server_ends_when_its_parent_is_killed_and_the_folder_is_free_again(
    binary: Path, tmp_path: Path
) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from starter.embedded import EmbeddedTemporal\n"
        "async def main():\n"
        "    server = EmbeddedTemporal(Path(sys.argv[1]), Path(sys.argv[2])); await server.start()\n"
        "    print(server.pid, flush=True); await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, binary, tmp_path], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    with parent, parent.stdout as output:
        pid = int(await asyncio.to_thread(output.readline))
        process = psutil.Process(pid)
        parent.kill()
    async with EmbeddedTemporal(binary, tmp_path) as server:
        assert server.pid != pid
        assert ended(process)
