"""What people may prove themselves with: authenticators, their methods, and what is around factors."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from holdfast.demo.company import Company
from holdfast.demo.families.dates import ago, dated
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id
from holdfast.demo.replies import ApiError, not_found
from holdfast.demo.resources import Collection, Ids, Records, by_id, known, of_users

# Key, type, name, status, settings, methods with their status.
_AUTHENTICATORS: tuple[tuple[str, str, str, str, Record, tuple[tuple[str, str], ...]], ...] = (
    ("okta_password", "password", "Password", "ACTIVE", {}, (("password", "ACTIVE"),)),
    (
        "okta_email",
        "email",
        "Email",
        "ACTIVE",
        {"allowedFor": "any", "tokenLifetimeInMinutes": 5},
        (("email", "ACTIVE"),),
    ),
    (
        "okta_verify",
        "app",
        "Okta Verify",
        "ACTIVE",
        {
            "channelBinding": {"style": "NUMBER_CHALLENGE", "required": "HIGH_RISK_ONLY"},
            "userVerification": "PREFERRED",
            "compliance": {"fips": "OPTIONAL"},
        },
        (("push", "ACTIVE"), ("totp", "ACTIVE"), ("signed_nonce", "ACTIVE")),
    ),
    ("phone_number", "phone", "Phone", "ACTIVE", {"allowedFor": "any"}, (("sms", "ACTIVE"), ("voice", "ACTIVE"))),
    ("webauthn", "security_key", "FIDO2 (WebAuthn)", "ACTIVE", {}, (("webauthn", "ACTIVE"),)),
    ("yubikey_token", "security_key", "YubiKey OTP", "ACTIVE", {}, (("otp", "ACTIVE"),)),
    (
        "security_question",
        "security_question",
        "Security Question",
        "ACTIVE",
        {"allowedFor": "recovery"},
        (("security_question", "ACTIVE"),),
    ),
    ("google_otp", "app", "Google Authenticator", "INACTIVE", {}, (("otp", "INACTIVE"),)),
    ("duo", "app", "Duo Security (trial)", "INACTIVE", {}, (("duo", "INACTIVE"),)),
)
_METHOD_SETTINGS: dict[str, Record] = {
    "push": {"algorithms": ["RS256", "ES256"], "keyProtection": "ANY", "transactionTypes": ["LOGIN"]},
    "signed_nonce": {"algorithms": ["RS256", "ES256"], "keyProtection": "ANY", "showSignInWithOV": "ALWAYS"},
    "totp": {"timeIntervalInSeconds": 30, "encoding": "base32", "passCodeLength": 6},
    "webauthn": {
        "userVerification": "PREFERRED",
        "attachment": "ANY",
        "aaguidGroups": [],
    },
}
# Kinds of factor, who provides them, whether the company asks everyone for it.
_CATALOG = (
    ("email", "OKTA", "OPTIONAL"),
    ("push", "OKTA", "OPTIONAL"),
    ("signed_nonce", "OKTA", "OPTIONAL"),
    ("token:software:totp", "OKTA", "OPTIONAL"),
    ("sms", "OKTA", "OPTIONAL"),
    ("call", "OKTA", "OPTIONAL"),
    ("question", "OKTA", "OPTIONAL"),
    ("webauthn", "FIDO", "OPTIONAL"),
    ("token:hardware", "YUBICO", "OPTIONAL"),
)
_QUESTIONS = (
    ("disliked_food", "What is the food you least liked as a child?"),
    ("name_of_first_plush_toy", "What is the name of your first stuffed animal?"),
    ("first_award", "What did you earn your first medal or award for?"),
    ("favorite_security_question", "What is your favorite security question?"),
)
# Kind of factor → key of its authenticator.
_KEYS = {
    "email": "okta_email",
    "push": "okta_verify",
    "signed_nonce": "okta_verify",
    "token:software:totp": "okta_verify",
    "sms": "phone_number",
    "call": "phone_number",
    "webauthn": "webauthn",
    "question": "security_question",
    "token:hardware": "yubikey_token",
}
_READ, _READ_USERS = "okta.authenticators.read", "okta.users.read"
_UNASSIGNED_YUBIKEYS = 3


def authenticators(company: Company) -> Records:
    """Authenticators by id."""
    return by_id(
        [
            {
                "id": authenticator_id(company, key),
                "key": key,
                "type": kind,
                "name": name,
                "status": status,
                **({"settings": settings} if settings else {}),
                **dated(company, "authenticator", key),
            }
            for key, kind, name, status, settings, _ in _AUTHENTICATORS
        ]
    )


def authenticator_id(company: Company, key: str) -> str:
    """The id of the authenticator with that key."""
    return okta_id("aut", company.seed, "authenticator", key)


def _methods(company: Company, ids: Ids) -> Records:
    key = known(company.family(authenticators), ids["authenticator"], "Authenticator")["key"]
    methods = next(methods for name, *_, methods in _AUTHENTICATORS if name == key)
    return {
        method: {
            "type": method,
            "status": status,
            **({"settings": _METHOD_SETTINGS[method]} if method in _METHOD_SETTINGS else {}),
        }
        for method, status in methods
    }


def _aaguids(company: Company, ids: Ids) -> Records:
    key = known(company.family(authenticators), ids["authenticator"], "Authenticator")["key"]
    if key != "webauthn":
        return {}
    aaguid = "cb69481e-8ff7-4039-93ec-0a2729a154a8"
    return {
        aaguid: {
            "aaguid": aaguid,
            "name": "YubiKey 5 Series",
            "authenticatorCharacteristics": {
                "fipsCompliant": False,
                "hardwareProtected": True,
                "platformAttached": False,
            },
            "attestationRootCertificates": [],
        }
    }


def _factor_kinds(company: Company, ids: Ids) -> set[str]:
    if ids["user"] == company.cases.unreadable_factors_user:
        raise ApiError("E0000006")
    return {factor["factorType"] for factor in company.factors(ids["user"])}


def _factor_catalog(company: Company, ids: Ids) -> Records:
    has = _factor_kinds(company, ids)
    return {
        kind: {
            "factorType": kind,
            "provider": provider,
            "vendorName": provider,
            "enrollment": enrolment,
            "status": "ACTIVE" if kind in has else "NOT_SETUP",
        }
        for kind, provider, enrolment in _CATALOG
    }


def enrolments(company: Company, ids: Ids) -> Records:
    """What a person enrolled, by authenticator: factors of one authenticator are one enrolment. ApiError as factors."""
    _factor_kinds(company, ids)
    named = {record["key"]: record for record in company.family(authenticators).values()}
    found: dict[str, Record] = {}
    for factor in company.factors(ids["user"]):
        key, phone = _KEYS[factor["factorType"]], factor["profile"].get("phoneNumber")
        enrolment = {
            "id": okta_id("pae", company.seed, "enrolment", ids["user"], key),
            "key": key,
            "name": named[key]["name"],
            "type": named[key]["type"],
            "status": "ACTIVE",
            "created": factor["created"],
            "lastUpdated": factor["lastUpdated"],
            **({"profile": {"phoneNumber": phone}} if phone else {}),
        }
        earlier = found.setdefault(enrolment["id"], enrolment)
        earlier["created"] = min(earlier["created"], enrolment["created"])
        earlier["lastUpdated"] = max(earlier["lastUpdated"], enrolment["lastUpdated"])
    return dict(sorted(found.items()))


def _questions(_: Company, __: Ids) -> Records:
    return {question: {"question": question, "questionText": text} for question, text in _QUESTIONS}


def _transactions(company: Company, ids: Ids) -> Records:
    """Nobody is being asked by a factor just now, so that every transaction has ended."""
    _factor_kinds(company, ids)
    if ids["factor"] not in {factor["id"] for factor in company.factors(ids["user"])}:
        raise not_found(ids["factor"], "Factor")
    return {}


def _yubikeys(company: Company) -> Records:
    """Hardware tokens: those that people enrolled, and some that nobody has."""
    tokens = []
    for user in company.users:
        if user == company.cases.unreadable_factors_user:
            continue
        for factor in company.factors(user):
            if factor["factorType"] == "token:hardware":
                dates = {"created": factor["created"], "lastUpdated": factor["lastUpdated"]}
                tokens.append(_yubikey(company, user, "ACTIVE", dates, factor["lastUpdated"]))
    for number in range(_UNASSIGNED_YUBIKEYS):
        dates = {"created": ago(company, 60), "lastUpdated": ago(company, 60)}
        tokens.append(_yubikey(company, number, "UNASSIGNED", dates, None))
    return by_id(tokens)


def _yubikey(company: Company, owner: object, status: str, dates: Record, verified: str | None) -> Record:
    random = Random(f"{company.seed}/yubikey/{owner}")
    return {
        "id": okta_id("ykk", company.seed, "yubikey", owner),
        "status": status,
        **dates,
        "lastVerified": verified,
        "profile": {"serial": f"{random.randint(10**7, 10**8 - 1):09d}"},
    }


def _of_authenticators(company: Company) -> Iterable[Ids]:
    return ({"authenticator": authenticator} for authenticator in company.family(authenticators))


AUTHENTICATORS = Collection(
    "/api/v1/authenticators",
    "Authenticator",
    _READ,
    lambda company, _: company.family(authenticators),
    below=("methods",),
    lifecycle=True,
)
METHODS = Collection(
    "/api/v1/authenticators/{authenticator}/methods",
    "AuthenticatorMethod",
    _READ,
    _methods,
    _of_authenticators,
    lifecycle=True,
)
AAGUIDS = Collection(
    "/api/v1/authenticators/{authenticator}/aaguids", "CustomAAGUID", _READ, _aaguids, _of_authenticators
)
FACTOR_CATALOG = Collection(
    "/api/v1/users/{user}/factors/catalog", "Factor", _READ_USERS, _factor_catalog, of_users, link_field=None
)
QUESTIONS = Collection(
    "/api/v1/users/{user}/factors/questions", "SecurityQuestion", _READ_USERS, _questions, of_users, link_field=None
)
ENROLMENTS = Collection(
    "/api/v1/users/{user}/authenticator-enrollments", "AuthenticatorEnrollment", _READ_USERS, enrolments, of_users
)
TRANSACTIONS = Collection(
    "/api/v1/users/{user}/factors/{factor}/transactions", "Transaction", _READ_USERS, _transactions, lambda _: ()
)
YUBIKEYS = Collection(
    "/api/v1/org/factors/yubikey_token/tokens",
    "YubikeyToken",
    _READ_USERS,
    lambda company, _: company.family(_yubikeys),
    sizes=PageSizes(20, 200),
)
ROUTES = (
    *AUTHENTICATORS.routes(),
    *METHODS.routes(),
    *AAGUIDS.routes(),
    *FACTOR_CATALOG.routes(things=False),
    *QUESTIONS.routes(things=False),
    *ENROLMENTS.routes(),
    TRANSACTIONS.thing_route(),
    *YUBIKEYS.routes(),
)
EXPORTED = {"authenticators": AUTHENTICATORS.rows, "authenticator_methods": METHODS.rows, "yubikeys": YUBIKEYS.rows}
