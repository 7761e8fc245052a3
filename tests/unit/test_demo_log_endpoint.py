"""`GET /api/v1/logs` against a plain reading of the same events: windows, order, pages, filters, keywords, refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from yarl import URL

from holdfast.demo import Company, evolve, make_company
from holdfast.demo.links import Presenter
from holdfast.demo.log.writing import log_cases
from holdfast.demo.log_endpoints import ROUTES
from holdfast.demo.replies import ApiError, Call, Reply
from tests.demo_log import NOW, Event, company_of, events_of, moment, stamp_of

COMPANY, EVENTS = company_of(7), events_of(7)
LOGS = URL("http://demo/api/v1/logs")
ALL = {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
PATIENT = settings(deadline=None, max_examples=25)
Test = Callable[[Event], bool]


def asked(address: URL, company: Company = COMPANY) -> Reply:
    (route,) = ROUTES
    return route.endpoint(Call(company, Presenter(company, "http://demo"), address.query, {}, address))


def ask(**query: str) -> Reply:
    return asked(LOGS.with_query(query))


def read(**query: str) -> list[Event]:
    """Every page of a bounded read."""
    reply = ask(**query)
    found: list[Event] = list(reply.body)
    while reply.next_page:
        reply = asked(URL(reply.next_page))
        found += reply.body
    return found


def uuids(events: list[Event]) -> list[str]:
    return [event["uuid"] for event in events]


def cause(**query: str) -> tuple[str, str]:
    with pytest.raises(ApiError) as refused:
        ask(**query)
    return refused.value.code, refused.value.cause or ""


some_event = st.integers(0, len(EVENTS) - 1).map(EVENTS.__getitem__)
# Moments of events, the thousandth of a second around them, and any other.
moments = st.one_of(
    st.builds(
        lambda event, shift: stamp_of(round(datetime.fromisoformat(moment(event)).timestamp() * 1_000) + shift),
        some_event,
        st.integers(-1, 1),
    ),
    st.integers(0, 91 * 86_400).map(lambda s: (NOW - timedelta(seconds=s)).isoformat()),
)


@PATIENT
@given(moments, moments, st.integers(100, 1_000), st.booleans())
def test_a_window_holds_its_beginning_but_not_its_end(since: str, until: str, limit: int, newest_first: bool) -> None:
    first, last = datetime.fromisoformat(since), datetime.fromisoformat(until)
    assume(first <= last)
    wanted = [event for event in EVENTS if first <= datetime.fromisoformat(moment(event)) < last]
    order = "DESCENDING" if newest_first else "ASCENDING"
    found = read(since=since, until=until, limit=str(limit), sortOrder=order)
    assert uuids(found) == uuids(wanted[::-1] if newest_first else wanted)


def test_every_page_but_the_last_is_full_and_the_last_has_no_next() -> None:
    reply, sizes = ask(**ALL, limit="400"), []
    while reply.next_page:
        sizes.append(len(reply.body))
        reply = asked(URL(reply.next_page))
    assert sizes == [400] * (len(EVENTS) // 400)
    assert len(reply.body) == len(EVENTS) % 400


def test_a_page_has_a_hundred_events_unless_told_otherwise_and_the_last_seven_days() -> None:
    assert len(ask(**ALL).body) == 100
    week = read(until=NOW.isoformat(), limit="1000")
    assert week == [e for e in EVENTS if NOW - timedelta(days=7) <= datetime.fromisoformat(moment(e)) < NOW]


def test_polling_always_has_a_next_page_and_brings_what_happens_later() -> None:
    company = make_company(7, 60, now=NOW, log_events=2_500)
    reply = asked(LOGS.with_query(since=(NOW - timedelta(hours=6)).isoformat(), limit="1000"), company)
    read_before = len(reply.body)
    for _ in range(2):
        reply = asked(URL(reply.next_page or ""), company)
        assert reply.body == []
    later = evolve(company, at=NOW + timedelta(hours=1))
    news = asked(URL(reply.next_page or ""), later)
    assert read_before
    assert "user.lifecycle.create" in {event["eventType"] for event in news.body}
    assert {moment(event) for event in news.body} == {"2026-11-21T01:00:00.000Z"}
    assert asked(URL(news.next_page or ""), later).body == []


def test_polling_from_after_the_newest_event_begins_empty_and_goes_on() -> None:
    reply = ask(since=(NOW + timedelta(minutes=30)).isoformat())
    assert reply.body == []
    later = evolve(COMPANY, at=NOW + timedelta(hours=1))
    assert asked(URL(reply.next_page or ""), later).body
    sooner = evolve(COMPANY, at=NOW + timedelta(minutes=20))
    assert asked(URL(reply.next_page or ""), sooner).body == []


def test_a_filtered_poll_passes_over_what_it_does_not_choose() -> None:
    reply = ask(since="2026-01-01T00:00:00Z", filter='eventType eq "user.session.impersonation.end"', limit="5")
    assert len(reply.body) == 1
    assert asked(URL(reply.next_page or "")).body == []


def test_the_newest_first_ends_at_the_beginning_of_its_window_without_an_until() -> None:
    since = NOW - timedelta(days=2)
    found = read(since=since.isoformat(), sortOrder="DESCENDING", limit="7")
    assert uuids(found) == uuids([e for e in EVENTS if datetime.fromisoformat(moment(e)) >= since][::-1])


def test_a_limit_of_none_gives_an_empty_page() -> None:
    assert ask(**ALL, limit="0") == Reply([], paged=True)
    poll, three = (ask(since="2026-11-01T00:00:00Z", limit=limit) for limit in "03")
    assert poll.body == []
    assert asked(URL(poll.next_page or "").update_query(limit="3")).body == three.body


def values(event: Any, path: str) -> list[Any]:
    """All values at a path; lists on the way fan out."""
    found = [event]
    for name in path.split("."):
        found = [inner for item in found for inner in (item if isinstance(item, list) else [item])]
        found = [item.get(name) if item else None for item in found]
    return found


PATHS = (
    "eventType",
    "severity",
    "displayMessage",
    "outcome.result",
    "outcome.reason",
    "actor.id",
    "actor.alternateId",
    "actor.type",
    "target.id",
    "target.type",
    "target.displayName",
    "client.ipAddress",
    "client.zone",
    "client.geographicalContext.country",
    "client.userAgent.rawUserAgent",
    "debugContext.debugData.factor",
    "authenticationContext.credentialType",
    "authenticationContext.externalSessionId",
    "securityContext.isp",
    "transaction.id",
    "uuid",
)
TESTS: dict[str, Callable[[str, str], bool]] = {
    "eq": str.__eq__,
    "sw": str.startswith,
    "ew": str.endswith,
    "co": str.__contains__,
    "gt": str.__gt__,
    "le": str.__le__,
}


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[str, Test]:
    path = draw(st.sampled_from(PATHS))
    known = [value for value in values(draw(some_event), path) if value]
    text = draw(st.sampled_from(known)) if known else "user"
    word = draw(st.sampled_from([*TESTS, "ne", "pr"]))
    if word == "pr":
        return f"{path} pr", lambda event: any(values(event, path))
    if word in {"sw", "co", "ew"}:
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        text = text[start:end] or text
    text = draw(st.sampled_from((text, text.upper(), text.lower())))
    folded = text.casefold()
    if word == "ne":
        return f"{path} ne {quoted(text)}", lambda event: all(str(v).casefold() != folded for v in values(event, path))
    test = TESTS[word]
    return (
        f"{path} {word} {quoted(text)}",
        lambda event: any(v is not None and test(v.casefold(), folded) for v in values(event, path)),
    )


@st.composite
def dates(draw: st.DrawFn) -> tuple[str, Test]:
    limit = draw(moments)
    then = datetime.fromisoformat(limit)
    word, test = draw(
        st.sampled_from(
            (
                ("gt", datetime.__gt__),
                ("ge", datetime.__ge__),
                ("lt", datetime.__lt__),
                ("le", datetime.__le__),
                ("eq", datetime.__eq__),
                ("ne", datetime.__ne__),
            )
        )
    )
    return f'published {word} "{limit}"', lambda event: bool(test(datetime.fromisoformat(moment(event)), then))


def both(pair: tuple[tuple[str, Test], tuple[str, Test]], word: str) -> tuple[str, Test]:
    (left, one), (right, other) = pair
    if word == "and":
        return f"({left}) and ({right})", lambda event: one(event) and other(event)
    return f"({left}) or ({right})", lambda event: one(event) or other(event)


def turned(inner: tuple[str, Test]) -> tuple[str, Test]:
    text, test = inner
    return f"not ({text})", lambda event: not test(event)


expressions = st.recursive(
    comparisons() | dates(),
    lambda inner: st.builds(both, st.tuples(inner, inner), st.sampled_from(("and", "or"))) | inner.map(turned),
    max_leaves=4,
)


@PATIENT
@given(expressions, st.sampled_from((200, 1_000)), st.booleans())
def test_a_filter_chooses_what_it_says(expression: tuple[str, Test], limit: int, newest_first: bool) -> None:
    text, test = expression
    wanted = [event for event in EVENTS if test(event)]
    order = "DESCENDING" if newest_first else "ASCENDING"
    found = read(**ALL, filter=text, limit=str(limit), sortOrder=order)
    assert uuids(found) == uuids(wanted[::-1] if newest_first else wanted)


def test_and_binds_more_tightly_than_or() -> None:
    text = 'eventType eq "user.account.lock" or outcome.result eq "DENY" and severity eq "INFO"'
    assert {event["eventType"] for event in read(**ALL, filter=text)} == {"user.account.lock"}


def words_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(words_of, value.values()))
    if isinstance(value, list):
        return set().union(*map(words_of, value))
    if not isinstance(value, str):
        return set()
    return {value.casefold(), *(word.strip("()[]{},;:'\"") for word in value.casefold().split())}


@cache
def words_by_event() -> dict[str, set[str]]:
    own = {"uuid", "published", "transaction"}
    found = {}
    for event in EVENTS:
        parts = {name: part for name, part in event.items() if name not in own}
        parts["authenticationContext"] = {**parts["authenticationContext"], "externalSessionId": None}
        found[event["uuid"]] = words_of(parts)
    return found


@PATIENT
@given(st.data())
def test_keywords_choose_the_events_that_have_all_of_them_as_words(data: st.DataObject) -> None:
    event = data.draw(some_event)
    known = sorted(word for word in words_by_event()[event["uuid"]] if 0 < len(word) <= 40 and " " not in word)
    keywords = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
    found = uuids(read(**ALL, q=" ".join(keywords).title(), limit="1000"))
    assert event["uuid"] in found
    assert found == [uuid for uuid, words in words_by_event().items() if words.issuperset(keywords)]


def test_a_part_of_a_word_is_no_keyword() -> None:
    assert read(**ALL, q="user.session") == []
    assert read(**ALL, q="ignore instructions", limit="1000")


def test_what_the_log_does_not_know_is_refused_in_oktas_words() -> None:
    assert cause(limit="1001") == ("E0000001", "limit: must be between 0 and 1000")
    assert cause(limit="-1")[0] == cause(limit="ten")[0] == "E0000001"
    assert cause(since="yesterday")[0] == cause(until="2026-11-21")[0] == "E0000001"
    assert cause(since="2026-11-21T00:00:00Z", until="2026-11-20T00:00:00Z")[1].startswith("until:")
    assert cause(sortOrder="NEWEST")[1].startswith("sortOrder:")
    assert cause(q=" ".join("abcdefghijk"))[1].startswith("q: takes up to 10 keywords")
    assert cause(q="x" * 41)[1].startswith("q: takes up to 10 keywords")
    assert cause(after="no cursor")[1].startswith("after:")
    assert cause(filter='actor.shoeSize eq "9"') == (
        "E0000031",
        "Invalid search expression: attribute actor.shoeSize cannot be used here",
    )
    assert cause(filter='published gt "soon"')[0] == cause(filter="eventType eq")[0] == "E0000031"
    assert cause(filter='published co "2026"')[0] == "E0000031"


def test_a_cursor_and_a_beginning_exclude_each_other() -> None:
    following = URL(ask(since="2026-11-01T00:00:00Z", limit="5").next_page or "")
    assert "since" not in following.query
    assert cause(**{**following.query, "since": "2026-11-01T00:00:00Z"})[1].startswith("since: cannot be given")


def test_edges_of_a_day_and_a_week_are_told_apart_by_a_thousandth_of_a_second() -> None:
    edge_user = log_cases(COMPANY).edge_user
    for days in (1, 7):
        since = NOW - timedelta(days=days)
        mine = read(since=since.isoformat(), until=NOW.isoformat(), filter=f'actor.id eq "{edge_user}"')
        before = read(since=ALL["since"], until=since.isoformat(), filter=f'actor.id eq "{edge_user}"', limit="1000")
        assert datetime.fromisoformat(moment(mine[0])) == since
        assert datetime.fromisoformat(moment(before[-1])) == since - timedelta(milliseconds=1)
