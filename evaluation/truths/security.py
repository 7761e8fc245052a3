"""Factors, admin roles, devices, policies: what is true of them, in plain Python over the export.

Where a read failed for somebody who may be meant, the truth has that row too, marked "unknown".
"""

from __future__ import annotations

from collections.abc import Callable

from evaluation.records import Record, Records, Rows, p

_PHISHING_RESISTANT = {"webauthn", "signed_nonce"}
Types = Callable[[set[str]], bool]
Fits = Callable[[Record], bool]


def _everybody(_: Record) -> bool:
    return True


def _by_factors(t: Records, fits: Types, who: Fits = _everybody) -> Rows:
    """(login, yes or unknown) of those whose types of factor fit, or may."""
    for user in t.users.values():
        types = t.factors_of[user["id"]]
        if who(user) and (types is None or fits(types)):
            yield p(user)["login"], "unknown" if types is None else "yes"


def _numbers(rows: Rows) -> Rows:
    """How many fit, and of how many it is unknown."""
    marks = [row[1] for row in rows]
    return [(marks.count("yes"), marks.count("unknown"))]


TRUTHS: dict[str, Callable[[Records], Rows]] = {
    "no_factor": lambda t: _by_factors(t, lambda types: not types),
    "webauthn": lambda t: _by_factors(t, lambda types: "webauthn" in types),
    "finance_phishable": lambda t: _by_factors(t, lambda types: not types & _PHISHING_RESISTANT, t.in_group("Finance")),
    "count_phishable": lambda t: _numbers(_by_factors(t, lambda types: not types & _PHISHING_RESISTANT)),
}
