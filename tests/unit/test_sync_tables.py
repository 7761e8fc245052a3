from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.graph.schema import ColumnType
from holdfast.sync.families import WHOLE
from holdfast.sync.rows import rows_frame
from holdfast.sync.tables import FamilyRows, Tables, make_tables, tables_from_records
from holdfast.sync.unknown import in_sentences

Record = dict[str, Any]
Records = Mapping[str, Mapping[str, Sequence[Record]]]


def user(user_id: str, **profile: Any) -> Record:
    return {"id": user_id, "status": "ACTIVE", "profile": {"login": f"{user_id}@acme.test", **profile}}


def group(group_id: str, **stats: Any) -> Record:
    return {"id": group_id, "type": "OKTA_GROUP", "profile": {"name": group_id}, "_embedded": {"stats": stats}}


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return found


def edges(folder: Path, table: str) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in rows(folder, table)}


def made(folder: Path, records: Records, **marks: Any) -> Tables:
    """Tables of these records; `marks` are `unknown` and `gone` by family."""
    if not marks:
        return tables_from_records(records, folder)
    families = {
        name: FamilyRows(
            pl.concat([rows_frame(name, list(page), parent) for parent, page in parents.items()]),
            marks.get("unknown", {}).get(name, {}),
            marks.get("gone", {}).get(name, frozenset()),
        )
        for name, parents in records.items()
    }
    return make_tables(families, folder)


def test_every_table_of_the_schema_is_written_with_its_columns_in_order(tmp_path: Path) -> None:
    tables = tables_from_records({}, tmp_path)
    for node in tables.schema.nodes:
        assert pq.read_schema(tmp_path / f"{node.label}.parquet").names == list(node.columns)
    for relation in tables.schema.relations:
        names = pq.read_schema(tmp_path / f"{relation.file_stem}.parquet").names
        assert names == ["from_id", "to_id", *relation.columns]
    assert set(tables.counts.values()) == {0}


def test_times_are_written_as_utc_microseconds_that_the_graph_reads_as_times(tmp_path: Path) -> None:
    record = user("u1") | {"created": "2026-01-02T03:04:05.678+02:00"}
    tables_from_records({"users": {WHOLE: [record]}}, tmp_path)
    assert pq.read_schema(tmp_path / "User.parquet").field("created").type == pa.timestamp("us")
    assert rows(tmp_path, "User")[0]["created"] == datetime(2026, 1, 2, 1, 4, 5, 678000)  # noqa: DTZ001


def test_a_thing_that_two_pages_repeat_is_there_once_as_it_was_read_last(tmp_path: Path) -> None:
    tables_from_records({"users": {WHOLE: [user("u1", title="Old"), user("u2"), user("u1", title="New")]}}, tmp_path)
    assert [(row["id"], row["title"]) for row in rows(tmp_path, "User")] == [("u2", None), ("u1", "New")]


def test_an_edge_without_both_its_ends_is_left_out_and_counted(tmp_path: Path) -> None:
    members = {"g1": [user("u1"), user("made-since"), user("u1")], "deleted-since": [user("u1")]}
    tables = tables_from_records(
        {"users": {WHOLE: [user("u1")]}, "groups": {WHOLE: [group("g1")]}, "group_members": members}, tmp_path
    )
    assert edges(tmp_path, "MEMBER_OF.User.Group") == {("u1", "g1")}
    assert tables.dropped == {"MEMBER_OF.User.Group": 2}


@pytest.mark.parametrize(
    ("manager_id", "boss"),
    [("u1", "u1"), ("U1@ACME.test", "u1"), ("4711", "u1"), ("0815", None), ("nobody@acme.test", None), ("", None)],
)
def test_a_manager_is_found_by_id_then_login_then_a_number_only_one_person_has(
    tmp_path: Path, manager_id: str, boss: str | None
) -> None:
    people = [
        user("u1", employeeNumber="4711"),
        user("u2", employeeNumber="0815"),
        user("u3", employeeNumber="0815"),
        user("u4", managerId=manager_id),
    ]
    tables = tables_from_records({"users": {WHOLE: people}}, tmp_path)
    assert edges(tmp_path, "REPORTS_TO.User.User") == ({("u4", boss)} if boss else set())
    assert tables.dropped == ({"REPORTS_TO.User.User": 1} if manager_id and not boss else {})


