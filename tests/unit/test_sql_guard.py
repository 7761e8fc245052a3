"""The guard of generated SQL: questions pass, everything that reaches past the step's tables is refused, with why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.errors import QueryRefused
from holdfast.query_words import MAX_CHARACTERS, MAX_TOKENS
from holdfast.sql.guard import MAX_DEPTH, MAX_NESTED_CASES, MAX_TABLES_NAMED, guarded
from holdfast.sql.tokens import tokens_of
from holdfast.sql.vocabulary import FUNCTIONS, TABLE_FUNCTIONS
from tests.sql_corpus import ATTACKS, TABLES, VALID
from tests.sql_tables import FRAMES


@pytest.mark.parametrize("query", VALID)
def test_a_question_about_the_rows_passes(query: str) -> None:
    once = guarded(query, TABLES).text
    assert guarded(once, TABLES).text == once


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(attack: str) -> None:
    with pytest.raises(QueryRefused):
        guarded(attack, TABLES)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT login\nFROM peple", "Line 2, column 6: no table is called peple; there are events, live-factors, pe"),
        ("SELECT logn FROM people", "Line 1, column 8: logn is neither .*; near it there are login"),
        ("SELECT now() AS n", r"Line 1, column 8: the function now\(\) is not allowed; write a TIMESTAMP literal"),
        ("SELECT uper(login) AS n FROM people", r"the function uper\(\) is not allowed; near it there are upper"),
        ("SELECT 1; SELECT 2", "Line 1, column 9: only one statement is allowed"),
        ("SELECT * FROM read_csv('x')", r"read_csv\(\) may not stand for a table; there are events"),
        ("SELECT login FROM people -- x", "Line 1, column 26: comments are not allowed"),
        ("SELECT x::blob FROM people", "x is neither"),
        ("SELECT login::blob FROM people", "blob is not a type that may be cast to; there are BIGINT"),
        ("DELETE FROM people", "Line 1, column 1: a query begins with SELECT"),
        ("SELECT login FROM people WHERE 'x", "the string that begins here never ends"),
    ],
)
def test_a_refusal_says_what_and_where_and_what_is_allowed(query: str, said: str) -> None:
    with pytest.raises(QueryRefused, match=said):
        guarded(query, TABLES)


def test_names_are_quoted_so_that_none_can_mean_anything_else() -> None:
    assert guarded('SELECT user, DATE FROM people, "live-factors"', TABLES).text == (
        'SELECT "user" , "DATE" FROM "people" , "live-factors"'
    )


def test_only_the_tables_of_the_step_are_known() -> None:
    with pytest.raises(QueryRefused, match="no table is called people; there are events"):
        guarded("SELECT login FROM people", {"events": ("login",)})


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT '" + "x" * MAX_CHARACTERS + "' AS x", "characters"),
        ("SELECT " + "1 + " * MAX_TOKENS + "1 AS x", "words and signs"),
        ("SELECT " + "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH + " AS x", "nested deeper"),
        ("SELECT " + "CASE WHEN true THEN " * (MAX_NESTED_CASES + 1) + "1" + " END" * (MAX_NESTED_CASES + 1), "CASE"),
        ("SELECT 1 AS x FROM " + ", ".join(["people"] * (MAX_TABLES_NAMED + 1)), "named more often"),
    ],
    ids=["characters", "tokens", "depth", "cases", "tables"],
)
def test_what_is_too_large_is_refused(query: str, said: str) -> None:
    with pytest.raises(QueryRefused, match=said):
        guarded(query, TABLES)


def _pieces() -> list[str]:
    pieces: set[str] = set()
    for query in (*VALID, *ATTACKS):
        try:
            pieces.update(token.text for token in tokens_of(query))
        except QueryRefused:
            continue
    return sorted(pieces)


PIECES = _pieces()


# What the engine's own parser calls operators, and what this guard spells as keywords.
OPERATORS = {
    "+", "-", "*", "/", "%", "//", "||", "~~", "!~~", "~~*", "!~~*", "like_escape", "ilike_escape", "not_like_escape",
    "not_ilike_escape", "trunc", "to_seconds", "to_minutes", "to_hours", "to_days", "to_weeks", "to_months",
    "to_quarters", "to_years", "count_star", "array_extract", "array_slice", "list_value", "struct_extract", "row",
}  # fmt: skip


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for inner in tree.values():
            yield from _nodes(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _nodes(inner)


def _reaches(parser: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """What the engine's parser sees besides SELECTs of known tables by known functions; nothing in what is no SQL."""
    (serialised,) = parser.execute("SELECT json_serialize_sql(?::VARCHAR)", [text]).fetchone() or ("{}",)
    tree = json.loads(serialised)
    if tree["error"]:
        return [tree["error_message"]] if "Only SELECT" in tree["error_message"] else []
    assert len(tree["statements"]) == 1
    nodes = list(_nodes(tree))
    known = {name.casefold() for name in TABLES}
    known |= {each["key"].casefold() for node in nodes for each in node.get("cte_map", {}).get("map", [])}
    found = []
    for node in nodes:
        if node.get("type") == "BASE_TABLE":
            named = (node["catalog_name"], node["schema_name"], node["table_name"].casefold())
            if named[:2] != ("", "") or named[2] not in known:
                found.append(f"table {named}")
        elif node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"] not in TABLE_FUNCTIONS:
            found.append(f"table function {node['function']['function_name']}")
        elif node.get("class") in ("FUNCTION", "WINDOW") and node["function_name"] not in FUNCTIONS | OPERATORS:
            found.append(f"function {node['function_name']}")
    return found


