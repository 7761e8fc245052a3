"""Tenants in memory: they answer like Okta's client, and can die, refuse or count what they are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.demo.company import Company
from holdfast.demo.links import Presenter
from holdfast.demo.user_schema import user_schema, user_types
from holdfast.errors import HoldfastError, OktaNotFound, OktaUnreachable
from holdfast.graph.snapshots import SnapshotStore
from holdfast.sync.families import FAMILIES
from holdfast.sync.tenant_sync import SyncPlace, TenantSync
from holdfast.sync_contracts import FamilyProgress, FamilyReport, FamilyRequest

TENANT = "https://acme.test"
Record = dict[str, Any]


@dataclass(frozen=True)
class FakePage:
    items: list[Any]
    next: str | None


def not_found(path: str) -> OktaNotFound:
    return OktaNotFound(f"E0000007: Not found (GET {path}, HTTP 404).", status=404, code="E0000007")


@dataclass
class FakeTenant:
    """`lists` and `single` answer by path (with `?type=` for policies); `refusals` raise instead.

    With `answers_left` it answers so many more requests and is away from then on.
    """

    lists: Mapping[str, list[Record]]
    single: Mapping[str, Record] = field(default_factory=dict)
    refusals: dict[str, HoldfastError] = field(default_factory=dict)
    page_size: int = 3
    answers_left: int | None = None
    answered: list[str] = field(default_factory=list)

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        self._answer(path)
        if path in self.single:
            return self.single[path]
        if path in self.lists:
            return self.lists[path]
        raise not_found(path)

    async def pages(
        self, path: str, params: Mapping[str, str | int] | None = None, *, start: str | None = None
    ) -> AsyncIterator[FakePage]:
        kind = (params or {}).get("type")
        path = f"{path}?type={kind}" if kind else path
        offset = int(start.rpartition("=")[2]) if start else 0
        while True:
            self._answer(path, offset)
            if path not in self.lists:
                raise not_found(path)
            records = self.lists[path]
            end = offset + self.page_size
            following = f"{TENANT}{path}#after={end}" if end < len(records) else None
            yield FakePage(records[offset:end], following)
            if following is None:
                return
            offset = end

    def _answer(self, path: str, offset: int = 0) -> None:
        if self.answers_left is not None:
            if self.answers_left == 0:
                raise OktaUnreachable("acme.test did not answer.")
            self.answers_left -= 1
        if path in self.refusals:
            raise self.refusals[path]
        self.answered.append(f"{path}#{offset}")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[FakeTenant]:
        yield self


def tenant_of(company: Company, **options: Any) -> FakeTenant:
    """Everything a sync reads of a demo company, without HTTP."""
    show, api = Presenter(company, TENANT), "/api/v1"
    types = user_types(company, TENANT)
    kinds = {policy["type"] for policy in company.policies.values()}
    lists: dict[str, list[Record]] = {
        f"{api}/meta/types/user": types,
        f"{api}/users": [show.user(u) for u in company.users],
        f"{api}/groups": [show.group(g, stats=True) for g in company.groups],
        f"{api}/groups/rules": [show.rule(r) for r in company.group_rules],
        f"{api}/apps": [show.app(a) for a in company.apps],
        f"{api}/zones": [show.zone(z) for z in company.zones],
        f"{api}/devices": [show.device(d, "userSummary") for d in company.devices],
        f"{api}/iam/assignees/users": [{"id": user} for user in company.administrators],
    }
    lists |= {f"{api}/groups/{g}/users": [show.user(u) for u in users] for g, users in company.members.items()}
    lists |= {f"{api}/groups/{g}/roles": list(roles) for g, roles in company.group_roles.items()}
    lists |= {f"{api}/apps/{a}/users": [show.app_user(a, u) for u in us] for a, us in company.app_scopes.items()}
    lists |= {f"{api}/apps/{a}/groups": [show.app_group(a, g) for g in gs] for a, gs in company.app_groups.items()}
    lists |= {f"{api}/users/{u}/factors": show.factors(u) for u in company.users}
    lists |= {f"{api}/users/{u}/roles": company.roles(u) for u in company.administrators}
    lists |= {
        f"{api}/policies?type={kind}": [
            show.policy(p) for p, record in company.policies.items() if record["type"] == kind
        ]
        for kind in kinds
    }
    lists |= {
        f"{api}/policies/{p}/rules": [show.policy_rule(p, rule) for rule in rules]
        for p, rules in company.policy_rules.items()
    }
    single: dict[str, Record] = {f"{api}/users/{u}": show.user(u) for u in company.users}
    for user_type in types:
        schema_id = user_type["_links"]["schema"]["href"].rpartition("/")[2]
        schema = user_schema(company, schema_id, TENANT)
        assert schema is not None
        single[f"{api}/meta/schemas/user/{schema_id}"] = schema
    return FakeTenant(lists, single, **options)


def sync_of(tenant: FakeTenant, root: Path) -> TenantSync:
    place = SyncPlace(tenant=TENANT, root=root, engine="ladybug", keep=2)
    return TenantSync(place, tenant.opened, SnapshotStore(root / "graph"))


async def read_all(
    tenant: FakeTenant, root: Path, sync_id: str, base_sync_id: str | None = None
) -> dict[str, FamilyReport]:
    """Every family in the order of the table, which respects what each needs."""
    sync = sync_of(tenant, root)
    return {
        name: await sync.read(
            FamilyRequest(sync_id=sync_id, tenant=TENANT, family=name, base_sync_id=base_sync_id), ignore
        )
        for name in FAMILIES
    }


def ignore(_: FamilyProgress) -> None:
    pass
