from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from holdfast.answer import (
    Answer,
    ArtifactRef,
    Column,
    Effort,
    EndpointUse,
    FormattedAnswer,
    Gap,
    Generated,
    Header,
    LiveReading,
    ModelUsage,
    Outcome,
    RowCounts,
    SnapshotRef,
    StepReport,
    StepResult,
)
from holdfast.plan import CypherStep, Plan, SpecialStep
from holdfast.sync_contracts import FamilyReport, SyncReport
from starter.model_words import usage_words
from starter.plain_text import age, cell, span, visible, visible_lines, when
from starter.questions import Asked, summary_of
from starter.rendering import answer_view, plan_view, questions_view, sync_view
from tests.unit.rendered import rendered

NOON = datetime(2026, 7, 24, 12, tzinfo=UTC)
PLAN = Plan(
    steps=(CypherStep(id="people", entity="user", operation="list", query_context="people whose [status] is ACTIVE"),),
    reasoning="One look.",
    understood_as="people who are active",
    confidence=0.9,
)


def answer(outcome: Outcome = Outcome.ANSWERED, **changes: object) -> Answer:
    values: dict[str, object] = {
        "correlation_id": "q-20260724-aaaaaaaa",
        "question": "Who is active?",
        "outcome": outcome,
        "plan": PLAN,
        "snapshot": SnapshotRef(id="snap-1", synced_at=NOON - timedelta(hours=3)),
        "started": NOON,
        "finished": NOON + timedelta(seconds=0.142),
    }
    return Answer.model_validate({**values, **changes})


def formatted(total: int, **changes: object) -> FormattedAnswer:
    values: dict[str, object] = {
        "display_type": "table",
        "headers": (Header(text="Name", value="name"), Header(text="Apps", value="apps")),
        "rows": ArtifactRef(
            key="q/table", row_count=total, size_bytes=1, columns=(Column(name="name", dtype="String"),)
        ),
        "summary": f"{total} people are active.",
        "total_items": total,
        "last_sync": NOON,
        "processing_method": "offline",
        "effort": Effort(seconds=0.1, peak_memory_bytes=1),
    }
    return FormattedAnswer.model_validate({**values, **changes})


@given(st.text())
def test_no_text_of_a_tenant_can_steer_a_terminal(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in shown)
    assert not any(character in "\u202e\u2066\u2069\u200f" for character in shown)
    shown.encode()


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])))
def test_harmless_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text.replace("\u061c", "\\u061c")


def test_lines_stay_lines_where_they_are_meant_to() -> None:
    assert visible_lines("one\ntwo\x1b[31m") == "one\ntwo\\u001b[31m"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (True, "yes"), (0, "0"), (["a", None, "b"], "a, , b"), ({"k": [1]}, "k: 1"), ("=1+1", "=1+1")],
)
def test_a_cell_is_shown_as_a_person_reads_it(value: object, shown: str) -> None:
    assert cell(value) == shown  # type: ignore[arg-type]


def test_moments_and_spans_are_said_in_words() -> None:
    assert when(NOON, NOON + timedelta(minutes=3)) == "2026-07-24 12:00 UTC (3 minutes ago)"
    assert when(NOON, NOON - timedelta(hours=5, minutes=59)) == "2026-07-24 12:00 UTC (in 5 hours)"
    assert when(NOON, NOON - timedelta(seconds=59)) == "2026-07-24 12:00 UTC (just now)"
    assert [age(timedelta(seconds=s)) for s in (-5, 59, 60, 7200, 90_000)] == [
        "just now", "just now", "1 minute ago", "2 hours ago", "1 day ago",
    ]  # fmt: skip
    assert [span(s) for s in (0.1416, 12.4, 200)] == ["0.14 s", "12 s", "3 min 20 s"]


@pytest.mark.parametrize(("author", "is_told"), [("openai:x with formatter/v1", True), ("offline", False)])
def test_rows_that_a_models_layout_leaves_out_are_counted(author: str, is_told: bool) -> None:
    counts = RowCounts(rows_in=54, dropped=52, rows_out=2)
    seen = formatted(2, author=author, row_counts=counts)
    shown = rendered(answer_view(answer(formatted=seen), [{"name": n, "apps": 1} for n in ("a", "b")], None))
    assert ("54 rows were found; the layout leaves out 52." in shown) is is_told


