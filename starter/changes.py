"""What a rerun changes, and what the new execution inherits under it: decisions over the past of a question."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from holdfast.answer import ArtifactRef
from holdfast.contracts import EditedPresentation, EditedText, PromisedColumn, WrittenProgram
from holdfast.errors import RerunRefused
from holdfast.origin import Edited, Origin
from holdfast.plan import ApiStep, CypherStep, Plan, SqlStep, StepId, as_reviewed, kept_steps
from holdfast.presentation import Presentation
from holdfast.rerun_contracts import FailedStep, Inherited
from starter.past import Past

# More than the guards read; a request is bounded before they see it.
_Text = Annotated[str, Field(min_length=1, max_length=100_000)]


class Changes(BaseModel):
    """A rerun: the step that it begins with, and at most one thing that is edited.

    Without an edit everything from that step on is written anew. An edited `query` or `program` is that step's;
    `columns` are those of the program's rows where they are other ones than before. An edited `plan` runs from what was
    changed, and from `from_step` too where it is named. With an edited `presentation` no step runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    from_step: str | None = None
    plan: Plan | None = None
    query: _Text | None = None
    program: _Text | None = None
    columns: Annotated[tuple[PromisedColumn, ...], Field(min_length=1, max_length=200)] | None = None
    presentation: Presentation | None = None

    @property
    def edited(self) -> Edited | None:
        """What is edited. Raises RerunRefused for more than one thing."""
        edits: dict[Edited, object] = {
            "plan": self.plan,
            "query": self.query,
            "program": self.program,
            "presentation": self.presentation,
        }
        given: list[Edited] = [name for name, value in edits.items() if value is not None]
        if len(given) > 1:
            raise RerunRefused(f"One thing is edited at a time, and here are {' and '.join(given)}.")
        return given[0] if given else None

    def origin(self, question_id: str) -> Origin:
        """What the new execution says of itself. Raises RerunRefused where the parts do not go together."""
        edited = self.edited
        if self.from_step is None and edited not in {"plan", "presentation"}:
            raise RerunRefused("Say from which step on it is to run again.")
        if self.from_step is not None and edited == "presentation":
            raise RerunRefused("With an edited presentation no step runs again: leave the step out.")
        if self.columns is not None and edited != "program":
            raise RerunRefused("Columns are given with an edited program only.")
        return Origin(kind="rerun", question_id=question_id, from_step=self.from_step, edited=edited)


def left_to_retry(past: Past) -> Inherited | None:
    """Everything that is finished stands, and what was begun goes on; None where there was no plan yet."""
    plan, snapshot = past.plan, past.snapshot
    if plan is None or snapshot is None:
        return None
    kept = kept_steps(plan, plan, _done(past))
    left = Inherited(
        plan=plan,
        plan_author=past.plan_author,
        snapshot=snapshot,
        results=tuple(past.results[step.id] for step in plan.steps if step.step_id in kept),
        begun=tuple(past.begun.values()),
        is_cleared=past.was_cleared,
    )
    return left.model_copy(update=_still_theirs(past, left))


def _still_theirs(past: Past, left: Inherited) -> dict[str, object]:
    """What a person wrote for the rerun that is retried: no model writes another behind their back."""
    earlier, origin = past.inherited, past.question.origin
    if earlier is None or origin is None:
        return {}
    if earlier.presentation is not None:
        return {"presentation": earlier.presentation, "failed": earlier.failed, "begun": ()}
    edited_step = earlier.edited_step or origin.from_step
    # Not for another step that a reviewer has put in its place.
    stands = any(step.id == edited_step and step in earlier.plan.steps for step in left.plan.steps)
    return {"edited": earlier.edited, "edited_step": edited_step} if earlier.edited is not None and stands else {}


