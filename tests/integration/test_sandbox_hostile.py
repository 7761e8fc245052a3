"""Hostile programs: each is stopped at the stage and for the reason that is expected, and the next program is well.

What the checks refuse is run past them as well, straight in the sandbox: the interpreter, its limits and the system's
wall hold by themselves.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from holdfast.api_step.calls import Calls, Scope
from holdfast.api_step.requests import UnreadableThing, read_from
from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.stubs import interface_of
from holdfast.errors import HoldfastError, ProgramFailed, ProgramOverLimit, ProgramRefused
from holdfast.sandbox.limits import SandboxLimits
from holdfast.sandbox.pool import Program, Sandbox
from tests.integration.sandbox_attacks import ATTACKS, Attack, Stage

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CATALOGUE = Catalogue.load()
ENDPOINTS = {one.name: one for one in (CATALOGUE.endpoint("list_users"), CATALOGUE.endpoint("list_user_factors"))}
INTERFACE = interface_of(list(ENDPOINTS.values()), CATALOGUE)
LIMITS = SandboxLimits(
    computing=timedelta(seconds=1), memory_bytes=32 << 20, recursion=100, result_bytes=1 << 20, calls=2_000
)
SECRET = "s3cret-of-this-process"
# One person's factors, whoever that may be: nothing else of the tenant is ever addressed.
ALLOWED_PATH = re.compile(r"/api/v1/users(/[A-Za-z0-9._~%!$&'()*+,=:@-]+/factors)?")


class Host:
    """The host's own end of the door; behind it stands no tenant, but a list of what would have been asked."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        scope = Scope(ENDPOINTS, self._load, NOW, 1 << 20)
        self._calls = Calls(cast(Any, None), cast(Any, None), scope)

    async def _load(self, step_id: str) -> bytes:
        if step_id != "1":
            raise ProgramFailed(f"There is no such step as {step_id!r}.")
        return b"[]"

    async def answer(self, name: str, arguments: str) -> str:
        await asyncio.sleep(0)
        if name in ("load", "progress"):
            return await self._calls.answer(name, arguments)
        try:
            self.paths.append(read_from(name, arguments, ENDPOINTS, NOW).path)
        except UnreadableThing as thing:
            return json.dumps({"refused": "not_found", "reason": str(thing)})
        return '{"value": []}'


@dataclass(frozen=True)
class Outcome:
    """Where a program was stopped, and in which words; its rows, where it was not."""

    stage: Stage
    words: str


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(processes=2) as made:
        yield made


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("A_SECRET", SECRET)
    return tmp_path


async def checked(sandbox: Sandbox, code: str) -> Outcome | None:
    try:
        await sandbox.check(code, INTERFACE)
    except ProgramRefused as refusal:
        return Outcome(
            "types" if re.search(r"\([a-z-]+\)$|must be a list of", str(refusal)) else "checks", str(refusal)
        )
    return None


async def run(sandbox: Sandbox, code: str, host: Host) -> Outcome:
    try:
        ran = await sandbox.run(Program(code, INTERFACE, NOW, 7), host.answer, LIMITS)
    except ProgramOverLimit as limit:
        return Outcome("limit", str(limit))
    except ProgramFailed as failure:
        words = str(failure)
        stage: Stage = (
            "run" if "went wrong as it ran" in words else "rows" if "The program ran, but" in words else "host"
        )
        return Outcome(stage, words)
    except HoldfastError as error:
        return Outcome("host", str(error))
    return Outcome("host" if "cannot be the id" in ran.result_json else "nothing", ran.result_json + ran.printed)


async def see_that_all_is_well(sandbox: Sandbox, host: Host, outcome: Outcome, out: Path) -> None:
    assert SECRET not in outcome.words
    assert [path.name for path in out.iterdir()] == ["secret"]
    assert all(ALLOWED_PATH.fullmatch(path) for path in host.paths), host.paths
    code = "result = [{'people': len(await load('1')), 'hour': now.hour, 'sum': sum(range(10))}]"
    next_one = await run(sandbox, code, Host())
    assert next_one == Outcome("nothing", '[{"people": 0, "hour": 12, "sum": 45}]')


def test_there_are_enough_of_them() -> None:
    assert len(ATTACKS) >= 100
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_a_hostile_program_is_stopped_where_and_why_it_is_expected(
    attack: Attack, sandbox: Sandbox, out: Path
) -> None:
    code, host = attack.program.format(out=out), Host()
    if "result" not in code:
        code = f"result = []\n{code}"
    outcome = await checked(sandbox, code) or await run(sandbox, code, host)
    assert outcome.stage == attack.stage, outcome
    assert attack.words in outcome.words, outcome
    await see_that_all_is_well(sandbox, host, outcome, out)


@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if attack.stage in ("checks", "types")], ids=lambda attack: attack.name
)
async def test_what_the_checks_refuse_gains_nothing_without_them(attack: Attack, sandbox: Sandbox, out: Path) -> None:
    host = Host()
    outcome = await run(sandbox, attack.program.format(out=out), host)
    if attack.alone is None:
        assert outcome.stage == "nothing", outcome
    else:
        assert outcome.stage != "nothing", outcome
        assert attack.alone in outcome.words, outcome
    await see_that_all_is_well(sandbox, host, outcome, out)


async def test_more_calls_at_the_same_time_than_the_host_can_hold_end_the_program(sandbox: Sandbox) -> None:
    begun: list[str] = []

    async def slow(name: str, text: str) -> str:
        begun.append(text)
        await asyncio.sleep(0.5)
        return json.dumps({"value": []})

    code = "import asyncio\nawait asyncio.gather(*[list_user_factors('u') for _ in range({})])\nresult = []"
    limits = replace(LIMITS, pending=100)
    with pytest.raises(ProgramOverLimit, match="more than 100 calls at the same time"):
        await sandbox.run(Program(code.format(300), INTERFACE, NOW, 7), slow, limits)
    assert len(begun) <= 100
    assert (await sandbox.run(Program(code.format(50), INTERFACE, NOW, 7), slow, limits)).result_json == "[]"


async def test_a_million_calls_at_once_leave_none_behind(sandbox: Sandbox) -> None:
    host = Host()
    limits = replace(LIMITS, calls=1_000)
    code = "import asyncio\nawait asyncio.gather(*[list_user_factors('u') for _ in range(5_000)])\nresult = []"
    with pytest.raises(ProgramOverLimit, match="more than 1,000 times"):
        await sandbox.run(Program(code, INTERFACE, NOW, 7), host.answer, limits)
    asked = len(host.paths)
    assert asked <= 1_000
    await asyncio.sleep(0)
    assert len(host.paths) == asked
