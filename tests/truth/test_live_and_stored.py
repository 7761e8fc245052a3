"""The same words mean the same of the live tenant and of its snapshot: unchanged, both say the same."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import polars as pl
import pytest

from holdfast.answer import Outcome
from holdfast.plan import ApiStep
from tests.truth.conftest import SEEDS_AND_SIZES, Company

QUESTIONS = (
    "who is locked out?",
    "people who are not active",
    "contractors in London",
    "people in the Finance department",
    "people whose title contains 'lead'",
    "users with no manager",
    "people without a mobile phone",
    "people who never logged in",
    "people who logged in in the last 7 days",
    "who has not signed in for 90 days",
    "accounts created this year",
    "people whose name starts with «Ma»",
    "how many users are in each status?",
    "people per department",
    "number of contractors",
    "the 7 newest accounts",
    "active people sorted by last login",
    "groups with no description",
    "built-in groups",
    "app groups created this year",
    "SAML apps",
    "inactive apps",
    "number of apps by sign-on mode",
    "suspended devices",
    "Macs without disk encryption",
    "unregistered devices",
    "blocked zones with their gateways",
    "inactive group rules",
    "members of the group Contractors",
    "active members of the group Sales",
    "members of the group Engineering who never logged in",
    "Imani Okoye's groups",
    "app groups of Imani Okoye",
    "factors of Carmen Iglesias",
    "devices of Imani Okoye",
    "apps of the group Finance",
    "rules of the policy «Default Policy»",
    "people without any factor",
    "people without a second factor",
    "people whose only factor is SMS",
    "people with only SMS as a second factor",
    "people with SMS but not WebAuthn",
    "people with at least 3 factors",
    "people with exactly one factor",
    "people with a pending factor",
    "people with a phishing-resistant factor",
    "contractors with Salesforce access who have only SMS as a second factor",
    "active members of the group Finance with no phishing-resistant factor",
    "number of active people without any factor",
    "active contractors with their factors",
    "contractors with their groups",
    "contractors with their apps",
)


def _rows(table: pl.DataFrame, columns: list[str]) -> Counter[tuple[object, ...]]:
    def cell(value: object) -> object:
        if isinstance(value, list):
            return tuple(value)
        return value.replace(tzinfo=None) if isinstance(value, datetime) else value

    return Counter(tuple(cell(value) for value in row) for row in table.select(columns).rows())


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("company", SEEDS_AND_SIZES[:1], indirect=True, ids=lambda pair: f"seed {pair[0]}")
async def test_the_tenant_and_its_snapshot_say_the_same(question: str, company: Company) -> None:
    stored, live = await company.ask(question), await company.ask(f"{question} right now")
    assert stored.outcome is live.outcome is Outcome.ANSWERED, f"{stored.message}\n{live.message}"
    assert live.plan is not None
    assert any(isinstance(step, ApiStep) for step in live.plan.steps)
    assert stored.table is not None
    assert live.table is not None
    shared = [name for name in stored.table.columns if name in live.table.columns]
    assert shared
    assert _rows(stored.table, shared) == _rows(live.table, shared), live.understood_as