def left_to_rerun(past: Past, changes: Changes, person: str) -> Inherited:
    """What stands under the changes, and what `person` wrote. Raises RerunRefused, which says what would do."""
    before, snapshot = past.plan, past.snapshot
    if before is None or snapshot is None:
        raise RerunRefused(
            f"Question {past.question.correlation_id} came to no plan, so there is nothing to run again from. Ask it "
            "anew, in other words."
        )
    author, edited = f"{person}, who edited it", changes.edited
    plan = as_reviewed(changes.plan, before, person) if changes.plan is not None else before
    again = _step_of(plan, changes.from_step) if changes.from_step is not None else None
    kept = kept_steps(before, plan, _done(past), again)
    same = kept_steps(before, plan, {step.step_id for step in before.steps}, again)
    inherited = Inherited(
        plan=plan,
        plan_author=author if edited == "plan" else past.plan_author,
        snapshot=snapshot,
        results=tuple(past.results[step.id] for step in plan.steps if step.step_id in kept),
        begun=tuple(begun for begun in past.begun.values() if StepId(begun.step_id) in same),
        edited=_text_of(past, changes, author),
        is_cleared=past.was_cleared and edited in {None, "presentation"},
    )
    if changes.presentation is None:
        return inherited
    return _only_presented(past, inherited, EditedPresentation(recipe=_recipe(changes.presentation), author=author))


def _done(past: Past) -> set[StepId]:
    return {StepId(step_id) for step_id in past.results}


def _step_of(plan: Plan, name: str) -> StepId:
    try:
        return plan.step(StepId(name)).step_id
    except KeyError:
        names = ", ".join(step.id for step in plan.steps)
        raise RerunRefused(f"The plan has no step {name!r}; its steps are: {names}.") from None


def _text_of(past: Past, changes: Changes, author: str) -> EditedText | None:
    plan = past.plan
    if plan is None or changes.from_step is None:
        return None
    if changes.query is not None:
        if not isinstance(plan.step(StepId(changes.from_step)), CypherStep | SqlStep):
            raise RerunRefused(f"Step {changes.from_step} is not answered by a query; {_would_do(plan, changes)}.")
        return EditedText(text=changes.query, author=author)
    if changes.program is not None:
        if not isinstance(plan.step(StepId(changes.from_step)), ApiStep):
            raise RerunRefused(f"Step {changes.from_step} is not answered by a program; {_would_do(plan, changes)}.")
        columns = changes.columns or columns_of(past, changes.from_step)
        if not columns:
            raise RerunRefused(f"Say which columns the rows of step {changes.from_step} have: it had no program yet.")
        return EditedText(text=changes.program, author=author, columns=columns)
    return None


def _would_do(plan: Plan, changes: Changes) -> str:
    match plan.step(StepId(changes.from_step or "")):
        case ApiStep():
            return "its program can be edited"
        case CypherStep() | SqlStep():
            return "its query can be edited"
        case _:
            return "edit its parameters in the plan"


def _only_presented(past: Past, inherited: Inherited, presentation: EditedPresentation) -> Inherited:
    answer = past.answer
    if answer is None or answer.formatted is None:
        raise RerunRefused(
            f"Question {past.question.correlation_id} has no answer whose presentation could be edited. Retry it, or "
            "run it again from a step."
        )
    failed = tuple(FailedStep(step_id=s.step_id, error=s.error) for s in answer.steps if s.error is not None)
    return inherited.model_copy(update={"presentation": presentation, "failed": failed, "begun": ()})


def _recipe(presentation: Presentation) -> dict[str, object]:
    return presentation.model_dump(mode="json")


def columns_of(past: Past, step_id: str) -> tuple[PromisedColumn, ...]:
    """The columns that the rows of an API step had, as its program promised them, or as they were kept."""
    program: WrittenProgram | None = past.programs.get(step_id)
    if program is not None:
        return program.columns
    result = past.results.get(step_id)
    return _promised(result.rows) if result is not None else ()


def _promised(rows: ArtifactRef) -> tuple[PromisedColumn, ...]:
    kinds = {"Int64": "integer", "Float64": "number", "Boolean": "flag", "Datetime": "time", "List": "list"}
    return tuple(
        PromisedColumn.model_validate(
            {
                "name": column.name,
                "kind": next((kind for dtype, kind in kinds.items() if column.dtype.startswith(dtype)), None)
                or ("record" if column.dtype.startswith("Struct") else "text"),
            }
        )
        for column in rows.columns
    )
