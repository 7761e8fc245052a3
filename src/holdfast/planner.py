"""How a question becomes a plan, whoever makes it."""

from __future__ import annotations

from typing import Protocol

from holdfast.answer import NeedsClarification, Refused
from holdfast.graph.snapshots import Snapshot
from holdfast.plan import Plan


class Planner(Protocol):
    """Understands a question over one snapshot. Implementations: offline (rules), model-backed."""

    @property
    def author(self) -> str:
        """Who plans: `offline`, or a model's name and the prompt it was given."""
        ...

    async def plan(self, question: str, snapshot: Snapshot) -> Plan | Refused | NeedsClarification:
        """A plan only where the question was understood completely; a wrong answer is worse than none."""
        ...
