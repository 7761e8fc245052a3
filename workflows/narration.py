"""What is told of a running question: to whoever asks for its progress, and in Temporal's own UI."""

from __future__ import annotations

from holdfast.answer import Question
from holdfast.contracts import Progress, StepProgress, Waiting
from holdfast.execution import Execution, State


def progress_of(
    question: Question, state: State, waiting: tuple[Waiting, ...], execution: Execution | None
) -> Progress:
    """One frozen snapshot of how far the question is."""
    return Progress(
        correlation_id=question.correlation_id,
        question=question.text,
        state=state,
        waiting=waiting,
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
            )
            for record in (execution.records.values() if execution is not None else ())
        ),
    )


def current_details(state: State, waiting: tuple[Waiting, ...], execution: Execution | None) -> str:
    """In Markdown: the state, what is waited for, how the question was understood, and a line for each step."""
    lines = [f"**{state}**" + "".join(f": {waited.reason}" for waited in waiting)]
    if execution is not None:
        lines += ["", execution.plan.understood_as or execution.plan.reasoning, ""]
        for record in execution.records.values():
            found = f", {record.result.rows.row_count} rows" if record.result is not None else ""
            error = f": {record.error}" if record.error else ""
            lines.append(f"- `{record.step.id}` {record.state}{found}{error}")
    return "\n".join(lines)
