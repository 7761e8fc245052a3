"""Follow something that runs, for a person, and show how it ended."""

from __future__ import annotations

import asyncio

from pydantic import JsonValue
from rich.text import Text

from holdfast.answer import Answer
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import Progress
from holdfast.export import content
from holdfast.sync_contracts import SyncProgress
from starter import questions, syncs
from starter.connection import Connection
from starter.progress import Line, progress_view, question_progress, sync_progress
from starter.rendering import answer_view, err, out, sync_view
from starter.troubles import Look


def _unseen(trouble: str) -> tuple[str, list[Line]]:
    """Title and lines of something of which no worker says how far it is."""
    lines = [Line("waits", "running", trouble=trouble)] if trouble else []
    return "waits for a worker; `holdfast doctor` checks every part", lines


async def watch_question(connection: Connection, question_id: str) -> Answer:
    """Show progress on standard error until the question ends. Raises UnknownExecution, QuestionLost."""
    try:
        with progress_view(err()) as view:

            def show(seen: Progress | None, look: Look) -> None:
                view.show(*(_unseen(look.trouble) if seen is None else question_progress(seen, look)))

            return await questions.follow(connection, question_id, show)
    except asyncio.CancelledError:
        err().print(Text(f"The question goes on. See it again: holdfast watch {question_id}"))
        raise


def show_answer(connection: Connection, answer: Answer, rows: int) -> None:
    """Print an answer with at most so many rows. Raises ArtifactMissing."""
    records = content_of(connection, answer, rows)
    shown = records if isinstance(records, list) else []
    out().print(answer_view(answer, shown, connection.link(answer.correlation_id)))


def content_of(connection: Connection, answer: Answer, limit: int | None) -> list[dict[str, JsonValue]] | str:
    """The rows of an answer, at most `limit` of them, or its markdown. Raises ArtifactMissing."""
    formatted = answer.formatted
    if formatted is None or formatted.rows is None:
        return formatted.markdown if formatted is not None and formatted.display_type == "markdown" else []
    rows = ArtifactStore(connection.settings.data_dir / "artifacts").scan(formatted.rows)
    return content(rows if limit is None else rows.head(limit), formatted.headers)


async def watch_sync(connection: Connection, name: str) -> None:
    """Show progress on standard error until the sync ends, and print its report. Raises SyncFailed."""
    try:
        with progress_view(err()) as view:

            def show(seen: SyncProgress | None, trouble: str) -> None:
                view.show(*(_unseen(trouble) if seen is None else sync_progress(seen, trouble)))

            report = await syncs.follow(connection, name, show)
    except asyncio.CancelledError:
        err().print(Text("The sync goes on. See it again: holdfast sync"))
        raise
    out().print(sync_view(report))
    if link := connection.link(name):
        out().print(Text(link, style="dim"))
