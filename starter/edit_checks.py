"""What a retry or a rerun would be refused for by the worker, told before it starts: where the data folder is here."""

from __future__ import annotations

import asyncio
from pathlib import Path

from holdfast.answer import SnapshotRef
from holdfast.api_step.programs import endpoints_of
from holdfast.artifacts import ArtifactStore
from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.filter import EndpointFilter
from holdfast.catalogue.stubs import interface_of
from holdfast.graph.guard import guarded as guarded_cypher
from holdfast.graph.snapshots import SnapshotStore
from holdfast.plan import ApiStep, CypherStep, SqlStep, Step
from holdfast.presentation import Presentation
from holdfast.presentation.fitting import check
from holdfast.rerun_contracts import Inherited
from holdfast.sandbox.pool import Sandbox
from holdfast.sql.guard import guarded as guarded_sql


async def see_that_it_can_run(data_dir: Path, question: str, inherited: Inherited, edited_step: Step | None) -> None:
    """Look at all that is kept and at what a person wrote; the worker looks again.

    Raises NoSnapshot, SnapshotDamaged, ArtifactMissing, QueryRefused, ProgramRefused, NoEndpoint, PresentationRejected,
    SandboxDied. Where the data folder is another machine's nothing is looked at here.
    """
    if not (data_dir / "graph").is_dir():
        return
    await asyncio.to_thread(_see_what_is_kept, data_dir, inherited)
    edited = inherited.edited
    match edited_step:
        case _ if edited is None:
            return
        case CypherStep():
            await asyncio.to_thread(_see_to_cypher, data_dir, inherited.snapshot, edited.text)
        case SqlStep(depends_on=needed):
            columns = {r.step_id: tuple(c.name for c in r.rows.columns) for r in inherited.results}
            # The columns of a step that runs first are not known yet.
            if set(needed) <= columns.keys():
                guarded_sql(edited.text, {name: columns[name] for name in needed})
        case ApiStep():
            await _see_to_program(edited.text, edited_step, question)


def _see_what_is_kept(data_dir: Path, inherited: Inherited) -> None:
    artifacts = ArtifactStore(data_dir / "artifacts")
    schemas = {r.step_id: artifacts.scan(r.rows).collect_schema() for r in inherited.results}
    if inherited.presentation is None:
        SnapshotStore(data_dir / "graph").get(inherited.snapshot.id)
    else:
        check(Presentation.model_validate(inherited.presentation.recipe), schemas)


def _see_to_cypher(data_dir: Path, snapshot: SnapshotRef, text: str) -> None:
    guarded_cypher(text, SnapshotStore(data_dir / "graph").get(snapshot.id).manifest.graph_schema)


async def _see_to_program(text: str, step: ApiStep, question: str) -> None:
    catalogue = Catalogue.load()
    interface = interface_of(endpoints_of(step, question, EndpointFilter(catalogue)), catalogue)
    async with Sandbox(processes=1) as sandbox:
        await sandbox.check(text, interface)
