"""Running one step of a plan."""

from __future__ import annotations

from temporalio import activity

from activities.failures import translated
from activities.liveness import beating
from activities.spending import opened_ledger
from holdfast.answer import StepResult
from holdfast.contracts import StepRequest
from holdfast.cypher_step import CypherStepRunner
from holdfast.settings import ModelSettings


class StepActivities:
    """One activity for each kind of step."""

    def __init__(self, cypher: CypherStepRunner, models: ModelSettings) -> None:
        self._cypher = cypher
        self._models = models

    @activity.defn(name="run_cypher_step")
    @translated
    @beating
    async def run_cypher_step(self, request: StepRequest) -> StepResult:
        """See `holdfast.contracts.run_cypher_step`."""
        return await self._cypher.run(request, opened_ledger(self._models, request.correlation_id, request.spent))
