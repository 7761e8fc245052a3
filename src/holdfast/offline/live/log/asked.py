"""A question of the log as it was read, and the meaning it has at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from holdfast.offline.live.log.events import kind_of
from holdfast.offline.live.log.phrases import Phrase
from holdfast.offline.live.log.said import LOG_REACH, events_of, window_of
from holdfast.offline.live.log.shapes import (
    Ended,
    Events,
    Facet,
    LogList,
    LogMeaning,
    LogTally,
    LogTravel,
    LogUsage,
    LogWithout,
)
from holdfast.offline.meaning import Selection


class LogAsked(NamedTuple):
    """What is wanted of which events; see the shapes for what each part means."""

    shape: Literal["list", "tally", "travel", "without", "usage"]
    phrase: Phrase
    by: tuple[Facet, ...] = ()
    distinct: Facet | None = None
    spans: bool = False
    travel: bool = False
    fewest_first: bool = False
    oldest_first: bool = False
    limit: int | None = None
    ties: bool = False
    at_least: int = 1
    things: Selection | None = None


class Meant(NamedTuple):
    """The meaning, and sentences that the reader needs."""

    meaning: LogMeaning
    notes: tuple[str, ...]


def meant(asked: LogAsked, now: datetime) -> Meant | str:
    """The meaning at `now`; or why the log cannot tell, in a sentence."""
    window = window_of(asked.phrase.said.span, now)
    begin = f"{now - LOG_REACH:%Y-%m-%d %H:%M} UTC"
    if window is None:
        return f"The system log goes back 90 days, to {begin}, and no further than now; nothing of that time is in it."
    if window.clipped and asked.shape == "without":
        # Who was not seen in 90 days may have been before.
        return f"The system log goes back 90 days, to {begin}: what did not happen before that, it cannot tell."
    said = asked.phrase.said
    if (asked.shape == "travel" or asked.travel) and (said.ips or said.countries or said.cities):
        return "Impossible travel is between sign-ins from anywhere: ask for it without a place."
    notes = (f"The system log goes back 90 days, to {begin}: earlier events are not in it.",) if window.clipped else ()
    phrase = _every_outcome(asked)
    return Meant(_meaning(asked, events_of(phrase.sets, phrase.said, window)), notes)


def _every_outcome(asked: LogAsked) -> Phrase:
    """By outcome or by reason is of every outcome, where none was named."""
    phrase = asked.phrase
    plain = all(one.ended is Ended.USUAL for one in phrase.sets) and phrase.said.ended is None
    if plain and Facet.OUTCOME in asked.by:
        return phrase._replace(said=phrase.said._replace(ended=Ended.ANY))
    succeeds = any("SUCCESS" in kind_of(one).usual for one in phrase.sets)
    if plain and succeeds and (Facet.REASON in asked.by or phrase.said.reasons):
        return phrase._replace(said=phrase.said._replace(ended=Ended.FAILURE))
    return phrase


def _meaning(asked: LogAsked, events: Events) -> LogMeaning:
    match asked.shape:
        case "list":
            return LogList(events=events, oldest_first=asked.oldest_first, limit=asked.limit)
        case "tally":
            return LogTally(
                events=events,
                by=asked.by,
                distinct=asked.distinct,
                spans=asked.spans,
                travel=asked.travel,
                fewest_first=asked.fewest_first,
                limit=asked.limit,
                ties=asked.ties,
                at_least=asked.at_least,
            )
        case "travel":
            return LogTravel(events=events)
        case "without":
            assert asked.things is not None
            return LogWithout(events=events, things=asked.things)
        case "usage":
            assert asked.things is not None
            return LogUsage(events=events, things=asked.things, limit=asked.limit)
