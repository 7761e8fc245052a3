"""What could not be read is unknown: neither there nor missing."""

from __future__ import annotations

import polars as pl

from tests.truth.conftest import Company


async def _shown(question: str, company: Company) -> pl.DataFrame:
    return (await company.rows(question))[0]


async def test_a_group_whose_members_are_unknown_is_not_empty(partly_read: Company) -> None:
    assert "Legacy VPN" not in (await _shown("empty groups", partly_read))["group_name"].to_list()
    small = await _shown("groups with fewer than 5 members", partly_read)
    assert not {"Legacy VPN", "Finance"} & set(small["group_name"])
    sizes = await _shown("members per group", partly_read)
    unknown = sizes.filter(pl.col("person_count").is_null())["group_name"]
    assert set(unknown) == {"Legacy VPN", "Finance"}
    assert set(sizes.tail(2)["group_name"]) == {"Legacy VPN", "Finance"}


async def test_a_count_that_could_not_be_read_is_shown_as_unknown_and_last(partly_read: Company) -> None:
    table = (await partly_read.ask("members per group")).table
    assert table is not None
    last = table.tail(2)
    assert set(last["group_name"]) == {"Legacy VPN", "Finance"}
    assert last["person_count"].to_list() == ["unknown", "unknown"]


async def test_an_application_whose_users_are_unknown_is_not_unassigned(partly_read: Company) -> None:
    unassigned = await _shown("apps with nobody assigned", partly_read)
    assert "Whiteboard" not in unassigned["application"].to_list()
    assert "Legacy VPN Client" in unassigned["application"].to_list()


async def test_nobody_is_surely_outside_a_group_that_could_not_be_read(partly_read: Company) -> None:
    assert len(await _shown("people not in the Finance group", partly_read)) == 0
    assert len(await _shown("people who cannot open Box and are active", partly_read)) == 0
    assert len(await _shown("people not in the Sales group", partly_read)) > 0
    # Those who left can open nothing, whatever could not be read.
    surely = await _shown("people who cannot open Box", partly_read)
    assert set(surely["status"]) == {"DEPROVISIONED"}


async def test_access_through_a_group_that_could_not_be_read_is_shown_as_such(partly_read: Company) -> None:
    opened = await _shown("who can open NetSuite", partly_read)
    assert set(opened["login"]) == {login for login, _, _ in partly_read.records.app_paths("NetSuite")}
    assert "through a group that could not be read" in opened["path"].to_list()


async def test_what_could_not_be_read_is_unknown_and_not_none_beside_a_thing(partly_read: Company) -> None:
    def beside(table: pl.DataFrame | None, name: str) -> str:
        assert table is not None
        return str(table.row(table[table.columns[0]].to_list().index(name))[-1])

    factors = (await partly_read.ask("list super admins together with their factors")).table
    assert beside(factors, "ottilie.strand@kelptide.example") == "unknown"
    members = (await partly_read.ask("groups with their members")).table
    assert beside(members, "Finance") == beside(members, "Legacy VPN") == "unknown"
    assert beside(members, "Project Nautilus 2019") == ""
    people = (await partly_read.ask("apps with their users")).table
    assert beside(people, "Whiteboard") == "unknown"
    # Those in the groups that open it are known, others may be.
    assert beside(people, "Box").startswith("(not all known), ")
    assert beside(people, "Legacy VPN Client") == ""
    groups = (await partly_read.ask("people with their groups")).table
    assert groups is not None
    assert "" not in groups[groups.columns[-1]].to_list()
