"""The demo tenant as exported records and as a snapshot built from the same records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from evaluation.records import Record, Records
from holdfast.demo.company import Company, make_company
from holdfast.demo.export import export
from holdfast.graph.manifest import ManifestDraft
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.sync.families import FAMILIES, WHOLE
from holdfast.sync.rows import rows_frame
from holdfast.sync.tables import FamilyRows, make_tables

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
_REFUSED = "403 E0000006: You do not have permission"
# Exported relation → the id of the parent its records are listed under, the id of the record itself.
_RELATIONS = {
    "group_members": ("group_id", "user_id"),
    "app_users": ("app_id", "user_id"),
    "app_groups": ("app_id", "group_id"),
    "factors": ("user_id", "id"),
    "user_roles": ("user_id", "id"),
    "group_roles": ("group_id", "id"),
    "policy_rules": ("policy_id", "id"),
}


@dataclass(frozen=True)
class DemoTenant:
    """A company, as it was exported, and the published snapshot of it in `directory`, a data folder."""

    company: Company
    records: Records
    snapshot: Snapshot
    directory: Path


def demo_tenant(
    seed: int, users: int, directory: Path, unreadable: Mapping[str, frozenset[str]] = MappingProxyType({})
) -> DemoTenant:
    """`unreadable`: relation → names of the groups or applications whose lines the tenant does not tell."""
    company = make_company(seed, users, now=NOW)
    export(company, directory / "export", log=True)
    records = {
        file.stem: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for file in (directory / "export").glob("*.jsonl")
    }
    tables = make_tables(_families(records, _hidden(records, unreadable)), directory / "tables")
    store = SnapshotStore(directory / "graph")
    draft = ManifestDraft(
        snapshot_id="1",
        tenant="demo",
        mode="full",
        sync_started=NOW,
        sync_finished=NOW,
        graph_schema=tables.schema,
        unknown=tables.unknown,
    )
    snapshot = store.build(directory / "tables", draft, "ladybug")
    store.publish(snapshot)
    return DemoTenant(company, Records(records, NOW), snapshot, directory)


def _hidden(records: Mapping[str, list[Record]], unreadable: Mapping[str, frozenset[str]]) -> dict[str, set[str]]:
    names = {g["id"]: g["profile"]["name"] for g in records["groups"]} | {a["id"]: a["label"] for a in records["apps"]}
    return {family: {i for i, name in names.items() if name in hidden} for family, hidden in unreadable.items()}


def _families(records: Mapping[str, list[Record]], hidden: Mapping[str, set[str]]) -> dict[str, FamilyRows]:
    found = {}
    for name in FAMILIES:
        lines = [dict(line) for line in records.get(name, [])]
        if name == "devices":
            lines = _with_owners(lines, records["device_users"])
        unknown = {line["user_id"]: _REFUSED for line in lines if line.get("unreadable")}
        unknown |= dict.fromkeys(hidden.get(name, ()), _REFUSED)
        by_parent: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        parent, own = _RELATIONS.get(name, ("", "id"))
        for line in lines:
            if not line.get("unreadable") and line.get(parent) not in hidden.get(name, ()):
                record = _as_served(name, line) | {"id": line[own]}
                by_parent[line[parent] if parent else WHOLE].append(record)
        frames = [rows_frame(name, page, key) for key, page in by_parent.items()]
        if frames:
            found[name] = FamilyRows(pl.concat(frames), unknown)
    return found


def _as_served(name: str, line: Record) -> Record:
    if name == "app_users":
        return line | {"credentials": {"userName": line["app_username"]}}
    if name == "app_groups":
        return line | {"lastUpdated": line["last_updated"]}
    return line


def _with_owners(devices: list[Record], uses: list[Record]) -> list[Record]:
    owners: dict[str, list[Record]] = defaultdict(list)
    for use in uses:
        user = {"id": use["user_id"]}
        served = {"user": user, "managementStatus": use["management_status"], "created": use["created"]}
        owners[use["device_id"]].append(served)
    return [device | {"_embedded": {"users": owners[device["id"]]}} for device in devices]
