from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from holdfast.answer import Header, JoinCount, RowCounts
from holdfast.errors import PresentationRejected
from holdfast.presentation import Presentation, apply
from holdfast.presentation.headings import headings, readable
from holdfast.presentation.templates import escaped, filled

PEOPLE = pl.LazyFrame(
    {
        "user_id": ["u1", "u2", "u3"],
        "login": ["ann", "bob", None],
        "logins": [3, 12, 40],
        "active": [True, False, None],
        "last_login": [datetime(2026, 1, 2, 3, 4), None, datetime(2025, 6, 7)],  # noqa: DTZ001
        "tags": [["b", "a", "b"], [], None],
    }
)
APPS = pl.LazyFrame({"user_id": ["u1", "u1", "u9"], "label": ["Wiki", "CRM", "HR"], "n": [1, 2, 3]})
STEPS = {"people": PEOPLE, "apps": APPS}
COUNTS = RowCounts(rows_in=1_200, joins=(JoinCount(step_id="apps", joined=2, not_joined=1),), dropped=7, rows_out=3)


def recipe(*operations: dict[str, Any], summary: str = "{rows} rows.", **more: Any) -> Presentation:
    return Presentation.model_validate({"source": "people", "operations": operations, "summary": summary, **more})


@pytest.mark.parametrize(
    "data",
    [
        {"source": "people", "summary": "", "sql": "select 1"},
        {"source": "people", "summary": "", "operations": [{"op": "run", "code": "1"}]},
        {"source": "people", "summary": "", "operations": [{"op": "top", "rows": 0}]},
        {"source": "people", "summary": "", "operations": [{"op": "top", "rows": 3, "by": "login"}]},
        {"source": "people", "summary": "", "operations": [{"op": "choose", "columns": []}]},
        {"source": "people", "summary": "", "operations": [{"op": "aggregate"}]},
        {"source": "people", "summary": "", "operations": [{"op": "top", "rows": 1}] * 41},
        {"source": "people", "summary": "", "display_type": "markdown"},
        {"source": "people", "summary": "", "display_type": "chart"},
        {"source": "people"},
        {
            "source": "people",
            "summary": "",
            "operations": [{"op": "join", "step": "apps", "on": [{"left": "a", "right": "b"}]}],
        },
        {
            "source": "people",
            "summary": "",
            "operations": [{"op": "aggregate", "measures": [{"function": "sum", "name": "n"}]}],
        },
    ],
)
def test_a_recipe_that_says_nothing_sensible_is_no_recipe(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Presentation.model_validate(data)


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"op": "choose", "columns": [{"column": "nam"}]}, "there is no column 'nam'"),
        ({"op": "choose", "columns": [{"column": "login"}, {"column": "login"}]}, "'login' is chosen twice"),
        (
            {"op": "choose", "columns": [{"column": "login", "heading": "X"}, {"column": "logins", "heading": "X"}]},
            "two columns have the heading 'X'",
        ),
        ({"op": "rename", "column": "login", "to": "logins"}, "the name 'logins' is given to two columns"),
        (
            {"op": "join", "step": "app", "on": [{"left": "user_id", "right": "user_id"}], "take": [{"column": "n"}]},
            "there is no step 'app'",
        ),
        (
            {"op": "join", "step": "apps", "on": [{"left": "user_id", "right": "n"}], "take": [{"column": "label"}]},
            r"'user_id' \(String\) is never equal to 'n' \(Int64\)",
        ),
        (
            {"op": "join", "step": "apps", "on": [{"left": "tags", "right": "n"}], "take": [{"column": "label"}]},
            "lists cannot be joined on",
        ),
        (
            {
                "op": "join",
                "step": "apps",
                "on": [{"left": "user_id", "right": "user_id"}],
                "take": [{"column": "n", "name": "login"}],
            },
            "the name 'login' is given to two columns",
        ),
        (
            {"op": "filter", "any_of": [{"test": "compare", "column": "logins", "operator": ">", "value": "many"}]},
            "'logins': it is Int64, so it cannot be compared with 'many'",
        ),
        (
            {"op": "filter", "any_of": [{"test": "compare", "column": "logins", "operator": "=", "value": True}]},
            "cannot be compared with True",
        ),
        (
            {"op": "filter", "any_of": [{"test": "compare", "column": "active", "operator": "<", "value": True}]},
            "'active' is yes or no, so it can only be compared with = and !=",
        ),
        (
            {"op": "filter", "any_of": [{"test": "one_of", "column": "last_login", "values": ["yesterday"]}]},
            "'yesterday' is no time; write 2026-01-31",
        ),
        ({"op": "filter", "any_of": [{"test": "contains", "column": "logins", "text": "4"}]}, "contains asks text"),
        (
            {"op": "aggregate", "by": ["login"], "measures": [{"function": "mean", "column": "login", "name": "m"}]},
            "there is no mean of 'login', which is String",
        ),
        (
            {"op": "aggregate", "by": ["login"], "measures": [{"function": "count", "name": "login"}]},
            "the name 'login' is given to two columns",
        ),
        ({"op": "aggregate", "by": ["tags"]}, "lists cannot be grouped by: 'tags'"),
        ({"op": "sort", "by": [{"column": "tags"}]}, "'tags' holds lists and cannot be sorted by"),
        ({"op": "explode", "column": "login"}, "'login' is String, not a list"),
        ({"op": "list_text", "column": "login"}, "'login' is String, not a flat list"),
        ({"op": "date_text", "column": "login"}, "'login' is String, not a time"),
        ({"op": "date_text", "column": "last_login", "zone": "Mars/Olympus"}, "'Mars/Olympus' is no time zone"),
        ({"op": "date_text", "column": "last_login", "zone": "../etc"}, "is no time zone"),
        ({"op": "round", "column": "login"}, "'login' is String, not a number"),
        ({"op": "words", "column": "logins"}, "'logins' is Int64, not yes or no"),
        ({"op": "unknown", "column": "tags", "known": "logins"}, "make the list text first.*not yes or no"),
        ({"op": "fill_empty", "column": "tags", "word": "-"}, "make the list text first"),
        ({"op": "fill_empty", "column": "login", "word": "42"}, "'42' states a number"),
        ({"op": "fill_empty", "column": "active", "word": "No"}, "an empty cell of 'active' is neither yes nor no"),
        ({"op": "words", "column": "active", "yes": "twelve"}, "'twelve' states a number"),
        (
            {"op": "words", "column": "active", "yes": "no", "no": "yes"},
            "'no' for yes and 'yes' for no say the opposite",
        ),
        (
            {"op": "words", "column": "active", "unknown": "No"},
            "need three different words.*more than that it is unknown",
        ),
        ({"op": "unknown", "column": "login", "known": "active", "word": "none"}, "more than that it is unknown"),
        ({"op": "unknown", "column": "login", "known": "active", "partly": " of 12"}, "' of 12' states a number"),
        ({"op": "list_text", "column": "tags", "separator": " 9 "}, "' 9 ' states a number"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused_with_the_reason_and_the_columns(
    operation: dict[str, Any], reason: str
) -> None:
    with pytest.raises(PresentationRejected, match=reason) as refused:
        apply(recipe(operation), STEPS)
    assert "in step 'people' 'user_id' (String), 'login' (String)" in str(refused.value)


def test_every_reason_is_given_once_and_none_for_the_fault_of_another() -> None:
    misfit = recipe(
        {
            "op": "join",
            "step": "nowhere",
            "on": [{"left": "user_id", "right": "user_id"}],
            "take": [{"column": "label"}],
        },
        {"op": "list_text", "column": "label"},
        {"op": "words", "column": "login"},
        {"op": "sort", "by": [{"column": "label"}]},
        summary="{sum:login} and {least:logins} }",
        when_empty="{joined:groups}",
    )
    with pytest.raises(PresentationRejected) as refused:
        apply(misfit, STEPS)
    said = str(refused.value)
    for reason in (
        "operation 1 (join): there is no step 'nowhere'",
        "operation 3 (words): 'login' is String, not yes or no",
        "summary: {sum} needs a column of numbers, 'login' is String",
        "summary: {least} is nothing that can be filled in",
        "summary: a lone '}' at character 32",
        "when_empty: {joined} names the step 'groups', which is not there",
    ):
        assert said.count(reason) == 1
    assert "operation 2" not in said
    assert "operation 4" not in said


def test_a_number_too_large_for_a_value_is_none_of_the_values() -> None:
    rows = pl.LazyFrame({"n": pl.Series([1, 2**64 - 1], dtype=pl.UInt64)})
    is_one = {"op": "filter", "any_of": [{"test": "one_of", "column": "n", "values": [1]}]}
    assert apply(recipe(is_one), {"people": rows}).collect()["n"].to_list() == [1]


def test_a_time_that_its_zone_leads_out_of_the_calendar_is_no_time() -> None:
    value = "0001-01-01T00:00:00+14:00"
    compare = {"test": "compare", "column": "last_login", "operator": ">", "value": value}
    with pytest.raises(PresentationRejected, match="is no time"):
        apply(recipe({"op": "filter", "any_of": [compare]}), STEPS)


def test_values_of_what_is_deeper_than_a_list_are_not_listed() -> None:
    rows = pl.LazyFrame({"deep": [[{"a": 1}]], "lists": [[[1]]]})
    for name in ("deep", "lists"):
        with pytest.raises(PresentationRejected, match="cannot be made of"):
            apply(recipe(summary=f"{{values:{name}}}"), {"people": rows})
        apply(recipe(summary=f"{{empty:{name}}}"), {"people": rows})


def test_a_source_that_gave_no_rows_is_named() -> None:
    with pytest.raises(PresentationRejected, match="there is no step 'people'"):
        apply(recipe(), {"apps": APPS})


def test_columns_of_nothing_but_nulls_fit_every_operation() -> None:
    nothing = pl.LazyFrame({"x": [None, None], "y": [None, None]})
    for operation, expected in (
        ({"op": "words", "column": "x"}, "unknown"),
        ({"op": "list_text", "column": "x"}, None),
        ({"op": "date_text", "column": "x"}, None),
        ({"op": "round", "column": "x"}, None),
        ({"op": "explode", "column": "x"}, None),
        ({"op": "unknown", "column": "x", "known": "y"}, "unknown"),
        ({"op": "fill_empty", "column": "x", "word": "-"}, "-"),
    ):
        made = apply(recipe(operation), {"people": nothing}).collect()
        assert made["x"].to_list() == [expected, expected]
    measures = [
        {"function": f, "column": "x", "name": f} for f in ("count", "sum", "mean", "max", "share_true", "distinct")
    ]
    made = apply(recipe({"op": "aggregate", "measures": measures}), {"people": nothing}).collect()
    assert made.rows() == [(0, 0.0, None, None, None, 0)]
    is_empty = {"op": "filter", "any_of": [{"test": "is_empty", "column": "x"}]}
    equals = {"op": "filter", "any_of": [{"test": "compare", "column": "x", "operator": "=", "value": 3}]}
    assert apply(recipe(is_empty), {"people": nothing}).collect().height == 2
    assert apply(recipe(equals), {"people": nothing}).collect().height == 0


def test_what_could_not_be_read_is_unknown_and_a_yes_is_certain() -> None:
    cells = {"flag": [True, False, None], "text": ["a", "", None], "n": [2, 0, None]}
    rows = pl.LazyFrame({**cells, "known": [False, False, None]})
    says = [{"op": "unknown", "column": name, "known": "known"} for name in cells]
    made = apply(recipe(*says), {"people": rows}).collect()
    assert made["flag"].to_list() == ["yes", "unknown", "unknown"]
    assert made["text"].to_list() == ["a (incomplete)", "unknown", "unknown"]
    assert made["n"].to_list() == ["2 (incomplete)", "unknown", "unknown"]


NAMES = st.sampled_from(
    ["{rows}", "a:b", "select", '"', "'", "__0", "_" * 30, "^.*$", "$x", "*", "", "\n", "é🙂", "x=y"]
)


@settings(deadline=None, max_examples=60)
@example(names=['"', "'", "__0"])
@given(names=st.lists(NAMES.filter(bool) | st.text(min_size=1, max_size=8), min_size=3, max_size=3, unique=True))
def test_hostile_column_names_are_only_names(names: list[str]) -> None:
    key, shown, other = names
    people = pl.LazyFrame({key: ["1", "2"], shown: ["x", "y"]})
    links = pl.LazyFrame({key: ["2", "2"], other: ["a", "b"]})
    made = apply(
        recipe(
            {"op": "join", "step": "links", "on": [{"left": key, "right": key}], "take": [{"column": other}]},
            {"op": "explode", "column": other},
            {"op": "top", "rows": 4},
            {"op": "rename", "column": other, "to": f"{other}*"},
            {"op": "rename", "column": f"{other}*", "to": other},
            {"op": "fill_empty", "column": other, "word": "-"},
            {"op": "filter", "any_of": [{"test": "contains", "column": shown, "text": "y"}]},
            {"op": "sort", "by": [{"column": shown}, {"column": key}]},
            {
                "op": "aggregate",
                "by": [shown, other],
                "measures": [{"function": "count", "name": "how many there are"}],
            },
            {"op": "choose", "columns": [{"column": other}, {"column": shown}]},
        ),
        {"people": people, "links": links},
    )
    assert made.collect().to_dicts() == [{other: "a", shown: "y"}, {other: "b", shown: "y"}]


def test_no_value_of_the_table_is_taken_for_a_pattern_or_a_template() -> None:
    rows = pl.LazyFrame({"login": ["a.c", "abc", "{rows}", "(", "$1"]})
    contains = {"op": "filter", "any_of": [{"test": "contains", "column": "login", "text": "a.c"}]}
    assert apply(recipe(contains), {"people": rows}).collect()["login"].to_list() == ["a.c"]
    assert filled("{values:login}", rows, COUNTS) == "$1, (, a.c, abc, {rows}"


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("last_login", "Last login"),
        ("login", "Login"),
        ("sign_on_url", "Sign on URL"),
        ("mfa_known", "MFA known"),
        ("COUNT(*)", "COUNT(*)"),
        ("Already Read", "Already Read"),
        ("_x", "_x"),
        ("größe", "größe"),
    ],
)
def test_a_column_without_a_heading_is_made_readable(name: str, heading: str) -> None:
    assert readable(name) == heading


