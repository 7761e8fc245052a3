"""What a sign-on rule demands of a person, in words, and whether the person has enrolled it; pure rules.

Okta lists a person's factors but not everything that a rule may demand of one: what a list cannot tell (hardware
protection, verification of the user) is "unknown", never "yes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Enrolled = Literal["yes", "no", "unknown"]

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
# Longer than anybody stays signed in: how Okta writes "never again".
_NEVER_DAYS = 3_650

_RESISTANT = frozenset({"webauthn", "u2f", "signed_nonce"})
# Bound to one device or piece of hardware by what they are.
_BOUND = frozenset({"webauthn", "u2f", "signed_nonce", "push", "token:hardware"})
_KNOWLEDGE = frozenset({"question"})
NAMES: Mapping[str, str] = {
    "webauthn": "WebAuthn",
    "u2f": "U2F key",
    "signed_nonce": "Okta FastPass",
    "push": "Okta Verify push",
    "token:software:totp": "one-time code of an app",
    "token:hotp": "one-time code of a token",
    "token:hardware": "hardware token",
    "sms": "text message",
    "call": "phone call",
    "email": "email",
    "question": "security question",
}


@dataclass(frozen=True)
class Means:
    """What a person can sign in with. `kinds` are the types of active factors; None where they could not be read."""

    kinds: frozenset[str] | None
    has_password: bool | None


@dataclass(frozen=True)
class Demand:
    """One way to satisfy a rule: in words, whether the person has enrolled what it needs, and by what."""

    words: str
    enrolled: Enrolled
    by: str


def demands_of(method: Mapping[str, Any], means: Means) -> tuple[Demand, ...]:
    """The ways to satisfy a rule's verification method, of which one is enough."""
    if method.get("type") not in (None, "ASSURANCE"):
        return (Demand(f"a method that is not understood here ({method['type']})", "unknown", ""),)
    two = method.get("factorMode") == "2FA"
    constraints = method.get("constraints") or [{}]
    return tuple(_demand(constraint or {}, two, means) for constraint in constraints)


def reauthentication_words(method: Mapping[str, Any]) -> str:
    """How often a person must sign in again."""
    again = method.get("reauthenticateIn")
    idle = method.get("inactivityPeriod")
    words = [f"again {_every(again)}"] if again else []
    words += [f"again after {duration_words(idle)} without use"] if idle else []
    return " and ".join(words) or "not said"


def duration_words(text: str) -> str:
    """`PT2H` as "2 hours"; what is no such duration as it is."""
    match = _DURATION.fullmatch(text)
    if match is None or text in ("P", "PT"):
        return text
    units = ("day", "hour", "minute", "second")
    parts = [
        f"{int(number)} {unit}{'' if int(number) == 1 else 's'}"
        for number, unit in zip(match.groups(), units, strict=True)
        if number and int(number)
    ]
    return " ".join(parts) or "no time"


def _every(text: str) -> str:
    match = _DURATION.fullmatch(text)
    if match is not None and match[1] and int(match[1]) > _NEVER_DAYS:
        return "never while the session lasts"
    words = duration_words(text)
    return "at every sign-in" if words == "no time" else f"after {words}"


def _demand(constraint: Mapping[str, Any], two: bool, means: Means) -> Demand:
    knowledge, possession = constraint.get("knowledge"), constraint.get("possession")
    words = ["two factors of different kinds"] if two else ["one factor"]
    if knowledge is not None:
        words.append(" or ".join(knowledge.get("types") or ["something known"]))
    if possession is not None:
        words += _possession_words(possession)
    enrolled, by = _enrolled(knowledge, possession, two, means)
    return Demand(", ".join(words), enrolled, by)


def _possession_words(possession: Mapping[str, Any]) -> list[str]:
    said = {
        "phishingResistant": "phishing-resistant",
        "deviceBound": "bound to a device",
        "hardwareProtection": "hardware-protected",
        "userVerification": "verifies the user (PIN or biometrics)",
    }
    wants = [words for name, words in said.items() if _required(possession, name)]
    methods = [str(each.get("method") or each.get("key")) for each in possession.get("authenticationMethods") or ()]
    wants += [f"one of {', '.join(methods)}"] if methods else []
    return [f"something held that is {', '.join(wants)}" if wants else "something held"]


def _enrolled(
    knowledge: Mapping[str, Any] | None, possession: Mapping[str, Any] | None, two: bool, means: Means
) -> tuple[Enrolled, str]:
    known = _by_knowledge(knowledge, means)
    if means.kinds is None:
        needs_held = possession is not None or two
        return ("unknown", "") if needs_held or known[0] == "unknown" else known
    held = _by_possession(possession or {}, means.kinds)
    if possession is None and not two:
        # Something known, or else any single factor.
        return known if knowledge is not None or known[0] == "yes" else held
    if not two:
        return held
    # A WebAuthn key that verifies its user counts as two, but no list tells whether it does.
    return _both(held, known)


def _both(held: tuple[Enrolled, str], known: tuple[Enrolled, str]) -> tuple[Enrolled, str]:
    by = " and ".join(filter(None, (known[1], held[1])))
    if held[0] == "no":
        return "no", ""
    if "unknown" in (held[0], known[0]):
        return "unknown", by
    if known[0] == "no":
        return "unknown", by
    return "yes", by


def _by_knowledge(knowledge: Mapping[str, Any] | None, means: Means) -> tuple[Enrolled, str]:
    wants_password = knowledge is not None and knowledge.get("types") == ["password"]
    if means.has_password:
        return "yes", "password"
    if not wants_password and means.kinds is not None and means.kinds & _KNOWLEDGE:
        return "yes", NAMES["question"]
    return ("unknown", "") if means.has_password is None else ("no", "")


def _by_possession(possession: Mapping[str, Any], kinds: frozenset[str]) -> tuple[Enrolled, str]:
    fitting = kinds - _KNOWLEDGE - {"password"}
    if _required(possession, "phishingResistant"):
        fitting &= _RESISTANT
    surely = fitting & _BOUND if _required(possession, "deviceBound") else fitting
    if not fitting:
        return "no", ""
    by = " or ".join(sorted(NAMES.get(kind, kind) for kind in surely or fitting))
    untold = _required(possession, "hardwareProtection") or _required(possession, "userVerification")
    named = bool(possession.get("authenticationMethods") or possession.get("excludedAuthenticationMethods"))
    return ("unknown" if untold or named or not surely else "yes"), by


def _required(possession: Mapping[str, Any], name: str) -> bool:
    return possession.get(name) == "REQUIRED"


def names_of(kinds: Sequence[str]) -> str:
    """Factors as a person calls them."""
    return ", ".join(sorted(NAMES.get(kind, kind) for kind in kinds))
