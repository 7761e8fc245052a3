"""How profiles are made up and where they come from: schemas, linked objects, mappings, forms, identity providers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from holdfast.demo.company import Company
from holdfast.demo.families.dates import ago, dated
from holdfast.demo.families.hooks import public_key
from holdfast.demo.paging import PageSizes
from holdfast.demo.people import user_type_ids
from holdfast.demo.records import Record, okta_id, stamp
from holdfast.demo.replies import not_found
from holdfast.demo.resources import Collection, Ids, Records, Single, by_id, known, linked, of_users

_USERS, _IDPS = "okta.users.read", "okta.idps.read"
_MANAGER, _SUBORDINATE = "manager", "subordinate"
_SIZES = PageSizes(20, 200)
# Name, type, status, whether anyone signs in through it.
_PROVIDERS: tuple[tuple[str, str, str, bool], ...] = (
    ("Partner login", "SAML2", "ACTIVE", True),
    ("Google for contractors", "GOOGLE", "ACTIVE", False),
    ("Acquired company", "OIDC", "INACTIVE", False),
)


def _group_schema(company: Company, _: Ids) -> Record:
    attributes = {
        name: {"title": title, "type": "string", "required": needed, "scope": "NONE", "mutability": "READ_WRITE"}
        for name, title, needed in (("name", "Name", True), ("description", "Description", False))
    }
    return {
        "id": "https://schemas.example/group/default",
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": "group",
        "title": "Okta group",
        "description": "Groups of the company",
        "type": "object",
        **dated(company, "group schema"),
        "definitions": {
            "base": {"id": "#base", "type": "object", "properties": attributes, "required": ["name"]},
            "custom": {"id": "#custom", "type": "object", "properties": {}, "required": []},
        },
        "properties": {"profile": {"allOf": [{"$ref": "#/definitions/custom"}, {"$ref": "#/definitions/base"}]}},
    }


def _linked_objects(_: Company, __: Ids) -> Records:
    return {
        _MANAGER: {
            "primary": {"name": _MANAGER, "title": "Manager", "description": "Who leads", "type": "USER"},
            "associated": {"name": _SUBORDINATE, "title": "Subordinate", "description": "Who is led", "type": "USER"},
        }
    }


def _reports(company: Company) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for user, record in company.users.items():
        found.setdefault(str(record["profile"].get("managerId")), []).append(user)
    return found


def linked_people(company: Company, ids: Ids) -> Records:
    """The person's manager, or who reports to them, as links. ApiError (404) for another relation."""
    user = company.users[ids["user"]]
    if ids["relationship"] == _MANAGER:
        manager = user["profile"].get("managerId")
        people = [manager] if manager in company.users else []
    elif ids["relationship"] == _SUBORDINATE:
        people = company.family(_reports).get(user["id"], [])
    else:
        raise not_found(ids["relationship"], "LinkedObject")
    return {person: linked(f"/api/v1/users/{person}") for person in people}


def _relations(company: Company) -> Iterator[Ids]:
    return ({"user": user, "relationship": name} for user in company.users for name in (_MANAGER, _SUBORDINATE))


def mappings(company: Company) -> Records:
    """Profile mappings by id: from each application that masters or imports people to their user type, and back."""
    default, _ = user_type_ids(company.seed)
    person = {"id": default, "name": "user", "type": "user"}
    found = []
    for app, record in company.apps.items():
        if not record["features"]:
            continue
        other = {"id": app, "name": record["name"], "type": "appuser"}
        pairs = [(person, other)]
        if {"PROFILE_MASTERING", "IMPORT_NEW_USERS"} & set(record["features"]):
            pairs.append((other, person))
        found += [
            {"id": okta_id("prm", company.seed, "profile", a["id"], b["id"]), "source": a, "target": b}
            for a, b in pairs
        ]
    return by_id(found)


