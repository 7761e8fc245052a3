"""One way to ask a model: in the order of the settings, with one repair, limits, and everything written down.

Cheap to import. What speaks to providers takes seconds and a hundred megabytes, so it is imported when a `ModelCalls`
is made, which only settings that name a model lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel

from holdfast.errors import ModelBudgetSpent, ModelUnavailable, PermanentError, TransientError
from holdfast.prompts import PromptLibrary
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger

if TYPE_CHECKING:
    from holdfast.models.agents import Agents

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
    (`holdfast.models.untrusted`). `check` raises a PermanentError whose sentence the model is told once. `tools` are
    functions that it may call for facts before it answers: their names, types and docstrings are what it reads of
    them, and the sentence of a PermanentError is told to it.
    """

    agent: str
    context: str
    output: type[T]
    check: Callable[[T], None] = nothing
    tools: tuple[Callable[..., str], ...] = ()


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What a model wrote, and who did: `openai:gpt-5.2 with planner/v1`."""

    output: T
    author: str


class ModelCalls:
    """Asks the models that the settings name; safe to share between tasks. `close` it when nobody asks any more."""

    def __init__(self, settings: ModelSettings, prompts: PromptLibrary) -> None:
        from holdfast.models.agents import Agents

        self._settings = settings
        self._prompts = prompts
        self._agents: Agents = Agents(settings)

    async def close(self) -> None:
        """Close every connection."""
        await self._agents.close()

    async def ask(self, role: Role, task: Task[T], ledger: Ledger) -> Asked[T]:
        """The first usable answer of the role's models, in their order.

        Raises ModelBudgetSpent; and when no model gave a usable answer ModelUnavailable where waiting may help each of
        them, else ModelOutputRejected, ModelRefused or SettingsError, with a sentence about every model.
        """
        names = self._settings.for_reasoning if role is Role.REASONING else self._settings.for_coding
        prompt = self._prompts.prompt(task.agent)
        failures: list[PermanentError | TransientError] = []
        for name in names:
            try:
                output = await self._agents.answer(name, prompt, task, ledger)
            except ModelBudgetSpent:
                raise
            except (PermanentError, TransientError) as failure:
                failures.append(failure)
            else:
                return Asked(output, f"{name} with {prompt.name}")
        # Made anew and outside the handler: what a provider said in its own words is no context of this error.
        raise _all_failed(failures)


def _all_failed(failures: Sequence[PermanentError | TransientError]) -> PermanentError | TransientError:
    """Transient only where waiting may help every one of them."""
    said = " ".join(str(failure) for failure in failures)
    permanent = [failure for failure in failures if isinstance(failure, PermanentError)]
    if permanent:
        return type(permanent[-1])(said)
    waits = [f.retry_after for f in failures if isinstance(f, TransientError) and f.retry_after is not None]
    return ModelUnavailable(said, retry_after=min(waits, default=None))
