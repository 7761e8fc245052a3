"""Programs run in processes of their own: what they see, what ends them, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from holdfast.errors import OktaRefused, ProgramFailed, ProgramOverLimit, SandboxDied
from holdfast.sandbox.limits import SandboxLimits
from holdfast.sandbox.pool import Program, Sandbox
from tests.integration.sandbox_host import FAN_OUT, INTERFACE, LIMITS, NOW, Host, eventually, interpreters, ran, rows


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(processes=4) as made:
        yield made


async def test_a_program_reads_by_its_interface_and_gives_its_rows(sandbox: Sandbox) -> None:
    host = Host(people=3)
    await sandbox.check(FAN_OUT, INTERFACE)
    assert await rows(sandbox, FAN_OUT, host) == [
        {"user_id": "00u0", "factors": [{"factorType": "push"}], "unread": None},
        {"user_id": "00u1", "factors": None, "unread": "E0000006"},
        {"user_id": "00u2", "factors": [{"factorType": "push"}], "unread": None},
    ]
    assert host.asked[0] == ("load", {"step_id": "people"})
    assert [name for name, _ in host.asked[1:]] == ["list_user_factors"] * 3


async def test_reads_that_are_gathered_are_under_way_together(sandbox: Sandbox) -> None:
    host = Host(people=200, patient=True)
    running = asyncio.create_task(ran(sandbox, FAN_OUT, host))
    await eventually(lambda: host.in_flight == 200)
    host.patient.set()
    assert len(json.loads((await running).result_json)) == 200


async def test_the_clock_stands_still_and_chance_is_the_same_each_time(sandbox: Sandbox) -> None:
    code = "import datetime, random\nimport time\nresult = [{'now': now.isoformat(), 'same': now == "
    code += "datetime.datetime.now(datetime.timezone.utc), 'time': time.time(), 'random': random.random()}]"
    first, second = await rows(sandbox, code), await rows(sandbox, code)
    assert first == second
    assert first[0]["now"] == NOW.isoformat()
    assert first[0]["same"] is True
    assert first[0]["time"] == NOW.timestamp()


async def test_sleeping_takes_no_time(sandbox: Sandbox) -> None:
    async with asyncio.timeout(30):
        assert (
            await rows(sandbox, "import asyncio, time\nawait asyncio.sleep(3600)\ntime.sleep(3600)\nresult = []") == []
        )


async def test_what_is_printed_comes_beside_the_rows(sandbox: Sandbox) -> None:
    run = await ran(sandbox, "print('one')\nresult = []\nprint('two')")
    assert (run.result_json, run.printed) == ("[]", "one\ntwo\n")
    assert run.seconds > 0


async def test_names_of_builtins_may_be_used_for_ones_own(sandbox: Sandbox) -> None:
    code = "list = 'a'\ndict = 'b'\nstr = type = len = isinstance = int = bool = 3\nresult = [{list: dict}]"
    await sandbox.check(code, INTERFACE)
    assert await rows(sandbox, code) == [{"a": "b"}]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("result = 3", "must be a list of records, and is of type int"),
        ("result = [3]", "each row of `result` must be a dictionary, and one is of type int"),
        ("result = [{1: 2}]", "keys of a record must be text, and one is of type int"),
        ("result = [{'a': [{'b': {None: 2}}]}]", "one is of type NoneType"),
        ("result = [{'a': float('inf')}]", "not JSON compliant"),
        ("result = [{'a': now}]", "datetime is not JSON serializable"),
        ("result = [{'a': {1, 2}}]", "set is not JSON serializable"),
        ("result = [{'a': 2**63}]", "more than 64 bits"),
        ("result = [{'a': -(2**63) - 1}]", "more than 64 bits"),
        ("x = []\nx.append(x)\nresult = [{'a': x}]", "Circular reference"),
        ("if not now:\n    result = []", "name 'result' is not defined"),
    ],
)
async def test_rows_that_are_none_say_what_they_are(sandbox: Sandbox, code: str, words: str) -> None:
    with pytest.raises(ProgramFailed) as failure:
        await ran(sandbox, code)
    assert words in str(failure.value)


async def test_numbers_at_the_edge_and_nested_values_are_kept(sandbox: Sandbox) -> None:
    code = "result = [{'a': 2**63 - 1, 'b': -(2**63), 'c': (1, [True, None, {'d': 'ä\\U0001f600'}])}]"
    assert await rows(sandbox, code) == [{"a": 2**63 - 1, "b": -(2**63), "c": [1, [True, None, {"d": "ä\U0001f600"}]]}]


async def test_a_program_that_raises_shows_its_own_lines(sandbox: Sandbox) -> None:
    code = "def share(row):\n    return row['done'] / row['all']\n\nresult = [{'share': share({'done': 1, 'all': 0})}]"
    with pytest.raises(ProgramFailed) as failure:
        await ran(sandbox, code)
    told = str(failure.value)
    assert 'File "the program", line 2, in share' in told
    assert "return row['done'] / row['all']" in told
    assert told.endswith("ZeroDivisionError: division by zero")


async def test_a_refusal_that_nobody_attempts_shows_its_reason(sandbox: Sandbox) -> None:
    with pytest.raises(ProgramFailed, match="PermissionError: E0000006"):
        await ran(sandbox, "await list_user_factors('00u1')\nresult = []")


@pytest.mark.parametrize(
    ("code", "limits", "words"),
    [
        ("while True:\n    pass", replace(LIMITS, computing=timedelta(seconds=1)), "computed longer than 1 s"),
        ("x = []\nwhile True:\n    x.append('x' * 1_000)", LIMITS, "more than 64 MiB of memory"),
        ("def f():\n    return f()\nf()", replace(LIMITS, recursion=50), "more than 50 deep"),
        ("while True:\n    print('x' * 100)", LIMITS, "prints more than 64 KiB"),
        ("result = [{'a': 'x' * 2_000}]", replace(LIMITS, result_bytes=1_000), "take more than"),
        ("while True:\n    await progress(1, 2)", replace(LIMITS, calls=50), "calls the host more than 50 times"),
    ],
    ids=["time", "memory", "recursion", "print", "result", "calls"],
)
async def test_each_limit_ends_a_program_and_is_named(
    sandbox: Sandbox, code: str, limits: SandboxLimits, words: str
) -> None:
    with pytest.raises(ProgramOverLimit, match=words):
        await ran(sandbox, code, limits=limits)
    assert await rows(sandbox, "result = [{'a': 1}]") == [{"a": 1}]


async def test_exactly_the_calls_that_are_allowed_are_made(sandbox: Sandbox) -> None:
    host = Host()
    with pytest.raises(ProgramOverLimit):
        await ran(sandbox, "while True:\n    await progress(1, 2)", host, replace(LIMITS, calls=50))
    assert len(host.asked) == 50


async def test_waiting_for_the_host_costs_no_computing_time(sandbox: Sandbox) -> None:
    host = Host(patient=True)
    limits = replace(LIMITS, computing=timedelta(seconds=0.5))
    running = asyncio.create_task(ran(sandbox, "await list_user_factors('a')\nresult = []", host, limits))
    await asyncio.sleep(1)
    host.patient.set()
    assert (await running).result_json == "[]"


async def test_what_the_host_raises_ends_the_program_which_cannot_catch_it(sandbox: Sandbox) -> None:
    host = Host()

    async def refuse(name: str, arguments: str) -> str:
        if name == "list_user_factors":
            raise OktaRefused("no", status=403)
        return await host.answer(name, arguments)

    code = "try:\n    await list_user_factors('a')\nexcept:\n    pass\nwhile True:\n    await progress(1, 1)"
    with pytest.raises(OktaRefused, match="no"):
        await sandbox.run(Program(code, INTERFACE, NOW, 7), refuse, LIMITS)
    assert host.asked == []


async def test_cancelling_a_run_cancels_its_reads(sandbox: Sandbox) -> None:
    host = Host(people=20, patient=True)
    running = asyncio.create_task(ran(sandbox, FAN_OUT, host))
    await eventually(lambda: host.in_flight == 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (host.in_flight, host.cancelled) == (0, 20)
    asked = len(host.asked)
    assert await rows(sandbox, "result = [{'a': 1}]") == [{"a": 1}]
    assert len(host.asked) == asked


async def test_a_call_that_its_host_gives_up_cancels_the_run(sandbox: Sandbox) -> None:
    async def give_up(name: str, arguments: str) -> str:
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    code = "try:\n    await list_user_factors('a')\nexcept:\n    pass\nwhile True:\n    pass"
    running = asyncio.create_task(sandbox.run(Program(code, INTERFACE, NOW, 7), give_up, LIMITS))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await rows(sandbox, "result = [{'a': 1}]") == [{"a": 1}]


async def test_a_run_that_is_cancelled_while_it_computes_ends_its_process() -> None:
    before = set(interpreters())
    async with Sandbox(processes=1) as made:
        host = Host()
        running = asyncio.create_task(ran(made, "await progress(1, 1)\nwhile True:\n    pass", host))
        await eventually(lambda: host.asked)
        mine = set(interpreters()) - before
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        # The one that checks programs stays.
        await eventually(lambda: len(mine & set(interpreters())) == 1)
        assert await rows(made, "result = [{'a': 1}]") == [{"a": 1}]


async def test_reads_that_are_under_way_when_a_program_fails_are_cancelled(sandbox: Sandbox) -> None:
    host = Host(patient=True)
    code = "import asyncio\nasync def wrong():\n    await load('people')\n    return {}['a']\n"
    code += "await asyncio.gather(list_user_factors('a'), list_user_factors('b'), wrong())\nresult = []"
    with pytest.raises(ProgramFailed, match="KeyError"):
        await ran(sandbox, code, host)
    assert (host.in_flight, host.cancelled) == (0, 2)


async def test_a_process_that_is_killed_is_told_and_replaced(sandbox: Sandbox) -> None:
    host = Host(patient=True)
    idle = set(interpreters())
    running = asyncio.create_task(ran(sandbox, "await list_user_factors('a')\nresult = []", host))
    await eventually(lambda: host.in_flight == 1)
    for pid in set(interpreters()) or idle:
        os.kill(pid, signal.SIGKILL)
    host.patient.set()
    with pytest.raises(SandboxDied, match="a new one is started"):
        await running
    assert await rows(sandbox, "result = [{'a': 1}]") == [{"a": 1}]


async def test_programs_beside_one_another_do_not_meet(sandbox: Sandbox) -> None:
    codes = [f"mine = {number}\nresult = [{{'n': mine}}]" for number in range(30)]
    found = await asyncio.gather(*(rows(sandbox, code) for code in codes))
    assert found == [[{"n": number}] for number in range(30)]
    with pytest.raises(ProgramFailed, match="name 'mine' is not defined"):
        await ran(sandbox, "result = [{'n': mine}]")


async def test_a_program_can_be_checked_while_all_processes_run_others(sandbox: Sandbox) -> None:
    host = Host(patient=True)
    running = [asyncio.create_task(ran(sandbox, "await list_users()\nresult = []", host)) for _ in range(4)]
    await eventually(lambda: host.in_flight == 4)
    await sandbox.check(FAN_OUT, INTERFACE)
    host.patient.set()
    await asyncio.gather(*running)


async def test_closing_leaves_no_process(sandbox: Sandbox) -> None:
    before = set(interpreters())
    async with Sandbox() as made:
        assert await rows(made, "result = []") == []
        mine = set(interpreters()) - before
        assert mine
    await eventually(lambda: not mine & set(interpreters()))
