"""What is unusual in a person's recent sign-ins, with the event that shows each, and a level by stated rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from holdfast.special.finding import one_user
from holdfast.special.sign_ins import EVENT_TYPES, Finding, event_of, findings, level
from holdfast.special.tool import Parameters, Row, SpecialTool, ToolContext

# Okta keeps its log for ninety days; what comes before the days that are asked about is what they are compared with.
LOG_DAYS: Final = 90
BASELINE_DAYS: Final = 30


class RiskParameters(Parameters):
    """Whose sign-ins, and of how many days."""

    user: str = Field(min_length=1, max_length=200, description="login, id or full name of one person")
    days: int = Field(7, ge=1, le=LOG_DAYS, description="how many days back, 1 to 90")


class RiskRow(Row):
    """One finding; the first is the level of all. What the log does not tell is empty."""

    kind: str
    time: datetime | None
    what: str
    why: str
    country: str | None
    city: str | None
    ip: str | None
    client: str | None
    event: str | None
    level: str | None
    user_id: str
    login: str


async def find_risk(parameters: RiskParameters, context: ToolContext) -> Sequence[RiskRow]:
    """See `TOOL`."""
    user = await one_user(context, parameters.user)
    since = context.now - timedelta(days=parameters.days)
    baseline = min(BASELINE_DAYS, LOG_DAYS - parameters.days)
    types = " or ".join(f'eventType eq "{kind}"' for kind in EVENT_TYPES)
    records = await context.read(
        "list_log_events",
        since=_stamp(since - timedelta(days=baseline)),
        until=_stamp(context.now),
        filter=f'(actor.id eq "{user["id"]}" or target.id eq "{user["id"]}") and ({types})',
    )
    events = [event_of(record) for record in records]
    found = findings(events, since)
    sign_ins = sum(event.is_sign_in and event.at >= since for event in events)
    grade, rules = level(found, sign_ins)
    summary = Finding("level", f"{grade}: {sign_ins:,} sign-ins in {parameters.days} days", f"{'; '.join(rules)}.")
    context.note(f"Sign-ins of {parameters.days} days were compared with those of the {baseline} days before.")
    return [_row(each, user, grade if each is summary else None) for each in (summary, *found)]


def _row(finding: Finding, user: dict[str, str], grade: str | None) -> RiskRow:
    event = finding.event
    return RiskRow(
        kind=finding.kind,
        time=event.at if event else None,
        what=finding.what,
        why=finding.why,
        country=event.country if event else None,
        city=event.city if event else None,
        ip=event.ip if event else None,
        client=event.client if event else None,
        event=event.uuid if event else None,
        level=grade,
        user_id=user["id"],
        login=user["login"],
    )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


TOOL = SpecialTool(
    name="login_risk",
    promise="What is unusual in one person's recent sign-ins (new country or device, impossible travel, failures, "
    "denials, lockouts), each with its event, and a level by stated rules.",
    parameters=RiskParameters,
    row=RiskRow,
    run=find_risk,
    endpoints=("list_log_events",),
)
