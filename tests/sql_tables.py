"""Rows as earlier steps leave them, for SQL: lists, records, odd names, nulls."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl

# As artifacts hold moments: UTC without a zone.
MOMENT = datetime(2026, 11, 20, 15, 30, 1, 250_000, tzinfo=UTC).replace(tzinfo=None)
PEOPLE = pl.DataFrame(
    {
        "user_id": ["u1", "u2", "u3"],
        "login": ["ann@x.example", "bob@x.example", "O'Brien@x.example"],
        "status": ["ACTIVE", "ACTIVE", None],
        "created_at": [MOMENT, MOMENT, None],
        "last_login": [MOMENT, None, None],
        "department": ["Finance", "DROP TABLE people; --", None],
        "tags": [["a", "b"], [], None],
        "user": ["x", "y", "z"],
        "unread": [None, None, "403"],
    }
)
FACTORS = pl.DataFrame(
    {
        "user_id": ["u1", "u1"],
        "factor_type": ["push", "sms"],
        "status": ["ACTIVE", "PENDING"],
        "profile": [{"phone": None, "keys": ["k"]}, {"phone": "+49", "keys": []}],
        "Größe": [1, 2],
        "date": [date(2026, 11, 20), None],
        "order": [1, 2],
    }
)
EVENTS = pl.DataFrame(
    {
        "uuid": ["e1", "e2"],
        "user_id": ["u1", "u2"],
        "application_id": ["a1", None],
        "published": ["2026-11-20T15:30:01.250Z", None],
        "outcome": ["FAILURE", "SUCCESS"],
        "score": [1, 2],
        "amount": [Decimal("1.10"), Decimal("2.20")],
    }
)
FRAMES = {"people": PEOPLE, "live-factors": FACTORS, "events": EVENTS}
