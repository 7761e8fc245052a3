"""`retry` and `rerun`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.text import Text

from holdfast.complaints import complaints_of
from holdfast.errors import RerunRefused
from holdfast.origin import Edited
from holdfast.settings import load_settings
from starter import questions
from starter.changes import Changes
from starter.commands.arguments import QuestionId
from starter.commands.questions import AsJson, Rows, Timeout, await_and_show
from starter.commands.recording import recorded
from starter.connection import Connection, connect
from starter.editor import edited_text
from starter.past import Past, past_of
from starter.questions import Asked
from starter.rendering import err

_Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="--no-wait prints only the new id")]
_SUFFIXES: dict[Edited, str] = {"plan": ".json", "query": ".txt", "program": ".py", "presentation": ".json"}


def retry(
    question_id: QuestionId, as_json: AsJson = False, wait: _Wait = True, timeout: Timeout = None, rows: Rows = 25
) -> None:
    """Start a failed question again, as a new one: finished steps are reused, no finished call is made twice.

    Example: holdfast retry q-20260724-k3v9x2ta
    """

    async def start(connection: Connection) -> Asked:
        async with recorded(connection.settings, "retry", question_id):
            # Here and not above: what checks programs takes half a second to import; other commands need not wait.
            from starter import reruns

            started, _ = await reruns.retry(connection, question_id, asker=questions.asker())
        return started

    asyncio.run(_started_and_shown(start, wait, timeout, None if as_json else rows))


def rerun(  # noqa: PLR0913 - options of a command
    question_id: QuestionId,
    from_step: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Run this step again and what depends on it")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="A file with an edited plan, as `plan --json` has it")
    ] = None,
    query: Annotated[Path | None, typer.Option("--query", help="A file with the step's query")] = None,
    program: Annotated[Path | None, typer.Option("--program", help="A file with the step's program")] = None,
    presentation: Annotated[
        Path | None, typer.Option("--presentation", help="A file with the answer's layout as JSON; no step runs")
    ] = None,
    edit: Annotated[
        str | None, typer.Option("--edit", metavar="WHAT", help="Open plan, query, program or presentation in $EDITOR")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="NAME:KIND", help="A column of an edited program's rows, where others than before"
        ),
    ] = None,
    as_json: AsJson = False,
    wait: _Wait = True,
    timeout: Timeout = None,
    rows: Rows = 25,
) -> None:
    """Start an ended question again from a step on, as a new one; nothing before that step is repeated.

    With nothing edited, everything from that step on is written anew. Kinds of columns: text, integer, number, flag,
    time, list, record.

    Example: holdfast rerun q-20260724-k3v9x2ta --from people --edit query
    """
    files: dict[Edited, Path | None] = {"plan": plan, "query": query, "program": program, "presentation": presentation}
    given = {what: _text_of(file) for what, file in files.items() if file is not None}
    if edit is not None and edit not in _SUFFIXES:
        raise typer.BadParameter(f"one of {', '.join(_SUFFIXES)}", param_hint="--edit")

    async def start(connection: Connection) -> Asked:
        texts = dict(given)
        if edit is not None:
            texts[edit] = await _edited(connection, question_id, edit, from_step)
        changes = _changes(from_step, texts, columns)
        told = changes.model_dump(mode="json", exclude_none=True)
        async with recorded(connection.settings, "rerun", question_id, changes=told):
            # As in `retry`.
            from starter import reruns

            started, _ = await reruns.rerun(connection, question_id, changes, asker=questions.asker())
        return started

    asyncio.run(_started_and_shown(start, wait, timeout, None if as_json else rows))


async def _started_and_shown(
    start: Callable[[Connection], Awaitable[Asked]], wait: bool, timeout_s: float | None, rows: int | None
) -> None:
    connection = await connect(load_settings())
    started = await start(connection)
    if not wait:
        typer.echo(started.id)
        return
    assert started.origin is not None
    err().print(Text(f"{started.id} is a {started.origin.words}."))
    await await_and_show(connection, started.id, timeout_s, rows)


async def _edited(connection: Connection, question_id: str, what: Edited, from_step: str | None) -> str:
    """What the person made of it. Raises RerunRefused where nothing was changed."""
    await questions.asked(connection, question_id)
    before = _text_before(await past_of(connection.client, question_id), what, from_step)
    edited = await asyncio.to_thread(edited_text, before, _SUFFIXES[what])
    if edited is None:
        raise RerunRefused(f"The {what} was left as it is, so nothing was started. Leave --edit out to write it anew.")
    return edited


def _text_before(past: Past, what: Edited, from_step: str | None) -> str:
    """What the editor opens with; empty where there was none."""
    match what:
        case "plan":
            return past.plan.model_dump_json(indent=2) if past.plan is not None else ""
        case "presentation":
            formatted = past.answer.formatted if past.answer is not None else None
            return json.dumps(formatted.presentation, indent=2) if formatted is not None else ""
        case _:
            result, program = past.results.get(from_step or ""), past.programs.get(from_step or "")
            if result is not None:
                return result.generated.text
            return program.generated.text if program is not None else ""


def _changes(from_step: str | None, texts: dict[Edited, str], columns: list[str] | None) -> Changes:
    """The rerun that was typed. Raises RerunRefused."""
    given: dict[str, Any] = {"from_step": from_step}
    for what, text in texts.items():
        given[what] = text if what in {"query", "program"} else _json(what, text)
    if columns:
        given["columns"] = [dict(zip(("name", "kind"), column.rsplit(":", 1), strict=False)) for column in columns]
    try:
        return Changes.model_validate(given)
    except ValidationError as error:
        raise RerunRefused(f"It cannot be run again like this: {complaints_of(error)}.") from error


def _json(what: Edited, text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RerunRefused(f"The {what} is not JSON: {error}.") from error


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RerunRefused(f"{file} cannot be read: {why}.") from error
