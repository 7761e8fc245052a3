"""Who may call what: every route of the gateway, for every role, on every kind of question.

A route without an entry in this table fails the first test. What is expected stands here in full and is not derived
from the table that the gateway uses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import websockets
from fastapi import FastAPI, WebSocket
from temporalio.client import Client

from holdfast.artifacts import ArtifactStore
from holdfast.errors import StackNotRunning, UnknownExecution
from holdfast.execution import State
from holdfast.settings import load_settings
from starter import questions
from starter.access.callers import Action, Caller, Role
from starter.access.stored import StoredAccess, open_access
from starter.connection import Connection
from starter.gateway.app import create_app
from starter.gateway.gateway import Gateway
from starter.gateway.routes import ROUTERS, events
from starter.questions import Asked
from tests.gateways import serving_app

ASKER, REVIEWER, ADMINISTRATOR, NOBODY = "asker", "reviewer", "administrator", "nobody"
# The question of whoever calls; one shared with them; one that waits for a review; one that is none of their business.
OWN, SHARED, WAITING, STRANGE = "own", "shared", "waiting", "strange"
ALL = frozenset({OWN, SHARED, WAITING, STRANGE})

# What is asked of a caller, and which roles then get through; NOBODY is somebody known who has no role.
OPEN = "open to everybody"
KNOWN = "open to whoever proved who they are"
WHO: dict[str, frozenset[str]] = {
    KNOWN: frozenset({ASKER, REVIEWER, ADMINISTRATOR, NOBODY}),
    "ask": frozenset({ASKER, ADMINISTRATOR}),
    "schedule": frozenset({ASKER, ADMINISTRATOR}),
    "see syncs": frozenset({ASKER, REVIEWER, ADMINISTRATOR}),
    "administer": frozenset({ADMINISTRATOR}),
}
# The same for what is done to a question: with which questions each role gets through.
ON_QUESTIONS: dict[str, dict[str, frozenset[str]]] = {
    "see": {
        ASKER: frozenset({OWN, SHARED}),
        REVIEWER: frozenset({OWN, SHARED, WAITING}),
        ADMINISTRATOR: ALL,
        NOBODY: frozenset(),
    },
    "export": {ASKER: frozenset({OWN, SHARED}), REVIEWER: frozenset(), ADMINISTRATOR: ALL, NOBODY: frozenset()},
    "steer": {ASKER: frozenset({OWN}), REVIEWER: frozenset(), ADMINISTRATOR: ALL, NOBODY: frozenset()},
    "review": {
        ASKER: frozenset({OWN}),
        REVIEWER: frozenset({OWN, SHARED, WAITING}),
        ADMINISTRATOR: ALL,
        NOBODY: frozenset(),
    },
    "share": {ASKER: frozenset({OWN}), REVIEWER: frozenset(), ADMINISTRATOR: ALL, NOBODY: frozenset()},
}

QUESTION = "/api/questions/{question_id}"
ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/metrics"): "administer",
    ("GET", "/{path:path}"): OPEN,
    ("GET", "/api/events.schema.json"): KNOWN,
    ("GET", "/api/tenant"): KNOWN,
    ("POST", "/api/session"): OPEN,
    ("GET", "/api/session"): KNOWN,
    ("DELETE", "/api/session"): KNOWN,
    ("POST", "/api/tickets"): KNOWN,
    ("POST", "/api/questions"): "ask",
    ("GET", "/api/questions"): KNOWN,
    ("POST", "/api/realtime/hybrid/stream"): "ask",
    ("GET", QUESTION): "see",
    ("GET", f"{QUESTION}/progress"): "see",
    ("GET", f"{QUESTION}/plan"): "see",
    ("GET", f"{QUESTION}/answer"): "see",
    ("GET", f"{QUESTION}/events"): "see",
    ("WEBSOCKET", f"{QUESTION}/events/socket"): "see",
    ("GET", f"{QUESTION}/rows"): "see",
    ("GET", f"{QUESTION}/export"): "export",
    ("POST", f"{QUESTION}/pause"): "steer",
    ("POST", f"{QUESTION}/resume"): "steer",
    ("POST", f"{QUESTION}/cancel"): "steer",
    ("POST", f"{QUESTION}/retry"): "steer",
    ("POST", f"{QUESTION}/rerun"): "steer",
    ("POST", f"{QUESTION}/reviews"): "review",
    ("GET", f"{QUESTION}/shares"): "share",
    ("PUT", f"{QUESTION}/shares/{{subject}}"): "share",
    ("DELETE", f"{QUESTION}/shares/{{subject}}"): "share",
    ("GET", "/api/schedules"): "schedule",
    ("PUT", "/api/schedules/sync"): "administer",
    ("PUT", "/api/schedules/{name}"): "schedule",
    ("DELETE", "/api/schedules/{name}"): "schedule",
    ("GET", "/api/schedules/{name}/runs"): "schedule",
    ("GET", "/api/schedules/{name}/runs/{question_id}/difference"): "schedule",
    ("POST", "/api/schedules/{name}/pause"): "schedule",
    ("POST", "/api/schedules/{name}/resume"): "schedule",
    ("POST", "/api/schedules/{name}/run"): "schedule",
    ("GET", "/api/syncs"): "see syncs",
    ("POST", "/api/syncs"): "administer",
    ("GET", "/api/syncs/current"): "see syncs",
    ("DELETE", "/api/syncs/current"): "administer",
    ("GET", "/api/keys"): "administer",
    ("POST", "/api/keys"): "administer",
    ("DELETE", "/api/keys/{key_id}"): "administer",
    ("GET", "/api/audit"): "administer",
}
_SAMPLES = {"{question_id}": "", "{subject}": "zoe", "{name}": "admins", "{key_id}": "abc", "{path:path}": ""}
# Sockets are opened in a test of their own.
HTTP = [(method, path) for method, path in ROUTES if method != "WEBSOCKET"]


class _NoTemporal:
    """A client behind which nothing is: whoever gets as far as to use it was let through."""

    def __getattr__(self, name: str) -> object:
        raise StackNotRunning("There is no Temporal in this test.")


@pytest.fixture(scope="module")
async def access(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StoredAccess]:
    opened = open_access(load_settings(data_dir=tmp_path_factory.mktemp("access")))
    for role in (ASKER, REVIEWER, ADMINISTRATOR, NOBODY):
        await opened.shares.add("q-shared", role, "somebody")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(access: StoredAccess, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder: Path = tmp_path_factory.mktemp("gateway")
    connection = Connection(cast(Client, _NoTemporal()), load_settings(data_dir=folder), None)
    return create_app(Gateway(connection, access, ArtifactStore(folder)), max_body_bytes=1 << 20)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(autouse=True)
def _what_temporal_would_know(monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked(connection: Connection, question_id: str) -> Asked:
        kind, _, caller = question_id.removeprefix("q-").partition("-")
        if kind not in ALL:
            raise UnknownExecution(f"There is no question {question_id!r} here.")
        state = State.BLOCKED if kind == WAITING else State.RUNNING
        asker = caller if kind == OWN else "somebody"
        return Asked(question_id, "Who?", asker, state.value, datetime.now(UTC), None)

    def no_events(*_: object, **__: object) -> None:
        raise StackNotRunning("Nothing runs here that could be watched.")

    monkeypatch.setattr(questions, "asked", asked)
    monkeypatch.setattr(events, "EventStream", no_events)


@pytest.fixture
def calling_as(monkeypatch: pytest.MonkeyPatch, access: StoredAccess) -> Any:
    """Make every request come from somebody with this role, whose name is that of the role."""

    def choose(role: str, scopes: frozenset[Action] | None = None) -> None:
        roles = frozenset({Role(role)} if role != NOBODY else ())

        async def caller_of(connection: object) -> Caller:
            return Caller(role, role, roles, "key:test", scopes)

        monkeypatch.setattr(access, "caller_of", caller_of)

    return choose


async def _call(client: httpx.AsyncClient, method: str, path: str, question_id: str = "q-own-asker") -> httpx.Response:
    address = path.replace("{question_id}", question_id)
    for name, sample in _SAMPLES.items():
        address = address.replace(name, sample)
    return await client.request(method, address, json={} if method in {"POST", "PUT"} else None)


def test_every_route_has_an_entry_and_every_entry_a_route(app: FastAPI) -> None:
    served = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    for route in (cast(Any, route) for router in ROUTERS for route in router.routes):
        if not getattr(route, "include_in_schema", False):
            served |= {(method, route.path) for method in getattr(route, "methods", None) or {"WEBSOCKET"}}
    assert served - {("HEAD", "/{path:path}")} == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), [each for each in HTTP if ROUTES[each] != OPEN])
async def test_nobody_gets_through_unnamed(client: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await _call(client, method, path)).status_code == 401


@pytest.mark.parametrize(("method", "path"), [each for each in HTTP if ROUTES[each] == OPEN])
async def test_what_is_open_asks_for_no_name(client: httpx.AsyncClient, method: str, path: str) -> None:
    if (method, path) != ("POST", "/api/session"):
        assert (await _call(client, method, path)).status_code not in {401, 403}


@pytest.mark.parametrize(("method", "path"), [each for each in HTTP if ROUTES[each] in WHO])
@pytest.mark.parametrize("role", [ASKER, REVIEWER, ADMINISTRATOR, NOBODY])
async def test_a_role_gets_through_where_the_table_says_so(
    client: httpx.AsyncClient, calling_as: Any, method: str, path: str, role: str
) -> None:
    calling_as(role)
    answer = await _call(client, method, path)
    # Listing one's own questions is for those who may see some.
    expected = role in WHO[ROUTES[method, path]] and (path, role) != ("/api/questions", NOBODY)
    assert (answer.status_code != 403) == expected, answer.text
    assert answer.status_code != 500, answer.text


@pytest.mark.parametrize(("method", "path"), [each for each in HTTP if ROUTES[each] in ON_QUESTIONS])
@pytest.mark.parametrize("role", [ASKER, REVIEWER, ADMINISTRATOR, NOBODY])
async def test_a_role_reaches_the_questions_that_the_table_says(
    client: httpx.AsyncClient, calling_as: Any, method: str, path: str, role: str
) -> None:
    calling_as(role)
    needed = ROUTES[method, path]
    unknown = await _call(client, method, path, "q-nothing")
    assert unknown.status_code == 404
    for kind in sorted(ALL):
        question_id = f"q-{kind}" if kind != OWN else f"q-own-{role}"
        answer = await _call(client, method, path, question_id)
        told = f"{kind}: {answer.status_code} {answer.text}"
        assert answer.status_code != 500, told
        if kind in ON_QUESTIONS[needed][role]:
            # Further on there is no Temporal, no body that fits, or one role more is needed to ask anew.
            assert answer.status_code not in {401, 404} or "no question" not in answer.text, told
            if not path.endswith(("/retry", "/rerun")):
                assert answer.status_code != 403, told
        elif kind in ON_QUESTIONS["see"][role]:
            assert answer.status_code == 403, told
        else:
            # Nothing tells a stranger's question from one that there never was.
            assert answer.status_code == 404, told
            assert answer.json()["detail"].replace(question_id, "x") == unknown.json()["detail"].replace(
                "q-nothing", "x"
            )


@pytest.mark.parametrize("role", [ASKER, REVIEWER, ADMINISTRATOR, NOBODY])
async def test_a_role_watches_over_a_socket_the_questions_that_the_table_says(
    app: FastAPI, calling_as: Any, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    async def let_through(socket: WebSocket, _: object) -> None:
        await socket.close(4200)

    monkeypatch.setattr(events, "send_events", let_through)
    calling_as(role)
    async with serving_app(app) as client:
        for kind in [*ALL, "nothing"]:
            question_id = f"q-{kind}" if kind != OWN else f"q-own-{role}"
            url = f"ws://127.0.0.1:{client.base_url.port}{QUESTION}/events/socket".replace("{question_id}", question_id)
            async with websockets.connect(url) as opened:
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await opened.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == (4200 if kind in ON_QUESTIONS["see"][role] else 4404), kind


# What a key must be restricted to at most so that it still does this; the rest of what may be done is "administer".
SCOPES = {
    "ask": {Action.ASK},
    "schedule": {Action.SCHEDULE},
    "see syncs": {Action.SEE_SYNCS},
    "see": {Action.SEE},
    "export": {Action.EXPORT},
    "steer": {Action.STEER},
    "review": {Action.REVIEW},
    "share": {Action.SHARE},
    "administer": {Action.SYNC, Action.READ_AUDIT, Action.MANAGE_KEYS, Action.READ_METRICS},
}


@pytest.mark.parametrize(("method", "path"), [each for each in HTTP if ROUTES[each] not in {OPEN, KNOWN}])
async def test_a_key_for_other_things_does_not_do_this_even_for_an_administrator(
    client: httpx.AsyncClient, calling_as: Any, method: str, path: str
) -> None:
    needed = SCOPES[ROUTES[method, path]]
    calling_as(ADMINISTRATOR, frozenset(Action) - needed)
    assert (await _call(client, method, path, "q-own-administrator")).status_code in {403, 404}
    calling_as(ADMINISTRATOR, frozenset(needed))
    # Who may not see a question is not told that it is there; these are allowed without seeing.
    if not path.endswith(("/retry", "/rerun")):
        assert (await _call(client, method, path, "q-own-administrator")).status_code not in {401, 403, 500}


def test_every_action_restricts_some_route() -> None:
    assert set().union(*SCOPES.values()) == set(Action)
    assert set(SCOPES) == {needed for needed in ROUTES.values() if needed not in {OPEN, KNOWN}}
