from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.graph.vocabulary import Vocabulary
from holdfast.offline.grammar.dates import before
from holdfast.offline.grammar.windows import Span, window
from holdfast.offline.reading.lexicon import lexicon
from holdfast.offline.reading.parse import Parse
from holdfast.offline.reading.tokens import tokenise
from tests.unit.offline_tenant import NOW, SCHEMA, words


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    directory: Path = tmp_path_factory.mktemp("words")
    return words(directory)


def spans(text: str, vocabulary: Vocabulary) -> list[Span]:
    tokens = tokenise(text)
    reads = window(Parse(tokens, lexicon(), vocabulary, SCHEMA, NOW), 0)
    return [read.value for read in reads if read.end == len(tokens)]


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("in the last 7 days", NOW - timedelta(days=7), None),
        ("within the past seven days", NOW - timedelta(days=7), None),
        ("during the past week", NOW - timedelta(days=7), None),
        ("over the last 24 hours", NOW - timedelta(hours=24), None),
        ("in the last month", datetime(2026, 10, 20, 15, 30, tzinfo=UTC), None),
        ("since 2026-10-01", day("2026-10-01"), None),
        ("after 2026-10-01", day("2026-10-02"), None),
        ("before 2026-10-01", None, day("2026-10-01")),
        ("until 2026-10-01", None, day("2026-10-02")),
        ("on 2026-10-01", day("2026-10-01"), day("2026-10-02")),
        ("between 2026-10-01 and 2026-10-31", day("2026-10-01"), day("2026-11-01")),
        ("from October 1, 2026 to 31 October 2026", day("2026-10-01"), day("2026-11-01")),
        ("in October 2026", day("2026-10-01"), day("2026-11-01")),
        ("in 2025", day("2025-01-01"), day("2026-01-01")),
        ("today", day("2026-11-20"), day("2026-11-21")),
        ("yesterday", day("2026-11-19"), day("2026-11-20")),
        ("this month", day("2026-11-01"), None),
        ("this week", day("2026-11-16"), None),
        ("more than 90 days ago", None, NOW - timedelta(days=90)),
        ("older than 90 days", None, NOW - timedelta(days=90)),
        ("within 7 days", NOW - timedelta(days=7), None),
        ("in the past fortnight", NOW - timedelta(weeks=2), None),
        ("between 30 and 60 days ago", NOW - timedelta(days=60), NOW - timedelta(days=30)),
        ("more than 30 days ago but less than 60 days ago", NOW - timedelta(days=60), NOW - timedelta(days=30)),
        ("between 2026-10-31 and 2026-10-01", day("2026-10-01"), day("2026-11-01")),
        ("since last month", day("2026-10-01"), None),
        ("since the beginning of the year", day("2026-01-01"), None),
        ("in October", day("2026-10-01"), day("2026-11-01")),
        ("in December", day("2025-12-01"), day("2026-01-01")),
        ("since 1 October", day("2026-10-01"), None),
        ("on December 24th", day("2025-12-24"), day("2025-12-25")),
        ("less than 2 weeks ago", NOW - timedelta(weeks=2), None),
        ("on or after 2026-10-01 10:30:00 UTC and before 2026-10-02", day("2026-10-01T10:30"), day("2026-10-02")),
    ],
)
def test_a_window_means(text: str, start: datetime | None, end: datetime | None, vocabulary: Vocabulary) -> None:
    assert spans(text, vocabulary) == [Span(start, end)]


def test_last_month_may_be_the_one_on_the_calendar(vocabulary: Vocabulary) -> None:
    assert len(spans("last month", vocabulary)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "on 2026-13-01",
        "on 2026-02-30",
        "since 31 April 2026",
        "on 01/02/2026",
        "in the last days",
        "in the start of the year",
    ],
)
def test_no_date_is_guessed(text: str, vocabulary: Vocabulary) -> None:
    assert spans(text, vocabulary) == []


@given(st.datetimes(timezones=st.just(UTC)), st.integers(1, 500))
def test_months_go_back_by_the_calendar_and_never_forward(now: datetime, months: int) -> None:
    earlier = before(now, months, "month")
    whole = (now.year - earlier.year) * 12 + now.month - earlier.month
    assert whole == months or earlier.year == 1
    assert earlier.day <= now.day
