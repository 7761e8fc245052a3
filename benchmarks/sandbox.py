"""The sandbox: judging a program, starting it warm, and what ten thousand calls of its host cost beside the waiting."""

from __future__ import annotations

import asyncio
import json
import statistics
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measurement import Measurement, seconds_of
from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.stubs import interface_of
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.limits import SandboxLimits
from holdfast.sandbox.pool import Program, Sandbox

# What a question for people's factors comes to.
FAN_OUT = """\
import asyncio
from collections import Counter

done = Counter()
people = await load("people")


async def row(person):
    factors, unread = await attempt(list_user_factors(person["user_id"], fields=("factorType", "provider")))
    done["people"] += 1
    if done["people"] % 500 == 0:
        await progress(done["people"], len(people))
    if factors is None:
        return {"login": person["login"], "factors": None, "unread": unread}
    kinds = sorted({factor.get("factorType", "").lower() for factor in factors})
    return {"login": person["login"], "factors": ", ".join(kinds), "unread": None}


result = sorted(await asyncio.gather(*[row(person) for person in people]), key=lambda row: row["login"])
"""
ENDPOINTS = ("list_users", "get_user", "list_user_factors", "list_group_users")
CHECKS = 100
RUNS = 200
CALLS = 10_000
LATENCY_SECONDS = 0.1
AT_A_TIME = 50


async def measure(folder: Path) -> list[Measurement]:
    """Medians; for the calls the wall time over its ideal, which is latency times calls by those at a time."""
    del folder
    catalogue = Catalogue.load()
    interface = interface_of([catalogue.endpoint(name) for name in ENDPOINTS], catalogue)
    async with Sandbox() as sandbox:
        return [await _checks(sandbox, interface), await _warm(sandbox, interface), await _calls(sandbox, interface)]


async def _checks(sandbox: Sandbox, interface: ProgramInterface) -> Measurement:
    await sandbox.check(FAN_OUT, interface)
    times = [await seconds_of(lambda: sandbox.check(FAN_OUT, interface)) for _ in range(CHECKS)]
    note = f"median of {CHECKS}, subset and types; {len(interface.stubs):,} characters of stubs"
    return Measurement(
        name="checks of a program", value=statistics.median(times) * 1e3, unit="ms", target=40, note=note
    )


async def _warm(sandbox: Sandbox, interface: ProgramInterface) -> Measurement:
    async def nobody(name: str, arguments: str) -> str:
        raise AssertionError(f"{name} is not asked")

    program = Program("result = []", interface, datetime.now(UTC), 1)
    await sandbox.run(program, nobody, SandboxLimits())
    times = [await seconds_of(lambda: sandbox.run(program, nobody, SandboxLimits())) for _ in range(RUNS)]
    note = f"median of {RUNS}: a whole run of an empty program"
    return Measurement(name="warm sandbox", value=statistics.median(times) * 1e3, unit="ms", target=5, note=note)


async def _calls(sandbox: Sandbox, interface: ProgramInterface) -> Measurement:
    people = [{"user_id": f"00u{number}", "login": f"user{number}@example.com"} for number in range(CALLS)]
    turn = asyncio.Semaphore(AT_A_TIME)

    async def host(name: str, arguments: str) -> str:
        match name:
            case "load":
                return json.dumps({"value": people})
            case "progress":
                return '{"value": null}'
        async with turn:
            await asyncio.sleep(LATENCY_SECONDS)
        return '{"value": [{"factorType": "push", "provider": "OKTA"}]}'

    program = Program(FAN_OUT, interface, datetime.now(UTC), 1)
    seconds = await seconds_of(lambda: sandbox.run(program, host, SandboxLimits()))
    ideal = CALLS * LATENCY_SECONDS / AT_A_TIME
    note = f"{CALLS:,} calls at {LATENCY_SECONDS * 1e3:g} ms, {AT_A_TIME} at a time: {seconds:.2f} s of {ideal:g} s"
    return Measurement(name="calls, over the ideal", value=seconds / ideal, unit="×", target=1.05, note=note)