def test_an_id_wins_over_another_person_s_login_or_number(tmp_path: Path) -> None:
    people = [user("u1"), user("u2", login="u1", employeeNumber="u1"), user("u3", managerId="u1")]
    tables_from_records({"users": {WHOLE: people}}, tmp_path)
    assert edges(tmp_path, "REPORTS_TO.User.User") == {("u3", "u1")}


def test_only_direct_roles_become_edges_and_custom_roles_keep_their_own_id(tmp_path: Path) -> None:
    roles = [
        {"id": "ra1", "type": "SUPER_ADMIN", "label": "Super", "status": "ACTIVE", "assignmentType": "USER"},
        {"id": "ra2", "type": "APP_ADMIN", "label": "Apps", "status": "ACTIVE", "assignmentType": "GROUP"},
        {"id": "ra3", "type": "CUSTOM", "label": "Help", "role": "cr0", "status": "ACTIVE", "assignmentType": "USER"},
    ]
    tables_from_records({"users": {WHOLE: [user("u1")]}, "user_roles": {"u1": roles}}, tmp_path)
    held = {(a, role, assignment) for a, role, assignment, *_ in edges(tmp_path, "HAS_ROLE.User.Role")}
    assert held == {("u1", "SUPER_ADMIN", "ra1"), ("u1", "cr0", "ra3")}
    assert ("cr0", "Help", "CUSTOM") in edges(tmp_path, "Role")


def test_conditions_become_edges_with_their_mode_and_all_zones_means_each(tmp_path: Path) -> None:
    rule = {
        "id": "r1",
        "conditions": {
            "people": {"users": {"exclude": ["u1"]}, "groups": {"include": ["g1"]}},
            "network": {"connection": "ZONE", "include": ["ALL_ZONES"], "exclude": ["z2"]},
        },
        "actions": {"signon": {"access": "DENY"}},
    }
    records: Records = {
        "users": {WHOLE: [user("u1")]},
        "groups": {WHOLE: [group("g1")]},
        "zones": {WHOLE: [{"id": "z1"}, {"id": "z2"}]},
        "policies": {"OKTA_SIGN_ON": [{"id": "p1", "conditions": {"people": {"groups": {"include": ["g1"]}}}}]},
        "policy_rules": {"p1": [rule]},
    }
    tables_from_records(records, tmp_path)
    assert edges(tmp_path, "APPLIES_TO_USER.PolicyRule.User") == {("r1", "u1", "EXCLUDE")}
    assert edges(tmp_path, "APPLIES_TO_GROUP.PolicyRule.Group") == {("r1", "g1", "INCLUDE")}
    assert edges(tmp_path, "APPLIES_TO_GROUP.Policy.Group") == {("p1", "g1", "INCLUDE")}
    assert edges(tmp_path, "APPLIES_TO_ZONE.PolicyRule.NetworkZone") == {
        ("r1", "z1", "INCLUDE"),
        ("r1", "z2", "INCLUDE"),
        ("r1", "z2", "EXCLUDE"),
    }
    assert edges(tmp_path, "CONTAINS_RULE.Policy.PolicyRule") == {("p1", "r1")}
    assert rows(tmp_path, "PolicyRule")[0]["access"] == "DENY"


def test_custom_attributes_are_columns_of_their_declared_type(tmp_path: Path) -> None:
    declared = {"badge": "integer", "isRemote": "boolean", "tags": "array", "score": "number", "status": "string"}
    schema = {"id": "s", "definitions": {"custom": {"properties": {n: {"type": t} for n, t in declared.items()}}}}
    person = user("u1", badge=7, isRemote=True, tags=["a", "b"], score=2, status="vip", locale="en")
    tables = tables_from_records(
        {"users": {WHOLE: [person, user("u2")]}, "user_schemas": {"default": [schema]}}, tmp_path
    )
    columns = tables.schema.node("User").columns
    assert (columns["badge"], columns["tags"]) == (ColumnType.INT64, ColumnType.STRING_LIST)
    first, second = rows(tmp_path, "User")
    assert [first[c] for c in ("badge", "is_remote", "tags", "score", "custom_status")] == [
        7,
        True,
        ["a", "b"],
        2.0,
        "vip",
    ]
    assert second["badge"] is None
    assert "locale" not in columns


def test_custom_attributes_are_typed_by_their_values_where_the_schema_is_not_told(tmp_path: Path) -> None:
    people = [user("u1", level=1, mixed="x"), user("u2", level=2.5, mixed=3), user("u3", hireDate="2026-01-01")]
    columns = tables_from_records({"users": {WHOLE: people}}, tmp_path).schema.node("User").columns
    assert (columns["level"], columns["mixed"], columns["hire_date"]) == (
        ColumnType.DOUBLE,
        ColumnType.STRING,
        ColumnType.STRING,
    )
    assert [row["mixed"] for row in rows(tmp_path, "User")] == ["x", "3", None]


