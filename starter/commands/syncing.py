"""`sync`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from holdfast.settings import load_settings
from holdfast.sync.history import SyncHistory
from holdfast.sync_contracts import SyncMode
from starter import questions, syncs
from starter.commands.recording import recorded
from starter.connection import connect, located
from starter.rendering import err, history_view, out
from starter.watching import watch_sync

# What runs is told by its next heartbeat, some seconds apart.
_CANCEL_PATIENCE_S = 20.0


def sync(
    incremental: Annotated[
        bool, typer.Option("--incremental/--full", help="Read only what changed, where Okta can say so")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="--no-wait prints only the workflow's id")] = True,
    cancel: Annotated[bool, typer.Option("--cancel", help="End the sync that runs; nothing is changed")] = False,
    history: Annotated[bool, typer.Option("--history", help="Show past syncs instead")] = False,
) -> None:
    """Read the tenant into a new snapshot, and publish it when it is whole.

    Example: holdfast sync
    """
    if history:
        show_history()
        return
    if cancel:
        asyncio.run(cancel_sync())
        return

    async def run() -> None:
        connection = await connect(load_settings())
        mode: SyncMode = "incremental" if incremental else "full"
        async with recorded(connection.settings, "sync", connection.tenant, mode=mode):
            name, is_new = await syncs.start(connection, mode, asker=questions.asker())
        if not is_new:
            err().print(Text("A sync of this tenant runs already; this is that one."))
        if wait:
            await watch_sync(connection, name)
        else:
            typer.echo(name)

    asyncio.run(run())


async def cancel_sync() -> None:
    """End the sync that runs, and say what came of that. Raises InvalidTransition where none runs."""
    connection = await connect(load_settings())
    async with recorded(connection.settings, "cancel-sync", connection.tenant):
        name = await syncs.cancel(connection)
    try:
        async with asyncio.timeout(_CANCEL_PATIENCE_S):
            report = await syncs.follow(connection, name, lambda _seen, _trouble: None)
    except TimeoutError:
        out().print(Text("The sync will end as soon as a worker reads that it should. See it end: holdfast sync"))
    except syncs.SyncFailed as ended:
        if ended.error_type != syncs.SYNC_CANCELLED:
            raise
        out().print(Text(str(ended)))
    else:
        out().print(Text(f"It was too late: the sync has published snapshot {report.snapshot_id}."))


def show_history() -> None:
    """Print every sync that ended, the latest first; read from the data folder, so nothing needs to run."""
    records = SyncHistory(located(load_settings()).data_dir / "sync").entries()[::-1]
    if records:
        out().print(history_view(records))
    else:
        err().print(Text("No sync has ended here yet. Start one: holdfast sync"))
