"""What belongs to single applications: provisioning, keys and certificates, secrets, pushed groups, their schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from holdfast.demo.cast import app_id
from holdfast.demo.company import Company
from holdfast.demo.families.dates import dated
from holdfast.demo.families.hooks import public_key
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id, stamp
from holdfast.demo.replies import ApiError, Call, Reply, Route, not_found
from holdfast.demo.resources import Collection, Ids, Records, Single, by_id, of_apps, resolved

_READ = "okta.apps.read"
_APP = "/api/v1/apps/{app}"
_CERTIFICATE = timedelta(days=3650)
# Applications whose signing certificate ends soon, or has ended: days from now.
_ENDING = {"zendesk": 12, "concur": 27, "tableau": 58, "old-wiki": -40}
# OAuth applications with a second secret, and whether it still works.
_SECOND_SECRETS = {"siem": "INACTIVE", "partner-hub": "ACTIVE"}
_PUSH_STATES = ("ACTIVE", "ACTIVE", "ACTIVE", "INACTIVE", "ERROR")


def _features(company: Company, ids: Ids) -> Records:
    features = set(company.apps[ids["app"]]["features"])
    names: dict[str, Record] = {}
    if features & {"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"}:
        names["USER_PROVISIONING"] = {
            "create": {"lifecycleCreate": {"status": _enabled("PUSH_NEW_USERS" in features)}},
            "update": {
                "profile": {"status": _enabled("PUSH_PROFILE_UPDATES" in features)},
                "lifecycleDeactivate": {"status": _enabled("PUSH_USER_DEACTIVATION" in features)},
                "password": {"status": "DISABLED", "seed": "RANDOM", "change": "KEEP_EXISTING"},
            },
        }
    if features & {"IMPORT_NEW_USERS", "PROFILE_MASTERING"}:
        names["INBOUND_PROVISIONING"] = {
            "importSettings": {"username": {"usernameFormat": "EMAIL"}, "schedule": {"status": "ENABLED"}},
            "importRules": {"userCreateAndMatch": {"exactMatchCriteria": "EMAIL", "allowPartialMatch": False}},
        }
    return {
        name: {"name": name, "status": "ENABLED", "description": f"{name} settings", "capabilities": capabilities}
        for name, capabilities in names.items()
    }


def _enabled(yes: bool) -> str:
    return "ENABLED" if yes else "DISABLED"


def _connection(company: Company, ids: Ids) -> Record:
    provisions = bool(_features(company, ids))
    return {"authScheme": "TOKEN", "profile": {"authScheme": "TOKEN"}, "status": _enabled(provisions)}


def signing_keys(company: Company, ids: Ids) -> Records:
    """Signing certificates of a SAML application by key id; other applications have none."""
    app = company.apps[ids["app"]]
    if app["signOnMode"] != "SAML_2_0":
        return {}
    kid = app["credentials"]["signing"]["kid"]
    days = {app_id(company.seed, key): days for key, days in _ENDING.items()}.get(app["id"])
    created = datetime.fromisoformat(app["created"])
    expires = created + _CERTIFICATE if days is None else company.now + timedelta(days=days)
    key = {
        **public_key(company, "app", app["id"]),
        "kid": kid,
        "created": app["created"],
        "lastUpdated": app["created"],
        "expiresAt": stamp(expires),
        "x5c": [okta_id("MIID", company.seed, "certificate", kid)],
        "x5t#S256": okta_id("", company.seed, "thumbprint", kid),
    }
    return {kid: {name: value for name, value in key.items() if name != "alg"}}


def client_secrets(company: Company, ids: Ids) -> Records:
    """Secrets of an OAuth application by id; the tenant shows their last four characters."""
    app = company.apps[ids["app"]]
    if app["signOnMode"] != "OPENID_CONNECT":
        return {}
    second = {app_id(company.seed, key): status for key, status in _SECOND_SECRETS.items()}.get(app["id"])
    secrets = []
    for number, status in enumerate(("ACTIVE", second) if second else ("ACTIVE",)):
        secret = okta_id("ocs", company.seed, "secret", app["id"], number)
        dates = dated(company, secret, oldest=900)
        secrets.append(
            {
                "id": secret,
                "status": status,
                "client_secret": f"***{secret[-4:]}",
                "secret_hash": okta_id("", company.seed, "hash", secret),
                "created": max(app["created"], dates["created"]),
                "lastUpdated": max(app["created"], dates["lastUpdated"]),
            }
        )
    return by_id(secrets)


def group_push_mappings(company: Company, ids: Ids) -> Records:
    """Groups that an application gets pushed, by mapping id; the company pushes those that are assigned."""
    app = company.apps[ids["app"]]
    if "PUSH_NEW_USERS" not in app["features"]:
        return {}
    return by_id(_mapping(company, app["id"], link["id"]) for link in company.app_groups[app["id"]])


def _mapping(company: Company, app: str, group: str) -> Record:
    dates = dated(company, "push", app, group, oldest=400)
    status = Random(f"{company.seed}/push/{app}/{group}").choice(_PUSH_STATES)
    return {
        "id": okta_id("gPm", company.seed, "push", app, group),
        "status": status,
        "sourceGroupId": group,
        "targetGroupId": okta_id("00g", company.seed, "pushed", app, group),
        "errorSummary": "The group's name is taken in the application" if status == "ERROR" else None,
        **dates,
        "lastPush": dates["lastUpdated"],
    }


def _nothing(_: Company, __: Ids) -> Records:
    return {}


def _app_schema(company: Company, ids: Ids) -> Record:
    app = company.apps[ids["app"]]
    attributes = {
        name: {"title": title, "type": "string", "required": needed, "scope": "NONE", "mutability": "READ_WRITE"}
        for name, title, needed in (("userName", "Username", True), ("email", "Email", False))
    }
    return {
        "id": f"https://schemas.example/apps/{app['id']}/default",
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": app["name"],
        "title": f"{app['label']} User",
        "type": "object",
        "created": app["created"],
        "lastUpdated": app["lastUpdated"],
        "definitions": {
            "base": {"id": "#base", "type": "object", "properties": attributes, "required": ["userName"]},
            "custom": {"id": "#custom", "type": "object", "properties": {}, "required": []},
        },
        "properties": {"profile": {"allOf": [{"$ref": "#/definitions/custom"}, {"$ref": "#/definitions/base"}]}},
    }


def _saml_metadata(call: Call) -> Reply:
    """XML, as Okta answers here and nowhere else."""
    if not call.query.get("kid"):
        raise ApiError("E0000028", cause="kid: is required")
    ids = resolved(call)
    if call.query["kid"] not in signing_keys(call.company, ids):
        raise not_found(call.query["kid"], "JsonWebKey")
    issuer = f"http://www.okta.com/{ids['app']}"
    namespace = "urn:oasis:names:tc:SAML:2.0:metadata"
    return Reply(f'<?xml version="1.0"?><EntityDescriptor xmlns="{namespace}" entityID="{issuer}"/>')


def _console(_: Company, ids: Ids) -> Record:
    if ids["console"] != "admin-console":
        raise not_found(ids["console"], "FirstPartyApp")
    return {"sessionIdleTimeoutMinutes": 15, "sessionMaxLifetimeMinutes": 720}


def _policy_mappings(company: Company, ids: Ids) -> Records:
    policy = ids["policy"]
    guarded = [app for app, record in company.apps.items() if record.get("accessPolicy") == policy]
    return by_id({"id": okta_id("prm", company.seed, "mapping", policy, app)} for app in guarded)


def _policy_apps(call: Call) -> Reply:
    policy = resolved(call)["policy"]
    apps = [app for app, record in call.company.apps.items() if record.get("accessPolicy") == policy]
    return Reply([call.present.app(app) for app in apps])


def _of_policies(company: Company) -> Iterator[Ids]:
    return ({"policy": policy} for policy in company.policies)


FEATURES = Collection(f"{_APP}/features", "ApplicationFeature", _READ, _features, of_apps)
KEYS = Collection(f"{_APP}/credentials/keys", "JsonWebKey", _READ, signing_keys, of_apps, link_field=None)
CSRS = Collection(f"{_APP}/credentials/csrs", "Csr", _READ, _nothing, of_apps)
CLIENT_KEYS = Collection(f"{_APP}/credentials/jwks", "JsonWebKey", _READ, _nothing, of_apps)
SECRETS = Collection(f"{_APP}/credentials/secrets", "OAuth2ClientSecret", _READ, client_secrets, of_apps)
PUSH = Collection(
    f"{_APP}/group-push/mappings",
    "GroupPushMapping",
    _READ,
    group_push_mappings,
    of_apps,
    PageSizes(100, 1000),
    equal={"status": "status", "sourceGroupId": "sourceGroupId"},
)
POLICY_MAPPINGS = Collection(
    "/api/v1/policies/{policy}/mappings", "PolicyMapping", "okta.policies.read", _policy_mappings, _of_policies
)
ROUTES = (
    *FEATURES.routes(),
    *KEYS.routes(),
    *CSRS.routes(),
    *CLIENT_KEYS.routes(),
    *SECRETS.routes(),
    *PUSH.routes(),
    *Single(f"{_APP}/connections/default", _READ, _connection).routes(),
    *Single(f"{_APP}/connections/default/jwks", _READ, lambda *_: {"jwks": {"keys": []}}, linked=False).routes(),
    *Single("/api/v1/meta/schemas/apps/{app}/default", "okta.schemas.read", _app_schema).routes(),
    *Single("/api/v1/first-party-app-settings/{console}", _READ, _console, linked=False).routes(),
    Route(f"{_APP}/sso/saml/metadata", _saml_metadata, _READ),
    POLICY_MAPPINGS.thing_route(),
    Route("/api/v1/policies/{policy}/app", _policy_apps, "okta.policies.read"),
)
EXPORTED = {
    "app_features": FEATURES.rows,
    "app_signing_keys": KEYS.rows,
    "app_secrets": SECRETS.rows,
    "group_push_mappings": PUSH.rows,
}
