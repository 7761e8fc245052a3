"""Running one step of a plan against what is stored: the snapshot, and the rows of earlier steps."""

from __future__ import annotations

from temporalio import activity

from activities.failures import translated
from activities.liveness import beating
from activities.spending import opened_ledger
from holdfast.answer import StepResult
from holdfast.contracts import StepRequest
from holdfast.cypher_step import CypherStepRunner
from holdfast.settings import ModelSettings
from holdfast.sql_step import SqlStepRunner


class StepActivities:
    """Steps that a generated Cypher query answers."""

    def __init__(self, cypher: CypherStepRunner, models: ModelSettings) -> None:
        self._cypher = cypher
        self._models = models

    @activity.defn(name="run_cypher_step")
    @translated
    @beating
    async def run_cypher_step(self, request: StepRequest) -> StepResult:
        """See `holdfast.contracts.run_cypher_step`."""
        return await self._cypher.run(request, opened_ledger(self._models, request.correlation_id, request.spent))


class SqlActivities:
    """Steps that a generated SQL query over earlier steps' rows answers."""

    def __init__(self, sql: SqlStepRunner, models: ModelSettings) -> None:
        self._sql = sql
        self._models = models

    @activity.defn(name="run_sql_step")
    @translated
    @beating
    async def run_sql_step(self, request: StepRequest) -> StepResult:
        """See `holdfast.contracts.run_sql_step`."""
        return await self._sql.run(request, opened_ledger(self._models, request.correlation_id, request.spent))
