"""What programs see of the catalogue, tried in the sandbox's engine itself."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_monty import AsyncMonty, MontyRuntimeError, MontyTypingError

from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.filter import EndpointFilter
from holdfast.catalogue.stubs import interface_of
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.type_check import options, type_findings

MOMENT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
CHOSEN = ("list_user_factors", "list_group_users", "get_user", "list_policies", "list_user_roles")


@pytest.fixture(scope="module")
def interface() -> ProgramInterface:
    catalogue = Catalogue.load()
    return interface_of([catalogue.endpoint(name) for name in CHOSEN])


@pytest.fixture(scope="module")
async def monty() -> AsyncIterator[AsyncMonty]:
    async with AsyncMonty(min_processes=1, max_processes=1) as pool:
        yield pool
    # The engine's own threads end a moment after the pool.
    await asyncio.sleep(0.05)


class Host:
    """Answers calls as told, and remembers them."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, Any]] = []

    async def call(self, name: str, arguments: str) -> str:
        assert arguments == json.dumps(json.loads(arguments), sort_keys=True)
        self.calls.append((name, json.loads(arguments)))
        answer = self.answers.get(name)
        return json.dumps(answer if isinstance(answer, dict) and "refused" in answer else {"value": answer})


async def run(monty: AsyncMonty, interface: ProgramInterface, program: str, host: Host) -> Any:
    lookup = {"_call": host.call}
    async with monty.checkout(
        type_check=True,
        type_check_stubs=interface.checked_stubs,
        os_policy={"datetime": MOMENT, "random_start": {"seed": 1}, "sleep": "zero"},
    ) as session:
        await session.feed_run(interface.prelude, external_lookup=lookup, skip_type_check=True)
        await session.feed_run(program, external_lookup=lookup)
        text = await session.feed_run("import json\njson.dumps(result)", skip_type_check=True)
    return json.loads(text)


async def complaint(monty: AsyncMonty, interface: ProgramInterface, program: str) -> str:
    """What the type check says; empty where it lets the program pass."""
    async with monty.checkout(
        type_check=True, type_check_stubs=interface.checked_stubs, type_check_format="concise"
    ) as session:
        try:
            await session.feed_run(f"async def never():\n{_indented(program)}")
        except MontyTypingError as error:
            return error.display()
    return ""


def _indented(program: str) -> str:
    return "\n".join(f"    {line}" for line in program.splitlines())


async def test_a_read_reaches_the_host_with_oktas_own_names(monty: AsyncMonty, interface: ProgramInterface) -> None:
    host = Host(list_policies=[{"id": "00p1"}])
    rows = await run(monty, interface, 'result = await list_policies(type="PASSWORD", fields=("id",))', host)
    assert rows == [{"id": "00p1"}]
    assert host.calls == [("list_policies", {"path": {}, "query": {"type": "PASSWORD"}, "fields": ["id"]})]


async def test_a_path_parameter_is_given_apart_from_the_query(monty: AsyncMonty, interface: ProgramInterface) -> None:
    host = Host(list_user_roles=[])
    await run(monty, interface, 'result = await list_user_roles("00u/../1", expand="targets/groups")', host)
    [(_, arguments)] = host.calls
    assert arguments == {"path": {"userId": "00u/../1"}, "query": {"expand": "targets/groups"}, "fields": None}


async def test_a_list_can_be_read_a_page_at_a_time(monty: AsyncMonty, interface: ProgramInterface) -> None:
    program = (
        'rows, cursor = await list_group_users_page(None, "00g1")\n'
        'more, end = await list_group_users_page(cursor, "00g1")\n'
        "result = [[row.get('id') for row in rows + more], cursor, end]\n"
    )
    host = Host(list_group_users_page={"rows": [{"id": "00u1"}], "cursor": "next"})
    assert await run(monty, interface, program, host) == [["00u1", "00u1"], "next", "next"]
    assert [arguments["cursor"] for _, arguments in host.calls] == [None, "next"]


async def test_the_rows_of_an_earlier_step_and_the_frozen_moment_are_there(
    monty: AsyncMonty, interface: ProgramInterface
) -> None:
    program = "await progress(1, 2)\nresult = [await load('1'), now.isoformat()]"
    host = Host(load=[{"id": "00u1"}], progress=None)
    assert await run(monty, interface, program, host) == [[{"id": "00u1"}], MOMENT.isoformat()]
    assert host.calls == [("progress", {"done": 1, "total": 2}), ("load", {"step_id": "1"})]


@pytest.mark.parametrize(
    ("kind", "name"), [("forbidden", "PermissionError"), ("not_found", "LookupError"), ("trouble", "OSError")]
)
async def test_a_refusal_is_raised_by_its_kind(
    monty: AsyncMonty, interface: ProgramInterface, kind: str, name: str
) -> None:
    host = Host(list_user_factors={"refused": kind, "reason": "E0000006"})
    with pytest.raises(MontyRuntimeError, match=f"^{name}: E0000006"):
        await run(monty, interface, 'result = await list_user_factors("00u1")', host)


