"""Where the tenant sends what happens in it: event hooks, inline hooks and their keys, log streams."""

from __future__ import annotations

from holdfast.demo.company import Company
from holdfast.demo.families.dates import administrator, ago, dated, dated_by, left_administrator
from holdfast.demo.filters import Grammar
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id
from holdfast.demo.resources import Collection, Ids, Records, Single, by_id, known
from holdfast.demo.words import DOMAIN

# Name, status, verified, whether its maker has left, event types.
_EVENT_HOOKS: tuple[tuple[str, str, str, bool, tuple[str, ...]], ...] = (
    ("Security alerts", "ACTIVE", "VERIFIED", False, ("user.account.privilege.grant", "system.api_token.create")),
    ("Leavers to HR", "ACTIVE", "VERIFIED", False, ("user.lifecycle.deactivate", "user.lifecycle.delete.initiated")),
    ("Group mirror", "ACTIVE", "VERIFIED", True, ("group.user_membership.add", "group.user_membership.remove")),
    ("Chat room (old)", "INACTIVE", "VERIFIED", True, ("user.session.start",)),
    ("Fraud pilot", "INACTIVE", "UNVERIFIED", False, ("security.threat.detected", "user.account.lock")),
)
# Name, status, type, channel.
_INLINE_HOOKS = (
    ("Token claims from CRM", "ACTIVE", "com.okta.oauth2.tokens.transform", "OAUTH"),
    ("SAML attributes from HR", "ACTIVE", "com.okta.saml.tokens.transform", "HTTP"),
    ("Import checks", "INACTIVE", "com.okta.import.transform", "HTTP"),
    ("SMS by our carrier", "ACTIVE", "com.okta.telephony.provider", "HTTP"),
)
# Has the form of a token and opens nothing.
_MASKED = "00000000-0000-4000-8000-000000000000"
# Name, status, type, settings.
_LOG_STREAMS: tuple[tuple[str, str, str, Record], ...] = (
    (
        "Security lake",
        "ACTIVE",
        "aws_eventbridge",
        {"accountId": "123456789012", "eventSourceName": "kelptide-okta", "region": "eu-central-1"},
    ),
    (
        "Splunk (leaving)",
        "ACTIVE",
        "splunk_cloud_logstreaming",
        {"edition": "aws", "host": "kelptide.splunkcloud.com", "token": _MASKED},
    ),
    (
        "Old SIEM account",
        "INACTIVE",
        "aws_eventbridge",
        {"accountId": "210987654321", "eventSourceName": "okta-old", "region": "us-east-1"},
    ),
)
_STREAM_TITLES = {"aws_eventbridge": "AWS EventBridge", "splunk_cloud_logstreaming": "Splunk Cloud"}
_READ_HOOK_KEYS = "okta.inlineHooks.read"


def event_hooks(company: Company) -> Records:
    """Event hooks by id."""
    return by_id(
        [
            {
                "id": okta_id("who", company.seed, "event hook", name),
                "name": name,
                "description": None,
                "status": status,
                "verificationStatus": verified,
                "createdBy": maker,
                "events": {"type": "EVENT_TYPE", "items": list(events), "filter": None},
                "channel": {
                    "type": "HTTP",
                    "version": "1.0.0",
                    "config": {
                        "uri": f"https://hooks.{DOMAIN}/{name.split()[0].lower()}",
                        "headers": [],
                        "method": "POST",
                        "authScheme": {"type": "HEADER", "key": "authorization"},
                    },
                },
                **dated_by(company, maker, "event hook", name),
            }
            for name, status, verified, by_left, events in _EVENT_HOOKS
            for maker in (left_administrator(company) if by_left else administrator(company),)
        ]
    )


