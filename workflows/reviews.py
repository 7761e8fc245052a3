"""What a person must decide of a running question, what was decided, and what happens where nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from temporalio import workflow

from holdfast import events
from holdfast.errors import ReviewRefused
from holdfast.reviews import THE_DEADLINE, DecidedReview, Decision, Review, ReviewRules, Waiting, span_words

# The plan, or the id of a step.
_Subject = str | None


class Held(Protocol):
    """What a review asks of the question that it holds."""

    @property
    def is_paused(self) -> bool:
        """Whether nothing may go on."""
        ...

    @property
    def is_ending(self) -> bool:
        """Whether somebody asked for its end: no decision is waited for any more."""
        ...

    async def while_not_paused(self) -> None:
        """Wait for `resume`. Raises QuestionEnded where the question is cancelled."""
        ...

    def tell(self, event: events.Event) -> None:
        """Tell its viewers."""
        ...

    def show_details(self) -> None:
        """Show in Temporal's own UI how it stands."""
        ...


class Reviews:
    """The decisions that are waited for, and those that were made.

    A decision stays here until whoever asked for it takes it. `rules` are those of the plan.
    """

    def __init__(self, asker: str) -> None:
        self._asker = asker
        self._asked: dict[_Subject, Waiting] = {}
        self._decided: dict[_Subject, Review] = {}
        self._history: list[DecidedReview] = []
        self.rules = ReviewRules()

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """What nobody has decided yet."""
        return tuple(waiting for subject, waiting in self._asked.items() if subject not in self._decided)

    @property
    def history(self) -> tuple[DecidedReview, ...]:
        """What was decided, in order."""
        return tuple(self._history)

    def ask(self, waiting: Waiting) -> None:
        """Wait for a decision from now on."""
        self._asked[waiting.step_id] = waiting.model_copy(update={"since": workflow.now()})

    def want_none(self) -> None:
        """Nothing is waited for any more."""
        self._asked.clear()
        self._decided.clear()

    async def decision_on(self, subject: _Subject, held: Held) -> Review:
        """What is decided of something that was asked, by a person or by the deadline.

        Raises QuestionEnded where the question is cancelled first.
        """
        held.tell(self._request(subject, held))
        misses = await self._misses_its_deadline(subject, held)
        if misses and self.rules.after_deadline == "escalate":
            self._escalate(subject)
            held.tell(self._request(subject, held))
            misses = await self._misses_its_deadline(subject, held)
        if misses:
            held.tell(self._rejected_by_deadline(subject))
        await held.while_not_paused()
        del self._asked[subject]
        return self._decided.pop(subject)

    def decide(self, review: Review) -> events.ReviewDecided:
        """Record a decision, and what viewers are told of it. Raises ReviewRefused, as `subject_of` does."""
        return self._record(self.subject_of(review), review)

    def subject_of(self, review: Review) -> _Subject:
        """What the review is about. Raises ReviewRefused, which says what may be decided instead, and by whom."""
        subject = review.step_id
        if subject is None and len(self.waiting) == 1:
            subject = self.waiting[0].step_id
        if subject in self._decided:
            earlier = self._decided[subject]
            raise ReviewRefused(f"{earlier.reviewer} already decided: {earlier.decision}.")
        if subject not in self._asked:
            names = ", ".join(_named(waiting.step_id) for waiting in self.waiting) or "nothing"
            raise ReviewRefused(f"Say which step the review is of; what waits: {names}.")
        if review.asked_at not in {None, self._asked[subject].since}:
            raise ReviewRefused(
                f"What this decides waits no more; what waits by now is {_named(subject)}. Look at it and decide anew."
            )
        _check(review, is_plan=subject is None)
        self._see_that_may(review, self._asked[subject])
        return subject

    def _see_that_may(self, review: Review, waiting: Waiting) -> None:
        lets_it_go_on = review.decision in {Decision.APPROVE, Decision.EDIT}
        if lets_it_go_on and review.reviewer == self._asker and not self.rules.own:
            raise ReviewRefused(
                f"{review.reviewer} asked this question, and nobody approves their own here "
                "(HOLDFAST_APPROVAL__OWN): somebody else must. Whoever asked may reject it, stop a step, or cancel."
            )
        may = review.as_administrator or review.reviewer in waiting.escalated_to
        if waiting.escalated and not may and not (review.reviewer == self._asker and not lets_it_go_on):
            named = ", ".join(("an administrator", *waiting.escalated_to))
            raise ReviewRefused(
                f"Nobody decided within {span_words(self.rules.deadline or timedelta())}, so this was escalated: "
                f"{review.reviewer} may not decide it any more; who may: {named}."
            )

    async def _misses_its_deadline(self, subject: _Subject, held: Held) -> bool:
        """Wait for the decision, or the end; whether the deadline came first. It stands still during a pause."""
        left = self.rules.deadline
        while not self._is_settled(subject, held):
            if held.is_paused:
                self._set_due(subject, None, held)
                await workflow.wait_condition(lambda: self._is_settled(subject, held) or not held.is_paused)
            elif left is None:
                await workflow.wait_condition(lambda: self._is_settled(subject, held))
            elif not left:
                return True
            else:
                began = workflow.now()
                self._set_due(subject, began + left, held)
                if await self._passes(left, subject, held):
                    return True
                left = max(left - (workflow.now() - began), timedelta())
        return False

    async def _passes(self, left: timedelta, subject: _Subject, held: Held) -> bool:
        """Whether so much time passes before there is a decision, an end or a pause."""
        try:
            # Temporal's own timer: it runs on while no worker lives, and costs two events, however long it is.
            await workflow.wait_condition(
                lambda: self._is_settled(subject, held) or held.is_paused,
                timeout=left,
                timeout_summary=f"deadline of the review of {_named(subject)}",
            )
        except TimeoutError:
            # A decision of the same moment comes first.
            return not self._is_settled(subject, held)
        return False

    def _is_settled(self, subject: _Subject, held: Held) -> bool:
        return subject in self._decided or held.is_ending

    def _set_due(self, subject: _Subject, due: datetime | None, held: Held) -> None:
        self._asked[subject] = self._asked[subject].model_copy(update={"due": due})
        held.show_details()

    def _escalate(self, subject: _Subject) -> None:
        changes = {"escalated": True, "escalated_at": workflow.now(), "escalated_to": self.rules.escalate_to}
        self._asked[subject] = self._asked[subject].model_copy(update=changes)

    def _rejected_by_deadline(self, subject: _Subject) -> events.ReviewDecided:
        waited = (self.rules.deadline or timedelta()) * (2 if self._asked[subject].escalated else 1)
        comment = f"nobody decided within {span_words(waited)}."
        review = Review(decision=Decision.REJECT, reviewer=THE_DEADLINE, comment=comment, step_id=subject)
        return self._record(subject, review, by_deadline=True)

    def _record(self, subject: _Subject, review: Review, *, by_deadline: bool = False) -> events.ReviewDecided:
        asked, now = self._asked[subject], workflow.now()
        self._decided[subject] = review
        self._history.append(
            DecidedReview(
                step_id=subject,
                reason=asked.reason,
                asked_at=asked.since,
                escalated=asked.escalated,
                decision=review.decision,
                reviewer=review.reviewer,
                comment=review.comment,
                further_calls=review.further_calls,
                decided_at=now,
                by_deadline=by_deadline,
            )
        )
        return events.ReviewDecided(
            at=now,
            decision=review.decision.value,
            reviewer=review.reviewer,
            comment=review.comment,
            step_id=subject,
            further_calls=review.further_calls,
            by_deadline=by_deadline,
        )

    def _request(self, subject: _Subject, held: Held) -> events.ReviewRequested:
        asked, now, deadline = self._asked[subject], workflow.now(), self.rules.deadline
        return events.ReviewRequested(
            at=now,
            reason=asked.reason,
            step_id=subject,
            calls_wanted=asked.calls_wanted,
            since=asked.since,
            due=now + deadline if deadline is not None and not held.is_paused else None,
            escalated=asked.escalated,
            escalated_to=asked.escalated_to,
        )


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