def test_two_attributes_that_ask_for_one_column_get_one_each(tmp_path: Path) -> None:
    people = [user("u1", hireDate="a", hire_date="b")]
    tables_from_records({"users": {WHOLE: people}}, tmp_path)
    row = rows(tmp_path, "User")[0]
    assert sorted([row["hire_date"], row["hire_date_2"]]) == ["a", "b"]


def test_one_person_s_refused_factors_mark_only_that_person_unknown(tmp_path: Path) -> None:
    records: Records = {
        "users": {WHOLE: [user("u1"), user("u2")]},
        "factors": {"u2": [{"id": "f1", "factorType": "push"}]},
    }
    tables = made(tmp_path, records, unknown={"factors": {"u1": "403 E0000006: No"}})
    assert {row["id"]: row["factors_known"] for row in rows(tmp_path, "User")} == {"u1": False, "u2": True}
    (read,) = tables.unknown
    assert (read.label, read.relation, read.subject_id, read.subject_name) == ("User", "ENROLLED", "u1", "u1@acme.test")


def test_a_refused_family_marks_everything_of_it_unknown(tmp_path: Path) -> None:
    records: Records = {"groups": {WHOLE: [group("g1"), group("g2")]}, "group_members": {"g1": []}}
    tables = made(tmp_path, records, unknown={"group_members": {WHOLE: "403: No"}})
    assert [row["members_known"] for row in rows(tmp_path, "Group")] == [False, False]
    assert in_sentences(tables.unknown) == ("All group members are unknown: 403: No",)


def test_someone_deleted_while_read_is_left_out_with_all_edges_and_noted(tmp_path: Path) -> None:
    records: Records = {
        "users": {WHOLE: [user("u1"), user("u2")]},
        "groups": {WHOLE: [group("g1")]},
        "group_members": {"g1": [user("u1"), user("u2")]},
        "factors": {"u2": []},
    }
    tables = made(tmp_path, records, gone={"factors": frozenset({"u1"})})
    assert [row["id"] for row in rows(tmp_path, "User")] == ["u2"]
    assert tables.dropped == {"MEMBER_OF.User.Group": 1}
    assert any("deleted in the tenant while their factors" in note for note in tables.notes)


def test_members_that_are_not_as_many_as_okta_counts_are_noted(tmp_path: Path) -> None:
    records: Records = {
        "users": {WHOLE: [user("u1")]},
        "groups": {WHOLE: [group("same", usersCount=1), group("grown", usersCount=3), group("silent")]},
        "group_members": {"same": [user("u1")], "grown": [user("u1")]},
    }
    (note,) = tables_from_records(records, tmp_path).notes
    assert "grown: 1 read, 3 counted by Okta" in note
    assert "same" not in note


def test_many_refusals_for_one_reason_are_one_sentence(tmp_path: Path) -> None:
    people = [user(f"u{n}") for n in range(9)]
    records: Records = {"users": {WHOLE: people}, "factors": {"u0": []}}
    refusals = {f"u{n}": "403 E0000006: No" for n in range(1, 9)}
    (sentence,) = in_sentences(made(tmp_path, records, unknown={"factors": refusals}).unknown)
    assert sentence == (
        "The factors of u1@acme.test, u2@acme.test, u3@acme.test and 5 more are unknown: 403 E0000006: No"
    )


def test_a_device_listed_without_its_users_has_unknown_owners_and_one_without_users_has_none(tmp_path: Path) -> None:
    silent, unused = {"id": "d1", "profile": {"displayName": "Mac"}}, {"id": "d2", "_embedded": {"users": []}}
    tables = made(tmp_path, {"devices": {WHOLE: [silent, unused]}})
    assert in_sentences(tables.unknown) == (
        "The device users of Mac are unknown: the tenant's list of devices does not say who uses them",
    )
    assert [(read.label, read.relation, read.subject_id) for read in tables.unknown] == [("Device", "OWNS", "d1")]
    assert rows(tmp_path, "OWNS.User.Device") == []
    assert {row["id"]: row["owners_known"] for row in rows(tmp_path, "Device")} == {"d1": False, "d2": True}
    (everything,) = made(tmp_path, {"devices": {WHOLE: [silent, {"id": "d3"}]}}).unknown
    assert everything.subject_id is None
