"""Errors as problem details (RFC 9457): what went wrong and what to do, an id to ask about, and no trace."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from temporalio.service import RPCError, RPCStatusCode

from holdfast import errors
from holdfast.errors import HoldfastError
from holdfast.rows import RowsRefused
from starter.access.incoming import request_id_of
from starter.access.issuer_keys import IssuerAway
from starter.access.refusals import NotAllowed, NotAuthenticated, StoreAway, TooManyRequests, UnknownKey
from starter.gateway.answers import NotEnded
from starter.gateway.row_queries import NoRows
from starter.questions import QuestionLost, ReusedId
from starter.schedules import ScheduleRefused, UnknownSchedule

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()


class NoWorker(HoldfastError):
    """No worker answers; nothing is lost, and it can be asked again in some seconds."""


class Problem(BaseModel):
    """What went wrong with a request. `type` is stable, for programs; `detail` is for people."""

    model_config = ConfigDict(frozen=True)
    type: str
    title: str
    status: int
    detail: str
    # The id under which this request stands in the gateway's log.
    correlation_id: str


_STATUS: Mapping[type[HoldfastError], HTTPStatus] = {
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    ReusedId: HTTPStatus.CONFLICT,
    NotEnded: HTTPStatus.CONFLICT,
    QuestionLost: HTTPStatus.GONE,
    NoRows: HTTPStatus.NOT_FOUND,
    RowsRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnknownExecution: HTTPStatus.NOT_FOUND,
    UnknownSchedule: HTTPStatus.NOT_FOUND,
    ScheduleRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidQuestion: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PlanRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.QueryRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ProgramRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PresentationRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ExportRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RerunRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NoEndpoint: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidTransition: HTTPStatus.CONFLICT,
    errors.ReviewRefused: HTTPStatus.CONFLICT,
    errors.NoSnapshot: HTTPStatus.CONFLICT,
    errors.SnapshotDamaged: HTTPStatus.CONFLICT,
    errors.ArtifactMissing: HTTPStatus.GONE,
    UnknownKey: HTTPStatus.NOT_FOUND,
    StoreAway: HTTPStatus.SERVICE_UNAVAILABLE,
    IssuerAway: HTTPStatus.SERVICE_UNAVAILABLE,
    NoWorker: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StackNotRunning: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SettingsError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.TransientError: HTTPStatus.SERVICE_UNAVAILABLE,
}

# When Temporal ends, hangs, or has more to do than it takes.
_AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
}

# Who sends ten thousand mistakes is not told each of them.
_MOST_DETAIL = 8_000

# What is answered without an error of ours.
_OTHERS = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
}

# The answers that any route may give, for the OpenAPI document.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status.value: {"model": Problem, "description": status.phrase} for status in sorted({*_STATUS.values(), *_OTHERS})
}


def status_of(error: HoldfastError) -> HTTPStatus:
    """The HTTP status of an error that was raised on purpose."""
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def answer_problems(app: FastAPI) -> None:
    """Have every error leave the app as a problem."""
    app.add_exception_handler(HoldfastError, _ours)
    app.add_exception_handler(RPCError, _temporals)
    app.add_exception_handler(HTTPException, _frameworks)
    app.add_exception_handler(RequestValidationError, _invalid)


class Unforeseen:
    """ASGI middleware: what nobody foresaw is a problem too, and told with the headers of every other answer.

    Starlette's own place for that is outside of every middleware, so that nothing could be added there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        has_begun = False

        async def noticing(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noticing)
        except Exception as error:
            if scope["type"] != "http" or has_begun:
                raise
            response = await _unforeseen(Request(scope), error)
            await response(scope, receive, send)


def problem_response(
    request: Request, status: HTTPStatus, kind: str, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The response that tells a problem."""
    problem = Problem(
        type=f"urn:holdfast:problem:{kind}",
        title=status.phrase,
        status=status.value,
        detail=detail if len(detail) <= _MOST_DETAIL else f"{detail[:_MOST_DETAIL]} …",
        correlation_id=request_id_of(request),
    )
    return JSONResponse(problem.model_dump(), status.value, dict(headers or {}), MEDIA_TYPE)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HoldfastError)
    headers: dict[str, str] = {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="holdfast"'
    return problem_response(request, status_of(error), _kind(type(error).__name__), str(error), headers)


async def _temporals(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RPCError)
    if error.status not in _AWAY:
        return await _unforeseen(request, error)
    detail = "Temporal does not answer at the moment. What was started is kept and goes on; try again in some seconds."
    return problem_response(request, HTTPStatus.SERVICE_UNAVAILABLE, "temporal-away", detail, {"Retry-After": "5"})


async def _frameworks(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    return problem_response(request, status, _kind(status.name), str(error.detail), error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # What was sent is not repeated: it may hold a secret, and it is the caller's own.
    said = "; ".join(_complaint(one) for one in error.errors())
    return problem_response(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", f"{said}.")


def _complaint(one: Mapping[str, Any]) -> str:
    if one["type"] == "json_invalid":
        return f"The body is not JSON: it goes wrong at character {one['loc'][-1]}"
    return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("unforeseen", request_id=request_id_of(request), path=request.url.path, exc_info=error)
    detail = "Something went wrong that should not have. The operator finds it in the gateway's log by this id."
    return problem_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, "unforeseen", detail)


def _kind(name: str) -> str:
    """`InvalidQuestion` → `invalid-question`, `NOT_FOUND` → `not-found`."""
    if name.isupper():
        return name.lower().replace("_", "-")
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
