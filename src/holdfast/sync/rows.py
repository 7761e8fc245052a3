"""From a record as Okta gives it to one flat row: values are copied, times become UTC, links become ids.

One function and one set of columns for each family. Edges that a record carries (a rule's groups, a device's
users) stay lists in the row until the tables are made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from holdfast.errors import SyncInconsistent
from holdfast.sync.attributes import BASE_ATTRIBUTES, PROFILE_COLUMNS
from holdfast.sync.fields import at, bool_of, int_of, json_of, last_segment_of, text_of, texts_of, time_of

Record = Mapping[str, Any]
Row = dict[str, Any]

_S, _B, _I = pl.String(), pl.Boolean(), pl.Int64()
_T = pl.Datetime("us")
_LIST = pl.List(pl.String())
_PEOPLE = MappingProxyType(
    {"include_groups": _LIST, "exclude_groups": _LIST, "include_users": _LIST, "exclude_users": _LIST}
)

_USER_TIMES: Mapping[str, str] = MappingProxyType(
    {
        "created": "created",
        "activated": "activated",
        "status_changed": "statusChanged",
        "last_login": "lastLogin",
        "last_updated": "lastUpdated",
        "password_changed": "passwordChanged",
    }
)


@dataclass(frozen=True)
class RowShape:
    """The columns of a family's rows, and how a record becomes one. The function's second argument is the parent."""

    columns: Mapping[str, pl.DataType]
    row: Callable[[Record, str], Row]


def _lifespan(record: Record) -> Row:
    return {"created": time_of(record, "created"), "last_updated": time_of(record, "lastUpdated")}


def _user(record: Record, _parent: str) -> Row:
    profile = at(record, "profile") or {}
    row: Row = {"id": record["id"], "status": text_of(record, "status")}
    row |= {column: text_of(profile, attribute) for column, attribute in PROFILE_COLUMNS.items()}
    row |= {column: time_of(record, key) for column, key in _USER_TIMES.items()}
    row["display_name"] = row["display_name"] or " ".join(filter(None, (row["first_name"], row["last_name"]))) or None
    custom = {name: value for name, value in profile.items() if name not in BASE_ATTRIBUTES and value is not None}
    row["custom"] = json.dumps(custom, ensure_ascii=False, sort_keys=True)
    return row


def _group(record: Record, _parent: str) -> Row:
    return {
        "id": record["id"],
        "name": text_of(record, "profile", "name"),
        "description": text_of(record, "profile", "description"),
        "type": text_of(record, "type"),
        "object_class": ", ".join(texts_of(record, "objectClass")) or None,
        "source_id": text_of(record, "source", "id") or last_segment_of(record, "_links", "source", "href"),
        **_lifespan(record),
        "last_membership_updated": time_of(record, "lastMembershipUpdated"),
        "users_count": int_of(record, "_embedded", "stats", "usersCount"),
        # Okta's schema spells it the first way, its answers the second.
        "has_admin": next(
            (
                flag
                for name in ("hasAdminPrivlege", "hasAdminPrivilege")
                if (flag := bool_of(record, "_embedded", "stats", name)) is not None
            ),
            None,
        ),
    }


def _group_rule(record: Record, _parent: str) -> Row:
    return {
        "id": record["id"],
        "name": text_of(record, "name"),
        "status": text_of(record, "status"),
        "expression": text_of(record, "conditions", "expression", "value"),
        **_lifespan(record),
        "group_ids": texts_of(record, "actions", "assignUserToGroups", "groupIds"),
    }


def _app(record: Record, _parent: str) -> Row:
    return {
        "id": record["id"],
        "label": text_of(record, "label"),
        "name": text_of(record, "name"),
        "status": text_of(record, "status"),
        "sign_on_mode": text_of(record, "signOnMode"),
        **_lifespan(record),
        "features": texts_of(record, "features"),
        "policy_id": last_segment_of(record, "_links", "accessPolicy", "href"),
    }


def _member(record: Record, parent: str) -> Row:
    return {"id": record["id"], "parent_id": parent}


def _app_user(record: Record, parent: str) -> Row:
    return {
        "id": record["id"],
        "parent_id": parent,
        "scope": text_of(record, "scope"),
        "status": text_of(record, "status"),
        "app_username": text_of(record, "credentials", "userName"),
        "created": time_of(record, "created"),
    }


def _app_group(record: Record, parent: str) -> Row:
    return {
        "id": record["id"],
        "parent_id": parent,
        "priority": int_of(record, "priority"),
        "last_updated": time_of(record, "lastUpdated"),
    }


def _factor(record: Record, parent: str) -> Row:
    names = ("name", "authenticatorName", "email", "credentialId")
    return {
        "id": record["id"],
        "parent_id": parent,
        "factor_type": text_of(record, "factorType"),
        "provider": text_of(record, "provider"),
        "vendor_name": text_of(record, "vendorName"),
        "status": text_of(record, "status"),
        "name": next(filter(None, (text_of(record, "profile", name) for name in names)), None),
        "phone_number": text_of(record, "profile", "phoneNumber"),
        **_lifespan(record),
    }


def _device(record: Record, _parent: str) -> Row:
    profile = at(record, "profile") or {}
    users = at(record, "_embedded", "users")
    return {
        "id": record["id"],
        "name": text_of(profile, "displayName"),
        "platform": text_of(profile, "platform"),
        "manufacturer": text_of(profile, "manufacturer"),
        "model": text_of(profile, "model"),
        "os_version": text_of(profile, "osVersion"),
        "serial_number": text_of(profile, "serialNumber"),
        "status": text_of(record, "status"),
        "registered": bool_of(profile, "registered"),
        "secure_hardware": bool_of(profile, "secureHardwarePresent"),
        "disk_encryption": text_of(profile, "diskEncryptionType"),
        **_lifespan(record),
        # None where the answer leaves them out: nobody and not told are two things.
        "users": None
        if users is None
        else [
            {
                "user_id": text_of(user, "user", "id"),
                "management_status": text_of(user, "managementStatus"),
                "created": time_of(user, "created"),
            }
            for user in users
        ],
    }


def _assignee(record: Record, _parent: str) -> Row:
    return {"id": record["id"]}


def _role(record: Record, parent: str) -> Row:
    kind = text_of(record, "type")
    return {
        "assignment_id": text_of(record, "id"),
        "parent_id": parent,
        # A custom role is itself; a standard one is its type, the same in every tenant.
        "role_id": text_of(record, "role") or kind,
        "label": text_of(record, "label"),
        "type": kind,
        "status": text_of(record, "status"),
        "created": time_of(record, "created"),
        "assignment_type": text_of(record, "assignmentType"),
    }


def _people(record: Record) -> Row:
    people = at(record, "conditions", "people")
    return {
        f"{mode}_{kind}": texts_of(people, kind, mode)
        for kind in ("groups", "users")
        for mode in ("include", "exclude")
    }


def _policy(record: Record, _parent: str) -> Row:
    return {
        "id": record["id"],
        "name": text_of(record, "name"),
        "type": text_of(record, "type"),
        "status": text_of(record, "status"),
        "priority": int_of(record, "priority"),
        "description": text_of(record, "description"),
        "system": bool_of(record, "system"),
        **_lifespan(record),
        **_people(record),
    }


def _policy_rule(record: Record, parent: str) -> Row:
    return {
        "id": record["id"],
        "parent_id": parent,
        "name": text_of(record, "name"),
        "type": text_of(record, "type"),
        "status": text_of(record, "status"),
        "priority": int_of(record, "priority"),
        "system": bool_of(record, "system"),
        "access": text_of(record, "actions", "signon", "access") or text_of(record, "actions", "appSignOn", "access"),
        "conditions": json_of(record, "conditions"),
        "actions": json_of(record, "actions"),
        **_lifespan(record),
        **_people(record),
        "include_zones": texts_of(record, "conditions", "network", "include"),
        "exclude_zones": texts_of(record, "conditions", "network", "exclude"),
    }


def _zone(record: Record, _parent: str) -> Row:
    return {
        "id": record["id"],
        "name": text_of(record, "name"),
        "type": text_of(record, "type"),
        "status": text_of(record, "status"),
        "usage": text_of(record, "usage"),
        "system": bool_of(record, "system"),
        "gateways": [text_of(address, "value") or "" for address in record.get("gateways") or ()],
        "proxies": [text_of(address, "value") or "" for address in record.get("proxies") or ()],
        **_lifespan(record),
    }


def _user_type(record: Record, _parent: str) -> Row:
    return {"id": record["id"], "schema_id": last_segment_of(record, "_links", "schema", "href")}


def _user_schema(record: Record, parent: str) -> Row:
    properties: Mapping[str, Any] = at(record, "definitions", "custom", "properties") or {}
    return {
        "id": text_of(record, "id"),
        "parent_id": parent,
        "attributes": [{"name": name, "type": text_of(details, "type")} for name, details in properties.items()],
    }


_LIFESPAN: dict[str, pl.DataType] = {"created": _T, "last_updated": _T}
_ROLE_COLUMNS = {
    "assignment_id": _S,
    "parent_id": _S,
    "role_id": _S,
    "label": _S,
    "type": _S,
    "status": _S,
    "created": _T,
    "assignment_type": _S,
}

SHAPES: Mapping[str, RowShape] = MappingProxyType(
    {
        "user_types": RowShape({"id": _S, "schema_id": _S}, _user_type),
        "user_schemas": RowShape(
            {"id": _S, "parent_id": _S, "attributes": pl.List(pl.Struct({"name": _S, "type": _S}))}, _user_schema
        ),
        "users": RowShape(
            {"id": _S, "status": _S}
            | dict.fromkeys(PROFILE_COLUMNS, _S)
            | dict.fromkeys(_USER_TIMES, _T)
            | {"custom": _S},
            _user,
        ),
        "groups": RowShape(
            dict.fromkeys(("id", "name", "description", "type", "object_class", "source_id"), _S)
            | _LIFESPAN
            | {"last_membership_updated": _T, "users_count": _I, "has_admin": _B},
            _group,
        ),
        "group_rules": RowShape(
            dict.fromkeys(("id", "name", "status", "expression"), _S) | _LIFESPAN | {"group_ids": _LIST}, _group_rule
        ),
        "apps": RowShape(
            dict.fromkeys(("id", "label", "name", "status", "sign_on_mode"), _S)
            | _LIFESPAN
            | {"features": _LIST, "policy_id": _S},
            _app,
        ),
        "group_members": RowShape({"id": _S, "parent_id": _S}, _member),
        "app_users": RowShape(
            dict.fromkeys(("id", "parent_id", "scope", "status", "app_username"), _S) | {"created": _T}, _app_user
        ),
        "app_groups": RowShape({"id": _S, "parent_id": _S, "priority": _I, "last_updated": _T}, _app_group),
        "factors": RowShape(
            dict.fromkeys(
                ("id", "parent_id", "factor_type", "provider", "vendor_name", "status", "name", "phone_number"), _S
            )
            | _LIFESPAN,
            _factor,
        ),
        "devices": RowShape(
            dict.fromkeys(
                ("id", "name", "platform", "manufacturer", "model", "os_version", "serial_number", "status"), _S
            )
            | {"registered": _B, "secure_hardware": _B, "disk_encryption": _S}
            | _LIFESPAN
            | {"users": pl.List(pl.Struct({"user_id": _S, "management_status": _S, "created": _T}))},
            _device,
        ),
        "role_assignees": RowShape({"id": _S}, _assignee),
        "user_roles": RowShape(_ROLE_COLUMNS, _role),
        "group_roles": RowShape(_ROLE_COLUMNS, _role),
        "policies": RowShape(
            dict.fromkeys(("id", "name", "type", "status"), _S)
            | {"priority": _I, "description": _S, "system": _B}
            | _LIFESPAN
            | _PEOPLE,
            _policy,
        ),
        "policy_rules": RowShape(
            dict.fromkeys(("id", "parent_id", "name", "type", "status"), _S)
            | {"priority": _I, "system": _B, "access": _S, "conditions": _S, "actions": _S}
            | _LIFESPAN
            | _PEOPLE
            | {"include_zones": _LIST, "exclude_zones": _LIST},
            _policy_rule,
        ),
        "zones": RowShape(
            dict.fromkeys(("id", "name", "type", "status", "usage"), _S)
            | {"system": _B, "gateways": _LIST, "proxies": _LIST}
            | _LIFESPAN,
            _zone,
        ),
    }
)


def rows_frame(family: str, records: list[Record], parent: str) -> pl.DataFrame:
    """The rows of one page. Raises SyncInconsistent for an answer that is not of Okta's shape."""
    shape = SHAPES[family]
    try:
        return pl.DataFrame([shape.row(record, parent) for record in records], schema=dict(shape.columns))
    except (KeyError, ValueError, TypeError, AttributeError, PolarsError) as error:
        of = f" of {parent}" if parent else ""
        raise SyncInconsistent(
            f"The tenant's answer for {family}{of} is not of Okta's shape ({type(error).__name__}: {error}). "
            "Nothing was published; see that HOLDFAST_OKTA__URL is an Okta tenant, and report this if it is."
        ) from error
