"""A data folder of its own and a Temporal that is scripted, for every command."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from temporalio.client import Client

from holdfast.settings import Settings
from holdfast.sync_contracts import sync_workflow_id
from starter.connection import Connection
from tests.unit.fake_temporal import FakeClient

COMMANDS = ("questions", "rerunning", "steering", "syncing")


@pytest.fixture
def data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOLDFAST_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> FakeClient:
    fake = FakeClient()

    async def connect(settings: Settings) -> Connection:
        return Connection(cast(Client, fake), settings, None)

    for module in COMMANDS:
        monkeypatch.setattr(f"starter.commands.{module}.connect", connect)
    return fake


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> str:
    """The workflow id under which the syncs of the configured tenant run."""
    monkeypatch.setenv("HOLDFAST_OKTA__URL", "https://acme.okta.example")
    monkeypatch.setenv("HOLDFAST_OKTA__TOKEN", "token")
    return sync_workflow_id("https://acme.okta.example")