@pytest.mark.parametrize("kind", ["forbidden", "not_found", "trouble"])
async def test_an_attempt_turns_a_refusal_into_its_reason(
    monty: AsyncMonty, interface: ProgramInterface, kind: str
) -> None:
    host = Host(list_user_factors={"refused": kind, "reason": "E0000006"})
    program = 'factors, unread = await attempt(list_user_factors("00u1"))\nresult = [factors, unread]'
    assert await run(monty, interface, program, host) == [None, "E0000006"]


async def test_an_attempt_does_not_hide_the_programs_own_mistake(
    monty: AsyncMonty, interface: ProgramInterface
) -> None:
    program = (
        "async def one() -> str:\n    return {'a': 'b'}['login']\n"
        "answer, unread = await attempt(one())\nresult = [answer, unread]"
    )
    with pytest.raises(MontyRuntimeError, match="KeyError"):
        await run(monty, interface, program, Host())


async def test_a_program_may_fan_out_and_name_the_types_of_its_stubs(
    monty: AsyncMonty, interface: ProgramInterface
) -> None:
    program = (
        "import asyncio\n"
        "kept: Fields = ('id', 'factorType')\n"
        "def kinds(factors: list[UserFactor]) -> list[str | None]:\n"
        "    return [factor.get('factorType') for factor in factors]\n"
        "async def row(user_id: str) -> dict[str, object]:\n"
        "    factors, unread = await attempt(list_user_factors(user_id, fields=kept))\n"
        "    if factors is None:\n"
        "        return {'id': user_id, 'factors': None, 'unread': unread}\n"
        "    return {'id': user_id, 'factors': kinds(factors), 'unread': None}\n"
        "result = await asyncio.gather(*[row(user_id) for user_id in ['00u1', '00u2']])\n"
    )
    host = Host(list_user_factors=[{"factorType": "push"}])
    rows = await run(monty, interface, program, host)
    assert rows == [{"id": one, "factors": ["push"], "unread": None} for one in ("00u1", "00u2")]


