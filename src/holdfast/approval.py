"""When a person must look at a plan before it runs, or at a program before its first call."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.answer import Question
from holdfast.approval_settings import ApprovalSettings
from holdfast.plan import ApiStep, Plan, SpecialStep
from holdfast.sensitive import SensitiveThings, listed


def approval_reason(plan: Plan, question: Question, settings: ApprovalSettings) -> str | None:
    """Why this plan waits for a review: a sentence for each policy that asks. None where it may run at once."""
    return " ".join(_reasons(plan, question, settings)) or None


def estimate_reason(estimated_calls: int | None, settings: ApprovalSettings) -> str | None:
    """Why a step waits before its first call, from what its program will ask; None where nobody can tell how much."""
    most = settings.estimated_calls
    if most is None or estimated_calls is None or estimated_calls <= most:
        return None
    return f"It will make about {estimated_calls:,} calls of the tenant; {most:,} are allowed here without asking."


def _reasons(plan: Plan, question: Question, settings: ApprovalSettings) -> Iterator[str]:
    if question.options.approve_plan:
        yield "The asker wants to see the plan before it runs."
    if settings.policy == "always":
        yield "Every plan is reviewed here."
    if settings.policy == "low_confidence" and plan.confidence < settings.min_confidence:
        yield f"The planner is only {plan.confidence:.0%} sure that this is what was asked."
    live = [step.id for step in plan.steps if isinstance(step, ApiStep | SpecialStep)]
    if settings.live_steps is not None and len(live) > settings.live_steps:
        yield f"It reads the live tenant in {_steps(live)}; {settings.live_steps} may run unasked."
    special = [step.id for step in plan.steps if isinstance(step, SpecialStep)]
    if settings.special_steps is not None and len(special) > settings.special_steps:
        yield f"It calls special tools in {_steps(special)}; {settings.special_steps} may run unasked."
    yield from _sensitive(plan, question, settings)


def _sensitive(plan: Plan, question: Question, settings: ApprovalSettings) -> Iterator[str]:
    things = SensitiveThings(settings.sensitive)
    touching: dict[str, list[str]] = {}
    for step in plan.steps:
        for name in things.touched_by(step, question.text):
            touching.setdefault(name, []).append(step.id)
    for name, steps in touching.items():
        yield f"It touches what is named sensitive here: {name} (step {listed(steps)})."


def _steps(ids: list[str]) -> str:
    return f"{len(ids)} step{'s' * (len(ids) != 1)} ({', '.join(ids)})"
