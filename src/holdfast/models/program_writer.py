"""The program writer that asks a model; the checks judge each program while the model can still mend it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from holdfast.catalogue.event_types import event_types
from holdfast.contracts import PromisedColumn, RefusedProgram, StepRequest
from holdfast.errors import REFUSED_BEFORE_IT_RAN, ProgramRefused, UnknownEventCategory
from holdfast.graph.snapshots import SnapshotStore
from holdfast.models.calls import ModelCalls, Role, Task
from holdfast.models.context import LOG_ENDPOINT, programming_context, words_of
from holdfast.models.near_words import TenantLexicon
from holdfast.models.untrusted import said
from holdfast.program_writer import ProgramDraft, ProgramWriter
from holdfast.sandbox.interface import ProgramInterface
from holdfast.spending import Ledger

# All of them are ten thousand tokens, which every further repair would be sent again.
_MOST_CATEGORIES = 4

# Of a traceback, the lines that say where; the error's own words may quote a cell.
_PLACE = re.compile(r'\s*File "[^"]*", line \d+')


# A model thinks as it writes, so how the program finds what is asked comes first. It reads these docstrings, too.
class WrittenCode(BaseModel):
    """The program of your step."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    explanation: str
    columns: tuple[PromisedColumn, ...]
    estimated_calls: int | None
    rate_limit_note: str
    code: str


class ModelProgramWriter:
    """Implements `holdfast.program_writer.ProgramWriter`.

    Each call asks a model at most twice for an answer of the right form. The checks of the program are its caller's,
    who calls it again with their diagnostics.
    """

    def __init__(
        self,
        calls: ModelCalls,
        lexicon: TenantLexicon,
        snapshots: SnapshotStore,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calls = calls
        self._lexicon = lexicon
        self._snapshots = snapshots
        self._clock = clock

    async def write(
        self, request: StepRequest, interface: ProgramInterface, ledger: Ledger, refused: Sequence[RefusedProgram] = ()
    ) -> ProgramDraft:
        """A program before its checks. Raises NoSnapshot, SnapshotDamaged besides what models raise."""
        snapshot = self._snapshots.get(request.snapshot.id)
        words = await asyncio.to_thread(self._lexicon.near, words_of(request), snapshot)
        context = programming_context(request, interface, words, self._clock(), refused)
        tools = (event_types_of,) if LOG_ENDPOINT in interface.functions else ()
        task = Task("program_writer", context, WrittenCode, _see_that_it_promises_rows, tools)
        asked = await self._calls.ask(Role.CODING, task, ledger)
        written = asked.output
        return ProgramDraft(
            text=written.code,
            columns=written.columns,
            explanation=said(written.explanation),
            estimated_calls=written.estimated_calls,
            rate_limit_note=said(written.rate_limit_note),
            author=asked.author,
        )


class ProgramWriterWithoutRows:
    """Keeps every row from the writer behind it: of earlier steps it sees the columns and their number of rows."""

    def __init__(self, writer: ProgramWriter) -> None:
        self._writer = writer

    async def write(
        self, request: StepRequest, interface: ProgramInterface, ledger: Ledger, refused: Sequence[RefusedProgram] = ()
    ) -> ProgramDraft:
        """See `holdfast.program_writer.ProgramWriter`; a program that failed is told by its places alone."""
        earlier = tuple(step.model_copy(update={"samples": ()}) for step in request.earlier)
        told = [RefusedProgram(text=last.text, diagnostics=_without_values(last.diagnostics)) for last in refused]
        return await self._writer.write(request.model_copy(update={"earlier": earlier}), interface, ledger, told)


def event_types_of(categories: list[str]) -> str:
    """The event types of the log in these categories, at most four, one a line, for `filter` of list_log_events."""
    if len(set(categories)) > _MOST_CATEGORIES:
        raise UnknownEventCategory(f"Ask for at most {_MOST_CATEGORIES} categories: those that the step speaks of.")
    return "\n".join(event_types(categories))


def _see_that_it_promises_rows(written: WrittenCode) -> None:
    names = [column.name for column in written.columns]
    if not names or len(set(names)) != len(names):
        raise ProgramRefused(["Name every column of a row of `result` once in `columns`, and at least one."])
    if written.estimated_calls is not None and written.estimated_calls < 0:
        raise ProgramRefused(["`estimated_calls` is a number of calls, or null."])


def _without_values(diagnostics: str) -> str:
    """What the checks said, which is about the program alone; of one that ran only where it went wrong."""
    if diagnostics.startswith(REFUSED_BEFORE_IT_RAN):
        return diagnostics
    places = [line for line in diagnostics.splitlines() if _PLACE.match(line)]
    return "\n".join(["It went wrong as it ran, or its rows were not what `columns` promised.", *places])
