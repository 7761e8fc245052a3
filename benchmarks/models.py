"""Tokens of questions that models answer, counted on the wire, over tenants and answers of any size.

The models are scripted and stand on this machine; the client libraries, what they send and what comes of it are the
product's. Tokens are estimated as bytes divided by four (`tests.model_servers`), of the tools' schemas and the outputs
too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measurement import Measurement
from evaluation.asking import Asked, Asker
from evaluation.tenant import NOW, DemoTenant, demo_tenant
from holdfast.answer import Outcome
from holdfast.engines import engines_from
from holdfast.settings import load_settings
from tests.model_servers import MODELS, ModelServer, Request, model_server

MOST_TOKENS = 8_000
MOST_FORMATTING_TOKENS = 2_500
SMALL, LARGE = 300, 10_000

Json = dict[str, Any]
_TELLING = {"asks_for_change": "preplanner", "ask_back": "planner", "query": "cypher_writer", "source": "formatter"}


def agent_of(request: Request) -> str:
    """Which engine asks, by a slot that only its output has."""
    slots = request.tool["schema"]["properties"]
    [agent] = [agent for slot, agent in _TELLING.items() if slot in slots]
    return agent


@dataclass(frozen=True)
class Typical:
    """A question and what a good model would write at each stage; `steps` are what each finds and its query."""

    question: str
    understood_as: str
    steps: Mapping[str, tuple[str, str]]
    recipe: Json

    @property
    def outputs(self) -> dict[str, list[Json]]:
        """By engine, what it writes when it is asked for the first, the second … time."""
        reading = {"intent": self.understood_as, "asks_for_change": False, "ambiguities": []}
        queries = [{"explanation": said, "query": query} for said, query in self.steps.values()]
        return {
            "preplanner": [reading],
            "planner": [self._plan()],
            "cypher_writer": queries,
            "formatter": [self.recipe],
        }

    def script(self) -> Callable[[Request], Json]:
        """Answers each engine in its turn."""
        turns: dict[str, Iterator[Json]] = {agent: iter(outputs) for agent, outputs in self.outputs.items()}
        return lambda request: next(turns[agent_of(request)])

    def _plan(self) -> Json:
        before: list[str] = []
        steps = []
        for name, (said, _) in self.steps.items():
            step = {"id": name, "tool": "cypher", "entity": "user", "operation": "list", "query_context": said}
            steps.append({**step, "depends_on": list(before), "critical": True, "reasoning": "It is asked for."})
            before.append(name)
        return {
            "understood_as": self.understood_as,
            "reasoning": "One query for each list.",
            "steps": steps,
            "partial_success_acceptable": False,
            "confidence": 0.95,
            "cannot_answer": None,
            "ask_back": None,
        }


_PEOPLE = (
    "One row for each user whose department is Engineering and whose status is ACTIVE, with the last sign-in, ordered "
    "by login.",
    "MATCH (u:User) WHERE u.department = 'Engineering' AND u.status = 'ACTIVE' "
    "RETURN u.id AS user_id, u.login AS login, u.display_name AS name, u.status AS status, "
    "u.department AS department, u.title AS title, u.last_login AS last_login ORDER BY login",
)
LISTED = Typical(
    question="Which active people are in the Engineering department, and when did they last sign in?",
    understood_as="Active people in the Engineering department, with their last sign-in",
    steps={"people": _PEOPLE},
    recipe={
        "source": "people",
        "columns": [{"column": "login", "heading": "Login"}, {"column": "last_login", "if_empty": "never"}],
        "summary": "{rows:active person is|active people are} in Engineering.",
        "when_empty": "Nobody active is in Engineering.",
    },
)
EVERYBODY = Typical(
    question="List everybody with their last sign-in",
    understood_as="People of every status, with their last sign-in",
    steps={
        "people": (
            "One row for each user of any status, with the last sign-in, ordered by login.",
            "MATCH (u:User) RETURN u.id AS user_id, u.login AS login, u.display_name AS name, u.status AS status, "
            "u.department AS department, u.title AS title, u.last_login AS last_login ORDER BY login",
        )
    },
    recipe={
        "source": "people",
        "columns": [{"column": "login"}, {"column": "status"}, {"column": "last_login", "if_empty": "never"}],
        "summary": "{rows:person|people}.",
    },
)
BESIDE = Typical(
    question="Which active people are in the Engineering department, and in which groups are they?",
    understood_as="Active people in the Engineering department, with their groups",
    steps={
        "people": _PEOPLE,
        "groups": (
            "One row for each group of each of these people: id of the person, name of the group.",
            "MATCH (u:User)-[:MEMBER_OF]->(g:Group) WHERE u.department = 'Engineering' AND u.status = 'ACTIVE' "
            "RETURN u.id AS user_id, g.id AS group_id, g.name AS group_name ORDER BY group_name",
        ),
    },
    recipe={
        "source": "people",
        "joins": [
            {
                "step": "groups",
                "on": [{"left": "user_id", "right": "user_id"}],
                "take": [{"column": "group_name"}],
            }
        ],
        "columns": [{"column": "login"}, {"column": "group_name", "heading": "Groups"}],
        "summary": "{rows:active person is|active people are} in Engineering.",
    },
)


async def measure(folder: Path) -> list[Measurement]:
    """One list at each provider, then larger tenants, more rows and more steps."""
    small, large = demo_tenant(7, SMALL, folder / "small"), demo_tenant(7, LARGE, folder / "large")
    found = []
    async with model_server() as server:
        for provider in MODELS:
            spent = await _spent(server, LISTED, small, provider)
            found.append(_tokens(f"one list, four calls, {provider}", sum(spent.values()), MOST_TOKENS))
        found += [
            _tokens(f"of that the {agent}", tokens, MOST_FORMATTING_TOKENS if agent == "formatter" else None)
            for agent, tokens in spent.items()
        ]
        for title, typical, tenant in (
            (f"the same in a tenant of {LARGE:,}", LISTED, large),
            (f"everybody, {SMALL:,} rows", EVERYBODY, small),
            (f"everybody, {LARGE:,} rows", EVERYBODY, large),
        ):
            found.append(_tokens(title, sum((await _spent(server, typical, tenant)).values()), MOST_TOKENS))
        beside = await _spent(server, BESIDE, small)
        found.append(_tokens("two lists side by side, five calls", sum(beside.values()), None))
    return found


def _tokens(name: str, tokens: int, target: int | None) -> Measurement:
    return Measurement(name=name, value=tokens, unit="tokens", target=target, note="bytes / 4")


async def _spent(server: ModelServer, typical: Typical, tenant: DemoTenant, provider: str = "openai") -> dict[str, int]:
    """Tokens read and written by each engine."""
    before = len(server.requests)
    asked = await ask(server, typical, tenant, provider)
    assert asked.usage is not None
    spent: dict[str, int] = {}
    for request in server.requests[before:]:
        spent[agent_of(request)] = spent.get(agent_of(request), 0) + request.tokens
    written = asked.usage.output_tokens
    return {**spent, "outputs": written}


async def ask(server: ModelServer, typical: Typical, tenant: DemoTenant, provider: str) -> Asked:
    """The question, answered by the product's own activities."""
    settings = load_settings(data_dir=tenant.directory).model_copy(update={"models": server.settings(provider)})
    engines = engines_from(settings, lambda: NOW)
    asker = Asker(settings, engines)
    server.always(typical.script())
    try:
        asked = await asker.ask(typical.question)
        assert asked.outcome is Outcome.ANSWERED, asked.message
        return asked
    finally:
        await asker.close()
        await engines.close()
