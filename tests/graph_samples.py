"""A small tenant as a folder of tables: what a sync hands to the graph, without a sync.

Ada and Grace are in Engineering, Bo in Finance, Ivy left; Ada opens Payroll both directly and through a group.
"""

# ruff: noqa: DTZ001 - timestamps in the graph are UTC without a zone

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from holdfast.graph.engine import EngineName
from holdfast.graph.manifest import ManifestDraft, UnknownRead
from holdfast.graph.schema import BASE_SCHEMA, ColumnType, GraphSchema
from holdfast.graph.snapshots import Snapshot, SnapshotStore

_ARROW_TYPES = {
    ColumnType.STRING: pa.string(),
    ColumnType.BOOL: pa.bool_(),
    ColumnType.INT64: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.STRING_LIST: pa.list_(pa.string()),
}

Rows = Sequence[Mapping[str, Any]]

USERS: Rows = [
    {"id": "00u1", "login": "ada@acme.test", "email": "ada@acme.test", "first_name": "Ada", "last_name": "Lovelace",
     "display_name": "Ada Lovelace", "department": "Engineering", "status": "ACTIVE",
     "created": datetime(2024, 1, 2, 3, 4, 5, 678901), "last_login": datetime(2025, 3, 1)},
    {"id": "00u2", "login": "grace@acme.test", "first_name": "Grace", "last_name": "O'Hopper 😀",
     "display_name": "Grace O'Hopper 😀", "department": "Engineering", "status": "SUSPENDED",
     "created": datetime(2024, 5, 6), "factors_known": False},
    {"id": "00u3", "login": "bo@acme.test", "first_name": "Bo", "last_name": "Settle", "display_name": "Bo Settle",
     "department": "Finance", "status": "ACTIVE", "created": datetime(2024, 7, 8)},
    {"id": "00u4", "login": "ivy@acme.test", "first_name": "Ivy", "last_name": "=Gone", "display_name": "Ivy =Gone",
     "status": "DEPROVISIONED", "created": datetime(2020, 1, 1)},
]  # fmt: skip
GROUPS: Rows = [
    {"id": "00g1", "name": "Everyone", "type": "BUILT_IN"},
    {"id": "00g2", "name": "Finance \\ Admins", "type": "OKTA_GROUP"},
    {"id": "00g3", "name": "Board Secrets", "type": "OKTA_GROUP", "members_known": False},
]
APPLICATIONS: Rows = [
    {"id": "0oa1", "label": "Payroll", "name": "payroll", "status": "ACTIVE", "features": ["PUSH", "IMPORT"]},
    {"id": "0oa2", "label": "Wiki", "name": "wiki", "status": "INACTIVE", "features": []},
]
TABLES: Mapping[str, Rows] = {
    "User": USERS,
    "Group": GROUPS,
    "Application": APPLICATIONS,
    "MEMBER_OF.User.Group": [
        {"from_id": "00u1", "to_id": "00g1"},
        {"from_id": "00u2", "to_id": "00g1"},
        {"from_id": "00u3", "to_id": "00g1"},
        {"from_id": "00u1", "to_id": "00g2"},
        {"from_id": "00u3", "to_id": "00g2"},
    ],
    "HAS_ACCESS.User.Application": [
        {"from_id": "00u1", "to_id": "0oa1", "scope": "USER", "status": "ACTIVE"},
        {"from_id": "00u3", "to_id": "0oa1", "scope": "GROUP", "status": "ACTIVE"},
    ],
    "GROUP_HAS_ACCESS.Group.Application": [{"from_id": "00g2", "to_id": "0oa1", "priority": 0}],
    "REPORTS_TO.User.User": [{"from_id": "00u2", "to_id": "00u1"}],
    "Role": [{"id": "SUPER_ADMIN", "label": "Super Administrator", "type": "SUPER_ADMIN"}],
    "HAS_ROLE.Group.Role": [{"from_id": "00g2", "to_id": "SUPER_ADMIN", "assignment_id": "ra1"}],
}

UNKNOWN = (
    UnknownRead(
        family="group_members", label="Group", relation="MEMBER_OF", subject_id="00g3", subject_name="Board Secrets",
        reason="403 E0000006: You do not have permission",
    ),
)  # fmt: skip


def write_tables(folder: Path, tables: Mapping[str, Rows] = TABLES, schema: GraphSchema = BASE_SCHEMA) -> Path:
    """Write `tables` as a sync does: every column of the schema, what a row leaves out is null (markers: true)."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = {node.label: node.columns for node in schema.nodes}
    ends = {"from_id": ColumnType.STRING, "to_id": ColumnType.STRING}
    columns |= {relation.file_stem: {**ends, **relation.columns} for relation in schema.relations}
    for name, rows in tables.items():
        arrays = {
            column: pa.array([row.get(column, _default(column)) for row in rows], _ARROW_TYPES[kind])
            for column, kind in columns[name].items()
        }
        pq.write_table(pa.table(arrays), folder / f"{name}.parquet")
    return folder


def _default(column: str) -> bool | None:
    return True if column.endswith("_known") else None


def draft(
    snapshot_id: str = "one",
    *,
    schema: GraphSchema = BASE_SCHEMA,
    unknown: tuple[UnknownRead, ...] = UNKNOWN,
    finished: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC),
) -> ManifestDraft:
    """What a full sync says of the snapshot it is about to build."""
    return ManifestDraft(
        snapshot_id=snapshot_id, tenant="https://acme.okta.test", mode="full", sync_started=finished,
        sync_finished=finished, graph_schema=schema, unknown=unknown,
    )  # fmt: skip


def sample_snapshot(root: Path, engine: EngineName = "ladybug", tables: Mapping[str, Rows] = TABLES) -> Snapshot:
    """A published snapshot of the sample tenant under `root` (a store's folder), and the store's current one."""
    store = SnapshotStore(root / "graph")
    snapshot = store.build(write_tables(root / "tables", tables), draft(), engine)
    store.publish(snapshot)
    return store.current()
