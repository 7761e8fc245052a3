from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import OktaRefused, OktaServerError, OktaUnreachable, SettingsError
from holdfast.sync.families import FAMILIES, WHOLE
from holdfast.sync.folders import SyncFolder
from holdfast.sync.pages import FamilyPages
from holdfast.sync.reading import FamilyWork, read_family
from holdfast.sync_contracts import FamilyProgress, FamilyRequest
from tests.unit.sync_tenants import TENANT, FakePage, FakeTenant, ignore, not_found, sync_of

GROUPS = ("g1", "g2", "g3", "g4")


def members_tenant(answers_left: int | None = None) -> FakeTenant:
    sizes = dict(zip(GROUPS, (7, 0, 3, 1), strict=True))
    lists = {f"/api/v1/groups/{g}/users": [{"id": f"{g}u{n}"} for n in range(size)] for g, size in sizes.items()}
    single = {f"/api/v1/groups/{group}": {"id": group} for group in GROUPS}
    return FakeTenant(lists, single, answers_left=answers_left)


def refused(status: int, code: str | None) -> OktaRefused:
    said = f"{code}: No" if code else f"HTTP {status} without a reason"
    return OktaRefused(f"{said} (GET /x, HTTP {status}). Ask somebody.", status=status, code=code)


MEMBERS = FamilyWork(FAMILIES["group_members"], GROUPS)


async def read(tenant: FakeTenant, folder: Path) -> FamilyPages:
    pages = FamilyPages(folder)
    await read_family(tenant, pages, MEMBERS, ignore)
    return pages


def rows(pages: FamilyPages) -> list[tuple[str, str]]:
    frame = pages.frame({"id": pl.String(), "parent_id": pl.String()})
    return sorted(frame.iter_rows())


async def test_a_family_is_read_page_by_page_for_each_parent(tmp_path: Path) -> None:
    tenant = members_tenant()
    pages = FamilyPages(tmp_path)
    report = await read_family(tenant, pages, MEMBERS, ignore)
    assert (report.rows, report.pages, report.unknown) == (11, 6, 0)
    assert pages.listing().complete == set(GROUPS)
    assert len(tenant.answered) == len(set(tenant.answered)) == 6


@given(deaths=st.lists(st.integers(0, 7), max_size=6))
@settings(max_examples=40, deadline=None)
async def test_however_often_a_read_dies_the_rows_are_the_same_and_no_stored_page_is_asked_again(
    deaths: list[int],
) -> None:
    with TemporaryDirectory() as undisturbed, TemporaryDirectory() as disturbed:
        expected = rows(await read(members_tenant(), Path(undisturbed)))
        tenant = members_tenant()
        for answers in deaths:
            tenant.answers_left = answers
            try:
                await read(tenant, Path(disturbed))
            except OktaUnreachable:
                continue
        tenant.answers_left = None
        assert rows(await read(tenant, Path(disturbed))) == expected
        assert len(tenant.answered) == len(set(tenant.answered))


async def test_what_a_killed_process_left_half_written_is_no_page(tmp_path: Path) -> None:
    tenant = members_tenant()
    (tmp_path / ".g1.000000.more.parquet.0123").write_bytes(b"PAR1 and no more")
    pages = await read(tenant, tmp_path)
    assert len(rows(pages)) == 11


async def test_one_bad_answer_does_not_keep_the_other_parents_from_being_read(tmp_path: Path) -> None:
    tenant = members_tenant()
    tenant.refusals["/api/v1/groups/g1/users"] = OktaServerError("E0000009: Internal Server Error")
    with pytest.raises(OktaServerError):
        await read(tenant, tmp_path)
    assert FamilyPages(tmp_path).listing().complete == set(GROUPS[1:])


async def test_a_tenant_that_is_away_is_not_asked_for_everything(tmp_path: Path) -> None:
    tenant = FakeTenant({}, answers_left=0)
    work = FamilyWork(FAMILIES["factors"], tuple(f"u{n}" for n in range(500)))
    asked: list[FamilyProgress] = []
    with pytest.raises(OktaUnreachable):
        await read_family(tenant, FamilyPages(tmp_path), work, asked.append)
    assert tenant.answered == []


async def test_one_refused_thing_is_unknown_with_okta_s_reason_and_not_asked_again(tmp_path: Path) -> None:
    tenant = members_tenant()
    tenant.refusals["/api/v1/groups/g3/users"] = refused(403, "E0000006")
    pages = await read(tenant, tmp_path)
    tenant.refusals.clear()
    await read(tenant, tmp_path)
    assert pages.reasons() == {"g3": "403 E0000006: No"}
    assert {parent for _, parent in rows(pages)} == {"g1", "g4"}
    assert not pages.listing().family_unknown


@pytest.mark.parametrize("refusal", [refused(401, "E0000015"), refused(403, None)], ids=["feature off", "no scope"])
async def test_a_feature_that_is_off_or_a_missing_scope_makes_the_whole_family_unknown(
    tmp_path: Path, refusal: OktaRefused
) -> None:
    tenant = members_tenant()
    for group in GROUPS:
        tenant.refusals[f"/api/v1/groups/{group}/users"] = refusal
    pages = await read(tenant, tmp_path)
    assert WHOLE in pages.reasons()
    assert pages.listing().family_unknown


async def test_when_every_parent_is_refused_it_is_said_once(tmp_path: Path) -> None:
    tenant = members_tenant()
    for group in GROUPS:
        tenant.refusals[f"/api/v1/groups/{group}/users"] = refused(403, "E0000006")
    pages = await read(tenant, tmp_path)
    assert pages.reasons()[WHOLE] == "403 E0000006: No"


