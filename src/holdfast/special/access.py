"""Reading what decides whether a person can open an application: assignments, statuses, policy, groups."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.special.sign_on_rules import Person, Rule, read_rules
from holdfast.special.tool import ToolContext, Unread, cypher_text

# Those of the others cannot sign in, whatever they are assigned to.
MAY_SIGN_IN = frozenset({"ACTIVE", "PASSWORD_EXPIRED", "RECOVERY"})
LIVE = "live"


@dataclass(frozen=True)
class Read:
    """A record of the live tenant (None: there is no such thing), or why it was not told."""

    value: Any
    unread: str | None = None


@dataclass(frozen=True)
class Paths:
    """How the snapshot says that the person comes to the application."""

    directly: bool
    groups: tuple[Mapping[str, Any], ...]
    # Groups with access whose members could not be read, and whether the application's own lists could.
    doubtful: tuple[Mapping[str, Any], ...]
    listed: bool


@dataclass(frozen=True)
class Case:
    """All that was read of one person and one application."""

    user: Mapping[str, Any]
    application: Mapping[str, Any]
    paths: Paths
    person: Read
    live_application: Read
    assignment: Read
    factors: Read
    snapshot: str

    @property
    def user_status(self) -> str:
        """As the tenant tells it now, else as it was synced."""
        return str((self.person.value or self.user)["status"])

    @property
    def application_status(self) -> str:
        """As the tenant tells it now, else as it was synced."""
        return str((self.live_application.value or self.application)["status"])

    @property
    def is_assigned(self) -> bool | None:
        """Now; as of the snapshot where the tenant does not tell; None where neither does."""
        if self.assignment.unread is None:
            return self.assignment.value is not None
        if self.paths.directly or self.paths.groups or self.paths.listed:
            return True
        known = self.application["users_known"] and self.application["groups_known"] and not self.paths.doubtful
        return False if known else None


async def case_of(user: Mapping[str, Any], application: Mapping[str, Any], context: ToolContext) -> Case:
    """Read it, from the snapshot and the live tenant at once."""
    paths, person, live_application, assignment, factors = await asyncio.gather(
        _paths(user["id"], application["id"], context),
        _read(context, "get_user", user["id"]),
        _read(context, "get_application", application["id"]),
        _find(context, "get_application_user", application["id"], user["id"]),
        _read(context, "list_user_factors", user["id"]),
    )
    snapshot = f"snapshot of {context.synced_at:%Y-%m-%d %H:%M} UTC"
    return Case(user, application, paths, person, live_application, assignment, factors, snapshot)


async def _read(context: ToolContext, endpoint: str, *path: str) -> Read:
    try:
        return Read(await context.read(endpoint, *path))
    except Unread as unread:
        return Read(None, unread.reason)


async def _find(context: ToolContext, endpoint: str, *path: str) -> Read:
    try:
        return Read(await context.find(endpoint, *path))
    except Unread as unread:
        return Read(None, unread.reason)


async def _paths(user_id: str, application_id: str, context: ToolContext) -> Paths:
    user, application = cypher_text(user_id), cypher_text(application_id)
    listed = await context.ask(
        f"MATCH (u:User)-[h:HAS_ACCESS]->(a:Application) WHERE u.id = {user} AND a.id = {application} "
        "RETURN h.scope AS scope"
    )
    through = f"MATCH (g:`Group`)-[:GROUP_HAS_ACCESS]->(a:Application) WHERE a.id = {application} "
    groups = await context.ask(
        "MATCH (u:User)-[:MEMBER_OF]->(g:`Group`)-[:GROUP_HAS_ACCESS]->(a:Application) "
        f"WHERE u.id = {user} AND a.id = {application} RETURN DISTINCT g.id AS id, g.name AS name ORDER BY name, id"
    )
    doubtful = await context.ask(
        f"{through}AND coalesce(g.members_known, false) = false "
        "RETURN DISTINCT g.id AS id, g.name AS name ORDER BY name"
    )
    directly = any(row["scope"] == "USER" for row in listed)
    return Paths(directly, tuple(groups), tuple(doubtful), bool(listed))


async def policy_of(case: Case, context: ToolContext) -> tuple[Mapping[str, Any] | None, tuple[Rule, ...]]:
    """The policy in force (`id`, `name`, `evidence`, `unread`) and its rules as far as they are about the person."""
    policy_id = await _policy_id(case, context)
    if policy_id is None:
        return None, ()
    record = await _read(context, "get_policy", policy_id)
    rules = await _read(context, "list_policy_rules", policy_id)
    stored = await context.ask(
        f"MATCH (p:Policy) WHERE p.id = {cypher_text(policy_id)} RETURN p.name AS name, p.status AS status"
    )
    name = (record.value or (stored[0] if stored else {})).get("name", policy_id)
    records, source = rules.value, LIVE
    if records is None:
        records, source = await _stored_rules(policy_id, context), case.snapshot
    person, names = await _about(case, context)
    policy = {"id": policy_id, "name": name, "source": source, "unread": rules.unread}
    return policy, read_rules(records, person, names)


async def _policy_id(case: Case, context: ToolContext) -> str | None:
    if case.live_application.value is not None:
        link = (case.live_application.value.get("_links") or {}).get("accessPolicy") or {}
        return str(link["href"]).rsplit("/", 1)[-1] if link.get("href") else None
    rows = await context.ask(
        "MATCH (a:Application)-[:GOVERNED_BY]->(p:Policy) "
        f"WHERE a.id = {cypher_text(case.application['id'])} AND p.type = 'ACCESS_POLICY' RETURN p.id AS id"
    )
    return str(rows[0]["id"]) if rows else None


async def _stored_rules(policy_id: str, context: ToolContext) -> list[dict[str, Any]]:
    rows = await context.ask(
        f"MATCH (p:Policy)-[:CONTAINS_RULE]->(r:PolicyRule) WHERE p.id = {cypher_text(policy_id)} "
        "RETURN r.id AS id, r.name AS name, r.priority AS priority, r.status AS status, r.conditions AS conditions, "
        "r.actions AS actions"
    )
    return [
        {**row, "conditions": json.loads(row["conditions"] or "null"), "actions": json.loads(row["actions"] or "null")}
        for row in rows
    ]


async def _about(case: Case, context: ToolContext) -> tuple[Person, Mapping[str, str]]:
    """The person as rules see them: groups now, or as of the snapshot where the tenant does not tell."""
    stored = await context.ask(
        f"MATCH (u:User)-[:MEMBER_OF]->(g:`Group`) WHERE u.id = {cypher_text(case.user['id'])} RETURN g.id AS id"
    )
    every = await context.ask("MATCH (g:`Group`) RETURN g.id AS id, g.name AS name, g.members_known AS known")
    zones = await context.ask("MATCH (z:NetworkZone) RETURN z.id AS id, z.name AS name")
    now = await _read(context, "list_user_groups", case.user["id"])
    groups = {str(row["id"]) for row in (now.value if now.value is not None else stored)}
    doubtful = {str(row["id"]) for row in every if not row["known"]} - groups if now.value is None else set()
    kind = ((case.person.value or {}).get("type") or {}).get("id")
    names = {str(row["id"]): str(row["name"]) for row in (*every, *zones)}
    return Person(case.user["id"], groups, doubtful, kind), names
