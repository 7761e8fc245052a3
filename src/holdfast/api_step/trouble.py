"""What a failed read means to a program: a value that it can live with, or the end of its run."""

from __future__ import annotations

from holdfast.api_step.journal import Kept
from holdfast.catalogue.endpoints import Endpoint
from holdfast.errors import HoldfastError, OktaRefused, ProgramFailed

# A feature that is off is refused with 401, a wrong token too.
_FEATURE_OFF = "E0000015"
_GONE = (404, 410)


def refusal_of(refusal: OktaRefused, endpoint: Endpoint, *, has_parameters: bool) -> Kept:
    """The refusal as a value.

    Raises ProgramFailed where the parameters are what the tenant refuses, and the refusal itself where it is about the
    login, which a person must mend.
    """
    status, code = refusal.status, refusal.code or ""
    if status in _GONE:
        return Kept(b"", refused="not_found", reason=said(refusal))
    if status == 403 and not code and endpoint.scopes:
        # So Okta answers a service app that lacks the scope: without a word.
        scopes = " or ".join(endpoint.scopes)
        return Kept(b"", refused="forbidden", reason=f"HTTP 403; the service app may lack the scope {scopes}")
    if status == 403 or (status == 401 and code == _FEATURE_OFF):
        return Kept(b"", refused="forbidden", reason=said(refusal))
    # Okta's own codes; those of a login that is refused are OAuth's, like `invalid_client`.
    is_about_the_request = 400 <= status < 500 and status != 401 and (code.startswith("E") or not code)
    if not is_about_the_request:
        raise refusal
    if has_parameters:
        raise ProgramFailed(f"The tenant does not take the parameters of this read: {refusal}") from refusal
    return Kept(b"", refused="forbidden", reason=said(refusal))


def reason_of(trouble: HoldfastError, *, tries: int) -> str:
    """Why a thing could not be read, for a cell of the answer."""
    return f"asked {tries} times: {said(trouble)}"


def said(error: HoldfastError) -> str:
    """What the tenant said, without which address it was and what a person could do."""
    return str(error).partition(" (GET /")[0].rstrip(".")
