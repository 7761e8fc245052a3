"""What somebody who means harm tries at the gateway's door, each of them over a real connection."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import structlog
import websockets
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette
from temporalio.client import Client

from holdfast.access_settings import AccessSettings
from holdfast.artifacts import ArtifactStore
from holdfast.logs import configure_logs
from holdfast.settings import Settings, load_settings
from starter.access import keys
from starter.access.audit import Wanted
from starter.access.callers import Action, Role
from starter.access.keys import NewKey
from starter.access.secret_texts import matches, new_id
from starter.access.stored import StoredAccess, open_access
from starter.connection import Connection
from starter.gateway import connections
from starter.gateway.app import create_app
from starter.gateway.bodies import Bodies
from starter.gateway.gateway import Gateway
from starter.gateway.requests import CONTENT_SECURITY_POLICY
from starter.gateway.seen_views import SeenViews
from tests.gateways import serving_app

_MOST_BYTES = 1 << 16
_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def of_gateway(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, access=AccessSettings(failures_per_minute=10**6))


@pytest.fixture
async def access(of_gateway: Settings) -> AsyncIterator[StoredAccess]:
    opened = open_access(of_gateway)
    yield opened
    opened.close()


@pytest.fixture
def app(access: StoredAccess, of_gateway: Settings) -> FastAPI:
    # Nothing here gets as far as Temporal, or it is an error that nobody foresaw.
    connection = Connection(cast(Client, None), of_gateway, None)
    return create_app(
        Gateway(connection, access, ArtifactStore(of_gateway.data_dir / "artifacts")), max_body_bytes=_MOST_BYTES
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with serving_app(app) as serving:
        yield serving


async def _key(access: StoredAccess, *roles: Role, **more: Any) -> str:
    wanted = NewKey(more.pop("subject", "ada"), "a test", frozenset(roles or {Role.ASKER}), **more)
    _, text = await access.keys.create(wanted, "root", new_id())
    return text


@pytest.fixture
async def root(access: StoredAccess) -> dict[str, str]:
    return {"Authorization": f"Bearer {await _key(access, *Role, subject='root')}"}


async def _raw(client: httpx.AsyncClient, sent: bytes) -> bytes:
    """The bytes of the answer, until the gateway closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.write(sent)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def _head(client: httpx.AsyncClient, first: str, *more: str) -> bytes:
    lines = (first, f"Host: 127.0.0.1:{client.base_url.port}", *more)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


# --- What a request may be.

