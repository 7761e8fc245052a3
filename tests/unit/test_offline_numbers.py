"""Numbers and comparisons: how they are read, compiled and said, beyond what the bank of questions shows."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from holdfast.answer import NeedsClarification, Refused
from holdfast.graph.guard import guarded
from holdfast.graph.schema import BASE_SCHEMA
from holdfast.graph.vocabulary import Vocabulary
from holdfast.offline.meaning import (
    Alike,
    Breakdown,
    Compare,
    Figure,
    Flow,
    Linked,
    Months,
    Selection,
    Spread,
    StepMeaning,
)
from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.number_columns import shown_of
from holdfast.offline.planner import understood
from holdfast.offline.queries.numbers import months
from holdfast.offline.wording import number_summary
from holdfast.offline.writer import compiled
from tests.unit.offline_tenant import NOW, SCHEMA, plan_of, read, words

PEOPLE = Selection(kind=Kind.PERSON)
WITH_FACTOR = Linked(link=Link.ENROLLED, target=Selection(kind=Kind.FACTOR))
ACTIVE = Compare(column="status", values=("ACTIVE",))


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    directory: Path = tmp_path_factory.mktemp("words")
    return words(directory)


def meaning_of(question: str, vocabulary: Vocabulary) -> object:
    return StepMeaning.model_validate(plan_of(question, vocabulary).steps[0].parameters).meaning


def test_a_percentage_is_of_the_things_before_the_verb(vocabulary: Vocabulary) -> None:
    said = meaning_of("what percentage of contractors are active", vocabulary)
    contractors = Selection(kind=Kind.PERSON, where=Compare(column="user_type", values=("Contractor",)))
    assert said == Breakdown(subject=contractors, matching=ACTIVE, percent=True)


def test_a_percentage_that_could_be_of_two_wholes_is_asked_back(vocabulary: Vocabulary) -> None:
    asked = read("percentage of people in the Finance department with MFA", vocabulary)
    assert isinstance(asked, NeedsClarification)
    assert len(asked.choices) == 2


def test_those_of_whom_it_is_unknown_are_shown_only_where_there_may_be_such(vocabulary: Vocabulary) -> None:
    by = ("department",)
    told = [
        [column.name for column in shown_of(Breakdown(subject=PEOPLE, by=by, matching=m, percent=True), SCHEMA)[0]]
        for m in (WITH_FACTOR, ACTIVE)
    ]
    assert "unknown_count" in told[0]
    assert "unknown_count" not in told[1]


def test_a_percentage_says_that_unknown_ones_are_counted_apart(vocabulary: Vocabulary) -> None:
    assert "counted apart" in plan_of("MFA coverage by department", vocabulary).understood_as
    assert "counted apart" not in plan_of("percentage of active users", vocabulary).understood_as


def test_coverage_stands_worst_first_and_other_percentages_highest_first(vocabulary: Vocabulary) -> None:
    for question, lowest in (
        ("MFA coverage by department", True),
        ("MFA coverage by department, best first", False),
        ("percentage of active users by department", False),
        ("percentage of active users by department, worst first", True),
    ):
        said = meaning_of(question, vocabulary)
        assert isinstance(said, Breakdown)
        assert said.lowest_first is lowest, question


def test_where_few_are_enough_a_department_without_any_counts(vocabulary: Vocabulary) -> None:
    few = meaning_of("departments with fewer than 5 contractors", vocabulary)
    many = meaning_of("departments with more than 5 contractors", vocabulary)
    contractors = Compare(column="user_type", values=("Contractor",))
    assert few == Breakdown(subject=PEOPLE, by=("department",), matching=contractors, at_most=4)
    assert many == Breakdown(subject=Selection(kind=Kind.PERSON, where=contractors), by=("department",), at_least=6)


@pytest.mark.parametrize(
    ("question", "ties"),
    [
        ("which user has the most apps", True),
        ("who has the most apps", True),
        ("the largest group", True),
        ("users with the most apps", False),
        ("largest groups", False),
        ("top 1 groups by members", False),
    ],
)
def test_one_thing_is_asked_for_in_the_singular(question: str, ties: bool, vocabulary: Vocabulary) -> None:
    said = StepMeaning.model_validate(plan_of(question, vocabulary).steps[0].parameters).meaning
    assert said.shape == "ranking"
    assert said.ties is ties


def test_hired_needs_a_tenant_that_tells_of_it(tmp_path: Path) -> None:
    plain = words(tmp_path)
    assert "hire_date" in str(meaning_of("people hired since 2026-01-01", plain))
    assert isinstance(understood("people hired since 2026-01-01", plain, BASE_SCHEMA, NOW), Refused)


def test_somebody_who_starts_next_month_is_not_hired_yet(vocabulary: Vocabulary) -> None:
    for question in ("people hired this year", "people hired in the last 90 days", "people hired since May"):
        assert "before 2026-11-21" in plan_of(question, vocabulary).understood_as, question
    assert "before" not in plan_of("people whose hire date is after 2026-05-01", vocabulary).understood_as


def test_a_text_that_is_no_date_lies_in_no_window(vocabulary: Vocabulary) -> None:
    query = compiled(
        StepMeaning.model_validate(plan_of("people hired before 2020", vocabulary).steps[0].parameters).meaning, SCHEMA
    )
    assert "regexp_matches(s.hire_date" in query


def test_a_month_in_which_nothing_happened_has_its_row() -> None:
    span = Months(
        subject=PEOPLE,
        flows=(Flow.JOINED,),
        start=datetime(2025, 11, 1, tzinfo=UTC),
        end=datetime(2026, 2, 1, tzinfo=UTC),
    )
    assert "['2025-11', '2025-12', '2026-01']" in months(span, SCHEMA)


def test_months_without_an_end_are_refused() -> None:
    with pytest.raises(ValidationError, match="ten years"):
        Months(
            subject=PEOPLE,
            flows=(Flow.LEFT,),
            start=datetime(2000, 1, 1, tzinfo=UTC),
            end=datetime(2026, 1, 1, tzinfo=UTC),
        )


def test_mail_means_the_first_and_the_second_address_unless_it_is_said(vocabulary: Vocabulary) -> None:
    assert meaning_of("duplicate emails", vocabulary) == Alike(subject=PEOPLE, columns=(("email", "second_email"),))
    assert meaning_of("users with the same primary email", vocabulary) == Alike(subject=PEOPLE, columns=(("email",),))


def test_the_same_of_two_attributes_at_once_is_not_read_as_either(vocabulary: Vocabulary) -> None:
    assert isinstance(read("users with the same first name and last name", vocabulary), Refused)


@pytest.mark.parametrize(
    "question",
    [
        "what percentage of each department has WebAuthn",
        "top 3 departments by share of contractors",
        "which department has the lowest MFA coverage",
        "people by department, status and city",
        "minimum, median and maximum number of apps per person by department",
        "which department has the highest average number of groups per person",
        "users with the most groups compared with their department's median",
        "joiners, hires and leavers per month since 2020",
        "active users who share a phone or an e-mail",
        "compare dana@acme.example and zoe@acme.example",
        "what would contractors lose without the group Finance",
        "who would lose AWS Identity Center if the group Finance were deleted",
    ],
)
def test_every_query_passes_the_guard_and_gives_what_is_shown(question: str, vocabulary: Vocabulary) -> None:
    described = StepMeaning.model_validate(plan_of(question, vocabulary).steps[0].parameters)
    query = guarded(compiled(described.meaning, SCHEMA), SCHEMA).text
    assert [column.name for column in described.columns if f" {column.name}" not in query] == []


_FIGURES = st.lists(st.sampled_from(list(Figure)), min_size=1, max_size=4, unique=True)


@given(
    by=st.lists(st.sampled_from(["department", "status", "city", "certifications"]), max_size=3, unique=True),
    matching=st.sampled_from([None, WITH_FACTOR, ACTIVE]),
    percent=st.booleans(),
    lowest=st.booleans(),
    bounds=st.sampled_from([{}, {"limit": 3}, {"ties": True}, {"at_least": 2}, {"at_most": 5}]),
)
def test_every_breakdown_compiles_to_a_query_that_passes(
    by: list[str], matching: Linked | Compare | None, percent: bool, lowest: bool, bounds: dict[str, int | bool]
) -> None:
    asked = {"by": tuple(by), "matching": matching, "percent": percent, "lowest_first": lowest, **bounds}
    meaning = Breakdown.model_validate({"subject": PEOPLE, **asked})
    query = guarded(compiled(meaning, SCHEMA), SCHEMA).text
    assert all(column.name in query for column in shown_of(meaning, SCHEMA)[0])


@given(figures=_FIGURES, by=st.sampled_from([None, "department"]), ties=st.booleans())
def test_every_spread_compiles_to_a_query_that_passes(figures: list[Figure], by: str | None, ties: bool) -> None:
    meaning = Spread(
        subject=PEOPLE,
        link=Link.CAN_OPEN,
        target=Selection(kind=Kind.APPLICATION),
        figures=tuple(figures),
        by=by,
        ties=ties and by is not None,
    )
    assert guarded(compiled(meaning, SCHEMA), SCHEMA).text


def test_a_percentage_of_nobody_known_is_a_table_and_not_a_sentence() -> None:
    meaning = Breakdown(subject=PEOPLE, matching=WITH_FACTOR, percent=True)
    assert number_summary.sentence(meaning, {"percent": None, "unknown_count": 3}) is None
    said = number_summary.sentence(meaning, {"percent": 50.0, "unknown_count": 3})
    assert said is not None
    assert "of whom it is unknown" in said
