"""What a response that is no answer means, in the error tree's words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import orjson

from holdfast.errors import HoldfastError, OktaNotFound, OktaRateLimited, OktaRefused, OktaServerError

# Okta's summaries are one sentence; a proxy's page may be long.
_LONGEST_WORDS = 400
_FEATURE_OFF = "E0000015"
# The token endpoint refuses a login with 400 as well (RFC 6749, RFC 9449).
_OAUTH_REFUSALS = {"invalid_client", "invalid_scope", "invalid_grant", "unauthorized_client", "invalid_dpop_proof"}


def error_of(response: httpx.Response, *, mend: str, retry_after: float | None = None) -> HoldfastError:
    """The error for a response other than 2xx. `mend` says which setting to mend where the login was refused."""
    status = response.status_code
    code, words = _okta_words(response)
    said = ": ".join(part for part in (code, words) if part) or f"HTTP {status} without a reason"
    where = f"{response.request.method} {response.request.url.path}"
    if status == 429:
        wait = timedelta(seconds=retry_after) if retry_after is not None else None
        return OktaRateLimited(f"{said} ({where}). Other clients use up the tenant's rate limit.", retry_after=wait)
    if status >= 500:
        return OktaServerError(f"{said} ({where}, HTTP {status}). Okta has a problem; try again later.")
    advice = _advice(response, code, mend)
    message = f"{said} ({where}, HTTP {status})." + (f" {advice}" if advice else "")
    kind = OktaNotFound if status == 404 else OktaRefused
    return kind(message, status=status, code=code)


def plain_words(text: str) -> str:
    """One line without control characters, cut to a readable length: it came from outside and goes to logs."""
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()
    return line if len(line) <= _LONGEST_WORDS else line[:_LONGEST_WORDS] + " …"


def _okta_words(response: httpx.Response) -> tuple[str | None, str]:
    body = json_of(response)
    if not isinstance(body, dict):
        return None, ""
    code = body.get("errorCode") or body.get("error")
    words = body.get("errorSummary") or body.get("error_description") or ""
    causes = [
        cause["errorSummary"]
        for cause in body.get("errorCauses") or []
        if isinstance(cause, dict) and isinstance(cause.get("errorSummary"), str)
    ]
    said = "; ".join([str(words), *causes] if words else causes)
    return (plain_words(code) if isinstance(code, str) else None), plain_words(_without_login(said, response.request))


def _without_login(text: str, request: httpx.Request) -> str:
    """The text, should something on the way have echoed the request's own token into it."""
    secret = request.headers.get("authorization", "").partition(" ")[2]
    return text.replace(secret, "•••") if secret else text


def _advice(response: httpx.Response, code: str | None, mend: str) -> str:
    status = response.status_code
    if 300 <= status < 400:
        return "The tenant answered with a redirect, which is not followed: is HOLDFAST_OKTA__URL its own address?"
    if code == _FEATURE_OFF:
        return "The tenant does not have this feature, or it is switched off."
    if status == 401 or code in _OAUTH_REFUSALS:
        return mend
    if status == 403:
        scope = re.search(r'scope="([^"]*)"', response.headers.get("www-authenticate", ""))
        needed = f" ({plain_words(scope[1])})" if scope else ""
        return (
            "The token's owner may not read this: give its administrator role the permission, or grant the service "
            f"app the scope{needed} and name it in HOLDFAST_OKTA__SCOPES."
        )
    return ""


def json_of(response: httpx.Response) -> Any:
    """The body as JSON, None when it is not JSON."""
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
