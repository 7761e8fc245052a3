"""How far something is, while it runs: a live display on a terminal, one line a change in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from holdfast.contracts import CallsWanted, Progress, StepProgress, Waiting
from holdfast.events import StepProgressed
from holdfast.execution import State, StepState
from holdfast.sync_contracts import SyncProgress
from starter.plain_text import visible
from starter.troubles import NOTHING_TOLD, Look

Mark = Literal["waiting", "running", "done", "failed", "skipped"]

# Below this nobody decides otherwise for the time it takes.
_MINUTES_WORTH_TELLING = 1.5

_SIGNS: dict[Mark, tuple[str, str]] = {
    "waiting": ("·", "dim"),
    "running": ("…", ""),
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("–", "dim"),
}


@dataclass(frozen=True)
class Line:
    """One thing that goes on. A pipe gets a line when it has ended or its trouble changes, not with every count."""

    name: str
    mark: Mark
    detail: str = ""
    # What keeps it from going on.
    trouble: str = ""

    @property
    def text(self) -> str:
        """The line itself."""
        detail = f" {self.detail}" * bool(self.detail)
        return f"{self.name}{detail}{f' ({self.trouble})' * bool(self.trouble)}"


class View(Protocol):
    """What is shown of the progress."""

    def show(self, title: str, lines: Sequence[Line]) -> None:
        """Show this instead of what was shown before."""
        ...


@contextmanager
def progress_view(console: Console) -> Iterator[View]:
    """A view that fits the console; a live one is gone when the block ends."""
    if not console.is_terminal:
        yield _PlainView(console)
        return
    with Live(console=console, transient=True, refresh_per_second=10) as live:
        yield _LiveView(live)


class _PlainView:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._title = ""
        self._told: dict[str, tuple[Mark, str]] = {}

    def show(self, title: str, lines: Sequence[Line]) -> None:
        """Print what changed."""
        if title != self._title:
            self._title = title
            self._console.print(Text(title))
        for line in lines:
            news = (line.mark, line.trouble)
            is_worth_a_line = line.mark not in {"waiting", "running"} or line.trouble
            if is_worth_a_line and self._told.get(line.name) != news:
                self._told[line.name] = news
                self._console.print(Text(f"  {_SIGNS[line.mark][0]} {line.text}"))


class _LiveView:
    def __init__(self, live: Live) -> None:
        self._live = live
        # One spinner for each name, or each refresh would start its turn afresh.
        self._spinners: dict[str, Spinner] = {}

    def show(self, title: str, lines: Sequence[Line]) -> None:
        """Draw it in place of the former."""
        shown = Table.grid(padding=(0, 1))
        shown.add_row(self._spinner(""), Text(title))
        for line in lines:
            sign, style = _SIGNS[line.mark]
            mark = self._spinner(line.name) if line.mark == "running" else Text(sign, style=style)
            # One row a line, or a tenant that is away fills the screen with one reason many times.
            shown.add_row(mark, Text(line.text, style=style, no_wrap=True, overflow="ellipsis"))
        troubles = [line.trouble for line in lines if line.trouble]
        self._live.update(Group(shown, *(Text(f"\n{trouble}", style="yellow") for trouble in troubles[:1])))

    def _spinner(self, name: str) -> Spinner:
        return self._spinners.setdefault(name, Spinner("dots"))


_STEP_MARKS: dict[StepState, Mark] = {
    StepState.PENDING: "waiting",
    StepState.RUNNING: "running",
    StepState.DONE: "done",
    StepState.FAILED: "failed",
    StepState.SKIPPED: "skipped",
}


def question_progress(seen: Progress, look: Look = NOTHING_TOLD) -> tuple[str, list[Line]]:
    """Title and lines of a running question; `look` is what Temporal tells of it besides."""
    title = f"{seen.correlation_id}: {_words_for(seen)}"
    lines = [
        Line(
            name=f"{step.step_id}: {step.operation} {step.entity}",
            mark=_STEP_MARKS[step.state],
            detail=_step_words(step, look.live.get(step.step_id)),
        )
        for step in seen.steps
    ]
    if look.trouble:
        lines.append(Line("waits", "running", trouble=visible(look.trouble)))
    return title, lines


def _step_words(step: StepProgress, live: StepProgressed | None) -> str:
    if step.error:
        return visible(step.error)
    if step.row_count is not None:
        return _rows(step.row_count) + (f", from {step.reused_from}" if step.reused_from is not None else "")
    return "" if live is None else _live_words(live)


def _live_words(live: StepProgressed) -> str:
    """How often the tenant was asked, of how many times, and what is waited for."""
    calls = (
        f"{live.calls:,} of about {live.estimated_calls:,} calls" if live.estimated_calls else f"{live.calls:,} calls"
    )
    if live.waiting_until is not None:
        return f"{calls}, waits for the tenant's rate limit until {live.waiting_until:%H:%M:%S} UTC"
    return calls


def _words_for(seen: Progress) -> str:
    match seen.state:
        case State.BLOCKED:
            return "; ".join(review_words(waiting, seen.correlation_id) for waiting in seen.waiting)
        case State.PAUSED:
            return f"is paused. Go on: holdfast resume {seen.correlation_id}"
        case State.QUEUED:
            return "waits for a worker"
        case State.RUNNING if seen.plan is None:
            return "is being understood"
        case _:
            return seen.state.lower()


def review_words(waiting: Waiting, question_id: str) -> str:
    """What waits for a person, why, and what that person can type."""
    decide = f"decide: holdfast review {question_id} approve"
    if waiting.step_id is None:
        reason = f"{visible(waiting.reason)}{_deadline_words(waiting)}"
        return f"waits for a review ({reason}). See it: holdfast plan {question_id}; {decide}"
    reason = f"{visible(waiting.reason)}{_outlook_words(waiting.calls_wanted)}{_deadline_words(waiting)}"
    return (
        f"step {waiting.step_id} waits for a review ({reason}). {decide[0].upper()}{decide[1:]} "
        f"--step {waiting.step_id} (or with --further-calls N; or reject; or stop, to answer with what was read)"
    )


def _deadline_words(waiting: Waiting) -> str:
    """Until when, and who may where it was escalated: " Until 2026-07-24 09:00 UTC." """
    who = ", ".join(("an administrator", *(visible(name) for name in waiting.escalated_to)))
    escalated = f" Nobody decided in time; now {who} may." if waiting.escalated else ""
    return f"{escalated} Until {waiting.due:%Y-%m-%d %H:%M} UTC." if waiting.due is not None else escalated


def _outlook_words(wanted: CallsWanted | None) -> str:
    """What was read, and what is to come: " 20 calls are made, about 223 are to come, 0.4 minutes at …"."""
    if wanted is None:
        return ""
    parts = []
    if wanted.calls_made:
        # Before the first call the reason says how many are to come.
        parts.append(f"{wanted.calls_made:,} call{'s are' if wanted.calls_made != 1 else ' is'} made")
        if wanted.calls_to_come is not None:
            parts.append(f"about {wanted.calls_to_come:,} are to come")
    if wanted.minutes is not None and wanted.minutes >= _MINUTES_WORTH_TELLING:
        parts.append(f"{wanted.minutes:,.0f} minutes at the tenant's rate limit")
    return f" {', '.join(parts)}." if parts else ""


def sync_progress(seen: SyncProgress, trouble: str = "") -> tuple[str, list[Line]]:
    """Title and lines of a running sync; `trouble` is what keeps it from going on, or nothing."""
    lines = [
        Line(family.family, "done", _rows(family.rows) + (f", {family.unknown:,} unknown" * bool(family.unknown)))
        for family in seen.finished
    ]
    for running in seen.running:
        of = f", {running.parents_done:,} of {running.parents:,} read" if running.parents > 1 else ""
        lines.append(Line(running.family, "running", f"{_rows(running.rows)}{of}", visible(running.trouble)))
    lines.extend(Line(family, "waiting") for family in seen.waiting)
    if trouble:
        lines.append(Line(seen.phase, "running", trouble=visible(trouble)))
    return f"{seen.sync_id}: {seen.phase}", lines


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"
