"""Answers, plans and lists as a person reads them, on a terminal or in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.text import Text

from holdfast.answer import Answer, Effort, EndpointUse, FormattedAnswer, Outcome, StepReport, StepResult
from holdfast.origin import Origin
from holdfast.plan import Plan, SpecialStep, Step
from holdfast.reviews import DecidedReview, Decision
from holdfast.sync_contracts import SyncRecord, SyncReport
from starter.model_words import author_words, is_by_rules, stand_ins, usage_words, was_by_models
from starter.plain_text import age, cell, moment, span, visible, visible_lines, when
from starter.questions import Asked
from starter.tables import table

# A pipe has no width: rows are not wrapped there, so that one record stays one line.
_PIPE_WIDTH = 1_000
_LISTED_CHARACTERS = 100

_DECIDED = {
    Decision.APPROVE: "Approved",
    Decision.REJECT: "Rejected",
    Decision.EDIT: "Edited",
    Decision.STOP: "Stopped",
}
_SOURCES = {"sql": "stored snapshot", "realtime": "live API", "hybrid": "stored snapshot and live API"}


def out() -> Console:
    """Where results go."""
    return _console(stderr=False)


def err() -> Console:
    """Where progress and complaints go."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def answer_view(answer: Answer, records: Sequence[dict[str, JsonValue]], link: str | None) -> RenderableType:
    """The whole answer. `records` are the rows to show, by the headers' values."""
    parts: list[RenderableType] = []
    if answer.plan is not None and answer.plan.understood_as:
        parts.append(Text(f"Understood as: {visible(answer.plan.understood_as)}", style="italic"))
    if answer.outcome is not Outcome.ANSWERED:
        parts.extend(_unanswered(answer))
    elif answer.formatted is not None:
        parts.extend(_answered(answer.correlation_id, answer.formatted, records))
    # Why it failed was said already; the step that failed is a gap only where there is an answer around it.
    gaps = [gap for gap in answer.gaps if answer.success or gap.origin == "sync"]
    parts.extend(Text(f"Not known: {visible(gap.message)}", style="yellow") for gap in gaps)
    parts.extend(Text(sentence, style="yellow") for sentence in stand_ins(answer))
    parts.append(Text(_origin(answer, link), style="dim"))
    if answer.origin is not None:
        parts.append(Text(visible(_reused_words(answer, answer.origin)), style="dim"))
    return Group(*parts)


def _reused_words(answer: Answer, origin: Origin) -> str:
    """What it goes on from, and which steps did not run again: "Retry of q-…; reused: steps people, groups"."""
    reused = [step.step_id for step in answer.steps if step.reused_from is not None]
    words = f"{origin.words[0].upper()}{origin.words[1:]}"
    return (
        f"{words}; reused: step{'s' * (len(reused) != 1)} {', '.join(reused)}" if reused else f"{words}; nothing reused"
    )


def _answered(
    question_id: str, formatted: FormattedAnswer, records: Sequence[dict[str, JsonValue]]
) -> Iterable[RenderableType]:
    if formatted.display_type == "markdown":
        yield _MarkdownText(visible_lines(formatted.markdown))
    elif records:
        numbers = [i for i, h in enumerate(formatted.headers) if all(_is_number(r[h.value]) for r in records)]
        shown = [(header.value, moment if header.value in _times(formatted) else cell) for header in formatted.headers]
        rows = ([as_text(record[name]) for name, as_text in shown] for record in records)
        yield Text()
        yield table([visible(header.text) for header in formatted.headers], rows, numbers=numbers)
        yield Text()
    # A sentence of one number is its own summary, but for the stars around the number.
    if formatted.summary not in formatted.markdown.replace("**", ""):
        yield Text(visible_lines(formatted.summary), style="bold")
    if not is_by_rules(formatted.author) and (counts := formatted.row_counts) is not None and counts.dropped:
        yield Text(f"{counts.rows_in:,} rows were found; the layout leaves out {counts.dropped:,}.")
    if formatted.display_type == "table" and len(records) < formatted.total_items:
        yield Text(
            f"Shown are {len(records):,} of {formatted.total_items:,} rows. All of them: "
            f"holdfast export {question_id} --format csv -o answer.csv"
        )


