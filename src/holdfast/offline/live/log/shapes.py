"""What a question of the system log means, as data. Part of `holdfast.offline.meaning`.

==============  ===========================================================  ==================================
shape           asks                                                         rows
==============  ===========================================================  ==================================
log_list        which events there were                                      one for each event
log_tally       how many, in all or by who, where, why …                     one, or one for each combination
log_travel      two sign-ins of one person too far apart for their times     one for each such pair
log_without     things of the snapshot of which the log has no such event    one for each thing
log_usage       applications by people assigned, beside who opened them      one for each application
==============  ===========================================================  ==================================
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from holdfast.offline.meaning.links import Kind
from holdfast.offline.meaning.selection import Selection, Value


class Ended(StrEnum):
    """How events ended; `usual` is what the set of events says by itself: a sign-in is one that succeeded."""

    USUAL = "usual"
    ANY = "any"
    SUCCESS = "success"
    FAILURE = "failure"
    DENIAL = "denial"


class Facet(StrEnum):
    """What of an event is told apart, counted by, or asked for."""

    PERSON = "person"
    ACTOR = "actor"
    APPLICATION = "application"
    GROUP = "group"
    TARGET = "target"
    ROLE = "role"
    FACTOR = "factor"
    REASON = "reason"
    OUTCOME = "outcome"
    EVENT = "event"
    IP = "ip"
    COUNTRY = "country"
    CITY = "city"
    BROWSER = "browser"
    SYSTEM = "system"
    ZONE = "zone"
    DAY = "day"


class EventSet(Value):
    """Events of one kind, by its name in `events.toml`."""

    name: str
    ended: Ended = Ended.USUAL


class Events(Value):
    """Which events: those of any of `sets` from `start` on and before `end`, to which all else applies.

    `person` is whom an event is about, `actor` who did it to somebody or something; a selection that is not of names is
    read from the snapshot first. `whose` keeps what people did to others, or to themselves. `roles`, `reasons`, and
    places are spellings in any case of letters, one of which fits.
    """

    sets: tuple[EventSet, ...] = Field(min_length=1)
    start: datetime
    end: datetime
    person: Selection | None = None
    actor: Selection | None = None
    application: Selection | None = None
    group: Selection | None = None
    whose: Literal["anybody", "others", "oneself"] = "anybody"
    roles: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_a_stretch_of_time(self) -> Self:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.start >= self.end:
            raise ValueError("events need a start before their end, both with a time zone")
        return self


class LogList(Value):
    """The events themselves, the newest first; `limit` keeps so many, of the oldest with `oldest_first`."""

    shape: Literal["log_list"] = "log_list"
    events: Events
    oldest_first: bool = False
    limit: int | None = Field(default=None, ge=1, le=100_000)


class LogTally(Value):
    """How many events, or with `distinct` how many different things of them, for each combination of `by`.

    `spans` adds the first and the last moment; `travel` marks how many sign-ins there came too soon after one far away.
    `limit` keeps those with the most (or the fewest), `ties` all that have as many as the first. `at_least`
    keeps those with so many events.
    """

    shape: Literal["log_tally"] = "log_tally"
    events: Events
    by: tuple[Facet, ...] = Field(default=(), max_length=4)
    distinct: Facet | None = None
    spans: bool = False
    travel: bool = False
    fewest_first: bool = False
    limit: int | None = Field(default=None, ge=1, le=100_000)
    ties: bool = False
    at_least: int = Field(default=1, ge=1)


class LogTravel(Value):
    """Sign-ins of one person that follow another one too far away to have travelled at `kmh`."""

    shape: Literal["log_travel"] = "log_travel"
    events: Events
    kmh: int = Field(default=900, ge=1)


class LogWithout(Value):
    """People or applications of the snapshot of which the log has no such event."""

    shape: Literal["log_without"] = "log_without"
    events: Events
    things: Selection

    @model_validator(mode="after")
    def _has_events(self) -> Self:
        if self.things.kind not in (Kind.PERSON, Kind.APPLICATION):
            raise ValueError("only people and applications can be looked for in the log")
        return self


class LogUsage(Value):
    """Applications by how many people are assigned, beside how many different people the events are of."""

    shape: Literal["log_usage"] = "log_usage"
    events: Events
    things: Selection
    limit: int | None = Field(default=None, ge=1, le=100_000)


LogMeaning = LogList | LogTally | LogTravel | LogWithout | LogUsage
