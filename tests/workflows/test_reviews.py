"""Who may decide, until when, and what an auditor sees of it afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.worker import Worker

from holdfast.answer import Answer, Outcome, Question
from holdfast.contracts import TOOLS_ATTRIBUTE, Decision, Progress, Review
from holdfast.events import AnyEvent, ReviewDecided, ReviewRequested
from holdfast.execution import State
from holdfast.plan import Step
from holdfast.reviews import THE_DEADLINE, ReviewRules, Waiting
from holdfast.settings import load_settings
from starter.connection import Connection
from starter.streams import Frame, QuestionStream
from tests.workflows.fakes import ScriptedActivities, plan, planned, step
from tests.workflows.scripted_programs import ScriptedPrograms, api_step, special_step, sql_step
from tests.workflows.test_query_workflow import Handle, asked, until
from workflows.query import QueryWorkflow

SOON = timedelta(seconds=0.5)
LATER = timedelta(hours=1)
# Who asks in these tests.
ASKER = "ada"


def held(rules: ReviewRules, *steps: Step) -> ScriptedActivities:
    return ScriptedActivities(planned(*(steps or (step("a"),)), approval="it is costly", rules=rules))


async def refused(handle: Handle, review: Review) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update(QueryWorkflow.review, review)
    return str(caught.value.cause)


async def decided(handle: Handle, decision: Decision, reviewer: str, *, as_administrator: bool = False) -> Progress:
    review = Review(decision=decision, reviewer=reviewer, as_administrator=as_administrator)
    return await handle.execute_update(QueryWorkflow.review, review)


async def escalated(handle: Handle) -> Progress:
    while True:
        progress: Progress = await handle.query(QueryWorkflow.progress)
        if any(waiting.escalated for waiting in progress.waiting):
            return progress
        await asyncio.sleep(0.02)


async def waits(handle: Handle, after: Waiting | None = None) -> Waiting:
    """What waits, once it is another than `after`."""
    while True:
        progress: Progress = await handle.query(QueryWorkflow.progress)
        if progress.waiting and progress.waiting != (after,):
            return progress.waiting[0]
        await asyncio.sleep(0.02)


async def timers_of(handle: Handle) -> int:
    history = await handle.fetch_history()
    return sum(event.HasField("timer_started_event_attributes") for event in history.events)


async def events_of(client: Client, answer: Answer) -> list[ReviewRequested | ReviewDecided]:
    stream = QuestionStream(Connection(client, load_settings(), None), answer.correlation_id)
    found = [
        AnyEvent.model_validate_json(frame.data).root async for frame in stream.follow() if isinstance(frame, Frame)
    ]
    return [event for event in found if isinstance(event, ReviewRequested | ReviewDecided)]


@pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.EDIT])
async def test_nobody_lets_their_own_question_go_on_where_policy_says_so(
    temporal_client: Client, decision: Decision
) -> None:
    script = held(ReviewRules(own=False))
    async with asked(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        edited = plan(step("b")) if decision is Decision.EDIT else None
        own = Review(decision=decision, reviewer=ASKER, as_administrator=True, plan=edited)
        assert "nobody approves their own" in await refused(handle, own)
        await decided(handle, Decision.APPROVE, "grace")
        assert (await handle.result()).outcome is Outcome.ANSWERED


async def test_whoever_asked_may_still_reject_it(temporal_client: Client) -> None:
    async with asked(temporal_client, held(ReviewRules(own=False))) as handle:
        await until(handle, State.BLOCKED)
        await decided(handle, Decision.REJECT, ASKER)
        assert (await handle.result()).message == "ada rejected the plan."


async def test_further_calls_of_ones_own_question_are_stopped_but_not_approved(temporal_client: Client) -> None:
    script = ScriptedActivities(
        planned(api_step("live"), rules=ReviewRules(own=False)), programs=ScriptedPrograms(calls=3, budget=1)
    )
    async with asked(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        own = Review(decision=Decision.APPROVE, reviewer=ASKER, further_calls=1)
        assert "nobody approves their own" in await refused(handle, own)
        await decided(handle, Decision.STOP, ASKER)
        assert (await handle.result()).outcome is Outcome.ANSWERED
    assert script.programs.made["live"] == 1


async def test_the_answer_says_who_decided_what_when_and_why_they_were_asked(temporal_client: Client) -> None:
    async with asked(temporal_client, held(ReviewRules())) as handle:
        await until(handle, State.BLOCKED)
        review = Review(decision=Decision.APPROVE, reviewer="grace", comment="as agreed")
        (shown,) = (await handle.execute_update(QueryWorkflow.review, review)).reviews
        answer = await handle.result()
    assert answer.reviews == (shown,)
    assert (shown.reviewer, shown.comment, shown.reason) == ("grace", "as agreed", "it is costly")
    assert shown.asked_at is not None
    assert answer.started <= shown.asked_at <= shown.decided_at <= answer.finished
    assert answer.to_dictionary([])["reviews"][0]["reviewer"] == "grace"


async def test_a_review_that_nobody_makes_in_time_is_rejected_and_says_so(temporal_client: Client) -> None:
    script = held(ReviewRules(deadline=SOON))
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
        told = await events_of(temporal_client, answer)
    assert answer.outcome is Outcome.CANCELLED
    assert answer.message == "The deadline rejected the plan: nobody decided within 0.5 seconds."
    assert script.asked["a"] == 0
    (review,) = answer.reviews
    assert (review.reviewer, review.by_deadline) == (THE_DEADLINE, True)
    assert [event.type for event in told] == ["REVIEW-REQUESTED", "REVIEW-DECIDED"]


async def test_a_step_that_nobody_decides_on_in_time_ends_its_question(temporal_client: Client) -> None:
    programs = ScriptedPrograms(calls=3, budget=1)
    script = ScriptedActivities(planned(api_step("live"), rules=ReviewRules(deadline=SOON)), programs=programs)
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.CANCELLED
    assert "rejected further calls of the tenant: nobody decided" in answer.message
    assert programs.made["live"] == 1


async def test_an_escalated_review_is_told_again_and_decided_by_those_who_may(temporal_client: Client) -> None:
    rules = ReviewRules(deadline=timedelta(seconds=6), after_deadline="escalate", escalate_to=("rhea",))
    async with asked(temporal_client, held(rules)) as handle:
        (waiting,) = (await escalated(handle)).waiting
        assert waiting.escalated_at is not None
        assert waiting.escalated_to == ("rhea",)
        words = await refused(handle, Review(decision=Decision.APPROVE, reviewer="grace"))
        assert "grace may not decide it any more; who may: an administrator, rhea" in words
        await decided(handle, Decision.APPROVE, "rhea")
        answer = await handle.result()
        told = await events_of(temporal_client, answer)
    assert answer.outcome is Outcome.ANSWERED
    assert answer.reviews[0].escalated
    assert [getattr(event, "escalated", None) for event in told] == [False, True, None]


async def test_an_administrator_decides_what_was_escalated(temporal_client: Client) -> None:
    rules = ReviewRules(deadline=timedelta(seconds=6), after_deadline="escalate")
    async with asked(temporal_client, held(rules)) as handle:
        await escalated(handle)
        await decided(handle, Decision.APPROVE, "root", as_administrator=True)
        assert (await handle.result()).outcome is Outcome.ANSWERED


async def test_what_was_escalated_is_rejected_by_a_second_deadline(temporal_client: Client) -> None:
    rules = ReviewRules(deadline=SOON, after_deadline="escalate")
    async with asked(temporal_client, held(rules)) as handle:
        answer = await handle.result()
    assert answer.message == "The deadline rejected the plan: nobody decided within 1 second."
    assert answer.reviews[0].escalated


async def test_a_deadline_stands_still_while_its_question_is_paused(temporal_client: Client) -> None:
    async with asked(temporal_client, held(ReviewRules(deadline=timedelta(seconds=8)))) as handle:
        await until(handle, State.BLOCKED)
        assert (await handle.query(QueryWorkflow.progress)).waiting[0].due is not None
        await handle.signal(QueryWorkflow.pause)
        await until(handle, State.PAUSED)
        assert (await handle.query(QueryWorkflow.progress)).waiting[0].due is None
        await asyncio.sleep(8.5)
        await until(handle, State.PAUSED)
        await handle.signal(QueryWorkflow.resume)
        await until(handle, State.BLOCKED)
        await decided(handle, Decision.APPROVE, "grace")
        assert (await handle.result()).outcome is Outcome.ANSWERED


async def test_a_review_that_is_waited_for_adds_nothing_to_the_history(temporal_client: Client) -> None:
    async with asked(temporal_client, held(ReviewRules(deadline=LATER))) as handle:
        await until(handle, State.BLOCKED)
        before = len((await handle.fetch_history()).events)
        await asyncio.sleep(1)
        assert len((await handle.fetch_history()).events) == before
        assert await timers_of(handle) == 1
        await decided(handle, Decision.APPROVE, "grace")
        await handle.result()
        assert await timers_of(handle) == 1


async def test_a_question_is_found_by_the_tools_of_its_plan(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), api_step("b", "a"), sql_step("c", "b"), special_step("d")))
    async with asked(temporal_client, script) as handle:
        await handle.result()
        found = (await handle.describe()).typed_search_attributes.get(TOOLS_ATTRIBUTE)
    assert found == ["api", "cypher", "special", "sql"]


async def details_of(handle: Handle) -> str:
    """What Temporal's own UI shows as current details."""
    metadata: WorkflowMetadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return metadata.current_details


