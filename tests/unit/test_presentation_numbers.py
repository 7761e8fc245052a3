"""Numbers typed around a table: how they are read, and which may stand."""

from __future__ import annotations

import time
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.answer import Header, JoinCount, RowCounts
from holdfast.presentation.numbers import MAX_ROWS_READ, Support, checked_headings, checked_text
from holdfast.presentation.typed_numbers import COUNT, PLACE, typed_numbers

COUNTS = RowCounts(rows_in=1_200, joins=(JoinCount(step_id="apps", joined=77, not_joined=1),), dropped=7, rows_out=2)
DATA = pl.LazyFrame(
    {
        "n": [42, 8],
        "coverage": [33.333, None],
        "balance": [-5, None],
        "seats": [1_234, 2_500_000],
        "name": ["Room 101, level 3.5", "DC admins use 1Password"],
        "since": [datetime(2026, 8, 1, 14, 5), None],  # noqa: DTZ001
        "day": [date(2025, 3, 3), None],
        "tags": [["top 40"], None],
    }
)
QUESTION = "Who did not sign in for 90 days, since 3 March 2024, and is it over 75% of two hundred and six?"


def support(rows: pl.LazyFrame = DATA, counts: RowCounts = COUNTS, question: str = QUESTION) -> Support:
    return Support(question, list(rows.collect_schema()), rows, counts)


def taken_out(text: str) -> tuple[str, ...]:
    return checked_text(text, support())[1]


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("12%, 12 %, 12 percent and 12 per cent", "percent", ["12"] * 4),
        ("twelve percent, fifty-five per cent", "percent", ["12", "55"]),
        ("half of them, a half", "percent", ["50", "50"]),
        ("a quarter, three quarters, 2/5, 3/10, one-tenth", "percent", ["40", "30", "25", "75", "10"]),
        ("1,200 and 1 200 and 1'200 and 1200.0 and 1\u202f200", "number", ["1200"] * 5),
        ("1.234.567 and 1,234,567 and 1.234.567,5", "number", ["1234567", "1234567", "1234567.5"]),
        ("1.2k, 1.2 K, 1.2 thousand, 1200, 1.2e3", "number", ["1200"] * 5),
        ("3M, 3 million, 3bn, two dozen", "number", ["3000000", "3000000", "3000000000", "24"]),
        ("-5, −5, minus 5, minus five", "number", ["-5"] * 4),
        ("10–20 and 10-20, top-5", "number", ["10", "20", "10", "20", "5"]),
        ("4２ and ٤٢ and ४२ and 4\u200b2 and 4**2** and _42_ and 4&#50; and №42 and #42", "number", ["42"] * 9),
        ("...42 and <42 people> and (42) and $42, 42+", "number", ["42"] * 5),
        ("twenty-one and twenty one and a hundred and five", "number", ["21", "21", "105"]),
        ("two thousand and twelve; twelve hundred; hundred thousand", "number", ["2012", "1200", "100000"]),
        ("five and six, seven eight, twenty and one, twenty and two", "number", ["5", "6", "7", "8", "20", "20", "2"]),
        ("one million two hundred thousand three hundred and four", "number", ["1200304"]),
        ("NINETY-NINE; Dozens", "number", ["99", "12"]),
        ("3rd, 21st, twenty-first, the fourth, the twelfth", "number", ["3", "21", "21", "4", "12"]),
        ("only one person, exactly one group", "number", ["1", "1"]),
        ("3 March 2026, March 3rd, 2026, 3rd of March 2026, Mar. 3, 2026, 2026-03-03", "day", ["2026-03-03"] * 5),
        ("31/03/2026 and 31.03.2026 and 3/31/2026", "day", ["2026-03-31"] * 3),
        ("in March 2026, Sept 2026, 2026-03", "month", ["2026-03", "2026-03", "2026-09"]),
        ("on 3 March, March 3", "day of year", ["03-03", "03-03"]),
        ("10:30, 9:05 pm, 12:01 am", "clock", ["10:30", "21:05", "00:01"]),
        (
            "½, Ⅻ, ③, 三, XII, 1,23,4, 03/04/2026, 0x2A, 8x8",
            "spelling",
            ["½", "Ⅻ", "③", "三", "XII", "1,23,4", "03/04/2026", "0x2A", "8x8"],
        ),
        ("Twice, double, tripled, 3/0", "never", ["Twice", "double", "tripled", "3/0"]),
    ],
)
def test_a_number_is_read_however_it_is_typed(text: str, kind: str, values: list[str]) -> None:
    found = typed_numbers(text)
    assert sorted(typed.value for typed in found) == sorted(values)
    assert {typed.kind for typed in found} == {kind}


