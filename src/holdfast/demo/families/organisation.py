"""The organisation's own settings: contacts, support, privacy, rate limits, CAPTCHAs, features and agents."""

from __future__ import annotations

from collections.abc import Collection as Collected
from collections.abc import Iterator

from holdfast.demo.company import Company
from holdfast.demo.families.dates import administrator, ago, dated
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id
from holdfast.demo.replies import not_found
from holdfast.demo.resources import Collection, Ids, Records, Single, by_id, known, linked

_READ = "okta.orgs.read"
_CONTACTS = ("BILLING", "TECHNICAL")
# Name, what it does, stage, whether it is on, the features it needs.
_FEATURES: tuple[tuple[str, str, tuple[str, str] | None, str, tuple[str, ...]], ...] = (
    ("Number challenge", "Okta Verify asks for a number", None, "ENABLED", ()),
    ("Device assurance", "Checks devices at sign-in", None, "ENABLED", ()),
    ("Device posture checks", "Checks of your own", ("OPEN", "EA"), "DISABLED", ("Device assurance",)),
    ("Realms", "Parts the directory", ("OPEN", "EA"), "DISABLED", ()),
    ("Passkey autofill", "Offers passkeys in the username field", ("OPEN", "EA"), "ENABLED", ()),
    ("Entity risk policy", "Acts on the risk of people", ("CLOSED", "BETA"), "DISABLED", ()),
)
# Name, kind, version, days since it was last heard of.
_AGENTS: tuple[tuple[str, str, str, float], ...] = (
    ("dc-berlin-1", "AD", "3.21.0", 0.001),
    ("dc-london-1", "AD", "3.21.0", 0.001),
    ("dc-austin-1", "AD", "3.18.0", 31.0),
    ("radius-sf-1", "Radius", "2.24.2", 0.002),
)
_LATEST = {"AD": "3.21.0", "Radius": "2.24.2"}
_STALE_DAYS = 1.0


def _contact(company: Company, ids: Ids) -> Record:
    if ids["contact"] not in _CONTACTS:
        raise not_found(ids["contact"], "OrgContactType")
    billing = next(u for u, r in company.users.items() if r["profile"]["title"] == "Head of Finance")
    return {"userId": billing if ids["contact"] == "BILLING" else administrator(company)}


def _contacts(_: Company, __: Ids) -> Records:
    return {kind: {"contactType": kind} for kind in _CONTACTS}


def _features(company: Company, _: Ids) -> Records:
    return by_id(
        {
            "id": _feature_id(company, name),
            "name": name,
            "description": description,
            "type": "self-service",
            "stage": {"state": stage[0], "value": stage[1]} if stage else None,
            "status": status,
        }
        for name, description, stage, status, _ in _FEATURES
    )


def _feature_id(company: Company, name: str) -> str:
    return okta_id("ftr", company.seed, "feature", name)


def _dependencies(company: Company, ids: Ids) -> Records:
    features = _features(company, {})
    named = known(features, ids["feature"], "Feature")["name"]
    needed = next(needs for name, *_, needs in _FEATURES if name == named)
    return _at_home(features, needed)


def _dependents(company: Company, ids: Ids) -> Records:
    features = _features(company, {})
    named = known(features, ids["feature"], "Feature")["name"]
    depending = {name for name, *_, needs in _FEATURES if named in needs}
    return _at_home(features, depending)


def _at_home(features: Records, named: Collected[str]) -> Records:
    return {
        name: {**record, **linked(f"/api/v1/features/{name}")}
        for name, record in features.items()
        if record["name"] in named
    }


def agent_pools(company: Company, _: Ids) -> Records:
    """Pools of agents by id: one for each kind, with how its agents are."""
    return by_id(_pool(company, kind) for kind in _LATEST)


def _pool(company: Company, kind: str) -> Record:
    pool = okta_id("0oa", company.seed, "pool", kind)
    agents = [
        {
            "id": okta_id("a53", company.seed, "agent", name),
            "name": name,
            "poolId": pool,
            "type": kind,
            "version": version,
            "operationalStatus": "OPERATIONAL" if days < _STALE_DAYS else "DISRUPTED",
            "updateStatus": "Success",
            "isHidden": False,
            "isLatestGAedVersion": version == _LATEST[kind],
            "lastConnection": int((company.now.timestamp() - days * 86_400) * 1000),
        }
        for name, agent_kind, version, days in _AGENTS
        if agent_kind == kind
    ]
    disrupted = sum(agent["operationalStatus"] == "DISRUPTED" for agent in agents)
    return {
        "id": pool,
        "name": f"kelptide {kind}",
        "type": kind,
        "operationalStatus": "DEGRADED" if disrupted else "OPERATIONAL",
        "disruptedAgents": disrupted,
        "inactiveAgents": 0,
        "agents": agents,
    }


def _updates(company: Company, ids: Ids) -> Records:
    pool = known(agent_pools(company, {}), ids["pool"], "AgentPool")
    return by_id(
        [
            {
                "id": okta_id("ajd", company.seed, "update", pool["type"]),
                "name": "Nightly update",
                "agentType": pool["type"],
                "enabled": True,
                "notifyAdmin": True,
                "reason": "",
                "sortOrder": 1,
                "status": "Scheduled",
                "targetVersion": _LATEST[pool["type"]],
                "agents": pool["agents"],
                "schedule": {
                    "cron": "0 3 * * SUN",
                    "timezone": "Europe/Berlin",
                    "delay": 0,
                    "duration": 180,
                    "lastUpdated": ago(company, 40),
                },
            }
        ]
    )


