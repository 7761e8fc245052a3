"""How the tenant looks and writes: brands with their themes, pages and templates, domains, mail and text messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from holdfast.demo.company import Company
from holdfast.demo.families.dates import dated
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id, stamp
from holdfast.demo.replies import Call, Reply, Route, not_found
from holdfast.demo.resources import Collection, Ids, Records, Single, by_id, known, resolved
from holdfast.demo.words import COMPANY, DOMAIN

_BRANDS, _TEMPLATES = "okta.brands.read", "okta.templates.read"
_SIZES = PageSizes(20, 200)
# Name, whether it is the default one, the language of its mails.
_NAMES = ((COMPANY, True, "en"), ("Partners", False, "de"))
# Domain, its brand, where its certificate comes from, days until that ends, state.
_DOMAINS: tuple[tuple[str, str, str, int, str], ...] = (
    (f"login.{DOMAIN}", COMPANY, "OKTA_MANAGED", 71, "COMPLETED"),
    ("login.partners.example", "Partners", "MANUAL", 9, "COMPLETED"),
    (f"sso-new.{DOMAIN}", COMPANY, "OKTA_MANAGED", 0, "NOT_STARTED"),
)
_MAIL_TEMPLATES = ("UserActivation", "ForgotPassword", "PasswordChanged", "EmailChallenge", "MFAEnrolled")
_CUSTOMIZED = "UserActivation"
_LANGUAGES = ("en", "de")
_WIDGETS = ("*", "^7", "7.36", "7.35")
_WELL_KNOWN = ("apple-app-site-association", "assetlinks.json", "webauthn")


def brand_id(company: Company, name: str) -> str:
    """The id of the brand called `name`."""
    return okta_id("bnd", company.seed, "brand", name)


def brands(company: Company, _: Ids) -> Records:
    """Brands by id."""
    return by_id(
        {
            "id": brand_id(company, name),
            "name": name,
            "isDefault": default,
            "agreeToCustomPrivacyPolicy": not default,
            "customPrivacyPolicyUrl": None if default else f"https://{DOMAIN}/privacy",
            "removePoweredByOkta": not default,
            "locale": locale,
            "defaultApp": {"appInstanceId": None, "appLinkName": None, "classicApplicationUri": None},
            "emailDomainId": _mail_domain_id(company) if default else None,
        }
        for name, default, locale in _NAMES
    )


def _brand(company: Company, ids: Ids) -> Record:
    return known(brands(company, {}), ids["brand"], "Brand")


def _themes(company: Company, ids: Ids) -> Records:
    brand = _brand(company, ids)
    theme = okta_id("the", company.seed, "theme", brand["name"])
    return {
        theme: {
            "id": theme,
            "logo": None,
            "favicon": None,
            "backgroundImage": None,
            "primaryColorHex": "#0b5563" if brand["isDefault"] else "#1d4ed8",
            "primaryColorContrastHex": "#ffffff",
            "secondaryColorHex": "#ebebed",
            "secondaryColorContrastHex": "#000000",
            "signInPageTouchPointVariant": "OKTA_DEFAULT",
            "endUserDashboardTouchPointVariant": "OKTA_DEFAULT",
            "errorPageTouchPointVariant": "OKTA_DEFAULT",
            "emailTemplateTouchPointVariant": "FULL_THEME" if brand["isDefault"] else "OKTA_DEFAULT",
            "loadingPageTouchPointVariant": "OKTA_DEFAULT",
        }
    }


def domains(company: Company, _: Ids) -> Records:
    """Custom domains by id."""
    return by_id(
        {
            "id": okta_id("OcD", company.seed, "domain", domain),
            "domain": domain,
            "brandId": brand_id(company, brand),
            "certificateSourceType": source,
            "validationStatus": state,
            "dnsRecords": [{"recordType": "CNAME", "fqdn": domain, "values": ["kelptide.customdomains.example"]}],
            "publicCertificate": _certificate(company, domain, days) if state == "COMPLETED" else None,
        }
        for domain, brand, source, days, state in _DOMAINS
    )


def _certificate(company: Company, domain: str, days: int) -> Record:
    return {
        "subject": f"CN={domain}",
        "fingerprint": okta_id("", company.seed, "fingerprint", domain),
        "expiration": stamp(company.now + timedelta(days=days)),
    }


def _domains_of(company: Company, ids: Ids) -> Record:
    brand = _brand(company, ids)["id"]
    return {"domains": [domain for domain in domains(company, {}).values() if domain["brandId"] == brand]}


def _mail_domain_id(company: Company) -> str:
    return okta_id("OeD", company.seed, "mail domain")


def _mail_domains(company: Company, _: Ids) -> Records:
    domain = _mail_domain_id(company)
    return {
        domain: {
            "id": domain,
            "domain": DOMAIN,
            "displayName": COMPANY,
            "userName": "no-reply",
            "validationStatus": "VERIFIED",
            "validationSubdomain": "mail",
            "dnsValidationRecords": [
                {"recordType": "TXT", "fqdn": f"_oktaverification.{DOMAIN}", "verificationValue": "kelptide"}
            ],
        }
    }


def _mail_servers(company: Company, _: Ids) -> Records:
    server = okta_id("ces", company.seed, "mail server")
    return {
        server: {
            "id": server,
            "alias": "Relay Berlin",
            "authType": "BASIC_SMTP_AUTH",
            "enabled": False,
            "host": f"smtp.{DOMAIN}",
            "port": 587,
            "username": "okta-relay",
        }
    }


def _templates(company: Company, ids: Ids) -> Records:
    _brand(company, ids)
    return {name: {"name": name} for name in _MAIL_TEMPLATES}


def _template(company: Company, ids: Ids) -> str:
    return str(known(_templates(company, ids), ids["template"], "EmailTemplate")["name"])


def _customizations(company: Company, ids: Ids) -> Records:
    if _template(company, ids) != _CUSTOMIZED:
        return {}
    brand = _brand(company, ids)
    return by_id(
        {
            "id": okta_id("oel", company.seed, "mail", brand["name"], language),
            "language": language,
            "isDefault": language == brand["locale"],
            "subject": f"Welcome to {brand['name']}",
            "body": f"<html><body>Welcome to {COMPANY}: ${{activationLink}}</body></html>",
            **dated(company, "mail", brand["name"], language),
        }
        for language in _LANGUAGES
    )


def _content(company: Company, ids: Ids) -> Record:
    name = _template(company, ids)
    return {"subject": f"{name} of ${{org.name}}", "body": f"<html><body>{name}</body></html>"}


def _customization(company: Company, ids: Ids) -> Record:
    record = known(_customizations(company, ids), ids["customization"], "EmailCustomization")
    return {"subject": record["subject"], "body": record["body"].replace("${activationLink}", f"https://{DOMAIN}/a")}


def _recipients(company: Company, ids: Ids) -> Record:
    return {"recipients": "ADMINS_ONLY" if _template(company, ids) == "MFAEnrolled" else "ALL_USERS"}


def _page(company: Company, ids: Ids) -> Record:
    brand = _brand(company, ids)
    return {
        "pageContent": f"<!DOCTYPE html><html><head><title>{brand['name']}</title></head></html>",
        "contentSecurityPolicySetting": {"mode": "enforced", "reportUri": "", "srcList": []},
    }


def _sign_in_page(company: Company, ids: Ids) -> Record:
    labels = {"signInLabel": "Sign in", "usernameLabel": "Username", "widgetGeneration": "G3"}
    return {**_page(company, ids), "widgetVersion": "^7", "widgetCustomizations": labels}


def _page_root(company: Company, ids: Ids) -> Record:
    return {"_embedded": {"default": {"pageContent": _page(company, ids)["pageContent"]}}}


def _signed_out(company: Company, ids: Ids) -> Record:
    _brand(company, ids)
    return {"type": "OKTA_DEFAULT"}


def _widget_versions(call: Call) -> Reply:
    _brand(call.company, resolved(call))
    return Reply(list(_WIDGETS))


def _well_known_root(company: Company, ids: Ids) -> Record:
    _brand(company, ids)
    return {"_embedded": {name: {"customized": {"representation": _well_known()}} for name in _WELL_KNOWN[::2]}}


def _well_known() -> Record:
    return {}


def _well_known_of(company: Company, ids: Ids) -> Record:
    _brand(company, ids)
    if ids["known"] not in _WELL_KNOWN:
        raise not_found(ids["known"], "WellKnownURI")
    return {"representation": _well_known()}


def _messages(company: Company, _: Ids) -> Records:
    message = okta_id("cst", company.seed, "message")
    return {
        message: {
            "id": message,
            "name": "Verification",
            "type": "SMS_VERIFY_CODE",
            "template": "Your code for ${org.name} is ${code}",
            "translations": {"de": "Ihr Code für ${org.name} ist ${code}"},
            **dated(company, "message"),
        }
    }


def _of_brands(company: Company) -> Iterator[Ids]:
    return ({"brand": brand} for brand in brands(company, {}))


def _of_templates(company: Company) -> Iterator[Ids]:
    return ({**ids, "template": name} for ids in _of_brands(company) for name in _MAIL_TEMPLATES)


_BRAND = "/api/v1/brands/{brand}"
_PAGES, _MAIL = f"{_BRAND}/pages", f"{_BRAND}/templates/email"
BRANDS = Collection(
    "/api/v1/brands", "Brand", _BRANDS, brands, sizes=_SIZES, searched=("name",), below=("themes", "domains")
)
THEMES = Collection(f"{_BRAND}/themes", "Theme", _BRANDS, _themes, _of_brands)
DOMAINS = Collection("/api/v1/domains", "Domain", "okta.domains.read", domains, body_key="domains")
MAIL_DOMAINS = Collection("/api/v1/email-domains", "EmailDomain", "okta.emailDomains.read", _mail_domains)
MAIL_SERVERS = Collection(
    "/api/v1/email-servers", "EmailServer", "okta.emailServers.read", _mail_servers, body_key="email-servers"
)
TEMPLATES = Collection(_MAIL, "EmailTemplate", _TEMPLATES, _templates, _of_brands, _SIZES)
CUSTOMIZATIONS = Collection(
    f"{_MAIL}/{{template}}/customizations", "EmailCustomization", _TEMPLATES, _customizations, _of_templates, _SIZES
)
MESSAGES = Collection(
    "/api/v1/templates/sms", "SmsTemplate", _TEMPLATES, _messages, equal={"templateType": "type"}, link_field=None
)
_SINGLES = (
    Single(f"{_BRAND}/domains", _BRANDS, _domains_of),
    *(Single(f"{_PAGES}/error/{page}", _BRANDS, _page, linked=False) for page in ("customized", "default", "preview")),
    *(
        Single(f"{_PAGES}/sign-in/{page}", _BRANDS, _sign_in_page, linked=False)
        for page in ("customized", "default", "preview")
    ),
    *(Single(f"{_PAGES}/{page}", _BRANDS, _page_root) for page in ("error", "sign-in")),
    Single(f"{_PAGES}/sign-out/customized", _BRANDS, _signed_out, linked=False),
    Single(f"{_MAIL}/{{template}}/default-content", _TEMPLATES, _content),
    Single(f"{_MAIL}/{{template}}/default-content/preview", _TEMPLATES, _content),
    Single(f"{_MAIL}/{{template}}/settings", _TEMPLATES, _recipients),
    Single(f"{_MAIL}/{{template}}/customizations/{{customization}}/preview", _TEMPLATES, _customization),
    Single(f"{_BRAND}/well-known-uris", _BRANDS, _well_known_root),
    Single(f"{_BRAND}/well-known-uris/{{known}}", _BRANDS, _well_known_of),
    Single(f"{_BRAND}/well-known-uris/{{known}}/customized", _BRANDS, _well_known_of),
    Single("/.well-known/apple-app-site-association", None, lambda *_: {"webcredentials": {}}, linked=False),
    Single("/.well-known/webauthn", None, lambda *_: {"origins": []}, linked=False),
)
ROUTES = (
    *BRANDS.routes(),
    *THEMES.routes(),
    *DOMAINS.routes(),
    *MAIL_DOMAINS.routes(),
    *MAIL_SERVERS.routes(),
    *TEMPLATES.routes(),
    *CUSTOMIZATIONS.routes(),
    *MESSAGES.routes(),
    Route(f"{_PAGES}/sign-in/widget-versions", _widget_versions, _BRANDS),
    *(route for single in _SINGLES for route in single.routes()),
)
EXPORTED = {
    "brands": BRANDS.rows,
    "domains": DOMAINS.rows,
    "email_domains": MAIL_DOMAINS.rows,
    "email_customizations": CUSTOMIZATIONS.rows,
}
