"""`ask`, `list`, `status`, `watch`, `plan` and `export`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer
from rich.text import Text

from holdfast.answer import Answer
from holdfast.artifacts import ArtifactStore
from holdfast.errors import ExportRefused, HoldfastError
from holdfast.execution import State
from holdfast.export import export
from holdfast.graph.snapshots import SnapshotStore
from holdfast.plan import Plan
from holdfast.question import checked_text
from holdfast.reviews import DecidedReview
from holdfast.settings import load_settings
from starter import questions
from starter.commands.arguments import QuestionId
from starter.commands.recording import recorded
from starter.connection import Connection, connect
from starter.delivery import delivered
from starter.exit_codes import code_of_outcome
from starter.plain_text import span, visible, when
from starter.progress import question_progress, review_words
from starter.rendering import err, out, plan_view, questions_view
from starter.streams import Silence
from starter.watching import content_of, show_answer, watch_question

Rows = Annotated[int, typer.Option("--rows", min=1, help="Rows to show; `export` writes all of them")]
AsJson = Annotated[bool, typer.Option("--json", help="Print only the answer's dictionary, with all its rows")]
Timeout = Annotated[
    float | None, typer.Option("--timeout", min=0.1, help="Seconds to wait for the answer; the question goes on")
]

T = TypeVar("T")


class FileFormat(StrEnum):
    """What `export` writes."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    JSON = "json"


class NotAnswered(HoldfastError):
    """The question has no rows to give: it was refused, failed, or answers in words."""


def ask(  # noqa: PLR0913 - options of a command
    question: Annotated[str, typer.Argument(help="The question, in quotation marks")],
    as_json: AsJson = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="--no-wait prints only the id")] = True,
    approve_plan: Annotated[bool, typer.Option("--approve-plan", help="Hold the plan for a review")] = False,
    timeout: Timeout = None,
    rows: Rows = 25,
) -> None:
    """Ask a question about the tenant and show the answer.

    Example: holdfast ask "Who can open Salesforce?"
    """
    text = checked_text(question)

    async def run() -> None:
        connection = await connect(load_settings())
        _require_snapshot(connection)
        asker = questions.asker()
        question_id = questions.new_id("q", datetime.now(UTC))
        async with recorded(connection.settings, "ask", question_id, text=text):
            await questions.start(connection, text, asker=asker, approve_plan=approve_plan, question_id=question_id)
        if not wait:
            typer.echo(question_id)
            return
        await await_and_show(connection, question_id, timeout, rows if not as_json else None)

    asyncio.run(run())


def watch(  # noqa: PLR0913 - options of a command
    question_id: QuestionId,
    as_json: AsJson = False,
    timeout: Timeout = None,
    rows: Rows = 25,
    as_events: Annotated[
        bool, typer.Option("--events", help="Print every event as a line of JSON with its offset, and nothing else")
    ] = False,
    start: Annotated[int, typer.Option("--from", min=0, help="With --events: go on at this offset")] = 0,
) -> None:
    """Follow a question that runs, and show its answer; one that has ended is shown at once.

    Example: holdfast watch q-20260724-k3v9x2ta
    """

    async def run() -> None:
        connection = await connect(load_settings())
        await questions.asked(connection, question_id)
        async with recorded(connection.settings, "see", question_id):
            pass
        if as_events:
            return await _within(_print_events(connection, question_id, start), timeout, question_id)
        return await await_and_show(connection, question_id, timeout, rows if not as_json else None)

    asyncio.run(run())


