"""Who gets through to the gateway, with what, and what a browser that means harm is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import websockets
from fastapi import WebSocket
from starlette.applications import Starlette
from temporalio.client import Client

from holdfast.access_settings import AccessSettings
from holdfast.artifacts import ArtifactStore
from holdfast.gateway_settings import GatewaySettings
from holdfast.settings import Settings, load_settings
from starter.access.audit import Wanted
from starter.access.callers import Action, Role
from starter.access.keys import NewKey
from starter.access.secret_texts import new_id
from starter.access.stored import StoredAccess, local_caller, open_access, sign_in_link
from starter.connection import Connection
from starter.gateway.app import create_app
from starter.gateway.gateway import Gateway, Parts
from tests.gateways import serving_app


@pytest.fixture
def gateway_settings(tmp_path: Path) -> Settings:
    return load_settings(
        data_dir=tmp_path,
        access=AccessSettings(failures_per_minute=5, requests_per_minute=40, questions_per_minute=2),
        gateway=GatewaySettings(public_url="https://holdfast.acme.example"),
    )


@pytest.fixture
async def access(gateway_settings: Settings) -> AsyncIterator[StoredAccess]:
    opened = open_access(gateway_settings)
    yield opened
    opened.close()


@pytest.fixture
async def client(access: StoredAccess, gateway_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    # Nothing here asks Temporal.
    connection = Connection(cast(Client, None), gateway_settings, None)
    app = create_app(Gateway(connection, access, ArtifactStore(gateway_settings.data_dir)), max_body_bytes=1 << 20)

    @app.websocket("/test/socket")
    async def socket(websocket: WebSocket, parts: Parts) -> None:
        caller = await parts.access.caller_of(websocket)
        await websocket.accept()
        await websocket.send_text(f"{caller.subject} {caller.credential}")
        await websocket.close()

    # The page answers for every address that is nobody else's, so the socket must come before it.
    cast(Starlette, app).router.routes.insert(0, app.router.routes.pop())
    async with serving_app(app) as serving:
        yield serving


async def _key(access: StoredAccess, *roles: Role, **more: Any) -> str:
    subject = more.pop("subject", "ada")
    _, text = await access.keys.create(
        NewKey(subject, "a test", frozenset(roles or {Role.ASKER}), **more), "root", new_id()
    )
    return text


def _bearing(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def _signed_in(client: httpx.AsyncClient, access: StoredAccess) -> dict[str, Any]:
    answer = await client.post("/api/session", json={"key": await _key(access)})
    assert answer.status_code == 201
    return dict(answer.json())


async def _recorded(access: StoredAccess, action: str) -> list[str]:
    return [entry.target for entry in await access.audit.page(Wanted(action=action), 100)]


def _own(client: httpx.AsyncClient) -> str:
    return str(client.base_url).rstrip("/")


async def test_a_key_says_who_calls(client: httpx.AsyncClient, access: StoredAccess) -> None:
    answer = await client.get("/api/session", headers=_bearing(await _key(access)))
    assert answer.json() == {"subject": "ada", "name": "a test", "roles": ["asker"], "scopes": None, "csrf": ""}


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer hf_x_y", "Bearer a.b.c", "hf_x_y"])
async def test_what_proves_nothing_is_refused(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.get("/api/session", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_session_begins_with_a_key_and_its_cookie_is_out_of_reach_of_scripts(
    client: httpx.AsyncClient, access: StoredAccess
) -> None:
    answer = await client.post("/api/session", json={"key": await _key(access)})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"holdfast-{client.base_url.port}=")
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert "secure" not in cookie.lower()
    assert (await client.get("/api/session")).json() == answer.json()
    assert await _recorded(access, "sign-in") == ["ada"]


async def test_behind_tls_the_cookie_is_bound_to_the_host(client: httpx.AsyncClient, access: StoredAccess) -> None:
    headers = {"Host": "holdfast.acme.example", "Origin": "https://holdfast.acme.example"}
    answer = await client.post("/api/session", json={"key": await _key(access)}, headers=headers)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-holdfast=")
    assert "secure" in cookie.lower()
    assert "domain" not in cookie.lower()


async def test_a_sign_in_link_works_once_and_keeps_its_code_out_of_logs(
    client: httpx.AsyncClient, access: StoredAccess
) -> None:
    link = await sign_in_link(access, _own(client), "root")
    base, _, code = link.partition("/#code=")
    assert base == _own(client)
    first = await client.post("/api/session", json={"code": code})
    again = await client.post("/api/session", json={"code": code})
    assert (first.status_code, again.status_code) == (201, 401)
    assert first.json()["roles"] == ["administrator", "asker", "reviewer"]


async def test_nobody_can_choose_another_ones_session(client: httpx.AsyncClient, access: StoredAccess) -> None:
    name = f"holdfast-{client.base_url.port}"
    client.cookies.set(name, "chosen-by-an-attacker", domain="127.0.0.1", path="/")
    await _signed_in(client, access)
    first = client.cookies[name]
    await _signed_in(client, access)
    assert len({"chosen-by-an-attacker", first, client.cookies[name]}) == 3
    earlier = await client.get("/api/session", headers={"Cookie": f"{name}={first}"})
    assert earlier.status_code == 401


async def test_signing_out_ends_the_session_for_everybody_who_has_the_cookie(
    client: httpx.AsyncClient, access: StoredAccess
) -> None:
    session = await _signed_in(client, access)
    name = f"holdfast-{client.base_url.port}"
    kept = client.cookies[name]
    headers = {"X-CSRF-Token": session["csrf"], "Origin": _own(client)}
    assert (await client.delete("/api/session", headers=headers)).status_code == 204
    assert name not in client.cookies
    assert (await client.get("/api/session", headers={"Cookie": f"{name}={kept}"})).status_code == 401
    assert await _recorded(access, "sign-out") == ["ada"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 201),
        ({"Origin": None, "Sec-Fetch-Site": "same-origin"}, 201),
        ({"X-CSRF-Token": None}, 403),
        ({"X-CSRF-Token": "0" * 64}, 403),
        ({"X-CSRF-Token": "é"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": None}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": None, "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_only_our_page_makes_changes_with_a_cookie(
    client: httpx.AsyncClient, access: StoredAccess, changed: dict[str, str | None], status: int
) -> None:
    session = await _signed_in(client, access)
    headers = {"X-CSRF-Token": session["csrf"], "Origin": _own(client), **changed}
    sent = {name.encode(): value.encode() for name, value in headers.items() if value is not None}
    assert (await client.post("/api/tickets", headers=sent)).status_code == status


async def test_another_origins_page_reads_nothing_with_the_cookie(
    client: httpx.AsyncClient, access: StoredAccess
) -> None:
    await _signed_in(client, access)
    for headers in ({"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}):
        assert (await client.get("/api/session", headers=headers)).status_code == 403


async def test_another_origins_page_cannot_sign_a_browser_in(client: httpx.AsyncClient, access: StoredAccess) -> None:
    answer = await client.post(
        "/api/session", json={"key": await _key(access)}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_the_csrf_value_of_one_session_is_not_that_of_another(
    client: httpx.AsyncClient, access: StoredAccess
) -> None:
    first = await _signed_in(client, access)
    second = await _signed_in(client, access)
    headers = {"X-CSRF-Token": first["csrf"], "Origin": _own(client)}
    assert first["csrf"] != second["csrf"]
    assert (await client.post("/api/tickets", headers=headers)).status_code == 403


async def _socket(client: httpx.AsyncClient, ticket: str, origin: str | None = None, **headers: str) -> str:
    url = f"{_own(client).replace('http', 'ws')}/test/socket?ticket={ticket}"
    async with websockets.connect(url, origin=cast(Any, origin), additional_headers=headers) as socket:
        return str(await socket.recv())


async def test_a_ticket_opens_one_websocket_as_its_caller(client: httpx.AsyncClient, access: StoredAccess) -> None:
    key = await _key(access)
    ticket = (await client.post("/api/tickets", headers=_bearing(key))).json()["ticket"]
    who = await _socket(client, ticket, _own(client))
    assert who.split() == ["ada", f"key:{key.split('_')[1]}"]
    with pytest.raises(websockets.InvalidStatus):
        await _socket(client, ticket, _own(client))


async def test_a_websocket_from_another_origin_is_refused_and_spends_no_ticket(
    client: httpx.AsyncClient, access: StoredAccess
) -> None:
    ticket = (await client.post("/api/tickets", headers=_bearing(await _key(access)))).json()["ticket"]
    with pytest.raises(websockets.InvalidStatus):
        await _socket(client, ticket, "http://evil.example")
    assert (await _socket(client, ticket, _own(client))).startswith("ada")


async def test_a_cookie_or_a_key_opens_no_websocket(client: httpx.AsyncClient, access: StoredAccess) -> None:
    await _signed_in(client, access)
    name = f"holdfast-{client.base_url.port}"
    with pytest.raises(websockets.InvalidStatus):
        await _socket(client, "", _own(client), Cookie=f"{name}={client.cookies[name]}")
    with pytest.raises(websockets.InvalidStatus):
        await _socket(client, "", _own(client), **_bearing(await _key(access)))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST:{port}", 200),
        ("[::1]:{port}", 200),
        ("holdfast.acme.example", 200),
        ("holdfast.acme.example:443", 200),
        ("127.0.0.1", 421),
        ("127.0.0.1:1", 421),
        ("evil.example", 421),
        ("evil.example:{port}", 421),
        ("localhost:{port}@evil.example", 421),
        ("localhost:{port}.evil.example", 421),
        ("", 421),
    ],
)
async def test_only_our_own_names_are_served(client: httpx.AsyncClient, host: str, status: int) -> None:
    named = host.format(port=client.base_url.port)
    answer = await client.get("/healthz", headers={"Host": named})
    assert answer.status_code == status
    if status == 421:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["correlation_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("hosts", [0, 2])
async def test_a_request_has_exactly_one_name(client: httpx.AsyncClient, hosts: int) -> None:
    port = client.base_url.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    named = f"Host: 127.0.0.1:{port}\r\n" * hosts
    writer.write(f"GET /healthz HTTP/1.1\r\n{named}Connection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.split()[1] == b"400"


async def test_whoever_calls_too_often_waits_and_nobody_else(client: httpx.AsyncClient, access: StoredAccess) -> None:
    adas, bobs = _bearing(await _key(access)), _bearing(await _key(access, subject="bob"))
    answers = [await client.get("/api/session", headers=adas) for _ in range(81)]
    refused = [answer for answer in answers if answer.status_code == 429]
    # A new minute may begin in between.
    assert refused
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    assert refused[0].json()["type"] == "urn:holdfast:problem:too-many-requests"
    assert (await client.get("/api/session", headers=bobs)).status_code == 200


async def test_guessing_is_slowed_down_but_locks_nobody_out(client: httpx.AsyncClient, access: StoredAccess) -> None:
    wrong = [await client.get("/api/session", headers=_bearing("hf_a_b")) for _ in range(11)]
    assert {answer.status_code for answer in wrong} == {401, 429}
    assert (await client.get("/api/session", headers=_bearing(await _key(access)))).status_code == 200
    # Who has nothing to show is sent to sign in, however often they come.
    assert (await client.get("/api/session")).status_code == 401


async def test_an_administrator_makes_lists_and_revokes_keys(client: httpx.AsyncClient, access: StoredAccess) -> None:
    root = _bearing(await _key(access, Role.ADMINISTRATOR, subject="root"))
    wanted = {"subject": "bob", "name": "Nightly report", "roles": ["asker"], "scopes": ["ask", "see"]}
    made = await client.post("/api/keys", json=wanted, headers=root)
    key, text = made.json()["key"], made.json()["text"]
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert (await client.get("/api/session", headers=_bearing(text))).json()["scopes"] == ["ask", "see"]
    listed = await client.get("/api/keys", headers=root)
    assert text.split("_", 2)[2] not in listed.text
    assert {each["subject"] for each in listed.json()["keys"]} == {"root", "bob"}
    revoked = await client.delete(f"/api/keys/{key['id']}", headers=root)
    assert revoked.json()["revoked"] is not None
    assert (await client.get("/api/session", headers=_bearing(text))).status_code == 401
    assert await _recorded(access, "create-key") == [key["id"]]
    assert await _recorded(access, "revoke-key") == [key["id"]]


async def test_a_restricted_key_makes_no_freer_one(client: httpx.AsyncClient, access: StoredAccess) -> None:
    scopes = frozenset({Action.MANAGE_KEYS, Action.ASK})
    root = _bearing(await _key(access, Role.ADMINISTRATOR, scopes=scopes))
    wanted = {"subject": "bob", "name": "x", "roles": ["asker"]}
    for tried, status in ((None, 403), (["ask", "read-audit"], 403), (["ask"], 201)):
        answer = await client.post("/api/keys", json={**wanted, "scopes": tried}, headers=root)
        assert answer.status_code == status


@pytest.mark.parametrize("subject", ["", "  ", "a\nb", "a\x00b", "a\u202eb", "x" * 201])
async def test_a_key_is_for_a_name_that_can_be_shown(
    client: httpx.AsyncClient, access: StoredAccess, subject: str
) -> None:
    root = _bearing(await _key(access, Role.ADMINISTRATOR))
    answer = await client.post("/api/keys", json={"subject": subject, "name": "x", "roles": ["asker"]}, headers=root)
    assert answer.status_code == 422


async def test_the_record_is_read_in_pages_by_an_administrator(client: httpx.AsyncClient, access: StoredAccess) -> None:
    root = _bearing(await _key(access, Role.ADMINISTRATOR, subject="root"))
    for number in range(5):
        await access.record(local_caller("ada"), "ask", f"q-{number}", text="Who?\n\x1b[31mred")
    read: list[str] = []
    query: dict[str, Any] = {"limit": 2, "action": "ask"}
    while True:
        page = (await client.get("/api/audit", params=query, headers=root)).json()
        read += [entry["target"] for entry in page["entries"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert read == [f"q-{number}" for number in (4, 3, 2, 1, 0)]
    assert await _recorded(access, "read-audit") == ["audit"]
    assert (await client.get("/api/audit", headers=_bearing(await _key(access)))).status_code == 403
