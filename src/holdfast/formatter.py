"""How the steps' rows become one answer: a formatter writes a recipe, code applies it to every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl
import structlog
from pydantic import ValidationError

from holdfast.answer import FormattedAnswer, Header, RowCounts
from holdfast.artifacts import ArtifactStore
from holdfast.complaints import complaints_of
from holdfast.contracts import EditedPresentation, FormatRequest
from holdfast.effort import Stopwatch
from holdfast.errors import PresentationRejected
from holdfast.presentation import Presentation
from holdfast.presentation.headings import headings
from holdfast.presentation.numbers import Support, checked_headings, checked_text
from holdfast.presentation.recipe import NOTHING_MATCHES
from holdfast.presentation.table import table
from holdfast.presentation.templates import filled, places
from holdfast.spending import Ledger

log = structlog.get_logger()

# The artifact of the final table, beside those of the steps; the dot keeps it apart from a step called "answer".
ANSWER = "answer.table"


@dataclass(frozen=True)
class Written:
    """A recipe, who wrote it (`offline`, or a model's name and its prompt), and what they saw of the rows."""

    presentation: Presentation
    author: str
    processing_method: str


class Formatter(Protocol):
    """Writes the recipe of an answer; it never writes a value. Implementations: offline, model-backed."""

    async def present(self, request: FormatRequest, ledger: Ledger) -> Written:
        """A recipe for what the steps found.

        Raises PresentationRejected when there is nothing to show, ModelOutputRejected, ModelRefused,
        ModelBudgetSpent, ModelUnavailable.
        """
        ...


def has_gaps(request: FormatRequest) -> bool:
    """Whether some of what was asked could not be read."""
    return bool(request.gaps) or any(result.gaps for result in request.results)


def caution(request: FormatRequest) -> str:
    """What the words of an answer end with where not all could be read; empty where all could."""
    return " Incomplete: some of what was asked could not be read." if has_gaps(request) else ""


def data_source(request: FormatRequest) -> Literal["sql", "realtime", "hybrid"]:
    """Where the rows come from: the stored snapshot (`sql`), the live tenant, or both."""
    tools = {step.id: step.tool for step in request.plan.steps}
    live = any(result.live is not None for result in request.results)
    # A special tool reads the snapshot too; a SQL step reads only what other steps found.
    stored = any(tools[result.step_id] in {"cypher", "special"} for result in request.results)
    return "hybrid" if live and stored else "realtime" if live else "sql"


def written_by_hand(edited: EditedPresentation) -> Written:
    """A recipe that a person wrote; nobody else is asked. Raises PresentationRejected where it is none."""
    try:
        presentation = Presentation.model_validate(edited.recipe)
    except ValidationError as error:
        raise PresentationRejected(f"This is no presentation: {complaints_of(error)}.") from error
    return Written(presentation, edited.author, "edited")


def format_rows(request: FormatRequest, written: Written, store: ArtifactStore) -> FormattedAnswer:
    """The answer, with its table kept as artifact `<correlation_id>/answer.table`, also where it is shown as words.

    Blocking: call it in a thread. Raises PresentationRejected with every reason when the recipe does not fit the
    columns, ArtifactMissing, StorageFull.
    """
    watch, presentation = Stopwatch(), written.presentation
    rows_in = {result.step_id: result.rows.row_count for result in request.results}
    made = table(presentation, {result.step_id: store.scan(result.rows) for result in request.results})
    ref = store.write(f"{request.correlation_id}/{ANSWER}", made.rows)
    source = data_source(request)
    counts = made.counts(rows_in=rows_in[presentation.source], rows_out=ref.row_count)
    words = _Words(request, store.scan(ref), counts)
    headers = words.headed(headings(presentation.operations, [column.name for column in ref.columns]))
    if counts.rows_out == 0:
        presentation = _in_words_only(presentation)
    elif counts.rows_out > 1 and not any(place.kind == "table" for place in places(presentation.markdown)):
        # Words alone would have several rows disappear behind whatever was typed.
        presentation = presentation.model_copy(update={"display_type": "table"})
    # Where no sentence is left, code has words of its own, and for a text in place of a table the table.
    bare = "{rows:row|rows}." if counts.rows_out else NOTHING_MATCHES
    markdown = words.filled(presentation.markdown, headers) if presentation.display_type == "markdown" else ""
    if counts.rows_out == 0:
        markdown = markdown or bare
    return FormattedAnswer(
        display_type="markdown" if markdown else "table",
        headers=headers,
        rows=ref,
        markdown=markdown,
        summary=words.filled(presentation.summary) or words.filled(bare),
        total_items=counts.rows_out,
        row_counts=counts,
        data_source_type=source,
        last_sync=None if source == "realtime" else request.snapshot.synced_at,
        presentation=presentation.model_dump(mode="json"),
        author=written.author,
        processing_method=written.processing_method,
        effort=watch.effort(),
    )


def _in_words_only(presentation: Presentation) -> Presentation:
    """The recipe for a table without rows: nobody should have to read an empty grid."""
    words = presentation.when_empty
    return presentation.model_copy(update={"display_type": "markdown", "markdown": words, "summary": words})


class _Words:
    """Fills templates from the final table, and keeps numbers out that nothing supports."""

    def __init__(self, request: FormatRequest, rows: pl.LazyFrame, counts: RowCounts) -> None:
        self._correlation_id = request.correlation_id
        self._rows = rows
        self._counts = counts
        columns = [column.name for result in request.results for column in result.rows.columns]
        self._support = Support(request.question, columns, rows, counts)

    def filled(self, template: str, headers: Sequence[Header] = ()) -> str:
        """The text without the sentences that hold an invented number."""
        text, invented = checked_text(template, self._support)
        self._tell(invented, template)
        return filled(text, self._rows, self._counts, headers).strip()

    def headed(self, headers: Sequence[Header]) -> tuple[Header, ...]:
        """The headings without invented numbers."""
        checked, invented = checked_headings(headers, self._support)
        self._tell(invented, ", ".join(header.text for header in headers))
        return checked

    def _tell(self, invented: Sequence[str], text: str) -> None:
        if invented:
            log.warning("unsupported_numbers", correlation_id=self._correlation_id, numbers=invented, text=text)
