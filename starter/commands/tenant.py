"""`tenant serve` and `tenant export`."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from rich.text import Text

from holdfast.complaints import complaints_of
from holdfast.settings import DemoSettings, load_settings
from starter.rendering import out
from starter.tables import table

Seed = Annotated[int | None, typer.Option("--seed", help="Same seed and size: same company [default: settings]")]
Users = Annotated[int | None, typer.Option("--users", min=50, max=1_000_000, help="People [default: settings]")]
Now = Annotated[
    datetime | None,
    typer.Option(
        "--now", formats=["%Y-%m-%d"], help="The UTC day to which the company's dates are relative [default: today]"
    ),
]
LogEvents = Annotated[
    int | None, typer.Option("--log-events", min=0, max=5_000_000, help="Events in its system log [default: settings]")
]
Options = TypeVar("Options", bound=BaseModel)


class OnOff(StrEnum):
    """A switch with its state said out loud."""

    ON = "on"
    OFF = "off"


app = typer.Typer(help="The demo tenant alone: serve it over HTTP, or write its raw records.", no_args_is_help=True)


@app.command()
def serve(  # noqa: PLR0913 - options of a command
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0: a free one")] = 0,
    seed: Seed = None,
    users: Users = None,
    now: Now = None,
    log_events: LogEvents = None,
    latency: Annotated[float, typer.Option("--latency", min=0, help="Seconds that every answer waits")] = 0.0,
    rate_limits: Annotated[OnOff, typer.Option("--rate-limits", help="Whether Okta's rate limits hold")] = OnOff.ON,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="NAME=VALUE",
            help="On purpose: seed, jitter, slow_rate, slow_by, error_rate, throttle_rate, storm_rate, cut_rate, "
            "forbidden_rate, gone_rate, shifting_pages, flaky_tries; patterns of paths: forbidden, gone, broken, flaky",
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option("--limit", metavar="NAME=VALUE", help="Of the rate limits: plan, share, window, concurrent"),
    ] = None,
    request_log: Annotated[Path | None, typer.Option("--request-log", help="Gets one line for every request")] = None,
) -> None:
    """Serve the demo tenant until Ctrl-C.

    Example: holdfast tenant serve --port 8080 --users 5000 --fault error_rate=0.02 --limit share=0.5
    """
    # Here and not above: the tenant's server takes half a second to import, which `ask` need not wait for.
    from holdfast.demo import FaultOptions, RateLimitOptions, TenantOptions, make_company
    from holdfast.demo.server import running

    options = TenantOptions(
        port=port,
        request_log=request_log,
        faults=_read(FaultOptions, [f"latency={latency}", *(fault or [])], "--fault"),
        rate_limits=_read(RateLimitOptions, [f"enabled={rate_limits.value}", *(limit or [])], "--limit"),
    )
    demo = _chosen(load_settings().demo, seed, users, log_events)
    company = make_company(demo.seed, demo.users, now=_beginning_of(now), log_events=demo.log_events)

    # It is documented, and protects nothing.
    token = options.token.get_secret_value()

    async def run() -> None:
        async with running(company, options) as tenant:
            out().print(Text(f"The demo tenant serves at {tenant.url}; its API token is {token}. End: Ctrl-C."))
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


@app.command("export")
def export_records(  # noqa: PLR0913 - options of a command
    directory: Annotated[Path, typer.Argument(help="Made if need be; files of an earlier export are replaced")],
    seed: Seed = None,
    users: Users = None,
    now: Now = None,
    log_events: LogEvents = None,
    log: Annotated[bool, typer.Option("--log/--no-log", help="Whether to write the system log too")] = True,
) -> None:
    """Write the raw records that the demo tenant serves, one JSON-lines file a family.

    The system log is by far the largest (140 MB for 1,000 people); --no-log leaves it out.

    Example: holdfast tenant export records --seed 7 --users 1000
    """
    from holdfast.demo import export, make_company

    demo = _chosen(load_settings().demo, seed, users, log_events)
    company = make_company(demo.seed, demo.users, now=_beginning_of(now), log_events=demo.log_events)
    counts = export(company, directory, log=log)
    out().print(table(("Family", "Records"), [(name, f"{count:,}") for name, count in counts.items()], numbers=(1,)))


def _chosen(demo: DemoSettings, seed: int | None, users: int | None, log_events: int | None) -> DemoSettings:
    given = {"seed": seed, "users": users, "log_events": log_events}
    return demo.model_copy(update={name: value for name, value in given.items() if value is not None})


def _beginning_of(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day is not None else None


def _read(model: type[Options], pairs: list[str], flag: str) -> Options:
    """Options from `name=value` texts; a name that holds many may be given several times."""
    given: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint=flag)
        given[name] = (*_earlier(given, name), value) if _holds_many(model, name) else _number_or_text(value)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise typer.BadParameter(complaints_of(error), param_hint=flag) from error


def _holds_many(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and field.annotation == tuple[str, ...]


def _earlier(given: dict[str, object], name: str) -> tuple[object, ...]:
    earlier = given.get(name, ())
    return earlier if isinstance(earlier, tuple) else (earlier,)


def _number_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
