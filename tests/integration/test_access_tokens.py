"""Tokens of a real, small issuer on loopback: those that are right, and those that somebody made up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey
from pydantic import ValidationError

from holdfast.access_settings import AccessSettings
from holdfast.settings import load_settings
from starter.access import issuer_keys
from starter.access.callers import Role
from starter.access.issuer_keys import IssuerAway
from starter.access.refusals import NotAuthenticated
from starter.access.stored import StoredAccess, open_access
from starter.access.tokens import Tokens
from starter.ports import LOOPBACK, free_port

AUDIENCE = "holdfast"


@dataclass
class Issuer:
    """An issuer that does what a test wants."""

    url: str
    keys: list[Key]
    fetches: int = 0
    is_down: bool = False
    discovery: dict[str, Any] = field(default_factory=dict)

    def token(self, key: Key | None = None, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """A token that is right but for what is changed; None takes a claim out."""
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 3600, **changed}
        signed = key or self.keys[0]
        kept = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": "RS256", "kid": signed.kid, **(header or {})}
        return jwt.encode({k: v for k, v in head.items() if v is not None}, kept, signed, algorithms=[head["alg"]])

    async def discover(self, request: web.Request) -> web.Response:
        """`/.well-known/openid-configuration`."""
        self.fetches += 1
        if self.is_down:
            return web.Response(status=503)
        return web.json_response({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.discovery})

    async def jwks(self, request: web.Request) -> web.Response:
        """The public keys, and others that mean nothing to us."""
        if self.is_down:
            return web.Response(status=503)
        public = [key.as_dict(private=False) for key in self.keys]
        return web.json_response({"keys": [{"kty": "pq", "kid": "odd"}, {"kty": "RSA", "kid": "torn"}, *public]})


@pytest.fixture(scope="module")
def rsa() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first"})


@pytest.fixture(scope="module")
def other_rsa() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first"})


@pytest.fixture
async def issuer(rsa: RSAKey) -> AsyncIterator[Issuer]:
    port = free_port()
    made = Issuer(f"http://{LOOPBACK}:{port}", [rsa])
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.discover)
    app.router.add_get("/keys", made.jwks)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    yield made
    await runner.cleanup()


@pytest.fixture
def tokens(issuer: Issuer) -> Tokens:
    return _tokens(issuer)


def _tokens(issuer: Issuer, **more: Any) -> Tokens:
    made = AccessSettings(issuer=issuer.url, audience=AUDIENCE, **more)
    return Tokens(made, lambda: datetime.now(UTC))


@pytest.fixture
def no_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_keys, "_FLOOR_S", 0.0)


async def test_a_token_says_who_calls_and_until_when(issuer: Issuer, tokens: Tokens) -> None:
    caller, ends = await tokens.caller_of(issuer.token(name="Ada L."))
    assert (caller.subject, caller.name, caller.roles) == ("ada", "Ada L.", frozenset())
    assert caller.credential == f"token:{issuer.url}"
    assert timedelta(minutes=59) < ends - datetime.now(UTC) < timedelta(minutes=61)


async def test_the_audience_may_be_one_of_several(issuer: Issuer, tokens: Tokens) -> None:
    assert (await tokens.caller_of(issuer.token(aud=["other", AUDIENCE])))[0].subject == "ada"


_NOW = int(datetime.now(UTC).timestamp())


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": _NOW - 3600},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": _NOW + 3600},
        {"iat": _NOW + 3600},
        {"iat": None},
        {"aud": "another"},
        {"aud": []},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "ada\nroot"},
        {"sub": "x" * 201},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_is_refused(issuer: Issuer, tokens: Tokens, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        await tokens.caller_of(issuer.token(**wrong))


async def test_clocks_may_differ_by_some_seconds(issuer: Issuer, tokens: Tokens) -> None:
    now = int(datetime.now(UTC).timestamp())
    await tokens.caller_of(issuer.token(exp=now - 5, nbf=now + 20, iat=now + 20))


async def test_a_token_signed_by_another_key_is_refused(issuer: Issuer, tokens: Tokens, other_rsa: RSAKey) -> None:
    with pytest.raises(NotAuthenticated):
        await tokens.caller_of(issuer.token(other_rsa))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
async def test_a_token_without_a_signature_is_refused(issuer: Issuer, tokens: Tokens, alg: str) -> None:
    _, claims, _ = issuer.token().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": "first"}).encode()).rstrip(b"=").decode()
    for signature in ("", "AAAA"):
        with pytest.raises(NotAuthenticated):
            await tokens.caller_of(f"{header}.{claims}.{signature}")


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    issuer: Issuer, tokens: Tokens, rsa: RSAKey, alg: str
) -> None:
    public = rsa.as_pem(private=False)
    head = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": "first"}).encode()).rstrip(b"=")
    body = issuer.token().split(".")[1].encode()
    mac = hmac.new(public, head + b"." + body, getattr(hashlib, alg.replace("HS", "sha"))).digest()
    forged = b".".join((head, body, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()
    with pytest.raises(NotAuthenticated):
        await tokens.caller_of(forged)


async def test_a_shared_secret_among_the_issuers_keys_is_no_key(issuer: Issuer, tokens: Tokens) -> None:
    secret = OctKey.generate_key(256, {"kid": "secret"})
    issuer.keys.append(secret)
    with pytest.raises(NotAuthenticated):
        await tokens.caller_of(issuer.token(secret, {"alg": "HS256"}))


async def test_an_algorithm_that_is_not_accepted_is_refused(issuer: Issuer) -> None:
    curve = ECKey.generate_key("P-256", {"kid": "curve"})
    issuer.keys.append(curve)
    token = issuer.token(curve, {"alg": "ES256"})
    assert (await _tokens(issuer).caller_of(token))[0].subject == "ada"
    with pytest.raises(NotAuthenticated):
        await _tokens(issuer, algorithms="RS256").caller_of(token)


async def test_the_keys_are_fetched_once_for_many_tokens(issuer: Issuer, tokens: Tokens) -> None:
    for _ in range(5):
        await tokens.caller_of(issuer.token())
    assert issuer.fetches == 1


async def test_invented_key_ids_make_no_requests(issuer: Issuer, tokens: Tokens, other_rsa: RSAKey) -> None:
    await tokens.caller_of(issuer.token())
    for number in range(20):
        with pytest.raises(NotAuthenticated):
            await tokens.caller_of(issuer.token(other_rsa, {"kid": f"invented-{number}"}))
    assert issuer.fetches == 1


@pytest.mark.usefixtures("no_floor")
async def test_a_new_key_of_the_issuer_is_found_and_a_withdrawn_one_is_forgotten(
    issuer: Issuer, tokens: Tokens, rsa: RSAKey
) -> None:
    await tokens.caller_of(issuer.token())
    second = RSAKey.generate_key(2048, {"kid": "second"})
    issuer.keys = [second]
    assert (await tokens.caller_of(issuer.token(second)))[0].subject == "ada"
    with pytest.raises(NotAuthenticated):
        await tokens.caller_of(issuer.token(rsa))


@pytest.mark.usefixtures("no_floor")
async def test_an_issuer_that_is_down_for_a_moment_is_believed_by_the_keys_that_it_gave(
    issuer: Issuer, tokens: Tokens, other_rsa: RSAKey
) -> None:
    await tokens.caller_of(issuer.token())
    issuer.is_down = True
    with pytest.raises(NotAuthenticated):
        await tokens.caller_of(issuer.token(other_rsa, {"kid": "unknown"}))
    assert (await tokens.caller_of(issuer.token()))[0].subject == "ada"


async def test_an_issuer_that_was_never_there_is_told_as_such(issuer: Issuer, tokens: Tokens) -> None:
    issuer.is_down = True
    for _ in range(3):
        with pytest.raises(IssuerAway):
            await tokens.caller_of(issuer.token())
    assert issuer.fetches == 1


@pytest.mark.usefixtures("no_floor")
async def test_keys_that_are_old_are_not_believed_for_ever(
    issuer: Issuer, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tokens.caller_of(issuer.token())
    issuer.is_down = True
    monkeypatch.setattr(issuer_keys, "_FRESH_S", -1.0)
    assert (await tokens.caller_of(issuer.token()))[0].subject == "ada"
    monkeypatch.setattr(issuer_keys, "_STALE_S", -1.0)
    with pytest.raises(IssuerAway):
        await tokens.caller_of(issuer.token())


@pytest.mark.parametrize(
    "discovery",
    [{"issuer": "https://evil.example"}, {"jwks_uri": "http://evil.example/keys"}, {"jwks_uri": 7}],
    ids=str,
)
async def test_a_discovery_document_that_leads_elsewhere_is_not_followed(
    issuer: Issuer, tokens: Tokens, discovery: dict[str, Any]
) -> None:
    issuer.discovery = discovery
    with pytest.raises(IssuerAway):
        await tokens.caller_of(issuer.token())


@pytest.mark.parametrize(
    ("claimed", "roles"),
    [
        (["Okta-Admins", "Everyone"], {Role.ADMINISTRATOR}),
        (["Okta-Admins", "Auditors"], {Role.ADMINISTRATOR, Role.REVIEWER}),
        ("Auditors", {Role.REVIEWER}),
        (["administrator"], {Role.ASKER}),
        (["okta-admins"], {Role.ASKER}),
        ([["Okta-Admins"], 7, None], {Role.ASKER}),
        (None, {Role.ASKER}),
        ({"Okta-Admins": True}, {Role.ASKER}),
    ],
)
async def test_roles_come_from_the_mapping_and_nowhere_else(issuer: Issuer, claimed: Any, roles: set[Role]) -> None:
    mapping = "Okta-Admins=administrator,Auditors=reviewer"
    tokens = _tokens(issuer, role_claim="groups", role_mapping=mapping, default_role="asker")
    caller, _ = await tokens.caller_of(issuer.token(groups=claimed))
    assert caller.roles == frozenset(roles)


async def test_an_address_names_a_person_only_where_the_issuer_verified_it(issuer: Issuer) -> None:
    tokens = _tokens(issuer, subject_claim="email")
    token = issuer.token(email="ada@acme.example", email_verified=True)
    assert (await tokens.caller_of(token))[0].subject == "ada@acme.example"
    for unverified in (False, None, "true"):
        with pytest.raises(NotAuthenticated):
            await tokens.caller_of(issuer.token(email="ada@acme.example", email_verified=unverified))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}", fullmatch=True))
async def test_whatever_is_no_token_is_refused(tokens: Tokens, text: str) -> None:
    with pytest.raises(NotAuthenticated):
        await tokens.caller_of(text)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_a_token_with_one_changed_character_is_refused(
    issuer: Issuer, tokens: Tokens, data: st.DataObject
) -> None:
    token = issuer.token()
    # The last character of a part may hold bits that mean nothing.
    ends = {index - 1 for index, each in enumerate(token + ".") if each == "."}
    at = data.draw(st.sampled_from([i for i, each in enumerate(token) if each != "." and i not in ends]))
    to = data.draw(st.sampled_from("AZaz09-_").filter(lambda each: each != token[at]))
    with pytest.raises(NotAuthenticated):
        await tokens.caller_of(token[:at] + to + token[at + 1 :])


async def test_a_session_that_began_with_a_token_ends_with_it(issuer: Issuer, tmp_path: Path) -> None:
    moment = datetime.now(UTC)
    access = open_access(
        load_settings(data_dir=tmp_path, access=AccessSettings(issuer=issuer.url, audience=AUDIENCE)), lambda: moment
    )
    proof = await access.bearer(f"Bearer {issuer.token(exp=int(moment.timestamp()) + 600)}")
    session = await access.start_session(proof.caller, proof.ends)
    assert (await access.passes.session(session, timedelta(hours=1))).subject == "ada"
    moment += timedelta(minutes=11)
    with pytest.raises(NotAuthenticated):
        await access.passes.session(session, timedelta(hours=1))
    access.close()


async def test_without_an_issuer_no_token_is_accepted(issuer: Issuer, tmp_path: Path) -> None:
    access: StoredAccess = open_access(load_settings(data_dir=tmp_path))
    with pytest.raises(NotAuthenticated, match="no issuer is set"):
        await access.bearer(f"Bearer {issuer.token()}")
    access.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://acme.example", "audience": "x"},
        {"issuer": "https://acme.example"},
        {"audience": "x"},
        {"issuer": "https://acme.example", "audience": "x", "jwks_url": "http://acme.example/keys"},
        {"algorithms": "none"},
        {"algorithms": "HS256"},
        {"algorithms": "RS256,HS256"},
        {"algorithms": ""},
        {"role_mapping": "Admins=root"},
        {"role_mapping": "Admins"},
    ],
    ids=str,
)
def test_settings_that_would_let_in_the_wrong_people_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AccessSettings.model_validate(wrong)