def test_headings_follow_their_columns_and_stay_apart() -> None:
    made = recipe(
        {"op": "choose", "columns": [{"column": "login", "heading": "Who"}, {"column": "logins"}]},
        {"op": "rename", "column": "login", "to": "who"},
    )
    assert headings(made.operations, ["who", "logins"]) == (
        Header(text="Who", value="who"),
        Header(text="Logins", value="logins"),
    )
    assert [h.text for h in headings((), ["user_id", "User ID"])] == ["user_id", "User ID"]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{rows:person|people} of {rows_in}", "3 people of 1,200"),
        ("{rows} rows, {dropped} left out", "3 rows, 7 left out"),
        ("{joined:apps} have one, {not_joined:apps} none", "2 have one, 1 none"),
        ("{sum:logins} {min:logins} {max:logins}", "55 3 40"),
        ("{mean:logins} {median:logins}", "18.33 12"),
        ("{distinct:login} {count:login=ann} {count:active=no}", "2 1 1"),
        ("{min:last_login} {max:last_login}", "2025-06-07 00:00 2026-01-02 03:04"),
        ("{values:login}; {values:tags}", "ann, bob; a, b"),
        ("{share:active=yes} {share:login=nobody}", "33.3% 0.0%"),
        ("{empty:login} {empty:tags}", "1 2"),
        ("{most:active} {most:logins}", "no (1) 12 (1)"),
        ("{{rows}} is a place", "{rows} is a place"),
    ],
)
def test_code_fills_the_places_of_a_summary(template: str, text: str) -> None:
    assert filled(template, PEOPLE, COUNTS) == text


