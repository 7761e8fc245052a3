"""Tables on terminals of any width."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from starter.tables import Table, table
from tests.unit.rendered import rendered

CARMEN, DANA = "carmen.iglesias@ext.kelptide.example", "dana.whitfield@kelptide.example"
ACCESS = table(
    ("Login", "Name", "Status", "Application", "Path", "Department", "Title"),
    [
        (CARMEN, "Carmen Iglesias", "ACTIVE", "Salesforce", "directly", "Sales", "Sales Engineer"),
        (DANA, "Dana Whitfield", "ACTIVE", "Salesforce", "crm-power-users", "Sales", "Account Executive"),
    ],
)
# What any two texts of a real answer may look like: words, joints, wide characters, nothing at all.
TEXTS = st.text(st.sampled_from("ab@._-/ é漢🦊"), max_size=40).map(lambda text: " ".join(text.split()))


def shown(what: Table, width: int) -> str:
    # Styles are escape sequences, which are no text.
    return re.sub(r"\x1b\[[0-9;]*m", "", rendered(what, width=width, terminal=True))


def test_a_wide_terminal_gets_every_column_on_one_line() -> None:
    lines = shown(ACCESS, 160).splitlines()
    assert lines[0].split() == list(ACCESS.headings)
    assert len(lines) == 4


def test_what_is_the_same_in_every_row_is_said_once_before_anything_is_broken() -> None:
    text = shown(ACCESS, 100)
    assert text.startswith("In every row shown: Status ACTIVE; Application Salesforce; Department Sales\n")
    assert "carmen.iglesias@ext.kelptide.example" in text


def test_a_table_wraps_between_words_where_that_is_enough() -> None:
    names = table(("Name", "Title"), [("Dana Whitfield", "Business Development Representative")])
    assert "Representative" in shown(names, 30)
    assert "Representative" not in shown(names, 30).splitlines()[2]


def test_a_login_breaks_at_its_sign_and_nowhere_else() -> None:
    text = shown(ACCESS, 70)
    assert re.search(r"^carmen\.iglesias +Carmen", text, re.MULTILINE)
    assert re.search(r"^@ext\.kelptide\.example ", text, re.MULTILINE)


def test_a_name_of_several_parts_breaks_between_them() -> None:
    states = table(("Login", "Status"), [("ann", "PASSWORD_EXPIRED"), ("bob", "DEPROVISIONED")])
    assert [line.split() for line in shown(states, 22).splitlines()[2:]] == [
        ["ann", "PASSWORD_"],
        ["EXPIRED"],
        ["bob", "DEPROVISIONED"],
    ]


def test_where_no_table_fits_each_record_stands_by_itself() -> None:
    text = shown(ACCESS, 45)
    assert "Login        dana.whitfield@kelptide.example\n" in text
    assert "Path         crm-power-users" in text


def test_a_pipe_gets_one_line_a_record_whatever_its_width() -> None:
    assert f"{CARMEN}   Carmen Iglesias" in rendered(ACCESS, width=1_000)


@given(rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4), width=st.integers(20, 90))
def test_no_width_loses_a_character_or_writes_past_its_end(rows: list[tuple[str, str, str]], width: int) -> None:
    # Rows that differ in every column, so that nothing is said once for all.
    rows = [(f"{n}{a}", f"{n}{b}", f"{n}{c}") for n, (a, b, c) in enumerate(rows)]
    text = shown(table(("A", "B", "C"), rows), width)
    assert all(cell_len(line.rstrip()) <= width for line in text.splitlines())
    wanted = Counter("".join(cell for row in rows for cell in row).replace(" ", ""))
    assert wanted <= Counter(text)