async def test_a_group_that_was_deleted_meanwhile_is_gone_and_not_unknown(tmp_path: Path) -> None:
    tenant = members_tenant()
    path = "/api/v1/groups/g2/users"
    tenant.refusals = {path: not_found(path), "/api/v1/groups/g2": not_found("/api/v1/groups/g2")}
    listing = (await read(tenant, tmp_path)).listing()
    assert listing.gone == {"g2"}
    assert not listing.unknown


async def test_a_404_for_something_that_still_exists_is_unknown(tmp_path: Path) -> None:
    tenant = members_tenant()
    tenant.refusals["/api/v1/groups/g2/users"] = not_found("/api/v1/groups/g2/users")
    listing = (await read(tenant, tmp_path)).listing()
    assert listing.unknown == {"g2"}
    assert not listing.gone


@pytest.mark.parametrize("refusal", [refused(401, "E0000011"), refused(400, "E0000031")])
async def test_a_wrong_token_or_request_is_raised_and_never_taken_for_unknown(
    tmp_path: Path, refusal: OktaRefused
) -> None:
    tenant = members_tenant()
    tenant.refusals["/api/v1/groups/g1/users"] = refusal
    with pytest.raises(OktaRefused) as caught:
        await read(tenant, tmp_path)
    assert caught.value is refusal
    assert FamilyPages(tmp_path).listing().unknown == frozenset()


async def test_a_policy_type_the_tenant_never_heard_of_is_unknown_and_the_others_are_read(tmp_path: Path) -> None:
    tenant = FakeTenant({"/api/v1/policies?type=PASSWORD": [{"id": "p1"}]})
    tenant.refusals["/api/v1/policies?type=ENTITY_RISK"] = refused(400, "E0000001")
    tenant.refusals["/api/v1/policies?type=MFA_ENROLL"] = refused(401, "E0000015")
    work = FamilyWork(FAMILIES["policies"], ("ENTITY_RISK", "MFA_ENROLL", "PASSWORD"))
    pages = FamilyPages(tmp_path)
    await read_family(tenant, pages, work, ignore)
    assert pages.listing().unknown == {"ENTITY_RISK", "MFA_ENROLL"}
    assert pages.listing().complete == {"PASSWORD"}


async def test_progress_counts_parents_pages_and_rows(tmp_path: Path) -> None:
    seen: list[FamilyProgress] = []
    await read_family(members_tenant(), FamilyPages(tmp_path), MEMBERS, seen.append)
    assert (seen[0].parents_done, seen[0].parents) == (0, 4)
    assert (seen[-1].parents_done, seen[-1].pages, seen[-1].rows) == (4, 6, 11)


async def test_what_hangs_on_a_list_the_tenant_refuses_is_unknown_too(tmp_path: Path) -> None:
    tenant = FakeTenant({"/api/v1/users": []})
    tenant.refusals["/api/v1/groups"] = refused(403, "E0000006")
    sync = sync_of(tenant, tmp_path)
    for family in ("users", "groups", "group_members"):
        await sync.read(FamilyRequest(sync_id="s1", tenant=TENANT, family=family), ignore)
    assert SyncFolder(tmp_path, "s1").pages("group_members").reasons() == {WHOLE: "403 E0000006: No"}


async def test_a_tenant_that_hides_its_people_is_refused_with_a_sentence(tmp_path: Path) -> None:
    tenant = FakeTenant({}, refusals={"/api/v1/users": refused(403, "E0000006")})
    with pytest.raises(OktaRefused, match="does not let its users be read"):
        await sync_of(tenant, tmp_path).read(FamilyRequest(sync_id="s1", tenant=TENANT, family="users"), ignore)


async def test_a_sync_is_not_continued_from_another_tenant(tmp_path: Path) -> None:
    tenant = FakeTenant({"/api/v1/users": []})
    begun = FamilyRequest(sync_id="s1", tenant="https://other.test", family="users")
    with pytest.raises(SettingsError, match=r"began to read https://other\.test"):
        await sync_of(tenant, tmp_path).read(begun, ignore)
    assert tenant.answered == []


async def test_what_was_carried_over_stays_known_when_everything_that_changed_is_refused(tmp_path: Path) -> None:
    tenant = members_tenant()
    for group in GROUPS:
        tenant.refusals[f"/api/v1/groups/{group}/users"] = refused(403, "E0000006")
    pages = FamilyPages(tmp_path)
    await read_family(tenant, pages, FamilyWork(FAMILIES["group_members"], GROUPS, carried_over=100), ignore)
    assert pages.reasons().keys() == set(GROUPS)
    assert not pages.listing().family_unknown


class SlowTenant(FakeTenant):
    async def pages(
        self, path: str, params: Mapping[str, str | int] | None = None, *, start: str | None = None
    ) -> AsyncIterator[FakePage]:
        async for page in super().pages(path, params, start=start):
            await asyncio.sleep(0.01)
            yield page


async def test_an_attempt_that_outlived_its_heartbeat_and_the_next_one_do_not_mix_their_pages(tmp_path: Path) -> None:
    tenant = SlowTenant({"/api/v1/users": [{"id": f"u{n}", "profile": {}} for n in range(9)]})
    begun = FamilyRequest(sync_id="s1", tenant=TENANT, family="users")
    outlived = asyncio.create_task(sync_of(tenant, tmp_path).read(begun, ignore))
    while not tenant.answered:
        await asyncio.sleep(0)
    report = await sync_of(tenant, tmp_path).read(begun, ignore)
    assert (report.rows, report.pages) == (9, 3)
    assert tenant.answered == ["/api/v1/users#0", "/api/v1/users#3", "/api/v1/users#6"]
    assert (await outlived).rows == 9
