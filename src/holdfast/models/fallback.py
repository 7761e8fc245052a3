"""What rules do where models do not: steps that carry their meaning as data, and questions that no model could take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog
from pydantic import ValidationError

from holdfast.answer import Generated
from holdfast.contracts import FormatRequest, RefusedProgram, StepRequest
from holdfast.cypher_writer import CypherWriter, RefusedQuery
from holdfast.errors import ModelBudgetSpent, ModelOutputRejected, ModelRefused, ModelUnavailable
from holdfast.formatter import Formatter, Written
from holdfast.graph.schema import GraphSchema
from holdfast.graph.snapshots import Snapshot
from holdfast.offline.meaning import StepMeaning
from holdfast.planner import Planner, Understanding
from holdfast.program_writer import ProgramDraft, ProgramWriter
from holdfast.sandbox.interface import ProgramInterface
from holdfast.spending import Ledger

log = structlog.get_logger()

# No usable answer of a model. A setting that is wrong is none of these: it is told, not worked around.
MODEL_FAILURES = (ModelOutputRejected, ModelRefused, ModelBudgetSpent, ModelUnavailable)


class PlannerWithFallback:
    """Plans by a model; where no model gives a usable plan, the whole question by rules, and says so."""

    def __init__(self, model: Planner, offline: Planner) -> None:
        self._model = model
        self._offline = offline

    async def plan(self, question: str, snapshot: Snapshot, ledger: Ledger) -> Understanding:
        """See `holdfast.planner.Planner`; no failure of a model is raised."""
        try:
            return await self._model.plan(question, snapshot, ledger)
        except MODEL_FAILURES as failure:
            understanding = await self._offline.plan(question, snapshot, ledger)
            return replace(understanding, author=_because(understanding.author, failure, "planner"))


class FormatterWithFallback:
    """Has a model write the recipe; where none gives a usable one, rules write it, and say so."""

    def __init__(self, model: Formatter, offline: Formatter) -> None:
        self._model = model
        self._offline = offline

    async def present(self, request: FormatRequest, ledger: Ledger) -> Written:
        """See `holdfast.formatter.Formatter`; no failure of a model is raised."""
        try:
            return await self._model.present(request, ledger)
        except MODEL_FAILURES as failure:
            written = await self._offline.present(request, ledger)
            return replace(written, author=_because(written.author, failure, "formatter"))


class WriterByStep:
    """A step whose meaning is data is compiled by rules, also where models are named; a model writes the others.

    Rules cannot write a query from the words of a model's plan, so a step of one has no fallback.
    """

    def __init__(self, model: CypherWriter, offline: CypherWriter) -> None:
        self._model = model
        self._offline = offline

    async def write(
        self, request: StepRequest, schema: GraphSchema, ledger: Ledger, refused: Sequence[RefusedQuery] = ()
    ) -> Generated:
        """See `holdfast.cypher_writer.CypherWriter`."""
        writer = self._offline if _has_a_meaning(request) else self._model
        return await writer.write(request, schema, ledger, refused)


class ProgramWriterByStep:
    """The same for programs: rules where the step's meaning is data, a model for the others."""

    def __init__(self, model: ProgramWriter, offline: ProgramWriter) -> None:
        self._model = model
        self._offline = offline

    async def write(
        self, request: StepRequest, interface: ProgramInterface, ledger: Ledger, refused: Sequence[RefusedProgram] = ()
    ) -> ProgramDraft:
        """See `holdfast.program_writer.ProgramWriter`."""
        writer = self._offline if _has_a_meaning(request) else self._model
        return await writer.write(request, interface, ledger, refused)


def _has_a_meaning(request: StepRequest) -> bool:
    try:
        StepMeaning.model_validate(request.step.parameters)
    except ValidationError:
        return False
    return True


def _because(author: str, failure: Exception, engine: str) -> str:
    log.warning("model_fallback", engine=engine, kind=type(failure).__name__, reason=str(failure))
    return f"{author}, because {failure}"
