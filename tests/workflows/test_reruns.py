"""Questions that go on from earlier ones, on the real server: what is reused, what runs, and what the answer says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from holdfast.answer import Answer, ModelUsage, Outcome, Refused
from holdfast.contracts import TASK_QUEUE, Decision, Review
from holdfast.errors import InvalidTransition, RerunRefused
from holdfast.events import AnyEvent, PlanGenerated, StepEnded, StepStarted
from holdfast.execution import State
from holdfast.presentation import Presentation
from holdfast.settings import load_settings
from starter import questions, reruns
from starter.changes import Changes
from starter.connection import Connection
from starter.questions import ReusedId
from starter.streams import Frame, QuestionStream
from tests.workflows.fakes import ScriptedActivities, plan, planned, refusal, step
from tests.workflows.scripted_programs import ScriptedPrograms, api_step, special_step, sql_step
from workflows.query import QueryWorkflow


@pytest.fixture
def connection(temporal_client: Client, tmp_path: Path) -> Connection:
    return Connection(temporal_client, load_settings(data_dir=tmp_path), None)


@asynccontextmanager
async def working(connection: Connection, script: ScriptedActivities) -> AsyncIterator[None]:
    async with Worker(connection.client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all()):
        yield


async def asked(connection: Connection, *, approve_plan: bool = False) -> str:
    started, _ = await questions.start(connection, "who?", asker="ada", approve_plan=approve_plan)
    return started.id


async def answered(connection: Connection, script: ScriptedActivities) -> Answer:
    """The answer of a question that these activities answer."""
    async with working(connection, script):
        return await questions.answer_of(connection, await asked(connection))


async def retried(connection: Connection, question_id: str, script: ScriptedActivities) -> Answer:
    async with working(connection, script):
        again, _ = await reruns.retry(connection, question_id, asker="bob")
        return await questions.answer_of(connection, again.id)


async def rerun(connection: Connection, question_id: str, script: ScriptedActivities, **changes: object) -> Answer:
    async with working(connection, script):
        again, _ = await reruns.rerun(connection, question_id, Changes.model_validate(changes), asker="bob")
        return await questions.answer_of(connection, again.id)


def ran(script: ScriptedActivities) -> set[str]:
    """The steps that ran."""
    return {name for name in script.asked if name not in {"plan", "adopt", "format"}}


STEPS = (step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))


async def test_a_retry_reuses_every_finished_step_and_runs_the_failed_and_unstarted_ones(
    connection: Connection,
) -> None:
    failed = await answered(connection, ScriptedActivities(planned(*STEPS), {"a": 3, "c": refusal("no")}))
    script = ScriptedActivities(planned(*STEPS), {"c": 5})
    answer = await retried(connection, failed.correlation_id, script)
    assert answer.outcome is Outcome.ANSWERED
    assert script.asked["plan"] == 0
    finished = {report.step_id for report in failed.steps if report.success}
    assert {"a"} <= finished
    assert ran(script) == {"a", "b", "c", "d"} - finished
    assert {r.step_id for r in answer.steps if r.reused_from == failed.correlation_id} == finished
    assert answer.origin is not None
    assert (answer.origin.kind, answer.origin.question_id) == ("retry", failed.correlation_id)
    assert answer.snapshot == failed.snapshot
    assert answer.plan == failed.plan
    rows = {r.step_id: r.result.rows.key for r in answer.steps if r.result is not None}
    assert rows == {name: f"{answer.correlation_id}/{name}" for name in "abcd"}, "every row is the new question's own"


async def test_what_is_known_of_a_retry_without_a_worker_refers_to_the_failed_question(connection: Connection) -> None:
    failed = await answered(connection, ScriptedActivities(planned(*STEPS), {"b": refusal("no")}))
    async with working(connection, ScriptedActivities(planned(*STEPS))):
        again, is_new = await reruns.retry(connection, failed.correlation_id, asker="bob")
        await questions.answer_of(connection, again.id)
        progress = await questions.progress_of(connection, again.id)
    known = await questions.asked(connection, again.id)
    described = await connection.client.get_workflow_handle(again.id).describe()
    assert is_new
    assert known.asker == "bob"
    assert known.origin == again.origin
    assert known.origin is not None
    assert known.origin.words == f"retry of {failed.correlation_id}"
    assert failed.correlation_id in (await described.static_details() or "")
    assert progress is not None
    assert progress.origin == known.origin
    assert [s.reused_from for s in progress.steps if s.step_id == "a"] == [failed.correlation_id]


async def test_viewers_of_a_retry_see_where_it_goes_on_from_and_what_is_reused(connection: Connection) -> None:
    failed = await answered(connection, ScriptedActivities(planned(step("a"), step("b", "a")), {"b": refusal("no")}))
    async with working(connection, ScriptedActivities(planned(*STEPS))):
        again, _ = await reruns.retry(connection, failed.correlation_id, asker="ada")
        told = [each async for each in QuestionStream(connection, again.id).follow() if isinstance(each, Frame)]
    seen = [AnyEvent.model_validate_json(frame.data).root for frame in told]
    made = [event for event in seen if isinstance(event, PlanGenerated)]
    assert [each.origin for each in made] == [again.origin]
    ended = {e.step_id: e.reused_from for e in seen if isinstance(e, StepEnded)}
    assert ended == {"a": failed.correlation_id, "b": None}
    assert [e.step_id for e in seen if isinstance(e, StepStarted)] == ["b"]


async def test_a_retry_of_a_question_that_never_came_to_a_plan_plans_it(connection: Connection) -> None:
    script = ScriptedActivities(planned(step("a")))
    script.outcome_error = refusal("the model is away")
    failed = await answered(connection, script)
    assert failed.outcome is Outcome.FAILED
    again = ScriptedActivities(planned(step("a")))
    answer = await retried(connection, failed.correlation_id, again)
    assert answer.outcome is Outcome.ANSWERED
    assert (again.asked["plan"], again.asked["adopt"]) == (1, 0)


async def test_a_retry_of_a_retry_reuses_what_both_have_found(connection: Connection) -> None:
    steps = (step("a"), step("b", "a"), step("c", "b"))
    first = await answered(connection, ScriptedActivities(planned(*steps), {"b": refusal("no")}))
    second = await retried(connection, first.correlation_id, ScriptedActivities(planned(*steps), {"c": refusal("no")}))
    script = ScriptedActivities(planned(*steps))
    third = await retried(connection, second.correlation_id, script)
    assert third.outcome is Outcome.ANSWERED
    assert ran(script) == {"c"}
    assert script.adopted is not None
    keys = {result.rows.key for result in script.adopted.inherited.results}
    assert keys == {f"{second.correlation_id}/a", f"{second.correlation_id}/b"}, "the retry had made them its own"


async def test_a_retry_of_a_rerun_keeps_what_a_person_wrote_for_its_step(connection: Connection) -> None:
    first = await answered(connection, ScriptedActivities(planned(*STEPS)))
    broken = ScriptedActivities(planned(*STEPS), {"b": refusal("the graph is away")})
    second = await rerun(connection, first.correlation_id, broken, from_step="b", query="RETURN 1 AS one")
    for script in (ScriptedActivities(planned(*STEPS), {"b": refusal("still")}), ScriptedActivities(planned(*STEPS))):
        second = await retried(connection, second.correlation_id, script)
        assert broken.requests["b"].edited is not None
        assert script.requests["b"].edited == broken.requests["b"].edited
    assert second.outcome is Outcome.ANSWERED
    assert script.requests["d"].edited is None


async def test_a_retry_of_an_edited_presentation_applies_it_and_runs_no_step(connection: Connection) -> None:
    steps = (step("a"), step("b", critical=False))
    first = await answered(connection, ScriptedActivities(planned(*steps), {"b": refusal("no")}))
    broken = ScriptedActivities(planned(*steps))
    broken.format_error = refusal("the disk is full")
    recipe = Presentation(source="a", summary="{rows:row|rows}.").model_dump(mode="json")
    second = await rerun(connection, first.correlation_id, broken, presentation=recipe)
    script = ScriptedActivities(planned(*steps))
    answer = await retried(connection, second.correlation_id, script)
    assert (answer.outcome, ran(script)) == (Outcome.ANSWERED, set())
    assert script.format_request is not None
    assert broken.format_request is not None
    assert script.format_request.edited == broken.format_request.edited is not None
    assert [gap.message for gap in answer.gaps] == [gap.message for gap in first.gaps], "what is missing is still said"


async def test_a_retry_of_a_retry_that_never_began_finds_the_journals_where_they_are(connection: Connection) -> None:
    steps = (api_step("live"),)
    script = ScriptedActivities(planned(*steps), programs=ScriptedPrograms(calls=100, seconds=0.05))
    async with working(connection, script):
        first = await asked(connection)
        while not script.programs.made["live"]:
            await asyncio.sleep(0.02)
        await connection.client.get_workflow_handle(first).terminate("an operator did")
    never_began, _ = await reruns.retry(connection, first, asker="bob")
    await connection.client.get_workflow_handle(never_began.id).terminate("an operator did")
    failing = ScriptedPrograms(calls=3, failing_texts=("program 1",))
    last = ScriptedActivities(planned(*steps), programs=failing)
    second = await retried(connection, never_began.id, last)
    assert last.adopted is not None
    assert {each.step_id: each.journal_of for each in last.adopted.inherited.begun} == {"live": first}
    third = ScriptedActivities(planned(*steps), programs=ScriptedPrograms(calls=3))
    await retried(connection, second.correlation_id, third)
    assert third.adopted is not None
    assert [each.journal_of for each in third.adopted.inherited.begun] == [None], "they are the second one's own"


async def test_where_only_the_layout_failed_a_retry_runs_no_step(connection: Connection) -> None:
    script = ScriptedActivities(planned(step("a"), step("b", "a")))
    script.format_error = refusal("no layout")
    failed = await answered(connection, script)
    again = ScriptedActivities(planned(step("a"), step("b", "a")))
    answer = await retried(connection, failed.correlation_id, again)
    assert (answer.outcome, ran(again), again.asked["format"]) == (Outcome.ANSWERED, set(), 1)


async def test_what_models_did_for_reused_steps_is_not_counted_twice(connection: Connection) -> None:
    used = ModelUsage(calls=1, input_tokens=100, output_tokens=10, cost_usd=0.5)
    steps = (step("a"), step("b", "a"))
    script = ScriptedActivities(planned(*steps), {"b": refusal("no")}, usage=used)
    failed = await answered(connection, script)
    again = ScriptedActivities(planned(*steps), usage=used)
    answer = await retried(connection, failed.correlation_id, again)
    assert failed.usage == used
    assert answer.usage == used, "step b's, and not step a's once more"
    assert again.requests["b"].spent is None, "the limit is of this question's own models"


@pytest.mark.parametrize("how", ["answered", "cancelled", "runs"])
async def test_only_a_failed_question_is_retried_and_others_are_told_what_is_possible(
    how: str, connection: Connection
) -> None:
    script = ScriptedActivities(planned(step("a")), held=() if how == "answered" else ("a",))
    async with working(connection, script):
        question_id = await asked(connection)
        if how == "cancelled":
            await script.until_asked("a")
            await questions.steer(connection, question_id, State.CANCELLED)
        if how != "runs":
            await questions.answer_of(connection, question_id)
        with pytest.raises(InvalidTransition) as refused:
            await reruns.retry(connection, question_id, asker="ada")
        state = (await questions.asked(connection, question_id)).state
        assert f"A question that is {state} cannot be retried" in str(refused.value)
        assert ("run again from a step" in str(refused.value)) is (how != "runs")
        if how == "runs":
            with pytest.raises(InvalidTransition, match="cannot be run again from a step"):
                await reruns.rerun(connection, question_id, Changes(from_step="a"), asker="ada")
            script.release("a")
            await questions.answer_of(connection, question_id)


async def test_a_question_that_was_ended_from_outside_goes_on_where_it_was(connection: Connection) -> None:
    """Also its program, whose answers are in its journal, and the moment that its special tool saw."""
    steps = (step("a"), api_step("live", "a"), special_step("tool"), sql_step("count", "live"))
    script = ScriptedActivities(planned(*steps), programs=ScriptedPrograms(calls=100, seconds=0.05))
    script.programs.fails_special = True
    async with working(connection, script):
        question_id = await asked(connection)
        while not script.programs.made["live"] or not script.programs.asked["special"]:
            await asyncio.sleep(0.02)
        await connection.client.get_workflow_handle(question_id).terminate("an operator did")
        programs = ScriptedPrograms(calls=3)
        again = ScriptedActivities(planned(*steps), programs=programs)
    answer = await retried(connection, question_id, again)
    assert answer.outcome is Outcome.ANSWERED
    assert ran(again) == set()
    assert programs.written == [], "the program is the one that was begun"
    assert [run.program.generated.text for run in programs.runs] == ["program 1"]
    assert again.adopted is not None
    begun = {each.step_id: each for each in again.adopted.inherited.begun}
    assert begun.keys() == {"live", "tool"}
    assert begun["tool"].as_of is not None
    assert programs.special_runs[0].as_of == begun["tool"].as_of


async def test_a_program_that_fails_again_is_written_anew(connection: Connection) -> None:
    failing = ScriptedPrograms(calls=2, failures=9)
    failed = await answered(connection, ScriptedActivities(planned(api_step("live")), programs=failing))
    assert len(failing.written) == 2
    programs = ScriptedPrograms(calls=2, failures=0, failing_texts=("program 2",))
    answer = await retried(
        connection, failed.correlation_id, ScriptedActivities(planned(api_step("live")), programs=programs)
    )
    assert answer.outcome is Outcome.ANSWERED
    assert [run.program.generated.text for run in programs.runs] == ["program 2", "program 1"]
    assert [refused.text for refused in programs.written[0].refused] == ["program 2"]


async def test_a_rerun_repeats_nothing_before_its_step(connection: Connection) -> None:
    first = await answered(connection, ScriptedActivities(planned(*STEPS)))
    script = ScriptedActivities(planned(*STEPS))
    answer = await rerun(connection, first.correlation_id, script, from_step="c")
    assert ran(script) == {"c", "d"}
    assert {r.step_id for r in answer.steps if r.reused_from} == {"a", "b"}
    assert answer.origin is not None
    assert answer.origin.words == f"rerun of {first.correlation_id} from step c"


async def test_a_cancelled_question_is_run_again_from_a_step(connection: Connection) -> None:
    script = ScriptedActivities(planned(*STEPS), held=("b",))
    async with working(connection, script):
        question_id = await asked(connection)
        await script.until_asked("b")
        await script.until_asked("c")
        await questions.steer(connection, question_id, State.CANCELLED)
        await questions.answer_of(connection, question_id)
    again = ScriptedActivities(planned(*STEPS))
    answer = await rerun(connection, question_id, again, from_step="b")
    assert answer.outcome is Outcome.ANSWERED
    assert "a" not in ran(again)
    assert {"b", "d"} <= ran(again)


async def test_an_edited_plan_runs_from_what_was_changed(connection: Connection) -> None:
    first = await answered(connection, ScriptedActivities(planned(*STEPS)))
    edited = plan(step("a"), step("b", "a").model_copy(update={"query_context": "another"}), *STEPS[2:], step("e", "a"))
    script = ScriptedActivities(planned(*STEPS))
    answer = await rerun(connection, first.correlation_id, script, plan=edited.model_dump(mode="json"))
    assert ran(script) == {"b", "d", "e"}
    assert answer.plan is not None
    assert answer.plan.steps == edited.steps
    assert answer.plan_author == "bob, who edited it"


async def test_an_edited_query_goes_to_its_step_alone_and_says_whose_it_is(connection: Connection) -> None:
    first = await answered(connection, ScriptedActivities(planned(*STEPS)))
    script = ScriptedActivities(planned(*STEPS))
    await rerun(connection, first.correlation_id, script, from_step="b", query="RETURN 1 AS one")
    edited = script.requests["b"].edited
    assert edited is not None
    assert (edited.text, edited.author) == ("RETURN 1 AS one", "bob, who edited it")
    assert script.requests["d"].edited is None


async def test_an_edited_program_that_fails_is_not_replaced_behind_its_writers_back(connection: Connection) -> None:
    steps = (api_step("live"),)
    first = await answered(connection, ScriptedActivities(planned(*steps), programs=ScriptedPrograms(calls=2)))
    programs = ScriptedPrograms(calls=2, failures=9)
    script = ScriptedActivities(planned(*steps), programs=programs)
    columns = [{"name": "id", "kind": "text"}]
    answer = await rerun(
        connection, first.correlation_id, script, from_step="live", program="result = []", columns=columns
    )
    assert answer.outcome is Outcome.FAILED
    assert len(programs.runs) == 1
    assert programs.written[0].step.edited is not None
    assert [column.name for column in programs.written[0].step.edited.columns] == ["id"]


async def test_with_an_edited_presentation_no_step_runs(connection: Connection) -> None:
    steps = (step("a"), step("b", critical=False), step("c", "b", critical=False))
    first = await answered(connection, ScriptedActivities(planned(*steps), {"b": refusal("no")}))
    script = ScriptedActivities(planned(*steps))
    recipe = Presentation(source="a", summary="{rows:row|rows}.").model_dump(mode="json")
    answer = await rerun(connection, first.correlation_id, script, presentation=recipe)
    assert (answer.outcome, ran(script)) == (Outcome.ANSWERED, set())
    assert script.format_request is not None
    assert script.format_request.edited is not None
    assert script.format_request.edited.recipe["source"] == "a"
    assert answer.gaps == first.gaps, "what failed then is still not known"


async def test_an_edited_plan_waits_for_its_review_and_an_unchanged_one_that_was_reviewed_does_not(
    connection: Connection,
) -> None:
    def script() -> ScriptedActivities:
        return ScriptedActivities(planned(*STEPS, approval="Every plan is reviewed here."))

    async with working(connection, script()):
        question_id = await asked(connection)
        await _decided(connection, question_id, Review(decision=Decision.APPROVE, reviewer="grace"))
        await questions.answer_of(connection, question_id)
    unchanged = await rerun(connection, question_id, script(), from_step="b")
    assert unchanged.reviews == ()
    other = script()
    async with working(connection, other):
        changes = Changes(from_step="b", query="RETURN 1 AS one")
        again, _ = await reruns.rerun(connection, question_id, changes, asker="ada")
        dropped = plan(step("a"), step("b"), step("d", "b"))
        await _decided(connection, again.id, Review(decision=Decision.EDIT, reviewer="grace", plan=dropped))
        answer = await questions.answer_of(connection, again.id)
    assert [review.reviewer for review in answer.reviews] == ["grace"]
    assert {r.step_id for r in answer.steps if r.reused_from} == {"a"}
    assert ran(other) == {"b", "d"}
    assert other.requests["b"].edited is None, "the reviewer has put another step in its place"


async def _decided(connection: Connection, question_id: str, review: Review) -> None:
    while (await questions.asked(connection, question_id)).state != State.BLOCKED:
        await asyncio.sleep(0.02)
    await questions.review(connection, question_id, review)


async def test_a_rejected_plan_does_not_run_by_being_run_again(connection: Connection) -> None:
    async with working(connection, ScriptedActivities(planned(*STEPS, approval="policy"))):
        question_id = await asked(connection)
        await _decided(connection, question_id, Review(decision=Decision.REJECT, reviewer="grace"))
        await questions.answer_of(connection, question_id)
        again, _ = await reruns.rerun(connection, question_id, Changes(from_step="a"), asker="ada")
        await _decided(connection, again.id, Review(decision=Decision.REJECT, reviewer="grace"))
        answer = await questions.answer_of(connection, again.id)
    assert answer.outcome is Outcome.CANCELLED


async def test_one_key_starts_one_retry(connection: Connection) -> None:
    failed = await answered(connection, ScriptedActivities(planned(*STEPS), {"b": refusal("no")}))
    async with working(connection, ScriptedActivities(planned(*STEPS))):
        first, is_new = await reruns.retry(connection, failed.correlation_id, asker="ada", key="k")
        same, is_new_again = await reruns.retry(connection, failed.correlation_id, asker="ada", key="k")
        bobs, _ = await reruns.retry(connection, failed.correlation_id, asker="bob", key="k")
        with pytest.raises(ReusedId):
            await reruns.rerun(connection, failed.correlation_id, Changes(from_step="a"), asker="ada", key="k")
        for each in (first, bobs):
            await questions.answer_of(connection, each.id)
    assert (is_new, is_new_again) == (True, False)
    assert first.id == same.id != bobs.id


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "from which step"),
        ({"from_step": "z"}, "no step 'z'; its steps are: a, b, c, d"),
        ({"from_step": "a", "query": "RETURN 1", "program": "x"}, "One thing is edited at a time"),
        ({"from_step": "a", "program": "result = []"}, "not answered by a program; its query can be edited"),
        ({"query": "RETURN 1"}, "from which step"),
        ({"from_step": "a", "presentation": {"source": "a", "summary": "x"}}, "no step runs again"),
        ({"from_step": "a", "columns": [{"name": "x", "kind": "text"}]}, "with an edited program only"),
    ],
)
async def test_a_rerun_that_makes_no_sense_is_refused_with_what_would(
    changes: dict[str, object], words: str, connection: Connection
) -> None:
    first = await answered(connection, ScriptedActivities(planned(*STEPS)))
    with pytest.raises(RerunRefused, match=words):
        await reruns.rerun(connection, first.correlation_id, Changes.model_validate(changes), asker="ada")


async def test_what_never_had_a_plan_or_an_answer_is_told_so(connection: Connection) -> None:
    refused = await answered(connection, ScriptedActivities(Refused(reason="no")))
    failed = await answered(connection, ScriptedActivities(planned(step("a")), {"a": refusal("no")}))
    with pytest.raises(RerunRefused, match="came to no plan"):
        await reruns.rerun(connection, refused.correlation_id, Changes(from_step="a"), asker="ada")
    layout = Changes(presentation=Presentation(source="a", summary="x"))
    with pytest.raises(RerunRefused, match="has no answer whose presentation"):
        await reruns.rerun(connection, failed.correlation_id, layout, asker="ada")