def test_a_cancelled_question_has_cost_at_least_what_is_known() -> None:
    usage = ModelUsage(calls=1, input_tokens=10, output_tokens=5, cost_usd=0.5)
    seen = answer(Outcome.CANCELLED, message="The question was cancelled.", spent_in_vain=usage)
    assert " · at least 1 model call, 15 tokens" in rendered(answer_view(seen, [], None))


def test_names_with_brackets_are_text_and_never_markup() -> None:
    records: list[dict[str, JsonValue]] = [
        {"name": "[red]Mallory[/red] :smile:", "apps": 2},
        {"name": "Zoë \x1b[2J", "apps": 10},
    ]
    shown = rendered(answer_view(answer(formatted=formatted(2)), records, None))
    assert "[red]Mallory[/red] :smile:" in shown
    assert "\x1b" not in shown
    assert "Zoë \\u001b[2J" in shown


def test_an_answer_says_how_it_was_understood_what_is_missing_and_where_it_came_from() -> None:
    seen = answer(formatted=formatted(40), gaps=(Gap(origin="sync", message="factors of 1 person"),))
    shown = rendered(answer_view(seen, [{"name": "Ann", "apps": 1}], "http://ui/q"))
    assert "Understood as: people who are active" in shown
    assert "40 people are active." in shown
    assert "Shown are 1 of 40 rows. All of them: holdfast export q-20260724-aaaaaaaa" in shown
    assert "Not known: factors of 1 person" in shown
    assert "stored snapshot · last synced 2026-07-24 12:00 UTC" in shown
    assert "0.14 s · q-20260724-aaaaaaaa · http://ui/q" in shown


def test_an_answer_that_is_shown_whole_offers_no_rest() -> None:
    assert "Shown are" not in rendered(answer_view(answer(formatted=formatted(1)), [{"name": "A", "apps": 1}], None))


def test_numbers_stand_at_the_right_and_long_names_are_whole_in_a_pipe() -> None:
    name = "x" * 300
    shown = rendered(
        answer_view(answer(formatted=formatted(2)), [{"name": name, "apps": 7}, {"name": "b", "apps": 12}], None)
    )
    lines = shown.splitlines()
    assert any(line.startswith(name) and line.endswith("   7") for line in lines)
    assert any(line.startswith("b ") and line.endswith("  12") for line in lines)


def test_markdown_is_shown_without_hidden_links() -> None:
    text = formatted(0, display_type="markdown", rows=None, markdown="# None\nSee [here](http://evil.example/x)")
    shown = rendered(answer_view(answer(formatted=text), [], None), terminal=True)
    assert "http://evil.example/x" in shown
    assert "\x1b]8;" not in shown
    assert rendered(answer_view(answer(formatted=text), [], None)).splitlines()[1:3] == text.markdown.splitlines()


def test_a_summary_that_is_the_whole_answer_is_said_once() -> None:
    text = formatted(1, display_type="markdown", rows=None, markdown="64 groups.", summary="64 groups.")
    assert rendered(answer_view(answer(formatted=text), [], None)).count("64 groups.") == 1


def test_a_failed_step_is_told_once_and_what_the_sync_lacks_beside_it() -> None:
    gaps = (Gap(origin="step", message="Step people failed: boom"), Gap(origin="sync", message="factors of 1 person"))
    shown = rendered(answer_view(answer(Outcome.FAILED, message="Step people failed: boom", gaps=gaps), [], None))
    assert shown.count("boom") == 1
    assert "Not known: factors of 1 person" in shown


def test_a_refusal_names_the_words_that_were_not_understood_once() -> None:
    refused = answer(Outcome.REFUSED, plan=None, message="I do not know these words.", not_understood=("blorp", "zap"))
    assert "Not understood: blorp, zap" in rendered(answer_view(refused, [], None))
    quoting = answer(Outcome.REFUSED, plan=None, message="I do not know blorp.", not_understood=("blorp",))
    assert "Not understood" not in rendered(answer_view(quoting, [], None))


