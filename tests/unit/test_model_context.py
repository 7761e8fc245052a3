"""What a model is told is bounded, whatever the tenant and the steps hold, and what others wrote is marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.answer import ArtifactRef, Column, Generated, SnapshotRef
from holdfast.contracts import EarlierStep, StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.graph.guard import ALLOWED_FUNCTIONS
from holdfast.graph.schema import BASE_SCHEMA, ColumnType, GraphSchema
from holdfast.graph.snapshots import Snapshot
from holdfast.graph.vocabulary import TenantWord, WordKind
from holdfast.models import context
from holdfast.models.context import planning_context, reading_context, schema_text, writing_context
from holdfast.models.near_words import MOST_WORDS, NearWords, TenantLexicon
from holdfast.plan import CypherStep
from tests.graph_samples import sample_snapshot

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
NOTHING = NearWords((), {})
_BLOCK = re.compile(r'<data ([0-9a-f]{10}) kind="([^"]*)">\n.*?\n</data \1>', re.DOTALL)
# The markers of a context's blocks, and the blank lines between.
MARKERS_BYTES = 2_000
OURS_BYTES = 3_000

STEP = CypherStep(id="main", entity="user", operation="list", query_context="Everybody.", depends_on=())


def bare(told: str) -> str:
    """What is left of a context without what others wrote."""
    return _BLOCK.sub(r"<\2>", told)


def request(step: CypherStep = STEP, earlier: Sequence[EarlierStep] = (), question: str = "who?") -> StepRequest:
    return StepRequest(
        correlation_id="q", question=question, snapshot=SnapshotRef(id="1", synced_at=NOW), step=step,
        earlier=tuple(earlier),
    )  # fmt: skip


def earlier_step(
    name: str, samples: Sequence[dict[str, Any]] = (), rows: int = 3, query: str = "MATCH …"
) -> EarlierStep:
    return EarlierStep(
        step=STEP.model_copy(update={"id": name, "query_context": f"What {name} asked."}),
        generated=Generated(language="cypher", text=query, author="offline"),
        rows=ArtifactRef(
            key=f"q/{name}",
            row_count=rows,
            size_bytes=1,
            columns=(Column(name="user_id", dtype="String"), Column(name="last_login", dtype="Datetime('us')")),
        ),
        samples=tuple(samples),
    )


_TEXT = st.text(max_size=600)
_WORDS = st.builds(TenantWord, st.sampled_from(WordKind), _TEXT, _TEXT, _TEXT)
_NEAR = st.builds(
    NearWords,
    st.lists(_WORDS, max_size=MOST_WORDS).map(tuple),
    st.dictionaries(st.sampled_from(["department", "user_type"]), st.lists(_TEXT, max_size=15).map(tuple)),
)
_SCHEMAS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,60}", fullmatch=True), st.sampled_from(ColumnType), max_size=300
).map(BASE_SCHEMA.with_user_attributes)
_EARLIER = st.builds(
    earlier_step,
    st.from_regex(r"[a-z][a-z0-9_-]{0,39}", fullmatch=True),
    st.lists(st.dictionaries(_TEXT, _TEXT, max_size=4), max_size=3),
    st.integers(0, 10**9),
    _TEXT,
)


@given(question=st.text(max_size=4_000), intent=st.text(max_size=600), schema=_SCHEMAS, words=_NEAR)
@settings(max_examples=30, deadline=None)
def test_what_planners_are_told_is_bounded_but_for_the_question(
    question: str, intent: str, schema: GraphSchema, words: NearWords
) -> None:
    # A character that nobody sees is written out in ten at most.
    asked = 10 * len((question + intent).encode())
    for told in (reading_context(question, words, NOW), planning_context(question, intent, schema, words, NOW)):
        most = asked + OURS_BYTES + MARKERS_BYTES + context.WORDS_BYTES + context.ATTRIBUTES_BYTES
        assert len(told.encode()) <= most


@given(
    earlier=st.lists(_EARLIER, max_size=20),
    schema=_SCHEMAS,
    words=_NEAR,
    failed=st.lists(st.builds(RefusedQuery, st.text(max_size=9_000), st.text(max_size=9_000)), max_size=2),
    asks=st.text(max_size=9_000),
)
@settings(max_examples=30, deadline=None)
def test_what_a_writer_is_told_is_bounded_whatever_earlier_steps_found(
    earlier: list[EarlierStep], schema: GraphSchema, words: NearWords, failed: list[RefusedQuery], asks: str
) -> None:
    step = STEP.model_copy(update={"query_context": asks})
    told = writing_context(request(step, earlier), schema, words, NOW, failed)
    # Neither a step nor a query that failed is cut; a character that nobody sees is written out in ten at most.
    whole = 10 * len("".join([asks, *(f"{query.text}{query.reason}" for query in failed[-1:])]).encode())
    parts = context.WORDS_BYTES + context.ATTRIBUTES_BYTES + context.EARLIER_BYTES
    assert len(told.encode()) <= OURS_BYTES + 1_000 + MARKERS_BYTES + parts + whole


@given(earlier=st.lists(_EARLIER, max_size=4), words=_NEAR, question=_TEXT, asks=_TEXT)
@settings(max_examples=40, deadline=None)
def test_what_stands_outside_the_blocks_is_ours_alone(
    earlier: list[EarlierStep], words: NearWords, question: str, asks: str
) -> None:
    step = STEP.model_copy(update={"query_context": asks})
    told = bare(writing_context(request(step, earlier, question), BASE_SCHEMA, words, NOW, ()))
    ours = bare(writing_context(request(), BASE_SCHEMA, NOTHING, NOW, ()))
    further = set(told.splitlines()) - set(ours.splitlines())
    known = re.compile(r"<names in this tenant near the question>|<earlier step>|Not shown for want of room: \d more.*")
    assert all(known.fullmatch(line) for line in further)


@pytest.mark.parametrize("rows", [1, 1_000_000])
def test_the_number_of_rows_changes_one_figure_and_nothing_else(rows: int) -> None:
    told = writing_context(request(earlier=[earlier_step("main", rows=rows)]), BASE_SCHEMA, NOTHING, NOW, ())
    assert told.replace(f"found {rows} rows", "found 7 rows").count("found 7 rows") == 1


def test_a_record_that_is_too_large_is_left_out_and_not_cut() -> None:
    step = earlier_step("main", [{"user_id": "u1"}, {"user_id": "u2", "groups": ["group"] * 1_000}, {"user_id": "u3"}])
    told = writing_context(request(earlier=[step]), BASE_SCHEMA, NOTHING, NOW, ())
    assert 'for example {"user_id":"u1"}' in told
    assert "u2" not in told


def test_the_steps_that_are_waited_for_come_before_those_that_are_not() -> None:
    step = STEP.model_copy(update={"id": "last", "depends_on": ("b",)})
    told = writing_context(request(step, [earlier_step(n) for n in ("a", "b")]), BASE_SCHEMA, NOTHING, NOW, ())
    assert told.index("\nstep b: ") < told.index("\nstep a: ")


def test_earlier_steps_that_find_no_room_are_said_to_be_missing() -> None:
    many = [earlier_step(name, query="MATCH " + "x" * 2_500) for name in ("a", "b", "c")]
    told = writing_context(request(earlier=many), BASE_SCHEMA, NOTHING, NOW, ())
    assert ("step b" in told, "step c" in told) == (True, False)
    assert "Not shown for want of room: 1 more earlier steps." in told


def test_what_a_writer_must_find_is_told_whole() -> None:
    asks = "Everybody called 'Two  Spaces' " + "and everybody else " * 70
    told = writing_context(request(STEP.model_copy(update={"query_context": asks})), BASE_SCHEMA, NOTHING, NOW, ())
    assert f"list user: {asks}\n" in told


def test_a_writer_is_told_of_its_last_attempt_and_why_it_failed() -> None:
    failed = [RefusedQuery("RETURN 1", "it was wrong"), RefusedQuery("RETURN 2", "Line 1: no property\nis called x")]
    told = writing_context(request(), BASE_SCHEMA, NOTHING, NOW, failed)
    assert "RETURN 2\nwhy: Line 1: no property is called x" in told
    assert "RETURN 1" not in told


def test_the_schema_names_every_label_property_relation_and_direction() -> None:
    told = schema_text(BASE_SCHEMA)
    for node in BASE_SCHEMA.nodes:
        line = next(line for line in told.splitlines() if line.startswith(f"({node.label}) "))
        assert set(node.columns) <= set(re.findall(r"\w+", line))
    for relation in BASE_SCHEMA.relations:
        assert f"({relation.source})-[:{relation.name}]->({relation.target})" in told
    assert set(context.functions_text().removeprefix("Functions: ").split()) == ALLOWED_FUNCTIONS


def test_custom_attributes_that_are_asked_for_are_told_first_and_as_data() -> None:
    many = {f"attribute_{number:03}": ColumnType.STRING for number in range(400)} | {"zone_owner": ColumnType.BOOL}
    told = planning_context("people with a zone owner", "", BASE_SCHEMA.with_user_attributes(many), NOTHING, NOW)
    assert "zone_owner: flag\nattribute_000: text" in told
    assert "zone_owner" not in bare(told)
    assert "attribute_399" not in told


# --- the words near a question ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return sample_snapshot(tmp_path_factory.mktemp("words"))


def near(text: str, snapshot: Snapshot) -> set[tuple[str, str]]:
    return {(word.kind.value, word.name) for word in TenantLexicon().near(text, snapshot).words}


@pytest.mark.parametrize(
    ("question", "kind", "name"),
    [
        ("who can open payroll?", "application", "Payroll"),
        ("who can open Payrol", "application", "Payroll"),
        ("groups of Ada Lovelace", "person", "Ada Lovelace"),
        ("what does ada have", "person_part", "Ada"),
        ("members of finance \\ admins", "group", "Finance \\ Admins"),
        ("people of the board", "group", "Board Secrets"),
        ("people in Enginering", "value", "Engineering"),
        ("who is called Lovel", "person_part", "Lovelace"),
        ("0oa1 members", "application", "0oa1"),
    ],
)
def test_a_name_is_found_whole_in_part_or_with_a_slip(question: str, kind: str, name: str, snapshot: Snapshot) -> None:
    assert (kind, name) in near(question, snapshot)


def test_the_words_of_a_question_are_no_names(snapshot: Snapshot) -> None:
    assert near("how many people are in each status and can open any application?", snapshot) == set()


def test_all_values_of_a_column_are_told_where_they_are_few(snapshot: Snapshot) -> None:
    assert TenantLexicon().near("x", snapshot).closed == {"department": ("Engineering", "Finance")}


@given(text=st.text(max_size=2_000))
@settings(max_examples=30, deadline=None)
def test_any_text_has_few_near_words_each_once(text: str, snapshot: Snapshot) -> None:
    words = TenantLexicon().near(f"{text} ada payroll everyone finance", snapshot).words
    assert len(words) <= MOST_WORDS
    assert len({(word.kind, word.id, word.detail) for word in words}) == len(words)


def test_a_long_name_is_not_told(tmp_path: Path) -> None:
    long = [
        {"id": "0oa1", "label": "Wiki " * 60, "status": "ACTIVE"},
        {"id": "0oa2", "label": "Wiki", "status": "ACTIVE"},
    ]
    found = sample_snapshot(tmp_path, tables={"Application": long})
    assert near("who opens wiki", found) == {("application", "Wiki")}


def test_a_lexicon_without_people_names_things_only(snapshot: Snapshot) -> None:
    words = TenantLexicon(people=False).near("can ada lovelace open payroll", snapshot).words
    assert {word.kind for word in words} == {WordKind.APPLICATION}
