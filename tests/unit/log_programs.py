"""Runs the programs of log questions over events in memory: in CPython, and in the sandbox where that is asked."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.answer import SnapshotRef
from holdfast.api_step.projection import fields_from, projected
from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.stubs import interface_of
from holdfast.contracts import StepRequest
from holdfast.offline.live.composing import Composed
from holdfast.offline.live.log.reading_events import stamp
from holdfast.offline.live.writer import compiled
from holdfast.plan import Plan
from holdfast.sandbox.limits import SandboxLimits
from holdfast.sandbox.pool import Program, Sandbox

Record = dict[str, Any]
Rows = Mapping[str, Sequence[Record]]
NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
PAGE = 3
PLACES = {
    "Berlin": ("Germany", 52.52, 13.405),
    "Lisbon": ("Portugal", 38.7223, -9.1393),
    "Austin": ("United States", 30.2672, -97.7431),
}


def program_of(plan: Plan) -> Composed:
    """The program of a plan's last step, which reads the log."""
    snapshot = SnapshotRef(id="1", synced_at=NOW)
    request = StepRequest(correlation_id="q", question="", snapshot=snapshot, step=plan.steps[-1], earlier=())
    return compiled(request)


def event(when: datetime, kind: str, actor: Record, **more: Any) -> Record:
    """An event as the tenant gives it; `more`: targets, result, reason, ip, city, debug."""
    city = more.get("city")
    country, latitude, longitude = PLACES[city] if city else (None, None, None)
    place = {"city": city, "country": country, "geolocation": {"lat": latitude, "lon": longitude}} if city else None
    return {
        "uuid": f"{when.timestamp()}-{kind}",
        "published": stamp(when),
        "eventType": kind,
        "displayMessage": more.get("message", "something happened"),
        "actor": actor,
        "target": more.get("targets"),
        "outcome": {"result": more.get("result", "SUCCESS"), "reason": more.get("reason")},
        "client": {"ipAddress": more.get("ip"), "geographicalContext": place, "userAgent": None, "zone": "null"},
        "debugContext": {"debugData": more.get("debug", {})},
    }


def thing(kind: str, identity: str, name: str, login: str = "unknown") -> Record:
    """An actor or a target."""
    return {"id": identity, "type": kind, "displayName": name, "alternateId": login}


class Tenant:
    """Answers what programs ask: a page of so few events that every answer has several.

    Okta does not say whether `until` itself belongs to a window. Here it does, so that programs must look themselves.
    """

    def __init__(self, events: Sequence[Record], rows: Rows | None = None) -> None:
        self._events = sorted(events, key=lambda one: one["published"])
        self._rows = rows or {}
        self.filters: list[str] = []

    async def load(self, step_id: str) -> list[Record]:
        return [dict(row) for row in self._rows[step_id]]

    async def page(self, cursor: str | None, **asked: Any) -> tuple[list[Record], str | None]:
        self.filters.append(asked["filter"])
        chosen = [
            one
            for one in self._events
            if asked["since"] <= one["published"] <= asked["until"] and fits(one, asked["filter"])
        ]
        if asked.get("sort_order") == "DESCENDING":
            chosen.reverse()
        begin = int(cursor or 0)
        fields = fields_from(asked["fields"])
        page = [projected(one, fields) for one in chosen[begin : begin + PAGE]]
        return page, str(begin + PAGE) if begin + PAGE < len(chosen) else None

    async def call(self, name: str, arguments: str) -> str:
        """The same through the door of a sandbox."""
        asked = json.loads(arguments)
        if name == "load":
            return json.dumps({"value": await self.load(asked["step_id"])})
        assert name == "list_log_events_page"
        query = asked["query"]
        given = {"filter": query["filter"], "since": query["since"], "until": query["until"]}
        rows, cursor = await self.page(
            asked["cursor"], **given, sort_order=query.get("sortOrder"), fields=asked["fields"]
        )
        return json.dumps({"value": {"rows": rows, "cursor": cursor}})


def ran(text: str, tenant: Tenant) -> list[Record]:
    """What the program leaves, run by Python itself."""
    code = compile(text, "program", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: Record = {"load": tenant.load, "list_log_events_page": tenant.page}
    waiting = eval(code, names)
    if waiting is not None:
        # Nothing of this tenant ever waits.
        with pytest.raises(StopIteration):
            waiting.send(None)
    rows: list[Record] = names["result"]
    return rows


async def ran_in_sandbox(text: str, tenant: Tenant, sandbox: Sandbox) -> list[Record]:
    """What it leaves where it is checked and run as in the product."""
    interface = interface_of([Catalogue.load().endpoint("list_log_events")])
    await sandbox.check(text, interface)
    program = Program(text, interface, NOW, 1)
    found = await sandbox.run(program, tenant.call, SandboxLimits())
    rows: list[Record] = json.loads(found.result_json)
    return rows


_WORD = re.compile(r'\s*("(?:\\.|[^"\\])*"|[()]|[^\s()]+)')


def fits(one: Record, expression: str) -> bool:
    """Whether an event is what a filter of `eq`, `and`, `or` and parentheses asks for."""
    words = _WORD.findall(expression)
    verdict, rest = _either(one, words)
    assert not rest, f"left over: {rest}"
    return verdict


def _either(one: Record, words: list[str]) -> tuple[bool, list[str]]:
    verdict, words = _both(one, words)
    while words[:1] == ["or"]:
        other, words = _both(one, words[1:])
        verdict = verdict or other
    return verdict, words


def _both(one: Record, words: list[str]) -> tuple[bool, list[str]]:
    verdict, words = _single(one, words)
    while words[:1] == ["and"]:
        other, words = _single(one, words[1:])
        verdict = verdict and other
    return verdict, words


def _single(one: Record, words: list[str]) -> tuple[bool, list[str]]:
    if words[0] == "(":
        verdict, rest = _either(one, words[1:])
        assert rest[0] == ")"
        return verdict, rest[1:]
    path, operator, value = words[:3]
    assert operator == "eq"
    return json.loads(value) in _values(one, path.split(".")), words[3:]


def _values(part: Any, path: list[str]) -> list[Any]:
    if isinstance(part, list):
        return [value for item in part for value in _values(item, path)]
    if not path:
        return [part]
    return _values(part.get(path[0]), path[1:]) if isinstance(part, dict) else []
