"""The Okta client over real HTTP, against a loopback server that each test scripts."""

from __future__ import annotations

import asyncio
import contextlib
import json
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from holdfast.errors import (
    OktaNotFound,
    OktaRefused,
    OktaServerError,
    OktaUnreachable,
    SettingsError,
)
from holdfast.okta import OktaClient
from holdfast.settings import OktaSettings
from tests.integration.scripted_tenant import TOKEN, client, okta_error, tenant


async def users_in_pages(request: web.Request) -> web.Response:
    page = int(request.query.get("after", "0"))
    response = web.json_response([{"id": f"00u{page}{number}"} for number in range(2)])
    base = f"http://{request.host}/api/v1/users"
    response.headers.add("Link", f'<{base}?limit=2&after={page}>; rel="self"')
    if page < 3:
        response.headers.add("Link", f'<{base}?limit=2&after={page + 1}>; rel="next"')
    return response


async def test_pages_are_read_to_the_last_one_and_each_names_the_next() -> None:
    async with tenant(users_in_pages) as url, client(url) as okta:
        pages = [page async for page in okta.pages("/api/v1/users", {"limit": 2})]
    assert [user["id"] for page in pages for user in page.items] == [f"00u{p}{n}" for p in range(4) for n in range(2)]
    assert pages[0].url == f"{url}/api/v1/users?limit=2"
    assert [page.next for page in pages] == [f"{url}/api/v1/users?limit=2&after={n}" for n in (1, 2, 3)] + [None]


async def test_reading_goes_on_at_a_stored_next_link_and_repeats_nothing() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query.get("after", "0"))
        return await users_in_pages(request)

    async with tenant(handler) as url, client(url) as okta:
        pages = okta.pages("/api/v1/users", {"limit": 2})
        first, second = await anext(pages), await anext(pages)
        assert second.next is not None
        rest = [page async for page in okta.pages("/api/v1/users", start=second.next)]
    assert first.items != rest[0].items
    assert asked == ["0", "1", "2", "3"]


async def test_a_list_inside_an_object_is_paged_by_its_links() -> None:
    async def handler(request: web.Request) -> web.Response:
        if "after" in request.query:
            return web.json_response({"value": [{"id": "2"}], "_links": {}})
        following = f"http://{request.host}{request.path}?after=x"
        return web.json_response({"value": [{"id": "1"}], "_links": {"next": {"href": following}}})

    async with tenant(handler) as url, client(url) as okta:
        pages = [page async for page in okta.pages("/api/v1/iam/assignees/users")]
    assert [page.items for page in pages] == [[{"id": "1"}], [{"id": "2"}]]


async def test_the_address_that_is_asked_is_the_address_that_arrives() -> None:
    arrived: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        arrived.append(request.raw_path)
        response = web.json_response([])
        if len(arrived) == 1:
            response.headers.add("Link", f'<http://{request.host}/api/v1/logs?after=a%2Bb%3D+c%2C,d&x=;>; rel="next"')
        return response

    async with tenant(handler) as url, client(url) as okta:
        search = 'profile.lastName eq "O\'Brien & Söhne=+%"'
        _ = [page async for page in okta.pages("/api/v1/users/isaac.brock%40example.com", {"search": search})]
        await okta.get("/api/v1/users/zo%C3%AB@example.com/groups")
    assert arrived[0].startswith("/api/v1/users/isaac.brock")
    assert "search=profile.lastName+eq+%22O%27Brien+%26+S%C3%B6hne%3D%2B%25%22" in arrived[0].replace("'", "%27")
    assert parse_qsl(urlsplit(arrived[1]).query) == [("after", "a+b= c,,d"), ("x", ";")]
    assert arrived[2] == "/api/v1/users/zo%C3%AB@example.com/groups"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/v1/users?after=1",
        "//evil.example/api/v1/users?after=1",
        "http://127.0.0.1:1/api/v1/users?after=1",
        "http://user:pw@{host}/api/v1/users?after=1",
        "ftp://{host}/api/v1/users",
        "/login/signout",
        "/api/v1/../../oauth2/v1/token",
        "/api/v1/users/%2e%2e/%2e%2e/login/signout",
        "http://{host}\\@evil.example/api/v1/users",
    ],
)
async def test_a_next_link_that_leads_away_is_refused_and_not_asked(link: str) -> None:
    asked = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        target = link.replace("{host}", request.host)
        return web.json_response([1], headers={"Link": f'<{target}>; rel="next"'})

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaRefused):
            _ = [page async for page in okta.pages("/api/v1/users")]
    assert asked == 1


async def test_a_list_that_names_the_same_page_for_ever_ends_with_an_error() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response([1], headers={"Link": f'<http://{request.host}{request.path_qs}>; rel="next"'})

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaServerError, match="no end"):
            _ = [page async for page in okta.pages("/api/v1/users")]


