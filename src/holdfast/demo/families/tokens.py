"""API tokens and the rate limits set for single callers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from holdfast.demo.applications import oauth_clients
from holdfast.demo.company import Company
from holdfast.demo.families.dates import administrator, ago, dated, left_administrator, left_at
from holdfast.demo.filters import Grammar
from holdfast.demo.paging import PageSizes
from holdfast.demo.policies import zone_id
from holdfast.demo.records import Record, okta_id, stamp
from holdfast.demo.resources import Collection, Ids, Records, by_id

_SERVICE_ACCOUNTS = 12
_WINDOW = timedelta(days=30)
# Days since the last use, and how common they are among tokens that no script decides.
_UNUSED = (0.02, 1.5, 12.0, 48.0, 131.0, 402.0)
_UNUSED_WEIGHTS = (35, 25, 15, 8, 10, 7)
_PURPOSES = ("terraform", "offboarding script", "license report", "group export", "chat bot", "lab")


def api_tokens(company: Company) -> Records:
    """Tokens by id. Okta moves `lastUpdated` when a token is used, and `expiresAt` lies a `tokenWindow` after that.

    Owners administer the tenant or are service accounts; one has left.
    """
    return by_id([*_scripted(company), *_of_administrators(company), *_of_service_accounts(company)])


def _scripted(company: Company) -> Iterator[Record]:
    owner, left = administrator(company), left_administrator(company)
    offices = {"connection": "ZONE", "include": [zone_id(company.seed, "Offices")], "exclude": []}
    yield _token(company, owner, "Holdfast", ages=(200, 0))
    yield _token(company, owner, "terraform", ages=(500, 0.1), network=offices)
    yield _token(company, owner, "directory migration", ages=(700, 412))
    yield _token(company, left, "help desk portal", ages=(900, 41))
    yield _token(company, left, "badge printer", ages=(1200, 265))


def _of_administrators(company: Company) -> Iterator[Record]:
    for user in company.user_roles:
        random = Random(f"{company.seed}/tokens/{user}")
        if user == administrator(company) or random.random() < 0.4:
            continue
        created = random.uniform(3, 900)
        unused = min(random.choices(_UNUSED, _UNUSED_WEIGHTS)[0], created)
        yield _token(company, user, random.choice(_PURPOSES), ages=(created, unused))


def _of_service_accounts(company: Company) -> Iterator[Record]:
    accounts = [user for user, record in company.users.items() if record["profile"]["userType"] == "Service"]
    blocked = {"connection": "ZONE", "include": [], "exclude": [zone_id(company.seed, "Anonymisers")]}
    for user in accounts[:_SERVICE_ACCOUNTS]:
        random = Random(f"{company.seed}/tokens/{user}")
        created = random.uniform(3, 900)
        unused = min(random.choices(_UNUSED, _UNUSED_WEIGHTS)[0], created)
        network = blocked if random.random() < 0.4 else None
        name = company.users[user]["profile"]["firstName"]
        yield _token(company, user, name, ages=(created, unused), network=network)


def _token(
    company: Company, owner: str, name: str, *, ages: tuple[float, float], network: Record | None = None
) -> Record:
    """`ages`: days since it was made and since it was last used."""
    created, unused = ages
    begin = datetime.fromisoformat(company.users[owner]["created"])
    # Nobody uses the token of a person who has left.
    end = datetime.fromisoformat(left_at(company, owner) or stamp(company.now))
    used = max(begin, min(end, company.now - timedelta(days=unused)))
    made = max(begin, min(used, company.now - timedelta(days=created)))
    return {
        "id": okta_id("00T", company.seed, "token", owner, name),
        "name": name,
        "userId": owner,
        "clientName": "Okta API",
        "tokenWindow": "P30D",
        "network": network or {"connection": "ANYWHERE"},
        "created": stamp(made),
        "lastUpdated": stamp(used),
        "expiresAt": stamp(used + _WINDOW),
    }


def _principal_rate_limits(company: Company, _: Ids) -> Records:
    tokens = list(company.family(api_tokens).values())[:2]
    callers = [("SSWS_TOKEN", token["id"], 50) for token in tokens]
    callers += [("OAUTH_CLIENT", client, 75) for client in list(oauth_clients(company.apps))[:1]]
    return by_id(
        [
            {
                "id": okta_id("prl", company.seed, principal),
                "orgId": okta_id("00o", company.seed, "org"),
                "principalId": principal,
                "principalType": kind,
                "defaultPercentage": share,
                "defaultConcurrencyPercentage": share,
                "createdBy": administrator(company),
                "createdDate": ago(company, 120),
                "lastUpdatedBy": administrator(company),
                "lastUpdate": dated(company, "rate limit", principal, oldest=115)["lastUpdated"],
            }
            for kind, principal, share in callers
        ]
    )


TOKENS = Collection(
    "/api/v1/api-tokens",
    "ApiToken",
    "okta.apiTokens.read",
    lambda company, _: company.family(api_tokens),
    link_field="_link",
)
PRINCIPAL_RATE_LIMITS = Collection(
    "/api/v1/principal-rate-limits",
    "PrincipalRateLimit",
    "okta.principalRateLimits.read",
    _principal_rate_limits,
    sizes=PageSizes(20, 50),
    grammar=Grammar(frozenset({"principalType", "principalId", "id"}), None, frozenset({"eq"})),
    needs=("filter",),
)
ROUTES = (*TOKENS.routes(), *PRINCIPAL_RATE_LIMITS.routes())
EXPORTED = {"api_tokens": TOKENS.rows}
