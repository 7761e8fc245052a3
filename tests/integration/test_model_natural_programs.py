"""A program as models write them has its endpoints, passes the checks and gives rows; or its writer is told why not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.filter import EndpointFilter
from holdfast.catalogue.stubs import interface_of
from holdfast.demo import RunningTenant, TenantOptions, make_company, running
from holdfast.errors import ProgramRefused
from holdfast.sandbox.pool import Sandbox
from holdfast.sandbox.subset import BUILTINS
from tests.api_steps import Bench, program_run
from tests.demo_asker import UNLIMITED
from tests.integration.natural_programs import NATURAL

ENDPOINTS = EndpointFilter(Catalogue.load())
USERS = interface_of([Catalogue.load().endpoint(name) for name in ("list_users", "get_user")])


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
async def tenant() -> AsyncIterator[RunningTenant]:
    async with running(make_company(seed=7, users=120), TenantOptions(rate_limits=UNLIMITED)) as tenant:
        yield tenant


@pytest.mark.parametrize("name", NATURAL)
async def test_a_program_as_a_model_writes_it_gives_rows(
    name: str, sandbox: Sandbox, tenant: RunningTenant, tmp_path: Path
) -> None:
    natural = NATURAL[name]
    chosen = ENDPOINTS.choose(natural.entity, "list", natural.context)
    interface = interface_of(chosen)
    await sandbox.check(natural.code, interface)
    assert len(interface.stubs) <= 7_000
    bench = Bench(sandbox, tenant.url, tmp_path)
    columns = [(name, kind) for name, _, kind in (column.partition(":") for column in natural.columns.split())]
    endpoints = tuple(endpoint.name for endpoint in chosen)
    result = await bench.result(program_run(natural.code, columns, endpoints, now=datetime.now(UTC)))
    assert len(bench.rows(result)) >= natural.least


@pytest.mark.parametrize("builtin", sorted(BUILTINS))
async def test_the_type_checker_knows_every_name_that_a_program_may_use(builtin: str, sandbox: Sandbox) -> None:
    await sandbox.check(f"known = {builtin}\nresult = [{{'x': 1}}]", USERS)


async def test_what_may_be_refused_is_caught_by_its_name(sandbox: Sandbox) -> None:
    code = (
        "try:\n    user = await get_user('x')\n    result = [user]\nexcept PermissionError as error:\n    result = []\n"
    )
    await sandbox.check(code, USERS)


TOLD = {
    "result = sorted(await list_users(), key=lambda user: user.get('lastLogin'))": 'let the key end with `or ""`',
    "result = [{'x': user.get('lastLogin').lower()} for user in await list_users()]": "may be None here",
    "import asyncio\nlimit = asyncio.Semaphore(5)\nresult = []": "`asyncio` has no `Semaphore` here",
    "result = await list_users(limit=200)": "`limit` does not match any known parameter of function `list_users`",
    "from datetime import UTC\nresult = []": "`datetime` has no `UTC` here",
    "result = []\nasync for user in list_users():\n    result.append(user)": "await the list, then use `for`",
}


@pytest.mark.parametrize("code", TOLD)
async def test_a_program_that_is_refused_is_told_what_to_write_instead(code: str, sandbox: Sandbox) -> None:
    with pytest.raises(ProgramRefused) as refused:
        await sandbox.check(code, USERS)
    assert TOLD[code] in str(refused.value)
