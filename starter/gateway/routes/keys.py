"""API keys, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, status
from pydantic import BaseModel, ConfigDict, Field

from starter.access.callers import Action, Caller, Role
from starter.access.keys import ApiKey, NewKey
from starter.access.recording import recorded
from starter.access.refusals import NotAllowed
from starter.access.secret_texts import new_id
from starter.access.texts import Line, Moment
from starter.gateway.permissions import allowed
from starter.gateway.stored_access import Stored

router = APIRouter(prefix="/api/keys", tags=["keys"])

KeyManager = Annotated[Caller, Depends(allowed(Action.MANAGE_KEYS))]


class WantedKey(BaseModel):
    """A key to make."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    subject: Line = Field(description="The person or program that it stands for", examples=["ada@acme.example"])
    name: Line = Field(description="What it is for", examples=["Nightly report"])
    roles: frozenset[Role] = Field(min_length=1)
    scopes: frozenset[Action] | None = Field(None, min_length=1, description="null: whatever its roles allow")
    expires: Moment | None = Field(None, description="null: when it is revoked")


class KeyView(BaseModel):
    """What is known of a key. `last_used` is to the minute."""

    model_config = ConfigDict(frozen=True)
    id: str
    subject: str
    name: str
    roles: tuple[Role, ...]
    scopes: tuple[Action, ...] | None
    created: datetime
    created_by: str
    expires: datetime | None
    last_used: datetime | None
    revoked: datetime | None


class CreatedKey(BaseModel):
    """A new key with its text, which is told this once."""

    model_config = ConfigDict(frozen=True)
    key: KeyView
    text: str


class KeyList(BaseModel):
    """The latest first; those that were revoked among them."""

    model_config = ConfigDict(frozen=True)
    keys: tuple[KeyView, ...]


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        id=key.id,
        subject=key.subject,
        name=key.name,
        roles=tuple(sorted(key.roles)),
        scopes=tuple(sorted(key.scopes)) if key.scopes is not None else None,
        created=key.created,
        created_by=key.created_by,
        expires=key.expires,
        last_used=key.last_used,
        revoked=key.revoked,
    )


@router.get("")
async def list_keys(_: KeyManager, stored: Stored) -> KeyList:
    """Every key, without its text."""
    return KeyList(keys=tuple(_view(key) for key in await stored.keys.listed()))


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_key(wanted: WantedKey, caller: KeyManager, stored: Stored) -> CreatedKey:
    """Make a key. Its text is in this answer and nowhere else."""
    if caller.scopes is not None and (wanted.scopes is None or not wanted.scopes <= caller.scopes):
        raise NotAllowed("A key that is restricted to some actions makes none that may do more. List `scopes` of its.")
    new = NewKey(wanted.subject, wanted.name, wanted.roles, wanted.scopes, wanted.expires)
    key_id = new_id()
    async with recorded(stored, caller, "create-key", key_id, **wanted.model_dump(mode="json")):
        key, text = await stored.keys.create(new, caller.subject, key_id)
    return CreatedKey(key=_view(key), text=text)


@router.delete("/{key_id}")
async def revoke_key(
    key_id: Annotated[str, Path(pattern="^[a-z0-9]{1,32}$")], caller: KeyManager, stored: Stored
) -> KeyView:
    """Revoke a key: from now on no call and no session of it is accepted, by any gateway."""
    async with recorded(stored, caller, "revoke-key", key_id):
        return _view(await stored.keys.revoke(key_id))
