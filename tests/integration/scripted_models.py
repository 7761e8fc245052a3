"""What scripted models write about the sample tenant, and how a question goes through the engines that ask them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from holdfast.answer import StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import StepRequest
from holdfast.cypher_step import CypherStepRunner
from holdfast.engines import Engines, engines_from
from holdfast.graph.snapshots import SnapshotStore
from holdfast.plan import CypherStep
from holdfast.planner import Understanding
from holdfast.query_worker import QueryPool
from holdfast.settings import ModelSettings, Settings, load_settings
from holdfast.spending import Ledger
from tests.model_servers import ModelServer, Request

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
QUESTION = "Who can open Payroll?"
READING: dict[str, Any] = {"intent": "People who can open Payroll.", "asks_for_change": False, "ambiguities": []}
STEP: dict[str, Any] = {
    "id": "people",
    "tool": "cypher",
    "special": None,
    "entity": "user",
    "operation": "list",
    "query_context": "One row for each person who can open the application Payroll (id 0oa1), ordered by login.",
    "depends_on": [],
    "critical": True,
    "reasoning": "The question itself.",
}
PLAN: dict[str, Any] = {
    "understood_as": "People who can open Payroll.",
    "reasoning": "One query finds them.",
    "steps": [STEP],
    "partial_success_acceptable": False,
    "confidence": 0.9,
    "cannot_answer": None,
    "ask_back": None,
}
QUERY: dict[str, Any] = {
    "explanation": "Everybody whom the tenant lists for the application.",
    "query": "MATCH (u:User)-[:HAS_ACCESS]->(a:Application) WHERE a.id = '0oa1' AND u.status <> 'DEPROVISIONED' "
    "RETURN u.id AS user_id, u.login AS login ORDER BY login",
}
_BLOCK = re.compile(r'<data ([0-9a-f]{10}) kind="([^"]*)">\n(.*?)\n</data \1>', re.DOTALL)


def written(query: str) -> dict[str, Any]:
    """A query as a model writes it."""
    return {"explanation": "It finds them.", "query": query}


def planned(**changes: Any) -> dict[str, Any]:
    """The plan, changed."""
    return {**PLAN, **changes}


def instructions(request: Request) -> str:
    """The part of a request that is the prompt, as its provider carries it."""
    body = request.body
    match request.provider:
        case "openai":
            return str(body["instructions"])
        case "anthropic":
            system = body["system"]
            return system if isinstance(system, str) else "".join(part["text"] for part in system)
        case "google":
            return "".join(part["text"] for part in body["systemInstruction"]["parts"])
        case _:
            return "".join(m["content"] for m in body["messages"] if m["role"] == "system")


def told(request: Request) -> str:
    """The part of a request that is the context."""
    body = request.body
    match request.provider:
        case "openai":
            content = body["input"][0]["content"]
        case "google":
            return "".join(part["text"] for part in body["contents"][0]["parts"])
        case _:
            content = next(m["content"] for m in body["messages"] if m["role"] == "user")
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def blocks(request: Request) -> dict[str, str]:
    """What stands in the marked blocks of a request, by kind."""
    return {kind: inside for _, kind, inside in _BLOCK.findall(told(request))}


def outside(request: Request) -> str:
    """What stands outside the marked blocks."""
    return _BLOCK.sub(r"<\2>", told(request))


@dataclass
class Way:
    """A question's way through engines, over one snapshot store."""

    engines: Engines
    settings: Settings
    pool: QueryPool
    ledger: Ledger

    async def plan(self, question: str = QUESTION) -> Understanding:
        snapshot = SnapshotStore(self.settings.data_dir / "graph").current()
        return await self.engines.planner.plan(question, snapshot, self.ledger)

    async def run(self, step: dict[str, Any] = STEP, question: str = QUESTION) -> StepResult:
        """A step of a model's plan, through the runner that asks again where the engine refuses."""
        store = SnapshotStore(self.settings.data_dir / "graph")
        artifacts = ArtifactStore(self.settings.data_dir / "artifacts")
        runner = CypherStepRunner(self.engines.writer, store, self.pool, artifacts)
        request = StepRequest(
            correlation_id="q", question=question, snapshot=store.current().ref,
            step=CypherStep.model_validate(step), earlier=(),
        )  # fmt: skip
        return await runner.run(request, self.ledger)


@asynccontextmanager
async def way(data_dir: Path, models: ModelSettings, seconds: float = 20) -> AsyncIterator[Way]:
    """Engines by the settings over the snapshot in `data_dir`; queries may run for `seconds`."""
    settings = load_settings(data_dir=data_dir).model_copy(update={"models": models})
    engines = engines_from(settings, lambda: NOW)
    pool = QueryPool(
        engine="ladybug", size=1, timeout=timedelta(seconds=seconds), memory_bytes=1 << 29, max_rows=100_000
    )
    try:
        yield Way(engines, settings, pool, Ledger.under(models))
    finally:
        await pool.close()
        await engines.close()


def asked_agents(server: ModelServer) -> list[str]:
    """Which prompt each request carried, by its first words."""
    firsts = {"You are the first reader": "preplanner", "You plan how": "planner", "You write one Cypher": "writer"}
    return [next(a for first, a in firsts.items() if instructions(r).startswith(first)) for r in server.requests]