def test_one_row_is_said_in_the_singular() -> None:
    one = RowCounts(rows_in=1, dropped=0, rows_out=1)
    assert filled("{rows:person|people}", PEOPLE, one) == "1 person"


def test_many_values_are_listed_up_to_ten_and_the_rest_counted() -> None:
    rows = pl.LazyFrame({"n": [f"{n:02}" for n in range(13)] * 2})
    assert filled("{values:n}", rows, COUNTS) == "00, 01, 02, 03, 04, 05, 06, 07, 08, 09 and 3 more"


def test_a_column_without_values_says_nothing_rather_than_none() -> None:
    empty = PEOPLE.filter(False)
    template = "{max:logins} {sum:logins} [{values:login}] {most:login} {share:login=ann} {empty:login}"
    assert filled(template, empty, COUNTS) == "nothing 0 [] nothing nothing 0"


def test_values_in_markdown_become_no_link_image_or_row() -> None:
    rows = pl.LazyFrame({"app": ["![x](http://evil.example/p.png)", "a|b\n|c|", "<img src=x>"]})
    headers = (Header(text="App", value="app"),)
    shown = filled("{table}", rows, RowCounts(rows_in=3, dropped=0, rows_out=3), headers)
    assert shown.splitlines() == [
        "| App |",
        "| --- |",
        r"| !\[x\](http://evil.example/p.png) |",
        r"| a\|b \|c\| |",
        r"| \<img src=x\> |",
    ]
    assert escaped("*b* `c` _d_") == r"\*b\* \`c\` \_d\_"


def test_a_long_markdown_table_counts_what_it_leaves_out() -> None:
    rows = pl.LazyFrame({"n": range(60), "tags": [["a", None]] * 60})
    headers = (Header(text="N", value="n"), Header(text="Tags", value="tags"))
    lines = filled("{table}", rows, RowCounts(rows_in=60, dropped=0, rows_out=60), headers).splitlines()
    assert lines[2] == "| 0 | a, |"
    assert lines[-1] == "and 10 more rows"


def test_a_markdown_table_takes_any_cells_of_any_columns() -> None:
    rows = pl.LazyFrame({"a": [True, None], "b": [False, True], "deep": [{"at": datetime(2026, 1, 2)}, None]})  # noqa: DTZ001
    headers = tuple(Header(text=name, value=name) for name in ("a", "b", "deep"))
    lines = filled("{table}", rows, RowCounts(rows_in=2, dropped=0, rows_out=2), headers).splitlines()
    assert lines[2:] == ['| yes | no | {"at":"2026-01-02T00:00:00Z"} |', "|  | yes |  |"]
