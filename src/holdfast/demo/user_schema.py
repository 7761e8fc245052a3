"""The company's user types and user schema: Okta's standard attributes, and the company's own."""

from __future__ import annotations

from holdfast.demo.company import Company
from holdfast.demo.people import user_type_ids
from holdfast.demo.records import Record, okta_id, stamp

# Standard attributes that the company uses: name, title, whether it is required.
_STANDARD = (
    ("login", "Username", True),
    ("firstName", "First name", False),
    ("lastName", "Last name", False),
    ("email", "Primary email", True),
    ("secondEmail", "Secondary email", False),
    ("mobilePhone", "Mobile phone", False),
    ("primaryPhone", "Primary phone", False),
    ("displayName", "Display name", False),
    ("nickName", "Nickname", False),
    ("title", "Title", False),
    ("userType", "User type", False),
    ("employeeNumber", "Employee number", False),
    ("costCenter", "Cost center", False),
    ("organization", "Organization", False),
    ("division", "Division", False),
    ("department", "Department", False),
    ("managerId", "ManagerId", False),
    ("manager", "Manager", False),
    ("city", "City", False),
    ("state", "State", False),
    ("countryCode", "Country code", False),
)
# The company's own: name, title, JSON type.
_CUSTOM = (
    ("hireDate", "Hire date", "string"),
    ("costCenterOwner", "Cost center owner", "string"),
    ("badgeNumber", "Badge number", "integer"),
    ("isPrivileged", "Holds a privileged account", "boolean"),
    ("certifications", "Certifications", "array"),
)
PROFILE_ATTRIBUTES = frozenset(name for name, *_ in (*_STANDARD, *_CUSTOM))


def user_types(company: Company, url: str) -> list[Record]:
    """The user types, as `/api/v1/meta/types/user` gives them."""
    default, contractor = user_type_ids(company.seed)
    facts = (
        (default, "user", "User", "Okta user profile template with default permission settings", True),
        (contractor, "contractor", "Contractor", "People from other companies", False),
    )
    return [
        {
            "id": type_id,
            "name": name,
            "displayName": title,
            "description": description,
            "default": is_default,
            "created": stamp(company.now.replace(year=company.now.year - 6, day=1)),
            "lastUpdated": stamp(company.now.replace(year=company.now.year - 1, day=1)),
            "createdBy": okta_id("spr", company.seed, "system"),
            "lastUpdatedBy": okta_id("spr", company.seed, "system"),
            "_links": {
                "self": {"href": f"{url}/api/v1/meta/types/user/{type_id}"},
                "schema": {"href": f"{url}/api/v1/meta/schemas/user/{schema_id(company, type_id)}"},
            },
        }
        for type_id, name, title, description, is_default in facts
    ]


def schema_id(company: Company, type_id: str) -> str:
    """The id of a user type's schema; the default type's is also called `default`."""
    return okta_id("osc", company.seed, "schema", type_id)


def user_schema(company: Company, schema: str, url: str) -> Record | None:
    """The user schema of that id, or None. Both types have the same attributes."""
    default, contractor = user_type_ids(company.seed)
    known = {"default": "User", schema_id(company, default): "User", schema_id(company, contractor): "Contractor"}
    if schema not in known:
        return None
    address = f"{url}/api/v1/meta/schemas/user/{schema}"
    return {
        "id": address,
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": "user" if known[schema] == "User" else "contractor",
        "title": known[schema],
        "type": "object",
        "created": stamp(company.now.replace(year=company.now.year - 6, day=1)),
        "lastUpdated": stamp(company.now.replace(year=company.now.year - 1, day=1)),
        "definitions": {
            "custom": {
                "id": "#custom",
                "type": "object",
                "properties": {name: _custom(title, kind) for name, title, kind in _CUSTOM},
                "required": [],
            },
            "base": {
                "id": "#base",
                "type": "object",
                "properties": {name: _base(name, title, needed) for name, title, needed in _STANDARD},
                "required": [name for name, _, needed in _STANDARD if needed],
            },
        },
        "properties": {"profile": {"allOf": [{"$ref": "#/definitions/custom"}, {"$ref": "#/definitions/base"}]}},
        "_links": {"self": {"href": address, "method": "GET", "rel": "self"}},
    }


def _permissions() -> Record:
    return {
        "mutability": "READ_WRITE",
        "scope": "NONE",
        "permissions": [{"principal": "SELF", "action": "READ_ONLY"}],
        "master": {"type": "PROFILE_MASTER"},
    }


def _base(name: str, title: str, needed: bool) -> Record:
    attribute: Record = {"title": title, "type": "string", **_permissions()}
    if needed:
        attribute["required"] = True
    if name in {"email", "secondEmail"}:
        attribute["format"] = "email"
    return attribute


def _custom(title: str, kind: str) -> Record:
    attribute: Record = {"title": title, "type": kind, **_permissions()}
    if kind == "array":
        attribute["items"] = {"type": "string"}
    return attribute
