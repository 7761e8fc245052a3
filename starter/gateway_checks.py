"""Whether the gateway serves, who can reach it, and whether what it keeps of keys and the record can be written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_address

import httpx
import psutil

from holdfast.errors import HoldfastError
from holdfast.gateway_settings import GatewaySettings
from holdfast.setting_types import LOOPBACK
from holdfast.settings import Settings
from starter.access.keys import is_in_force
from starter.access.store import place_of_store
from starter.access.stored import open_access
from starter.checks import Check
from starter.stack_record import StackRecord

_PATIENCE_S = 10


async def gateway(settings: Settings, record: StackRecord | None) -> Check:
    """Whether every gateway that is known here can serve, and whether only this machine reaches it."""
    addresses = _addresses(settings.gateway, record)
    if not addresses:
        return Check("Gateway", "note", "none is known here; `holdfast up` starts one, and `holdfast page` opens it")
    for address in addresses:
        if trouble := await _trouble(address):
            log = settings.data_dir / "logs"
            return Check(
                "Gateway", "bad", f"{trouble}. `holdfast up` starts it again; its last words are in {log}/*gateway.out"
            )
    finding = f"serves at {' and '.join(addresses)}"
    if record is None:
        return Check("Gateway", "ok", finding)
    if beyond := sorted(set(_heard_beyond(record))):
        return Check("Gateway", "note", f"{finding}, and listens on {', '.join(beyond)}. {beyond_words(settings)}")
    return Check("Gateway", "ok", f"{finding}, on loopback only")


def _addresses(settings: GatewaySettings, record: StackRecord | None) -> tuple[str, ...]:
    if record is not None:
        return (record.gateway_url, *record.other_gateways)
    return (settings.public_url.rstrip("/"),) if settings.public_url is not None else ()


async def _trouble(address: str) -> str:
    """Why the gateway there cannot serve, or nothing."""
    try:
        # What an environment says of proxies is not for a gateway of this machine.
        async with httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=not is_loopback(httpx.URL(address).host)) as client:
            answer = await client.get(f"{address}/readyz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{address} does not answer ({str(error) or type(error).__name__})"
    if answer.is_success:
        return ""
    return f"{address} is not ready (HTTP {answer.status_code})"


def _heard_beyond(record: StackRecord) -> Iterator[str]:
    """Addresses on which gateways of this stack really listen, those of loopback left out."""
    for name, child in record.children.items():
        process = child.process() if "gateway" in name else None
        if process is None:
            continue
        try:
            listening = [each.laddr for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
        except psutil.Error:
            continue
        yield from (f"{each.ip}:{each.port}" for each in listening if not is_loopback(each.ip))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK


def beyond_words(settings: Settings) -> str:
    """What to see to where others can reach the gateway; nothing where browsers come by https."""
    if (settings.gateway.public_url or "").startswith("https:"):
        return "Only what ends TLS for it should reach that address."
    return (
        "Others reach it over plain http, so that whoever listens on the way can read keys and answers: put something "
        "that ends TLS before it and name its https address in HOLDFAST_GATEWAY__PUBLIC_URL, or unset "
        "HOLDFAST_GATEWAY__HOST."
    )


async def access_store(settings: Settings) -> Check:
    """Whether keys can be looked up and records be written, and how many keys there are."""
    try:
        # Opening it writes: the tables are made where they are not there.
        with closing(await asyncio.to_thread(open_access, settings)) as access:
            keys = await access.keys.listed()
    except HoldfastError as error:
        return Check("Access store", "bad", str(error))
    now = datetime.now(UTC)
    valid = sum(is_in_force(key, now) for key in keys)
    return Check("Access store", "ok", f"{place_of_store(settings)}, {valid:,} valid key{'s' * (valid != 1)}")
