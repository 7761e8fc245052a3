"""A host for programs in the sandbox, which knows what it was asked, and what still is under way."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import psutil

from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.stubs import interface_of
from holdfast.sandbox.limits import SandboxLimits
from holdfast.sandbox.pool import Program, Ran, Sandbox

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CATALOGUE = Catalogue.load()
INTERFACE = interface_of([CATALOGUE.endpoint(name) for name in ("list_users", "list_user_factors")], CATALOGUE)
LIMITS = SandboxLimits(computing=timedelta(seconds=20), memory_bytes=64 << 20)

FAN_OUT = """\
import asyncio

async def row(person):
    factors, unread = await attempt(list_user_factors(person["user_id"]))
    return {"user_id": person["user_id"], "factors": factors, "unread": unread}

result = await asyncio.gather(*[row(person) for person in await load("people")])
"""


class Host:
    """Answers programs, and knows what was asked and what still is."""

    def __init__(self, *, people: int = 3, patient: bool = False) -> None:
        self.people = people
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.cancelled = 0
        self.patient = asyncio.Event()
        if not patient:
            self.patient.set()

    async def answer(self, name: str, arguments: str) -> str:
        self.asked.append((name, json.loads(arguments)))
        if name == "load":
            return json.dumps({"value": [{"user_id": f"00u{number}"} for number in range(self.people)]})
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.patient.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        if name == "list_user_factors" and self.asked[-1][1].get("path") == {"userId": "00u1"}:
            return json.dumps({"refused": "forbidden", "reason": "E0000006"})
        return json.dumps({"value": [{"factorType": "push"}]})


async def ran(sandbox: Sandbox, code: str, host: Host | None = None, limits: SandboxLimits = LIMITS) -> Ran:
    return await sandbox.run(Program(code, INTERFACE, NOW, 7), (host or Host()).answer, limits)


async def rows(sandbox: Sandbox, code: str, host: Host | None = None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((await ran(sandbox, code, host)).result_json)
    return found


async def eventually(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


def interpreters() -> list[int]:
    return [child.pid for child in psutil.Process().children() if child.name() == "monty"]
