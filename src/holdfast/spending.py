"""What model calls cost, held against what a question may spend."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.answer import ModelUsage, total_usage
from holdfast.errors import ModelBudgetSpent
from holdfast.settings import ModelSettings


@dataclass
class Ledger:
    """The model calls of one piece of work. Engines write what they spent; who called them reads `usage`.

    `before` is what its question had spent when the work began; steps that run side by side do not see one another,
    so a question can pass its limit by what they spend at the same time.
    """

    max_tokens: int
    max_cost_usd: float | None
    before: ModelUsage | None = None
    usage: ModelUsage | None = None
    # Calls that were begun and have not ended: what becomes of them nobody can tell if the process ends now.
    in_flight: int = 0

    @staticmethod
    def under(settings: ModelSettings, before: ModelUsage | None = None) -> Ledger:
        """An empty ledger with the limits of the settings."""
        return Ledger(settings.max_tokens, settings.max_cost_usd, before)

    def add(self, usage: ModelUsage) -> None:
        """Write down a call, or several."""
        self.usage = total_usage(self.usage, usage)

    @property
    def usage_so_far(self) -> ModelUsage | None:
        """`usage`, and every call in flight as one that is not measured."""
        return total_usage(self.usage, ModelUsage.unmeasured(self.in_flight) if self.in_flight else None)

    def see_that_more_may_be_spent(self) -> None:
        """Before a call. Raises ModelBudgetSpent.

        Of a cost that nobody knows the part that is known counts; the limit of tokens holds beside it.
        """
        spent = total_usage(self.before, self.usage)
        if spent is None:
            return
        if spent.tokens >= self.max_tokens:
            raise ModelBudgetSpent(
                f"The question has used {spent.tokens:,} tokens of models; {self.max_tokens:,} are allowed. "
                "Ask for less at once, or raise HOLDFAST_MODELS__MAX_TOKENS."
            )
        if self.max_cost_usd is not None and spent.least_cost_usd >= self.max_cost_usd:
            least = "at least " if spent.cost_usd is None else ""
            raise ModelBudgetSpent(
                f"The question has cost {least}${spent.least_cost_usd:.4f}; ${self.max_cost_usd:.4f} are allowed. "
                "Ask for less at once, or raise HOLDFAST_MODELS__MAX_COST_USD."
            )
