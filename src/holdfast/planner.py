"""How a question becomes a plan, whoever makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.answer import NeedsClarification, Refused
from holdfast.graph.snapshots import Snapshot
from holdfast.plan import Plan
from holdfast.spending import Ledger


@dataclass(frozen=True)
class Understanding:
    """What a question means, and who read it so: `offline`, or a model's name and the prompt it was given."""

    outcome: Plan | Refused | NeedsClarification
    author: str


class Planner(Protocol):
    """Understands a question over one snapshot. Implementations: offline (rules), model-backed."""

    async def plan(self, question: str, snapshot: Snapshot, ledger: Ledger) -> Understanding:
        """A plan only where the question was understood completely; a wrong answer is worse than none.

        Raises ModelOutputRejected, ModelRefused, ModelBudgetSpent, ModelUnavailable.
        """
        ...
