"""Writes the log of a company: what its records say, what the script wants, everyday life up to the number asked."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from holdfast.demo.log.activity import Activity
from holdfast.demo.log.columns import Columns, Tables
from holdfast.demo.log.directory import Directory
from holdfast.demo.log.operations import Operations
from holdfast.demo.log.script import LogCases, Script
from holdfast.demo.log.settings_changes import SettingsChanges
from holdfast.demo.log.staff import Staff
from holdfast.demo.log.system_log import SystemLog

if TYPE_CHECKING:
    from holdfast.demo.company import Company

_EVENTS_PER_PERSON = 80
# Beyond this size the log grows more slowly than the company: its last sign-ins alone are enough to read.
_FULL_SIZE = 1_000
_GROWTH = 0.35


def usual_events(users: int) -> int:
    """How many events a company of that size has by itself: 80,000 for 1,000 people, 400,000 for 100,000."""
    if users <= _FULL_SIZE:
        return users * _EVENTS_PER_PERSON
    growth: float = (users / _FULL_SIZE) ** _GROWTH
    return round(_FULL_SIZE * _EVENTS_PER_PERSON * growth)


def system_log(company: Company) -> SystemLog:
    """Ninety days of events before the company's now and all since, made when it is first asked for."""
    return company.family(_moved_on)


def _moved_on(company: Company) -> SystemLog:
    first, _ = (company.origin or company).family(write_log)
    return first.moved_on(company.happened) if company.happened else first


def log_cases(company: Company) -> LogCases:
    """Where the memorable cases of the company's log are."""
    return (company.origin or company).family(write_log)[1]


def write_log(company: Company) -> tuple[SystemLog, LogCases]:
    """The log of `company` as it was made, and where its cases are.

    It has `company.log_events` events, or more where the records alone ask for more.
    """
    staff = Staff(company)
    random = Random(f"{company.seed}/{len(company.users)}/log")
    # What the settings say must not decide what people do.
    apart = Random(f"{company.seed}/{len(company.users)}/settings")
    columns = Columns(Tables())
    activity = Activity(staff, random)
    script = Script(staff, activity, random)
    for source in (Directory(staff, random), script, Operations(staff, random), SettingsChanges(staff, apart)):
        for happening in source.happenings():
            columns.add(happening)
    for happening in activity.last_sign_ins(besides=script.rewritten):
        columns.add(happening)
    total = company.log_events if company.log_events is not None else usual_events(len(company.users))
    for happening in activity.everyday(max(0, total - len(columns))):
        columns.add(happening)
    return SystemLog(columns.in_order().numbered(), company.seed), script.cases()
