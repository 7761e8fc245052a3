"""What applications may do with Okta's API and with people's profiles: grants, clients and refresh tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random

from holdfast.demo.applications import oauth_clients
from holdfast.demo.cast import app_id
from holdfast.demo.company import Company
from holdfast.demo.families.dates import ORG_URL, administrator, dated_by, left_administrator, left_at
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id, stamp
from holdfast.demo.replies import not_found
from holdfast.demo.resources import Collection, Ids, Records, by_id, of_apps

_SIZES = PageSizes(20, 200)
# Okta's API, given to applications by an administrator: key of the application, scope, by someone who has left.
_ADMIN_GRANTS = (
    ("siem", "okta.logs.read", False),
    ("siem", "okta.users.read", False),
    ("siem", "okta.devices.read", True),
    ("internal-portal", "okta.users.read.self", False),
    ("internal-portal", "okta.myAccount.profile.read", False),
    ("feature-flags", "okta.groups.read", True),
    ("partner-hub", "okta.users.manage", True),
    ("partner-hub", "okta.groups.manage", False),
    ("payments-api", "okta.apps.read", False),
)
# What people consented to themselves: application, scopes, share of its people who did.
_CONSENTS = (
    ("partner-hub", ("openid", "profile", "email", "offline_access"), 0.5),
    ("mobile-crm", ("openid", "profile", "offline_access", "phone"), 0.9),
)
# Applications that keep people signed in: scopes and the share of people with a refresh token.
_REFRESHING = (
    ("internal-portal", ("openid", "profile", "offline_access"), 0.08),
    ("partner-hub", ("openid", "email", "offline_access"), 0.4),
    ("mobile-crm", ("openid", "profile", "offline_access"), 0.9),
)
_REFRESH_TOKEN_DAYS = 100


def app_grants(company: Company) -> Mapping[str, Records]:
    """Application → grants given by administrators, by id."""
    found: dict[str, list[Record]] = {app: [] for app in company.apps}
    for key, scope, by_left in _ADMIN_GRANTS:
        app = app_id(company.seed, key)
        left = left_administrator(company)
        was_there = company.apps[app]["created"] < (left_at(company, left) or "")
        giver = left if by_left and was_there else administrator(company)
        grant = _grant(company, app, scope, giver)
        found[app].append({**grant, "source": "ADMIN", "createdBy": {"id": giver, "type": "User"}})
    return {app: by_id(grants) for app, grants in found.items()}


def user_grants(company: Company) -> Mapping[str, Records]:
    """Person → what they consented to, by id. Only those who did are in it."""
    found: dict[str, list[Record]] = {}
    for key, scopes, share in _CONSENTS:
        for user, random in _people_of(company, key, "consent"):
            if random.random() < share:
                app = app_id(company.seed, key)
                found.setdefault(user, []).extend(
                    {
                        **_grant(company, app, scope, user),
                        "source": "END_USER",
                        "createdBy": {"id": user, "type": "User"},
                        "userId": user,
                    }
                    for scope in scopes
                )
    return {user: by_id(grants) for user, grants in sorted(found.items())}


def refresh_tokens(company: Company) -> Mapping[str, Records]:
    """Application → refresh tokens by id; applications without one are in it too."""
    found: dict[str, list[Record]] = {app: [] for app in company.apps}
    for key, scopes, share in _REFRESHING:
        app = app_id(company.seed, key)
        for user, random in _people_of(company, key, "refresh"):
            if random.random() < share:
                found[app].append(_refresh_token(company, app, user, scopes, random))
    # Okta lists no token that has expired.
    now = stamp(company.now)
    return {app: by_id(token for token in tokens if token["expiresAt"] > now) for app, tokens in found.items()}


def _tokens_by_holder(company: Company) -> Mapping[tuple[str, str], Records]:
    """Person and client id → refresh tokens by id."""
    found: dict[tuple[str, str], dict[str, Record]] = {}
    for tokens in company.family(refresh_tokens).values():
        for name, token in tokens.items():
            found.setdefault((token["userId"], token["clientId"]), {})[name] = token
    return found


def clients_of(company: Company) -> Mapping[str, frozenset[str]]:
    """Person → client ids of the applications that hold a grant or a refresh token of theirs."""
    found: dict[str, set[str]] = {}
    for grants in company.family(user_grants).values():
        for grant in grants.values():
            found.setdefault(grant["userId"], set()).add(grant["clientId"])
    for tokens in company.family(refresh_tokens).values():
        for token in tokens.values():
            found.setdefault(token["userId"], set()).add(token["clientId"])
    return {user: frozenset(clients) for user, clients in found.items()}


def client_record(company: Company, client: str) -> Record:
    """An OAuth client as the lists of a person's clients show it."""
    app = company.apps[oauth_clients(company.apps)[client]]
    return {
        "client_id": client,
        "client_name": app["label"],
        "client_uri": app["settings"]["oauthClient"]["redirect_uris"][0].rpartition("/")[0],
        "logo_uri": None,
    }


