"""Which rows hold the edges of each relation, and how they become `from_id`, `to_id` and the relation's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import polars as pl

Nodes = Mapping[str, pl.DataFrame]
EdgesOf = Callable[[pl.DataFrame, Nodes], pl.DataFrame]

# In a condition this word stands for every zone of the tenant.
_ALL_ZONES = "ALL_ZONES"


def manager_edges(users: pl.DataFrame) -> pl.DataFrame:
    """REPORTS_TO from what stands in `manager_id`: a user's id, else a login, else an employee number.

    Logins are compared without case, as Okta does. A value that fits nobody, or a number that two people share,
    keeps `to_id` null: it is an edge without its end.
    """
    named = users.filter(pl.col("manager_id").is_not_null() & (pl.col("manager_id") != "")).select(
        pl.col("id").alias("from_id"), pl.col("manager_id").alias("word")
    )
    keys = {
        "by_id": pl.col("id"),
        "by_login": pl.col("login").str.to_lowercase(),
        "by_number": pl.col("employee_number"),
    }
    for name, key in keys.items():
        people = users.select(key.alias("key"), pl.col("id").alias(name)).drop_nulls()
        people = people.unique("key", keep="none")
        word = pl.col("word").str.to_lowercase() if name == "by_login" else pl.col("word")
        named = named.with_columns(word.alias("key")).join(people, on="key", how="left").drop("key")
    return named.select("from_id", pl.coalesce("by_id", "by_login", "by_number").alias("to_id"))


def without_loose_ends(edges: pl.DataFrame, sources: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Only the edges that begin and end at something that was read."""
    return edges.join(sources.select("id"), left_on="from_id", right_on="id", how="semi").join(
        targets.select("id"), left_on="to_id", right_on="id", how="semi"
    )


def _child_to_parent(*columns: str) -> EdgesOf:
    return lambda rows, _: rows.select(pl.col("id").alias("from_id"), pl.col("parent_id").alias("to_id"), *columns)


def _parent_to_child(*columns: str) -> EdgesOf:
    return lambda rows, _: rows.select(pl.col("parent_id").alias("from_id"), pl.col("id").alias("to_id"), *columns)


def _to_listed(column: str) -> EdgesOf:
    return lambda rows, _: rows.select(pl.col("id").alias("from_id"), pl.col(column).alias("to_id")).explode("to_id")


def _owners(rows: pl.DataFrame, _: Nodes) -> pl.DataFrame:
    uses = rows.select(pl.col("id").alias("to_id"), pl.col("users")).explode("users").drop_nulls("users")
    return uses.select(
        pl.col("users").struct.field("user_id").alias("from_id"),
        "to_id",
        pl.col("users").struct.field("management_status"),
        pl.col("users").struct.field("created"),
    )


def _direct_roles(assigned_to: str) -> EdgesOf:
    """Okta lists among a person's roles those held through groups too; an assignment without a type is direct."""

    def edges(rows: pl.DataFrame, _: Nodes) -> pl.DataFrame:
        direct = rows.filter(pl.col("assignment_type").fill_null(assigned_to) == assigned_to)
        return direct.select(
            pl.col("parent_id").alias("from_id"), pl.col("role_id").alias("to_id"), "assignment_id", "status", "created"
        )

    return edges


def _conditions(kind: str) -> EdgesOf:
    def edges(rows: pl.DataFrame, nodes: Nodes) -> pl.DataFrame:
        frames = [
            rows.select(
                pl.col("id").alias("from_id"),
                pl.col(f"{mode}_{kind}").alias("to_id"),
                pl.lit(mode.upper()).alias("mode"),
            ).explode("to_id")
            for mode in ("include", "exclude")
        ]
        named = pl.concat(frames)
        if kind != "zones":
            return named
        all_zones = named.filter(pl.col("to_id") == _ALL_ZONES).drop("to_id")
        each = all_zones.join(nodes["NetworkZone"].select(pl.col("id").alias("to_id")), how="cross")
        return pl.concat([named.filter(pl.col("to_id") != _ALL_ZONES), each.select(named.columns)])

    return edges


def _policy_of_app(rows: pl.DataFrame, _: Nodes) -> pl.DataFrame:
    return rows.select(pl.col("id").alias("from_id"), pl.col("policy_id").alias("to_id"))


# Relation table → the family whose rows hold its edges, and how. REPORTS_TO comes from the users' own columns.
EDGES: Mapping[str, tuple[str, EdgesOf]] = MappingProxyType(
    {
        "MEMBER_OF.User.Group": ("group_members", _child_to_parent()),
        "HAS_ACCESS.User.Application": ("app_users", _child_to_parent("scope", "status", "app_username", "created")),
        "GROUP_HAS_ACCESS.Group.Application": ("app_groups", _child_to_parent("priority", "last_updated")),
        "ENROLLED.User.Factor": ("factors", _parent_to_child()),
        "OWNS.User.Device": ("devices", _owners),
        "HAS_ROLE.User.Role": ("user_roles", _direct_roles("USER")),
        "HAS_ROLE.Group.Role": ("group_roles", _direct_roles("GROUP")),
        "POPULATES.GroupRule.Group": ("group_rules", _to_listed("group_ids")),
        "GOVERNED_BY.Application.Policy": ("apps", _policy_of_app),
        "CONTAINS_RULE.Policy.PolicyRule": ("policy_rules", _parent_to_child()),
        "APPLIES_TO_GROUP.Policy.Group": ("policies", _conditions("groups")),
        "APPLIES_TO_GROUP.PolicyRule.Group": ("policy_rules", _conditions("groups")),
        "APPLIES_TO_USER.PolicyRule.User": ("policy_rules", _conditions("users")),
        "APPLIES_TO_ZONE.PolicyRule.NetworkZone": ("policy_rules", _conditions("zones")),
    }
)
