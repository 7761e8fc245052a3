"""What work costs: time, memory, and what models were asked for it."""

from __future__ import annotations

from functools import reduce
from operator import add

from pydantic import BaseModel, ConfigDict


class ModelUsage(BaseModel):
    """Model calls, what they read and wrote in tokens, and their price in US dollars: None where it is not known."""

    model_config = ConfigDict(frozen=True)
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    # Calls whose provider did not tell their tokens: the figures above are without them.
    unmeasured_calls: int = 0
    # What those calls cost whose price is known, where that of others is not.
    part_cost_usd: float = 0.0

    @property
    def least_cost_usd(self) -> float:
        """The price as far as it is known."""
        return self.part_cost_usd if self.cost_usd is None else self.cost_usd

    @staticmethod
    def unmeasured(calls: int) -> ModelUsage:
        """Calls of which nobody knows what they used."""
        return ModelUsage(calls=calls, input_tokens=0, output_tokens=0, cost_usd=None, unmeasured_calls=calls)

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: ModelUsage) -> ModelUsage:
        known = self.cost_usd is not None and other.cost_usd is not None
        cost = self.least_cost_usd + other.least_cost_usd
        return ModelUsage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=cost if known else None,
            unmeasured_calls=self.unmeasured_calls + other.unmeasured_calls,
            part_cost_usd=0.0 if known else cost,
        )


class Effort(BaseModel):
    """What a piece of work cost. `models` is None where no model was asked."""

    model_config = ConfigDict(frozen=True)
    seconds: float
    # The most that the process which did the work has held since it started.
    peak_memory_bytes: int
    models: ModelUsage | None = None


def total_usage(*spent: ModelUsage | None) -> ModelUsage | None:
    """The sum of what was asked of models; None where nothing was."""
    usages = [usage for usage in spent if usage is not None]
    return reduce(add, usages) if usages else None