def inline_hooks(company: Company) -> Records:
    """Inline hooks by id."""
    return by_id(
        [
            {
                "id": okta_id("cal", company.seed, "inline hook", name),
                "name": name,
                "status": status,
                "type": kind,
                "version": "1.0.0",
                "channel": {
                    "type": channel,
                    "version": "1.0.0",
                    "config": {"uri": f"https://hooks.{DOMAIN}/inline/{kind.split('.')[2]}", "method": "POST"},
                },
                **dated_by(company, administrator(company), "inline hook", name),
            }
            for name, status, kind, channel in _INLINE_HOOKS
        ]
    )


def log_streams(company: Company) -> Records:
    """Log streams by id."""
    return by_id(
        [
            {
                "id": okta_id("0oa", company.seed, "log stream", name),
                "name": name,
                "status": status,
                "type": kind,
                "settings": settings,
                **dated_by(company, administrator(company), "log stream", name),
            }
            for name, status, kind, settings in _LOG_STREAMS
        ]
    )


def _hook_keys(company: Company, _: Ids) -> Records:
    return by_id(
        [
            {
                "id": okta_id("HKY", company.seed, "hook key", name),
                "keyId": okta_id("", company.seed, "hook key id", name),
                "name": name,
                # Okta writes this one as a text.
                "isUsed": used,
                **dated(company, "hook key", name),
            }
            for name, used in (("CRM claims", "true"), ("spare", "false"))
        ]
    )


def public_key(company: Company, *name: object) -> Record:
    """The public half of an RSA key; `kid` is what `name` makes it."""
    return {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "kid": okta_id("", company.seed, "kid", *name),
        "e": "AQAB",
        "n": "".join(okta_id("", company.seed, "modulus", part, *name) for part in range(17)) + "AA",
    }


def _public_hook_key(company: Company, ids: Ids) -> Record:
    keys = {record["keyId"]: record for record in _hook_keys(company, {}).values()}
    key = known(keys, ids["key"], "HookKey")
    return {**public_key(company, "hook", key["id"]), "kid": key["keyId"]}


def _stream_schemas(company: Company, _: Ids) -> Records:
    return {
        kind: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "id": kind,
            "title": title,
            "type": "object",
            "properties": {"name": {"type": "string", "title": "Name"}, "settings": {"type": "object"}},
            "required": ["name", "settings"],
            "created": ago(company, 900),
            "lastUpdated": ago(company, 90),
        }
        for kind, title in _STREAM_TITLES.items()
    }


EVENT_HOOKS = Collection(
    "/api/v1/eventHooks",
    "EventHook",
    "okta.eventHooks.read",
    lambda company, _: company.family(event_hooks),
    lifecycle=True,
)
INLINE_HOOKS = Collection(
    "/api/v1/inlineHooks",
    "InlineHook",
    "okta.inlineHooks.read",
    lambda company, _: company.family(inline_hooks),
    equal={"type": "type"},
    lifecycle=True,
)
HOOK_KEYS = Collection("/api/v1/hook-keys", "HookKey", _READ_HOOK_KEYS, _hook_keys, link_field=None)
LOG_STREAMS = Collection(
    "/api/v1/logStreams",
    "LogStream",
    "okta.logStreams.read",
    lambda company, _: company.family(log_streams),
    sizes=PageSizes(20, 200),
    grammar=Grammar(frozenset({"type", "status"}), None, frozenset({"eq"})),
    lifecycle=True,
)
STREAM_SCHEMAS = Collection(
    "/api/v1/meta/schemas/logStream", "LogStreamSchema", "okta.logStreams.read", _stream_schemas
)
ROUTES = (
    *EVENT_HOOKS.routes(),
    *INLINE_HOOKS.routes(),
    *HOOK_KEYS.routes(),
    *Single("/api/v1/hook-keys/public/{key}", _READ_HOOK_KEYS, _public_hook_key, linked=False).routes(),
    *LOG_STREAMS.routes(),
    *STREAM_SCHEMAS.routes(),
)
EXPORTED = {"event_hooks": EVENT_HOOKS.rows, "inline_hooks": INLINE_HOOKS.rows, "log_streams": LOG_STREAMS.rows}
