"""What several rings of tests share: one real Temporal server for the whole session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from starter.embedded import EmbeddedTemporal, find_temporal


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedTemporal]:
    """The embedded server that users get, on a folder of this session's own."""
    data_dir: Path = tmp_path_factory.mktemp("temporal")
    async with EmbeddedTemporal(find_temporal(None, tell=print), data_dir) as server:
        yield server


@pytest.fixture(scope="session")
async def temporal_client(temporal: EmbeddedTemporal) -> Client:
    """A client as the product makes it."""
    return await Client.connect(temporal.address, data_converter=pydantic_data_converter)