def test_a_question_back_numbers_its_choices() -> None:
    asked_back = answer(Outcome.NEEDS_CLARIFICATION, plan=None, message="Which María?", choices=("a@x", "b@x"))
    shown = rendered(answer_view(asked_back, [], None))
    assert "Which María?" in shown
    assert "1. a@x" in shown
    assert "2. b@x" in shown


def step_report(author: str, models: ModelUsage | None = None) -> StepReport:
    result = StepResult(
        step_id="people",
        rows=ArtifactRef(key="q/people", row_count=1, size_bytes=1, columns=()),
        samples=(),
        generated=Generated(language="cypher", text="MATCH (u:User)\nRETURN u.name", author=author),
        effort=Effort(seconds=0.1, peak_memory_bytes=1, models=models),
    )
    return StepReport(
        step_number=1, step_id="people", step_type="cypher", success=True, result=result, error=None, seconds=0.1
    )


def test_a_plan_shows_each_step_and_its_query() -> None:
    shown = rendered(plan_view(PLAN, answer(steps=(step_report("offline"),), plan_author="offline")))
    assert "1. people (cypher: list user)" in shown
    assert "people whose [status] is ACTIVE" in shown
    assert "     MATCH (u:User)\n     RETURN u.name" in shown
    assert "rules" not in shown
    assert "MATCH" not in rendered(plan_view(PLAN, None))


def test_a_plan_names_a_special_tool_and_no_author_of_its_call() -> None:
    step = SpecialStep(id="people", name="login_risk", entity="User", operation="check", query_context="Dana's risk")
    plan = PLAN.model_copy(update={"steps": (step,)})
    shown = rendered(plan_view(plan, answer(steps=(step_report("special"),), plan_author="offline")))
    assert "1. people (special: login_risk)" in shown
    assert "Written" not in shown


CALL = ModelUsage(calls=1, input_tokens=1_900, output_tokens=140, cost_usd=0.0041)


def test_a_plan_shows_which_model_did_what_and_what_each_cost() -> None:
    seen = answer(
        plan_author="openai:gpt-5.2 with planner/v1",
        planning_effort=Effort(seconds=1, peak_memory_bytes=1, models=CALL + CALL),
        steps=(step_report("openai:gpt-5.2 with cypher_writer/v1", CALL),),
        formatted=formatted(
            1,
            author="offline, because openai:gpt-5.2 is not available: \x1b[2J",
            processing_method="by rules, from the plan and the columns",
        ),
    )
    lines = [line.strip() for line in rendered(plan_view(PLAN, seen)).splitlines()]
    assert "Planned by openai:gpt-5.2 with planner/v1 (2 model calls, 4,080 tokens, $0.0082)" in lines
    assert "Written by openai:gpt-5.2 with cypher_writer/v1 (1 model call, 2,040 tokens, $0.0041)" in lines
    assert lines[-1].startswith("Laid out by rules, because openai:gpt-5.2 is not available: \\u001b[2J; by rules")


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (CALL, "1 model call, 2,040 tokens, $0.0041"),
        (CALL.model_copy(update={"cost_usd": None}), "1 model call, 2,040 tokens, cost unknown"),
        (CALL.model_copy(update={"cost_usd": 0.00001}), "1 model call, 2,040 tokens, under $0.0001"),
        (CALL.model_copy(update={"cost_usd": 0.0}), "1 model call, 2,040 tokens, $0"),
        (
            ModelUsage(calls=3, input_tokens=5, output_tokens=1, cost_usd=None, unmeasured_calls=1),
            "3 model calls, 6 tokens, tokens not told by 1 call, cost unknown",
        ),
        (
            ModelUsage(calls=2, input_tokens=0, output_tokens=0, cost_usd=None, unmeasured_calls=2),
            "2 model calls, tokens not told by 2 calls, cost unknown",
        ),
    ],
)
def test_what_models_cost_is_said_and_what_is_not_known_too(usage: ModelUsage, words: str) -> None:
    assert usage_words(usage) == words


