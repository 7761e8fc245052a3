"""The audit record: who did what, when and from where. It only grows, and each entry seals those before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, Row, insert, select, text

from starter.access import schema
from starter.access.callers import Caller
from starter.access.store import Store

# What the first entry is chained to.
_BEGINNING = "0" * 64
_APPEND_LOCK = 0x61756469


@dataclass(frozen=True)
class Entry:
    """One thing that somebody did. `chain` is a digest of this entry and of the `chain` before it."""

    id: int
    at: datetime
    subject: str
    credential: str
    action: str
    target: str
    detail: Mapping[str, JsonValue]
    address: str
    request_id: str
    chain: str


@dataclass(frozen=True)
class Wanted:
    """Which entries are read; what is None does not matter. `before` is an id, for the next page."""

    since: datetime | None = None
    subject: str | None = None
    action: str | None = None
    target: str | None = None
    before: int | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether the record is whole: how many entries were read, the last chain, and the first entry that is wrong."""

    entries: int
    chain: str
    broken_at: int | None


class AuditRecord:
    """The record of a store. Nothing in this code changes or removes an entry, and the database refuses it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def append(self, caller: Caller, action: str, target: str, detail: Mapping[str, object]) -> int:
        """Record it and return its id; when this returns it is on the disk. Raises StoreAway, and then nothing is."""
        values = {
            "at": self._store.now().astimezone(UTC),
            "subject": _storable(caller.subject),
            "credential": _storable(caller.credential),
            "action": _storable(action),
            "target": _storable(target),
            "detail": json.dumps(detail, sort_keys=True, default=str),
            "address": _storable(caller.address),
            "request_id": _storable(caller.request_id),
        }

        def work(connection: Connection) -> int:
            if connection.dialect.name == "postgresql":
                # SQLite has one writer in any case; here entries must be chained one after the other too.
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _APPEND_LOCK})
            last = connection.execute(
                select(schema.audit.c.chain).order_by(schema.audit.c.id.desc()).limit(1)
            ).scalar_one_or_none()
            chain = _chained(last or _BEGINNING, values)
            added = insert(schema.audit).values(chain=chain, **values).returning(schema.audit.c.id)
            return int(connection.execute(added).scalar_one())

        return await self._store.write(work)

    async def page(self, wanted: Wanted, limit: int) -> Sequence[Entry]:
        """Entries, the latest first."""
        audit = schema.audit.c
        statement = select(schema.audit).order_by(audit.id.desc()).limit(limit)
        if wanted.since is not None:
            statement = statement.where(audit.at >= wanted.since)
        if wanted.before is not None:
            statement = statement.where(audit.id < wanted.before)
        texts = ((audit.subject, wanted.subject), (audit.action, wanted.action), (audit.target, wanted.target))
        for column, value in texts:
            if value is not None:
                statement = statement.where(column == _storable(value))
        rows = await self._store.read(lambda connection: connection.execute(statement).all())
        return [_entry(row) for row in rows]

    async def verified(self) -> Verdict:
        """Read all of it and see whether each entry still seals those before it."""
        return await self._store.read(_verify)


def _verify(connection: Connection) -> Verdict:
    count, chain = 0, _BEGINNING
    every = select(schema.audit).order_by(schema.audit.c.id)
    with connection.execution_options(yield_per=1_000).execute(every) as rows:
        for row in rows:
            if _chained(chain, {name: getattr(row, name) for name in _SEALED}) != row.chain:
                return Verdict(count, chain, row.id)
            count, chain = count + 1, row.chain
    return Verdict(count, chain, None)


_SEALED = ("at", "subject", "credential", "action", "target", "detail", "address", "request_id")


def _chained(before: str, values: Mapping[str, Any]) -> str:
    """The digest that seals these values behind those before them."""
    sealed = [before, *(_sealed(values[name]) for name in _SEALED)]
    return hashlib.sha256(json.dumps(sealed).encode()).hexdigest()


def _sealed(value: Any) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)


def _storable(value: str) -> str:
    """The text as every database takes it: a NUL and half a character are shown as their code."""
    return value.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        at=row.at,
        subject=row.subject,
        credential=row.credential,
        action=row.action,
        target=row.target,
        detail=json.loads(row.detail),
        address=row.address,
        request_id=row.request_id,
        chain=row.chain,
    )