async def test_an_operator_reads_what_waits_for_whom_with_what_to_type_and_no_word_of_it_is_markup(
    temporal_client: Client,
) -> None:
    rules = ReviewRules(deadline=LATER)
    script = ScriptedActivities(
        planned(
            step("people"), api_step("live", "people"), approval="It touches *roles* [here](http://x).", rules=rules
        ),
        {"people": 1_234},
        programs=ScriptedPrograms(calls=40, budget=5),
    )
    async with asked(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        shown = await details_of(handle)
        assert r"**The plan waits for a review**: It touches \*roles\* \[here\](http\://x)." in shown
        assert f"- Decide: `holdfast review {handle.id} approve` (or `reject`)" in shown
        assert "- Until 2" in shown
        await decided(handle, Decision.APPROVE, "grace")
        while not (await handle.query(QueryWorkflow.progress)).waiting:
            await asyncio.sleep(0.02)
        shown = await details_of(handle)
        assert "**Step `live` waits for a review**" in shown
        assert "- 5 calls are made, about 35 are to come" in shown
        assert f"`holdfast review {handle.id} approve --step live`" in shown
        assert "- ✓ `people` cypher, list User: **done, 1,234 rows" in shown
        assert "- grace: **approve** the plan, 2" in shown
        await decided(handle, Decision.STOP, "grace")
        await handle.result()
        assert "waits for a review" not in await details_of(handle)


async def test_a_decision_on_what_was_decided_meanwhile_is_not_taken_for_what_waits_by_now(
    temporal_client: Client,
) -> None:
    """Two reviewers look at one plan: the second's approval must not let its costly step go on unseen."""
    script = ScriptedActivities(
        planned(api_step("live"), approval="it is costly"), programs=ScriptedPrograms(calls=5, budget=2)
    )
    async with asked(temporal_client, script) as handle:
        of_plan = await waits(handle)
        seen = Review(decision=Decision.APPROVE, reviewer="grace", asked_at=of_plan.since)
        await handle.execute_update(QueryWorkflow.review, seen)
        of_step = await waits(handle, after=of_plan)
        told = await refused(handle, seen.model_copy(update={"reviewer": "rhea"}))
        assert "waits no more; what waits by now is step live. Look at it and decide anew." in told
        first = Review(decision=Decision.APPROVE, reviewer="rhea", asked_at=of_step.since, further_calls=1)
        await handle.execute_update(QueryWorkflow.review, first)
        again = await waits(handle, after=of_step)
        assert "waits no more" in await refused(handle, first.model_copy(update={"further_calls": None}))
        await decided(handle, Decision.STOP, "grace")
        answer = await handle.result()
        told_of = await events_of(temporal_client, answer)
    decided_on = [(each.reviewer, each.step_id) for each in answer.reviews]
    assert decided_on == [("grace", None), ("rhea", "live"), ("grace", "live")]
    requests = [event for event in told_of if isinstance(event, ReviewRequested)]
    assert [event.since for event in requests] == [of_plan.since, of_step.since, again.since]


async def test_of_two_decisions_that_arrive_together_one_is_taken(temporal_client: Client) -> None:
    queue = f"test-{uuid4()}"
    script = held(ReviewRules())
    worker: dict[str, Any] = {"task_queue": queue, "workflows": [QueryWorkflow], "activities": script.all()}
    question = Question(correlation_id=f"q-{uuid4()}", text="who?", tenant="demo", asker=ASKER)
    async with Worker(temporal_client, **worker):
        handle = await temporal_client.start_workflow(
            QueryWorkflow.run, question, id=question.correlation_id, task_queue=queue
        )
        await until(handle, State.BLOCKED)
    # While nobody is there to take them.
    reviewers = ("grace", "rhea")
    deciding = [asyncio.create_task(decided(handle, Decision.APPROVE, who)) for who in reviewers]
    await asyncio.sleep(0.5)
    async with Worker(temporal_client, **worker):
        outcomes = await asyncio.gather(*deciding, return_exceptions=True)
        answer = await handle.result()
    refusals = [str(each.cause) for each in outcomes if isinstance(each, WorkflowUpdateFailedError)]
    (taken,) = answer.reviews
    assert refusals == [f"ReviewRefused: {taken.reviewer} already decided: approve."]
