"""`up`, `down`, `doctor`, `settings` and `demo`."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import structlog
import typer
from rich.text import Text

from holdfast.errors import NoSnapshot, SettingsError, SnapshotDamaged, StackNotRunning
from holdfast.graph.snapshots import SnapshotStore
from holdfast.settings import Settings, load_settings, unknown_variables
from starter.connection import demo_settings, located
from starter.detaching import start_detached, stop_stack
from starter.exit_codes import ExitCode
from starter.page_link import open_in_browser, own_link
from starter.rendering import err, out
from starter.settings_view import markdown, settings_view
from starter.stack_record import StackRecord, lock_holder, running_stack, with_store_of
from starter.supervision import SupervisedStack, run_until_stopped

DemoSeed = Annotated[int | None, typer.Option("--demo-seed", help="Same seed and size: same demo company")]
DemoUsers = Annotated[
    int | None, typer.Option("--demo-users", min=50, max=1_000_000, help="People in the demo company")
]


def point_out_unknown_settings() -> None:
    """Say on standard error which HOLDFAST_ variables nothing reads."""
    for sentence in unknown_variables(os.environ):
        err().print(Text(f"Note: {sentence}", style="yellow"))


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when everything serves")] = False,
    demo_seed: DemoSeed = None,
    demo_users: DemoUsers = None,
    summary: Annotated[bool, typer.Option("--summary/--no-summary", hidden=True)] = True,
) -> None:
    """Run everything on this machine: Temporal, the worker, and the demo tenant unless an Okta tenant is configured.

    Example: holdfast up --detach
    """
    settings = with_demo_options(load_settings(), demo_seed, demo_users)
    if detach:
        _serve_detached(settings, "up")
        return
    # Here and not above, as in `check_all`: the demo tenant and the Okta client take half a second to import, which
    # `ask` need not wait for.
    from starter.stack import Stack

    _serve(Stack(settings, tell), settings, summary=summary)


def cluster(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when everything serves")] = False,
    demo_seed: DemoSeed = None,
    demo_users: DemoUsers = None,
    summary: Annotated[bool, typer.Option("--summary/--no-summary", hidden=True)] = True,
) -> None:
    """Run what docker-compose.yml does without containers: Temporal on PostgreSQL, two workers, two gateways.

    Example: holdfast cluster --detach
    """
    settings = with_demo_options(load_settings(), demo_seed, demo_users)
    if settings.temporal.address is not None:
        raise SettingsError("A cluster has a Temporal of its own: unset HOLDFAST_TEMPORAL__ADDRESS.")
    if detach:
        _serve_detached(settings, "cluster")
        return
    from starter.cluster.cluster import ClusterStack

    _serve(ClusterStack(settings, tell), settings, summary=summary)


def _serve(stack: SupervisedStack, settings: Settings, *, summary: bool) -> None:
    point_out_unknown_settings()

    async def when_ready(record: StackRecord) -> None:
        if summary:
            show_stack(record, settings)
            await _open_page(record, settings)
            tell("Stop it with Ctrl-C.")

    asyncio.run(run_until_stopped(stack, when_ready))


def _serve_detached(settings: Settings, command: str) -> None:
    record = start_detached(settings, tell, command)
    show_stack(record, settings)
    asyncio.run(_open_page(record, settings))
    tell("Stop it with: holdfast down")


def page() -> None:
    """Open the page in a browser, signed in as you.

    Example: holdfast page
    """
    settings = located(load_settings())
    record = running_stack(settings.data_dir)
    if record is None:
        raise StackNotRunning(f"No Holdfast runs on {settings.data_dir}. Start it with `holdfast up --detach`.")
    asyncio.run(_open_page(record, settings))


async def _open_page(record: StackRecord, settings: Settings) -> None:
    link = await own_link(with_store_of(record, settings), record.gateway_url)
    opened = out().is_terminal and open_in_browser(link)
    tell(f"  Page      {link}")
    tell("            " + ("It is open in your browser." if opened else "It signs you in once; again: holdfast page"))


def down() -> None:
    """Stop what `holdfast up` or `holdfast cluster` runs on this data folder, and wait until all of it has ended.

    Example: holdfast down
    """
    settings = load_settings()
    demo = demo_settings(settings)
    running = [each.data_dir for each in (settings, demo) if lock_holder(each.data_dir) is not None]
    for data_dir in running or [settings.data_dir]:
        if stop_stack(data_dir):
            tell(f"Stopped what ran on {data_dir}.")
        else:
            tell(f"Nothing ran on {data_dir}.")


def check_all(
    models: Annotated[
        bool, typer.Option("--models", help="Also ask each named model for one word, which a provider may charge for")
    ] = False,
) -> None:
    """Check every part and say what to do about what is not well.

    Example: holdfast doctor
    """
    from starter import checks, doctor

    # What a call cost is shown; without a log file of its own its line would be printed among the checks.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    console, bad = out(), False

    async def run() -> None:
        nonlocal bad
        async for check in doctor.checks(load_settings(), ask_models=models):
            checks.show(console, check)
            bad = bad or check.verdict == "bad"

    asyncio.run(run())
    if bad:
        raise typer.Exit(ExitCode.UNREACHABLE)


def settings(
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the documentation of every setting")] = False,
) -> None:
    """Print every setting, its value and where that comes from; secrets are not shown.

    Example: holdfast settings
    """
    if as_markdown:
        typer.echo(markdown(), nl=False)
        return
    point_out_unknown_settings()
    out().print(settings_view(load_settings()))


def demo(
    keep: Annotated[
        bool | None, typer.Option("--keep/--no-keep", help="Leave it running; by default only on a terminal")
    ] = None,
    demo_seed: DemoSeed = None,
    demo_users: DemoUsers = None,
) -> None:
    """Sync the demo tenant and answer real questions, in a folder of its own.

    Example: holdfast demo --no-keep
    """
    from starter.demo import run_demo

    console = out()
    chosen = with_demo_options(demo_settings(load_settings()), demo_seed, demo_users)
    raise typer.Exit(run_demo(chosen, console, keep=console.is_terminal if keep is None else keep))


def with_demo_options(settings: Settings, seed: int | None, users: int | None) -> Settings:
    """The settings with what was given on the command line about the demo tenant."""
    given = {name: value for name, value in (("seed", seed), ("users", users)) if value is not None}
    return settings.model_copy(update={"demo": settings.demo.model_copy(update=given)})


def tell(line: str) -> None:
    """A line for the person who watches the stack."""
    out().print(Text(line))


def show_stack(record: StackRecord, settings: Settings) -> None:
    """Where everything is, and what to do next."""
    ui = f", UI {record.ui_url}" if record.ui_url else ""
    tenant = f"{record.tenant} (demo, {settings.demo.users:,} people)" if record.tenant_is_demo else record.tenant
    tell(f"Holdfast serves from {settings.data_dir}")
    tell(f"  Temporal  {record.temporal_address}{ui}")
    tell(f"  Tenant    {tenant}")
    if record.other_gateways:
        tell(f"  Gateways  {', '.join([record.gateway_url, *record.other_gateways])}")
    if record.access_store is not None:
        tell(f"  Database  {record.access_store}")
    _warn_of_strangers(settings)
    if settings.graph.engine == "kuzu":
        err().print(Text("Warning: kuzu answers some ordinary questions wrongly (docs/adr/0002).", style="bold red"))
        err().print(Text("Set HOLDFAST_GRAPH__ENGINE=ladybug and run `holdfast sync`.", style="bold red"))
    try:
        built_with = SnapshotStore(settings.data_dir / "graph").current().manifest.engine
    except NoSnapshot:
        tell("Read the tenant first: holdfast sync")
    except SnapshotDamaged as error:
        tell(str(error))
    else:
        is_readable = built_with == settings.graph.engine
        again = f"What is here was built with {built_with}. Read the tenant again: holdfast sync"
        tell('Ask: holdfast ask "Who is locked out?"' if is_readable else again)


def _warn_of_strangers(settings: Settings) -> None:
    """Say what it means where the gateway listens beyond loopback and no https address is named."""
    from starter.gateway_checks import beyond_words, is_loopback

    host, public = settings.gateway.host, settings.gateway.public_url or ""
    if not is_loopback(host) and not public.startswith("https:"):
        err().print(Text(f"Warning: the gateway listens on {host}. {beyond_words(settings)}", style="bold red"))


__all__ = ["check_all", "cluster", "demo", "down", "page", "settings", "up"]
