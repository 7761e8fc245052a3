"""What a person must decide of a running question, and what was decided."""

from __future__ import annotations

from holdfast.contracts import Decision, Review, Waiting
from holdfast.errors import ReviewRefused

# The plan, or the id of a step.
_Subject = str | None


class Reviews:
    """The decisions that are waited for. A decision stays here until whoever asked for it takes it."""

    def __init__(self) -> None:
        self._asked: dict[_Subject, Waiting] = {}
        self._decided: dict[_Subject, Review] = {}

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """What nobody has decided yet."""
        return tuple(waiting for subject, waiting in self._asked.items() if subject not in self._decided)

    def ask(self, waiting: Waiting) -> None:
        """Wait for a decision from now on."""
        self._asked[waiting.step_id] = waiting

    def is_decided(self, waiting: Waiting) -> bool:
        """Whether `taken` would give one."""
        return waiting.step_id in self._decided

    def taken(self, waiting: Waiting) -> Review:
        """The decision, which is not waited for any more. Raises KeyError where there is none."""
        del self._asked[waiting.step_id]
        return self._decided.pop(waiting.step_id)

    def decide(self, review: Review) -> None:
        """Record a decision. Raises ReviewRefused, which says what may be decided instead."""
        self._decided[self.subject_of(review)] = review

    def subject_of(self, review: Review) -> _Subject:
        """What the review is about. Raises ReviewRefused where nothing of the kind waits for it."""
        subject = review.step_id
        if subject is None and len(self.waiting) == 1:
            subject = self.waiting[0].step_id
        if subject in self._decided:
            earlier = self._decided[subject]
            raise ReviewRefused(f"{earlier.reviewer} already decided: {earlier.decision}.")
        if subject not in self._asked:
            names = ", ".join(_named(waiting.step_id) for waiting in self.waiting) or "nothing"
            raise ReviewRefused(f"Say which step the review is of; what waits: {names}.")
        _check(review, is_plan=subject is None)
        return subject


def _check(review: Review, *, is_plan: bool) -> None:
    if (review.decision is Decision.EDIT) != (review.plan is not None):
        raise ReviewRefused("A review carries a plan exactly when it edits.")
    if review.decision is Decision.EDIT and not is_plan:
        raise ReviewRefused("A step that wants more calls is approved, rejected or stopped; only a plan is edited.")
    if is_plan and (review.decision is Decision.STOP or review.further_calls is not None):
        raise ReviewRefused("Nothing has run yet: a plan is approved, edited or rejected, without a number of calls.")
    if review.further_calls is not None and review.decision is not Decision.APPROVE:
        raise ReviewRefused("A number of further calls is given only to approve them.")


def _named(subject: _Subject) -> str:
    return "the plan" if subject is None else f"step {subject}"
