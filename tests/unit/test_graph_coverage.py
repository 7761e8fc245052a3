"""What an answer over a snapshot must admit: unread things and things carried over, only where they matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.graph.coverage import FAMILY_FILLS, gaps
from holdfast.graph.guard import guarded
from holdfast.graph.manifest import Manifest, UnknownRead
from holdfast.graph.schema import BASE_SCHEMA, KNOWN_MARKERS
from holdfast.sync.families import FAMILIES
from tests.graph_samples import UNKNOWN, draft

MEMBERS = "MATCH (u:User)-[:MEMBER_OF]->(g:Group) RETURN g.name AS name, count(u) AS members"
PEOPLE = "MATCH (u:User) RETURN u.login AS login"
FINISHED = datetime(2026, 1, 1, 12, tzinfo=UTC)


def manifest(*unknown: UnknownRead, carried_over: dict[str, datetime] | None = None) -> Manifest:
    return Manifest(
        **{**dict(draft(unknown=unknown, finished=FINISHED)), "carried_over": carried_over or {}},
        engine="ladybug",
        engine_version="0",
        counts={},
        database_bytes=0,
        database_sha256="",
    )


def unread(subject: str | None, reason: str = "403: no", *, label: str = "Group", relation: str | None = "MEMBER_OF",
           family: str = "group_members") -> UnknownRead:  # fmt: skip
    return UnknownRead(
        family=family, label=label, relation=relation, subject_id=subject, subject_name=subject, reason=reason
    )


def sentences(query: str, known: Manifest) -> list[str]:
    return [gap.message for gap in gaps(guarded(query, BASE_SCHEMA), known)]


def test_an_unread_group_is_named_with_the_reason_where_members_are_asked_for() -> None:
    assert sentences(MEMBERS, manifest(*UNKNOWN)) == [
        "Members of 1 group could not be read (Board Secrets: 403 E0000006: You do not have permission); people may "
        "be missing here."
    ]


def test_a_question_that_reads_none_of_it_admits_nothing() -> None:
    assert sentences(PEOPLE, manifest(*UNKNOWN)) == []


def test_a_pattern_that_leaves_the_relation_open_admits_all_that_it_may_read() -> None:
    assert len(sentences("MATCH (u:User)-->(x) RETURN x.id AS id", manifest(*UNKNOWN))) == 1


def test_many_unread_things_are_a_few_names_and_a_number() -> None:
    same = manifest(*(unread(f"g{i}") for i in range(1_203)))
    assert sentences(MEMBERS, same) == [
        "Members of 1,203 groups could not be read (g0, g1, g2 and 1,200 more: 403: no); people may be missing here."
    ]
    differing = manifest(unread("g1"), unread("g2", "404: gone"), unread("g3"), unread("g4"))
    assert "(g1: 403: no; g2: 404: gone; g3: 403: no and 1 more)" in sentences(MEMBERS, differing)[0]


def test_a_whole_family_that_could_not_be_read_is_said_of_the_whole() -> None:
    known = manifest(
        unread(None, "401 E0000015: off", label="Device", relation=None, family="devices"),
        unread(None, "403: no", label="Application", relation="GROUP_HAS_ACCESS", family="app_groups"),
    )
    assert sentences("MATCH (d:Device) RETURN d.name AS name", known) == [
        "Devices could not be read (401 E0000015: off); all devices may be missing here."
    ]
    assert sentences("MATCH (g:Group)-[:GROUP_HAS_ACCESS]->(a) RETURN a.label AS label", known) == [
        "The groups assigned to applications could not be read (403: no); all groups and their members may be "
        "missing here."
    ]


@pytest.mark.parametrize(
    ("label", "owner", "relation"),
    [
        ("Factor", "User", "ENROLLED"),
        ("PolicyRule", "Policy", "CONTAINS_RULE"),
        ("PolicyRule", "Policy", None),
        ("Role", "User", "HAS_ROLE"),
        ("Role", "Group", "HAS_ROLE"),
    ],
)
def test_what_is_read_only_through_something_unread_is_admitted_though_the_query_does_not_name_that(
    label: str, owner: str, relation: str | None
) -> None:
    known = manifest(unread("x", label=owner, relation=relation))
    assert len(sentences(f"MATCH (a:{label}) RETURN count(a) AS number", known)) == 1
    assert sentences("MATCH (z:NetworkZone) RETURN count(z) AS number", known) == []


def test_direct_roles_of_people_do_not_depend_on_what_groups_hold() -> None:
    known = manifest(unread("g", relation="HAS_ROLE", family="group_roles"))
    assert sentences("MATCH (u:User)-[:HAS_ROLE]->(r:Role) RETURN r.label AS label", known) == []


def test_what_an_incremental_sync_carried_over_tells_its_age() -> None:
    known = manifest(
        carried_over={
            "factors": FINISHED - timedelta(hours=5),
            "role_assignees": FINISHED - timedelta(days=3),
            "user_roles": FINISHED - timedelta(days=4),
        }
    )
    assert sentences("MATCH (u:User)-[:ENROLLED]->(f:Factor) RETURN f.id AS id", known) == [
        "Factors of people were last read at 2026-01-01 07:00 UTC, 5 hours before the rest; changes since then are "
        "not in this answer."
    ]
    (oldest,) = sentences("MATCH (u:User)-[:HAS_ROLE]->(r:Role) RETURN r.label AS label", known)
    assert "4 days before the rest" in oldest
    assert sentences(PEOPLE, known) == []


def test_the_families_of_the_sync_are_those_whose_age_is_known_here() -> None:
    fills = {f.name: (f.label, f.relation) for f in FAMILIES.values() if not f.name.startswith("user_") or f.relation}
    assert fills == dict(FAMILY_FILLS)


def test_every_marker_of_the_schema_has_words_of_its_own() -> None:
    for (label, _), relation in KNOWN_MARKERS.items():
        query = f"MATCH (a:{label})-[:{relation}]-(b) RETURN a.id AS id"
        (sentence,) = sentences(query, manifest(unread("x", label=label, relation=relation)))
        assert "links" not in sentence
