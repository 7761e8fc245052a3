"""From the rows of every family to the graph's tables: typed, without duplicates, every edge with both its ends.

A live tenant moves while it is read. So a thing that a page repeats is taken once, an edge whose end was not read
is left out and counted, and a group whose members are not as many as its statistics say is told in a note; none of
these is an error. What must add up is our own arithmetic, and GRAPH's count of the database against these tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import polars as pl
import pyarrow.parquet as pq

from holdfast.atomic_files import replacing
from holdfast.graph.manifest import UnknownRead
from holdfast.graph.schema import BASE_SCHEMA, KNOWN_MARKERS, ColumnType, GraphSchema, RelationTable
from holdfast.sync.attributes import attribute_columns, declared_attributes, observed_attributes, with_attributes
from holdfast.sync.edges import EDGES, manager_edges, without_loose_ends
from holdfast.sync.families import FAMILIES, WHOLE
from holdfast.sync.rows import SHAPES, Record, rows_frame
from holdfast.sync.unknown import unknown_reads, untold_owners

# Node label → the family whose rows are such things; roles are gathered from assignments.
_NODE_FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "User": "users",
        "Group": "groups",
        "GroupRule": "group_rules",
        "Application": "apps",
        "Factor": "factors",
        "Device": "devices",
        "Policy": "policies",
        "PolicyRule": "policy_rules",
        "NetworkZone": "zones",
    }
)
# Groups named in a note; it stays one sentence.
_MAX_NAMED = 5


@dataclass(frozen=True)
class FamilyRows:
    """All that was read of one family. `unknown` maps a parent (WHOLE: the family) to the tenant's refusal."""

    frame: pl.DataFrame
    unknown: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tables:
    """What was written. `dropped` counts, by relation table, edges whose end was not read."""

    schema: GraphSchema
    counts: dict[str, int]
    dropped: dict[str, int]
    unknown: tuple[UnknownRead, ...]
    notes: tuple[str, ...]


def make_tables(families: Mapping[str, FamilyRows], to: Path) -> Tables:
    """Write one Parquet file for each table of the graph to the folder `to`. Blocks; raises StorageFull.

    A family that is missing from `families` was not read because there was nothing to read: its tables are empty.
    """
    rows = {name: families.get(name) or FamilyRows(_no_rows(name)) for name in FAMILIES}
    attributes = _attributes(rows)
    schema = BASE_SCHEMA.with_user_attributes(
        {column: attributes[name] for name, column in attribute_columns(attributes).items()}
    )
    nodes = _nodes(rows, schema, attributes)
    dropped: dict[str, int] = {}
    to.mkdir(parents=True, exist_ok=True)
    counts = {label: _write(frame, to / f"{label}.parquet") for label, frame in nodes.items()}
    for relation in schema.relations:
        edges = _edges(relation, rows, nodes)
        whole = without_loose_ends(edges, nodes[relation.source], nodes[relation.target])
        dropped[relation.file_stem] = edges.height - whole.height
        counts[relation.file_stem] = _write(
            whole.select("from_id", "to_id", *relation.columns), to / f"{relation.file_stem}.parquet"
        )
    return Tables(
        schema=schema,
        counts=counts,
        dropped={table: count for table, count in dropped.items() if count},
        unknown=(
            *unknown_reads({name: family.unknown for name, family in rows.items()}, nodes),
            *untold_owners(rows["devices"].frame),
        ),
        notes=(*_membership_notes(rows), *_gone_notes(rows)),
    )


def tables_from_records(records: Mapping[str, Mapping[str, Sequence[Record]]], to: Path) -> Tables:
    """Tables straight from records in Okta's shapes, without reading a tenant: family → parent → records.

    The parent is the id that the family is read for (a group for `group_members`, whose records are users), and
    WHOLE (the empty text) for a family that is one list.
    """
    families = {
        name: FamilyRows(
            pl.concat([_no_rows(name), *(rows_frame(name, list(page), parent) for parent, page in parents.items())])
        )
        for name, parents in records.items()
    }
    return make_tables(families, to)


def _no_rows(family: str) -> pl.DataFrame:
    return pl.DataFrame(schema=dict(SHAPES[family].columns))


def _attributes(rows: Mapping[str, FamilyRows]) -> dict[str, ColumnType]:
    """The tenant's custom user attributes: as declared; by their values where it does not tell its schema."""
    observed = observed_attributes(rows["users"].frame["custom"])
    return observed | declared_attributes(rows["user_schemas"].frame)


