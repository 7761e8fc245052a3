"""Custom authorization servers with their scopes, claims, policies, rules and keys."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.demo.applications import oauth_clients
from holdfast.demo.cast import app_id, group_id
from holdfast.demo.company import Company
from holdfast.demo.families.dates import ORG_URL, dated
from holdfast.demo.families.hooks import public_key
from holdfast.demo.families.oauth import client_record, refresh_tokens
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id
from holdfast.demo.replies import not_found
from holdfast.demo.resources import Collection, Ids, Records, by_id, known
from holdfast.demo.words import DOMAIN

_READ = "okta.authorizationServers.read"
_SIZES = PageSizes(200, 200)
# Name, description, audience, status, keys of the applications that its policies name, minutes an access token lives.
_SERVERS: tuple[tuple[str, str, str, str, tuple[str, ...], int], ...] = (
    ("default", "Default authorization server", "api://default", "ACTIVE", (), 60),
    ("Payments", "Tokens for the payments API", f"https://payments.{DOMAIN}", "ACTIVE", ("payments-api",), 5),
    ("Partners", "Tokens for the partner hub", f"https://hub.{DOMAIN}", "ACTIVE", ("partner-hub",), 1440),
    ("Lab", "Nobody uses it any more", "api://lab", "INACTIVE", ("feature-flags",), 60),
)
# Scopes beside those of OpenID: server, name, consent, whether clients get it without asking.
_SCOPES = (
    ("Payments", "payments.read", "IMPLICIT", False),
    ("Payments", "payments.approve", "REQUIRED", False),
    ("Partners", "deals.read", "IMPLICIT", True),
    ("Partners", "deals.write", "REQUIRED", False),
    ("Lab", "everything", "IMPLICIT", True),
)
_SYSTEM_SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access", "device_sso")
# Claims beside `sub`: server, name, token, kind, value.
_CLAIMS = (
    ("Payments", "cost_center", "RESOURCE", "EXPRESSION", "user.costCenter"),
    ("Payments", "groups", "RESOURCE", "GROUPS", "erp-"),
    ("Partners", "department", "IDENTITY", "EXPRESSION", "user.department"),
)


def authorization_servers(company: Company) -> Records:
    """Authorization servers by id; the first one is also called `default`."""
    return by_id(_server(company, *facts[:4]) for facts in _SERVERS)


def _server(company: Company, name: str, description: str, audience: str, status: str) -> Record:
    server = okta_id("aus", company.seed, "server", name)
    issuer = f"{ORG_URL}/oauth2/{'default' if name == 'default' else server}"
    dates = dated(company, "server", name)
    return {
        "id": server,
        "name": name,
        "description": description,
        "audiences": [audience],
        "issuer": issuer,
        "issuerMode": "ORG_URL",
        "status": status,
        **dates,
        "credentials": {
            "signing": {
                "rotationMode": "MANUAL" if name == "Lab" else "AUTO",
                "kid": public_key(company, "server", name, "ACTIVE")["kid"],
                "lastRotated": dates["lastUpdated"],
                "use": "sig",
            }
        },
    }


def _named(company: Company, ids: Ids) -> Record:
    """The server that the path names. ApiError (404) where there is none."""
    servers = company.family(authorization_servers)
    if ids["server"] == "default":
        return next(record for record in servers.values() if record["name"] == "default")
    return known(servers, ids["server"], "AuthorizationServer")


def _scopes(company: Company, ids: Ids) -> Records:
    server = _named(company, ids)["name"]
    own = [(name, consent, default, False) for where, name, consent, default in _SCOPES if where == server]
    system = [(name, "IMPLICIT", False, True) for name in _SYSTEM_SCOPES]
    return by_id(
        {
            "id": okta_id("scp", company.seed, "scope", server, name),
            "name": name,
            "displayName": name,
            "description": f"Allows {name}",
            "system": is_system,
            "default": default,
            "optional": False,
            "consent": consent,
            "metadataPublish": "ALL_CLIENTS" if is_system else "NO_CLIENTS",
        }
        for name, consent, default, is_system in (*own, *system)
    )


def _claims(company: Company, ids: Ids) -> Records:
    server = _named(company, ids)["name"]
    own = [(*facts, False) for where, *facts in _CLAIMS if where == server]
    subject = ("sub", "RESOURCE", "EXPRESSION", "(appuser != null) ? appuser.userName : app.clientId", True)
    return by_id(
        {
            "id": okta_id("ocl", company.seed, "claim", server, name),
            "name": name,
            "status": "ACTIVE",
            "claimType": kind,
            "valueType": value_type,
            "value": value,
            "conditions": {"scopes": []},
            "system": system,
            "alwaysIncludeInToken": True,
            **({"group_filter_type": "STARTS_WITH"} if value_type == "GROUPS" else {}),
        }
        for name, kind, value_type, value, system in (*own, subject)
    )


def _policies(company: Company, ids: Ids) -> Records:
    server = _named(company, ids)["name"]
    keys = next(keys for name, _, _, _, keys, _ in _SERVERS if name == server)
    clients = {app: client for client, app in oauth_clients(company.apps).items()}
    return by_id(
        [
            {
                "id": okta_id("00p", company.seed, "server policy", server),
                "type": "OAUTH_AUTHORIZATION_POLICY",
                "name": "Named clients" if keys else "All clients",
                "description": "Who gets tokens of this server",
                "priority": 1,
                "status": "ACTIVE",
                "system": False,
                "conditions": {
                    "clients": {"include": [clients[app_id(company.seed, key)] for key in keys] or ["ALL_CLIENTS"]}
                },
                **dated(company, "server policy", server),
            }
        ]
    )


def _rules(company: Company, ids: Ids) -> Records:
    known(_policies(company, ids), ids["server_policy"], "Policy")
    name, _, _, _, _, minutes = next(facts for facts in _SERVERS if facts[0] == _named(company, ids)["name"])
    return by_id(
        [
            {
                "id": okta_id("0pr", company.seed, "server rule", name),
                "type": "RESOURCE_ACCESS",
                "name": "People of the company",
                "status": "ACTIVE",
                "priority": 1,
                "system": False,
                "conditions": {
                    "people": {
                        "users": {"include": [], "exclude": []},
                        "groups": {"include": [group_id(company.seed, "Everyone")], "exclude": []},
                    },
                    "grantTypes": {"include": ["authorization_code", "client_credentials"]},
                    "scopes": {"include": ["*"]},
                },
                "actions": {
                    "token": {
                        "accessTokenLifetimeMinutes": minutes,
                        "refreshTokenLifetimeMinutes": 0,
                        "refreshTokenWindowMinutes": 10080,
                    }
                },
                **dated(company, "server rule", name),
            }
        ]
    )


def _keys(company: Company, ids: Ids) -> Records:
    server = _named(company, ids)["name"]
    keys = [{**public_key(company, "server", server, status), "status": status} for status in ("ACTIVE", "NEXT")]
    return {key["kid"]: key for key in keys}


def _nothing(company: Company, ids: Ids) -> Records:
    _named(company, ids)
    return {}


def _clients_of_server(company: Company, ids: Ids) -> Records:
    server = _named(company, ids)
    policies = _policies(company, ids).values()
    named = {client for policy in policies for client in policy["conditions"]["clients"]["include"]}
    clients = oauth_clients(company.apps)
    if server["status"] != "ACTIVE":
        return {}
    return {client: client_record(company, client) for client in sorted(named & clients.keys())}


def _tokens(company: Company, ids: Ids) -> Records:
    """Refresh tokens issued by this server to the client: all of the company's are the organisation's own."""
    _named(company, ids)
    app = oauth_clients(company.apps).get(ids["client"])
    if app is None:
        raise not_found(ids["client"], "PublicClientApp")
    issuer = _named(company, ids)["issuer"]
    tokens = company.family(refresh_tokens)[app]
    return {name: token for name, token in tokens.items() if token["issuer"] == issuer}


def _of_servers(company: Company) -> Iterator[Ids]:
    return ({"server": server} for server in company.family(authorization_servers))


def _of_policies(company: Company) -> Iterator[Ids]:
    return ({**ids, "server_policy": policy} for ids in _of_servers(company) for policy in _policies(company, ids))


def _of_clients(company: Company) -> Iterator[Ids]:
    return ({**ids, "client": client} for ids in _of_servers(company) for client in _clients_of_server(company, ids))


_ONE = "/api/v1/authorizationServers/{server}"
SERVERS = Collection(
    "/api/v1/authorizationServers",
    "AuthorizationServer",
    _READ,
    lambda company, _: company.family(authorization_servers),
    sizes=_SIZES,
    searched=("name",),
    names=lambda record: ("default",) if record["name"] == "default" else (),
    below=("claims", "scopes", "policies"),
    lifecycle=True,
)
SCOPES = Collection(f"{_ONE}/scopes", "OAuth2Scope", _READ, _scopes, _of_servers, _SIZES, searched=("name",))
CLAIMS = Collection(f"{_ONE}/claims", "OAuth2Claim", _READ, _claims, _of_servers)
POLICIES = Collection(f"{_ONE}/policies", "Policy", _READ, _policies, _of_servers)
RULES = Collection(f"{_ONE}/policies/{{server_policy}}/rules", "PolicyRule", _READ, _rules, _of_policies)
KEYS = Collection(f"{_ONE}/credentials/keys", "JsonWebKey", _READ, _keys, _of_servers)
RESOURCE_SERVER_KEYS = Collection(f"{_ONE}/resourceservercredentials/keys", "JsonWebKey", _READ, _nothing, _of_servers)
CLIENTS = Collection(f"{_ONE}/clients", "OAuth2Client", _READ, _clients_of_server, _of_servers)
TOKENS = Collection(f"{_ONE}/clients/{{client}}/tokens", "OAuth2RefreshToken", _READ, _tokens, _of_clients, _SIZES)
ASSOCIATED = Collection(
    f"{_ONE}/associatedServers", "AuthorizationServer", _READ, _nothing, _of_servers, _SIZES, searched=("name",)
)
ROUTES = (
    *SERVERS.routes(),
    *SCOPES.routes(),
    *CLAIMS.routes(),
    *POLICIES.routes(),
    *RULES.routes(),
    *KEYS.routes(),
    *RESOURCE_SERVER_KEYS.routes(),
    *CLIENTS.routes(things=False),
    *TOKENS.routes(),
    *ASSOCIATED.routes(things=False),
)
EXPORTED = {
    "authorization_servers": SERVERS.rows,
    "authorization_server_scopes": SCOPES.rows,
    "authorization_server_claims": CLAIMS.rows,
    "authorization_server_policies": POLICIES.rows,
    "authorization_server_rules": RULES.rows,
}
