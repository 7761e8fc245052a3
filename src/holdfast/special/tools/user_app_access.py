"""Can this person open this application, by which path, and what does its sign-on policy demand of them?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from holdfast.special.demands import Means, demands_of, names_of, reauthentication_words
from holdfast.special.finding import one_application, one_user
from holdfast.special.sign_on_rules import Fit, Person, Rule, deciding, read_rules
from holdfast.special.tool import Parameters, Row, SpecialTool, ToolContext, Unread, cypher_text

# Those of the others cannot sign in, whatever they are assigned to.
_MAY_SIGN_IN = frozenset({"ACTIVE", "PASSWORD_EXPIRED", "RECOVERY"})
_LIVE = "live"


class AccessParameters(Parameters):
    """Whom and what."""

    user: str = Field(min_length=1, max_length=200, description="login, id or full name of one person")
    application: str = Field(min_length=1, max_length=200, description="label or id of one application")


class AccessRow(Row):
    """One finding. `holds` says whether it speaks for access (yes), against it (no), or what it depends on."""

    topic: Literal["verdict", "person", "application", "path", "policy", "rule", "demand", "factors"]
    subject: str
    holds: Literal["yes", "no", "unknown", "depends"]
    finding: str
    # Where it was read: ids, and the snapshot or the live tenant.
    evidence: str
    user_id: str
    application_id: str


@dataclass(frozen=True)
class _Read:
    """A record of the live tenant (None: there is no such thing), or why it was not told."""

    value: Any
    unread: str | None = None


@dataclass(frozen=True)
class _Paths:
    """How the snapshot says that the person comes to the application."""

    directly: bool
    groups: tuple[Mapping[str, Any], ...]
    # Groups with access whose members could not be read, and whether the application's own lists could.
    doubtful: tuple[Mapping[str, Any], ...]
    listed: bool


@dataclass(frozen=True)
class _Case:
    """All that was read of one person and one application."""

    user: Mapping[str, Any]
    application: Mapping[str, Any]
    paths: _Paths
    person: _Read
    live_application: _Read
    assignment: _Read
    factors: _Read
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


async def find_access(parameters: AccessParameters, context: ToolContext) -> Sequence[AccessRow]:
    """See `TOOL`."""
    user = await one_user(context, parameters.user)
    application = await one_application(context, parameters.application)
    case = await _case(user, application, context)
    policy, rules = await _policy(case, context)
    table = _Table(case)
    rows = [
        *table.statuses(),
        *table.paths(),
        *(table.policy(policy, rules) if policy is not None else table.without_policy()),
        table.factors(),
    ]
    context.note("The global session policy may demand more when a session begins; it is not part of this.")
    return [table.verdict(rules), *rows]


async def _case(user: Mapping[str, Any], application: Mapping[str, Any], context: ToolContext) -> _Case:
    paths, person, live_application, assignment, factors = await asyncio.gather(
        _paths(user["id"], application["id"], context),
        _read(context, "get_user", user["id"]),
        _read(context, "get_application", application["id"]),
        _find(context, "get_application_user", application["id"], user["id"]),
        _read(context, "list_user_factors", user["id"]),
    )
    snapshot = f"snapshot of {context.synced_at:%Y-%m-%d %H:%M} UTC"
    return _Case(user, application, paths, person, live_application, assignment, factors, snapshot)


async def _read(context: ToolContext, endpoint: str, *path: str) -> _Read:
    try:
        return _Read(await context.read(endpoint, *path))
    except Unread as unread:
        return _Read(None, unread.reason)


async def _find(context: ToolContext, endpoint: str, *path: str) -> _Read:
    try:
        return _Read(await context.find(endpoint, *path))
    except Unread as unread:
        return _Read(None, unread.reason)


async def _paths(user_id: str, application_id: str, context: ToolContext) -> _Paths:
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
    return _Paths(directly, tuple(groups), tuple(doubtful), bool(listed))


async def _policy(case: _Case, context: ToolContext) -> tuple[Mapping[str, Any] | None, tuple[Rule, ...]]:
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
    records, source = rules.value, _LIVE
    if records is None:
        records, source = await _stored_rules(policy_id, context), case.snapshot
    person, names = await _about(case, context)
    policy = {"id": policy_id, "name": name, "source": source, "unread": rules.unread}
    return policy, read_rules(records, person, names)


async def _policy_id(case: _Case, context: ToolContext) -> str | None:
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


async def _about(case: _Case, context: ToolContext) -> tuple[Person, Mapping[str, str]]:
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


class _Table:
    """Findings as rows."""

    def __init__(self, case: _Case) -> None:
        self._case = case

    def _row(self, topic: Any, subject: str, holds: Any, finding: str, evidence: str) -> AccessRow:
        return AccessRow(
            topic=topic,
            subject=subject,
            holds=holds,
            finding=finding,
            evidence=evidence,
            user_id=self._case.user["id"],
            application_id=self._case.application["id"],
        )

    def verdict(self, rules: Sequence[Rule]) -> AccessRow:
        """The first row: all of it in one."""
        case = self._case
        subject = f"{case.user['login']} → {case.application['label']}"
        against = []
        if case.user_status not in _MAY_SIGN_IN:
            against.append(f"the person is {case.user_status}")
        if case.application_status != "ACTIVE":
            against.append(f"the application is {case.application_status}")
        if case.is_assigned is False:
            against.append("the person is not assigned to it")
        which = deciding(rules)
        if which and all(rule.access == "DENY" for rule in which) and which[-1].fit is Fit.YES:
            against.append(f"the policy denies it ({which[-1].name})")
        if against:
            return self._row("verdict", subject, "no", f"Cannot open it: {'; '.join(against)}.", "rows below")
        if case.is_assigned is None:
            unread = "Unknown: who is assigned could not be read."
            return self._row("verdict", subject, "unknown", unread, "rows below")
        if any(rule.access != "ALLOW" or rule.fit is Fit.DEPENDS for rule in which):
            names = ", then ".join(f"{rule.name} ({rule.access or 'not said'})" for rule in which)
            depends = f"Assigned; whether it opens depends on which rule decides at sign-in: {names}."
            if all(rule.access == "ALLOW" for rule in which):
                depends = f"Can open it; what is demanded depends on which rule decides at sign-in: {names}."
                return self._row("verdict", subject, "yes", depends, "rows below")
            return self._row("verdict", subject, "depends", depends, "rows below")
        return self._row("verdict", subject, "yes", "Can open it, once what is demanded is given.", "rows below")

    def statuses(self) -> Iterator[AccessRow]:
        """Of the person and of the application."""
        case = self._case
        may = "yes" if case.user_status in _MAY_SIGN_IN else "no"
        words = "may sign in" if may == "yes" else "cannot sign in"
        evidence = self._evidence("user", case.user["id"], case.person)
        yield self._row("person", case.user["login"], may, f"Status {case.user_status}: {words}.", evidence)
        opens = "yes" if case.application_status == "ACTIVE" else "no"
        evidence = self._evidence("application", case.application["id"], case.live_application)
        finding = f"Status {case.application_status}."
        yield self._row("application", case.application["label"], opens, finding, evidence)

    def paths(self) -> Iterator[AccessRow]:
        """Each way by which the person comes to the application."""
        case = self._case
        label, stored = case.application["label"], case.snapshot
        live = case.assignment
        if live.value is not None:
            scope = str(live.value.get("scope") or "not said")
            words = {"USER": "directly", "GROUP": "through a group"}.get(scope, scope)
            evidence = f"{_LIVE}, get_application_user"
            yield self._row("path", label, "yes", f"Is assigned now, {words}.", evidence)
        elif live.unread is None:
            yield self._row("path", label, "no", "Is not assigned now.", f"{_LIVE}, get_application_user")
        else:
            finding = f"Whether it is assigned now could not be read: {live.unread}."
            yield self._row("path", label, "unknown", finding, _LIVE)
        if case.paths.directly:
            yield self._row("path", label, "yes", "Assigned directly.", stored)
        for group in case.paths.groups:
            finding = f"Member of {group['name']}, which has it."
            yield self._row("path", group["name"], "yes", finding, f"group {group['id']}, {stored}")
        for group in case.paths.doubtful:
            finding = f"The group {group['name']} has it; its members could not be read."
            yield self._row("path", group["name"], "unknown", finding, f"group {group['id']}, {stored}")

    def policy(self, policy: Mapping[str, Any], rules: Sequence[Rule]) -> Iterator[AccessRow]:
        """The policy, its rules in order, and what those that may decide demand."""
        finding = f"{len(rules)} rules, tried in order; the first that fits decides."
        if policy["unread"]:
            finding += f" They could not be read live ({policy['unread']}); these are as of the sync."
        evidence = f"policy {policy['id']}, {policy['source']}"
        yield self._row("policy", policy["name"], "yes" if rules else "unknown", finding, evidence)
        which = deciding(rules)
        for rule in rules:
            evidence = f"rule {rule.id}, {policy['source']}"
            yield self._row("rule", rule.name, _holds(rule), _rule_words(rule, rule in which), evidence)
            if rule in which and rule.access == "ALLOW":
                yield from self._demands(rule, evidence)

    def _demands(self, rule: Rule, evidence: str) -> Iterator[AccessRow]:
        again = reauthentication_words(rule.method)
        for demand in demands_of(rule.method, self._means()):
            enrolled = {
                "yes": f"Enrolled: {demand.by}.",
                "no": "Nothing enrolled gives it.",
                "unknown": f"Whether it is enrolled is unknown{f'; it may be by {demand.by}' if demand.by else ''}.",
            }[demand.enrolled]
            finding = f"Demands {demand.words}; sign in {again}. {enrolled}"
            yield self._row("demand", rule.name, demand.enrolled, finding, evidence)

    def without_policy(self) -> Iterator[AccessRow]:
        """Where the tenant names none."""
        finding = "The application names no sign-on policy of its own."
        yield self._row("policy", self._case.application["label"], "unknown", finding, _LIVE)

    def factors(self) -> AccessRow:
        """What the person has enrolled."""
        case, login = self._case, self._case.user["login"]
        means = self._means()
        evidence = f"{_LIVE}, list_user_factors of {case.user['id']}"
        if means.kinds is None:
            return self._row(
                "factors", login, "unknown", f"Factors could not be read: {case.factors.unread}.", evidence
            )
        named = names_of(sorted(means.kinds)) or "none"
        password = {True: "; has a password", False: "; has no password", None: ""}[means.has_password]
        holds = "yes" if means.kinds else "no"
        return self._row("factors", login, holds, f"Active factors: {named}{password}.", evidence)

    def _means(self) -> Means:
        case = self._case
        kinds = None
        if case.factors.value is not None:
            kinds = frozenset(str(f["factorType"]) for f in case.factors.value if f.get("status") == "ACTIVE")
        credentials = (case.person.value or {}).get("credentials")
        return Means(kinds, None if credentials is None else "password" in credentials)

    def _evidence(self, kind: str, thing_id: str, read: _Read) -> str:
        source = _LIVE if read.value is not None else f"{self._case.snapshot}, since the tenant says: {read.unread}"
        return f"{kind} {thing_id}, {source}"


def _holds(rule: Rule) -> str:
    if not rule.is_active or rule.fit is Fit.NO:
        return "no"
    return "depends" if rule.fit is Fit.DEPENDS else "yes"


def _rule_words(rule: Rule, may_decide: bool) -> str:
    does = {"ALLOW": "allows", "DENY": "denies"}.get(rule.access, "does not say whether it allows")
    start = f"Rule {rule.priority} {does}"
    if not rule.is_active:
        return f"{start}; it is not active."
    if rule.fit is Fit.NO:
        return f"{start}; it does not fit: {'; '.join(rule.reasons)}."
    if not may_decide:
        return f"{start}; an earlier one decides."
    if rule.fit is Fit.DEPENDS:
        return f"{start}; {'; '.join(rule.reasons)}."
    return f"{start}; it fits, and decides where none before it does."


TOOL = SpecialTool(
    name="user_app_access",
    promise="Whether one person can open one application, by which paths, and what its sign-on policy demands.",
    parameters=AccessParameters,
    row=AccessRow,
    run=find_access,
    endpoints=(
        "get_user",
        "get_application",
        "get_application_user",
        "list_user_factors",
        "list_user_groups",
        "get_policy",
        "list_policy_rules",
    ),
)
