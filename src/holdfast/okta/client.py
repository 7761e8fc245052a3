"""The Okta client: reads one tenant, within its rate limits, and can do nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import orjson

from holdfast.errors import OktaServerError, SettingsError
from holdfast.okta.addresses import followed_link, next_link, request_url, tenant_origin
from holdfast.okta.credentials import Credentials, credentials_from
from holdfast.okta.pacer import BucketReport, Pacer
from holdfast.okta.refusals import error_of
from holdfast.okta.transport import NarrowTransport, answer_to_get
from holdfast.settings import OktaSettings

# A 429 is waited for and asked again; after this many windows used up by others the caller decides.
_MOST_WAITS = 10


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, as the tenant sent it. `next` is the link to the following page, None on the last one."""

    items: list[Any]
    next: str | None
    url: str


@dataclass(frozen=True, slots=True)
class CallStats:
    """What a client has done so far, and how near to each rate limit. `received_bytes` is after decompression."""

    calls: int
    retries: int
    waited_seconds: float
    received_bytes: int
    buckets: tuple[BucketReport, ...]


class OktaClient:
    """One tenant, one login, one event loop. Errors are those of `holdfast.errors` that begin with Okta.

    A 429 is waited for; every other failure is raised at once, because Temporal owns retries.
    """

    def __init__(
        self, url: str, credentials: Credentials, *, concurrency: int = 20, rate_limit_share: float = 1.0
    ) -> None:
        self._origin = tenant_origin(url)
        self._credentials = credentials
        self._pacer = Pacer(concurrency=concurrency, share=rate_limit_share)
        self._transport = NarrowTransport("GET", self._origin, connections=concurrency)
        self._calls = 0
        self._retries = 0
        self._received_bytes = 0

    @classmethod
    def from_settings(cls, settings: OktaSettings) -> OktaClient:
        """The client of the configured tenant. Raises SettingsError, which names what is missing."""
        if settings.url is None:
            raise SettingsError("No tenant is configured: set HOLDFAST_OKTA__URL, like https://acme.okta.com.")
        return cls(
            settings.url,
            credentials_from(settings),
            concurrency=settings.concurrency,
            rate_limit_share=settings.rate_limit_share,
        )

    def __repr__(self) -> str:
        return f"OktaClient({self._origin!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End every wait and close every connection."""
        self._pacer.close()
        await self._transport.aclose()
        await self._credentials.aclose()

    @property
    def stats(self) -> CallStats:
        """A snapshot of what was done so far."""
        buckets = self._pacer.reports()
        waited = sum(bucket.waited_seconds for bucket in buckets)
        return CallStats(self._calls, self._retries, waited, self._received_bytes, buckets)

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON value at `path`."""
        return _json(await self._ask(request_url(self._origin, path, params)))

    async def pages(
        self, path: str, params: Mapping[str, str | int] | None = None, *, start: str | None = None
    ) -> AsyncIterator[Page]:
        """The pages of a list, each asked for when the one before was taken; `start` goes on at an earlier `next`.

        A system log without `until` has always a next page: whoever reads it decides when to stop.
        """
        url = followed_link(self._origin, start) if start is not None else request_url(self._origin, path, params)
        while True:
            response = await self._ask(url)
            page = _page(response, url)
            if page.next is None:
                yield page
                return
            following = followed_link(self._origin, page.next)
            if following == url and page.items:
                raise OktaServerError(f"The list {path} has no end: a page names itself as the next one.")
            yield page
            url = following

    async def _ask(self, url: str) -> httpx.Response:
        """The good response to a GET. Raises the error that any other one means."""
        path = urlsplit(url).path
        waits, renewals = 0, 0
        while True:
            async with self._pacer.turn(path) as turn:
                authorization = await self._credentials.authorization(self._origin)
                self._calls += 1
                response = await answer_to_get(self._transport, url, authorization)
                self._received_bytes += len(response.content)
                wait = self._pacer.learn(turn, response.status_code, response.headers)
            if response.is_success:
                return response
            if wait is not None and waits < _MOST_WAITS:
                # The pacer lets the next turn begin when the wait is over.
                waits += 1
            elif response.status_code == 401 and renewals == 0 and self._credentials.renewed(authorization):
                renewals += 1
            else:
                raise error_of(response, mend=self._credentials.mend, retry_after=wait)
            self._retries += 1


def _json(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        kind = response.headers.get("content-type", "of no stated type")
        raise OktaServerError(
            f"{response.request.url.path} answered with something that is not JSON ({kind}). Is HOLDFAST_OKTA__URL the "
            "tenant's own address, and is there a proxy between?"
        ) from None


def _page(response: httpx.Response, url: str) -> Page:
    """A list as such, or (`iam/*`, governance) the one list in an object whose `_links` name the next page."""
    body = _json(response)
    following = next_link(response.headers.get_list("link"))
    if isinstance(body, list):
        return Page(body, following, url)
    lists = [value for value in body.values() if isinstance(value, list)] if isinstance(body, dict) else []
    if len(lists) != 1:
        raise OktaServerError(f"{response.request.url.path} answered with something that is not a list.")
    return Page(lists[0], following or _body_link(body), url)


def _body_link(body: dict[str, Any]) -> str | None:
    links = body.get("_links")
    following = links.get("next") if isinstance(links, dict) else None
    href = following.get("href") if isinstance(following, dict) else None
    return href if isinstance(href, str) else None
