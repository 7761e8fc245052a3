"""Dates of the families: days before the company's now, and who may have caused what."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from holdfast.demo.cast import person_id
from holdfast.demo.company import Company
from holdfast.demo.records import Record, stamp

# The tenant's own address, as issuers and certificates name it wherever it is served.
ORG_URL = "https://kelptide.okta.example"
# The system log reaches back 90 days. What it does not tell of was settled before.
SETTLED_DAYS = 95.0
# What it tells of may have changed as late as this.
LATE_DAYS = 1.0


def ago(company: Company, days: float) -> str:
    """The moment that many days before the company's now."""
    return stamp(company.now - timedelta(days=days))


def dated(company: Company, *key: object, oldest: float = 2000, youngest: float = SETTLED_DAYS) -> Record:
    """`created` that many days ago and `lastUpdated` after it, neither after `youngest`.

    The same `key` gives the same dates.
    """
    random = Random("/".join(map(str, (company.seed, "dates", *key))))
    created = random.uniform(youngest, oldest)
    return {"created": ago(company, created), "lastUpdated": ago(company, random.uniform(youngest, created))}


def dated_by(company: Company, person: str, *key: object, oldest: float = 2000, since: str = "") -> Record:
    """The same for what `person` made and changed: while that person was there, from `since` on, up to yesterday."""
    dates = dated(company, *key, oldest=oldest, youngest=LATE_DAYS)
    begin = max(company.users[person]["created"], since)
    end = max(begin, left_at(company, person) or stamp(company.now))
    return {name: min(max(moment, begin), end) for name, moment in dates.items()}


def left_at(company: Company, person: str) -> str | None:
    """When the person left; None for who is here."""
    record = company.users[person]
    return str(record["statusChanged"]) if record["status"] == "DEPROVISIONED" else None


def administrator(company: Company) -> str:
    """Who made what nobody else is said to have made."""
    return company.cases.token_owner


def left_administrator(company: Company) -> str:
    """An administrator who has left since."""
    return person_id(company.seed, "left_admin")
