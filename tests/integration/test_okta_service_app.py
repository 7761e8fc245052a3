"""Logging in as an OAuth service app, against a loopback authorization server that checks what it is sent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from joserfc import jwk, jwt

from holdfast.errors import OktaRefused, OktaServerError, SettingsError
from holdfast.okta import OktaClient, ServiceApp
from holdfast.okta.credentials import READ_SCOPES, TokenEndpoint, private_key_from

RSA = jwk.RSAKey.generate_key(2048, {"kid": "key-1"})


@dataclass
class AuthorizationServer:
    """Gives tokens out for assertions signed with `key`, and answers to the newest one only."""

    key: jwk.RSAKey | jwk.ECKey = field(default_factory=lambda: RSA)
    lifetime: int = 3600
    refusal: web.Response | None = None
    forms: list[dict[str, str]] = field(default_factory=list)
    claims: list[dict[str, object]] = field(default_factory=list)
    revoked: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        if request.path == "/oauth2/v1/token":
            return await self._token(request)
        if self.revoked or request.headers["Authorization"] != f"Bearer token-{len(self.forms)}":
            return web.json_response({"errorCode": "E0000011", "errorSummary": "Invalid token provided"}, status=401)
        return web.json_response([{"id": "00u1"}])

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        if self.refusal is not None:
            return self.refusal
        algorithm = "ES256" if isinstance(self.key, jwk.ECKey) else "RS256"
        token = jwt.decode(form["client_assertion"], self.key, algorithms=[algorithm])
        self.claims.append(dict(token.claims))
        body = {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": f"token-{len(self.forms)}"}
        return web.json_response(body)


@asynccontextmanager
async def served(server: AuthorizationServer) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_many_reads_share_one_token_and_the_assertion_says_who_asks() -> None:
    server = AuthorizationServer()
    async with served(server) as url, OktaClient(url, ServiceApp("0oa-app", RSA)) as okta:
        await asyncio.gather(*(okta.get("/api/v1/users") for _ in range(20)))
    assert len(server.forms) == 1
    assert server.forms[0]["scope"] == " ".join(READ_SCOPES)
    claims = server.claims[0]
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("0oa-app", "0oa-app", f"{url}/oauth2/v1/token")
    assert isinstance(claims["exp"], int)
    assert time.time() < claims["exp"] < time.time() + 3600


async def test_a_token_about_to_run_out_is_replaced_before_it_is_refused() -> None:
    server = AuthorizationServer(lifetime=0)
    async with served(server) as url, OktaClient(url, ServiceApp("0oa-app", RSA)) as okta:
        await okta.get("/api/v1/users")
        await okta.get("/api/v1/users")
        assert okta.stats.retries == 0
    assert len(server.forms) == 2


async def test_a_refused_token_is_replaced_once_and_not_again() -> None:
    server = AuthorizationServer()
    async with served(server) as url, OktaClient(url, ServiceApp("0oa-app", RSA)) as okta:
        await okta.get("/api/v1/users")
        server.forms.append({})  # the server now expects a newer token than the client has
        assert await okta.get("/api/v1/users") == [{"id": "00u1"}]
        assert len(server.forms) == 3
        server.revoked = True
        with pytest.raises(OktaRefused, match="HOLDFAST_OKTA__CLIENT_ID"):
            await okta.get("/api/v1/users")
        assert len(server.forms) == 4


@pytest.mark.parametrize(
    ("error", "setting"),
    [("invalid_client", "HOLDFAST_OKTA__CLIENT_ID"), ("invalid_scope", "HOLDFAST_OKTA__SCOPES")],
)
async def test_a_refused_login_says_which_setting_to_mend(error: str, setting: str) -> None:
    refusal = web.json_response({"error": error, "error_description": "It does not fit."}, status=400)
    async with (
        served(AuthorizationServer(refusal=refusal)) as url,
        OktaClient(url, ServiceApp("0oa-app", RSA)) as okta,
    ):
        with pytest.raises(OktaRefused, match=f"{error}: It does not fit.*{setting}"):
            await okta.get("/api/v1/users")


async def test_an_authorization_server_that_gives_no_token_is_said_to() -> None:
    server = AuthorizationServer(refusal=web.json_response({"token_type": "Bearer"}))
    async with served(server) as url, OktaClient(url, ServiceApp("0oa-app", RSA)) as okta:
        with pytest.raises(OktaServerError, match="without a token"):
            await okta.get("/api/v1/users")


async def test_the_token_endpoint_is_the_only_address_that_is_sent_a_form() -> None:
    async with served(AuthorizationServer()) as url:
        endpoint = TokenEndpoint(url)
        with pytest.raises(OktaRefused, match="does not send POST"):
            await endpoint._transport.handle_async_request(httpx.Request("POST", f"{url}/api/v1/users"))
        await endpoint.aclose()


@pytest.mark.parametrize("kind", ["rsa-pem", "rsa-jwk", "ec-pem", "ec-jwk"])
async def test_keys_are_read_from_pem_and_jwk_files(kind: str, tmp_path: Path) -> None:
    key: jwk.RSAKey | jwk.ECKey = RSA if kind.startswith("rsa") else jwk.ECKey.generate_key("P-256")
    file = tmp_path / "key"
    if kind.endswith("pem"):
        file.write_bytes(key.as_pem(private=True))
    else:
        file.write_text(json.dumps(key.as_dict(private=True)))
    server = AuthorizationServer(key=key)
    async with served(server) as url, OktaClient(url, ServiceApp("0oa-app", private_key_from(file))) as okta:
        await okta.get("/api/v1/users")
    assert server.claims


@pytest.mark.parametrize(
    "content", ["", "not a key", "{", '{"kty": "oct", "k": "c2VjcmV0"}', RSA.as_pem(private=False).decode()]
)
def test_a_file_without_a_private_key_is_named_and_never_shown(content: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    with pytest.raises(SettingsError, match="HOLDFAST_OKTA__PRIVATE_KEY_FILE") as caught:
        private_key_from(file)
    assert not content or content not in str(caught.value)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        private_key_from(tmp_path / "nothing")


def test_a_service_app_shows_no_key() -> None:
    assert repr(ServiceApp("0oa-app", RSA)) == "ServiceApp(client_id='0oa-app')"
