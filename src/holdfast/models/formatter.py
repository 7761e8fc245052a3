"""The formatter that asks a model how an answer should look; code computes the table over every row."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import orjson
from pydantic import JsonValue

from holdfast.answer import StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import FormatRequest
from holdfast.errors import PresentationRejected
from holdfast.formatter import Written, caution
from holdfast.models.calls import ModelCalls, Role, Task
from holdfast.models.presenting import presentation_of
from holdfast.models.short_recipe import ShortRecipe
from holdfast.models.untrusted import in_one_line, marked
from holdfast.plan import Step
from holdfast.presentation.fitting import Schemas
from holdfast.presentation.views import ModelView, ShownStep, shown_to_model, without_rows
from holdfast.settings import PresentationSettings
from holdfast.spending import Ledger

# Of what a step was to find; the columns say the rest.
_CONTEXT_CHARACTERS = 300
# Of a time in ISO format.
_MINUTE = len("2026-11-20T09:15")


class ModelFormatter:
    """Has a model write the recipe from the columns and some, all or no rows; the cells it never writes."""

    def __init__(
        self, calls: ModelCalls, store: ArtifactStore, limits: PresentationSettings, *, send_rows: bool = True
    ) -> None:
        self._calls = calls
        self._store = store
        self._limits = limits
        self._send_rows = send_rows

    async def present(self, request: FormatRequest, ledger: Ledger) -> Written:
        """See `Formatter`. A recipe that does not fit the columns goes back to the model once, with every reason."""
        if not request.results:
            raise PresentationRejected("No step of this plan gave rows, so there is nothing to show. Ask again.")
        steps = [step for step in request.plan.steps if any(step.id == result.step_id for result in request.results)]
        results = [result for step in steps for result in request.results if result.step_id == step.id]
        view, schemas = await asyncio.to_thread(self._looked_at, results)
        warning = caution(request)

        def fits(recipe: ShortRecipe) -> None:
            presentation_of(recipe, schemas, warning)

        task = Task(agent="formatter", context=_context(request, steps, view), output=ShortRecipe, check=fits)
        asked = await self._calls.ask(Role.REASONING, task, ledger)
        return Written(presentation_of(asked.output, schemas, warning), asked.author, _seen(view))

    def _looked_at(self, results: list[StepResult]) -> tuple[ModelView, Schemas]:
        schemas = {result.step_id: self._store.scan(result.rows).collect_schema() for result in results}
        if not self._send_rows:
            return without_rows(results, self._store), schemas
        return shown_to_model(results, self._store, self._limits), schemas


def _context(request: FormatRequest, steps: list[Step], view: ModelView) -> str:
    """What the model is told: all of it is somebody else's text, but for the kinds of the blocks."""
    return "\n\n".join(
        [
            marked("question", request.question),
            marked("understood as", request.plan.understood_as),
            *(
                marked(f"step {step.id}", "\n".join([_found(step, shown, len(steps)), *_lines(shown)]))
                for step, shown in zip(steps, view.steps, strict=True)
            ),
        ]
    )


def _found(step: Step, shown: ShownStep, steps: int) -> str:
    """How many rows of what; a single step found what was understood."""
    what = f": {in_one_line(step.query_context)[:_CONTEXT_CHARACTERS]}" if steps > 1 else ""
    return f"{shown.row_count} rows{what}"


def _lines(shown: ShownStep) -> Iterator[str]:
    """A step's columns, then its records; what all cells of a column are stands once, beside its name."""
    yield "column: type, empty, different"
    constant = {place: cell for place in range(len(shown.columns)) if (cell := _only_cell(shown, place)) is not None}
    for place, column in enumerate(shown.columns):
        different = "" if column.distinct is None else f", {column.distinct}"
        always = f", always {_cell(constant[place], column.type)}" if place in constant else ""
        yield f"{in_one_line(column.name)}: {column.type}, {column.empty}{different}{always}"
    told = [place for place, column in enumerate(shown.columns) if place not in constant and not _is_an_id(column.name)]
    if told and shown.records:
        yield " | ".join(in_one_line(shown.columns[place].name) for place in told)
        for records in shown.records:
            yield f"rows {records.first_row} to {records.first_row + len(records.rows) - 1}:"
            yield from (
                " | ".join(_cell(row[place], shown.columns[place].type) for place in told) for row in records.rows
            )


def _only_cell(shown: ShownStep, place: int) -> JsonValue:
    """What every cell of a column is, as code counted it over all rows; None where they differ."""
    column = shown.columns[place]
    is_constant = column.distinct == 1 and column.empty == 0 and shown.row_count > 1 and shown.records
    return shown.records[0].rows[0][place] if is_constant else None


def _is_an_id(column: str) -> bool:
    """Whether its cells say nothing about how an answer should look; a third of a row is often ids."""
    return column == "id" or column.endswith("_id")


def _cell(value: JsonValue, kind: str) -> str:
    """As it costs the fewest tokens, and in one line: nothing for an empty cell, a time to the minute."""
    match value:
        case None:
            return ""
        case str():
            shown = in_one_line(value).replace("|", "\\|")
            return shown[:_MINUTE] if kind == "time" else shown
        case _:
            return orjson.dumps(value).decode()


def _seen(view: ModelView) -> str:
    """Which of the strategies it was, in words."""
    total = sum(step.row_count for step in view.steps)
    shown = sum(len(records.rows) for step in view.steps for records in step.records)
    if view.strategy == "all rows":
        return f"model saw all {total:,} rows" if total != 1 else "model saw the only row"
    if view.strategy == "no rows":
        return "model saw no rows"
    return f"model saw a sample of {shown:,} of {total:,} rows"