MISTAKES = {
    "a coroutine that was not chosen": ("await list_users()", "unresolved-reference"),
    "the door to the host itself": ("await _call('list_users', '{}')", "unresolved-reference"),
    "an argument of another name": ("await list_user_factors(user='00u1')", "missing-argument"),
    "paging, which is the host's": ("await list_group_users('00g1', limit=5)", "unknown-argument"),
    "a missing required parameter": ("await list_policies()", "missing-argument"),
    "an argument of another type": ("await list_user_factors(1)", "invalid-argument-type"),
    "one field as text": ("await list_user_factors('00u1', fields='id')", "invalid-argument-type"),
    "a missing await, looped over": ("[f for f in list_user_factors('00u1')]", "not-iterable"),
    "a missing await, left alone": ("list_user_factors('00u1')", "unused-awaitable"),
    "a field that there is not": ("(await list_user_factors('00u1'))[0]['factortype']", "of type `UserFactor`"),
    "a field got that there is not": ("(await get_user('00u1')).get('stat')", "`User.get`"),
    "a field got with a default": ("(await get_user('00u1')).get('stat', '')", "`User.get`"),
    "a nested field that there is not": ("(await get_user('00u1'))['type']['name']", "of type `UserTypePart`"),
    "a nested field got": ("(await get_user('00u1')).get('type', {}).get('name')", 'found `Literal["name"]`'),
    "a nested field got, or none": (
        "((await get_user('00u1')).get('type') or {}).get('name')",
        'found `Literal["name"]`',
    ),
    "a field as an attribute": ("(await get_user('00u1')).status", "unresolved-attribute"),
    "a comparison of text and number": ("(await get_user('00u1'))['status'] > 3", "unsupported-operator"),
    "a field that may be missing": ("(await get_user('00u1')).get('status').lower()", "unresolved-attribute"),
    "an attempt not looked at": (
        "factors, why = await attempt(list_user_factors('00u1'))\n[f for f in factors]",
        "not-iterable",
    ),
    "an attempt without await": ("factors, why = attempt(list_user_factors('00u1'))", "not-iterable"),
    "an attempt of what was awaited": (
        "factors, why = await attempt(await list_user_factors('00u1'))",
        "invalid-argument-type",
    ),
    "a wrong field behind gather": (
        "import asyncio\n"
        "for rows in await asyncio.gather(*[list_user_factors(one) for one in ['00u1']]):\n"
        "    rows[0].get('nope')",
        "`UserFactor.get`",
    ),
    "a cursor forgotten": ("await list_group_users_page('00g1')", "missing-argument"),
    "the moment as a number": ("now - 3", "unsupported-operator"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_the_type_check_finds(monty: AsyncMonty, interface: ProgramInterface, mistake: str) -> None:
    program, rule = MISTAKES[mistake]
    assert rule in await complaint(monty, interface, program)


def test_what_nests_in_the_rows_of_few_endpoints_is_shown_to_the_writer() -> None:
    assert "class LogActor(TypedDict" in interface_of([Catalogue.load().endpoint("list_log_events")]).stubs


def test_what_nests_has_no_room_in_the_stubs_of_many(interface: ProgramInterface) -> None:
    assert "class UserTypePart(" not in interface.stubs
    assert "class UserTypePart(" in interface.checked_stubs


async def test_a_writer_is_told_of_a_wrong_key_in_plain_words(monty: AsyncMonty, interface: ProgramInterface) -> None:
    code = "user = await get_user('00u1')\nresult = [{'is': user['nope'],\n 'no': user.get('stat')}]"
    async with monty.checkout(**options(interface)) as session:
        told = [str(finding) for finding in await type_findings(session, code)]
    assert told == [
        "Line 2: `User` has no key `nope` (invalid-argument-type)",
        "Line 3: `User` has no key that `.get` asks for here (no-matching-overload)",
    ]


async def test_attributes_that_a_tenant_adds_to_a_profile_pass(monty: AsyncMonty) -> None:
    one = interface_of([Catalogue.load().endpoint("get_user")])
    assert "costCode" in await complaint(monty, one, "(await get_user('00u1'))['credentials']['costCode']")
    assert await complaint(monty, one, "(await get_user('00u1'))['profile']['costCode']") == ""


RIGHT = [
    "factors = await list_user_factors('00u1')\nresult = [factor['id'] for factor in factors]",
    "user = await get_user('00u1', fields=['id', 'profile.login'])\nresult = [user.get('profile', {}).get('costCode')]",
    "from datetime import timedelta\nresult = [(now - timedelta(days=90)).isoformat()]",
    "roles = await list_user_roles('00u1')\nresult = [role.get('resource-set') for role in roles]",
    "factors, unread = await attempt(list_user_factors('00u1'))\nresult = [one['id'] for one in factors or []]",
    "user = await get_user('00u1')\nuser['unread'] = None\nresult = [{**user, 'more': 1}, dict(user)]",
    "def of(user: dict[str, object]) -> object:\n    return user['id']\nresult = [of(await get_user('00u1'))]",
    "user = await get_user('00u1')\nresult = [user.get(key) for key in ('id', 'status')]",
    "user = await get_user('00u1')\nresult = [(user.get('type') or {}).get('id', '').lower(), len(user), 'id' in user]",
    "users = {user['id']: user for user in [await get_user('00u1')]}\nresult = [users['00u1'].get('type', {})['id']]",
]


@pytest.mark.parametrize("program", RIGHT)
async def test_the_type_check_lets_a_right_program_pass(
    monty: AsyncMonty, interface: ProgramInterface, program: str
) -> None:
    assert await complaint(monty, interface, program) == ""


def test_every_coroutine_is_costed(interface: ProgramInterface) -> None:
    assert dict(interface.functions) == {
        "list_user_factors": "one_call_each",
        "list_group_users": "one_call_each",
        "list_group_users_page": "one_call_each",
        "get_user": "one_call_each",
        "list_policies": "pages",
        "list_policies_page": "pages",
        "list_user_roles": "one_call_each",
    }
    assert set(re.findall(r"^async def (\w+)", interface.stubs, re.M)) == {
        *interface.functions,
        "load",
        "progress",
        "attempt",
    }


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("UserFactor", "members of the group Finance"),
        ("User", "users logged in in the last 7 days with their applications and groups"),
        ("GroupUser", "users in the group sso-super-admins with all their groups and applications"),
        ("LogEvent", "failed sign-ins of users"),
        ("Policy", "policies with their rules and the applications that they guard"),
        ("Device", "devices and their users"),
        ("AuthorizationServer", "authorization servers with scopes, claims and policies"),
    ],
)
def test_what_a_step_needs_fits_a_prompt(entity: str, text: str) -> None:
    chosen = EndpointFilter(Catalogue.load()).choose(entity, "list", text)
    assert len(interface_of(chosen).stubs) < 7_500


async def test_every_endpoint_has_stubs_and_a_prelude_that_the_engine_takes(monty: AsyncMonty) -> None:
    """All at once: a name twice, a keyword as an argument, a type that is no name would each be refused."""
    catalogue = Catalogue.load()
    endpoints = list(catalogue)
    for start in range(0, len(endpoints), 40):
        interface = interface_of(endpoints[start : start + 40])
        compile(interface.stubs, "stubs", "exec")
        compile(interface.checked_stubs, "stubs", "exec")
        compile(interface.prelude, "prelude", "exec")
        assert await complaint(monty, interface, "result = [now.isoformat()]") == ""
        async with monty.checkout() as session:
            await session.feed_run(interface.prelude)
