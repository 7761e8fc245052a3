"""API keys: made once, kept as a digest, looked up at every call, so that a revoked one is refused at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from starter.access import schema
from starter.access.callers import Action, Caller, Role, joined, roles_of, scopes_of
from starter.access.refusals import NotAuthenticated, UnknownKey
from starter.access.secret_texts import digest_of, matches, new_secret
from starter.access.store import Store

PREFIX = "hf_"
# A key that works all day need not be written all day.
_USE_IS_NOTED_EVERY = timedelta(minutes=1)
# For an unknown key the same work is done as for a known one.
_NOBODYS = digest_of("")


@dataclass(frozen=True)
class NewKey:
    """What a key shall be; `scopes` None means whatever its roles allow, `expires` None until it is revoked."""

    subject: str
    name: str
    roles: frozenset[Role]
    scopes: frozenset[Action] | None = None
    expires: datetime | None = None


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key; its secret is not."""

    id: str
    subject: str
    name: str
    roles: frozenset[Role]
    scopes: frozenset[Action] | None
    created: datetime
    created_by: str
    expires: datetime | None
    # To the minute.
    last_used: datetime | None
    revoked: datetime | None


class Keys:
    """The keys of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(self, wanted: NewKey, by: str, key_id: str) -> tuple[ApiKey, str]:
        """A new key with a `new_id`, and its text, which nobody can ever be told again."""
        secret, now = new_secret(), self._store.now()
        row = {
            "id": key_id,
            "digest": digest_of(secret),
            "subject": wanted.subject,
            "name": wanted.name,
            "roles": joined(wanted.roles),
            "scopes": joined(wanted.scopes) if wanted.scopes is not None else None,
            "created": now,
            "created_by": by,
            "expires": wanted.expires,
        }
        await self._store.write(lambda connection: connection.execute(insert(schema.keys).values(row)))
        key = ApiKey(
            key_id, wanted.subject, wanted.name, wanted.roles, wanted.scopes, now, by, wanted.expires, None, None
        )
        return key, f"{PREFIX}{key_id}_{secret}"

    async def listed(self) -> Sequence[ApiKey]:
        """Every key, the latest first, revoked ones among them."""
        statement = select(schema.keys).order_by(schema.keys.c.created.desc(), schema.keys.c.id)
        rows = await self._store.read(lambda connection: connection.execute(statement).all())
        return [_key(row) for row in rows]

    async def revoke(self, key_id: str) -> ApiKey:
        """The key, which no call can use from now on, and no session that it began. Raises UnknownKey."""
        now = self._store.now()

        def work(connection: Connection) -> Row[Any] | None:
            still_good = (schema.keys.c.id == key_id) & schema.keys.c.revoked.is_(None)
            connection.execute(update(schema.keys).where(still_good).values(revoked=now))
            connection.execute(schema.passes.delete().where(schema.passes.c.key_id == key_id))
            return connection.execute(select(schema.keys).where(schema.keys.c.id == key_id)).one_or_none()

        row = await self._store.write(work)
        if row is None:
            raise UnknownKey(f"There is no key {key_id!r}. `holdfast keys list` shows those there are.")
        return _key(row)

    async def caller_of(self, text: str) -> Caller:
        """Whom a key stands for. Raises NotAuthenticated, with the same words whatever is wrong with it."""
        key_id, _, secret = text.removeprefix(PREFIX).partition("_")
        if not (key_id.isascii() and key_id.isalnum()):
            # Not every database takes every text.
            key_id = ""
        statement = select(schema.keys).where(schema.keys.c.id == key_id)
        row = await self._store.read(lambda connection: connection.execute(statement).one_or_none())
        now = self._store.now()
        is_right = matches(secret, row.digest if row is not None else _NOBODYS)
        if row is None or not is_right or not is_in_force(_key(row), now):
            raise NotAuthenticated("This key is not known, was revoked or has expired. Ask an administrator for one.")
        if row.last_used is None or now - row.last_used > _USE_IS_NOTED_EVERY:
            await self._note_use(key_id, now)
        key = _key(row)
        return Caller(key.subject, key.name, key.roles, f"key:{key.id}", key.scopes, key.id)

    async def _note_use(self, key_id: str, now: datetime) -> None:
        unnoted = or_(schema.keys.c.last_used.is_(None), schema.keys.c.last_used < now)
        statement = update(schema.keys).where(schema.keys.c.id == key_id, unnoted).values(last_used=now)
        await self._store.write(lambda connection: connection.execute(statement))


def is_in_force(key: ApiKey, now: datetime) -> bool:
    """Whether the key may be used at `now`."""
    return key.revoked is None and (key.expires is None or now < key.expires)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        subject=row.subject,
        name=row.name,
        roles=roles_of(row.roles),
        scopes=scopes_of(row.scopes),
        created=row.created,
        created_by=row.created_by,
        expires=row.expires,
        last_used=row.last_used,
        revoked=row.revoked,
    )
