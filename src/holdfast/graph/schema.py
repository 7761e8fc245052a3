"""What the graph holds: node tables, relation tables, and which tenant reads fill them.

One place for the loader (which creates it), the sync (which fills it), the query guard (which allows no other
name) and the writers (which are told of it). The engine-independent column types are Parquet-friendly.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict


class ColumnType(StrEnum):
    """Types both engines load from Parquet without surprise. TIMESTAMP is UTC, microseconds, no zone."""

    STRING = "STRING"
    BOOL = "BOOL"
    INT64 = "INT64"
    DOUBLE = "DOUBLE"
    TIMESTAMP = "TIMESTAMP"
    STRING_LIST = "STRING[]"


class NodeTable(BaseModel):
    """A kind of thing. `columns` starts with the primary key `id`."""

    model_config = ConfigDict(frozen=True)
    label: str
    columns: dict[str, ColumnType]


class RelationTable(BaseModel):
    """A kind of link between two kinds of thing; `file_stem` names its Parquet table."""

    model_config = ConfigDict(frozen=True)
    name: str
    source: str
    target: str
    columns: dict[str, ColumnType]

    @property
    def file_stem(self) -> str:
        """`MEMBER_OF.User.Group`: one Parquet table for each pair of labels."""
        return f"{self.name}.{self.source}.{self.target}"


class GraphSchema(BaseModel):
    """All tables of one snapshot; custom profile attributes make it differ between tenants."""

    model_config = ConfigDict(frozen=True)
    nodes: tuple[NodeTable, ...]
    relations: tuple[RelationTable, ...]

    @cached_property
    def labels(self) -> frozenset[str]:
        """Names a pattern may put after `:` inside parentheses."""
        return frozenset(node.label for node in self.nodes)

    @cached_property
    def relation_names(self) -> frozenset[str]:
        """Names a pattern may put after `:` inside brackets."""
        return frozenset(relation.name for relation in self.relations)

    @cached_property
    def properties(self) -> frozenset[str]:
        """Names a query may put after `.`."""
        tables: tuple[NodeTable | RelationTable, ...] = (*self.nodes, *self.relations)
        return frozenset(column for table in tables for column in table.columns)

    def node(self, label: str) -> NodeTable:
        """The node table called `label`. Raises KeyError."""
        for node in self.nodes:
            if node.label == label:
                return node
        raise KeyError(label)

    def with_user_attributes(self, attributes: Mapping[str, ColumnType]) -> GraphSchema:
        """The same schema with the tenant's custom user attributes as columns of User.

        `attributes` maps column names (see `attribute_column`) to types.
        """
        nodes = tuple(
            NodeTable(label=n.label, columns={**n.columns, **attributes}) if n.label == "User" else n
            for n in self.nodes
        )
        return GraphSchema(nodes=nodes, relations=self.relations)


_S, _B, _I, _T = ColumnType.STRING, ColumnType.BOOL, ColumnType.INT64, ColumnType.TIMESTAMP
_LIST = ColumnType.STRING_LIST

# `*_known` is false where the tenant did not let us read the relation of that one thing (403, feature off, …):
# an absent edge then means "unknown", never "none".
BASE_SCHEMA = GraphSchema(
    nodes=(
        NodeTable(
            label="User",
            columns={
                "id": _S,
                "login": _S,
                "email": _S,
                "second_email": _S,
                "first_name": _S,
                "last_name": _S,
                "display_name": _S,  # profile.displayName, else "first last"
                "nick_name": _S,
                "department": _S,
                "division": _S,
                "organization": _S,
                "cost_center": _S,
                "title": _S,
                "employee_number": _S,
                "user_type": _S,  # profile.userType: Employee, Contractor, Service …
                "city": _S,
                "state": _S,
                "country_code": _S,
                "mobile_phone": _S,
                "primary_phone": _S,
                "manager": _S,
                "manager_id": _S,
                "status": _S,  # STAGED PROVISIONED ACTIVE RECOVERY PASSWORD_EXPIRED LOCKED_OUT SUSPENDED DEPROVISIONED
                "created": _T,
                "activated": _T,
                "status_changed": _T,
                "last_login": _T,
                "last_updated": _T,
                "password_changed": _T,
                "factors_known": _B,
                "roles_known": _B,
            },
        ),
        NodeTable(
            label="Group",
            columns={
                "id": _S,
                "name": _S,
                "description": _S,
                "type": _S,  # OKTA_GROUP APP_GROUP BUILT_IN
                "object_class": _S,  # okta:user_group, okta:windows_security_principal …
                "source_id": _S,  # the application that feeds an APP_GROUP
                "created": _T,
                "last_updated": _T,
                "last_membership_updated": _T,
                "members_known": _B,
                "roles_known": _B,
            },
        ),
        NodeTable(
            label="GroupRule",
            columns={
                "id": _S,
                "name": _S,
                "status": _S,
                "expression": _S,
                "created": _T,
                "last_updated": _T,
            },
        ),
        NodeTable(
            label="Application",
            columns={
                "id": _S,
                "label": _S,
                "name": _S,
                "status": _S,
                "sign_on_mode": _S,
                "created": _T,
                "last_updated": _T,
                "features": _LIST,
                "users_known": _B,
                "groups_known": _B,
            },
        ),
        NodeTable(
            label="Factor",
            columns={
                "id": _S,
                "factor_type": _S,
                "provider": _S,
                "vendor_name": _S,
                "status": _S,
                "name": _S,
                "phone_number": _S,
                "created": _T,
                "last_updated": _T,
            },
        ),
        NodeTable(
            label="Device",
            columns={
                "id": _S,
                "name": _S,
                "platform": _S,
                "manufacturer": _S,
                "model": _S,
                "os_version": _S,
                "serial_number": _S,
                "status": _S,
                "registered": _B,
                "secure_hardware": _B,
                "disk_encryption": _S,
                "created": _T,
                "last_updated": _T,
                "owners_known": _B,
            },
        ),
        # id is the standard role's type (SUPER_ADMIN …) or the custom role's own id.
        NodeTable(label="Role", columns={"id": _S, "label": _S, "type": _S}),
        NodeTable(
            label="Policy",
            columns={
                "id": _S,
                "name": _S,
                "type": _S,
                "status": _S,
                "priority": _I,
                "description": _S,
                "system": _B,
                "created": _T,
                "last_updated": _T,
                "rules_known": _B,
            },
        ),
        NodeTable(
            label="PolicyRule",
            columns={
                "id": _S,
                "name": _S,
                "type": _S,
                "status": _S,
                "priority": _I,
                "system": _B,
                "access": _S,  # ALLOW DENY, where the rule decides access
                "conditions": _S,  # JSON as the tenant gave it
                "actions": _S,  # JSON as the tenant gave it
                "created": _T,
                "last_updated": _T,
            },
        ),
        NodeTable(
            label="NetworkZone",
            columns={
                "id": _S,
                "name": _S,
                "type": _S,
                "status": _S,
                "usage": _S,
                "system": _B,
                "gateways": _LIST,
                "proxies": _LIST,
                "created": _T,
                "last_updated": _T,
            },
        ),
    ),
    relations=(
        RelationTable(name="MEMBER_OF", source="User", target="Group", columns={}),
        # `scope` as Okta lists an application's user: USER is assigned directly, GROUP only through groups.
        RelationTable(
            name="HAS_ACCESS",
            source="User",
            target="Application",
            columns={"scope": _S, "status": _S, "app_username": _S, "created": _T},
        ),
        RelationTable(
            name="GROUP_HAS_ACCESS",
            source="Group",
            target="Application",
            columns={"priority": _I, "last_updated": _T},
        ),
        RelationTable(name="ENROLLED", source="User", target="Factor", columns={}),
        RelationTable(name="OWNS", source="User", target="Device", columns={"management_status": _S, "created": _T}),
        # Direct assignments only; a role held through a group is MEMBER_OF followed by the group's HAS_ROLE.
        RelationTable(
            name="HAS_ROLE",
            source="User",
            target="Role",
            columns={"assignment_id": _S, "status": _S, "created": _T},
        ),
        RelationTable(
            name="HAS_ROLE",
            source="Group",
            target="Role",
            columns={"assignment_id": _S, "status": _S, "created": _T},
        ),
        RelationTable(name="REPORTS_TO", source="User", target="User", columns={}),
        RelationTable(name="POPULATES", source="GroupRule", target="Group", columns={}),
        RelationTable(name="GOVERNED_BY", source="Application", target="Policy", columns={}),
        RelationTable(name="CONTAINS_RULE", source="Policy", target="PolicyRule", columns={}),
        # `mode` is INCLUDE or EXCLUDE.
        RelationTable(name="APPLIES_TO_GROUP", source="Policy", target="Group", columns={"mode": _S}),
        RelationTable(name="APPLIES_TO_GROUP", source="PolicyRule", target="Group", columns={"mode": _S}),
        RelationTable(name="APPLIES_TO_USER", source="PolicyRule", target="User", columns={"mode": _S}),
        RelationTable(name="APPLIES_TO_ZONE", source="PolicyRule", target="NetworkZone", columns={"mode": _S}),
    ),
)

# Which relation's absence is in doubt when a `*_known` marker is false: (label, marker) → relation.
KNOWN_MARKERS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("User", "factors_known"): "ENROLLED",
        ("User", "roles_known"): "HAS_ROLE",
        ("Group", "members_known"): "MEMBER_OF",
        ("Group", "roles_known"): "HAS_ROLE",
        ("Application", "users_known"): "HAS_ACCESS",
        ("Application", "groups_known"): "GROUP_HAS_ACCESS",
        ("Policy", "rules_known"): "CONTAINS_RULE",
        ("Device", "owners_known"): "OWNS",
    }
)


def attribute_column(name: str) -> str:
    """The column for a custom profile attribute: `hireDate` → `hire_date`; a taken name gets `custom_` before it."""
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_")
    safe = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in snake)
    taken = BASE_SCHEMA.node("User").columns
    return f"custom_{safe}" if safe in taken or not safe or safe[0].isdigit() else safe
