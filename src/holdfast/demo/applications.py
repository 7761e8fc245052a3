"""The demo company's applications and who is assigned to them, directly and through groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from holdfast.demo.cast import CAST, HOSTILE_LABEL, app_id, group_id, person_id
from holdfast.demo.policies import access_policy_id
from holdfast.demo.records import Record, okta_id, stamp_seconds
from holdfast.demo.words import DOMAIN

_DAY = 86_400
_SAML_FEATURES = ("PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION")


@dataclass(frozen=True)
class _Listing:
    """One row of the catalogue. `direct` is the share of people assigned one by one."""

    key: str
    label: str
    mode: str
    groups: tuple[str, ...] = ()
    direct: float = 0.0
    policy: str = "Any two factors"
    active: bool = True
    features: tuple[str, ...] = ()


_SAML, _OIDC, _SWA, _AUTO, _LINK = "SAML_2_0", "OPENID_CONNECT", "BROWSER_PLUGIN", "AUTO_LOGIN", "BOOKMARK"
_STRONG, _ONE = "Phishing resistant", "Password only"

# At most 45, so that reading all of them with their users and groups fits one minute of Okta's /apps bucket.
_CATALOGUE: tuple[_Listing, ...] = (
    _Listing("salesforce", "Salesforce", _SAML, ("Sales", "crm-power-users"), 0.01, features=_SAML_FEATURES),
    _Listing("slack", "Slack", _SAML, ("Everyone",), features=_SAML_FEATURES),
    _Listing("zoom", "Zoom", _SAML, ("Everyone",)),
    _Listing("google-workspace", "Google Workspace", _SAML, ("All Staff (Google)",), features=("IMPORT_NEW_USERS",)),
    _Listing("workday", "Workday", _SAML, ("Everyone",), policy=_STRONG, features=("PROFILE_MASTERING",)),
    _Listing("aws", "AWS IAM Identity Center", _SAML, ("aws-admins", "Eng-Platform"), 0.005, _STRONG),
    _Listing("github", "GitHub Enterprise", _SAML, ("github-writers", "Engineering"), 0.01, features=_SAML_FEATURES),
    _Listing("jira", "Jira", _SAML, ("Engineering", "Product", "Support", "IT"), 0.02),
    _Listing("confluence", "Confluence", _SAML, ("Engineering", "Product", "Support", "IT", "Legal"), 0.02),
    _Listing("box", "Box", _SAML, ("Finance", "Legal", "HR"), 0.02),
    _Listing("netsuite", "NetSuite", _SAML, ("Finance", "erp-approvers"), 0.005, _STRONG),
    _Listing("concur", "SAP Concur", _SAML, ("Office Berlin", "Office London", "Sales"), 0.01),
    _Listing("zendesk", "Zendesk", _SAML, ("Support", "Support-Tier2"), 0.01),
    _Listing("marketo", "Marketo", _SAML, ("Marketing",), 0.005),
    _Listing("hubspot", "HubSpot", _SAML, ("Marketing", "Sales-EMEA"), 0.005),
    _Listing("docusign", "DocuSign", _SAML, ("Legal", "Sales"), 0.01),
    _Listing("tableau", "Tableau", _SAML, ("Finance", "Operations", "Eng-Data"), 0.02),
    _Listing("snowflake", "Snowflake", _SAML, ("Eng-Data",), 0.005, _STRONG),
    _Listing("datadog", "Datadog", _SAML, ("Engineering",), 0.005),
    _Listing("pagerduty", "PagerDuty", _SAML, ("Eng-Platform", "Security-Response"), 0.005),
    _Listing("servicenow", "ServiceNow", _SAML, ("IT", "IT-Helpdesk", "Facilities"), 0.01),
    _Listing("greenhouse", "Greenhouse", _SAML, ("HR-Recruiting",), 0.02),
    _Listing("figma", "Figma", _SAML, ("Product", "Product-Design", "Marketing-Web"), 0.01),
    _Listing("internal-portal", "Kelp Portal", _OIDC, ("Everyone",)),
    _Listing("payments-api", "Payments API Console", _OIDC, ("erp-approvers", "Finance-Payroll"), 0.003, _STRONG),
    _Listing("feature-flags", "Feature Flags", _OIDC, ("Engineering", "Product"), 0.0),
    _Listing("partner-hub", "Partner Hub", _OIDC, ("Contractors", "Sales-Americas"), 0.01),
    _Listing("siem", "Security Lake", _OIDC, ("Security", "auditors"), 0.002, _STRONG),
    _Listing("mobile-crm", "Mobile CRM (pilot)", _OIDC, (), 0.01),
    _Listing("vendor-portal", "Vendor Portal", _SWA, ("Operations",), 0.01, _ONE),
    _Listing("bank", "Harbour Bank Online", _SWA, ("Finance-Approvers",), 0.002),
    _Listing("print-shop", "Print Shop", _AUTO, ("Facilities", "Print Operators"), 0.01, _ONE),
    _Listing("travel", "Travel Desk", _AUTO, (), 0.03, _ONE),
    _Listing("handbook", "Employee Handbook", _LINK, ("Everyone",)),
    _Listing("status-board", HOSTILE_LABEL, _LINK, ("Engineering", "IT")),
    _Listing("canteen", "Canteen Menu", _LINK, ("Office San Francisco", "Office Berlin")),
    _Listing("whiteboard", "Whiteboard", _SAML),
    _Listing("legacy-vpn", "Legacy VPN Client", _SAML, ("Legacy VPN",)),
    _Listing("old-wiki", "Old Wiki", _SAML, ("Engineering", "Support"), 0.01, active=False),
    _Listing("intranet-2015", "Intranet 2015", _SWA, (), active=False),
    _Listing("active-directory", "kelptide.example", "", ("Domain Users",)),
)
_NAMES = {
    "google-workspace": "google",
    "aws": "amazon_aws_sso",
    "github": "githubcloud",
    "active-directory": "active_directory",
}


@dataclass(frozen=True)
class AppFamily:
    """Applications by id, group assignments by application (in priority order), direct assignments by application."""

    apps: dict[str, Record]
    app_groups: dict[str, tuple[Record, ...]]
    direct: dict[str, frozenset[str]]


def make_applications(
    seed: int, people: Mapping[str, Record], members: Mapping[str, tuple[str, ...]], now: datetime
) -> AppFamily:
    """All applications with their assignments. `members` holds user ids by group id.

    Direct assignments name nobody who left: Okta takes them away on deactivation.
    """
    random = Random(f"{seed}/{len(people)}/applications")
    here = [user for user, person in people.items() if person["status"] != "DEPROVISIONED"]
    scripted = {person_id(seed, part.key): part.apps for part in CAST}
    apps: dict[str, Record] = {}
    app_groups: dict[str, tuple[Record, ...]] = {}
    direct: dict[str, frozenset[str]] = {}
    for listing in _CATALOGUE:
        app = _application(seed, listing, random, int(now.timestamp()))
        apps[app["id"]] = app
        app_groups[app["id"]] = tuple(
            {"id": group_id(seed, name), "priority": place, "lastUpdated": app["lastUpdated"], "profile": {}}
            for place, name in enumerate(listing.groups)
        )
        chosen = random.sample(here, max(1, round(len(here) * listing.direct))) if listing.direct else []
        planned = [user for user, keys in scripted.items() if listing.key in keys]
        # A scripted person has exactly the direct assignments of the script.
        direct[app["id"]] = frozenset([u for u in chosen if u not in scripted] + planned)
    return AppFamily(dict(sorted(apps.items())), dict(sorted(app_groups.items())), dict(sorted(direct.items())))


def oauth_clients(apps: Mapping[str, Record]) -> dict[str, str]:
    """OAuth client id → id of its application."""
    return {
        record["credentials"]["oauthClient"]["client_id"]: app
        for app, record in apps.items()
        if record["signOnMode"] == _OIDC
    }


def _application(seed: int, listing: _Listing, random: Random, now: int) -> Record:
    created = now - random.uniform(40, 2500) * _DAY
    app: Record = {
        "id": app_id(seed, listing.key),
        "name": _name(listing),
        "label": listing.label,
        "status": "ACTIVE" if listing.active else "INACTIVE",
        "created": stamp_seconds(created),
        "lastUpdated": stamp_seconds(random.uniform(created, now)),
        "features": list(listing.features),
        "signOnMode": listing.mode or None,
        "accessibility": {"selfService": False, "errorRedirectUrl": None, "loginRedirectUrl": None},
        "visibility": {
            "autoSubmitToolbar": False,
            "hide": {"iOS": False, "web": False},
            "appLinks": {f"{_name(listing)}_link": True},
        },
        "profile": None,
    }
    app |= _sign_on(seed, listing)
    if listing.mode not in {_LINK, ""}:
        app["accessPolicy"] = access_policy_id(seed, listing.policy)
    return app


def _name(listing: _Listing) -> str:
    fixed = {_OIDC: "oidc_client", _LINK: "bookmark", _SWA: "template_swa"}
    return fixed.get(listing.mode) or _NAMES.get(listing.key, listing.key.replace("-", "_"))


def _sign_on(seed: int, listing: _Listing) -> Record:
    """The parts of an application that depend on how one signs on to it."""
    url = f"https://{listing.key}.{DOMAIN}"
    user_name = {"template": "${source.login}", "type": "BUILT_IN"}
    if listing.mode == _OIDC:
        client = {
            "client_id": okta_id("0oa", seed, "client", listing.key),
            "token_endpoint_auth_method": "client_secret_basic",
            "autoKeyRotation": True,
        }
        oauth = {
            "application_type": "web",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "redirect_uris": [f"{url}/callback"],
        }
        return {
            "credentials": {"userNameTemplate": user_name, "oauthClient": client},
            "settings": {"oauthClient": oauth},
        }
    credentials: Record = {"userNameTemplate": user_name, "signing": {"kid": okta_id("", seed, "kid", listing.key)}}
    if listing.mode == _LINK:
        return {"credentials": credentials, "settings": {"app": {"requestIntegration": False, "url": url}}}
    if listing.mode == _SWA:
        form = {"usernameField": "user", "passwordField": "password", "buttonField": "sign-in", "url": f"{url}/login"}
        return {
            "credentials": {"userNameTemplate": user_name, "scheme": "EDIT_USERNAME_AND_PASSWORD"},
            "settings": {"app": form},
        }
    if listing.mode == _AUTO:
        page = {"loginUrl": f"{url}/login", "redirectUrl": None}
        return {
            "credentials": {"userNameTemplate": user_name, "scheme": "EDIT_USERNAME_AND_PASSWORD"},
            "settings": {"signOn": page},
        }
    return {"credentials": credentials, "settings": {"app": {"baseUrl": url}}}
