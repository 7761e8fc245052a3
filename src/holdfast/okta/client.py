"""The Okta client: reads one tenant, within its rate limits, and can do nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import orjson

from holdfast.errors import OktaServerError, SettingsError
from holdfast.okta.addresses import followed_link, next_link, request_url, tenant_origin
from holdfast.okta.credentials import Credentials, credentials_from
from holdfast.okta.pacer import BucketReport, Pacer, Standing
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
class Reading:
    """One good answer as it came. `next` is the link of its header to the following page."""

    content: bytes
    next: str | None
    url: str
    content_type: str

    def json(self) -> Any:
        """The JSON value in it. Raises OktaServerError where it is none."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise OktaServerError(
                f"{urlsplit(self.url).path} answered with something that is not JSON ({self.content_type}). Is "
                "HOLDFAST_OKTA__URL the tenant's own address, and is there a proxy between?"
            ) from None


@dataclass(slots=True)
class CallMeter:
    """What one read costs, counted while it is under way, so that it is known of a read that fails too.

    `waits` are the times it was held by a rate limit (from, to), in seconds since 1970. `is_on_the_wire` while the
    tenant has been asked and has not answered.
    """

    retries: int = 0
    received_bytes: int = 0
    waits: list[tuple[float, float]] = field(default_factory=list)
    is_on_the_wire: bool = False


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

    def keep_to_limits_of(self, earlier: OktaClient) -> None:
        """Know from the first request what another client of the same login learnt of the tenant's limits."""
        self._pacer.take_over(earlier._pacer)

    def standing(self, path: str) -> Standing:
        """What is known of the rate limit that counts requests for `path`."""
        return self._pacer.standing(path)

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON value at `path`."""
        return (await self.read(self.address(path, params))).json()

    async def pages(
        self, path: str, params: Mapping[str, str | int] | None = None, *, start: str | None = None
    ) -> AsyncIterator[Page]:
        """The pages of a list, each asked for when the one before was taken; `start` goes on at an earlier `next`.

        A system log without `until` has always a next page: whoever reads it decides when to stop.
        """
        url = self.link(start) if start is not None else self.address(path, params)
        while True:
            page = _page(await self.read(url))
            if page.next is None:
                yield page
                return
            following = self.link(page.next)
            if following == url and page.items:
                raise OktaServerError(f"The list {path} has no end: a page names itself as the next one.")
            yield page
            url = following

    def address(self, path: str, params: Mapping[str, str | int] | None = None) -> str:
        """What `read` takes for a path of the read API. Raises OktaRefused for any other."""
        return request_url(self._origin, path, params)

    def link(self, following: str) -> str:
        """What `read` takes for a `next` link. Raises OktaRefused where it leaves the tenant or its read API."""
        return followed_link(self._origin, following)

    async def read(self, url: str, meter: CallMeter | None = None) -> Reading:
        """The good response to a GET. Raises the error that any other one means."""
        meter = meter or CallMeter()
        path = urlsplit(url).path
        waits, renewals = 0, 0
        while True:
            async with self._pacer.turn(path) as turn:
                if turn.held is not None:
                    meter.waits.append(turn.held)
                authorization = await self._credentials.authorization(self._origin)
                response = await self._sent(url, authorization, meter)
                wait = self._pacer.learn(turn, response.status_code, response.headers)
            if response.is_success:
                return _reading(response, url)
            if wait is not None and waits < _MOST_WAITS:
                # The pacer lets the next turn begin when the wait is over.
                waits += 1
            elif response.status_code == 401 and renewals == 0 and self._credentials.renewed(authorization):
                renewals += 1
            else:
                raise error_of(response, mend=self._credentials.mend, retry_after=wait)
            self._retries += 1
            meter.retries += 1

    async def _sent(self, url: str, authorization: str, meter: CallMeter) -> httpx.Response:
        self._calls += 1
        meter.is_on_the_wire = True
        try:
            response = await answer_to_get(self._transport, url, authorization)
        finally:
            meter.is_on_the_wire = False
        self._received_bytes += len(response.content)
        meter.received_bytes += len(response.content)
        return response


def _reading(response: httpx.Response, url: str) -> Reading:
    kind = response.headers.get("content-type", "of no stated type")
    return Reading(response.content, next_link(response.headers.get_list("link")), url, kind)


def _page(reading: Reading) -> Page:
    """A list as such, or (`iam/*`, governance) the one list in an object whose `_links` name the next page."""
    body = reading.json()
    if isinstance(body, list):
        return Page(body, reading.next, reading.url)
    lists = [value for value in body.values() if isinstance(value, list)] if isinstance(body, dict) else []
    if len(lists) != 1:
        raise OktaServerError(f"{urlsplit(reading.url).path} answered with something that is not a list.")
    return Page(lists[0], reading.next or body_link(body), reading.url)


def body_link(body: dict[str, Any]) -> str | None:
    """The link to the next page that stands in the body itself."""
    links = body.get("_links")
    following = links.get("next") if isinstance(links, dict) else None
    href = following.get("href") if isinstance(following, dict) else None
    return href if isinstance(href, str) else None