def _mapping(company: Company, ids: Ids) -> Record:
    record = known(company.family(mappings), ids["mapping"], "ProfileMapping")
    expressions = {"firstName": "user.firstName", "lastName": "user.lastName", "email": "user.email"}
    properties = {name: {"expression": text, "pushStatus": "PUSH"} for name, text in expressions.items()}
    return {**record, "properties": properties}


def _mapping_records(company: Company, _: Ids) -> Records:
    return {
        name: {**record, "sourceId": record["source"]["id"], "targetId": record["target"]["id"]}
        for name, record in company.family(mappings).items()
    }


def _forms(company: Company, _: Ids) -> Records:
    form = okta_id("uis", company.seed, "form")
    element = {
        "type": "Control",
        "scope": "#/properties/firstName",
        "label": "First name",
        "options": {"format": "text"},
    }
    schema = {"type": "Group", "label": "Sign up", "buttonLabel": "Submit", "elements": [element]}
    return {form: {"id": form, "uiSchema": schema, **dated(company, "form")}}


def identity_providers(company: Company) -> Records:
    """Identity providers by id."""
    return by_id(
        {
            "id": okta_id("0oa", company.seed, "idp", name),
            "name": name,
            "type": kind,
            "status": status,
            "issuerMode": "ORG_URL",
            "protocol": {"type": kind if kind in {"SAML2", "OIDC"} else "OIDC"},
            "policy": {
                "accountLink": {"action": "AUTO", "filter": None},
                "provisioning": {"action": "DISABLED", "profileMaster": False, "groups": {"action": "NONE"}},
                "subject": {"matchType": "USERNAME", "userNameTemplate": {"template": "idpuser.email"}},
                "maxClockSkew": 120_000,
            },
            **dated(company, "idp", name),
        }
        for name, kind, status, _ in _PROVIDERS
    )


def _contractors(company: Company) -> frozenset[str]:
    """Who signs in through the partners' provider: contractors who have signed in at all."""
    return frozenset(
        user
        for user, person in company.users.items()
        if person["profile"]["userType"] == "Contractor" and person["lastLogin"] and person["status"] != "DEPROVISIONED"
    )


def _linked_to(company: Company, provider: str) -> frozenset[str]:
    """People who sign in through the provider. ApiError (404) where there is no such provider."""
    record = known(company.family(identity_providers), provider, "IdentityProvider")
    used = next(used for name, *_, used in _PROVIDERS if name == record["name"])
    return company.family(_contractors) if used else frozenset()


def _provider_users(company: Company, ids: Ids) -> Records:
    return {
        user: {
            "id": user,
            "externalId": company.users[user]["profile"]["email"],
            "created": company.users[user]["activated"],
            "lastUpdated": company.users[user]["lastUpdated"],
            "profile": {"email": company.users[user]["profile"]["email"]},
        }
        for user in sorted(_linked_to(company, ids["idp"]))
    }


def _providers_of(company: Company, ids: Ids) -> Records:
    providers = company.family(identity_providers)
    return {
        name: {**record, **linked(f"/api/v1/idps/{name}")}
        for name, record in providers.items()
        if ids["user"] in _linked_to(company, name)
    }


def _social_tokens(company: Company, ids: Ids) -> Records:
    # The company keeps no tokens of other providers.
    if ids["user"] not in _linked_to(company, ids["idp"]):
        raise not_found(ids["user"], "IdentityProviderUser")
    return {}


def _provider_keys(company: Company, _: Ids) -> Records:
    key = {name: value for name, value in public_key(company, "idp trust").items() if name != "alg"}
    expires = stamp(company.now + timedelta(days=19))
    return {key["kid"]: {**key, "created": ago(company, 1076), "lastUpdated": ago(company, 1076), "expiresAt": expires}}


def _keys_of(company: Company, ids: Ids) -> Records:
    record = known(company.family(identity_providers), ids["idp"], "IdentityProvider")
    return _provider_keys(company, {}) if record["type"] == "SAML2" else {}


