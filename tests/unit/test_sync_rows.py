"""Each family's normaliser on a record in Okta's own shape."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from holdfast.errors import SyncInconsistent
from holdfast.sync.families import FAMILIES, prerequisites, ready_families
from holdfast.sync.rows import SHAPES, rows_frame

LIFE = {"created": "2026-01-02T03:04:05.000Z", "lastUpdated": "2026-02-03T04:05:06.000Z"}
CREATED, UPDATED = datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 2, 3, 4, 5, 6)  # noqa: DTZ001
PEOPLE = {"people": {"groups": {"include": ["g1"], "exclude": ["g2"]}, "users": {"exclude": ["u1"]}}}

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "users",
        {
            "id": "00u1",
            "status": "LOCKED_OUT",
            **LIFE,
            "activated": None,
            "statusChanged": LIFE["created"],
            "lastLogin": LIFE["lastUpdated"],
            "passwordChanged": None,
            "profile": {
                "login": "ada@acme.test",
                "firstName": "Ada",
                "lastName": "O'Hara 😀",
                "secondEmail": "",
                "employeeNumber": 4711,
                "managerId": "00u2",
                "hireDate": "2020-01-01",
                "zipCode": "1",
                "empty": None,
            },
        },
        {
            "id": "00u1",
            "status": "LOCKED_OUT",
            "display_name": "Ada O'Hara 😀",
            "second_email": "",
            "employee_number": "4711",
            "manager_id": "00u2",
            "last_login": UPDATED,
            "activated": None,
            "custom": '{"hireDate": "2020-01-01"}',
        },
    ),
    (
        "groups",
        {
            "id": "00g1",
            "type": "APP_GROUP",
            **LIFE,
            "lastMembershipUpdated": LIFE["created"],
            "objectClass": ["okta:windows_security_principal"],
            "profile": {"name": "VPN", "description": "=cmd"},
            "_links": {"source": {"href": "https://acme.test/api/v1/apps/0oa1"}},
            "_embedded": {"stats": {"usersCount": 3, "hasAdminPrivilege": True}},
        },
        {
            "name": "VPN",
            "description": "=cmd",
            "object_class": "okta:windows_security_principal",
            "source_id": "0oa1",
            "last_membership_updated": CREATED,
            "users_count": 3,
            "has_admin": True,
        },
    ),
    (
        "groups",
        {"id": "00g2", "profile": {"name": "B"}, "_embedded": {"stats": {"hasAdminPrivlege": False}}},
        {"name": "B", "users_count": None, "has_admin": False, "source_id": None, "object_class": None},
    ),
    (
        "group_rules",
        {
            "id": "0pr1",
            "name": "Engineers",
            "status": "ACTIVE",
            **LIFE,
            "conditions": {"expression": {"value": 'user.department=="Engineering"'}},
            "actions": {"assignUserToGroups": {"groupIds": ["00g1", "00g2"]}},
        },
        {"expression": 'user.department=="Engineering"', "group_ids": ["00g1", "00g2"], "created": CREATED},
    ),
    (
        "apps",
        {
            "id": "0oa1",
            "label": "Payroll",
            "name": "saml",
            "status": "INACTIVE",
            "signOnMode": "SAML_2_0",
            **LIFE,
            "features": ["PUSH_NEW_USERS"],
            "_links": {"accessPolicy": {"href": "https://acme.test/api/v1/policies/rst1?x=1"}},
        },
        {"label": "Payroll", "sign_on_mode": "SAML_2_0", "features": ["PUSH_NEW_USERS"], "policy_id": "rst1"},
    ),
    (
        "app_users",
        {"id": "00u1", "scope": "GROUP", "status": "ACTIVE", **LIFE, "credentials": {"userName": "ada"}},
        {"id": "00u1", "parent_id": "p", "scope": "GROUP", "app_username": "ada", "created": CREATED},
    ),
    ("app_groups", {"id": "00g1", "priority": 0, **LIFE}, {"priority": 0, "last_updated": UPDATED}),
    (
        "factors",
        {
            "id": "f1",
            "factorType": "sms",
            "provider": "OKTA",
            "vendorName": "OKTA",
            "status": "ACTIVE",
            **LIFE,
            "profile": {"phoneNumber": "+1555"},
        },
        {"parent_id": "p", "factor_type": "sms", "phone_number": "+1555", "name": None},
    ),
    (
        "factors",
        {"id": "f2", "factorType": "webauthn", "profile": {"authenticatorName": "YubiKey 5", "credentialId": "c"}},
        {"name": "YubiKey 5", "phone_number": None},
    ),
    (
        "devices",
        {
            "id": "guo1",
            "status": "ACTIVE",
            **LIFE,
            "profile": {
                "displayName": "Ada's Mac",
                "platform": "MACOS",
                "registered": True,
                "secureHardwarePresent": False,
                "diskEncryptionType": "ALL_INTERNAL_VOLUMES",
            },
            "_embedded": {"users": [{"managementStatus": "MANAGED", **LIFE, "user": {"id": "00u1"}}]},
        },
        {
            "name": "Ada's Mac",
            "registered": True,
            "secure_hardware": False,
            "disk_encryption": "ALL_INTERNAL_VOLUMES",
            "users": [{"user_id": "00u1", "management_status": "MANAGED", "created": CREATED}],
        },
    ),
    (
        "user_roles",
        {"id": "ra1", "type": "CUSTOM", "label": "Help", "role": "cr1", "status": "ACTIVE", "assignmentType": "USER"},
        {"assignment_id": "ra1", "parent_id": "p", "role_id": "cr1", "type": "CUSTOM", "assignment_type": "USER"},
    ),
    ("group_roles", {"id": "ra2", "type": "APP_ADMIN", **LIFE}, {"role_id": "APP_ADMIN", "created": CREATED}),
    (
        "policies",
        {"id": "rst1", "type": "PASSWORD", "name": "P", "priority": 1, "system": True, "conditions": PEOPLE},
        {
            "priority": 1,
            "system": True,
            "include_groups": ["g1"],
            "exclude_groups": ["g2"],
            "include_users": [],
            "exclude_users": ["u1"],
        },
    ),
    # A rule of an authentication policy may come without any condition.
    ("policies", {"id": "rst2", "conditions": None}, {"include_groups": [], "priority": None}),
    (
        "policy_rules",
        {
            "id": "rul1",
            "name": "R",
            "priority": 2,
            "conditions": {**PEOPLE, "network": {"connection": "ZONE", "include": ["z1"]}},
            "actions": {"appSignOn": {"access": "DENY"}},
        },
        {
            "parent_id": "p",
            "access": "DENY",
            "actions": '{"appSignOn": {"access": "DENY"}}',
            "include_zones": ["z1"],
            "exclude_zones": [],
            "include_groups": ["g1"],
        },
    ),
    (
        "zones",
        {
            "id": "nzo1",
            "name": "Office",
            "type": "IP",
            "gateways": [{"type": "CIDR", "value": "10.0.0.0/8"}],
            "proxies": None,
        },
        {"gateways": ["10.0.0.0/8"], "proxies": []},
    ),
    (
        "user_types",
        {"id": "oty1", "_links": {"schema": {"href": "https://acme.test/api/v1/meta/schemas/user/osc1"}}},
        {"id": "oty1", "schema_id": "osc1"},
    ),
    (
        "user_schemas",
        {"id": "s", "definitions": {"custom": {"properties": {"badge": {"type": "integer"}}}}},
        {"parent_id": "p", "attributes": [{"name": "badge", "type": "integer"}]},
    ),
    ("role_assignees", {"id": "00u1", "orn": "x"}, {"id": "00u1"}),
    ("group_members", {"id": "00u1", "profile": {}}, {"id": "00u1", "parent_id": "p"}),
]


@pytest.mark.parametrize(("family", "record", "expected"), CASES, ids=[family for family, *_ in CASES])
def test_a_record_of_okta_s_shape_becomes_one_row(
    family: str, record: dict[str, Any], expected: dict[str, Any]
) -> None:
    (row,) = rows_frame(family, [record], "p").to_dicts()
    assert {column: row[column] for column in expected} == expected
    assert list(row) == list(SHAPES[family].columns)


def test_every_family_has_a_shape_that_these_cases_cover() -> None:
    assert set(SHAPES) == set(FAMILIES) == {family for family, *_ in CASES}


@pytest.mark.parametrize("record", [{}, [], "x", {"id": "1", "created": "yesterday"}])
def test_an_answer_of_another_shape_is_refused_and_names_its_family(record: Any) -> None:
    with pytest.raises(SyncInconsistent, match="zones is not of Okta's shape"):
        rows_frame("zones", [record], "")


def test_families_become_ready_until_all_are_read() -> None:
    finished: set[str] = set()
    while ready := [family.name for family in ready_families(finished, finished)]:
        finished |= set(ready)
    assert finished == set(FAMILIES)
    assert prerequisites(FAMILIES["factors"]) == {"users"}
    assert "users" not in [family.name for family in ready_families(set(), {"users"})]