async def test_a_refusal_carries_oktas_code_and_words_and_what_to_mend() -> None:
    async def handler(request: web.Request) -> web.Response:
        return {
            "/api/v1/users": okta_error(401, "E0000011", "Invalid token provided"),
            "/api/v1/devices": okta_error(401, "E0000015", "You do not have permission to access the feature"),
            "/api/v1/groups": okta_error(403, "E0000006", "You do not have permission to perform the action"),
            "/api/v1/zones": web.Response(
                status=403, headers={"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="okta.zones.read"'}
            ),
        }[request.path]

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaRefused, match=r"E0000011: Invalid token provided.*HOLDFAST_OKTA__TOKEN") as token:
            await okta.get("/api/v1/users")
        with pytest.raises(OktaRefused, match=r"E0000015.*switched off") as feature:
            await okta.get("/api/v1/devices")
        with pytest.raises(OktaRefused, match=r"E0000006: You do not have permission.*administrator role"):
            await okta.get("/api/v1/groups")
        with pytest.raises(
            OktaRefused, match=r"without a reason.*\(okta\.zones\.read\).*HOLDFAST_OKTA__SCOPES"
        ) as scope:
            await okta.get("/api/v1/zones")
    assert (token.value.status, token.value.code) == (401, "E0000011")
    assert "HOLDFAST_OKTA__TOKEN" not in str(feature.value)
    assert (scope.value.status, scope.value.code) == (403, None)


async def test_not_found_and_a_servers_error_are_different_things() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path.endswith("broken"):
            return okta_error(500, "E0000009", "Internal Server Error")
        return okta_error(404, "E0000007", "Not found: Resource not found: nobody (User)")

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaNotFound, match="E0000007: Not found: Resource not found: nobody"):
            await okta.get("/api/v1/users/nobody")
        with pytest.raises(OktaServerError, match="E0000009"):
            await okta.get("/api/v1/users/broken")
        assert okta.stats.calls == 2
        assert okta.stats.retries == 0


async def test_a_redirect_is_refused_and_not_followed() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "https://evil.example/"})

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaRefused, match="redirect"):
            await okta.get("/api/v1/users")


async def test_an_answer_that_is_not_json_names_its_type() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="<html>Sign in</html>", content_type="text/html")

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaServerError, match="not JSON \\(text/html"):
            await okta.get("/api/v1/users")
        with pytest.raises(OktaServerError, match="not JSON"):
            await anext(okta.pages("/api/v1/users"))


async def test_half_an_answer_is_no_answer() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'[{"id": "00u1"}, ')
        assert request.transport is not None
        request.transport.abort()
        return response

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaUnreachable, match=r"did not answer GET /api/v1/users"):
            await okta.get("/api/v1/users")


async def test_a_tenant_that_is_not_there_is_unreachable() -> None:
    async with tenant(users_in_pages) as url:
        pass
    async with client(url) as okta:
        with pytest.raises(OktaUnreachable, match="HOLDFAST_OKTA__URL"):
            await okta.get("/api/v1/users")


async def test_a_cancelled_read_leaves_no_request_behind_and_frees_its_place() -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        if request.path.endswith("slow"):
            arrived.set()
            try:
                await asyncio.Event().wait()
            finally:
                gone.set()
        return web.json_response([])

    async with tenant(handler) as url, client(url, concurrency=1) as okta:
        slow = asyncio.create_task(okta.get("/api/v1/users/slow"))
        waiting = asyncio.create_task(okta.get("/api/v1/users/waiting"))
        await arrived.wait()
        waiting.cancel()
        slow.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await slow
        await asyncio.wait_for(gone.wait(), 5)
        assert await asyncio.wait_for(okta.get("/api/v1/users/next"), 5) == []
        assert okta.stats.calls == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def test_nothing_but_get_can_be_sent_even_from_inside(method: str) -> None:
    asked = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response([])

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaRefused, match=f"does not send {method}"):
            await okta._transport.handle_async_request(httpx.Request(method, f"{url}/api/v1/users"))
        with pytest.raises(OktaRefused, match="does not send GET to"):
            await okta._transport.handle_async_request(httpx.Request("GET", "http://localhost:1/api/v1/users"))
    assert asked == 0


async def test_no_secret_is_shown_by_any_repr_or_error(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: web.Request) -> web.Response:
        return okta_error(401, "E0000011", f"Invalid token {request.headers['Authorization']}\r\nforged log line")

    caplog.set_level("DEBUG")
    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaRefused) as caught:
            await okta.get("/api/v1/users")
        shown = [repr(okta), repr(okta._credentials), str(caught.value), repr(caught.value), caplog.text]
    assert not [text for text in shown if TOKEN in text]
    assert "\n" not in str(caught.value)


async def test_a_client_is_made_of_settings_and_needs_a_tenant() -> None:
    with pytest.raises(SettingsError, match="HOLDFAST_OKTA__URL"):
        OktaClient.from_settings(OktaSettings())
    async with (
        tenant(users_in_pages) as url,
        OktaClient.from_settings(OktaSettings(url=url, token=SecretStr(TOKEN))) as okta,
    ):
        assert len((await anext(okta.pages("/api/v1/users"))).items) == 2


async def test_many_calls_share_the_places_that_there_are() -> None:
    highest = in_flight = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal highest, in_flight
        in_flight += 1
        highest = max(highest, in_flight)
        await asyncio.sleep(0.002)
        in_flight -= 1
        return web.Response(body=json.dumps([]), content_type="application/json")

    async with tenant(handler) as url, client(url, concurrency=8) as okta:
        await asyncio.gather(*(okta.get(f"/api/v1/users/00u{n}/groups") for n in range(100)))
    assert highest == 8
