"""How far something is that runs, as a terminal and a pipe show it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from holdfast.contracts import CallsWanted, Progress, StepProgress, Waiting
from holdfast.events import StepProgressed
from holdfast.execution import State, StepState
from holdfast.plan import CypherStep, Plan
from holdfast.sync_contracts import FamilyProgress, FamilyReport, SyncProgress
from starter.progress import Line, progress_view, question_progress, sync_progress
from starter.troubles import Look

NOON = datetime(2026, 7, 24, 12, tzinfo=UTC)
PLAN = Plan(
    steps=(CypherStep(id="people", entity="user", operation="list", query_context="people who are active"),),
    reasoning="One look.",
    confidence=0.9,
)


def test_a_blocked_question_says_how_to_decide() -> None:
    seen = Progress(
        correlation_id="q-1",
        question="?",
        state=State.BLOCKED,
        waiting=(Waiting(step_id=None, reason="low confidence"),),
        plan=PLAN,
        steps=(),
    )
    title, _ = question_progress(seen)
    assert "waits for a review (low confidence)" in title
    assert "holdfast review q-1 approve" in title


def test_a_step_that_wants_more_calls_says_what_can_be_decided() -> None:
    wanted = CallsWanted(calls_made=500, calls_to_come=4_500, minutes=7.6, reason="No more are allowed unasked.")
    waiting = Waiting(step_id="factors", reason=wanted.reason, calls_wanted=wanted)
    seen = Progress(correlation_id="q-1", question="?", state=State.BLOCKED, waiting=(waiting,), plan=PLAN, steps=())
    title, _ = question_progress(seen)
    assert "step factors waits for a review (No more are allowed unasked. 500 calls are made, about 4,500 are" in title
    assert "are to come, 8 minutes at the tenant's rate limit.). Decide: " in title
    assert "holdfast review q-1 approve --step factors (or with --further-calls N; or reject; or stop" in title


def test_steps_show_their_rows_or_their_error() -> None:
    def step(name: str, state: StepState, rows: int | None, error: str | None) -> StepProgress:
        return StepProgress(
            step_id=name, tool="cypher", entity="user", operation="list", state=state, row_count=rows, error=error
        )

    steps = (step("a", StepState.DONE, 1200, None), step("b", StepState.FAILED, None, "no \x1b"))
    _, lines = question_progress(
        Progress(correlation_id="q", question="?", state=State.RUNNING, waiting=(), plan=PLAN, steps=steps)
    )
    assert [(line.mark, line.detail) for line in lines] == [("done", "1,200 rows"), ("failed", "no \\u001b")]


def test_a_step_that_reads_the_tenant_says_how_far_it_is_and_what_it_waits_for() -> None:
    def words(**told: Any) -> list[str]:
        step = StepProgress(
            step_id="live",
            tool="api",
            entity="user",
            operation="list",
            state=StepState.RUNNING,
            row_count=None,
            error=None,
        )
        seen = Progress(correlation_id="q", question="?", state=State.RUNNING, waiting=(), plan=PLAN, steps=(step,))
        look = Look(live={"live": StepProgressed(at=NOON, step_id="live", **told)})
        return [line.detail for line in question_progress(seen, look)[1]]

    assert words(calls=1_200, estimated_calls=4_000) == ["1,200 of about 4,000 calls"]
    assert words(calls=7) == ["7 calls"]
    assert words(calls=7, waiting_until=NOON) == ["7 calls, waits for the tenant's rate limit until 12:00:00 UTC"]


def test_a_sync_shows_every_family_and_why_one_does_not_go_on() -> None:
    seen = SyncProgress(
        sync_id="s-1",
        state=State.RUNNING,
        phase="reading",
        finished=(FamilyReport(family="users", rows=1000, pages=5, unknown=2, seconds=1),),
        running=(FamilyProgress(family="factors", rows=20, parents_done=3, parents=900, trouble="429"),),
        waiting=("zones",),
    )
    title, lines = sync_progress(seen)
    assert title == "s-1: reading"
    assert [(line.name, line.mark, line.detail) for line in lines] == [
        ("users", "done", "1,000 rows, 2 unknown"),
        ("factors", "running", "20 rows, 3 of 900 read"),
        ("zones", "waiting", ""),
    ]
    assert lines[1].text == "factors 20 rows, 3 of 900 read (429)"
    assert sync_progress(seen, "attempt 2, before: no answer")[1][-1].text == "reading (attempt 2, before: no answer)"


def test_on_a_terminal_a_reason_is_told_whole_once_however_many_wait_for_it() -> None:
    stream, reason = io.StringIO(), "The tenant did not answer GET /api/v1/users. Check the network."
    lines = [Line(name, "running", "3 rows", reason) for name in ("app_users", "factors", "group_members")]
    with progress_view(Console(file=stream, width=60, force_terminal=True)) as view:
        view.show("s-1: reading", lines)
    last = stream.getvalue().rsplit("s-1: reading", 1)[1]
    assert last.count("Check") == 1
    assert last.count("…") == len(lines)


def test_a_pipe_gets_a_line_for_what_ended_or_is_in_trouble_and_once() -> None:
    stream = io.StringIO()
    with progress_view(Console(file=stream)) as view:
        for count in (1, 2):
            view.show("reading", [Line("users", "running", f"{count} rows"), Line("zones", "waiting")])
        view.show("reading", [Line("users", "running", "2 rows", "429")])
        for _ in range(2):
            view.show("reading", [Line("users", "done", "2 rows")])
    assert stream.getvalue().splitlines() == ["reading", "  … users 2 rows (429)", "  ✓ users 2 rows"]
