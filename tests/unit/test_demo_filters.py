"""`search` and `filter` expressions: what matches, how words rank, and what is refused."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.demo.filters import Grammar, compiled
from holdfast.demo.records import Record
from holdfast.demo.replies import ApiError

GRAMMAR = Grammar(
    frozenset({"id", "status", "lastUpdated", "lastLogin", "tags"}), frozenset({"a", "b", "c", "n", "flag", "name"})
)
RECORD: Record = {
    "id": "x1",
    "status": "ACTIVE",
    "lastUpdated": "2026-03-01T12:00:00.000Z",
    "tags": ["red", "green"],
    "profile": {"name": 'Ann "Bo" \\ O\'Brien', "n": 7, "flag": True, "a": None},
}


@pytest.mark.parametrize(
    "expression",
    [
        'status eq "ACTIVE"',
        'status eq "active"',
        'status ne "STAGED"',
        'id sw "x" and id ew "1"',
        'profile.name co "o\'brien"',
        'profile.name eq "Ann \\"Bo\\" \\\\ O\'Brien"',
        "profile.n gt 6 and profile.n le 7",
        "profile.flag eq true",
        "profile.name pr",
        "not (profile.a pr)",
        'not (status eq "STAGED" or status eq "SUSPENDED")',
        'tags eq "green"',
        'lastUpdated gt "2026-03-01T11:59:59.999Z"',
        'lastUpdated ge "2026-03-01T13:00:00.000+01:00"',
        'lastUpdated eq "2026-03-01T12:00:00Z"',
    ],
)
def test_an_expression_matches_what_it_describes(expression: str) -> None:
    assert compiled(expression, GRAMMAR)(RECORD)
    assert not compiled(f"not ({expression})", GRAMMAR)(RECORD)


@given(st.lists(st.sampled_from(["and", "or"]), min_size=1, max_size=5), st.data())
def test_and_binds_tighter_than_or(words: list[str], data: st.DataObject) -> None:
    facts = data.draw(st.lists(st.booleans(), min_size=len(words) + 1, max_size=len(words) + 1))
    terms = ['id eq "x1"' if fact else 'id eq "other"' for fact in facts]
    expression = " ".join(itertools.chain(*zip(terms, [*words, ""], strict=True)))
    python = " ".join(itertools.chain(*zip(map(str, facts), [*words, ""], strict=True)))
    assert compiled(expression, GRAMMAR)(RECORD) == eval(python)


def test_parentheses_win_over_rank() -> None:
    assert not compiled('(id eq "x1" or id eq "y") and id eq "z"', GRAMMAR)(RECORD)
    assert compiled('id eq "x1" or (id eq "y" and id eq "z")', GRAMMAR)(RECORD)


def test_a_missing_moment_matches_no_comparison() -> None:
    assert not compiled('lastUpdated lt "2030-01-01T00:00:00.000Z"', GRAMMAR)({"id": "x"})


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "status",
        "status eq",
        'status eq "A" and',
        'status is "A"',
        'password eq "x"',
        'profile.secret eq "x"',
        'lastUpdated gt "yesterday"',
        'lastUpdated gt "2026-01-01"',
        'lastUpdated co "2026"',
        "%%",
        "((((",
        "x" * 5_000,
    ],
)
def test_what_the_list_does_not_know_is_refused_with_oktas_code(expression: str) -> None:
    with pytest.raises(ApiError) as refused:
        compiled(expression, GRAMMAR)
    assert (refused.value.code, refused.value.status) == ("E0000031", 400)


def test_an_operator_the_list_does_not_know_is_named() -> None:
    grammar = Grammar(frozenset({"status"}), None, frozenset({"eq"}))
    with pytest.raises(ApiError) as refused:
        compiled('status sw "A"', grammar)
    assert refused.value.cause
    assert "operator sw" in refused.value.cause