@dataclass(frozen=True)
class _MarkdownText:
    """Drawn on a terminal, and as it is written in a pipe."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # Without hyperlinks a link's target is shown: a tenant's text must not hide where it leads.
        yield Markdown(self.text, hyperlinks=False) if console.is_terminal else Text(self.text)


def _times(formatted: FormattedAnswer) -> frozenset[str]:
    columns = formatted.rows.columns if formatted.rows is not None else ()
    return frozenset(column.name for column in columns if column.dtype.startswith("Datetime"))


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unanswered(answer: Answer) -> Iterable[RenderableType]:
    match answer.outcome:
        case Outcome.REFUSED:
            yield Text(f"Refused: {visible_lines(answer.message)}", style="bold yellow")
            # The reason often quotes the words by itself; then they are not said twice.
            missing = [word for word in answer.not_understood if word not in answer.message]
            if missing:
                yield Text(f"Not understood: {', '.join(visible(word) for word in missing)}", style="yellow")
        case Outcome.NEEDS_CLARIFICATION:
            yield Text(visible_lines(answer.message), style="bold yellow")
            for number, choice in enumerate(answer.choices, start=1):
                yield Text(f"  {number}. {visible(choice)}")
            yield Text("Ask again in the words of the one you mean.")
        case _:
            yield Text(visible_lines(answer.message), style="bold red")


def _origin(answer: Answer, link: str | None) -> str:
    parts: list[str] = []
    if answer.formatted is not None:
        parts.append(_SOURCES[answer.formatted.data_source_type])
    if (synced := _last_sync(answer)) is not None:
        parts.append(f"last synced {when(synced)}")
    parts.extend(_live_words(answer))
    parts.append(span((answer.finished - answer.started).total_seconds()))
    if answer.usage is not None:
        # A call that was in flight when the question was cancelled is not among them.
        least = "at least " if answer.outcome is Outcome.CANCELLED else ""
        parts.append(f"{least}{usage_words(answer.usage)}")
    parts.append(answer.correlation_id)
    if link is not None:
        parts.append(link)
    return " · ".join(parts)


def _last_sync(answer: Answer) -> datetime | None:
    """None where no stored row is in the answer."""
    if answer.formatted is not None:
        return answer.formatted.last_sync
    return answer.snapshot.synced_at if answer.snapshot is not None else None


def _live_words(answer: Answer) -> Iterable[str]:
    """When the live tenant was read, and how often it was asked."""
    readings = [step.result.live for step in answer.steps if step.result is not None and step.result.live is not None]
    if readings:
        yield f"read live {when(max(reading.finished for reading in readings))}"
    here = [step.result.live for step in answer.steps if step.result is not None and step.reused_from is None]
    if any(here):
        calls = sum(use.calls for reading in here if reading is not None for use in reading.endpoints)
        yield "1 call" if calls == 1 else f"{calls:,} calls"


def plan_view(plan: Plan, answer: Answer | None, reviews: Sequence[DecidedReview] = ()) -> RenderableType:
    """A plan step by step, and who decided what; where there is an answer by now with each query and its cost."""
    parts: list[RenderableType] = [
        Text(f"Understood as: {visible(plan.understood_as)}", style="italic"),
        Text(f"Confidence {plan.confidence:.2f}. {visible(plan.reasoning)}", style="dim"),
    ]
    found = {step.step_id: step for step in answer.steps} if answer is not None else {}
    if answer is not None and answer.plan_author is not None:
        parts.extend(_by_models("Planned", answer.plan_author, answer.planning_effort))
    for number, step in enumerate(plan.steps, start=1):
        parts.extend(_step_view(number, step, found.get(step.id)))
    if answer is not None and (formatted := answer.formatted) is not None:
        parts.extend(_by_models("\nLaid out", formatted.author, formatted.effort, f"; {formatted.processing_method}"))
    parts.extend(Text(f"\n{review_line(review)}") for review in reviews)
    return Group(*parts)


def review_line(review: DecidedReview) -> str:
    """Who decided what, when, and on what they were asked."""
    what = "the plan" if review.step_id is None else f"step {review.step_id}"
    calls = f", {review.further_calls:,} further calls" if review.further_calls is not None else ""
    comment = f' "{visible(review.comment)}"' if review.comment else ""
    escalated = ", after it was escalated" if review.escalated else ""
    who = "the deadline" if review.by_deadline else visible(review.reviewer)
    decided = f"{_DECIDED[review.decision]} by {who} {when(review.decided_at)}{escalated}"
    return f"{decided}: {what}{calls}.{comment} Asked because: {visible(review.reason)}"


def _step_view(number: int, step: Step, report: StepReport | None) -> Iterable[RenderableType]:
    after = f", after {', '.join(step.depends_on)}" if step.depends_on else ""
    optional = "" if step.critical else ", not critical"
    does = step.name if isinstance(step, SpecialStep) else f"{step.operation} {step.entity}"
    yield Text(f"\n{number}. {step.id} ({step.tool}: {does}{after}{optional})")
    yield Text(f"   {visible(step.query_context)}")
    if report is not None and report.reused_from is not None:
        yield Text(f"   Reused from {visible(report.reused_from)}", style="dim")
    if report is not None and (result := report.result) is not None:
        query = visible_lines(result.generated.text).split("\n")
        yield Text("\n".join(f"     {line}" for line in query))
        yield from _by_models("   Written", result.generated.author, result.effort)
        yield from (Text(f"   {_endpoint_words(use)}", style="dim") for use in _endpoints(result))
        yield from (Text(f"   {visible(note)}", style="dim") for note in result.notes)


def _endpoints(result: StepResult) -> Iterable[EndpointUse]:
    return result.live.endpoints if result.live is not None else ()


def _endpoint_words(use: EndpointUse) -> str:
    """What was asked of one endpoint: "list_user_factors: 87 calls, 2 retried, 0.1 MB"."""
    parts = [f"{use.calls:,} calls" if use.calls != 1 else "1 call"]
    if use.retries:
        parts.append(f"{use.retries:,} retried")
    if use.refused:
        parts.append(f"{use.refused:,} not told")
    if use.waited_seconds >= 0.1:
        parts.append(f"waited {span(use.waited_seconds)}")
    return f"{use.endpoint}: {', '.join(parts)}, {use.received_bytes / 1_000_000:.1f} MB"


def _by_models(what: str, author: str, effort: Effort | None, more: str = "") -> Iterable[RenderableType]:
    """Who did it and what it cost; nothing where rules did, as they do where no model is named."""
    usage = effort.models if effort is not None else None
    if was_by_models(author, usage):
        yield Text(f"{what} {author_words(author, usage)}{visible(more)}", style="dim")


def questions_view(questions: Sequence[Asked]) -> RenderableType:
    """The latest questions as a table."""
    now = datetime.now(UTC)
    rows = [
        (
            each.id,
            each.state,
            age(now - each.started),
            span((each.closed - each.started).total_seconds()) if each.closed else "",
            visible(each.asker),
            _beginning(visible(each.text)) + (f" ({visible(each.origin.words)})" if each.origin else ""),
        )
        for each in questions
    ]
    return table(("Id", "State", "Asked", "Took", "By", "Question"), rows)


def _beginning(text: str) -> str:
    """Enough of a question to know it by; `status` shows the whole."""
    return text if len(text) <= _LISTED_CHARACTERS else f"{text[: _LISTED_CHARACTERS - 1]}…"


def sync_view(report: SyncReport) -> RenderableType:
    """What a sync read and what it could not."""
    seconds = (report.finished - report.started).total_seconds()
    parts: list[RenderableType] = [
        table(
            ("Family", "Rows", "Pages", "Unknown", "Took"),
            [
                (family.family, f"{family.rows:,}", f"{family.pages:,}", f"{family.unknown:,}", span(family.seconds))
                for family in report.families
            ],
            numbers=(1, 2, 3, 4),
        ),
        Text(
            f"\nSnapshot {report.snapshot_id} is published ({report.mode}, {span(seconds)}): "
            f"{sum(report.counts.values()):,} nodes and relations of {visible(report.tenant)}.",
            style="bold",
        ),
    ]
    if report.dropped:
        left_out = ", ".join(f"{count:,} {name}" for name, count in sorted(report.dropped.items()) if count)
        if left_out:
            parts.append(Text(f"Left out, as one of their ends is not there: {left_out}.", style="yellow"))
    parts.extend(Text(f"Not known: {visible(line)}", style="yellow") for line in report.unknown)
    parts.extend(Text(visible(line)) for line in report.notes)
    return Group(*parts)


def history_view(records: Sequence[SyncRecord]) -> RenderableType:
    """Past syncs as a table, the latest first."""
    rows = [
        (
            record.sync_id,
            record.mode,
            when(record.started),
            span((record.finished - record.started).total_seconds()),
            "published" if record.success else "failed",
            f"{sum(record.counts.values()):,}" if record.success else visible(record.error or ""),
        )
        for record in records
    ]
    return table(("Sync", "Mode", "Started", "Took", "Ended", "Nodes and relations"), rows)
