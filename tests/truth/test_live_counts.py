"""Numbers of what is read live are those of the snapshot, as long as the tenant did not change."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from holdfast.plan import ApiStep, SqlStep
from tests.truth.conftest import SEEDS_AND_SIZES, Company

QUESTIONS = (
    "MFA coverage by department, worst first",
    "MFA coverage by department and status",
    "percentage of active people with a phishing-resistant factor by user type",
    "WebAuthn coverage among contractors by city",
    "what percentage of the members of the Finance group have only SMS",
    "how many users are in each status, and how many of them have WebAuthn",
    "top 3 departments by MFA coverage",
    "worst 2 cities by MFA coverage",
    "how many people in each department have no phishing-resistant factor",
    "number of people without any factor by status",
    "number of active people with SMS by title",
    "number of super admins without WebAuthn by department",
    "number of factors by type of active people in the Finance department",
    "number of factors by status of the members of the group sso-super-admins",
    "number of groups of active people in the Finance department by type",
    "people by department and status",
    "active users by department and user type in percent",
    "applications by status and sign-on mode",
)


def _cell(value: Any) -> object:
    if isinstance(value, float):
        return round(value, 1) if math.isfinite(value) else None
    return tuple(sorted(value)) if isinstance(value, list) else value


def _rows(frame: pl.DataFrame, columns: Mapping[str, object]) -> Counter[tuple[object, ...]]:
    """Each row, as often as it is there; where nothing was unknown, a column that says so need not be."""
    rows = frame.to_dicts()
    return Counter(tuple(_cell(row.get(name, 0)) for name in columns) for row in rows)


@pytest.mark.parametrize("company", SEEDS_AND_SIZES, indirect=True)
@pytest.mark.parametrize("question", QUESTIONS)
async def test_asked_stored_and_asked_live_the_numbers_are_the_same(question: str, company: Company) -> None:
    (stored,) = await company.rows(question)
    *_, live = await company.rows(f"{question} right now")
    asked = await company.ask(f"{question} right now")
    assert asked.plan is not None
    assert isinstance(asked.plan.steps[-1], SqlStep)
    assert any(isinstance(step, ApiStep) for step in asked.plan.steps)
    columns = dict.fromkeys((*stored.columns, *live.columns))
    assert _rows(live, columns) == _rows(stored, columns), asked.understood_as


@pytest.mark.parametrize("company", SEEDS_AND_SIZES, indirect=True)
async def test_they_are_told_in_the_same_words(company: Company) -> None:
    question = "what percentage of active people have WebAuthn"
    stored, live = await company.ask(question), await company.ask(f"{question} right now")
    assert live.message == stored.message


@pytest.mark.parametrize(
    "question",
    [
        "departments with at least 5 people and an MFA coverage below 50 percent right now",
        "percentage of people with a factor who have an admin role right now",
        "median number of factors per person by department right now",
        "which department has the highest MFA coverage right now",
        "percentage of active people who can open Salesforce by department right now",
    ],
)
async def test_what_cannot_be_counted_live_is_refused(question: str, company: Company) -> None:
    asked = await company.ask(question)
    assert asked.plan is None
    assert asked.table is None
