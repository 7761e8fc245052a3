"""What Temporal's own UI says of a running question, in Markdown."""

from __future__ import annotations

from holdfast.execution import Execution, State


def current_details(state: State, waiting_for: str | None, execution: Execution | None) -> str:
    """The state, what is waited for, how the question was understood, and a line for each step."""
    lines = [f"**{state}**" + (f": {waiting_for}" if waiting_for else "")]
    if execution is not None:
        lines += ["", execution.plan.understood_as or execution.plan.reasoning, ""]
        for record in execution.records.values():
            found = f", {record.result.rows.row_count} rows" if record.result is not None else ""
            error = f": {record.error}" if record.error else ""
            lines.append(f"- `{record.step.id}` {record.state}{found}{error}")
    return "\n".join(lines)
