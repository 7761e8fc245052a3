"""The demonstration: a stack of its own, a sync, and questions of several kinds with their answers."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from typing import NamedTuple

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from holdfast.answer import Outcome
from holdfast.settings import PREFIX, Settings, load_settings
from starter import questions, syncs
from starter.connection import Connection, connect
from starter.detaching import start_detached, stop_stack
from starter.exit_codes import ExitCode
from starter.page_link import own_link
from starter.stack_record import running_stack
from starter.watching import show_answer, watch_question, watch_sync

_ROWS = 8


class DemoQuestion(NamedTuple):
    """A question, and what it is there to show."""

    text: str
    shows: str


QUESTIONS = (
    DemoQuestion("Which contractors in the Finance department are active?", "people by status, department and type"),
    DemoQuestion("Who can open Salesforce?", "every path: assigned directly and through groups"),
    DemoQuestion("What can Dana Whitfield open?", "the same, from the person's side"),
    DemoQuestion("MFA coverage by department as a percentage, worst first", "what could not be read is counted apart"),
    DemoQuestion("What does Dana Whitfield have that Luis Ortega does not?", "two people compared"),
    DemoQuestion("Which active employees have not logged in for 90 days?", "a window of time"),
    DemoQuestion(
        "Which members of Finance have no phishing-resistant factor, right now?",
        "who is meant comes from the graph, their factors from the live tenant",
    ),
    DemoQuestion(
        "Who reset factors for others in the last 30 days?", "the system log, read by a program that was checked"
    ),
    DemoQuestion(
        "Which API tokens have not been used for 90 days, and who owns them?", "what only the live tenant tells"
    ),
    DemoQuestion(
        "Check whether Dana Whitfield can open Salesforce", "by which path, and what the policy in force demands"
    ),
    DemoQuestion("Which groups is Maria García in?", "two people have this name: it is asked back, not guessed"),
    DemoQuestion("Deactivate Luis Ortega", "changes are refused: Holdfast only reads"),
)


def run_demo(settings: Settings, console: Console, *, keep: bool) -> ExitCode:
    """Show everything once. Afterwards the stack goes on where `keep` says so, else all of it is ended."""
    finished = False
    try:
        code = _shown(settings, console)
        finished = True
    finally:
        if not (keep and finished):
            console.print(Text("Ending the demo …", style="dim"))
            stop_stack(settings.data_dir)
    if keep:
        _say_how_to_go_on(settings, console)
    return code


def _shown(settings: Settings, console: Console) -> ExitCode:
    console.print(Text("Holdfast answers questions about an Okta tenant. Here is one with invented people."))
    if running_stack(settings.data_dir) is None:
        console.print(Text("Starting Temporal, the demo tenant and a worker …"))
        start_detached(settings, lambda line: console.print(Text(line)))
    return asyncio.run(_synced_and_asked(settings, console))


async def _synced_and_asked(settings: Settings, console: Console) -> ExitCode:
    connection = await connect(settings)
    console.print(Text(f"Reading the tenant at {connection.tenant} into a graph …"))
    name, _ = await syncs.start(connection, "full", asker=questions.asker())
    await watch_sync(connection, name)
    outcomes = [await _asked(connection, question, console) for question in QUESTIONS]
    return ExitCode.FAILED if Outcome.FAILED in outcomes else ExitCode.ANSWERED


async def _asked(connection: Connection, question: DemoQuestion, console: Console) -> Outcome:
    console.print()
    console.print(Rule(style="dim") if console.is_terminal else Text("-" * 80))
    console.print(Text(f"? {question.text}", style="bold cyan"), Text(f"({question.shows})", style="dim"))
    asked, _ = await questions.start(connection, question.text, asker=questions.asker())
    question_id = asked.id
    answer = await watch_question(connection, question_id)
    show_answer(connection, answer, _ROWS)
    return answer.outcome


def _say_how_to_go_on(settings: Settings, console: Console) -> None:
    record = running_stack(settings.data_dir)
    # The plain commands find the demo by themselves, unless an Okta tenant is configured.
    prefix = f"{PREFIX}DATA_DIR={settings.data_dir} " if load_settings().okta.url is not None else ""
    console.print()
    console.print(Text("The demo goes on running. Next:", style="bold"))
    console.print(Text(f'  {prefix}{_how_to_call()} ask "Who can open Salesforce?"'))
    if record is not None:
        link = asyncio.run(own_link(settings, record.gateway_url))
        console.print(Text(f"  {link}   the page, where you are signed in (again: {prefix}{_how_to_call()} page)"))
    if record is not None and record.ui_url is not None:
        console.print(Text(f"  {record.ui_url}   every question as a workflow, in the Temporal UI"))
    console.print(Text(f"  {prefix}{_how_to_call()} down   ends it (or: make down)"))


def _how_to_call() -> str:
    """The command as this person can type it: after `make demo` it stands in a folder that is not on their PATH."""
    if shutil.which("holdfast") is not None or not sys.argv[0].endswith("holdfast"):
        return "holdfast"
    return min(os.path.relpath(sys.argv[0]), sys.argv[0], key=len)
