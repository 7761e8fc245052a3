"""What stands for a caller for a while: sessions of the page, tickets for WebSockets, codes to sign in with."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, exists, insert, or_, select, update

from starter.access import schema
from starter.access.callers import Caller, joined, roles_of, scopes_of
from starter.access.refusals import NotAuthenticated
from starter.access.secret_texts import digest_of, new_secret
from starter.access.store import Store

# A session in use need not be written at every request.
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class PassKind(StrEnum):
    """What a pass is for; one of a kind is never taken for another."""

    SESSION = "session"
    TICKET = "ticket"
    CODE = "code"


class Passes:
    """The passes of a store. Each is 256 random bits, of which only a digest is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def issue(self, kind: PassKind, caller: Caller, lifetime: timedelta, ends: datetime | None = None) -> str:
        """A new pass that stands for the caller for so long; use may move that, but never beyond `ends`."""
        secret, now = new_secret(), self._store.now()
        expires = now + lifetime if ends is None else min(now + lifetime, ends)
        row = {
            "digest": digest_of(secret),
            "kind": kind.value,
            "subject": caller.subject,
            "name": caller.name,
            "roles": joined(caller.roles),
            "scopes": joined(caller.scopes) if caller.scopes is not None else None,
            "credential": caller.credential,
            "key_id": caller.key_id,
            "expires": expires,
            "ends": ends or expires,
        }

        def work(connection: Connection) -> None:
            connection.execute(delete(schema.passes).where(schema.passes.c.expires <= now))
            connection.execute(insert(schema.passes).values(row))

        await self._store.write(work)
        return secret

    async def redeem(self, kind: PassKind, secret: str) -> Caller:
        """Whom a pass stands for; it is used up, for whoever comes first. Raises NotAuthenticated."""
        statement = delete(schema.passes).where(*self._good(kind, secret)).returning(schema.passes)
        row = await self._store.write(lambda connection: connection.execute(statement).one_or_none())
        if row is None:
            raise NotAuthenticated(f"This {kind.value} was used before or has expired. Get a new one.")
        return replace(_caller(row), credential=row.credential)

    async def session(self, secret: str, idle: timedelta) -> Caller:
        """Whom a session stands for; it goes on for `idle` from now. Raises NotAuthenticated."""
        statement: Select[Any] = select(schema.passes).where(*self._good(PassKind.SESSION, secret))
        row = await self._store.read(lambda connection: connection.execute(statement).one_or_none())
        if row is None:
            raise NotAuthenticated("Your session has ended. Sign in again.")
        expires = min(self._store.now() + idle, row.ends)
        if expires - row.expires > min(_USE_IS_NOTED_EVERY, idle / 2):
            longer = update(schema.passes).where(schema.passes.c.digest == row.digest).values(expires=expires)
            await self._store.write(lambda connection: connection.execute(longer))
        return _caller(row)

    async def end_session(self, secret: str) -> None:
        """Nobody can use this session from now on."""
        ended = delete(schema.passes).where(schema.passes.c.digest == digest_of(secret))
        await self._store.write(lambda connection: connection.execute(ended))

    def _good(self, kind: PassKind, secret: str) -> tuple[Any, ...]:
        """What holds for a pass that may be used: also the key behind it is good, where there is one."""
        now, key = self._store.now(), schema.keys.c
        unexpired = or_(key.expires.is_(None), key.expires > now)
        key_is_good = exists().where(and_(key.id == schema.passes.c.key_id, key.revoked.is_(None), unexpired))
        return (
            schema.passes.c.digest == digest_of(secret),
            schema.passes.c.kind == kind.value,
            schema.passes.c.expires > now,
            or_(schema.passes.c.key_id.is_(None), key_is_good),
        )


def _caller(row: Row[Any]) -> Caller:
    """The caller as they are known through this pass."""
    return Caller(
        subject=row.subject,
        name=row.name,
        roles=roles_of(row.roles),
        credential=f"session:{row.digest[:12]}",
        scopes=scopes_of(row.scopes),
        key_id=row.key_id,
    )
