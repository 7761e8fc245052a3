"""Everything that can go wrong between us and a model, over the wire of each kind of provider."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import product
from typing import Any, NamedTuple

import pytest
from structlog.testing import capture_logs

from holdfast.errors import (
    HoldfastError,
    ModelOutputRejected,
    ModelRefused,
    ModelUnavailable,
    PlanRejected,
    SettingsError,
    TransientError,
)
from holdfast.models.calls import Role
from holdfast.models.providers import MAX_REPLY_BYTES
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger
from tests.model_servers import (
    KEYS,
    MODELS,
    Dropped,
    Hang,
    ModelServer,
    Raw,
    Refusal,
    Request,
    Status,
    Text,
    Written,
    model_server,
    reply_body,
)
from tests.model_tasks import Count, asking, counting

PROVIDERS = tuple(MODELS)


class Case(NamedTuple):
    replies: tuple[Any, ...]
    error: type[HoldfastError]
    said: str
    requests: int = 1


TWICE = "also after it was told why"
CASES = {
    "broken JSON twice": Case((Written('{"number'), Written('{"number": 4')), ModelOutputRejected, TWICE, 2),
    "wrong type twice": Case(({"number": "x"}, {"number": "y"}), ModelOutputRejected, "number: Input should be", 2),
    "extra field twice": Case(({"number": 4, "a": 1}, {"number": 4, "b": 1}), ModelOutputRejected, "b: Extra", 2),
    "refused twice by the check": Case(({"number": 3}, {"number": 5}), ModelOutputRejected, "5 is odd", 2),
    "words twice": Case((Text("four"), Text("five")), ModelOutputRejected, TWICE, 2),
    "nothing twice": Case((Text(""), Text("")), ModelOutputRejected, TWICE, 2),
    "refusal": Case((Refusal(),), ModelRefused, "would not answer"),
    "filtered": Case((Refusal(filtered=True),), ModelRefused, "would not answer"),
    "refusal after a repair": Case(({"number": "x"}, Refusal()), ModelRefused, "would not answer", 2),
    "cut off in the call": Case((Written('{"nu', cut_off=True),), ModelOutputRejected, "MODELS__MAX_OUTPUT_TOKENS"),
    "cut off in words": Case((Text("fo", cut_off=True),), ModelOutputRejected, "MODELS__MAX_OUTPUT_TOKENS"),
    "cut off before a word": Case((Text("", cut_off=True),), ModelOutputRejected, "MODELS__MAX_OUTPUT_TOKENS"),
    "429": Case((Status(429),), ModelUnavailable, "HTTP 429"),
    "408": Case((Status(408),), ModelUnavailable, "HTTP 408"),
    "500": Case((Status(500),), ModelUnavailable, "HTTP 500"),
    "502": Case((Status(502),), ModelUnavailable, "HTTP 502"),
    "503": Case((Status(503, message="overloaded"),), ModelUnavailable, "HTTP 503"),
    "529": Case((Status(529, kind="overloaded_error"),), ModelUnavailable, "HTTP 529"),
    "503 after a repair": Case((Text("four"), Status(503)), ModelUnavailable, "HTTP 503", 2),
    "401": Case((Status(401),), SettingsError, "_API_KEY"),
    "403": Case((Status(403),), SettingsError, "_API_KEY"),
    "404": Case((Status(404),), SettingsError, "HOLDFAST_MODELS__"),
    "400": Case((Status(400, message="no tools here"),), ModelRefused, "no tools here"),
    "413": Case((Status(413, message="too much"),), ModelRefused, "too much"),
    "redirect": Case((Status(307, {"Location": "/elsewhere"}),), SettingsError, "_URL"),
    "no answer": Case((Hang(),), ModelUnavailable, "HOLDFAST_MODELS__TIMEOUT"),
    "a byte now and then": Case((Hang(trickle=True),), ModelUnavailable, "HOLDFAST_MODELS__TIMEOUT"),
    "dropped": Case((Dropped(),), ModelUnavailable, "broke off"),
    "dropped in the middle": Case((Dropped(midway=True),), ModelUnavailable, "broke off"),
    "huge": Case((Raw(b'{"id": "' + b"x" * MAX_REPLY_BYTES + b'"}'),), ModelOutputRejected, "too large"),
    "packed": Case(
        (Raw(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}),), ModelOutputRejected, "packed"
    ),
    "a web page": Case((Raw(b"<html>Welcome</html>", "text/html"),), ModelUnavailable, "not available"),
    "broken reply": Case((Raw(b'{"id": "resp'),), ModelUnavailable, "not available"),
}


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


def not_odd(count: Count) -> None:
    if count.number % 2:
        raise PlanRejected(f"{count.number} is odd")


def hasty(server: ModelServer, provider: str, replies: Sequence[Any]) -> ModelSettings:
    """Settings that wait long for nobody who hangs; whoever answers has time on a busy machine."""
    server.will_answer(*replies)
    hangs = any(isinstance(reply, Hang) for reply in replies)
    return server.settings(provider, timeout=1 if hangs else 60)


TOOL = {"name": "final_result", "parameters": {}}
TOOLS: dict[str, Any] = {"openai": TOOL, "anthropic": {"name": "final_result", "input_schema": {}}}
TOOLS |= {"local": {"function": TOOL}, "google": {"functionDeclarations": [TOOL]}}


async def failed(server: ModelServer, models: ModelSettings, ledger: Ledger) -> HoldfastError:
    async with asking(models) as calls:
        with pytest.raises(HoldfastError) as caught:
            await calls.ask(Role.REASONING, counting(not_odd), ledger)
    return caught.value


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_failure_has_its_error_its_sentence_and_no_request_too_many(
    server: ModelServer, caplog: pytest.LogCaptureFixture, provider: str, case: Case
) -> None:
    # More than the worker writes down: what the clients log for those who look for defects.
    caplog.set_level(logging.DEBUG)
    models = hasty(server, provider, case.replies)
    ledger = Ledger.under(models)
    with capture_logs() as lines:
        error = await failed(server, models, ledger)
    assert type(error) is case.error
    assert case.said in str(error)
    assert MODELS[provider] in str(error) or provider in str(error)
    assert len(server.requests) == case.requests
    assert ledger.usage is not None
    assert ledger.usage.calls == case.requests
    calls = [line for line in lines if line["event"] == "model_call"]
    assert [line["model"] for line in calls] == [f"{provider}:{MODELS[provider]}"] * case.requests
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = [caplog.text, str(lines), repr(error), str(error), "".join(traceback.format_exception(error))]
    assert not any(KEYS[provider] in text for text in shown)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_server_that_cannot_be_reached_is_unavailable_and_costs_nothing(provider: str) -> None:
    async with model_server() as server:
        models = server.settings(provider, timeout=2)
    ledger = Ledger.under(models)
    error = await failed(server, models, ledger)
    assert isinstance(error, ModelUnavailable)
    assert "cannot be reached" in str(error)
    assert ledger.usage is not None
    assert ledger.usage.unmeasured_calls == 0


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("reply", [Hang(), Dropped(midway=True)], ids=["no answer", "dropped"])
async def test_what_a_broken_off_request_cost_is_unknown(server: ModelServer, provider: str, reply: Any) -> None:
    models = hasty(server, provider, [reply])
    ledger = Ledger.under(models)
    await failed(server, models, ledger)
    assert ledger.usage is not None
    assert (ledger.usage.unmeasured_calls, ledger.usage.cost_usd) == (1, None)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "in a while"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
    ids=["seconds", "now", "words", "negative", "none"],
)
async def test_how_long_to_wait_is_what_the_provider_said(
    server: ModelServer, provider: str, headers: dict[str, str], seconds: int | None
) -> None:
    models = hasty(server, provider, [Status(429, headers)])
    error = await failed(server, models, Ledger.under(models))
    assert isinstance(error, TransientError)
    assert error.retry_after == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_wait_until_a_moment_is_counted_from_now(server: ModelServer, provider: str) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)
    models = hasty(server, provider, [Status(429, {"Retry-After": format_datetime(moment, usegmt=True)})])
    error = await failed(server, models, Ledger.under(models))
    assert isinstance(error, TransientError)
    assert error.retry_after is not None
    assert timedelta(seconds=60) < error.retry_after <= timedelta(seconds=90)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("wait", ["301", "86400", "9" * 30])
async def test_nobody_waits_for_hours_before_a_question(server: ModelServer, provider: str, wait: str) -> None:
    models = hasty(server, provider, [Status(429, {"Retry-After": wait})])
    error = await failed(server, models, Ledger.under(models))
    assert type(error) is ModelRefused
    assert f"{float(wait):,.0f} seconds" in str(error)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_a_used_up_account_is_not_waited_for(server: ModelServer, provider: str) -> None:
    quota = {"error": {"message": "no credit", "type": "insufficient_quota", "code": "insufficient_quota"}}
    billing = {"type": "error", "error": {"type": "billing_error", "message": "no credit"}}
    body, status = (quota, 429) if provider == "openai" else (billing, 402)
    models = hasty(server, provider, [Raw(json.dumps(body).encode(), status=status)])
    error = await failed(server, models, Ledger.under(models))
    assert type(error) is ModelRefused
    assert "quota or credit" in str(error)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 429, 500])
async def test_a_server_that_tells_our_key_to_everyone_does_not_get_it_shown(
    server: ModelServer, caplog: pytest.LogCaptureFixture, provider: str, status: int
) -> None:
    caplog.set_level(logging.INFO)
    key = KEYS[provider]
    told = Raw(f"your key is {key}".encode(), "text/plain")
    blamed = Status(status, {"X-Key": key}, message=f"bad key {key}", kind=key)
    models = hasty(server, provider, [told if status == 200 else blamed])
    with capture_logs() as lines:
        error = await failed(server, models, Ledger.under(models))
    shown = [caplog.text, str(lines), repr(error), str(error), "".join(traceback.format_exception(error))]
    assert not any(key in text for text in shown)


async def test_a_redirect_is_not_followed_with_the_key(server: ModelServer) -> None:
    for provider in PROVIDERS:
        async with model_server() as elsewhere:
            away = Status(307, {"Location": f"{elsewhere.url}/{provider}/v1/responses"})
            models = hasty(server, provider, [away])
            await failed(server, models, Ledger.under(models))
            assert elsewhere.requests == []


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_long_words_of_a_server_are_cut_to_a_line(server: ModelServer, provider: str) -> None:
    models = hasty(server, provider, [Status(400, message="bad\nrequest \x1b[31m" + "x" * 10_000)])
    error = await failed(server, models, Ledger.under(models))
    assert len(str(error)) < 600
    assert str(error).isprintable()


async def test_a_cancelled_question_lets_go_of_its_request(server: ModelServer) -> None:
    server.will_answer(Hang())
    models = server.settings("local")
    async with asking(models) as calls:
        task = asyncio.create_task(calls.ask(Role.REASONING, counting(), Ledger.under(models)))
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the whole first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def with_junk(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """The value with junk in one place."""
    if not path:
        return junk
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = with_junk(copied[path[0]], path[1:], junk)
    return copied


# The clients warn of what they cannot read in a reply.
@pytest.mark.filterwarnings("ignore::pydantic_ai.exceptions.UsageExtractionFailedWarning")
@pytest.mark.filterwarnings("ignore:.* is not a valid :UserWarning")
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_reply_with_junk_in_any_place_is_an_answer_or_an_error_of_ours(
    server: ModelServer, provider: str
) -> None:
    models = server.settings(provider)
    asked = Request(provider, MODELS[provider], "", {}, {"tools": [TOOLS[provider]]}, 400)
    whole = reply_body(asked, Written({"number": 4}))
    async with asking(models) as calls:
        for path, junk in product(places(whole), (None, "junk", [{}])):
            server.always(Raw(json.dumps(with_junk(whole, path, junk)).encode()))
            with suppress(ModelUnavailable, ModelRefused, ModelOutputRejected):
                assert isinstance((await calls.ask(Role.REASONING, counting(), Ledger.under(models))).output, Count)
