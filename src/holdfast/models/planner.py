"""The planner that asks a model; what it writes becomes a plan only after the same checks as any other's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from holdfast.answer import NeedsClarification, Refused
from holdfast.complaints import complaints_of
from holdfast.errors import PlanRejected
from holdfast.graph.snapshots import Snapshot
from holdfast.models.calls import ModelCalls, Role, Task
from holdfast.models.context import planning_context, reading_context
from holdfast.models.near_words import TenantLexicon
from holdfast.models.preplanner import Ambiguity, Intent, intent_of, see_that_it_is_a_sentence
from holdfast.models.runnable import see_that_it_can_run
from holdfast.models.untrusted import said
from holdfast.plan import Plan, checked_plan
from holdfast.planner import Understanding
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger

# Longer than any step needs; a writer is told all of it.
MOST_STEP_CHARACTERS = 1_500


# These docstrings are read by models too, with the JSON schema of what they write.
class PlannedStep(BaseModel):
    """A step."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    tool: Literal["cypher", "api", "sql", "special"]
    entity: str
    operation: str
    query_context: str
    depends_on: tuple[str, ...]
    critical: bool
    reasoning: str
    # JSON text, an object: a schema for it would cost every planning a hundred tokens.
    special: str | None = None


class PlanDraft(BaseModel):
    """Steps, or why not, or a question back."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    understood_as: str
    reasoning: str
    steps: tuple[PlannedStep, ...]
    partial_success_acceptable: bool
    confidence: float
    cannot_answer: str | None
    ask_back: Ambiguity | None


class ModelPlanner:
    """Implements `holdfast.planner.Planner`: at most two models' outputs, the reading of the question and the plan.

    `clock` gives the moment that "in the last 7 days" counts from.
    """

    def __init__(
        self,
        calls: ModelCalls,
        settings: ModelSettings,
        lexicon: TenantLexicon,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calls = calls
        self._settings = settings
        self._lexicon = lexicon
        self._clock = clock

    async def plan(self, question: str, snapshot: Snapshot, ledger: Ledger) -> Understanding:
        """A plan that was checked, a refusal or a question back. Raises SnapshotDamaged besides what models raise."""
        words = await asyncio.to_thread(self._lexicon.near, question, snapshot)
        now, intent = self._clock(), ""
        if self._settings.preplan:
            read = await intent_of(self._calls, reading_context(question, words, now), ledger)
            if not isinstance(read, Intent):
                return Understanding(read, read.author)
            intent = read.text
        context = planning_context(question, intent, snapshot.manifest.graph_schema, words, now)
        task = Task(agent="planner", context=context, output=PlanDraft, check=_see_that_it_can_be_followed)
        asked = await self._calls.ask(Role.REASONING, task, ledger)
        return Understanding(outcome_of(asked.output, asked.author), asked.author)


def _see_that_it_can_be_followed(draft: PlanDraft) -> None:
    outcome_of(draft, "")


def outcome_of(draft: PlanDraft, author: str) -> Plan | Refused | NeedsClarification:
    """What a draft means, after every check. Raises PlanRejected with the reason, which the model is told."""
    given = [bool(draft.steps), bool(draft.cannot_answer), draft.ask_back is not None]
    if sum(given) != 1:
        raise PlanRejected("Give exactly one of steps, cannot_answer and ask_back, and leave the others empty.")
    if draft.cannot_answer:
        see_that_it_is_a_sentence("cannot_answer", draft.cannot_answer)
        return Refused(reason=said(draft.cannot_answer), author=author)
    if draft.ask_back is not None:
        draft.ask_back.see_that_it_can_be_asked()
        return draft.ask_back.asked_back(author)
    return _plan(draft)


def _plan(draft: PlanDraft) -> Plan:
    see_that_it_is_a_sentence("understood_as", draft.understood_as)
    see_that_it_is_a_sentence("reasoning", draft.reasoning)
    for step in draft.steps:
        if not 0 < len(step.query_context.strip()) <= MOST_STEP_CHARACTERS:
            raise PlanRejected(
                f"The query_context of step {step.id} says what it must find, in at most {MOST_STEP_CHARACTERS} "
                "characters."
            )
    plan = checked_plan(
        {
            "steps": [_step(step) for step in draft.steps],
            "reasoning": said(draft.reasoning),
            "understood_as": said(draft.understood_as),
            "confidence": draft.confidence,
            "partial_success_acceptable": draft.partial_success_acceptable,
        }
    )
    see_that_it_can_run(plan)
    return plan


def _step(step: PlannedStep) -> dict[str, Any]:
    words = {name: said(getattr(step, name)) for name in ("entity", "operation", "reasoning")}
    described = {**step.model_dump(exclude={"special"}), **words}
    if step.tool != "special":
        return described
    try:
        call = _CALL.validate_json(step.special or "")
    except ValidationError as error:
        raise PlanRejected(
            f'Step {step.id}: `special` is JSON like {{"name": "the tool", "user": "…"}} ({complaints_of(error)}).'
        ) from error
    return {**described, "name": call.pop("name", ""), "parameters": call}


# Flat: a tool's parameters are words and numbers, and it checks them itself.
_CALL = TypeAdapter(dict[str, str | int | float | bool])
