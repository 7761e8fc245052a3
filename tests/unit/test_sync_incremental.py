"""An incremental sync gives the tables of a full one, and asks only for what may have changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.demo.changes import evolve
from holdfast.demo.company import Company, make_company
from holdfast.errors import OktaRefused
from holdfast.graph.engine import EngineName
from holdfast.graph.manifest import ManifestDraft
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.sync.consolidation import Consolidated, consolidate
from holdfast.sync.folders import SyncFolder
from holdfast.sync.parents import Base
from holdfast.sync.tables import make_tables
from holdfast.sync.tenant_sync import SyncPlace, TenantSync
from holdfast.sync_contracts import SnapshotRequest, SyncStart
from tests.unit.sync_tenants import TENANT, FakeTenant, read_all, tenant_of

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SMALL = make_company(7, 60, now=NOW)


async def synced(tenant: FakeTenant, root: Path, sync_id: str, base: str | None = None) -> Consolidated:
    await read_all(tenant, root, sync_id, base)
    folder = SyncFolder(root, sync_id)
    return consolidate(folder, TENANT, NOW + timedelta(days=len(sync_id)), base_of(root, base))


def base_of(root: Path, sync_id: str | None) -> Base | None:
    if sync_id is None:
        return None
    folder = SyncFolder(root, sync_id)
    reads = folder.reads()
    assert reads is not None
    return Base(folder, reads)


def tables(read: Consolidated, folder: Path) -> dict[str, list[str]]:
    made = make_tables(read.families, folder)
    return {name: sorted(map(repr, pq.read_table(folder / f"{name}.parquet").to_pylist())) for name in made.counts}


@given(seed=st.integers(0, 3), steps=st.lists(st.integers(1, 3), min_size=1, max_size=2))
@settings(max_examples=3, deadline=None)
async def test_after_any_changes_an_incremental_sync_equals_a_full_one(seed: int, steps: list[int]) -> None:
    company = make_company(seed, 60, now=NOW)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        await synced(tenant_of(company, page_size=200), root, "s")
        base = "s"
        for number, count in enumerate(steps):
            for _ in range(count):
                company = evolve(company, at=NOW + timedelta(hours=number + 1))
            tenant = tenant_of(company, page_size=200)
            read = await synced(tenant, root, f"{base}i", base)
            base = f"{base}i"
            full = await synced(tenant_of(company, page_size=200), root, f"full{number}")
            assert tables(read, root / "a") == tables(full, root / "b")


async def test_nothing_changed_means_no_factor_and_no_member_is_read(tmp_path: Path) -> None:
    await synced(tenant_of(SMALL), tmp_path, "s")
    tenant = tenant_of(SMALL)
    reports = await read_all(tenant, tmp_path, "si", "s")
    assert not [path for path in tenant.answered if "/factors" in path or ("/groups/" in path and "/users" in path)]
    assert reports["group_members"].carried_over == len(SMALL.groups)


async def test_factors_that_were_carried_over_keep_the_time_they_were_read(tmp_path: Path) -> None:
    first = await synced(tenant_of(SMALL), tmp_path, "s")
    second = await synced(tenant_of(SMALL), tmp_path, "si", "s")
    third = await synced(tenant_of(SMALL), tmp_path, "sii", "si")
    started = NOW + timedelta(days=1)
    assert first.carried_over(started) == {}
    assert second.carried_over(NOW + timedelta(days=2)) == {"factors": started}
    assert third.carried_over(NOW + timedelta(days=3)) == {"factors": started}


async def test_a_member_removed_without_a_trace_in_the_times_is_found_by_okta_s_count(tmp_path: Path) -> None:
    await synced(tenant_of(SMALL), tmp_path, "s")
    group = next(group for group, users in SMALL.members.items() if len(users) > 3)
    moved = _with_members(SMALL, group, SMALL.members[group][1:])
    read = await synced(tenant_of(moved), tmp_path, "si", "s")
    full = await synced(tenant_of(moved), tmp_path, "full")
    assert tables(read, tmp_path / "a") == tables(full, tmp_path / "b")


async def test_what_was_unknown_in_the_base_is_asked_again(tmp_path: Path) -> None:
    tenant = tenant_of(SMALL)
    user = next(u for u, record in SMALL.users.items() if record["status"] == "ACTIVE")
    path = f"/api/v1/users/{user}/factors"
    tenant.refusals[path] = OktaRefused("E0000006: No (GET x).", status=403, code="E0000006")
    await synced(tenant, tmp_path, "s")
    again = tenant_of(SMALL)
    read = await synced(again, tmp_path, "si", "s")
    assert [asked for asked in again.answered if "/factors" in asked] == [f"{path}#0"]
    assert read.families["factors"].unknown == {}


async def test_what_is_kept_of_a_sync_is_a_base_without_its_pages(tmp_path: Path) -> None:
    await synced(tenant_of(SMALL), tmp_path, "s")
    SyncFolder(tmp_path, "s").drop_pages()
    read = await synced(tenant_of(SMALL), tmp_path, "si", "s")
    assert read.families["factors"].frame.height == SyncFolder(tmp_path, "s").rows("factors").height


async def test_an_attempt_that_outlived_its_heartbeat_keeps_its_tables_from_the_next(tmp_path: Path) -> None:
    tenant = tenant_of(SMALL)
    await read_all(tenant, tmp_path, "s")
    place = SyncPlace(tenant=TENANT, root=tmp_path, engine="ladybug", keep=2)
    start = SyncStart(mode="full", tenant=TENANT, base_sync_id=None)
    request = SnapshotRequest(sync_id="s", start=start, started=NOW, finished=NOW)

    def written(tables: Path) -> dict[str, int]:
        return {file.name: file.stat().st_mtime_ns for file in tables.iterdir()}

    class Overtaken(SnapshotStore):
        """The second attempt runs while the first one builds."""

        attempts = 0

        def build(self, tables: Path, draft: ManifestDraft, engine: EngineName) -> Snapshot:
            before = written(tables)
            self.attempts += 1
            if self.attempts == 1:
                TenantSync(place, tenant.opened, self).build(request)
            assert written(tables) == before
            return super().build(tables, draft, engine)

    snapshots = Overtaken(tmp_path / "graph")
    TenantSync(place, tenant.opened, snapshots).build(request)
    assert snapshots.attempts == 2
    assert {entry.name for entry in (tmp_path / "s").iterdir()} == {"pages", "rows"}


def _with_members(company: Company, group: str, users: tuple[str, ...]) -> Company:
    return replace(company, members={**company.members, group: users})
