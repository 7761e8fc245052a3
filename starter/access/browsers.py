"""What keeps a browser's session its own: which addresses are ours, the cookie, and proof that our page asks."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from starter.access.refusals import NotAllowed
from starter.access.secret_texts import derived

CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# `none`: the person typed the address or opened a bookmark.
_OUR_SITE = frozenset({"same-origin", "none"})
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_WEB_SCHEMES = {"ws": "http", "wss": "https"}


def origin_of(url: str) -> str:
    """Scheme, host and port as a browser's `Origin` has them: `https://acme.example`; empty where it has no host."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    scheme = _WEB_SCHEMES.get(parts.scheme, parts.scheme)
    return f"{scheme}://{host}" if port in {None, _DEFAULT_PORTS.get(scheme)} else f"{scheme}://{host}:{port}"


class Browsers:
    """The rules for whoever comes with a cookie, or over a WebSocket."""

    def __init__(self, public_url: str | None) -> None:
        self._public = origin_of(public_url) if public_url else ""

    def own_origin(self, connection: HTTPConnection) -> str:
        """Where this browser thinks that it is: the public address, or that of the request's own host."""
        host = connection.headers.get("host", "")
        if self._public and urlsplit(self._public).netloc == urlsplit(origin_of(f"https://{host}")).netloc:
            # What stands before us ends TLS, so the scheme that arrives here is not the browser's.
            return self._public
        return origin_of(f"{connection.url.scheme}://{host}")

    def cookie_name(self, connection: HTTPConnection) -> str:
        """The name of the session's cookie.

        Over https `__Host-` has the browser see to it that nobody else of the domain set it. Over http, which is
        for loopback, browsers refuse that; there the port is in the name, as cookies are shared by all ports.
        """
        own = urlsplit(self.own_origin(connection))
        return "__Host-holdfast" if own.scheme == "https" else f"holdfast-{own.port or 80}"

    def set_cookie(self, connection: HTTPConnection, response: Response, session: str) -> None:
        """Give the browser its session, until it is closed; our side ends it earlier."""
        name = self.cookie_name(connection)
        secure = name.startswith("__Host-")
        response.set_cookie(name, session, path="/", secure=secure, httponly=True, samesite="strict")

    def clear_cookie(self, connection: HTTPConnection, response: Response) -> None:
        """Have the browser forget its session."""
        name = self.cookie_name(connection)
        secure = name.startswith("__Host-")
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")

    def session_in(self, connection: HTTPConnection) -> str | None:
        """The session that the browser sent."""
        return connection.cookies.get(self.cookie_name(connection))

    def require_our_page(self, connection: HTTPConnection, session: str) -> None:
        """That a request with a cookie was made by our page. Raises NotAllowed."""
        self.require_our_origin(connection)
        if connection.scope.get("method") in _SAFE_METHODS:
            return
        if "origin" not in connection.headers and "sec-fetch-site" not in connection.headers:
            raise NotAllowed("A change that comes with a cookie must say from where it comes; this one does not.")
        given = connection.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), csrf_of(session).encode()):
            raise NotAllowed(f"The header {CSRF_HEADER} is missing or not the one of this session.")

    def require_our_origin(self, connection: HTTPConnection) -> None:
        """That no page of another origin made the request, as far as the browser says. Raises NotAllowed."""
        origin = connection.headers.get("origin")
        site = connection.headers.get("sec-fetch-site", "same-origin")
        if (origin is not None and origin != self.own_origin(connection)) or site not in _OUR_SITE:
            raise NotAllowed("This was asked by a page of another address, which may not use your session.")


def csrf_of(session: str) -> str:
    """The value that our page sends with every change; only who may read our answers knows it."""
    return derived(session, "csrf")
