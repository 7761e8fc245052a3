"""`schedule`: syncs and saved questions, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdfast.artifacts import ArtifactStore
from holdfast.execution import State
from holdfast.records import json_records
from holdfast.schedule_contracts import Difference
from holdfast.settings import load_settings
from holdfast.sync_contracts import SyncMode
from starter import questions, schedules
from starter.commands.recording import recorded
from starter.connection import Connection, connect
from starter.plain_text import visible, when
from starter.rendering import out
from starter.schedules import Run, Scheduled, When

app = typer.Typer(no_args_is_help=True, help="Syncs and saved questions, again and again")

Every = Annotated[str | None, typer.Option("--every", help="So often: 30m, 6h, 1d")]
Cron = Annotated[str | None, typer.Option("--cron", help='Five fields, e.g. "0 6 * * 1-5"')]
Zone = Annotated[str, typer.Option("--zone", help="Time zone of --cron")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The schedule's name; `sync` is the tenant's")]

# Runs that are shown, and rows of the latest difference.
_RUNS, _ROWS = 10, 25


@app.command("sync")
def sync(
    every: Every = None,
    cron: Cron = None,
    zone: Zone = "UTC",
    incremental: Annotated[bool, typer.Option("--incremental/--full", help="Read only what changed")] = False,
) -> None:
    """Sync the tenant again and again.

    Example: holdfast schedule sync --every 6h
    """
    mode: SyncMode = "incremental" if incremental else "full"

    async def run(connection: Connection) -> None:
        times = When(every, cron, zone)
        async with recorded(connection.settings, "schedule", schedules.SYNC, mode=mode, when=asdict(times)):
            await schedules.schedule_sync(connection, mode, questions.asker(), times)
        await _tell_next(connection, schedules.SYNC)

    _connected(run)


@app.command("question")
def question(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it: small letters, digits, dashes")],
    text: Annotated[str, typer.Argument(help="The question, in quotation marks")],
    every: Every = None,
    cron: Cron = None,
    zone: Zone = "UTC",
) -> None:
    """Save a question, and ask it again and again; each run says what became different.

    Example: holdfast schedule question admins "Who has an administrator role?" --cron "0 6 * * 1-5"
    """

    async def run(connection: Connection) -> None:
        times = When(every, cron, zone)
        async with recorded(connection.settings, "schedule", name, text=text, when=asdict(times)):
            await schedules.save_question(connection, name, text, questions.asker(), times)
        await _tell_next(connection, name)

    _connected(run)


@app.command("list")
def list_schedules() -> None:
    """List your schedules, and the tenant's syncs.

    Example: holdfast schedule list
    """

    async def run(connection: Connection) -> None:
        found = [each async for each in schedules.listed(connection, questions.asker())]
        if not found:
            out().print(Text("Nothing is scheduled. For example: holdfast schedule sync --every 6h"))
            return
        out().print(_table(found))

    _connected(run)


@app.command("show")
def show(name: Name) -> None:
    """Show a saved question's latest runs, and what the last one found to be different.

    Example: holdfast schedule show admins
    """

    async def run(connection: Connection) -> None:
        owner = questions.asker()
        seen = await schedules.found(connection, owner, name)
        out().print(_table([seen]))
        found = [each async for each in schedules.runs(connection, owner, name, _RUNS)]
        for each in found:
            out().print(Text(_run_words(each)))
        latest = next((each.found.difference for each in found if each.found and each.found.difference), None)
        if latest is not None:
            _show_difference(connection, latest)

    _connected(run)


@app.command("pause")
def pause(name: Name, note: Annotated[str, typer.Option("--note", help="Why")] = "") -> None:
    """Start nothing more until it is resumed.

    Example: holdfast schedule pause sync --note "maintenance"
    """
    work = partial(schedules.pause, name=name, note=note)
    _do("pause-schedule", name, work, f"{name} is paused.")


@app.command("resume")
def resume(name: Name) -> None:
    """Go on with a paused schedule.

    Example: holdfast schedule resume sync
    """
    _do("resume-schedule", name, partial(schedules.resume, name=name), f"{name} goes on.")


@app.command("run")
def run_now(name: Name) -> None:
    """Do it once now, besides its times.

    Example: holdfast schedule run admins
    """
    words = f"{name} is started, unless it was under way. See: holdfast schedule show {name}"
    _do("run-schedule", name, partial(schedules.run_now, name=name), words)


@app.command("remove")
def remove(name: Name) -> None:
    """Forget a schedule; its answers stay.

    Example: holdfast schedule remove admins
    """
    _do("remove-schedule", name, partial(schedules.remove, name=name), f"{name} is removed.")


def _connected(work: Callable[[Connection], Awaitable[None]]) -> None:
    async def run() -> None:
        await work(await connect(load_settings()))

    asyncio.run(run())


def _do(action: str, name: str, work: Callable[[Connection, str], Awaitable[None]], words: str) -> None:
    async def run(connection: Connection) -> None:
        async with recorded(connection.settings, action, name):
            await work(connection, questions.asker())
        out().print(Text(words))

    _connected(run)


async def _tell_next(connection: Connection, name: str) -> None:
    seen = await schedules.found(connection, questions.asker(), name)
    first = f" First: {when(seen.next_runs[0])}." if seen.next_runs else ""
    out().print(Text(f"{name} is scheduled: {seen.when}.{first} See: holdfast schedule list"))


def _table(found: list[Scheduled]) -> Table:
    table = Table("Name", "What", "When", "Next", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for each in found:
        paused = f"paused{f': {each.note}' * bool(each.note)}"
        following = paused if each.is_paused else (when(each.next_runs[0]) if each.next_runs else "")
        cells = (each.name, each.text, each.when, following)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    return table


def _run_words(run: Run) -> str:
    began = when(run.started)
    if run.found is None:
        return f"{began}  {visible(run.failure) or State.RUNNING.lower()}"
    found = run.found
    rows = f"{found.row_count:,} row{'s' * (found.row_count != 1)}" if found.row_count is not None else found.outcome
    return f"{began}  {found.question_id}  {rows}{_difference_words(found.difference)}"


def _difference_words(difference: Difference | None) -> str:
    if difference is None:
        return ""
    if difference.rows is None:
        return f". {visible(' '.join(difference.notes))}"
    counts = ((difference.new, "new"), (difference.gone, "gone"), (difference.changed, "changed"))
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    return f": {said or 'as before'}"


def _show_difference(connection: Connection, difference: Difference) -> None:
    out().print()
    for note in difference.notes:
        out().print(Text(visible(note), style="yellow"))
    if difference.rows is None or not difference.rows.row_count:
        return
    rows = ArtifactStore(connection.settings.data_dir / "artifacts").scan(difference.rows)
    table = Table(*(visible(header.text) for header in difference.headers), box=None, header_style="bold")
    for record in json_records(rows.head(_ROWS).collect()):
        table.add_row(*(Text(visible(str(value)) if value is not None else "") for value in record.values()))
    out().print(table)
    if (more := difference.rows.row_count - _ROWS) > 0:
        out().print(Text(f"… and {more:,} more", style="dim"))
