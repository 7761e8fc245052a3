"""Dates of the families: days before the company's now, and who may have caused what."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from holdfast.demo.cast import person_id
from holdfast.demo.company import Company
from holdfast.demo.records import Record, stamp

# The tenant's own address, as issuers and certificates name it wherever it is served.
ORG_URL = "https://kelptide.okta.example"
# The system log reaches back 90 days.
SETTLED_DAYS = 95.0


def ago(company: Company, days: float) -> str:
    """The moment that many days before the company's now."""
    return stamp(company.now - timedelta(days=days))


def dated(company: Company, *key: object, oldest: float = 2000, youngest: float = SETTLED_DAYS) -> Record:
    """`created` that many days ago and `lastUpdated` after it; the same `key` gives the same dates.

    Both lie before the system log begins unless `youngest` says otherwise: it tells of no change to these things.
    """
    random = Random("/".join(map(str, (company.seed, "dates", *key))))
    created = random.uniform(youngest, oldest)
    return {"created": ago(company, created), "lastUpdated": ago(company, random.uniform(youngest, created))}


def administrator(company: Company) -> str:
    """Who made what nobody else is said to have made."""
    return company.cases.token_owner


def left_administrator(company: Company) -> str:
    """An administrator who has left since."""
    return person_id(company.seed, "left_admin")
