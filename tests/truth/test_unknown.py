"""Somebody whose factors could not be read is listed as unknown, and is never counted among those with none."""

from __future__ import annotations

from tests.truth.conftest import Company

UNREAD = "ottilie.strand@kelptide.example"


async def test_somebody_whose_factors_are_unknown_stands_last_and_is_marked(company: Company) -> None:
    asked = await company.ask("members of sso-super-admins with no phishing-resistant factor")
    assert asked.table is not None
    assert asked.table.tail(1)["login"].to_list() == [UNREAD]
    assert asked.table.tail(1)["fits"].to_list() == ["unknown"]
    assert asked.table["fits"].to_list().count("unknown") == 1
    assert "factors unknown for 1" in asked.message


async def test_who_is_unknown_is_counted_apart_and_not_among_those_who_fit(company: Company) -> None:
    (both,) = (await company.rows("how many people have no factor?"))[0].rows()
    (active,) = (await company.rows("how many people in the Sales department have no factor?"))[0].rows()
    assert both[1] == 1
    assert active[1] == 0


async def test_a_group_with_a_member_of_unknown_factors_is_not_one_of_people_with_factors_only(
    company: Company,
) -> None:
    found = set((await company.rows("groups that contain only (people with a factor)"))[0]["group_name"])
    records = company.records
    true = {
        group["profile"]["name"]
        for group in records.groups.values()
        if records.members_of[group["id"]] and all(records.factors_of[u] for u in records.members_of[group["id"]])
    }
    assert found == true
    assert "Security" not in found
