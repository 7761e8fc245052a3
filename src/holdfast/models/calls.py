"""One way to ask a model: in order of the settings, with one repair, limits, and everything written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, ToolOutput
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.models import Model
from pydantic_ai.usage import UsageLimits

from holdfast.errors import PermanentError, TransientError
from holdfast.models.failures import failure, failure_of_all
from holdfast.models.metering import MeteredModel
from holdfast.models.providers import Providers
from holdfast.prompts import Prompt, PromptLibrary
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger

# The first answer and one repair.
_REQUESTS = 2
_OUTPUT = "Your answer."

T = TypeVar("T", bound=BaseModel)


class Role(StrEnum):
    """What a model is good for; the settings name models for each."""

    REASONING = "reasoning"
    CODING = "coding"


def nothing(output: object) -> None:
    """The check of an output whose type says it all."""


@dataclass(frozen=True)
class Task(Generic[T]):
    """What a model shall do.

    `agent` says which prompt it is given, `context` is what is known, with everything untrusted already marked
    (`holdfast.models.untrusted`). `check` raises a PermanentError whose sentence the model is told once.
    """

    agent: str
    context: str
    output: type[T]
    check: Callable[[T], None] = nothing


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What a model wrote, and who did: `openai:gpt-5.2 with planner/v1`."""

    output: T
    author: str


class ModelCalls:
    """Asks the models that the settings name; safe to share between tasks. `close` it when nobody asks any more."""

    def __init__(self, settings: ModelSettings, prompts: PromptLibrary) -> None:
        self._settings = settings
        self._prompts = prompts
        self._providers = Providers(settings)
        # At once and not with the first question: a provider's library takes seconds to import.
        self._models = {name: self._providers.model(name) for name in (*settings.for_reasoning, *settings.for_coding)}

    async def close(self) -> None:
        """Close every connection."""
        await self._providers.close()

    async def ask(self, role: Role, task: Task[T], ledger: Ledger) -> Asked[T]:
        """The first usable answer of the role's models, in their order.

        Raises ModelBudgetSpent; and when no model gave a usable answer ModelUnavailable where waiting may help each of
        them, else ModelOutputRejected, ModelRefused or SettingsError, with a sentence about every model.
        """
        names = self._settings.for_reasoning if role is Role.REASONING else self._settings.for_coding
        prompt = self._prompts.prompt(task.agent)
        failures: list[PermanentError | TransientError] = []
        # pydantic-ai's FallbackModel would mix the models in one conversation: the second would be told what the first
        # did wrong, and an answer could not be traced to the model and the repairs that it came from.
        for name in names:
            model = MeteredModel(self._models[name], name, ledger, self._settings.timeout, prompt.name)
            try:
                output = await self._answer(model, prompt, task)
            except AgentRunError as error:
                failures.append(failure(error, name, self._settings))
            else:
                return Asked(output, f"{name} with {prompt.name}")
        # Outside the handler, so that what a provider said in its own words is no context of this error.
        raise failure_of_all(failures)

    async def _answer(self, model: Model, prompt: Prompt, task: Task[T]) -> T:
        agent = Agent(
            model,
            # For every model the same, and never as a reply in JSON, which some providers restrict to simple schemas.
            output_type=ToolOutput(task.output, description=_OUTPUT),
            instructions=prompt.text,
            name=prompt.agent,
            retries={"tools": 0, "output": _REQUESTS - 1},
            model_settings={
                "max_tokens": self._settings.max_output_tokens,
                "timeout": self._settings.timeout.total_seconds(),
                # Thinking would count against the limit of what is written, and keeps Anthropic from being made to
                # call the tool; the output has a place for what must be thought through.
                "thinking": False,
            },
        )

        @agent.output_validator
        def checked(output: T) -> T:
            try:
                task.check(output)
            except PermanentError as error:
                raise ModelRetry(str(error)) from error
            return output

        return (await agent.run(task.context, usage_limits=UsageLimits(request_limit=_REQUESTS))).output