def test_the_foot_of_an_answer_says_what_models_cost_in_all() -> None:
    seen = answer(
        planning_effort=Effort(seconds=1, peak_memory_bytes=1, models=CALL),
        steps=(step_report("x", CALL),),
        formatted=formatted(1),
        spent_in_vain=CALL,
    )
    foot = rendered(answer_view(seen, [], None)).splitlines()[-1]
    assert "0.14 s · 3 model calls, 6,120 tokens, $0.0123 · q-20260724-aaaaaaaa" in foot
    assert "model" not in rendered(answer_view(answer(formatted=formatted(1)), [], None))


def test_a_question_that_failed_says_what_it_cost_all_the_same() -> None:
    seen = answer(Outcome.FAILED, plan=None, message="No model answered.", spent_in_vain=CALL)
    assert "1 model call, 2,040 tokens" in rendered(answer_view(seen, [], None))


def test_that_rules_stood_in_for_a_model_is_said_once_with_the_reason() -> None:
    because = "offline, because openai:gpt-5.2 is not available: it answered with HTTP 503."
    seen = answer(plan_author=because, formatted=formatted(1, author=because))
    shown = rendered(answer_view(seen, [], None))
    assert shown.count("By rules, because openai:gpt-5.2 is not available: it answered with HTTP 503.") == 1
    assert "By rules" not in rendered(answer_view(answer(plan_author="offline", formatted=formatted(1)), [], None))


def test_a_list_is_one_line_a_question() -> None:
    asked = Asked(id="q-1", text="Who\nis [b]?", asker="ann", state="BLOCKED", started=NOON, closed=None)
    lines = rendered(questions_view([asked])).splitlines()
    assert lines[-1].split() == ["q-1", "BLOCKED", *age(datetime.now(UTC) - NOON).split(), "ann", "Who", "is", "[b]?"]


def test_an_answer_read_live_says_when_and_with_how_many_calls() -> None:
    endpoints = (EndpointUse(endpoint="list_user_factors", calls=87), EndpointUse(endpoint="list_users", calls=1))
    live = LiveReading(started=NOON, finished=NOON + timedelta(minutes=1), endpoints=endpoints)
    report = step_report("offline")
    assert report.result is not None
    step = report.model_copy(update={"result": report.result.model_copy(update={"live": live})})
    seen = answer(steps=(step,), formatted=formatted(1, data_source_type="realtime", last_sync=None))
    shown = rendered(answer_view(seen, [{"name": "Ann", "apps": 1}], None))
    assert "live API · read live 2026-07-24 12:01 UTC" in shown
    assert "88 calls" in shown
    assert "last synced" not in shown


def test_a_sync_report_says_what_is_unknown_and_what_was_left_out() -> None:
    report = SyncReport(
        sync_id="s-1",
        mode="full",
        tenant="http://t",
        snapshot_id="snap-1",
        started=NOON,
        finished=NOON + timedelta(seconds=20),
        families=(FamilyReport(family="users", rows=1000, pages=5, unknown=0, seconds=1),),
        counts={"User": 1000},
        dropped={"member_of": 3, "owns": 0},
        unknown=("factors of Ann",),
    )
    shown = rendered(sync_view(report))
    assert "Snapshot snap-1 is published (full, 20 s): 1,000 nodes and relations of http://t." in shown
    assert "3 member_of." in shown
    assert "owns" not in shown
    assert "Not known: factors of Ann" in shown


@given(st.text(st.characters(codec="utf-8"), max_size=2_000))
def test_a_summary_for_temporal_is_one_line_of_bounded_bytes(text: str) -> None:
    summary = summary_of(text)
    assert len(summary.encode()) <= 300
    assert "\n" not in summary


def test_a_time_in_a_table_is_shown_to_the_second_and_a_text_like_one_as_it_is() -> None:
    columns = (
        Column(name="name", dtype="String"),
        Column(name="apps", dtype="Datetime(time_unit='us', time_zone=None)"),
    )
    table = formatted(2, rows=ArtifactRef(key="q/table", row_count=2, size_bytes=1, columns=columns))
    text = "2025-10-27T08:34:31.051Z"
    shown = rendered(
        answer_view(answer(formatted=table), [{"name": text, "apps": text}, {"name": "x", "apps": None}], None)
    )
    assert f"{text}   2025-10-27 08:34:31" in shown