BODIES = {
    "half a character": b'{"key": "\\ud800"}',
    "a number that is none": b'{"key": NaN}',
    "a number without end": b'{"key": ' + b"9" * 5_000 + b"}",
    "lists in lists": b"[" * 30_000,
    "objects in objects": b'{"a":' * 8_000 + b"1" + b"}" * 8_000,
    "bytes that are no text": b'{"key": "\xff\xfe"}',
    "one field twice": b'{"key": "a", "code": "b", "code": null, "code": "c"}',
    "a NUL in a key": b'{"key": "hf_\\u0000_x"}',
    "half a character as a name": b'{"\\ud800": 1}',
    "a field too many": b'{"key": "a", "role": "administrator"}',
    "something else": b'"key"',
    "nothing": b"",
    "gzip": gzip.compress(b'{"key": "' + b"a" * (1 << 24) + b'"}'),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/session"),
        ("POST", "/api/keys"),
        ("PUT", "/api/schedules/admins"),
        ("POST", "/api/realtime/hybrid/stream"),
    ],
)
async def test_a_body_that_is_none_is_a_problem_and_no_defect(
    client: httpx.AsyncClient, root: dict[str, str], name: str, method: str, path: str
) -> None:
    headers = {
        **(root if path != "/api/session" else {}),
        **_JSON,
        "Content-Encoding": "gzip" if name == "gzip" else "",
    }
    answer = await client.request(method, path, content=BODIES[name], headers=headers)
    assert answer.status_code in {400, 401, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_that_is_too_large_is_not_read(client: httpx.AsyncClient, is_chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(32):
            yield b"x" * 8_192

    content: Any = pieces() if is_chunked else b"x" * (1 << 18)
    answer = await client.post("/api/session", content=content, headers=_JSON)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["correlation_id"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
async def test_what_a_form_of_another_site_can_send_is_no_json(
    client: httpx.AsyncClient, access: StoredAccess, content_type: str
) -> None:
    body = json.dumps({"key": await _key(access)})
    answer = await client.post("/api/session", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


async def test_a_head_without_end_is_refused_and_not_kept(client: httpx.AsyncClient) -> None:
    for endless in (b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * (1 << 22), b"GET /" + b"a" * (1 << 22)):
        answer = await _raw(client, endless)
        # It may be cut off before it has read the answer.
        assert not answer or b" 431 " in answer or b" 400 " in answer
    assert (await client.get("/healthz")).status_code == 200


async def test_two_lengths_are_none(client: httpx.AsyncClient) -> None:
    smuggled = _head(client, "GET /metrics HTTP/1.1")
    for headers in (("Content-Length: 4", "Transfer-Encoding: chunked"), ("Content-Length: 4", "Content-Length: 5")):
        answer = await _raw(client, _head(client, "POST /api/session HTTP/1.1", *headers) + b"0\r\n\r\n" + smuggled)
        assert answer.startswith(b"HTTP/1.1 400")
        assert answer.count(b"HTTP/1.1") == 1


async def test_whoever_does_not_end_a_head_is_given_up_and_others_are_served(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_HEAD_S", 0.3)
    slow = [asyncio.create_task(_raw(client, sent)) for sent in (b"", b"GET /heal", b"GET / HTTP/1.1\r\nHost: x\r\n")]
    assert (await client.get("/healthz")).status_code == 200
    assert await asyncio.wait_for(asyncio.gather(*slow), 30) == [b""] * 3


async def test_whoever_does_not_end_a_body_is_told_so_and_given_up() -> None:
    async def reads(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    class Sent(Exception):
        pass

    first = [{"type": "http.request", "body": b"x", "more_body": True}]

    async def receive() -> Any:
        if first:
            return first.pop()
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        raise Sent

    with pytest.raises(Exception, match="did not arrive in time") as refused:
        await Bodies(reads, 100, seconds=0.2)({"type": "http", "headers": []}, receive, send)
    assert getattr(refused.value, "status_code", None) == 408


# --- What an answer tells.

PATHS = [
    "/..%2f..%2fetc/passwd",
    "/assets/..%2f..%2f..%2fpyproject.toml",
    "/assets/%2e%2e/index.html",
    "/..%5c..%5cpyproject.toml",
    "/index.html%00.css",
    "/%2fetc%2fpasswd.txt",
    "/api/%2e%2e/metrics",
    "/api/keys/",
    "/api/questions/..%2f..%2fkeys",
    "/api/questions/q-1/export/..%2f..%2faccess.db",
]


@pytest.mark.parametrize("path", PATHS)
async def test_no_path_leads_out_of_the_page(client: httpx.AsyncClient, path: str) -> None:
    answer = (await _raw(client, _head(client, f"GET {path} HTTP/1.1", "Connection: close"))).decode()
    assert answer.split()[1] in {"401", "404"}
    assert "root:" not in answer
    assert "[project]" not in answer


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/session", "/api/nothing", "/api/openapi.json", "/api/tenant"])
@pytest.mark.parametrize("is_known", [False, True])
async def test_every_answer_keeps_a_browser_safe(
    client: httpx.AsyncClient, root: dict[str, str], path: str, is_known: bool
) -> None:
    answer = await client.get(path, headers=root if is_known else {})
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers
    if path.startswith("/api"):
        assert answer.headers["cache-control"] == "no-store"


async def test_what_nobody_foresaw_is_told_with_the_same_headers_and_nothing_of_its_inside(
    client: httpx.AsyncClient, root: dict[str, str]
) -> None:
    answer = await client.get("/api/questions", headers=root)
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] == answer.json()["correlation_id"]
    for inside in ("Traceback", "NoneType", ".py", "list_workflows"):
        assert inside not in answer.text


async def test_a_statement_is_a_text_like_any_other(client: httpx.AsyncClient, root: dict[str, str]) -> None:
    statement = "x'; DROP TABLE access_audit; --"
    for name in ("subject", "action", "target"):
        assert (await client.get("/api/audit", params={name: statement}, headers=root)).json()["entries"] == []
    refused = await client.get("/api/session", headers={"Authorization": f"Bearer hf_{statement}_x"})
    assert refused.status_code == 401
    assert "access_" not in refused.text
    assert (await client.get("/api/audit", headers=root)).status_code == 200


async def test_strangers_learn_nothing_of_this_house(
    client: httpx.AsyncClient, root: dict[str, str], of_gateway: Settings
) -> None:
    # The description is that of the product, which anybody may read; a client is generated without a key.
    strangers = await client.get("/api/openapi.json")
    assert strangers.content == (await client.get("/api/openapi.json", headers=root)).content
    assert str(of_gateway.data_dir) not in strangers.text
    assert "server" not in strangers.json()
    for path in ("/metrics", "/api/tenant", "/api/events.schema.json", "/api/syncs", "/api/audit"):
        assert (await client.get(path)).status_code == 401


# --- Who somebody is.


async def test_a_key_that_is_nearly_right_takes_as_long_as_one_that_is_not(access: StoredAccess) -> None:
    compared: list[tuple[str, str]] = []
    key = await _key(access)
    real = matches

    def noted(secret: str, digest: str) -> bool:
        compared.append((secret, digest))
        return real(secret, digest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "matches", noted)
        for tried in (key[:-1], f"{key[:-1]}!", "hf_unknown_secret", "hf__", "hf_\0_x"):
            with pytest.raises(Exception, match="not known, was revoked or has expired"):
                await access.keys.caller_of(tried)
    # Digests are compared in constant time each time, also for ids that nobody has.
    assert len(compared) == 5


async def test_a_revoked_key_is_refused_at_the_next_request(client: httpx.AsyncClient, access: StoredAccess) -> None:
    key = await _key(access)
    bearing = {"Authorization": f"Bearer {key}"}
    signed_in = await client.post("/api/session", json={"key": key})
    ticket = (await client.post("/api/tickets", headers=bearing)).json()["ticket"]
    cookies = dict(client.cookies)
    await access.keys.revoke(key.split("_")[1])
    assert signed_in.status_code == 201
    assert (await client.get("/api/session", headers=bearing)).status_code == 401
    assert (await client.get("/api/session", headers=_cookie(cookies))).status_code == 401
    assert ticket


def _cookie(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


async def test_a_scope_is_a_limit_whatever_the_role(client: httpx.AsyncClient, access: StoredAccess) -> None:
    key = await _key(access, *Role, scopes=frozenset({Action.SEE}))
    bearing = {"Authorization": f"Bearer {key}"}
    signed_in = await client.post("/api/session", json={"key": key})
    changing = {"X-CSRF-Token": signed_in.json()["csrf"], "Origin": str(client.base_url).rstrip("/")}
    for headers in (bearing, {**_cookie(dict(client.cookies)), **changing}):
        for method, path in (("GET", "/metrics"), ("GET", "/api/keys"), ("GET", "/api/audit"), ("GET", "/api/syncs")):
            assert (await client.request(method, path, headers=headers)).status_code == 403, path
        asked = await client.post("/api/questions", json={"text": "Who?"}, headers=headers)
        assert asked.status_code == 403


# --- The record and the log.


async def test_nothing_that_is_called_changes_the_record(
    app: FastAPI, client: httpx.AsyncClient, root: dict[str, str]
) -> None:
    methods = {method for path, methods in app.openapi()["paths"].items() if "audit" in path for method in methods}
    assert methods == {"get"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await client.request(method, "/api/audit", headers=root)).status_code == 405
        assert (await client.request(method, "/api/audit/1", headers=root)).status_code in {404, 405}


async def test_the_record_holds_no_secret(
    client: httpx.AsyncClient, access: StoredAccess, root: dict[str, str], of_gateway: Settings
) -> None:
    key = await _key(access)
    session = (await client.post("/api/session", json={"key": key})).json()
    ticket = (await client.post("/api/tickets", headers={"Authorization": f"Bearer {key}"})).json()["ticket"]
    made = await client.post("/api/keys", json={"subject": "b", "name": "n", "roles": ["asker"]}, headers=root)
    secrets = [key.split("_", 2)[2], made.json()["text"].split("_", 2)[2], ticket, session["csrf"]]
    secrets += [*client.cookies.values(), root["Authorization"].split("_", 2)[2]]
    told = repr(await access.audit.page(Wanted(), 100)) + (await client.get("/api/audit", headers=root)).text
    stored = b"".join(file.read_bytes() for file in of_gateway.data_dir.glob("access.db*"))
    for secret in secrets:
        assert secret not in told
        assert secret.encode() not in stored


async def test_nothing_that_is_sent_begins_a_line_of_the_log(
    client: httpx.AsyncClient, root: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "gateway.log"
    before, handlers = structlog.get_config(), logging.root.handlers[:]
    configure_logs(file, ["s3cret"])
    try:
        forged = '%0a{"event":"forged"}%0d%e2%80%a8%1b[31m'
        await client.get(f"/api/questions/{forged}", headers={**root, "X-Request-Id": "forged-id"})
        await client.get("/s3cret/" + forged)
        await client.post(
            "/api/keys", json={"subject": 'a\n{"event":"forged"}', "name": "n", "roles": []}, headers=root
        )
    finally:
        for handler in logging.root.handlers[:]:
            logging.root.removeHandler(handler)
            handler.close()
        logging.root.handlers[:] = handlers
        structlog.configure(**before)
    lines = [json.loads(line) for line in file.read_bytes().split(b"\n") if line]
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == 3
    assert not [line for line in lines if line["event"] == "forged"]
    assert all(line["request_id"].startswith("r-") for line in requests)
    assert "s3cret" not in file.read_text()
    assert "\x1b" not in file.read_text()


def test_views_that_are_long_are_not_kept_as_they_are() -> None:
    views = SeenViews()
    for number in range(100):
        views.add(("ada", "q", number, "x" * 100_000))
    assert ("ada", "q", 99, "x" * 100_000) in views
    assert ("ada", "q", 100, "x" * 100_000) not in views
    assert sum(map(len, views._views)) < 10_000


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1e30", "2026-01-01"])
async def test_a_moment_that_no_calendar_has_is_refused(
    client: httpx.AsyncClient, root: dict[str, str], moment: str
) -> None:
    wanted = {"subject": "b", "name": "n", "roles": ["asker"], "expires": moment}
    assert (await client.post("/api/keys", json=wanted, headers=root)).status_code == 422
    assert (await client.get("/api/audit", params={"since": moment}, headers=root)).status_code == 422


# --- Sockets and connections that go on.


async def _closed_with(client: httpx.AsyncClient, query: str, origin: str | None = None) -> int:
    """The code with which the socket of a question is closed."""
    url = f"ws://127.0.0.1:{client.base_url.port}/api/questions/q-1/events/socket?{query}"
    async with websockets.connect(url, origin=cast(Any, origin)) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


async def _ticket(client: httpx.AsyncClient, key: str) -> str:
    answer = await client.post("/api/tickets", headers={"Authorization": f"Bearer {key}"})
    return f"ticket={answer.json()['ticket']}"


async def test_no_ticket_no_socket(client: httpx.AsyncClient, access: StoredAccess) -> None:
    key = await _key(access, scopes=frozenset({Action.ASK}))
    own = str(client.base_url).rstrip("/")
    revoked = await _ticket(client, await _key(access, subject="bob"))
    for each in await access.keys.listed():
        if each.subject == "bob":
            await access.keys.revoke(each.id)
    await client.post("/api/session", json={"key": key})
    session = next(iter(client.cookies.values()))
    for query in ("", "ticket=", f"ticket={key}", f"ticket={session}", revoked):
        assert await _closed_with(client, query, own) == 4401, query
    for origin in ("http://evil.example", "null", f"{own}.evil.example"):
        assert await _closed_with(client, await _ticket(client, key), origin) == 4403


async def test_the_time_for_a_head_is_not_the_time_for_an_answer(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_HEAD_S", 0.2)

    @app.websocket("/test/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await asyncio.sleep(1)
        await websocket.send_text("late")

    @app.get("/test/late")
    async def late() -> str:
        await asyncio.sleep(1)
        return "late"

    # The page answers for every address that is nobody else's.
    routes = cast(Starlette, app).router.routes
    routes[:0] = [routes.pop(), routes.pop()]
    async with serving_app(app) as client:
        assert (await client.get("/test/late")).json() == "late"
        assert (await client.get("/test/late")).json() == "late"
        async with websockets.connect(f"ws://127.0.0.1:{client.base_url.port}/test/socket") as opened:
            assert await opened.recv() == "late"
