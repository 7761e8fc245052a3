"""The command line `holdfast`: which commands there are, and how each of them ends."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Annotated, Any

import typer
from rich.text import Text
from temporalio.service import RPCError, RPCStatusCode
from typer.core import TyperGroup
from typer.exceptions import TyperException

from holdfast.atomic_files import is_storage_full
from holdfast.errors import HoldfastError
from holdfast.settings import config_file
from starter.commands import access, questions, rerunning, scheduling, stack, steering, syncing, tenant
from starter.detaching import DetachedFailed
from starter.exit_codes import ExitCode, code_of_error, code_of_failure, log_unexpected
from starter.plain_text import visible_lines
from starter.rendering import err
from starter.syncs import SyncFailed

_HELP = """Questions about an Okta tenant, answered durably and truthfully.

Start with: holdfast demo

Exit codes: 0 answered (or done) · 2 wrong usage, an unknown id or a wrong setting · 3 refused, cancelled or needs
clarification · 4 failed, or not answered in time · 5 cannot reach what it needs (no stack, no snapshot, no tenant) ·
130 interrupted
"""


# What a client is told when its server ends or hangs, after the SDK tried again for some seconds.
_NOBODY_THERE = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}
_TEMPORAL_WENT_AWAY = (
    "Temporal does not answer any more. What was started is kept and goes on when it is back: start it with "
    "`holdfast up --detach` where it ended; `holdfast list` and `holdfast sync` find everything again."
)


class _Guarded(TyperGroup):
    """Whatever goes wrong in a command ends as one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except HoldfastError as error:
            _complain(str(error))
            raise typer.Exit(_code(error)) from error
        except UnicodeEncodeError as error:
            # What Python makes of bytes on the command line that are no UTF-8 can neither be sent nor printed.
            _complain("An argument holds bytes that are no UTF-8 text. Type it in a UTF-8 terminal.")
            raise typer.Exit(ExitCode.USAGE) from error
        except RPCError as error:
            if error.status not in _NOBODY_THERE:
                raise typer.Exit(_unexpected(error)) from error
            _complain(_TEMPORAL_WENT_AWAY)
            raise typer.Exit(ExitCode.UNREACHABLE) from error
        except (TyperException, RuntimeError) as error:
            # Usage errors and Exit are typer's to show; the latter is a RuntimeError.
            if isinstance(error, TyperException | typer.Exit | typer.Abort):
                raise
            raise typer.Exit(_unexpected(error)) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            if not is_storage_full(error):
                raise typer.Exit(_unexpected(error)) from error
            _complain(f"There is no space left to write to ({error}). Make room; nothing that was asked is lost.")
            raise typer.Exit(ExitCode.FAILED) from error
        except Exception as error:  # the last resort: a person gets a sentence, the log the trace
            raise typer.Exit(_unexpected(error)) from error


def _complain(message: str) -> None:
    err().print(Text(f"holdfast: {visible_lines(message)}", style="red"))


def _code(error: HoldfastError) -> int:
    match error:
        case DetachedFailed():
            return error.exit_code
        case SyncFailed():
            return code_of_failure(error.error_type)
        case _:
            return code_of_error(error)


def _unexpected(error: Exception) -> ExitCode:
    file = log_unexpected(error, config_file().parent / "logs")
    _complain(f"Something went wrong that should not have ({type(error).__name__}). The details are in {file}.")
    return ExitCode.FAILED


app = typer.Typer(
    cls=_Guarded,
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_START, _ASK, _STEER, _WHO = "Run", "Ask", "Steer a question", "Who may, and who did"
app.command("demo", rich_help_panel=_START)(stack.demo)
app.command("up", rich_help_panel=_START)(stack.up)
app.command("cluster", rich_help_panel=_START)(stack.cluster)
app.command("page", rich_help_panel=_START)(stack.page)
app.command("down", rich_help_panel=_START)(stack.down)
app.command("sync", rich_help_panel=_START)(syncing.sync)
app.add_typer(scheduling.app, name="schedule", rich_help_panel=_START)
app.command("doctor", rich_help_panel=_START)(stack.check_all)
app.command("settings", rich_help_panel=_START)(stack.settings)
app.add_typer(tenant.app, name="tenant", rich_help_panel=_START)
app.command("ask", rich_help_panel=_ASK)(questions.ask)
app.command("list", rich_help_panel=_ASK)(questions.list_questions)
app.command("status", rich_help_panel=_ASK)(questions.status)
app.command("watch", rich_help_panel=_ASK)(questions.watch)
app.command("plan", rich_help_panel=_ASK)(questions.plan)
app.command("export", rich_help_panel=_ASK)(questions.export_answer)
app.command("pause", rich_help_panel=_STEER)(steering.pause)
app.command("resume", rich_help_panel=_STEER)(steering.resume)
app.command("cancel", rich_help_panel=_STEER)(steering.cancel)
app.command("review", rich_help_panel=_STEER)(steering.review)
app.command("share", rich_help_panel=_STEER)(access.share)
app.add_typer(access.keys, name="keys", rich_help_panel=_WHO)
app.command("audit", rich_help_panel=_WHO)(access.audit)
app.command("retry", rich_help_panel=_STEER)(rerunning.retry)
app.command("rerun", rich_help_panel=_STEER)(rerunning.rerun)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"holdfast {version('holdfast')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it")] = False,
) -> None:
    pass


def main() -> None:
    """The console script `holdfast`."""
    try:
        app(prog_name="holdfast")
        code = ExitCode.ANSWERED.value
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else ExitCode.FAILED
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    # Threads of Temporal's SDK that still hold a cancelled call take the interpreter down while it finalizes
    # ("PyGILState_Release"), and a client cannot be closed. Everything of ours is closed and flushed by now.
    os._exit(code)
