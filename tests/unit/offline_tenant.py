"""A small tenant's words, for tests of reading questions without a graph."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from holdfast.answer import NeedsClarification, Refused
from holdfast.graph.schema import BASE_SCHEMA, ColumnType
from holdfast.graph.vocabulary import Vocabulary, write_vocabulary
from holdfast.offline.meaning import StepMeaning, Things
from holdfast.offline.planner import understood
from holdfast.plan import Plan

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
SCHEMA = BASE_SCHEMA.with_user_attributes(
    {"hire_date": ColumnType.STRING, "certifications": ColumnType.STRING_LIST, "is_privileged": ColumnType.BOOL}
)
POLARS: dict[ColumnType, type[pl.DataType] | pl.DataType] = {
    ColumnType.STRING: pl.String,
    ColumnType.BOOL: pl.Boolean,
    ColumnType.INT64: pl.Int64,
    ColumnType.DOUBLE: pl.Float64,
    ColumnType.TIMESTAMP: pl.Datetime("us"),
    ColumnType.STRING_LIST: pl.List(pl.String),
}
PEOPLE: list[dict[str, Any]] = [
    {"id": "u1", "login": "dana@acme.example", "first_name": "Dana", "last_name": "O'Brien", "department": "Finance"},
    {"id": "u2", "login": "zoe@acme.example", "first_name": "Zoë", "last_name": "Brûlé", "user_type": "Contractor"},
    {"id": "u3", "login": "max1@acme.example", "first_name": "Max", "last_name": "Lee", "certifications": ["CISSP"]},
    {"id": "u4", "login": "max2@acme.example", "first_name": "Max", "last_name": "Lee", "city": "Berlin"},
]
GROUPS: list[dict[str, Any]] = [
    {"id": "g1", "name": "Finance", "type": "OKTA_GROUP"},
    {"id": "g2", "name": "🚀 Launch", "type": "OKTA_GROUP"},
    {"id": "g3", "name": "=Tables'); --", "type": "OKTA_GROUP"},
]
APPLICATIONS: list[dict[str, Any]] = [
    {"id": "a1", "label": "AWS Identity Center", "status": "ACTIVE"},
    {"id": "a2", "label": "Old Wiki", "status": "INACTIVE"},
]


def words(directory: Path) -> Vocabulary:
    for label, things in (("User", PEOPLE), ("Group", GROUPS), ("Application", APPLICATIONS)):
        columns = {name: POLARS[kind] for name, kind in SCHEMA.node(label).columns.items()}
        pl.DataFrame(things, schema=columns, orient="row").write_parquet(directory / f"{label}.parquet")
    write_vocabulary(directory, SCHEMA, directory / "vocabulary.parquet")
    return Vocabulary.load(directory / "vocabulary.parquet")


def read(question: str, vocabulary: Vocabulary) -> Plan | Refused | NeedsClarification:
    return understood(question, vocabulary, SCHEMA, NOW)


def plan_of(question: str, vocabulary: Vocabulary) -> Plan:
    plan = read(question, vocabulary)
    assert isinstance(plan, Plan), plan
    return plan


def condition_of(question: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """The condition of a list, as JSON."""
    meaning = StepMeaning.model_validate(plan_of(question, vocabulary).steps[0].parameters).meaning
    assert isinstance(meaning, Things)
    assert meaning.subject.where is not None
    return meaning.subject.where.model_dump(mode="json")