def _csrs(company: Company, ids: Ids) -> Records:
    known(company.family(identity_providers), ids["idp"], "IdentityProvider")
    return {}


def _of_providers(company: Company) -> Iterator[Ids]:
    return ({"idp": provider} for provider in company.family(identity_providers))


def _of_provider_users(company: Company) -> Iterator[Ids]:
    return ({**ids, "user": user} for ids in _of_providers(company) for user in sorted(_linked_to(company, ids["idp"])))


_IDP = "/api/v1/idps/{idp}"
_LINKED = "/api/v1/meta/schemas/user/linkedObjects"
LINKED_OBJECTS = Collection(
    _LINKED,
    "LinkedObject",
    "okta.linkedObjects.read",
    _linked_objects,
    names=lambda record: (record["associated"]["name"],),
)
LINKED_PEOPLE = Collection(
    "/api/v1/users/{user}/linkedObjects/{relationship}", "LinkedObject", _USERS, linked_people, _relations
)
MAPPINGS = Collection(
    "/api/v1/mappings",
    "ProfileMapping",
    "okta.profileMappings.read",
    _mapping_records,
    sizes=_SIZES,
    equal={"sourceId": "sourceId", "targetId": "targetId"},
)
FORMS = Collection("/api/v1/meta/uischemas", "UISchema", "okta.uischemas.read", _forms)
PROVIDERS = Collection(
    "/api/v1/idps",
    "IdentityProvider",
    _IDPS,
    lambda company, _: company.family(identity_providers),
    sizes=_SIZES,
    searched=("name",),
    equal={"type": "type"},
    lifecycle=True,
)
PROVIDER_USERS = Collection(
    f"{_IDP}/users", "IdentityProviderUser", _IDPS, _provider_users, _of_providers, _SIZES, searched=("externalId",)
)
SOCIAL_TOKENS = Collection(
    f"{_IDP}/users/{{user}}/credentials/tokens", "SocialAuthToken", _IDPS, _social_tokens, _of_provider_users
)
PROVIDERS_OF = Collection("/api/v1/users/{user}/idps", "IdentityProvider", _USERS, _providers_of, of_users)
ALL_KEYS = Collection(
    "/api/v1/idps/credentials/keys", "JsonWebKey", _IDPS, _provider_keys, sizes=_SIZES, link_field=None
)
KEYS_OF = Collection(f"{_IDP}/credentials/keys", "JsonWebKey", _IDPS, _keys_of, _of_providers, link_field=None)
ACTIVE_KEYS = Collection(
    f"{_IDP}/credentials/keys/active", "JsonWebKey", _IDPS, _keys_of, _of_providers, link_field=None
)
CSRS = Collection(f"{_IDP}/credentials/csrs", "Csr", _IDPS, _csrs, _of_providers)
ROUTES = (
    *Single("/api/v1/meta/schemas/group/default", "okta.schemas.read", _group_schema).routes(),
    *LINKED_OBJECTS.routes(),
    *LINKED_PEOPLE.routes(things=False),
    *MAPPINGS.routes(things=False),
    *Single("/api/v1/mappings/{mapping}", "okta.profileMappings.read", _mapping).routes(),
    *FORMS.routes(),
    *PROVIDERS.routes(),
    *PROVIDER_USERS.routes(),
    *SOCIAL_TOKENS.routes(things=False),
    *PROVIDERS_OF.routes(things=False),
    *ALL_KEYS.routes(),
    *KEYS_OF.routes(),
    *ACTIVE_KEYS.routes(things=False),
    *CSRS.routes(),
)
EXPORTED = {
    "linked_objects": LINKED_OBJECTS.rows,
    "mappings": MAPPINGS.rows,
    "identity_providers": PROVIDERS.rows,
    "identity_provider_users": PROVIDER_USERS.rows,
    "identity_provider_keys": ALL_KEYS.rows,
}
