"""The demo tenant over HTTP: one aiohttp application that answers like Okta's API.

Beside Okta's paths there are two of its own, open to anyone: `GET /_demo/company` says what is served, and
`POST /_demo/changes?count=N` lets the company move on by N steps (see `changes`).
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from holdfast.demo import app_endpoints, group_endpoints, log_endpoints, security_endpoints, user_endpoints
from holdfast.demo.authentication import Gatekeeper, TokenRefused
from holdfast.demo.changes import evolve
from holdfast.demo.company import Company
from holdfast.demo.families import registry
from holdfast.demo.faults import Asked, Faults
from holdfast.demo.limits import RateLimiter, Standing
from holdfast.demo.links import Presenter
from holdfast.demo.options import TenantOptions
from holdfast.demo.records import stamp
from holdfast.demo.replies import ApiError, Call, EmptyRefusal, Reply, Route
from holdfast.demo.request_log import RequestLog
from holdfast.errors import SettingsError

ROUTES: tuple[Route, ...] = (
    *user_endpoints.ROUTES,
    *group_endpoints.ROUTES,
    *app_endpoints.ROUTES,
    *security_endpoints.ROUTES,
    *log_endpoints.ROUTES,
    *registry.ROUTES,
)
# Neither limited nor disturbed.
_NO_API = ("/_demo/", "/oauth2/v1/token", "/.well-known/")
# Answers on their way when the tenant stops get this long.
_SHUTDOWN_SECONDS = 1.0


class RunningTenant:
    """A tenant that serves. `url` has no slash at its end; `company` is what it serves now."""

    def __init__(self, company: Company, options: TenantOptions) -> None:
        self.company = company
        self.url = ""
        self._options = options
        self._gate = Gatekeeper(options)
        self._faults = Faults(options.faults)
        self._limiter = RateLimiter(options.rate_limits, storm=self._faults.storm)
        self._log = RequestLog(options.request_log)
        self._requests = 0
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)

    async def start(self) -> None:
        """Listen. Raises SettingsError where the port is taken or the address is not this machine's."""
        options = self._options
        await self._runner.setup()
        site = web.TCPSite(self._runner, options.host, options.port)
        try:
            await site.start()
        except OSError as error:
            await self.stop()
            taken = error.errno == errno.EADDRINUSE
            reason = "another program uses it" if taken else (error.strerror or str(error))
            raise SettingsError(
                f"The demo tenant cannot listen on {options.host}:{options.port}, {reason}: choose another --port "
                "(0 takes a free one)."
            ) from error
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening and close what is open."""
        await self._runner.cleanup()
        self._log.close()

    def evolve(self, *, count: int = 1, at: datetime | None = None) -> None:
        """Let the company move on by `count` steps; `at` is when the changes happened, now unless given."""
        for _ in range(count):
            self.company = evolve(self.company, at=at or datetime.now(UTC))

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._middleware()])
        for route in sorted(ROUTES, key=_words_first):
            application.router.add_get(route.path, self._handler(route), allow_head=False)
        application.router.add_post("/oauth2/v1/token", self._token)
        application.router.add_get("/_demo/company", self._describe, allow_head=False)
        application.router.add_post("/_demo/changes", self._change)
        return application

    def _middleware(self) -> Middleware:
        @web.middleware
        async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._requests += 1
            with self._limiter.in_flight():
                response = await self._answer(request, handler)
                cut = response.status == 200 and self._faults.cuts_this_answer()
                heard = request.transport is not None and not request.transport.is_closing()
                self._log.write(request.method, request.path_qs, response.status, cut=cut, heard=heard)
                response.headers["X-Okta-Request-Id"] = f"demo-{self._requests}"
                return await _cut_in_the_middle(request, response) if cut else response

        return watch

    async def _answer(self, request: web.Request, handler: Handler) -> web.Response:
        standing: Standing | None = None
        try:
            endpoint = _endpoint(request)
            if endpoint is not None:
                standing = self._limiter.admit(request.path, endpoint)
                if standing is None or standing.allowed:
                    await self._faults.before(Asked(request.path, request.path_qs, "{" in endpoint))
            response = await self._limited(request, handler, standing)
        except ApiError as error:
            response = _json(error.body(self._requests), error.status)
            if standing and standing.allowed and error.status == 429:
                standing = self._limiter.too_many_at_once()
        except EmptyRefusal as refusal:
            response = web.Response(status=refusal.status)
            response.headers["WWW-Authenticate"] = f'Bearer error="{refusal.reason}"'
        except web.HTTPNotFound:
            response = _json(ApiError("E0000008").body(self._requests), 404)
        except web.HTTPMethodNotAllowed:
            response = _json(ApiError("E0000022").body(self._requests), 405)
        if standing:
            response.headers.update(standing.headers)
        return response

    async def _limited(self, request: web.Request, handler: Handler, standing: Standing | None) -> web.Response:
        if standing and not standing.allowed:
            raise ApiError("E0000047")
        response = await handler(request)
        assert isinstance(response, web.Response)
        return response

    def _handler(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            if route.scope is not None:
                self._gate.admit(request.headers.get("Authorization")).require(route.scope)
            present = Presenter(self.company, str(request.url.origin()))
            shifts = self._faults.shifts
            call = Call(self.company, present, request.query, request.match_info, request.url, shifts)
            return _response(route.endpoint(call), request)

        return handle

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        try:
            return _json(self._gate.grant(form, str(request.url.with_query(None))))
        except TokenRefused as refusal:
            return _json(refusal.body, refusal.status)

    async def _describe(self, _: web.Request) -> web.Response:
        company = self.company
        return _json(
            {
                "seed": company.seed,
                "users": len(company.users),
                "now": stamp(company.now),
                "generation": company.generation,
            }
        )

    async def _change(self, request: web.Request) -> web.Response:
        count = request.query.get("count", "1")
        if not count.isascii() or not count.isdigit() or int(count) > 1_000:
            raise ApiError("E0000001", "count", cause="count: must be a number up to 1000")
        self.evolve(count=int(count))
        return await self._describe(request)


def _words_first(route: Route) -> list[bool]:
    """Of two paths that match, aiohttp takes the one it was told first: `/groups/rules` before `/groups/{group}`."""
    return [part.startswith("{") for part in route.path.split("/")]


def _endpoint(request: web.Request) -> str | None:
    """The path without the ids in it, if it is one of Okta's API."""
    if request.path.startswith(_NO_API):
        return None
    resource = request.match_info.route.resource
    # A path that leads nowhere counts as well, as one request to the part of the API it is in.
    return resource.canonical if resource else request.path if request.path.startswith("/api/") else None


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/xml")


def _response(reply: Reply, request: web.Request) -> web.Response:
    response = _xml(reply.body) if isinstance(reply.body, str) else _json(reply.body)
    if reply.paged:
        # Two headers, not one: clients that read only the first must still work.
        response.headers.add("Link", f'<{request.url}>; rel="self"')
    if reply.next_page:
        response.headers.add("Link", f'<{reply.next_page}>; rel="next"')
    return response


async def _cut_in_the_middle(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Announce the whole body, send half of it, and break the connection."""
    assert isinstance(response, web.Response)
    body = response.body
    assert isinstance(body, bytes)
    half = web.StreamResponse(status=response.status, headers=response.headers)
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport:
        request.transport.close()
    return half


@asynccontextmanager
async def running(company: Company, options: TenantOptions) -> AsyncIterator[RunningTenant]:
    """The tenant, serving until the block ends."""
    tenant = RunningTenant(company, options)
    await tenant.start()
    try:
        yield tenant
    finally:
        await tenant.stop()
