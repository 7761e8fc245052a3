"""Which addresses may be asked: paths and links of one tenant's read API, and nothing else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from holdfast.errors import OktaRefused, SettingsError

# The roots under which Okta keeps what can be read; a sign-out page or a token endpoint is not among them.
_READABLE = re.compile(r"/(?:[a-z-]+/)?api/v\d+/.|/oauth2/v1/clients(?:/|$)|/\.well-known/.")
# What RFC 3986 allows in a path, without `;` and `\`: some servers cut or turn them.
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+)+")
_LINK = re.compile(r'\s*<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"[^"]*"|[^\s",;]*))?)*)\s*(?:,|$)')
_LINK_PARAM = re.compile(r';\s*([\w*-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s",;]*)))?')


def tenant_origin(url: str) -> str:
    """`https://acme.okta.com` out of what was configured. Raises SettingsError, which says what it may be."""

    def refused(why: str) -> SettingsError:
        return SettingsError(f"HOLDFAST_OKTA__URL {why}; it is like https://acme.okta.com.")

    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise refused("is not a URL") from None
    host = parts.hostname
    if not host or parts.scheme not in ("http", "https"):
        raise refused("is not a URL with https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise refused("must not hold a user name or password")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise refused("must be the tenant's address alone, without a path")
    if host.split(".")[0].endswith("-admin"):
        raise refused("is the admin console's address; leave out `-admin`")
    if parts.scheme == "http" and not _is_loopback(host):
        raise refused("must begin with https://, or the token could be read on the way")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


def checked_path(path: str) -> str:
    """The path as given. Raises OktaRefused for one that is not a plain path of the tenant's read API."""
    if not _PATH.fullmatch(path) or any(_is_devious(segment) for segment in path.split("/")[1:]):
        raise _refused(f"{path!r} is not a plain path: quote what stands in it, and give parameters apart")
    if not _READABLE.match(path):
        raise _refused(f"{path!r} is outside the tenant's read API")
    return path


def request_url(origin: str, path: str, params: Mapping[str, str | int] | None) -> str:
    """The absolute address of a request; parameters are always encoded. Raises OktaRefused."""
    query = urlencode(params) if params else ""
    return origin + checked_path(path) + (f"?{query}" if query else "")


def followed_link(origin: str, link: str) -> str:
    """The absolute address of a `next` link. Raises OktaRefused where it leaves the tenant or its read API."""
    if re.search(r"[\x00-\x20\x7f\\]", link):
        raise _refused("The link to the next page holds characters that no link may hold")
    try:
        target, home = urlsplit(urljoin(origin + "/", link)), urlsplit(origin)
        same = (target.scheme, target.hostname, target.port or _port_of(target.scheme)) == (
            home.scheme,
            home.hostname,
            home.port or _port_of(home.scheme),
        )
    except ValueError:
        raise _refused("The link to the next page is not an address") from None
    if not same or target.username is not None or target.password is not None:
        raise _refused(f"The link to the next page leads away from the tenant, to {target.hostname!r}; not followed")
    query = f"?{target.query}" if target.query else ""
    return origin + checked_path(target.path) + query


def next_link(headers: Sequence[str]) -> str | None:
    """The target of `rel="next"` in any number of Link headers, as given."""
    for header in headers:
        position = 0
        while (match := _LINK.match(header, position)) and match.end() > position:
            params = {name.lower(): quoted or plain for name, quoted, plain in _LINK_PARAM.findall(match[2])}
            if "next" in params.get("rel", "").lower().split():
                return match[1].strip()
            position = match.end()
    return None


def _is_devious(segment: str) -> bool:
    """Whether some server may read the segment as another one, or as more than one."""
    if segment.isalnum():
        return False
    plain = segment
    for _ in range(3):
        plain = unquote(plain)
    return plain in ("", ".", "..") or bool(re.search(r"[/\\;\x00-\x1f\x7f]", plain))


def _refused(why: str) -> OktaRefused:
    # Nothing was asked, so there is no HTTP status.
    return OktaRefused(why + ".", status=0)


def _port_of(scheme: str) -> int | None:
    return {"https": 443, "http": 80}.get(scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
