"""What a held question may do next, as a model: states, who may decide what, and what the deadline does.

It knows nothing of the workflow. A state is one in which the question rests; where a deadline may pass at any moment,
several are possible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from holdfast.execution import State
from holdfast.plan import Plan, Step
from holdfast.reviews import Decision, Review, ReviewRules
from tests.workflows.fakes import plan, step
from tests.workflows.scripted_programs import api_step, special_step

ASKER = "ada"
# Who ends what was left over.
ROOT = "root"
# The calls that a live step makes in all, and those that it makes unasked.
CALLS, UNASKED = 3, 1
LIVE = "live"
EDITED: Plan = plan(step("instead"))

Tool = Literal["api", "special", "cypher"]
STEPS: dict[Tool, Callable[[], Step]] = {
    "api": lambda: api_step(LIVE),
    "special": lambda: special_step(LIVE),
    "cypher": lambda: step(LIVE),
}


@dataclass(frozen=True)
class Rest:
    """Where a question rests. `subject` is what waits, also behind a pause; `made` are the calls of its live step."""

    state: State
    subject: Literal["plan", "step", None] = None
    made: int = 0
    escalated: bool = False


@dataclass(frozen=True)
class Model:
    """A question with a plan that is held, whose one step is of `tool`."""

    tool: Tool
    rules: ReviewRules

    @property
    def first(self) -> Rest:
        """Where it first rests."""
        return Rest(State.BLOCKED, "plan")

    def later(self, rest: Rest) -> frozenset[Rest]:
        """Where it may be by the time that somebody looks again."""
        if rest.state is not State.BLOCKED or self.rules.deadline is None:
            return frozenset({rest})
        rejected = replace(rest, state=State.CANCELLED, subject=None, escalated=False)
        if self.rules.after_deadline == "reject" or rest.escalated:
            return frozenset({rest, rejected})
        return frozenset({rest, replace(rest, escalated=True), rejected})

    def paused(self, rest: Rest) -> Rest:
        """After `pause`."""
        return replace(rest, state=State.PAUSED) if rest.state is State.BLOCKED else rest

    def resumed(self, rest: Rest) -> Rest:
        """After `resume`."""
        return replace(rest, state=State.BLOCKED) if rest.state is State.PAUSED else rest

    def cancelled(self, rest: Rest) -> Rest:
        """After `cancel`."""
        if rest.state in {State.BLOCKED, State.PAUSED}:
            return replace(rest, state=State.CANCELLED, subject=None, escalated=False)
        return rest

    def reviewed(self, rest: Rest, review: Review) -> Rest | None:
        """After a review; None where it is refused."""
        if not self._fits(rest, review) or not self._may(rest, review):
            return None
        if review.decision is Decision.REJECT:
            return replace(rest, state=State.CANCELLED, subject=None, escalated=False)
        if rest.subject == "plan":
            goes_on = review.decision is Decision.APPROVE and self.tool != "cypher"
            return Rest(State.BLOCKED, "step", UNASKED) if goes_on else Rest(State.COMPLETED)
        if review.decision is Decision.STOP:
            return Rest(State.COMPLETED, made=rest.made)
        made = CALLS if review.further_calls is None else min(rest.made + review.further_calls, CALLS)
        return Rest(State.COMPLETED, made=CALLS) if made == CALLS else Rest(State.BLOCKED, "step", made)

    def _fits(self, rest: Rest, review: Review) -> bool:
        if rest.state is not State.BLOCKED:
            return False
        if review.step_id is not None and not (rest.subject == "step" and review.step_id == LIVE):
            return False
        if (review.decision is Decision.EDIT) != (review.plan is not None):
            return False
        if rest.subject == "plan":
            return review.decision is not Decision.STOP and review.further_calls is None
        if review.decision is Decision.EDIT:
            return False
        return review.further_calls is None or review.decision is Decision.APPROVE

    def _may(self, rest: Rest, review: Review) -> bool:
        goes_on = review.decision in {Decision.APPROVE, Decision.EDIT}
        if review.reviewer == ASKER and goes_on and not self.rules.own:
            return False
        if not rest.escalated:
            return True
        asker_ends_it = review.reviewer == ASKER and not goes_on
        return review.as_administrator or review.reviewer in self.rules.escalate_to or asker_ends_it
