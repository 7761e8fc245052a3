"""What the tenant knows of people beside their record: sessions, risk, classification and blocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from holdfast.demo.company import Company
from holdfast.demo.records import Record, okta_id, stamp
from holdfast.demo.replies import not_found
from holdfast.demo.resources import Collection, Ids, Records, Single, of_users

_SESSION = timedelta(hours=24)
# How risky Okta finds people: share of those who have signed in.
_RISKS = (("HIGH", 0.01), ("MEDIUM", 0.04), ("LOW", 0.25))


def session_id(company: Company, user: str) -> str:
    """The id of a person's latest session."""
    return okta_id("102", company.seed, "session", user)


def sessions(company: Company) -> Records:
    """Sessions that are open at the company's now, by id: people who signed in less than a day ago."""
    return {record["id"]: record for record in _sessions(company)}


def _sessions(company: Company) -> Iterator[Record]:
    for user, record in company.users.items():
        started = datetime.fromisoformat(record["lastLogin"]) if record["lastLogin"] else None
        if record["status"] != "ACTIVE" or started is None or started + _SESSION <= company.now:
            continue
        strong = Random(f"{company.seed}/session/{user}").random() < 0.8
        yield {
            "id": session_id(company, user),
            "userId": user,
            "login": record["profile"]["login"],
            "status": "ACTIVE",
            "createdAt": stamp(started),
            "expiresAt": stamp(started + _SESSION),
            "lastPasswordVerification": stamp(started),
            "lastFactorVerification": stamp(started) if strong else None,
            "amr": ["pwd", "mfa"] if strong else ["pwd"],
            "idp": {"id": okta_id("00o", company.seed, "org"), "type": "OKTA"},
        }


def _session(company: Company, ids: Ids) -> Record:
    found = company.family(sessions).get(ids["session"])
    if found is None:
        raise not_found(ids["session"], "Session")
    return found


def _session_rows(company: Company, url: str) -> Iterator[Record]:
    return (SESSION.served(company, url, {"session": name}) for name in company.family(sessions))


def risk_level(company: Company, user: str) -> str:
    """HIGH, MEDIUM, LOW or NONE."""
    if not company.users[user]["lastLogin"]:
        return "NONE"
    drawn = Random(f"{company.seed}/risk/{user}").random()
    for level, share in _RISKS:
        if drawn < share:
            return level
        drawn -= share
    return "NONE"


def _risk(company: Company, ids: Ids) -> Record:
    level = risk_level(company, ids["user"])
    if level == "NONE":
        return {"riskLevel": level}
    return {"riskLevel": level, "reason": f"Entity risk is {level.lower()}"}


def _classification(company: Company, ids: Ids) -> Record:
    return {"type": "STANDARD", "lastUpdated": company.users[ids["user"]]["lastUpdated"]}


def _blocks(company: Company, ids: Ids) -> Records:
    locked = company.users[ids["user"]]["status"] == "LOCKED_OUT"
    # A lock that the person earned on a device nobody knows does not shut out their own.
    return {"DEVICE_BASED": {"type": "DEVICE_BASED", "appliesTo": "UNKNOWN_DEVICES"}} if locked else {}


def _risks(company: Company, _: str) -> Iterator[Record]:
    return ({"user_id": user, **_risk(company, {"user": user})} for user in company.users)


BLOCKS = Collection("/api/v1/users/{user}/blocks", "UserBlock", "okta.users.read", _blocks, of_users, link_field=None)
SESSION = Single("/api/v1/sessions/{session}", "okta.sessions.read", _session)
ROUTES = (
    *SESSION.routes(),
    *BLOCKS.routes(things=False),
    *Single("/api/v1/users/{user}/risk", "okta.userRisk.read", _risk).routes(),
    *Single("/api/v1/users/{user}/classification", "okta.users.read", _classification, linked=False).routes(),
)
EXPORTED = {"sessions": _session_rows, "user_blocks": BLOCKS.rows, "user_risks": _risks}