@pytest.fixture(scope="module")
def parser() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        for name, frame in FRAMES.items():
            connection.from_arrow(frame.to_arrow()).create(f'"{name}"')
        yield connection


@pytest.mark.parametrize("query", VALID)
def test_a_guarded_query_runs_as_the_inside_of_another(parser: duckdb.DuckDBPyConnection, query: str) -> None:
    parser.execute(f"SELECT * FROM (\n{guarded(query, TABLES).text}\n) LIMIT 3").fetchall()


@pytest.mark.parametrize("query", VALID)
def test_the_engine_reads_a_guarded_query_as_the_guard_did(parser: duckdb.DuckDBPyConnection, query: str) -> None:
    assert _reaches(parser, guarded(query, TABLES).text) == []


def test_the_engines_parser_does_see_what_reaches_further(parser: duckdb.DuckDBPyConnection) -> None:
    for attack in (
        "SELECT * FROM read_csv('x')",
        "SELECT getenv('x')",
        "SELECT * FROM 'x.csv'",
        "SELECT * FROM a.people",
    ):
        assert _reaches(parser, attack) != [], attack


_CHANGES = st.lists(
    st.tuples(st.sampled_from(["insert", "replace", "delete", "swap"]), st.integers(0, 1_000), st.sampled_from(PIECES)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.sampled_from(VALID), changes=_CHANGES, glue=st.sampled_from([" ", "\n", "\t "]))
def test_no_change_of_words_lets_a_query_reach_further(
    parser: duckdb.DuckDBPyConnection, query: str, changes: list[tuple[str, int, str]], glue: str
) -> None:
    words = [token.text for token in tokens_of(query)]
    for change, place, piece in changes:
        at = place % (len(words) + 1)
        match change:
            case "insert":
                words.insert(at, piece)
            case "replace":
                words[at : at + 1] = [piece]
            case "delete":
                del words[at : at + 1]
            case _:
                words[at : at + 2] = reversed(words[at : at + 2])
    try:
        passed = guarded(glue.join(words), TABLES).text
    except QueryRefused:
        return
    assert _reaches(parser, passed) == []


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_is_judged_without_another_error(text: str) -> None:
    try:
        guarded(text, TABLES)
        guarded(f"SELECT {text} FROM people", TABLES)
    except QueryRefused:
        return


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_a_text_is_data_whatever_it_says(parser: duckdb.DuckDBPyConnection, value: str) -> None:
    literal = "'" + value.replace("'", "''") + "'"
    text = guarded(f"SELECT {literal} AS said", {"people": ("login",)}).text
    assert parser.execute(text).fetchall() == [(value,)]
