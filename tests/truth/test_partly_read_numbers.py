"""Numbers and comparisons of a company that could not be read whole: what is unknown is not counted as none."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evaluation.records import p
from tests.truth.conftest import Company

_HIDDEN = {"Legacy VPN", "Finance"}


async def _row(company: Company, question: str, columns: Sequence[str]) -> tuple[object, ...]:
    (row,) = (await company.rows(question))[0].select(columns).iter_rows()
    return row


async def test_of_whom_it_is_unknown_is_counted_apart(partly_read: Company) -> None:
    everybody = len(partly_read.records.users)
    columns = ("person_count", "matching_count", "unknown_count", "percent")
    finance = await _row(partly_read, "what percentage of people are in the Finance group?", columns)
    assert finance == (everybody, 0, everybody, None)
    sales = await _row(partly_read, "what percentage of people are in the Sales group?", columns)
    members = len(partly_read.records.members_of[partly_read.records.group("Sales")])
    assert sales == (everybody, members, 0, 100 * members / everybody)


async def test_the_sizes_of_groups_that_could_not_be_read_are_in_no_average(partly_read: Company) -> None:
    records = partly_read.records
    known = [len(records.members_of[i]) for i, g in records.groups.items() if g["profile"]["name"] not in _HIDDEN]
    columns = ("group_count", "unknown_count", "average")
    assert await _row(partly_read, "average group size", columns) == (len(known) + 2, 2, sum(known) / len(known))


async def test_a_department_is_not_below_a_bound_while_some_of_it_is_unknown(partly_read: Company) -> None:
    few = (await partly_read.rows("departments with fewer than 1000 people in the Finance group"))[0]
    none = (await partly_read.rows("departments with fewer than 2 people in the Finance group"))[0]
    assert len(few) > 0
    sizes = {row["department"]: row["person_count"] for row in few.iter_rows(named=True)}
    assert set(none["department"]) == {name for name, people in sizes.items() if people < 2}


async def test_the_largest_group_is_one_that_could_be_read(partly_read: Company) -> None:
    largest = (await partly_read.rows("which group has the most members?"))[0]
    assert not _HIDDEN & set(largest["group_name"])
    assert largest["person_count"].null_count() == 0


async def test_nothing_is_surely_lost_that_another_unread_group_may_give(partly_read: Company) -> None:
    records = partly_read.records
    given_by_unread = {
        x["app_id"]
        for x in records.families["app_groups"]
        if records.groups[x["group_id"]]["profile"]["name"] in _HIDDEN
    }
    unread = {records.app("Whiteboard"), records.app("Box")}
    for name in ("Everyone", "Sales", "Engineering"):
        lost = (await partly_read.rows(f"which apps would people lose without the group {name}?"))[0]
        assert not (given_by_unread | unread) & set(lost["application_id"])


async def test_two_people_are_compared_by_what_could_be_read_of_both(partly_read: Company) -> None:
    held = (await partly_read.rows("compare Dana Whitfield and Luis Ortega"))[0]
    assert not _HIDDEN & set(held.filter(pl.col("thing_kind") == "group")["thing_name"])
    dana = partly_read.records.person("Dana", "Whitfield")
    login = p(partly_read.records.users[dana])["login"]
    assert f"only {login}" in held["held_by"].to_list()


async def test_nought_of_what_could_not_be_read_is_not_none(partly_read: Company) -> None:
    assert (await partly_read.ask("how many members does Finance have")).message.startswith("At least **0** people.")
    assert "not counting 2 of whom it is unknown" in (await partly_read.ask("average group size")).message
