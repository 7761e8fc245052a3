from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

import activities.adopting
import activities.formatting
import activities.planning
import activities.programs
import activities.steps
import activities.syncing
from holdfast import contracts, rerun_contracts, sync_contracts

IMPLEMENTATIONS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (contracts.plan_question, activities.planning.PlanningActivities.plan_question),
    (rerun_contracts.adopt_earlier, activities.adopting.AdoptingActivities.adopt_earlier),
    (contracts.run_cypher_step, activities.steps.StepActivities.run_cypher_step),
    (contracts.run_sql_step, activities.steps.SqlActivities.run_sql_step),
    (contracts.run_special_step, activities.steps.SpecialActivities.run_special_step),
    (contracts.write_program, activities.programs.ProgramActivities.write_program),
    (contracts.run_program, activities.programs.ProgramActivities.run_program),
    (contracts.format_answer, activities.formatting.FormattingActivities.format_answer),
    (sync_contracts.begin_sync, activities.syncing.SyncActivities.begin_sync),
    (sync_contracts.read_family, activities.syncing.SyncActivities.read_family),
    (sync_contracts.build_snapshot, activities.syncing.SyncActivities.build_snapshot),
    (sync_contracts.publish_snapshot, activities.syncing.SyncActivities.publish_snapshot),
    (sync_contracts.prune_syncs, activities.syncing.SyncActivities.prune_syncs),
    (sync_contracts.record_sync, activities.syncing.SyncActivities.record_sync),
]


def _name(function: Callable[..., Any]) -> str:
    return str(function.__temporal_activity_definition.name)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("declared", "implemented"), IMPLEMENTATIONS, ids=lambda f: f.__qualname__)
def test_an_activity_is_implemented_under_the_name_and_types_it_was_declared_with(
    declared: Callable[..., Any], implemented: Callable[..., Any]
) -> None:
    assert _name(declared) == _name(implemented)
    hints = get_type_hints(implemented, include_extras=True)
    assert list(hints.values()) == list(get_type_hints(declared, include_extras=True).values())


def test_no_declared_activity_lacks_its_implementation() -> None:
    names = [*vars(contracts).values(), *vars(rerun_contracts).values(), *vars(sync_contracts).values()]
    declared = {f for f in names if hasattr(f, "__temporal_activity_definition")}
    assert declared == {declaration for declaration, _ in IMPLEMENTATIONS}
