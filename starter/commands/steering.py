"""`pause`, `resume`, `cancel` and `review`."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from holdfast.contracts import Decision, Review
from holdfast.errors import PlanRejected, ReviewRefused
from holdfast.execution import State
from holdfast.plan import Plan, checked_plan
from holdfast.settings import load_settings
from starter import questions
from starter.commands.arguments import QuestionId
from starter.commands.recording import recorded
from starter.connection import Connection, connect
from starter.editor import edited_text
from starter.rendering import out

# A pause waits for steps that run; most end well within this.
_PATIENCE = timedelta(seconds=5)
_NAMES = {State.PAUSED: "pause", State.RUNNING: "resume", State.CANCELLED: "cancel"}


def pause(question_id: QuestionId) -> None:
    """Start nothing further of a question until `resume`: a query that runs is finished, a program stops at its call.

    Example: holdfast pause q-20260724-k3v9x2ta
    """
    _steer(question_id, State.PAUSED)


def resume(question_id: QuestionId) -> None:
    """Let a paused question go on.

    Example: holdfast resume q-20260724-k3v9x2ta
    """
    _steer(question_id, State.RUNNING)


def cancel(question_id: QuestionId) -> None:
    """End a question; what it found so far stays in its answer.

    Example: holdfast cancel q-20260724-k3v9x2ta
    """
    _steer(question_id, State.CANCELLED)


def review(  # noqa: PLR0913 - one parameter for each option
    question_id: QuestionId,
    decision: Annotated[Decision, typer.Argument(help="approve, reject, edit (a plan) or stop (a step)")],
    comment: Annotated[str, typer.Option("--comment", help="Why; kept with the question")] = "",
    plan_file: Annotated[
        Path | None, typer.Option("--plan", help="edit: a file with the plan as JSON; without it $EDITOR opens")
    ] = None,
    step_id: Annotated[
        str | None, typer.Option("--step", help="The step that wants more calls, where more than one thing waits")
    ] = None,
    further_calls: Annotated[
        int | None, typer.Option("--further-calls", min=1, help="approve a step: at most so many more calls")
    ] = None,
) -> None:
    """Decide on a plan, or on a step that wants more calls of the tenant, which waits for a review.

    `stop` lets a step make no further call: the answer is made of what was read, and says what is missing.

    Example: holdfast review q-20260724-k3v9x2ta approve --comment "as agreed"
    """
    if plan_file is not None and decision is not Decision.EDIT:
        raise typer.BadParameter("a plan is given only to `edit`", param_hint="--plan")

    async def run() -> None:
        connection = await connect(load_settings())
        plan = await _edited_plan(connection, question_id, plan_file) if decision is Decision.EDIT else None
        given = Review(
            decision=decision,
            reviewer=questions.asker(),
            # Whoever reaches Temporal itself could do anything there.
            as_administrator=True,
            comment=comment,
            step_id=step_id,
            plan=plan,
            further_calls=further_calls,
        )
        detail = given.model_dump(mode="json", exclude_none=True)
        async with recorded(connection.settings, "review", question_id, **detail):
            await questions.review(connection, question_id, given)
        out().print(Text(f"{question_id}: {decision.value} is recorded. Follow it: holdfast watch {question_id}"))

    asyncio.run(run())


def _steer(question_id: str, to: State) -> None:
    async def run() -> None:
        connection = await connect(load_settings())
        async with recorded(connection.settings, _NAMES[to], question_id):
            await questions.steer(connection, question_id, to)
        state = await questions.settled_state(connection, question_id, to, _PATIENCE)
        later = "" if state in {to, State.BLOCKED} else f"; it will be {to} when what runs now has ended"
        out().print(Text(f"{question_id} is {state}{later}."))

    asyncio.run(run())


async def _edited_plan(connection: Connection, question_id: str, plan_file: Path | None) -> Plan:
    """The reviewer's plan. Raises PlanRejected with every reason, and ReviewRefused where nothing was changed."""
    if plan_file is not None:
        return _read_plan(_text_of(plan_file))
    progress = await questions.progress_of(connection, question_id)
    if progress is None or progress.plan is None:
        raise ReviewRefused(f"Question {question_id} shows no plan to edit; `holdfast status {question_id}` says why.")
    edited = await asyncio.to_thread(edited_text, progress.plan.model_dump_json(indent=2), ".json")
    if edited is None:
        raise ReviewRefused("The plan was left as it is, so nothing was sent. Use `approve` to accept it.")
    return _read_plan(edited)


def _text_of(plan_file: Path) -> str:
    try:
        return plan_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PlanRejected(f"{plan_file} cannot be read: {why}.") from error


def _read_plan(text: str) -> Plan:
    try:
        return checked_plan(json.loads(text))
    except json.JSONDecodeError as error:
        raise PlanRejected(f"The plan is not JSON: {error}.") from error
