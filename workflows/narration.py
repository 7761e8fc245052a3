"""What is told of a running question: to whoever asks for its progress, and in Temporal's own UI."""

from __future__ import annotations

from datetime import datetime

from holdfast.answer import Question
from holdfast.contracts import Progress, StepProgress
from holdfast.execution import Execution, State, StepRecord, StepState
from holdfast.markdown import as_text
from holdfast.reviews import DecidedReview, Waiting
from workflows.reviews import Reviews

_SIGNS = {
    StepState.PENDING: "·",
    StepState.RUNNING: "…",
    StepState.DONE: "✓",
    StepState.FAILED: "✗",
    StepState.SKIPPED: "–",
}


def progress_of(question: Question, state: State, reviews: Reviews, execution: Execution | None) -> Progress:
    """One frozen snapshot of how far the question is."""
    return Progress(
        correlation_id=question.correlation_id,
        question=question.text,
        state=state,
        waiting=reviews.waiting,
        plan=execution.plan if execution is not None else None,
        steps=tuple(
            StepProgress(
                step_id=record.step.id,
                tool=record.step.tool,
                entity=record.step.entity,
                operation=record.step.operation,
                state=record.state,
                row_count=record.result.rows.row_count if record.result is not None else None,
                error=record.error,
                reused_from=record.reused_from,
            )
            for record in (execution.records.values() if execution is not None else ())
        ),
        reviews=reviews.history,
        origin=question.origin,
    )


def current_details(question: Question, state: State, reviews: Reviews, execution: Execution | None) -> str:
    """In Markdown: the state, what is waited for and how to decide it, the plan step by step, gaps, decisions.

    Words of people, models and the tenant stand in it as text: none of it is markup.
    """
    question_id = question.correlation_id
    parts = [f"**{state}**"]
    if question.origin is not None:
        parts.append(f"This is a {as_text(question.origin.words)}.")
    parts += [_waiting(waiting, question_id) for waiting in reviews.waiting]
    if state is State.PAUSED:
        parts.append(f"Go on: `holdfast resume {question_id}`")
    if execution is not None:
        parts.append(f"Understood as: {as_text(execution.plan.understood_as or execution.plan.reasoning)}")
        parts.append("\n".join(_step(record) for record in execution.records.values()))
        parts += [f"**Not known**: {as_text(gap.message)}" for gap in execution.gaps()]
    if reviews.history:
        parts.append("\n".join(_decided(review) for review in reviews.history))
    return "\n\n".join(parts)


def _waiting(waiting: Waiting, question_id: str) -> str:
    what, step = (
        ("The plan", "") if waiting.step_id is None else (f"Step `{waiting.step_id}`", f" --step {waiting.step_id}")
    )
    lines = [f"**{what} waits for a review**: {as_text(waiting.reason)}", ""]
    if (wanted := waiting.calls_wanted) is not None and wanted.calls_made:
        to_come = f", about {wanted.calls_to_come:,} are to come" if wanted.calls_to_come is not None else ""
        lines.append(f"- {wanted.calls_made:,} calls are made{to_come}")
    if waiting.escalated:
        who = ", ".join(as_text(name) for name in ("an administrator", *waiting.escalated_to))
        lines.append(f"- Escalated, as nobody had decided; who may decide now: {who}")
    if waiting.due is not None:
        lines.append(f"- Until {_moment(waiting.due)}")
    lines.append(f"- Look: `holdfast plan {question_id}`")
    lines.append(f"- Decide: `holdfast review {question_id} approve{step}` (or `reject`)")
    return "\n".join(lines)


def _step(record: StepRecord) -> str:
    step, told = record.step, [record.state.lower()]
    if record.reused_from is not None:
        told.append(f"from `{record.reused_from}`")
    if record.result is not None:
        told.append(f"{record.result.rows.row_count:,} rows")
        if record.result.live is not None:
            calls = sum(use.calls for use in record.result.live.endpoints)
            told.append(f"{calls:,} calls")
    if record.started is not None and record.finished is not None:
        told.append(f"{(record.finished - record.started).total_seconds():.1f} s")
    after = f" after {', '.join(f'`{name}`' for name in step.depends_on)}" if step.depends_on else ""
    error = f": {as_text(record.error)}" if record.error else ""
    does = as_text(f"{step.operation} {step.entity}")
    return f"- {_SIGNS[record.state]} `{step.id}` {step.tool}, {does}{after}: **{', '.join(told)}**{error}"


def _decided(review: DecidedReview) -> str:
    what = "the plan" if review.step_id is None else f"step `{review.step_id}`"
    calls = f", {review.further_calls:,} calls" if review.further_calls is not None else ""
    comment = f": {as_text(review.comment)}" if review.comment else ""
    return f"- {as_text(review.reviewer)}: **{review.decision}** {what}{calls}, {_moment(review.decided_at)}{comment}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
