"""Of what a family is read, and what an incremental sync takes from its base instead.

Lists of things are read whole in every mode: that costs a call for 200 of them, shows what was deleted, and keeps
what changes without a trace in `lastUpdated` (a sign-in). What is saved are the two families that cost a call for
each thing and whose things tell whether they changed:

- `group_members`: Okta says when a group's membership last changed, and counts its members. Both must agree with
  the base, so a deletion that "changed since" cannot show makes the group be read again.
- `factors`: nothing tells that a factor changed. Those of people whose record is the same are carried over, and
  the manifest says when they were read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from holdfast.sync.families import POLICY_TYPES, WHOLE, Family
from holdfast.sync.folders import Reads, SyncFolder

# Of these Okta cannot say whether they changed, so what was carried over is as old as it is.
AGEING = frozenset({"factors"})
# Everyone has the default type, and its schema answers to this name where the list of types is refused.
_DEFAULT_SCHEMA = "default"


@dataclass(frozen=True)
class Base:
    """The sync that an incremental one builds on."""

    folder: SyncFolder
    reads: Reads


def parents_of(family: Family, folder: SyncFolder) -> tuple[str, ...]:
    """What the family is read of, in order, from the finished pages of the family before it."""
    if family.parent_param is not None:
        return POLICY_TYPES
    if family.parents_from is None:
        return (WHOLE,)
    rows = folder.page_rows(family.parents_from)
    match family.name:
        case "factors":
            # Okta takes a person's factors away on deactivation.
            rows = rows.filter(pl.col("status").ne_missing("DEPROVISIONED"))
        case "group_roles":
            rows = rows.filter(pl.col("has_admin").ne_missing(other=False))
        case "user_schemas":
            return _ids(rows.get_column("schema_id")) or (_DEFAULT_SCHEMA,)
        case _:
            pass
    return _ids(rows.get_column("id"))


def carried_over(family: Family, folder: SyncFolder, base: Base) -> frozenset[str]:
    """Parents whose rows in the base still hold, so that they are not read again."""
    before = base.reads.families.get(family.name)
    unchanged = _UNCHANGED.get(family.name)
    if unchanged is None or before is None or WHOLE in before.unknown:
        return frozenset()
    return frozenset(unchanged(folder, base.folder)) - before.unknown.keys() - set(before.gone)


def _ids(column: pl.Series) -> tuple[str, ...]:
    return tuple(column.drop_nulls().unique().sort().to_list())


def _unchanged_people(folder: SyncFolder, base: SyncFolder) -> list[str]:
    keys = ["id", "status", "last_updated"]
    now, then = folder.page_rows("users").select(keys), base.rows("users").select(keys)
    return now.filter(pl.col("status").ne_missing("DEPROVISIONED")).join(then, on=keys, how="semi")["id"].to_list()


def _unchanged_groups(folder: SyncFolder, base: SyncFolder) -> list[str]:
    keys = ["id", "last_membership_updated", "users_count"]
    members = base.rows("group_members").unique(["id", "parent_id"])
    counted = members.group_by("parent_id").agg(pl.len().cast(pl.Int64).alias("users_count"))
    then = (
        base.rows("groups")
        .select("id", "last_membership_updated")
        .join(counted, left_on="id", right_on="parent_id", how="left")
        .with_columns(pl.col("users_count").fill_null(0))
    )
    return folder.page_rows("groups").select(keys).join(then, on=keys, how="semi")["id"].to_list()


_UNCHANGED: MappingProxyType[str, Callable[[SyncFolder, SyncFolder], list[str]]] = MappingProxyType(
    {"factors": _unchanged_people, "group_members": _unchanged_groups}
)
