"""Questions of the system log: what they mean, in several wordings each, and what is refused or asked back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.answer import NeedsClarification, Refused
from holdfast.graph.vocabulary import Vocabulary
from holdfast.offline.grammar.windows import Span
from holdfast.offline.live.log.events import event_words, expanded
from holdfast.offline.live.log.said import LOG_REACH, window_of
from holdfast.offline.meaning import StepMeaning
from holdfast.offline.reading.lexicon import lexicon
from holdfast.plan import ApiStep, Plan
from tests.unit.log_programs import program_of
from tests.unit.offline_tenant import NOW, plan_of, read, words

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return words(tmp_path_factory.mktemp("words"))


def meaning_of(question: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """The meaning of a log question, as JSON."""
    step = plan_of(question, vocabulary).steps[-1]
    assert isinstance(step, ApiStep), question
    return StepMeaning.model_validate(step.parameters).meaning.model_dump(mode="json")


# Wordings of one meaning; in each row the first is as plain as can be.
SAME = [
    [
        "failed sign-ins in the last 24 hours by person and reason",
        "How many failed logins were there in the past 24 hours by user and reason?",
        "show me the number of unsuccessful sign-ins per person and reason over the last 24 hours",
        "failed sign-ins by person and reason in the last 24 hours",
        "failed logins in the last day by user and failure reason",
    ],
    [
        "failed sign-ins of Dana O'Brien",
        "Dana O'Brien's failed sign-ins",
        "failed logins by Dana O'Brien",
        "failed sign-ins of dana@acme.example in the last 90 days",
        "list the failed sign-ins of Dana O'Brien, please",
    ],
    [
        "factor resets for other people this week",
        "Who reset MFA factors for other people this week?",
        "who reset factors for others this week",
        "who has reset other people's factors this week",
        "which admins reset factors for someone else this week",
    ],
    [
        "which people had push denials or suspicious activity reports",
        "Which users denied a push or reported suspicious activity?",
        "who denied a push or reported suspicious activity in the last 90 days",
        "users who rejected a push notification or reported suspicious activity",
    ],
    [
        "Okta Support sessions",
        "Was any Okta Support (impersonation) session granted in the last 90 days?",
        "were there any impersonation sessions in the last 90 days?",
        "list support sessions",
    ],
    [
        "which countries had sign-ins of Dana O'Brien in the last 30 days",
        "From which countries did Dana O'Brien sign in over 30 days?",
        "from which country did Dana O'Brien log in in the last 30 days",
        "which countries did Dana O'Brien sign in from in the past 30 days",
    ],
    [
        "which IP addresses had failed sign-ins today",
        "which IPs had failed logins today",
        "from which IP addresses were there failed sign-ins today",
        "IPs of failed sign-ins today",
    ],
    [
        "when was Max Lee added to the group 🚀 Launch",
        "when was Max Lee added to 🚀 Launch and by whom",
    ],
    [
        "admin role grants of the role Super Administrator of Dana O'Brien",
        "When was the super admin role given to Dana O'Brien, and by whom?",
        "who gave Dana O'Brien the super admin role?",
        "when did Dana O'Brien get the super admin role and from whom",
        "who made Dana O'Brien super admin",
    ],
    [
        "failed sign-ins today in the log",
        "give me all failed sign-ins today",
        "are there any failed sign-ins today?",
    ],
    [
        "people with at least 4 failed sign-ins in the last 7 days",
        "users with more than 3 failed logins in the last 7 days",
        "which users had 4 or more failed sign-ins in the last 7 days?",
        "who failed to sign in more than 3 times in the last 7 days",
    ],
    [
        "number of failed sign-ins of Dana O'Brien in the last 7 days",
        "how many failed sign-ins did Dana O'Brien have in the last 7 days",
        "how often did Dana O'Brien fail to sign in in the last 7 days",
    ],
    [
        "which people had push denials in the last 30 minutes",
        "who denied pushes in the last 30 minutes",
    ],
    [
        "additions to groups of Dana O'Brien to the group Finance",
        "who added Dana O'Brien to the group Finance",
        "when was Dana O'Brien added to the group Finance?",
    ],
    [
        "applications without any app openings in the last 60 days",
        "apps never opened in the last 60 days",
        "which apps were never opened in the last 60 days?",
        "applications that have not been opened in the last 60 days",
        "which applications were not used in the last 60 days",
    ],
    [
        "number of people with failed sign-ins in the last 7 days",
        "how many people failed to sign in in the last 7 days?",
        "how many users had failed logins in the last 7 days",
        "how many people failed to log in over the last 7 days",
    ],
    [
        "the 10 people with the most failed sign-ins this week",
        "top 10 people by failed sign-ins this week",
        "top ten users by number of failed logins this week",
        "which 10 people had the most failed sign-ins this week",
    ],
    [
        "top 10 applications by assigned people beside people who really opened them in the last 30 days",
        "Top ten apps by assigned users beside distinct users who really opened them in 30 days",
    ],
    [
        "impossible travel of contractors in the last 30 days",
        "which contractors had impossible travel in the last 30 days?",
    ],
]


@pytest.mark.parametrize("wordings", SAME, ids=lambda wordings: wordings[0])
def test_wordings_of_one_question_mean_the_same(wordings: list[str], vocabulary: Vocabulary) -> None:
    by_meaning = {str(meaning_of(question, vocabulary)): question for question in wordings if "Max" not in question}
    assert len(by_meaning) <= 1, by_meaning


@pytest.mark.parametrize("wordings", SAME, ids=lambda wordings: wordings[0])
def test_what_was_understood_means_the_same_when_it_is_asked(wordings: list[str], vocabulary: Vocabulary) -> None:
    for question in wordings:
        if "Max" in question:
            continue
        step = plan_of(question, vocabulary).steps[-1]
        assert meaning_of(step.query_context, vocabulary) == step.parameters["meaning"]


def test_a_name_that_two_people_have_is_asked_back_with_choices_that_work(vocabulary: Vocabulary) -> None:
    asked = read("failed sign-ins of Max Lee", vocabulary)
    assert isinstance(asked, NeedsClarification)
    assert len(asked.choices) == 2
    ids = {meaning_of(choice, vocabulary)["events"]["person"]["where"]["ids"][0] for choice in asked.choices}
    assert ids == {"u3", "u4"}


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("failed sign-ins of people who like cheese", "cheese"),
        ("who failed to sign in from outside Germany", "outside"),
        ("failed sign-ins from Atlantis", "Atlantis"),
        ("who denied a purple push", "purple"),
        # Hers, or of her password?
        ("password resets from Dana O'Brien", "Brien"),
    ],
)
def test_a_word_that_nobody_understood_refuses_the_question(question: str, word: str, vocabulary: Vocabulary) -> None:
    refused = read(question, vocabulary)
    assert isinstance(refused, Refused)
    assert word in refused.not_understood


@pytest.mark.parametrize(
    "order",
    [
        "reset factors of Dana O'Brien",
        "reset Dana O'Brien's password",
        "unlock Dana O'Brien",
        "I want Dana O'Brien deactivated",
        "list failed sign-ins and suspend them",
        "add Dana O'Brien to Finance",
        "create API tokens",
    ],
)
def test_an_order_is_never_read_as_a_question(order: str, vocabulary: Vocabulary) -> None:
    refused = read(order, vocabulary)
    assert isinstance(refused, Refused)
    assert "only reads" in refused.reason


def test_the_snapshot_answers_where_it_holds_the_answer(vocabulary: Vocabulary) -> None:
    for question in ("who signed in in the last 7 days", "who has not signed in for 30 days", "people created today"):
        assert [step.tool for step in plan_of(question, vocabulary).steps] == ["cypher"], question


def test_the_log_answers_what_a_snapshot_holds_only_the_last_of(vocabulary: Vocabulary) -> None:
    for question in (
        "sign-ins today",
        "password changes in the last 6 weeks",
        "how many different people had password changes in September",
        "number of distinct people with password resets",
        "successful logins in October 2026",
        "the last sign-in this week from Germany",
        "last 5 sign-ins today",
        "who was locked out today",
        "was anyone added to the group Finance today",
        "logins of Dana O'Brien today",
        "when did Dana O'Brien first sign in",
    ):
        assert plan_of(question, vocabulary).steps[-1].tool == "api", question


@pytest.mark.parametrize(
    ("done", "might_be"),
    [
        ("which apps did Dana open", "which apps can Dana open"),
        ("what did Dana open", "what can Dana open"),
        ("who was added to the group Finance", "members of the group Finance"),
    ],
)
def test_what_was_done_is_asked_of_the_log_and_what_may_be_of_the_snapshot(
    done: str, might_be: str, vocabulary: Vocabulary
) -> None:
    assert [step.tool for step in plan_of(done, vocabulary).steps] == ["api"]
    assert [step.tool for step in plan_of(might_be, vocabulary).steps] == ["cypher"]


def test_the_rows_of_a_tally_are_called_what_they_are(vocabulary: Vocabulary) -> None:
    nouns = {
        "failed sign-ins by country": "countries",
        "failed sign-ins by person and reason": "combinations of person and reason",
        "failed sign-ins in the log": "events",
    }
    for question, many in nouns.items():
        step = plan_of(question, vocabulary).steps[-1]
        assert StepMeaning.model_validate(step.parameters).noun.many == many


def test_impossible_travel_from_one_place_is_refused(vocabulary: Vocabulary) -> None:
    refused = read("impossible travel from Germany in the last 7 days", vocabulary)
    assert isinstance(refused, Refused)
    assert "without a place" in refused.reason


def test_naming_the_log_asks_it(vocabulary: Vocabulary) -> None:
    step = plan_of("active users who did not sign in in the last 30 days according to the log", vocabulary).steps[-1]
    assert step.tool == "api"


def test_people_who_are_no_name_are_read_from_the_snapshot_first(vocabulary: Vocabulary) -> None:
    plan = plan_of("failed sign-ins of contractors in the last 24 hours by person", vocabulary)
    people, log = plan.steps
    assert (people.tool, people.parameters["feeds"], log.depends_on) == ("cypher", True, ("people",))


def test_failures_and_denials_are_told_apart(vocabulary: Vocabulary) -> None:
    failed, denied = (program_of(plan_of(f"{how} sign-ins today", vocabulary)).text for how in ("failed", "denied"))
    assert 'outcome.result eq \\"FAILURE\\"' in failed
    assert "DENY" not in failed
    assert 'outcome.result eq \\"DENY\\"' in denied
    assert "FAILURE" not in denied


def test_the_window_is_told_to_the_second(vocabulary: Vocabulary) -> None:
    said = plan_of("failed sign-ins in the last 24 hours", vocabulary).understood_as
    assert "on or after 2026-11-19 15:30:00 UTC and before 2026-11-20 15:30:00 UTC" in said
    assert "user.session.start with the outcome FAILURE" in said


def test_what_lies_before_the_log_is_refused_and_what_reaches_back_too_far_is_said(vocabulary: Vocabulary) -> None:
    refused = read("failed sign-ins more than a year ago", vocabulary)
    assert isinstance(refused, Refused)
    assert "goes back 90 days" in refused.reason
    clipped = plan_of("failed sign-ins in the last 6 months", vocabulary)
    assert "earlier events are not in it" in clipped.understood_as
    # Who was not seen in 90 days may have been before.
    never = read("apps never opened in the last 6 months", vocabulary)
    assert isinstance(never, Refused)


MOMENTS = st.integers(-500 * 86_400, 500 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(st.none() | MOMENTS, st.none() | MOMENTS)
def test_a_window_lies_within_what_was_asked_and_within_the_log(start: datetime | None, end: datetime | None) -> None:
    found = window_of(Span(start, end), NOW)
    first, last = max(start or NOW - LOG_REACH, NOW - LOG_REACH), min(end or NOW, NOW)
    if found is None:
        assert first >= last
    else:
        assert (found.start, found.end) == (first, last)
        assert found.clipped is (start is not None and start < NOW - LOG_REACH)


@given(st.integers(1, 89))
def test_the_last_days_are_exactly_so_many(days: int) -> None:
    found = window_of(Span(NOW - days * DAY, None), NOW)
    assert found is not None
    assert (found.end - found.start, found.clipped) == (days * DAY, False)


def test_every_set_of_events_is_called_by_its_own_title(vocabulary: Vocabulary) -> None:
    for kind in event_words().kinds.values():
        meaning = meaning_of(f"{kind.title} in the last 7 days in the system log", vocabulary)
        assert meaning["events"]["sets"][0]["name"] == kind.name


def test_a_pattern_stands_for_every_way_through_it() -> None:
    found = set(expanded("(signed|logged) in [to okta]"))
    assert found == {
        ("signed", "in"),
        ("logged", "in"),
        ("signed", "in", "to", "okta"),
        ("logged", "in", "to", "okta"),
    }
    assert set(expanded("opened [the|an] {app}")) == {
        ("opened", "{app}"),
        ("opened", "the", "{app}"),
        ("opened", "an", "{app}"),
    }


_PHRASES = sorted(
    {word for table in event_words().tables for word, _ in table.first_words()}
    | {" ".join(frame.pieces) for frames in event_words().frames.values() for frame in frames[:2]}
    | {"Dana O'Brien", "Finance", "contractors", "in the last 7 days", "by", "and", "or", "who", "when did", "of"}
    | {word for word, _ in lexicon().connecting.first_words()}
)


@given(phrases=st.lists(st.sampled_from(_PHRASES), max_size=7))
@settings(max_examples=150, deadline=None)
def test_words_of_the_log_in_any_order_never_break_the_planner(phrases: list[str], vocabulary: Vocabulary) -> None:
    text = " ".join(phrases).replace("{person}", "Dana O'Brien").replace("{group}", "Finance").replace("*", "was")
    found = read(text.replace("{app}", "Old Wiki").replace("{role}", "super admin"), vocabulary)
    if isinstance(found, Plan) and isinstance(found.steps[-1], ApiStep):
        compile(f"async def program():\n    {program_of(found).text.replace(chr(10), chr(10) + '    ')}", "p", "exec")
