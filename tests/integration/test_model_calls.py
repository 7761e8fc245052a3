"""How a model is asked: what goes over the wire to each kind of provider, and what comes back of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from holdfast.answer import ModelUsage
from holdfast.errors import (
    ModelBudgetSpent,
    ModelOutputRejected,
    ModelRefused,
    ModelUnavailable,
    PlanRejected,
    SettingsError,
)
from holdfast.models.calls import Role, Task
from holdfast.presentation import Presentation
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger
from tests.model_servers import KEYS, MODELS, ModelServer, Refusal, Status, Text, Usage, Written, model_server
from tests.model_tasks import Count, asking, counting

PROVIDERS = tuple(MODELS)
PRICED = ("openai", "anthropic", "google")
RECIPE = {
    "source": "people",
    "operations": [
        {
            "op": "join",
            "step": "groups",
            "on": [{"left": "id", "right": "user_id"}],
            "take": [{"column": "group"}],
        },
        {
            "op": "filter",
            "any_of": [
                {"test": "compare", "column": "status", "operator": "=", "value": "ACTIVE"},
                {"test": "one_of", "column": "city", "values": ["Oslo", "Rome"]},
                {"test": "is_empty", "column": "manager", "negated": True},
            ],
        },
        {"op": "aggregate", "by": ["status"], "measures": [{"name": "people", "function": "count"}]},
        {"op": "top", "rows": 3},
    ],
    "summary": "{rows_out} statuses",
}


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


def not_odd(count: Count) -> None:
    if count.number % 2:
        raise PlanRejected(f"{count.number} is odd; give an even number.")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_one_request_brings_checked_output_with_its_author_and_its_price(
    server: ModelServer, provider: str
) -> None:
    server.will_answer(Written({"number": 4}, usage=Usage(1_000, 100)))
    settings = server.settings(provider)
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        asked = await calls.ask(Role.REASONING, counting(), ledger)
    assert asked.output == Count(number=4)
    assert asked.author == f"{provider}:{MODELS[provider]} with counter/v3"
    assert ledger.usage is not None
    assert (ledger.usage.calls, ledger.usage.input_tokens, ledger.usage.output_tokens) == (1, 1_000, 100)
    assert ledger.usage.unmeasured_calls == 0
    # Dollars for a million read and a million written, from the providers' price lists.
    per_million = {"openai": (1.75, 14.0), "anthropic": (5.0, 25.0), "google": (0.3, 2.5)}
    if provider == "local":
        assert ledger.usage.cost_usd is None
    else:
        read, written = per_million[provider]
        assert ledger.usage.cost_usd == pytest.approx((1_000 * read + 100 * written) / 1e6)
    assert len(server.requests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_request_holds_the_prompt_the_context_the_schema_and_the_limit(
    server: ModelServer, provider: str
) -> None:
    server.will_answer({"number": 4})
    settings = server.settings(provider, max_output_tokens=777)
    async with asking(settings) as calls:
        await calls.ask(Role.REASONING, counting(), Ledger.under(settings))
    (request,) = server.requests
    body = request.body
    system, user, limit, forced = {
        "openai": lambda: (body["instructions"], body["input"], body["max_output_tokens"], body["tool_choice"]),
        "local": lambda: (body["messages"][0], body["messages"][1], body["max_tokens"], body["tool_choice"]),
        "anthropic": lambda: (body["system"], body["messages"], body["max_tokens"], body["tool_choice"]["type"]),
        "google": lambda: (
            body["systemInstruction"],
            body["contents"],
            body["generationConfig"]["maxOutputTokens"],
            body["toolConfig"]["functionCallingConfig"]["mode"],
        ),
    }[provider]()
    assert "Count what is asked for." in json.dumps(system)
    assert "How many people are in Oslo?" in json.dumps(user)
    assert limit == 777
    assert forced in {"required", "any", "ANY"}
    assert set(request.tool["schema"]["properties"]) == {"number", "thing"}
    assert request.tool["schema"]["additionalProperties"] is False


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_key_travels_in_one_header_and_nowhere_else(server: ModelServer, provider: str) -> None:
    server.will_answer({"number": 4})
    settings = server.settings(provider)
    async with asking(settings) as calls:
        await calls.ask(Role.REASONING, counting(), Ledger.under(settings))
    (request,) = server.requests
    assert [name for name, value in request.headers.items() if KEYS[provider] in value] == [
        "x-goog-api-key" if provider == "google" else "authorization"
    ]
    assert KEYS[provider] not in request.path + request.text


async def test_a_local_server_without_a_key_is_asked_without_one(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEYS["openai"])
    server.will_answer({"number": 4})
    settings = ModelSettings(default=("local:qwen3",), local_url=server.address("local"))
    async with asking(settings) as calls:
        await calls.ask(Role.CODING, counting(), Ledger.under(settings))
    assert KEYS["openai"] not in json.dumps(dict(server.requests[0].headers))


async def test_openai_is_told_to_keep_nothing(server: ModelServer) -> None:
    server.will_answer({"number": 4})
    settings = server.settings("openai")
    async with asking(settings) as calls:
        await calls.ask(Role.REASONING, counting(), Ledger.under(settings))
    assert server.requests[0].body["store"] is False


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ({"number": "many"}, "valid integer"),
        ({"number": 4, "colour": "red"}, "Extra inputs are not permitted"),
        ({"number": 5}, "5 is odd; give an even number."),
        (Written('{"number": 4'), ""),
        (Text("There are four."), ""),
        (Text(""), ""),
    ],
    ids=["wrong type", "extra field", "refused by the check", "broken JSON", "words", "nothing"],
)
async def test_output_that_does_not_pass_is_asked_for_once_more_with_the_reason(
    server: ModelServer, provider: str, first: Any, reason: str
) -> None:
    server.will_answer(first, {"number": 6})
    settings = server.settings(provider)
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        asked = await calls.ask(Role.REASONING, counting(not_odd), ledger)
    assert asked.output == Count(number=6)
    assert len(server.requests) == 2
    assert reason in server.requests[1].text
    assert ledger.usage is not None
    assert ledger.usage.calls == 2
    assert ledger.usage.input_tokens == server.tokens


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_large_nested_recipe_comes_whole_through_every_provider(server: ModelServer, provider: str) -> None:
    server.will_answer(RECIPE)
    settings = server.settings(provider)
    async with asking(settings) as calls:
        asked = await calls.ask(Role.REASONING, Task("counter", "", Presentation), Ledger.under(settings))
    assert asked.output == Presentation.model_validate(RECIPE)
    schema = json.dumps(server.requests[0].tool["schema"])
    for kind in ("join", "filter", "aggregate", "compare", "one_of", "is_empty", "list_text"):
        assert f'"{kind}"' in schema


async def test_each_role_asks_its_own_models(server: ModelServer) -> None:
    server.always({"number": 4})
    settings = server.settings("openai", "local", default="openai:gpt-5.2", coding="local:qwen3")
    async with asking(settings) as calls:
        thought = await calls.ask(Role.REASONING, counting(), Ledger.under(settings))
        coded = await calls.ask(Role.CODING, counting(), Ledger.under(settings))
    assert [thought.author, coded.author] == ["openai:gpt-5.2 with counter/v3", "local:qwen3 with counter/v3"]
    assert [request.model for request in server.requests] == ["gpt-5.2", "qwen3"]


@pytest.mark.parametrize(
    ("replies", "requests"),
    [
        ([Status(503)], 1),
        ([Status(401)], 1),
        ([Refusal()], 1),
        ([Written('{"nu', cut_off=True)], 1),
        ([{"number": "x"}, {"number": "y"}], 2),
    ],
    ids=["unavailable", "wrong key", "refusal", "cut off", "twice invalid"],
)
async def test_the_next_model_is_asked_afresh_when_one_gives_nothing_usable(
    server: ModelServer, replies: list[Any], requests: int
) -> None:
    server.will_answer(*replies, model=MODELS["openai"])
    server.will_answer({"number": 4}, model=MODELS["anthropic"])
    settings = server.settings("openai", "anthropic", "google")
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        asked = await calls.ask(Role.REASONING, counting(), ledger)
    assert asked.author == "anthropic:claude-opus-5 with counter/v3"
    assert [request.provider for request in server.requests] == ["openai"] * requests + ["anthropic"]
    assert len(server.requests[-1].body["messages"]) == 1
    assert ledger.usage is not None
    assert ledger.usage.calls == requests + 1


async def test_when_all_are_unavailable_the_shortest_wait_is_told_and_every_model_named(server: ModelServer) -> None:
    server.will_answer(Status(429, {"Retry-After": "40"}), Status(503), Status(429, {"Retry-After": "7"}))
    settings = server.settings("openai", "anthropic", "google")
    async with asking(settings) as calls:
        with pytest.raises(ModelUnavailable) as failed:
            await calls.ask(Role.REASONING, counting(), Ledger.under(settings))
    assert failed.value.retry_after is not None
    assert failed.value.retry_after.total_seconds() == 7
    assert all(f"{name}:{MODELS[name]} is not available" in str(failed.value) for name in settings_names(settings))


def settings_names(settings: ModelSettings) -> list[str]:
    return [name.partition(":")[0] for name in settings.for_reasoning]


@pytest.mark.parametrize(
    ("first", "second", "error"),
    [
        (Status(401), Status(503), SettingsError),
        (Status(503), Refusal(), ModelRefused),
        (Status(404), Refusal(), ModelRefused),
        (Refusal(), Text("", cut_off=True), ModelOutputRejected),
    ],
)
async def test_a_failure_that_waiting_does_not_mend_is_permanent(
    server: ModelServer, first: Any, second: Any, error: type[Exception]
) -> None:
    server.will_answer(first, second)
    settings = server.settings("openai", "local")
    async with asking(settings) as calls:
        with pytest.raises(error) as failed:
            await calls.ask(Role.REASONING, counting(), Ledger.under(settings))
    assert "gpt-5.2" in str(failed.value)
    assert "qwen3" in str(failed.value)


@pytest.mark.parametrize("provider", ["openai", "google", "local"])
@pytest.mark.parametrize("usage", [None, Usage(0, 0)], ids=["none", "zeros"])
async def test_tokens_that_nobody_tells_are_unknown_and_so_is_the_price(
    server: ModelServer, provider: str, usage: Usage | None
) -> None:
    server.will_answer(Written({"number": 4}, usage=usage))
    settings = server.settings(provider, max_cost_usd=0.01)
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        await calls.ask(Role.REASONING, counting(), ledger)
    assert ledger.usage == ModelUsage(calls=1, input_tokens=0, output_tokens=0, cost_usd=None, unmeasured_calls=1)


@pytest.mark.parametrize("provider", PRICED)
async def test_a_model_without_a_known_price_costs_an_unknown_sum_and_not_nothing(
    server: ModelServer, provider: str
) -> None:
    server.will_answer(Written({"number": 4}, usage=Usage(1_000, 100)))
    settings = server.settings(provider, default=f"{provider}:acme-9000", max_cost_usd=0.01)
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        await calls.ask(Role.REASONING, counting(), ledger)
    assert ledger.usage == ModelUsage(calls=1, input_tokens=1_000, output_tokens=100, cost_usd=None)


async def test_a_local_model_that_is_called_like_a_priced_one_has_no_price(server: ModelServer) -> None:
    server.will_answer(Written({"number": 4}, usage=Usage(1_000, 100)))
    settings = server.settings("local", default="local:gpt-5.2")
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        await calls.ask(Role.REASONING, counting(), ledger)
    assert ledger.usage is not None
    assert ledger.usage.cost_usd is None


async def test_a_sum_with_an_unknown_part_is_unknown(server: ModelServer) -> None:
    server.will_answer(Text("no", usage=Usage(10, 1)), Text("no", usage=Usage(20, 1)), {"number": 4})
    settings = server.settings("openai", "local")
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        await calls.ask(Role.REASONING, counting(), ledger)
    assert ledger.usage is not None
    assert (ledger.usage.calls, ledger.usage.cost_usd) == (3, None)


async def test_what_was_used_is_written_down_also_where_nothing_came_of_it(server: ModelServer) -> None:
    server.will_answer(Text("no", usage=Usage(1_000, 10)), Text("no", usage=Usage(2_000, 10)))
    settings = server.settings("openai")
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        with pytest.raises(ModelOutputRejected):
            await calls.ask(Role.REASONING, counting(), ledger)
    assert ledger.usage is not None
    assert (ledger.usage.calls, ledger.usage.tokens) == (2, 3_020)
    assert ledger.usage.cost_usd == pytest.approx((3_000 * 1.75 + 20 * 14.0) / 1e6)


async def test_a_request_that_was_refused_by_its_status_costs_nothing(server: ModelServer) -> None:
    server.will_answer(Status(429))
    settings = server.settings("openai")
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        with pytest.raises(ModelUnavailable):
            await calls.ask(Role.REASONING, counting(), ledger)
    assert ledger.usage == ModelUsage(calls=1, input_tokens=0, output_tokens=0, cost_usd=0.0)


SPENT = ModelUsage(calls=3, input_tokens=900, output_tokens=100, cost_usd=0.5)


@pytest.mark.parametrize(("limit", "named"), [({"max_tokens": 1_000}, "MAX_TOKENS"), ({"max_cost_usd": 0.5}, "COST")])
async def test_nothing_is_asked_when_the_question_has_spent_its_limit(
    server: ModelServer, limit: dict[str, Any], named: str
) -> None:
    settings = server.settings("openai", "anthropic", **limit)
    async with asking(settings) as calls:
        with pytest.raises(ModelBudgetSpent, match=named):
            await calls.ask(Role.REASONING, counting(), Ledger.under(settings, SPENT))
    assert server.requests == []


@pytest.mark.parametrize("limit", [{"max_tokens": 2_000}, {"max_cost_usd": 0.002}], ids=["tokens", "cost"])
async def test_neither_a_repair_nor_another_model_is_asked_beyond_the_limit(
    server: ModelServer, limit: dict[str, Any]
) -> None:
    server.will_answer(Text("no", usage=Usage(1_990, 10)))
    settings = server.settings("openai", "anthropic", **limit)
    ledger = Ledger.under(settings)
    async with asking(settings) as calls:
        with pytest.raises(ModelBudgetSpent):
            await calls.ask(Role.REASONING, counting(), ledger)
    assert len(server.requests) == 1
    assert ledger.usage is not None
    assert ledger.usage.tokens == 2_000


async def test_the_limit_of_tokens_holds_where_no_price_is_known(server: ModelServer) -> None:
    server.will_answer(Text("no", usage=Usage(1_990, 10)))
    settings = server.settings("local", max_tokens=2_000, max_cost_usd=0.000001)
    async with asking(settings) as calls:
        with pytest.raises(ModelBudgetSpent, match="MAX_TOKENS"):
            await calls.ask(Role.REASONING, counting(), Ledger.under(settings))


def test_a_worker_without_models_imports_no_provider() -> None:
    program = (
        "import sys, holdfast.engines, holdfast.settings as s;"
        "holdfast.engines.engines_from(s.Settings());"
        "print([m for m in ('pydantic_ai', 'openai', 'anthropic', 'google.genai') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_local_model_alone_imports_no_other_provider() -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from holdfast.models.calls import ModelCalls; from holdfast.prompts import PromptLibrary;"
        "from holdfast.settings import ModelSettings;"
        "ModelCalls(ModelSettings(default=('local:a',), local_url='http://127.0.0.1:1/v1'), PromptLibrary(Path()));"
        "print([m for m in ('openai', 'anthropic', 'google.genai') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "['openai']"
