"""Running one step of a plan that is a single activity: over the snapshot, over earlier rows, or by a special tool."""

from __future__ import annotations

from temporalio import activity

from activities.failures import translated
from activities.liveness import beating, beating_quickly
from activities.spending import opened_ledger
from holdfast.answer import StepResult
from holdfast.contracts import CallsWanted, SpecialRun, StepRequest
from holdfast.cypher_step import CypherStepRunner
from holdfast.settings import ModelSettings
from holdfast.special.runner import SpecialStepRunner
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


class SpecialActivities:
    """Steps that a special tool answers."""

    def __init__(self, special: SpecialStepRunner, models: ModelSettings) -> None:
        self._special = special
        self._models = models

    @activity.defn(name="run_special_step")
    @translated
    @beating_quickly
    async def run_special_step(self, run: SpecialRun) -> StepResult | CallsWanted:
        """See `holdfast.contracts.run_special_step`."""
        opened_ledger(self._models, run.correlation_id, run.spent)
        # Of all its attempts: a tool that goes on after a crash must see the same moment, or it would ask all anew.
        return await self._special.run(run, activity.info().scheduled_time, run.allowance)
