"""What several rings of tests share: one real Temporal server for the whole session, and patience with properties."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from starter.embedded import EmbeddedTemporal, find_temporal

# A busy machine is no defect. A landing is judged by the same examples each time; whoever runs the tests besides tries
# new ones.
settings.register_profile(
    "holdfast", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("holdfast")


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
