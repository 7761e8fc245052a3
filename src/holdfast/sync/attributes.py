"""Profile attributes: which are Okta's own, and how a tenant's custom ones become typed columns of User."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import polars as pl

from holdfast.graph.schema import ColumnType, attribute_column

# Column of User → attribute of the profile.
PROFILE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "login": "login",
        "email": "email",
        "second_email": "secondEmail",
        "first_name": "firstName",
        "last_name": "lastName",
        "display_name": "displayName",
        "nick_name": "nickName",
        "department": "department",
        "division": "division",
        "organization": "organization",
        "cost_center": "costCenter",
        "title": "title",
        "employee_number": "employeeNumber",
        "user_type": "userType",
        "city": "city",
        "state": "state",
        "country_code": "countryCode",
        "mobile_phone": "mobilePhone",
        "primary_phone": "primaryPhone",
        "manager": "manager",
        "manager_id": "managerId",
    }
)
# Okta's own attributes that the graph has no column for; every other one is the tenant's custom attribute.
_BASE_WITHOUT_COLUMN = frozenset(
    {
        "middleName",
        "honorificPrefix",
        "honorificSuffix",
        "profileUrl",
        "streetAddress",
        "zipCode",
        "postalAddress",
        "preferredLanguage",
        "locale",
        "timezone",
    }
)
BASE_ATTRIBUTES = frozenset(PROFILE_COLUMNS.values()) | _BASE_WITHOUT_COLUMN

_DECLARED_TYPES: Mapping[str, ColumnType] = MappingProxyType(
    {
        "string": ColumnType.STRING,
        "boolean": ColumnType.BOOL,
        "integer": ColumnType.INT64,
        "number": ColumnType.DOUBLE,
        "array": ColumnType.STRING_LIST,
    }
)


def declared_attributes(schemas: pl.DataFrame) -> dict[str, ColumnType]:
    """Attribute → type from the rows of the `user_schemas` family.

    Two user types may declare one name with two types; text holds both.
    """
    found: dict[str, ColumnType] = {}
    for attributes in schemas["attributes"].to_list():
        for attribute in attributes:
            declared = _DECLARED_TYPES.get(attribute["type"] or "", ColumnType.STRING)
            found[attribute["name"]] = _both(found.get(attribute["name"], declared), declared)
    return {name: found[name] for name in sorted(found) if name not in BASE_ATTRIBUTES}


def observed_attributes(custom: Iterable[str]) -> dict[str, ColumnType]:
    """Attribute → type from the values themselves, given as the JSON objects in column `custom` of users."""
    found: dict[str, ColumnType] = {}
    for text in custom:
        for name, value in json.loads(text).items():
            observed = _type_of(value)
            found[name] = _both(found.get(name, observed), observed)
    return {name: found[name] for name in sorted(found)}


def attribute_columns(attributes: Iterable[str]) -> dict[str, str]:
    """Attribute → column name; where two attributes ask for one name, the later gets a number behind it."""
    columns: dict[str, str] = {}
    for name in sorted(attributes):
        wanted = column = attribute_column(name)
        number = 2
        while column in columns.values():
            column, number = f"{wanted}_{number}", number + 1
        columns[name] = column
    return columns


def with_attributes(users: pl.DataFrame, attributes: Mapping[str, ColumnType]) -> pl.DataFrame:
    """Users with a typed column for each attribute in place of the JSON column `custom`.

    A value that does not fit its declared type becomes null in a typed column; text holds anything.
    """
    columns = attribute_columns(attributes)
    decoded = [json.loads(text) for text in users["custom"].to_list()]
    series = [
        pl.Series(columns[name], [_fitting(values.get(name), kind) for values in decoded], dtype=_DTYPES[kind])
        for name, kind in attributes.items()
    ]
    return users.drop("custom").with_columns(series)


_DTYPES: Mapping[ColumnType, pl.DataType] = MappingProxyType(
    {
        ColumnType.STRING: pl.String(),
        ColumnType.BOOL: pl.Boolean(),
        ColumnType.INT64: pl.Int64(),
        ColumnType.DOUBLE: pl.Float64(),
        ColumnType.STRING_LIST: pl.List(pl.String()),
    }
)


def _both(one: ColumnType, other: ColumnType) -> ColumnType:
    if one == other:
        return one
    numbers = {ColumnType.INT64, ColumnType.DOUBLE}
    return ColumnType.DOUBLE if {one, other} == numbers else ColumnType.STRING


def _type_of(value: Any) -> ColumnType:
    # bool first: it is an int in Python.
    for kind, column_type in (
        (bool, ColumnType.BOOL),
        (int, ColumnType.INT64),
        (float, ColumnType.DOUBLE),
        (list, ColumnType.STRING_LIST),
    ):
        if isinstance(value, kind):
            return column_type
    return ColumnType.STRING


def _fitting(value: Any, kind: ColumnType) -> Any:
    if value is None:
        return None
    if kind is ColumnType.STRING:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if kind is ColumnType.STRING_LIST:
        items = value if isinstance(value, list) else [value]
        return [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in items]
    if kind is ColumnType.DOUBLE and _type_of(value) is ColumnType.INT64:
        return float(value)
    return value if _type_of(value) is kind else None
