"""What `holdfast doctor` and `holdfast up` say of the gateway, who reaches it, and of where keys are kept."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from holdfast.access_settings import AccessSettings
from holdfast.gateway_settings import GatewaySettings
from holdfast.settings import Settings
from starter.access.keys import NewKey
from starter.access.secret_texts import new_id
from starter.access.stored import open_access
from starter.commands.stack import show_stack
from starter.gateway_checks import access_store, gateway, is_loopback
from starter.ports import free_port
from starter.stack_record import ProcessRecord, StackRecord
from tests.gateways import serving_app


def record_of(gateway_url: str, *others: str) -> StackRecord:
    """A stack whose gateway is this very process."""
    return StackRecord(
        supervisor=ProcessRecord.of(os.getpid()),
        children={"gateway": ProcessRecord.of(os.getpid())},
        temporal_address="127.0.0.1:1",
        namespace="default",
        ui_url=None,
        gateway_url=gateway_url,
        other_gateways=others,
        tenant="https://acme.okta.com",
        tenant_is_demo=False,
        started=datetime.now(UTC),
    )


def ready(status: int = 200) -> FastAPI:
    app = FastAPI()

    @app.get("/readyz", status_code=status)
    async def readyz() -> None:
        pass

    return app


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


async def test_a_gateway_that_serves_is_named_and_said_to_be_on_loopback_only(settings: Settings) -> None:
    async with serving_app(ready()) as first, serving_app(ready()) as second:
        urls = str(first.base_url), str(second.base_url)
        check = await gateway(settings, record_of(*urls))
    assert check.verdict == "ok"
    assert check.finding == f"serves at {urls[0]} and {urls[1]}, on loopback only"


async def test_each_of_several_gateways_is_asked(settings: Settings) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    async with serving_app(ready()) as first:
        check = await gateway(settings, record_of(str(first.base_url), gone))
    assert check.verdict == "bad"
    assert check.finding.startswith(f"{gone} does not answer (")
    assert f"{settings.data_dir / 'logs'}/*gateway.out" in check.finding


async def test_a_gateway_that_cannot_serve_is_not_well(settings: Settings) -> None:
    async with serving_app(ready(503)) as only:
        check = await gateway(settings, record_of(str(only.base_url)))
    assert check.verdict == "bad"
    assert "is not ready (HTTP 503)" in check.finding


@pytest.mark.parametrize(
    ("public_url", "said"),
    [(None, "HOLDFAST_GATEWAY__PUBLIC_URL"), ("https://holdfast.acme.example", "Only what ends TLS")],
)
async def test_where_it_really_listens_beyond_loopback_is_pointed_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, public_url: str | None, said: str
) -> None:
    heard = SimpleNamespace(laddr=SimpleNamespace(ip="0.0.0.0", port=8080), status=psutil.CONN_LISTEN)
    monkeypatch.setattr(psutil.Process, "net_connections", lambda self, kind: [heard])
    seen = settings.model_copy(update={"gateway": GatewaySettings(public_url=public_url)})
    async with serving_app(ready()) as only:
        check = await gateway(seen, record_of(str(only.base_url)))
    assert check.verdict == "note"
    assert "listens on 0.0.0.0:8080" in check.finding
    assert said in check.finding


async def test_without_a_stack_the_public_address_is_asked_and_without_that_none_is_known(settings: Settings) -> None:
    assert (await gateway(settings, None)).verdict == "note"
    async with serving_app(ready()) as only:
        named = settings.model_copy(update={"gateway": GatewaySettings(public_url=f"{only.base_url}/")})
        check = await gateway(named, None)
    assert (check.verdict, check.finding) == ("ok", f"serves at {only.base_url}")


@pytest.mark.parametrize(
    ("host", "is_it"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.1", False), ("holdfast.acme.example", False)],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(host: str, is_it: bool) -> None:
    assert is_loopback(host) is is_it


@pytest.mark.parametrize(
    ("host", "public_url", "is_warned"),
    [("127.0.0.1", None, False), ("0.0.0.0", None, True), ("0.0.0.0", "https://holdfast.acme.example", False)],
)
def test_up_warns_where_others_reach_the_gateway_over_plain_http(
    settings: Settings, capsys: pytest.CaptureFixture[str], host: str, public_url: str | None, is_warned: bool
) -> None:
    named = settings.model_copy(update={"gateway": GatewaySettings(host=host, public_url=public_url)})
    show_stack(record_of("http://127.0.0.1:1"), named)
    assert (f"Warning: the gateway listens on {host}." in capsys.readouterr().err) is is_warned


async def test_keys_that_are_valid_are_counted(settings: Settings) -> None:
    assert "0 valid keys" in (await access_store(settings)).finding
    access = open_access(settings)
    ended, wanted = datetime(2026, 1, 1, tzinfo=UTC), NewKey("ada", "report", frozenset())
    await access.keys.create(NewKey("ada", "old", frozenset(), None, ended), "ada", new_id())
    revoked, _ = await access.keys.create(wanted, "ada", new_id())
    await access.keys.create(wanted, "ada", new_id())
    await access.keys.revoke(revoked.id)
    access.close()
    check = await access_store(settings)
    assert (check.verdict, check.finding) == ("ok", f"{settings.data_dir / 'access.db'}, 1 valid key")


async def test_a_database_that_is_away_is_told_without_its_password(settings: Settings) -> None:
    store = SecretStr(f"postgresql+psycopg://holdfast:s3cret@127.0.0.1:{free_port()}/holdfast")
    check = await access_store(settings.model_copy(update={"access": AccessSettings(store=store)}))
    assert check.verdict == "bad"
    assert "HOLDFAST_ACCESS__STORE" in check.finding
    assert "s3cret" not in check.finding


async def test_a_folder_that_cannot_be_written_is_named(settings: Settings) -> None:
    (settings.data_dir / "file").touch()
    nowhere = settings.data_dir / "file"
    check = await access_store(settings.model_copy(update={"data_dir": nowhere}))
    assert check.verdict == "bad"
    assert f"The data folder {nowhere} cannot be written" in check.finding
