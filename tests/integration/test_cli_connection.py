"""The command line's client, when its Temporal goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from holdfast.errors import SettingsError
from starter.connection import connect_to
from starter.embedded import EmbeddedTemporal


@asynccontextmanager
async def door_to(address: str) -> AsyncIterator[str]:
    """An address that leads to `address` until the block ends; then nobody is there."""
    host, _, port = address.rpartition(":")
    open_doors: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        open_doors.extend((writer, back))
        await asyncio.gather(carry(reader, back), carry(there, writer))

    door = await asyncio.start_server(visited, "127.0.0.1", 0)
    name, number = door.sockets[0].getsockname()
    try:
        yield f"{name}:{number}"
    finally:
        door.close()
        for writer in open_doors:
            writer.close()


async def test_a_namespace_that_is_not_there_is_named_with_the_way_out(temporal: EmbeddedTemporal) -> None:
    with pytest.raises(SettingsError, match=r"no namespace 'elsewhere'.*HOLDFAST_TEMPORAL__NAMESPACE"):
        await connect_to(temporal.address, "elsewhere")


async def test_retries_of_a_lost_server_stay_off_the_output(
    temporal: EmbeddedTemporal, capfd: pytest.CaptureFixture[str]
) -> None:
    async with door_to(temporal.address) as address:
        client = await connect_to(address, "default")
        assert await client.count_workflows() is not None
    capfd.readouterr()
    with pytest.raises(TimeoutError):
        # It tries again for ten seconds, and says so from the first one or two on.
        async with asyncio.timeout(3):
            await client.get_workflow_handle("q-1").describe()
    assert capfd.readouterr() == ("", "")