def _people_of(company: Company, key: str, what: str) -> Iterator[tuple[str, Random]]:
    """People who can open an application and have signed in at least once, each with dice of their own."""
    for user in company.app_scopes[app_id(company.seed, key)]:
        if company.users[user]["lastLogin"]:
            yield user, Random(f"{company.seed}/{what}/{key}/{user}")


def _client_id(company: Company, app: str) -> str:
    client: str = company.apps[app]["credentials"]["oauthClient"]["client_id"]
    return client


def _grant(company: Company, app: str, scope: str, giver: str) -> Record:
    made = company.apps[app]["created"]
    dates = dated_by(company, giver, "grant", app, scope, giver, oldest=600, since=made)
    return {
        "id": okta_id("oag", company.seed, "grant", app, scope, giver),
        "status": "ACTIVE",
        "issuer": ORG_URL,
        "clientId": _client_id(company, app),
        "scopeId": scope,
        **dates,
    }


def _refresh_token(company: Company, app: str, user: str, scopes: tuple[str, ...], random: Random) -> Record:
    login = datetime.fromisoformat(company.users[user]["lastLogin"])
    since = max(datetime.fromisoformat(company.apps[app]["created"]), login - timedelta(days=60))
    created = since + (max(login, since) - since) * random.random()
    return {
        "id": okta_id("oar", company.seed, "refresh", app, user),
        "status": "REVOKED" if random.random() < 0.05 else "ACTIVE",
        "created": stamp(created),
        "lastUpdated": stamp(max(created, login)),
        "expiresAt": stamp(created + timedelta(days=_REFRESH_TOKEN_DAYS)),
        "issuer": ORG_URL,
        "clientId": _client_id(company, app),
        "userId": user,
        "scopes": list(scopes),
    }


def _of_client(company: Company, ids: Ids) -> str:
    """The application of the client that the path names. ApiError (404) where no application has that client id."""
    client = ids["client"]
    app = oauth_clients(company.apps).get(client)
    if app is None:
        raise not_found(client, "PublicClientApp")
    return app


def _grants_for_client(company: Company, ids: Ids) -> Records:
    _of_client(company, ids)
    grants = company.family(user_grants).get(ids["user"], {})
    return {name: grant for name, grant in grants.items() if grant["clientId"] == ids["client"]}


def _tokens_for_client(company: Company, ids: Ids) -> Records:
    _of_client(company, ids)
    return company.family(_tokens_by_holder).get((ids["user"], ids["client"]), {})


def _clients(company: Company, ids: Ids) -> Records:
    clients = company.family(clients_of).get(ids["user"], frozenset())
    return {client: client_record(company, client) for client in sorted(clients)}


def _of_consenting(company: Company) -> Iterator[Ids]:
    return ({"user": user} for user in company.family(user_grants))


def _of_used_clients(company: Company) -> Iterator[Ids]:
    return (
        {"user": user, "client": client}
        for user, clients in company.family(clients_of).items()
        for client in sorted(clients)
    )


APP_GRANTS = Collection(
    "/api/v1/apps/{app}/grants",
    "OAuth2ScopeConsentGrant",
    "okta.appGrants.read",
    lambda company, ids: company.family(app_grants)[ids["app"]],
    of_apps,
)
APP_TOKENS = Collection(
    "/api/v1/apps/{app}/tokens",
    "OAuth2RefreshToken",
    "okta.apps.read",
    lambda company, ids: company.family(refresh_tokens)[ids["app"]],
    of_apps,
    _SIZES,
)
USER_GRANTS = Collection(
    "/api/v1/users/{user}/grants",
    "OAuth2ScopeConsentGrant",
    "okta.users.read",
    lambda company, ids: company.family(user_grants).get(ids["user"], {}),
    _of_consenting,
    _SIZES,
    equal={"scopeId": "scopeId"},
)
USER_CLIENTS = Collection(
    "/api/v1/users/{user}/clients",
    "OAuth2Client",
    "okta.users.read",
    _clients,
    lambda company: ({"user": user} for user in company.family(clients_of)),
)
CLIENT_GRANTS = Collection(
    "/api/v1/users/{user}/clients/{client}/grants",
    "OAuth2ScopeConsentGrant",
    "okta.users.read",
    _grants_for_client,
    _of_used_clients,
    _SIZES,
)
CLIENT_TOKENS = Collection(
    "/api/v1/users/{user}/clients/{client}/tokens",
    "OAuth2RefreshToken",
    "okta.users.read",
    _tokens_for_client,
    _of_used_clients,
    _SIZES,
)
ROUTES = (
    *APP_GRANTS.routes(),
    *APP_TOKENS.routes(),
    *USER_GRANTS.routes(),
    *USER_CLIENTS.routes(things=False),
    *CLIENT_GRANTS.routes(things=False),
    *CLIENT_TOKENS.routes(),
)
EXPORTED = {"app_grants": APP_GRANTS.rows, "user_grants": USER_GRANTS.rows, "refresh_tokens": APP_TOKENS.rows}
