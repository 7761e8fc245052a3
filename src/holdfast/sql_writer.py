"""How a step of a plan becomes an SQL query over the rows of earlier steps, whoever writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from holdfast.answer import Generated
from holdfast.contracts import EarlierStep, StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.errors import PlanRejected
from holdfast.spending import Ledger


class SqlWriter(Protocol):
    """Writes one SELECT; the guard judges it before it runs. Implementations: offline (rules), model-backed."""

    async def write(self, request: StepRequest, ledger: Ledger, refused: Sequence[RefusedQuery] = ()) -> Generated:
        """The query of a step over `tables_of(request)`. `refused` are the earlier attempts at it.

        Raises PlanRejected where the step says too little to write one, ModelOutputRejected, ModelRefused,
        ModelBudgetSpent, ModelUnavailable.
        """
        ...


def tables_of(request: StepRequest) -> dict[str, EarlierStep]:
    """The steps whose rows an SQL step may ask, by their tables' names: their ids. Raises PlanRejected for none."""
    tables = {earlier.step.id: earlier for earlier in request.earlier if earlier.step.id in request.step.depends_on}
    if not tables:
        raise PlanRejected(f"Step {request.step.id} asks rows by SQL, but depends on no step that found any.")
    return tables


def columns_of(tables: dict[str, EarlierStep]) -> dict[str, tuple[str, ...]]:
    """The columns of each table, by its name."""
    return {name: tuple(column.name for column in step.rows.columns) for name, step in tables.items()}
