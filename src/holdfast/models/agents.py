"""Agents of pydantic-ai: one model is given one task, and told once what was wrong with its answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, ToolOutput
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.settings import ModelSettings as CallSettings
from pydantic_ai.usage import UsageLimits

from holdfast.errors import PermanentError
from holdfast.models.calls import Task
from holdfast.models.failures import failure
from holdfast.models.metering import MeteredModel
from holdfast.models.providers import Providers
from holdfast.prompts import Prompt
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger

# The first answer and one repair.
_REQUESTS = 2
# What a model may look up before it answers, in requests; it may call several tools in each.
_LOOKS = 2

T = TypeVar("T", bound=BaseModel)


def _told_its_mistakes(tool: Callable[..., str]) -> Callable[..., str]:
    """The same tool, whose refusals the model is told."""

    @wraps(tool)
    def called(*args: Any, **kwargs: Any) -> str:
        try:
            return tool(*args, **kwargs)
        except PermanentError as error:
            raise ModelRetry(str(error)) from error

    return called


class Agents:
    """The models that the settings name, ready to be given tasks.

    One run is one model. pydantic-ai's FallbackModel would have the next model go on with the conversation of the one
    before, so that an answer could not be traced to who wrote it and to the repairs that it took.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._providers = Providers(settings)
        # At once and not with the first question: a provider's library takes seconds to import.
        self._models = {name: self._providers.model(name) for name in (*settings.for_reasoning, *settings.for_coding)}

    async def close(self) -> None:
        """Close every connection."""
        await self._providers.close()

    async def answer(self, name: str, prompt: Prompt, task: Task[T], ledger: Ledger) -> T:
        """What the model `name` makes of a task; every request is in the ledger, also where nothing comes of it.

        Raises ModelBudgetSpent, ModelUnavailable, ModelOutputRejected, ModelRefused, SettingsError.
        """
        model = MeteredModel(self._models[name], name, ledger, self._settings.timeout, prompt.name)
        agent = Agent(
            model,
            # For every model the same, and never as a reply in JSON, which some providers restrict to simple schemas.
            output_type=ToolOutput(task.output, description="Your answer."),
            instructions=prompt.text,
            name=prompt.agent,
            tools=[_told_its_mistakes(tool) for tool in task.tools],
            retries={"tools": len(task.tools), "output": _REQUESTS - 1},
            model_settings=self._call_settings(),
        )

        @agent.output_validator
        def checked(output: T) -> T:
            try:
                task.check(output)
            except PermanentError as error:
                raise ModelRetry(str(error)) from error
            return output

        limits = UsageLimits(request_limit=_REQUESTS + (_LOOKS if task.tools else 0))
        try:
            return (await agent.run(task.context, usage_limits=limits)).output
        except AgentRunError as error:
            raise failure(error, name, self._settings) from error

    def _call_settings(self) -> CallSettings:
        return {
            "max_tokens": self._settings.max_output_tokens,
            "timeout": self._settings.timeout.total_seconds(),
            # It would count against the limit of what is written, and keeps Anthropic from being made to call the
            # tool; the output has a place for what must be thought through.
            "thinking": False,
        }
