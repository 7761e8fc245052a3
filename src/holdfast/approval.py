"""When a person must look at a plan before it runs."""

from __future__ import annotations

from holdfast.answer import QuestionOptions
from holdfast.plan import Plan
from holdfast.settings import ApprovalSettings


def approval_reason(plan: Plan, options: QuestionOptions, settings: ApprovalSettings) -> str | None:
    """Why this plan waits for a review, as words for the reviewer; None where it may run at once."""
    if options.approve_plan:
        return "The asker wants to see the plan before it runs."
    if settings.policy == "always":
        return "Every plan is reviewed here."
    if settings.policy == "low_confidence" and plan.confidence < settings.min_confidence:
        return f"The planner is only {plan.confidence:.0%} sure that this is what was asked."
    return None