def _nodes(
    rows: Mapping[str, FamilyRows], schema: GraphSchema, attributes: Mapping[str, ColumnType]
) -> dict[str, pl.DataFrame]:
    nodes = {}
    for node in schema.nodes:
        frame = _roles(rows) if node.label == "Role" else rows[_NODE_FAMILIES[node.label]].frame
        frame = frame.unique("id", keep="last", maintain_order=True)
        if node.label == "User":
            frame = with_attributes(frame, attributes)
        gone = [parent for name in _asked_of(node.label) for parent in rows[name].gone]
        frame = frame.filter(~pl.col("id").is_in(gone)) if gone else frame
        frame = frame.with_columns(
            _known(node.label, column, rows) for column in node.columns if column.endswith("_known")
        )
        nodes[node.label] = frame.select(list(node.columns))
    return nodes


def _known(label: str, marker: str, rows: Mapping[str, FamilyRows]) -> pl.Expr:
    """Whether the relation behind `marker` was read, for each thing."""
    if label == "Device":
        # The list of devices tells who uses them, or leaves it out.
        return pl.col("users").is_not_null().alias(marker)
    relation = KNOWN_MARKERS[(label, marker)]
    unknown = [rows[name].unknown for name in _asked_of(label) if FAMILIES[name].relation == relation]
    if any(WHOLE in reasons for reasons in unknown):
        return pl.lit(value=False).alias(marker)
    parents = [parent for reasons in unknown for parent in reasons]
    return (~pl.col("id").is_in(parents)).alias(marker)


def _asked_of(label: str) -> list[str]:
    return [family.name for family in FAMILIES.values() if family.label == label and family.relation is not None]


def _roles(rows: Mapping[str, FamilyRows]) -> pl.DataFrame:
    held = pl.concat([rows["user_roles"].frame, rows["group_roles"].frame])
    return held.filter(pl.col("role_id").is_not_null()).select(pl.col("role_id").alias("id"), "label", "type")


def _edges(relation: RelationTable, rows: Mapping[str, FamilyRows], nodes: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    if relation.name == "REPORTS_TO":
        return manager_edges(nodes["User"])
    family, edges_of = EDGES[relation.file_stem]
    edges = edges_of(rows[family].frame, nodes)
    # One thing is at one end of an edge of the same kind once; a repeated page says the same again.
    keys = ["from_id", "to_id", *(c for c in ("mode", "assignment_id") if c in relation.columns)]
    return edges.drop_nulls(["from_id", "to_id"]).unique(keys, keep="last", maintain_order=True)


def _write(frame: pl.DataFrame, file: Path) -> int:
    # Through Arrow: the graph engine reads timestamps that Polars itself wrote as integers.
    with replacing(file) as temporary:
        pq.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), temporary)
    return frame.height


def _membership_notes(rows: Mapping[str, FamilyRows]) -> list[str]:
    members = rows["group_members"]
    read = members.frame.unique(["id", "parent_id"]).group_by("parent_id").agg(pl.len().cast(pl.Int64).alias("read"))
    silent = [*members.unknown, *members.gone]
    if WHOLE in members.unknown:
        return []
    differing = (
        rows["groups"]
        .frame.unique("id", keep="last", maintain_order=True)
        .filter(pl.col("users_count").is_not_null() & ~pl.col("id").is_in(silent))
        .join(read, left_on="id", right_on="parent_id", how="left")
        .with_columns(pl.col("read").fill_null(0))
        .filter(pl.col("read") != pl.col("users_count"))
    )
    if differing.is_empty():
        return []
    named = "; ".join(
        f"{row['name']}: {row['read']:,} read, {row['users_count']:,} counted by Okta"
        for row in differing.head(_MAX_NAMED).iter_rows(named=True)
    )
    return [
        f"{differing.height} group(s) changed while they were read, or Okta's count is behind ({named}"
        f"{', …' if differing.height > _MAX_NAMED else ''}). The members that were read are in the graph."
    ]


def _gone_notes(rows: Mapping[str, FamilyRows]) -> list[str]:
    return [
        f"{len(family.gone)} {FAMILIES[name].label.lower()}(s) were deleted in the tenant while their {name} were "
        "read; they are left out."
        for name, family in rows.items()
        if family.gone
    ]
