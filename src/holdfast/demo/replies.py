"""What the tenant answers: Okta's error bodies, pages with their links, and the shape of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from yarl import URL

from holdfast.demo.records import Record, okta_id
from holdfast.demo.shifts import STILL, Shifts

if TYPE_CHECKING:
    from holdfast.demo.company import Company
    from holdfast.demo.links import Presenter

# Okta's published codes: status and summary, `{}` where the summary names something.
_ERRORS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "E0000001": (400, "Api validation failed: {}"),
        "E0000005": (403, "Invalid session"),
        "E0000006": (403, "You do not have permission to perform the requested action"),
        "E0000007": (404, "Not found: Resource not found: {}"),
        "E0000008": (404, "The requested path was not found"),
        "E0000009": (500, "Internal Server Error"),
        "E0000011": (401, "Invalid token provided"),
        "E0000015": (401, "You do not have permission to access the feature you are requesting"),
        "E0000022": (405, "The endpoint does not support the provided HTTP method"),
        "E0000028": (400, "The request is missing a required parameter."),
        "E0000031": (400, "Invalid search criteria."),
        "E0000033": (400, "Bad request. Can't specify a search query and filter in the same request."),
        "E0000047": (429, "API call exceeded rate limit due to too many requests."),
    }
)


class ApiError(Exception):
    """The tenant refuses the request with one of Okta's error codes."""

    def __init__(self, code: str, about: str = "", *, cause: str | None = None) -> None:
        self.code = code
        self.status, summary = _ERRORS[code]
        self.summary = summary.format(about)
        self.cause = cause
        super().__init__(self.summary)

    def body(self, request_number: int) -> Record:
        """Okta's error object; `request_number` makes its id."""
        return {
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": okta_id("oae", request_number),
            "errorCauses": [{"errorSummary": self.cause}] if self.cause else [],
        }


class EmptyRefusal(Exception):
    """The tenant refuses the request without a body; `reason` is the OAuth error."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def not_found(what: str, kind: str) -> ApiError:
    """404 for `what`, which is no `kind` (User, Group, …) of this tenant."""
    return ApiError("E0000007", f"{what} ({kind})")


@dataclass(frozen=True)
class Call:
    """One request, as an endpoint sees it. `url` is the full address that was asked."""

    company: Company
    present: Presenter
    query: Mapping[str, str]
    path: Mapping[str, str]
    url: URL
    shifts: Shifts = STILL


@dataclass(frozen=True)
class Reply:
    """A JSON body (a text is XML) and, for lists that go on, the address of the next page."""

    body: Any
    paged: bool = False
    next_page: str | None = None


Endpoint = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """A path in aiohttp's notation, what answers it, and the OAuth scope it takes; None: anyone may read it."""

    path: str
    endpoint: Endpoint
    scope: str | None
