"""Sessions of the page, and single-use tickets for its WebSockets."""

from __future__ import annotations

from typing import Self

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field, model_validator

from starter.access.browsers import csrf_of
from starter.access.callers import Action, Caller, Role
from starter.gateway.permissions import CurrentCaller
from starter.gateway.stored_access import Stored

router = APIRouter(prefix="/api/session", tags=["session"])

_LONGEST = 16_384


class SignIn(BaseModel):
    """How somebody proves who they are: by a key or token, or by the code of a sign-in link. Neither: by the header."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str | None = Field(None, min_length=1, max_length=_LONGEST, description="An API key or a token")
    code: str | None = Field(None, min_length=1, max_length=200, description="From the link of `holdfast up`")

    @model_validator(mode="after")
    def _is_one_proof(self) -> Self:
        if self.key is not None and self.code is not None:
            raise ValueError("send a key or a code, not both")
        return self


class Session(BaseModel):
    """Who is signed in. Every change that the page asks for carries `csrf` as `X-CSRF-Token`."""

    model_config = ConfigDict(frozen=True)
    subject: str
    name: str
    roles: tuple[Role, ...]
    # None: whatever the roles allow.
    scopes: tuple[Action, ...] | None
    # Empty for whoever calls with a key or token, which no browser sends by itself.
    csrf: str


def session_of(caller: Caller, cookie: str | None) -> Session:
    """What the page is told of its session."""
    return Session(
        subject=caller.subject,
        name=caller.name,
        roles=tuple(sorted(caller.roles)),
        scopes=tuple(sorted(caller.scopes)) if caller.scopes is not None else None,
        csrf=csrf_of(cookie) if cookie is not None else "",
    )


@router.post("", status_code=status.HTTP_201_CREATED)
async def sign_in(stored: Stored, request: Request, response: Response, proof: SignIn | None = None) -> Session:
    """Begin a session of the page: the answer sets its cookie. An earlier session of the same browser ends."""
    given = proof or SignIn()
    caller, session = await stored.signed_in(request, given.key, given.code)
    stored.browsers.set_cookie(request, response, session)
    return session_of(caller, session)


@router.get("")
async def who_am_i(caller: CurrentCaller, stored: Stored, request: Request) -> Session:
    """Who calls, and what they may."""
    return session_of(caller, None if "authorization" in request.headers else stored.browsers.session_in(request))


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def sign_out(caller: CurrentCaller, stored: Stored, request: Request, response: Response) -> None:
    """End the session of this browser."""
    session = stored.browsers.session_in(request)
    if session is not None:
        await stored.record(caller, "sign-out", caller.subject)
        await stored.passes.end_session(session)
    stored.browsers.clear_cookie(request, response)