def list_questions(
    state: Annotated[
        State | None, typer.Option("--state", case_sensitive=False, help="Only those in this state")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, the latest first")] = 20,
) -> None:
    """List questions, the latest first. Works while no worker runs.

    Example: holdfast list --state BLOCKED
    """

    async def run() -> None:
        connection = await connect(load_settings())
        found = [each async for each in questions.listed(connection, state, limit)]
        if found:
            out().print(questions_view(found))
        else:
            err().print(Text(f"No question is {state}." if state else 'No question yet. Ask: holdfast ask "…"'))

    asyncio.run(run())


def status(question_id: QuestionId) -> None:
    """Say where a question stands. Works while no worker runs.

    Example: holdfast status q-20260724-k3v9x2ta
    """

    async def run() -> None:
        connection = await connect(load_settings())
        seen = await questions.asked(connection, question_id)
        console = out()
        console.print(Text(f"{seen.id} is {seen.state}"))
        console.print(Text(f"  Question  {visible(seen.text)}"))
        console.print(Text(f"  Asked     {when(seen.started)} by {visible(seen.asker)}"))
        if seen.origin is not None:
            console.print(Text(f"  Origin    {seen.origin.words}"))
        if seen.closed is not None:
            console.print(Text(f"  Took      {span((seen.closed - seen.started).total_seconds())}"))
        progress = await questions.progress_of(connection, question_id)
        look = await questions.looked(connection, question_id)
        if progress is None and look.trouble:
            console.print(Text(f"  Waits     {visible(look.trouble)}"))
        if progress is not None:
            for waiting in progress.waiting:
                console.print(Text(f"  Review    {review_words(waiting, question_id)}"))
            for line in question_progress(progress, look)[1]:
                console.print(Text(f"  {line.mark:<9} {line.text}"))
        if link := connection.link(question_id):
            console.print(Text(f"  Open      {link}"))

    asyncio.run(run())


def plan(
    question_id: QuestionId, as_json: Annotated[bool, typer.Option("--json", help="As `review edit` takes it")] = False
) -> None:
    """Show the plan of a question, the queries made for it, who wrote them and what models cost.

    Example: holdfast plan q-20260724-k3v9x2ta
    """

    async def run() -> None:
        connection = await connect(load_settings())
        found, answer, reviews = await _plan_of(connection, question_id)
        if found is None:
            raise NotAnswered(f"Question {question_id} has no plan: `holdfast watch {question_id}` says why.")
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
        else:
            out().print(plan_view(found, answer, reviews))

    asyncio.run(run())


def export_answer(
    question_id: QuestionId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write")],
    file_format: Annotated[
        FileFormat | None, typer.Option("--format", help="By default what the file's name ends with")
    ] = None,
) -> None:
    """Write all rows of an answer to a file.

    Example: holdfast export q-20260724-k3v9x2ta --format xlsx -o people.xlsx
    """
    chosen = file_format.value if file_format is not None else output.suffix.removeprefix(".").lower()
    if chosen not in list(FileFormat):
        raise ExportRefused(
            f"{output} does not say which format it should have: give --format, one of {', '.join(FileFormat)}."
        )

    async def run() -> None:
        connection = await connect(load_settings())
        await questions.asked(connection, question_id)
        answer = await _within(questions.answer_of(connection, question_id), 0.5, question_id)
        if answer.formatted is None or answer.formatted.rows is None:
            raise NotAnswered(
                f"Question {question_id} has no rows to export: {answer.message or 'it answers in words.'}"
            )
        store = ArtifactStore(connection.settings.data_dir / "artifacts")
        rows = answer.formatted.total_items
        async with recorded(connection.settings, "export", question_id, format=chosen, rows=rows):
            export(store.scan(answer.formatted.rows), answer.formatted.headers, chosen, output)
        err().print(Text(f"Wrote {answer.formatted.total_items:,} rows to {output}."))

    asyncio.run(run())


def _require_snapshot(connection: Connection) -> None:
    """Say at once that nothing can be answered yet. Raises NoSnapshot, SnapshotDamaged."""
    if connection.record is not None:
        SnapshotStore(connection.settings.data_dir / "graph").current()


async def await_and_show(connection: Connection, question_id: str, seconds: float | None, rows: int | None) -> None:
    """Follow, show and end with the outcome's code; `rows` None means the dictionary."""
    answer = await _within(watch_question(connection, question_id), seconds, question_id)
    if rows is None:
        sys.stdout.buffer.write(orjson.dumps(answer.to_dictionary(content_of(connection, answer, None))) + b"\n")
        sys.stdout.flush()
    else:
        show_answer(connection, answer, rows)
    raise typer.Exit(code_of_outcome(answer.outcome))


async def _print_events(connection: Connection, question_id: str, start: int) -> None:
    artifacts = ArtifactStore(connection.settings.data_dir / "artifacts")
    async for told in delivered(connection, question_id, start, artifacts):
        if isinstance(told, Silence):
            err().print(Text(told.reason))
            continue
        sys.stdout.buffer.write(told.line + b"\n")
        sys.stdout.flush()


async def _within(work: Coroutine[Any, Any, T], seconds: float | None, question_id: str) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise NotAnswered(
            f"Question {question_id} has no answer after {span(seconds or 0)}; it goes on. "
            f"See it again: holdfast watch {question_id}"
        ) from None


async def _plan_of(
    connection: Connection, question_id: str
) -> tuple[Plan | None, Answer | None, tuple[DecidedReview, ...]]:
    """The plan, the answer where there is one by now, and what was decided; else the worker is asked for the plan."""
    seen = await questions.asked(connection, question_id)
    if seen.closed is None:
        progress = await questions.progress_of(connection, question_id)
        if progress is None:
            raise NotAnswered(f"No worker says what the plan of {question_id} is; `holdfast doctor` checks every part.")
        return progress.plan, None, progress.reviews
    answer = await questions.answer_of(connection, question_id)
    return answer.plan, answer, answer.reviews