def _update_settings(company: Company, ids: Ids) -> Record:
    pool = known(agent_pools(company, {}), ids["pool"], "AgentPool")
    return {
        "agentType": pool["type"],
        "poolId": pool["id"],
        "poolName": pool["name"],
        "continueOnError": False,
        "latestVersion": _LATEST[pool["type"]],
        "minimalSupportedVersion": "3.0.0" if pool["type"] == "AD" else "2.0.0",
        "releaseChannel": "GA",
    }


def _captchas(company: Company, _: Ids) -> Records:
    captcha = okta_id("cap", company.seed, "captcha")
    return {
        captcha: {
            "id": captcha,
            "name": "Sign-in challenge",
            "type": "HCAPTCHA",
            "siteKey": okta_id("", company.seed, "captcha site"),
        }
    }


def _captcha_settings(company: Company, _: Ids) -> Record:
    return {"captchaId": next(iter(_captchas(company, {}))), "enabledPages": ["SSPR"]}


def _support(company: Company, _: Ids) -> Record:
    return {"support": "DISABLED", "expiration": None, "caseNumber": None}


def _cases(company: Company, _: Ids) -> Record:
    case = {
        "caseNumber": "01234567",
        "subject": "Directory agent loses its connection",
        "impersonation": {"status": "DISABLED", "expiration": ago(company, 33)},
        "selfAssigned": {"status": "NOT_REQUIRED"},
    }
    return {"supportCases": [case]}


def _well_known(company: Company, _: Ids) -> Record:
    return {"id": okta_id("00o", company.seed, "org"), "pipeline": "idx"}


def _per_client(_: Company, __: Ids) -> Record:
    modes = {"LOGIN_PAGE": "ENFORCE", "OAUTH2_AUTHORIZE": "PREVIEW", "OIE_APP_INTENT": "ENFORCE"}
    return {"defaultMode": "ENFORCE", "useCaseModeOverrides": modes}


def _of_features(company: Company) -> Iterator[Ids]:
    return ({"feature": feature} for feature in _features(company, {}))


def _of_pools(company: Company) -> Iterator[Ids]:
    return ({"pool": pool} for pool in agent_pools(company, {}))


_ORG, _LIMITS = "/api/v1/org", "/api/v1/rate-limit-settings"
CONTACTS = Collection(f"{_ORG}/contacts", "OrgContactType", _READ, _contacts)
FEATURES = Collection("/api/v1/features", "Feature", "okta.features.read", _features, below=("dependencies",))
DEPENDENCIES = Collection(
    "/api/v1/features/{feature}/dependencies", "Feature", "okta.features.read", _dependencies, _of_features
)
DEPENDENTS = Collection(
    "/api/v1/features/{feature}/dependents", "Feature", "okta.features.read", _dependents, _of_features
)
AGENT_POOLS = Collection(
    "/api/v1/agentPools",
    "AgentPool",
    "okta.agentPools.read",
    agent_pools,
    sizes=PageSizes(5, 200),
    equal={"poolType": "type"},
)
UPDATES = Collection(
    "/api/v1/agentPools/{pool}/updates", "AgentPoolUpdate", "okta.agentPools.read", _updates, _of_pools
)
CAPTCHAS = Collection("/api/v1/captchas", "CAPTCHAInstance", "okta.captchas.read", _captchas)
_SINGLES = (
    Single(f"{_ORG}/contacts/{{contact}}", _READ, _contact),
    Single(f"{_ORG}/captcha", "okta.captchas.read", _captcha_settings),
    Single(f"{_ORG}/orgSettings/thirdPartyAdminSetting", _READ, lambda *_: {"thirdPartyAdmin": False}),
    Single(f"{_ORG}/preferences", _READ, lambda *_: {"showEndUserFooter": True}),
    Single(f"{_ORG}/privacy/aerial", "okta.orgs.manage", lambda company, _: _aerial(company)),
    Single(f"{_ORG}/privacy/oktaCommunication", _READ, lambda *_: {"optOutEmailUsers": True}),
    Single(f"{_ORG}/privacy/oktaSupport", _READ, _support),
    Single(f"{_ORG}/privacy/oktaSupport/cases", _READ, _cases, linked=False),
    Single(f"{_ORG}/settings/autoAssignAdminAppSetting", _READ, lambda *_: {"autoAssignAdminAppSetting": True}),
    Single(f"{_ORG}/settings/clientPrivilegesSetting", _READ, lambda *_: {"clientPrivilegesSetting": False}),
    Single(f"{_LIMITS}/admin-notifications", "okta.rateLimits.read", lambda *_: {"notificationsEnabled": True}),
    Single(f"{_LIMITS}/per-client", "okta.rateLimits.read", _per_client),
    Single(f"{_LIMITS}/warning-threshold", "okta.rateLimits.read", lambda *_: {"warningThreshold": 60}),
    Single("/api/v1/agentPools/{pool}/updates/settings", "okta.agentPools.read", _update_settings),
    Single("/.well-known/okta-organization", None, _well_known),
)


def _aerial(company: Company) -> Record:
    return {
        "accountId": okta_id("0oa", company.seed, "aerial"),
        "grantedBy": administrator(company),
        "grantedDate": dated(company, "aerial")["created"],
    }


ROUTES = (
    *CONTACTS.routes(things=False),
    *FEATURES.routes(),
    *DEPENDENCIES.routes(things=False),
    *DEPENDENTS.routes(things=False),
    *AGENT_POOLS.routes(things=False),
    *UPDATES.routes(),
    *CAPTCHAS.routes(),
    *(route for single in _SINGLES for route in single.routes()),
)
EXPORTED = {"features": FEATURES.rows, "agent_pools": AGENT_POOLS.rows, "captchas": CAPTCHAS.rows}
