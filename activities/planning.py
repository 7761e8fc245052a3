"""Understanding a question."""

from __future__ import annotations

import structlog
from temporalio import activity

from activities.failures import translated
from activities.liveness import beating
from activities.spending import opened_ledger
from holdfast.answer import Planned, PlanningOutcome
from holdfast.approval import approval_reason
from holdfast.contracts import PlanRequest
from holdfast.effort import Stopwatch
from holdfast.graph.snapshots import SnapshotStore
from holdfast.plan import Plan
from holdfast.planner import Planner
from holdfast.question import checked_text
from holdfast.settings import Settings

log = structlog.get_logger()


class PlanningActivities:
    """Composed in `worker.py` with the planner that the settings chose."""

    def __init__(self, planner: Planner, snapshots: SnapshotStore, settings: Settings) -> None:
        self._planner = planner
        self._snapshots = snapshots
        self._settings = settings

    @activity.defn(name="plan_question")
    @translated
    @beating
    async def plan_question(self, request: PlanRequest) -> PlanningOutcome:
        """See `holdfast.contracts.plan_question`."""
        watch, question = Stopwatch(), request.question
        snapshot = self._snapshots.current()
        if question.tenant:
            snapshot.see_that_it_is_of(question.tenant)
        ledger = opened_ledger(self._settings.models, question.correlation_id)
        understanding = await self._planner.plan(checked_text(question.text), snapshot, ledger)
        outcome, author, effort = understanding.outcome, understanding.author, watch.effort(ledger.usage)
        log.info("plan", correlation_id=question.correlation_id, author=author, plan=outcome.model_dump(mode="json"))
        if not isinstance(outcome, Plan):
            return outcome.model_copy(update={"author": author, "effort": effort})
        return Planned(
            plan=outcome,
            snapshot=snapshot.ref,
            approval_reason=approval_reason(outcome, question, self._settings.approval),
            review_rules=self._settings.approval.rules,
            max_parallel_steps=self._settings.max_parallel_steps,
            author=author,
            effort=effort,
        )
