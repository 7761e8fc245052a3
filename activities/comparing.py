"""Comparing two runs of a saved question."""

from __future__ import annotations

import asyncio

from temporalio import activity

from activities.failures import translated
from activities.liveness import beating
from holdfast.artifacts import ArtifactStore
from holdfast.difference import compare
from holdfast.schedule_contracts import CompareRequest, Difference


class ComparingActivities:
    """Composed in `worker.py`."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts

    @activity.defn(name="compare_answers")
    @translated
    @beating
    async def compare_answers(self, request: CompareRequest) -> Difference:
        """See `holdfast.schedule_contracts.compare_answers`."""
        return await asyncio.to_thread(compare, request, self._artifacts)
