"""OAuth with `private_key_jwt`, checked against the public key that the demo tenant was given."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from holdfast.demo import DEMO_CLIENT_ID, Company, RunningTenant, TenantOptions, make_company
from holdfast.errors import SettingsError
from tests.demo_asker import UNLIMITED, Asker, asking


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, 60)


async def token(ask: Asker, key: RSAKey | ECKey, scope: str, **claims: object) -> tuple[int, dict[str, Any]]:
    url = f"{ask.url}/oauth2/v1/token"
    now = int(time.time())
    body = {"iss": DEMO_CLIENT_ID, "sub": DEMO_CLIENT_ID, "aud": url, "iat": now, "exp": now + 300, **claims}
    algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": algorithm}, body, key),
    }
    async with ask.session.post(url, data=form) as response:
        answer: dict[str, Any] = await response.json()
        return response.status, answer


@pytest.fixture(scope="module", params=["rsa-pem", "ec-jwk"])
def key(request: pytest.FixtureRequest) -> RSAKey | ECKey:
    return RSAKey.generate_key(2048) if request.param == "rsa-pem" else ECKey.generate_key("P-256")


@pytest.fixture(scope="module")
async def ask(key: RSAKey | ECKey, company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    file = tmp_path_factory.mktemp("key") / "public"
    if isinstance(key, RSAKey):
        file.write_bytes(key.as_pem(private=False))
    else:
        file.write_bytes(orjson.dumps(key.as_dict(private=False)))
    async with asking(company, TenantOptions(public_key_file=file, rate_limits=UNLIMITED)) as asker:
        yield asker


async def test_a_granted_scope_opens_its_part_and_no_other(ask: Asker, key: RSAKey | ECKey) -> None:
    status, answer = await token(ask, key, "okta.users.read okta.groups.read")
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3600)
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert (await ask.get("/api/v1/users", headers=bearer))[0] == 200
    assert (await ask.get("/api/v1/groups", headers=bearer))[0] == 200
    status, body, headers = await ask.get("/api/v1/apps", headers=bearer)
    assert (status, body) == (403, None)
    assert "insufficient_scope" in headers["WWW-Authenticate"]


async def test_a_wrong_assertion_is_refused_in_oauths_words(ask: Asker, key: RSAKey | ECKey) -> None:
    stranger = ECKey.generate_key("P-256")
    past = int(time.time()) - 4_000
    for refused in (
        await token(ask, stranger, "okta.users.read"),
        await token(ask, key, "okta.users.read", iss="someone-else"),
        await token(ask, key, "okta.users.read", aud="https://elsewhere.example"),
        await token(ask, key, "okta.users.read", exp=past),
        await token(ask, key, "okta.users.read", exp=int(time.time()) + 90_000),
    ):
        assert (refused[0], refused[1]["error"]) == (401, "invalid_client")


async def test_a_scope_that_writes_is_never_granted(ask: Asker, key: RSAKey | ECKey) -> None:
    status, answer = await token(ask, key, "okta.users.manage")
    assert (status, answer["error"]) == (400, "invalid_scope")


async def test_without_a_public_key_there_is_no_service_app(company: Company, key: RSAKey | ECKey) -> None:
    async with asking(company, TenantOptions()) as ask:
        assert (await token(ask, key, "okta.users.read"))[0] == 401


def test_a_key_file_that_holds_no_key_is_named(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("no key at all")
    for wrong in (file, tmp_path / "missing.pem"):
        with pytest.raises(SettingsError, match=wrong.name):
            RunningTenant(company, TenantOptions(public_key_file=wrong))