@pytest.mark.parametrize(
    "text",
    [
        f"{COUNT}0",
        f"4{PLACE}",
        f"1,{PLACE}",
        f"-{PLACE}",
        f"minus {PLACE}",
        f"{PLACE}.5",
        f"{COUNT}%",
        f"{COUNT} percent",
        f"{PLACE}k",
        f"{COUNT} thousand",
    ],
)
def test_what_is_typed_onto_a_number_that_code_fills_in_never_holds(text: str) -> None:
    assert [typed.kind for typed in typed_numbers(text)] == ["never"]
    everything = pl.LazyFrame({"text": ["4 1 0 5 0.5 1000 thousand"], "n": [1_000.0]})
    assert not support(everything, question=text).holds(typed_numbers(text)[0])


@pytest.mark.parametrize(
    "text",
    [
        "one of them, no one, at least one",
        "the first, a second factor, third-party applications",
        "Office365, SHA256, v9, v1.42, FIDO2",
        "SAML 2.0, OAuth 2.0, 2FA",
        f"{COUNT} people of {COUNT}, {PLACE}%, {PLACE}. In all",
        "May be, and so on; the march goes on",
        "An ID, a CIVIC duty",
    ],
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert typed_numbers(text) == ()


@pytest.mark.parametrize(
    "text", ["9" * 20_000, "1e99999", "1/" * 5_000, "a" * 20_000, "<" * 20_000, "one and " * 3_000]
)
def test_a_text_made_to_take_long_does_not(text: str) -> None:
    started = time.perf_counter()
    typed_numbers(text)
    assert time.perf_counter() - started < 2


@settings(deadline=None, max_examples=300)
@given(
    text=st.text(max_size=60) | st.text(alphabet="0123456789.,-–/:% ekmXIV½one ten and hundred\u0665{}" + PLACE + COUNT)
)
def test_any_text_is_read_without_failing(text: str) -> None:
    for typed in typed_numbers(text):
        support().holds(typed)


@given(value=st.integers(0, 999_999_999))
def test_a_number_in_words_is_read_as_what_it_says(value: int) -> None:
    words = in_words(value)
    assert [typed.value for typed in typed_numbers(f"Exactly {words} of them")] == [str(value)]


_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
ONES = _ONES.split()
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(value: int) -> str:
    for size, name in ((10**6, "million"), (10**3, "thousand"), (100, "hundred")):
        if value >= size:
            rest = f" {'and ' if value % size < 100 else ''}{in_words(value % size)}" if value % size else ""
            return f"{in_words(value // size)} {name}{rest}"
    if value < 20:
        return ONES[value]
    return TENS[value // 10 - 2] + (f"-{ONES[value % 10]}" if value % 10 else "")


@pytest.mark.parametrize(
    ("text", "invented"),
    [
        ("42 people, {rows} rows", ()),
        ("43 people", ("43",)),
        ("About 33.3% and 33.33 % and a third", ()),
        ("About 33.4%", ("33.4%",)),
        ("42% of them", ("42%",)),
        ("75%, as asked, or three quarters", ()),
        ("Half of them", ("Half",)),
        ("Level 3.5 of room 101, not 10 or 09", ("10", "09")),
        ("The top 40 since 2026-08-01, 1 August 2026, August 2026, Aug 1, at 14:05 or 2:05 pm, in 2026", ()),
        ("Since 2026-08-02 at 14:06, on 2 August", ("2026-08-02", "14:06", "2 August")),
        ("From 3 March 2025", ()),
        ("From 3 March 2024, as asked", ()),
        ("In the last 90 days, ninety days, 206 and 75 percent", ()),
        ("75 of them", ("75",)),
        ("About 1.2k seats, 2.5 million, 2.5M", ()),
        ("1k seats, 1.3k, 3 million", ("1k", "1.3k", "3 million")),
        ("-5, minus five", ()),
        ("Five, 5, -42, minus 42", ("Five", "5", "-42", "minus 42")),
        ("Seven of forty", ()),
        ("forty-one", ("forty-one",)),
        ("Between 7 and 8, 7–8, 7-9", ("9",)),
        ("DC and 1Password", ()),
        ("XII and 2Password", ("XII", "2Password")),
        ("A dozen of them", ("dozen",)),
        ("1,200 at first, 77 joined", ()),
        ("1,201 at first", ("1,201",)),
        ("Twice as many", ("Twice",)),
        ("{rows}0 people", None),
        ("no numbers", ()),
    ],
)
def test_a_typed_number_must_stand_in_the_question_or_the_data(text: str, invented: tuple[str, ...] | None) -> None:
    if invented is None:
        assert checked_text(text, support())[0] == ""
    else:
        assert taken_out(text) == invented


def test_in_a_large_table_a_cell_proves_nothing_and_what_code_counts_of_a_column_does() -> None:
    rows = pl.LazyFrame(
        {
            "n": range(1, MAX_ROWS_READ + 2),
            "status": ["ACTIVE"] * MAX_ROWS_READ + [None],
            "at": [datetime(2026, 1, 1)] + [datetime(2026, 5, 5)] * (MAX_ROWS_READ - 1) + [datetime(2026, 9, 9)],  # noqa: DTZ001
        }
    )
    counts = RowCounts(rows_in=5_000, dropped=4_799, rows_out=MAX_ROWS_READ + 1)
    large = support(rows, counts, question="")
    total = MAX_ROWS_READ + 1
    for held in (f"{total} of 5,000", "1", f"{total // 2 + 1}", "2026-01-01 to 9 September 2026", "4,799"):
        assert checked_text(held, large)[1] == ()
    for invented in ("42", "2026-05-05", "50%"):
        assert checked_text(invented, large)[1] == (invented,)


def test_sentences_with_an_invented_number_are_taken_out_and_all_else_stays_as_it_was() -> None:
    template = (
        "## Who\n\n{rows} people. Of these 99.5 are new! Nobody left.\n\n{table}\n"
        "1. Ann. 13 left.\n2. 14 came.\n3. Bob, 42.\n\n- 15 more"
    )
    text, invented = checked_text(template, support())
    assert invented == ("99.5", "13", "14", "15")
    assert text == "## Who\n\n{rows} people. Nobody left.\n\n{table}\n1. Ann.\n3. Bob, 42.\n"


def test_a_list_that_does_not_count_from_one_says_a_number() -> None:
    assert taken_out("1. Ann\n2. Bob\n3. Cy") == ()
    assert taken_out("57. people") == ("57",)


def test_a_heading_loses_an_invented_number_and_stays_apart_from_the_others() -> None:
    rows = pl.LazyFrame({"name": ["a"], "top_40": [1], "n": [2]})
    headers = (
        Header(text="Names (999)", value="name"),
        Header(text="Last 90 days", value="n"),
        Header(text="Name", value="top_40"),
        Header(text="Nine hundred", value="nine_hundred"),
    )
    shown, invented = checked_headings(headers, support(rows))
    assert [header.text for header in shown] == ["Name′", "Last 90 days", "Name", "Value"]
    assert [header.value for header in shown] == [header.value for header in headers]
    assert invented == ("999", "Nine hundred")


@settings(deadline=None, max_examples=60)
@given(cells=st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=5), typed=st.integers(0, 10**6))
def test_a_number_is_supported_exactly_when_a_cell_or_a_count_is_that_number(cells: list[int], typed: int) -> None:
    counts = RowCounts(rows_in=len(cells), dropped=0, rows_out=len(cells))
    known = support(pl.LazyFrame({"n": cells}), counts, question="How many?")
    assert (checked_text(f"There are {typed:,}.", known)[1] == ()) == (typed in {*cells, len(cells), 0})


@settings(deadline=None, max_examples=60)
@given(cell=st.floats(-1e6, 1e6), decimals=st.integers(0, 4))
def test_a_rounded_cell_is_supported_and_its_neighbour_is_not(cell: float, decimals: int) -> None:
    counts = RowCounts(rows_in=9_999_999, dropped=0, rows_out=1)
    known = support(pl.LazyFrame({"x": [cell]}), counts, question="")
    rounded = round(cell, decimals)
    assert checked_text(f"It is {rounded:,.{decimals}f}.", known)[1] == ()
    assert checked_text(f"It is {rounded + 3 * 10**-decimals:,.{decimals}f}.", known)[1] != ()
