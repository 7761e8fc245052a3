"""`sync`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from holdfast.settings import load_settings
from holdfast.sync.history import SyncHistory
from starter import syncs
from starter.connection import connect, located
from starter.rendering import err, history_view, out
from starter.watching import watch_sync


def sync(
    incremental: Annotated[
        bool, typer.Option("--incremental/--full", help="Read only what changed, where Okta can say so")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="--no-wait prints only the workflow's id")] = True,
    history: Annotated[bool, typer.Option("--history", help="Show past syncs instead")] = False,
) -> None:
    """Read the tenant into a new snapshot, and publish it when it is whole.

    Example: holdfast sync
    """
    if history:
        show_history()
        return

    async def run() -> None:
        connection = await connect(load_settings())
        name, is_new = await syncs.start(connection, "incremental" if incremental else "full")
        if not is_new:
            err().print(Text("A sync of this tenant runs already; this is that one."))
        if wait:
            await watch_sync(connection, name)
        else:
            typer.echo(name)

    asyncio.run(run())


def show_history() -> None:
    """Print every sync that ended, the latest first; read from the data folder, so nothing needs to run."""
    records = SyncHistory(located(load_settings()).data_dir / "sync").entries()[::-1]
    if records:
        out().print(history_view(records))
    else:
        err().print(Text("No sync has ended here yet. Start one: holdfast sync"))
