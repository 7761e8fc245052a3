"""What guards the tenant's doors: trusted origins, behaviours, ThreatInsight, and settings against attacks."""

from __future__ import annotations

from holdfast.demo.company import Company
from holdfast.demo.families.dates import administrator, dated, dated_by, left_administrator
from holdfast.demo.filters import Grammar
from holdfast.demo.paging import PageSizes
from holdfast.demo.policies import zone_id
from holdfast.demo.records import Record, okta_id
from holdfast.demo.resources import Collection, Ids, Records, Single, by_id
from holdfast.demo.words import DOMAIN

# Name, origin, what it may do, status, whether its maker has left.
_ORIGINS: tuple[tuple[str, str, tuple[str, ...], str, bool], ...] = (
    ("Portal", f"https://portal.{DOMAIN}", ("CORS", "REDIRECT"), "ACTIVE", False),
    ("Partner hub", "https://hub.partners.example", ("CORS", "REDIRECT"), "ACTIVE", False),
    ("Intranet frame", f"https://intranet.{DOMAIN}", ("IFRAME_EMBED",), "ACTIVE", True),
    ("Developer laptop", "http://localhost:8080", ("CORS", "REDIRECT"), "ACTIVE", True),
    ("Campaign 2023", "http://spring.campaigns.example", ("REDIRECT",), "INACTIVE", True),
    ("Wiki", f"https://wiki.{DOMAIN}", ("CORS",), "INACTIVE", False),
)
# Name, type, status, settings.
_BEHAVIOURS: tuple[tuple[str, str, str, Record], ...] = (
    (
        "New Geo-Location",
        "ANOMALOUS_LOCATION",
        "ACTIVE",
        {"maxEventsUsedForEvaluation": 50, "minEventsNeededForEvaluation": 0, "granularity": "CITY"},
    ),
    ("New Country", "ANOMALOUS_LOCATION", "ACTIVE", {"maxEventsUsedForEvaluation": 20, "granularity": "COUNTRY"}),
    ("New Device", "ANOMALOUS_DEVICE", "ACTIVE", {"maxEventsUsedForEvaluation": 20}),
    ("New IP", "ANOMALOUS_IP", "INACTIVE", {"maxEventsUsedForEvaluation": 50}),
    ("Velocity", "VELOCITY", "ACTIVE", {"velocityKph": 805}),
)


def trusted_origins(company: Company) -> Records:
    """Trusted origins by id."""
    return by_id(
        [
            {
                "id": okta_id("tos", company.seed, "origin", name),
                "name": name,
                "origin": origin,
                "scopes": [{"type": scope} for scope in scopes],
                "status": status,
                "createdBy": maker,
                "lastUpdatedBy": maker,
                **dated_by(company, maker, "origin", name),
            }
            for name, origin, scopes, status, by_left in _ORIGINS
            for maker in (left_administrator(company) if by_left else administrator(company),)
        ]
    )


def behaviors(company: Company) -> Records:
    """Behaviour rules by id."""
    return by_id(
        [
            {
                "id": okta_id("bhv", company.seed, "behavior", name),
                "name": name,
                "type": kind,
                "status": status,
                "settings": settings,
                **dated_by(company, administrator(company), "behavior", name),
            }
            for name, kind, status, settings in _BEHAVIOURS
        ]
    )


def _threat_insight(company: Company, _: Ids) -> Record:
    return {
        "action": "audit",
        "excludeZones": [zone_id(company.seed, "Offices")],
        **dated(company, "threat insight"),
    }


TRUSTED_ORIGINS = Collection(
    "/api/v1/trustedOrigins",
    "TrustedOrigin",
    "okta.trustedOrigins.read",
    lambda company, _: company.family(trusted_origins),
    sizes=PageSizes(20, 200),
    grammar=Grammar(frozenset({"id", "name", "origin", "status"}), None, frozenset({"eq", "sw", "co"})),
    searched=("name", "origin"),
    lifecycle=True,
)
BEHAVIORS = Collection(
    "/api/v1/behaviors",
    "BehaviorRule",
    "okta.behaviors.read",
    lambda company, _: company.family(behaviors),
    link_field="_link",
    lifecycle=True,
)
THREAT_INSIGHT = Single("/api/v1/threats/configuration", "okta.threatInsights.read", _threat_insight)
ROUTES = (
    *TRUSTED_ORIGINS.routes(),
    *BEHAVIORS.routes(),
    *THREAT_INSIGHT.routes(),
    *Single(
        "/api/v1/bot-protection/configuration",
        "okta.botProtection.read",
        lambda *_: {
            "mode": "LOG_ONLY",
            "level": "MEDIUM",
            "enforcementType": "OKTA_CHALLENGE",
            "supportedFlows": ["SIGN_IN", "SSPR"],
        },
    ).routes(),
    *Single(
        "/attack-protection/api/v1/authenticator-settings",
        "okta.orgs.read",
        lambda *_: {"verifyKnowledgeSecondWhen2faRequired": False},
        linked=False,
    ).routes(),
    *Single(
        "/attack-protection/api/v1/user-lockout-settings",
        "okta.orgs.read",
        lambda *_: {"preventBruteForceLockoutFromUnknownDevices": True},
        linked=False,
    ).routes(),
)
EXPORTED = {"trusted_origins": TRUSTED_ORIGINS.rows, "behaviors": BEHAVIORS.rows, "threat_insight": THREAT_INSIGHT.rows}
