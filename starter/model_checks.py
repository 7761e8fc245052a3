"""Which models are named, and whether each of them answers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

from pydantic import BaseModel, ConfigDict

from holdfast.errors import HoldfastError
from holdfast.prompts import PromptLibrary
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger
from starter.checks import Check
from starter.model_words import usage_words
from starter.plain_text import span

_AGENTS = ("preplanner", "planner", "cypher_writer", "formatter")


class Ready(BaseModel):
    """What a model that is checked has to write."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    ready: bool


def named(settings: ModelSettings) -> Check:
    """Which engines are in force, in words; nothing is asked and nothing is paid."""
    if not settings.for_reasoning:
        return Check("Models", "ok", "none is named: rules plan, write queries and lay out answers")
    try:
        for agent in _AGENTS:
            PromptLibrary().prompt(agent)
    except HoldfastError as error:
        return Check("Models", "bad", str(error))
    said = [*_order(settings), *_reached(settings)]
    return Check(
        "Models",
        "ok",
        f"{'; '.join(said)}. A worker that runs keeps what it was started with; `holdfast doctor --models` asks them",
    )


def _order(settings: ModelSettings) -> Iterator[str]:
    reasoning, coding = ", then ".join(settings.for_reasoning), ", then ".join(settings.for_coding)
    if reasoning == coding:
        yield f"plans, queries and layouts by {reasoning}"
    else:
        yield f"plans and layouts by {reasoning}"
        yield f"queries by {coding}"
    if settings.fallback_to_offline:
        yield "rules stand in for plans and layouts"


def _reached(settings: ModelSettings) -> Iterator[str]:
    """How each provider is reached: the settings are refused where one that is named lacks its key or address."""
    for provider in dict.fromkeys(name.partition(":")[0] for name in _names(settings)):
        key = "its key is set" if getattr(settings, f"{provider}_api_key") is not None else "no key is set"
        address = getattr(settings, f"{provider}_url")
        yield f"{provider}: {key}" + (f", at {address}" if address is not None else "")


def _names(settings: ModelSettings) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*settings.for_reasoning, *settings.for_coding)))


async def answers(settings: ModelSettings) -> AsyncIterator[Check]:
    """Ask each named model for one word; this may cost a fraction of a cent."""
    for name in _names(settings):
        yield await _answer(name, settings.model_copy(update={"default": (name,), "reasoning": (), "coding": ()}))


async def _answer(name: str, settings: ModelSettings) -> Check:
    # Here and not above: the libraries of the providers take seconds to import.
    from holdfast.models.calls import ModelCalls, Role, Task

    ledger, calls = Ledger.under(settings), ModelCalls(settings, PromptLibrary())
    started = time.perf_counter()
    try:
        await calls.ask(Role.REASONING, Task(agent="doctor", context="Are you there?", output=Ready), ledger)
    except HoldfastError as error:
        return Check(name, "bad", str(error))
    finally:
        await calls.close()
    used = f": {usage_words(ledger.usage)}" if ledger.usage is not None else ""
    return Check(name, "ok", f"answers in {span(time.perf_counter() - started)}{used}")
