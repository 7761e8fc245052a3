"""Dates of what administrators set up and people consented to: tokens, hooks, streams, origins, behaviours, grants."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from holdfast.demo.families.hooks import event_hooks, inline_hooks, log_streams
from holdfast.demo.families.oauth import app_grants, refresh_tokens, user_grants
from holdfast.demo.families.protection import behaviors, trusted_origins
from holdfast.demo.families.tokens import api_tokens
from holdfast.demo.log import happenings as of
from holdfast.demo.log.happenings import SYSTEM, Happening, Thing, millis
from holdfast.demo.log.staff import Staff
from holdfast.demo.resources import Records


class _Family(NamedTuple):
    """Records of one kind, the name of the kind as a target, and the events of making and of changing one."""

    records: Records
    kind: str
    made: str
    changed: str


class SettingsChanges:
    """Writes them down: whoever the record names did it, if that person was there; else an administrator."""

    def __init__(self, staff: Staff, random: Random) -> None:
        self._staff = staff
        self._company = staff.company
        self._random = random

    def happenings(self) -> Iterator[Happening]:
        """Everything, in no order."""
        for family in self._families():
            for record in family.records.values():
                target = Thing(record["id"], family.kind, "unknown", record["name"])
                maker = record.get("createdBy") or record.get("userId")
                yield from self._at(record["created"], family.made, maker, target)
                # A token's `lastUpdated` is its last use, of which the log says nothing.
                if family.changed and record["lastUpdated"] != record["created"]:
                    yield from self._at(record["lastUpdated"], family.changed, record.get("lastUpdatedBy"), target)
        yield from self._grants()

    def _families(self) -> tuple[_Family, ...]:
        company = self._company
        stream, origin, behavior = (
            "system.log_stream.lifecycle",
            "security.trusted_origin",
            "security.behavior.settings",
        )
        return (
            _Family(company.family(api_tokens), "Token", "system.api_token.create", ""),
            _Family(company.family(event_hooks), "EventHook", "event_hook.created", "event_hook.updated"),
            _Family(company.family(inline_hooks), "InlineHook", "inline_hook.created", "inline_hook.updated"),
            _Family(company.family(log_streams), "Log Stream", f"{stream}.create", f"{stream}.update"),
            _Family(trusted_origins(company), "TrustedOrigin", f"{origin}.create", f"{origin}.update"),
            _Family(behaviors(company), "Behavior", f"{behavior}.create", f"{behavior}.update"),
        )

    def _grants(self) -> Iterator[Happening]:
        for app, grants in self._company.family(app_grants).items():
            target = of.app(self._company.apps[app])
            for grant in grants.values():
                scopes = (("scopes", grant["scopeId"]),)
                event = "app.oauth2.admin.consent.grant"
                yield from self._at(grant["created"], event, grant["createdBy"]["id"], target, debug=scopes)
        apps = {self._client(app): app for app in self._company.apps if self._client(app)}
        for user, grants in self._company.family(user_grants).items():
            for grant in grants.values():
                target, scopes = of.app(self._company.apps[apps[grant["clientId"]]]), (("scopes", grant["scopeId"]),)
                yield from self._at(grant["created"], "app.oauth2.as.consent.grant", user, target, debug=scopes)
        for app, tokens in self._company.family(refresh_tokens).items():
            for token in tokens.values():
                target = of.app(self._company.apps[app])
                event = "app.oauth2.as.token.grant.refresh_token"
                yield from self._at(token["created"], event, token["userId"], target)

    def _client(self, app: str) -> str | None:
        client = self._company.apps[app].get("credentials", {}).get("oauthClient")
        return None if client is None else str(client["client_id"])

    def _at(self, stamp: str, event: str, by: str | None, target: Thing, debug: of.Debug = ()) -> Iterator[Happening]:
        when = millis(stamp)
        if not self._staff.within(when):
            return
        span = self._staff.spans.get(by) if by else None
        there = span is not None and span.start <= when <= span.end
        actor = self._staff.thing(by) if by and there else self._staff.admin_at(when, self._random)
        client = None if actor is SYSTEM else self._staff.client(actor.id, self._random)
        yield Happening(when, event, actor, (target,), client, debug=debug)
