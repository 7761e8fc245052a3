"""Tables of a tenant of any size, as a sync leaves them, made in seconds without a tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from holdfast.graph.manifest import ManifestDraft
from holdfast.graph.schema import BASE_SCHEMA, ColumnType, GraphSchema

_POLARS_TYPES = {
    ColumnType.STRING: pl.String(),
    ColumnType.BOOL: pl.Boolean(),
    ColumnType.INT64: pl.Int64(),
    ColumnType.DOUBLE: pl.Float64(),
    ColumnType.TIMESTAMP: pl.Datetime("us"),
    ColumnType.STRING_LIST: pl.List(pl.String()),
}
_DEPARTMENTS = ("Finance", "Engineering", "Sales", "Legal", "Support")
_STATUSES = ("ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED", "DEPROVISIONED")


def write_tables(folder: Path, *, users: int, groups: int, memberships: int) -> GraphSchema:
    """User, Group and MEMBER_OF as Parquet, the other tables absent, which the loader takes as empty."""
    folder.mkdir(parents=True)
    number = pl.int_range(users, eager=True)
    people = pl.DataFrame({"id": [f"00u{n:017d}" for n in range(users)]}).with_columns(
        login=pl.format("person{}@example.com", number),
        email=pl.format("person{}@example.com", number),
        first_name=pl.format("First{}", number % 997),
        last_name=pl.format("Last{}", number),
        display_name=pl.format("First{} Last{}", number % 997, number),
        department=pl.Series(_DEPARTMENTS).gather(number % len(_DEPARTMENTS)),
        status=pl.Series(_STATUSES).gather(number % len(_STATUSES)),
        user_type=pl.lit("Employee"),
        created=pl.lit(datetime(2024, 1, 1)) + pl.duration(minutes=pl.int_range(pl.len())),  # noqa: DTZ001 - naive UTC by schema
        factors_known=pl.lit(True),
        roles_known=pl.lit(True),
    )
    _write(folder, "User", people)
    index = pl.int_range(groups, eager=True)
    teams = pl.DataFrame({"id": [f"00g{n:017d}" for n in range(groups)]}).with_columns(
        name=pl.format("Team {}", index),
        type=pl.lit("OKTA_GROUP"),
        members_known=pl.lit(True),
        roles_known=pl.lit(True),
    )
    _write(folder, "Group", teams)
    # Every pair once: person n is in the groups that follow n's own one.
    each = memberships // users
    pairs = people.select("id", team=number * 7 % groups).join(pl.DataFrame({"offset": range(each)}), how="cross")
    pairs.select(
        from_id=pl.col("id"), to_id=teams["id"].gather((pairs["team"] + pairs["offset"]) % groups)
    ).write_parquet(folder / "MEMBER_OF.User.Group.parquet")
    return BASE_SCHEMA


def draft(snapshot_id: str, schema: GraphSchema = BASE_SCHEMA) -> ManifestDraft:
    """A full sync that ended just now."""
    now = datetime.now(UTC)
    return ManifestDraft(
        snapshot_id=snapshot_id,
        tenant="http://127.0.0.1",
        mode="full",
        sync_started=now,
        sync_finished=now,
        graph_schema=schema,
        unknown=(),
    )


def _write(folder: Path, label: str, frame: pl.DataFrame) -> None:
    columns = BASE_SCHEMA.node(label).columns
    absent = [
        pl.lit(None, dtype=_POLARS_TYPES[kind]).alias(name)
        for name, kind in columns.items()
        if name not in frame.columns
    ]
    frame.with_columns(absent).select(list(columns)).write_parquet(folder / f"{label}.parquet")
