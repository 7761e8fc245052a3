"""Making what an earlier execution found a question's own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog
from temporalio import activity

from activities.failures import translated
from activities.liveness import beating
from holdfast.answer import Planned, Question
from holdfast.api_step.journal_copy import copy_journals
from holdfast.approval import approval_reason
from holdfast.artifacts import ArtifactStore
from holdfast.effort import Stopwatch
from holdfast.graph.snapshots import SnapshotStore
from holdfast.rerun_contracts import AdoptRequest, Inherited
from holdfast.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True)
class AdoptingActivities:
    """Composed in `worker.py` with the stores that hold what is taken over; `journals` is a folder."""

    snapshots: SnapshotStore
    artifacts: ArtifactStore
    journals: Path
    settings: Settings

    @activity.defn(name="adopt_earlier")
    @translated
    @beating
    async def adopt_earlier(self, request: AdoptRequest) -> Planned:
        """See `holdfast.rerun_contracts.adopt_earlier`."""
        watch, inherited, own_id = Stopwatch(), request.inherited, request.question.correlation_id
        if inherited.presentation is None:
            # No step may run on another snapshot than those that are done.
            self.snapshots.get(inherited.snapshot.id)
        for result in inherited.results:
            await asyncio.to_thread(self.artifacts.link, result.rows, f"{own_id}/{result.step_id}")
        for begun in inherited.begun:
            holder = self.journals / (begun.journal_of or request.origin_id)
            await copy_journals(holder / begun.step_id, self.journals / own_id / begun.step_id)
        reused = [result.step_id for result in inherited.results]
        log.info("adopted", correlation_id=own_id, origin=request.origin_id, reused=reused)
        return Planned(
            plan=inherited.plan,
            snapshot=inherited.snapshot,
            approval_reason=self._approval_reason(request.question, inherited),
            review_rules=self.settings.approval.rules,
            max_parallel_steps=self.settings.max_parallel_steps,
            author=inherited.plan_author,
            effort=watch.effort(),
        )

    def _approval_reason(self, question: Question, inherited: Inherited) -> str | None:
        """Why a person must look at the plan, who has not; what somebody wrote for a step counts as said of it."""
        if inherited.is_cleared:
            return None
        plan, edited = inherited.plan, inherited.edited
        if edited is not None and question.origin is not None:
            said = {
                step.id: step.model_copy(update={"query_context": f"{step.query_context} {edited.text}"})
                for step in plan.steps
                if step.id == (inherited.edited_step or question.origin.from_step)
            }
            plan = plan.model_copy(update={"steps": tuple(said.get(step.id, step) for step in plan.steps)})
        return approval_reason(plan, question, self.settings.approval)
