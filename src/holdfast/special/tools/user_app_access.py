"""Can this person open this application, by which path, and what does its sign-on policy demand of them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from holdfast.special.access import LIVE, MAY_SIGN_IN, Case, Read, case_of, policy_of
from holdfast.special.demands import Means, demands_of, names_of, reauthentication_words
from holdfast.special.finding import one_application, one_user
from holdfast.special.sign_on_rules import Fit, Rule, deciding
from holdfast.special.tool import Parameters, Row, SpecialTool, ToolContext


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


async def find_access(parameters: AccessParameters, context: ToolContext) -> Sequence[AccessRow]:
    """See `TOOL`."""
    user = await one_user(context, parameters.user)
    application = await one_application(context, parameters.application)
    case = await case_of(user, application, context)
    policy, rules = await policy_of(case, context)
    table = _Table(case)
    rows = [
        *table.statuses(),
        *table.paths(),
        *(table.policy(policy, rules) if policy is not None else table.without_policy()),
        table.factors(),
    ]
    context.note("The global session policy may demand more when a session begins; it is not part of this.")
    return [table.verdict(rules), *rows]


class _Table:
    """Findings as rows."""

    def __init__(self, case: Case) -> None:
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
        if case.user_status not in MAY_SIGN_IN:
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
        holds, finding = self._by_rules(which)
        return self._row("verdict", subject, holds, finding, "rows below")

    def _by_rules(self, which: Sequence[Rule]) -> tuple[str, str]:
        """What the rules that may decide make of an assigned person."""
        denying = [f"{rule.name} ({'; '.join(rule.reasons)})" for rule in which if rule.access != "ALLOW"]
        if denying:
            return "depends", f"Can open it unless this rule decides at sign-in: {', '.join(denying)}."
        demanded = [demand.enrolled for rule in which[-1:] for demand in demands_of(rule.method, self._means())]
        if demanded and set(demanded) == {"no"}:
            return "depends", "Is assigned and allowed, but nothing enrolled gives what is demanded; see below."
        if len(which) > 1:
            names = ", then ".join(rule.name for rule in which)
            return "yes", f"Can open it; what is demanded depends on which rule decides at sign-in: {names}."
        return "yes", "Can open it, once what is demanded is given; see below."

    def statuses(self) -> Iterator[AccessRow]:
        """Of the person and of the application."""
        case = self._case
        may = "yes" if case.user_status in MAY_SIGN_IN else "no"
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
            evidence = f"{LIVE}, get_application_user"
            yield self._row("path", label, "yes", f"Is assigned now, {words}.", evidence)
        elif live.unread is None:
            yield self._row("path", label, "no", "Is not assigned now.", f"{LIVE}, get_application_user")
        else:
            finding = f"Whether it is assigned now could not be read: {live.unread}."
            yield self._row("path", label, "unknown", finding, LIVE)
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
        yield self._row("policy", self._case.application["label"], "unknown", finding, LIVE)

    def factors(self) -> AccessRow:
        """What the person has enrolled."""
        case, login = self._case, self._case.user["login"]
        means = self._means()
        evidence = f"{LIVE}, list_user_factors of {case.user['id']}"
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

    def _evidence(self, kind: str, thing_id: str, read: Read) -> str:
        source = LIVE if read.value is not None else f"{self._case.snapshot}, since the tenant says: {read.unread}"
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
