"""Only requests for our own address are served, so that no other site's name can be pointed at us (DNS rebinding)."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from holdfast.setting_types import LOOPBACK
from starter.access.browsers import origin_of
from starter.gateway.problems import problem_response

_POLICY_VIOLATION = 1008


class Hosts:
    """ASGI middleware: answers 421 to a `Host` that is not ours, and 400 where there is none or several."""

    def __init__(self, app: ASGIApp, public_url: str | None) -> None:
        self._app = app
        public = origin_of(public_url or "")
        self._public = urlsplit(public).netloc
        self._default_port = ":443" if public.startswith("https:") else ":80"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = HTTPConnection(scope).headers.getlist("host")
        if len(given) == 1 and self._is_ours(given[0].lower(), scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(_POLICY_VIOLATION)(scope, receive, send)
        elif len(given) != 1:
            refused = problem_response(
                Request(scope), HTTPStatus.BAD_REQUEST, "bad-host", "A request has exactly one header `Host`."
            )
            await refused(scope, receive, send)
        else:
            refused = problem_response(
                Request(scope),
                HTTPStatus.MISDIRECTED_REQUEST,
                "foreign-host",
                "This gateway is not known under the name that was asked for. Its operator can add one by "
                "HOLDFAST_GATEWAY__PUBLIC_URL.",
            )
            await refused(scope, receive, send)

    def _is_ours(self, host: str, scope: Scope) -> bool:
        """The public name, or one of loopback or the very address that was called, with our port.

        An address is safe where a name is not: nobody can point it elsewhere.
        """
        if self._public and host.removesuffix(self._default_port) == self._public:
            return True
        server = scope.get("server")
        if server is None:
            return False
        address, port = server
        names = {f"[{name}]" if ":" in name else name for name in {*LOOPBACK, address}}
        return host in {f"{name}:{port}" for name in names} or (port in {80, 443} and host in names)
