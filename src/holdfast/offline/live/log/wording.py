"""A meaning of the log in words that mean the same when they are asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from holdfast.offline.columns import NOUNS
from holdfast.offline.live.log.events import event_words, kind_of
from holdfast.offline.live.log.shapes import (
    Ended,
    Events,
    EventSet,
    Facet,
    LogList,
    LogMeaning,
    LogTally,
    LogTravel,
    LogUsage,
    LogWithout,
)
from holdfast.offline.meaning import Named, Selection
from holdfast.offline.wording import Wording

_BEFORE: Final = {
    Ended.SUCCESS: "successful ",
    Ended.FAILURE: "failed ",
    Ended.DENIAL: "denied ",
    Ended.ANY: "attempted ",
}
_PLURALS: Final = {
    Facet.PERSON: "people",
    Facet.ACTOR: "actors",
    Facet.APPLICATION: "applications",
    Facet.GROUP: "groups",
    Facet.TARGET: "targets",
    Facet.ROLE: "admin roles",
    Facet.FACTOR: "factors",
    Facet.REASON: "reasons",
    Facet.OUTCOME: "outcomes",
    Facet.EVENT: "event types",
    Facet.IP: "IP addresses",
    Facet.COUNTRY: "countries",
    Facet.CITY: "cities",
    Facet.BROWSER: "browsers",
    Facet.SYSTEM: "operating systems",
    Facet.ZONE: "network zones",
    Facet.DAY: "days",
}


def singular(facet: Facet) -> str:
    """The facet's name, as the lexicon has it first."""
    return next(word for word, name in event_words().facets.first_words() if name is facet)


def plural(facet: Facet) -> str:
    """The same of several."""
    return _PLURALS[facet]


class LogWording:
    """The sentences of log questions."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def sentence(self, meaning: LogMeaning) -> str:
        """The whole question. It names the log, since much of what happened is stored as well."""
        return f"{self._asked(meaning)} in the system log"

    def _asked(self, meaning: LogMeaning) -> str:
        said = self.events(meaning.events)
        match meaning:
            case LogList(limit=None):
                return said
            case LogList(limit=1, oldest_first=oldest):
                return f"{'first' if oldest else 'last'} {said}"
            case LogList(limit=limit, oldest_first=oldest):
                return f"{'first' if oldest else 'last'} {limit} {said}"
            case LogTally():
                return self._tally(meaning, said)
            case LogTravel():
                return f"impossible travel{self._narrowed(meaning.events)}"
            case LogWithout(things=things):
                return f"{self._things(things)} without any {said}"
            case LogUsage(things=things, limit=limit):
                top = f"top {limit} " if limit else ""
                who = "people who really opened them"
                return f"{top}{self._things(things)} by assigned people beside {who}{self._narrowed(meaning.events)}"

    def _tally(self, tally: LogTally, said: str) -> str:
        if tally.distinct is not None:
            return f"number of {plural(tally.distinct)} with {said}"
        if tally.travel:
            return f"which {plural(tally.by[0])} had {said} with impossible travel"
        if tally.spans:
            return f"which {plural(tally.by[0])} had {said}"
        most = "fewest" if tally.fewest_first else "most"
        if tally.ties:
            return f"which {singular(tally.by[0])} had the {most} {said}"
        if tally.limit is not None:
            return f"the {tally.limit} {plural(tally.by[0])} with the {most} {said}"
        if tally.at_least > 1:
            return f"{plural(tally.by[0])} with at least {tally.at_least} {said}"
        by = f" by {' and '.join(singular(facet) for facet in tally.by)}" if tally.by else ""
        return f"number of {said}{by}"

    def events(self, events: Events) -> str:
        """The events with all that is said of them."""
        return f"{' or '.join(_named(one) for one in events.sets)}{self._narrowed(events)}"

    def _narrowed(self, events: Events) -> str:
        parts = []
        if events.person is not None:
            parts.append(f"of {self._party(events.person)}")
        if events.actor is not None:
            parts.append(f"by {self._party(events.actor)}")
        if events.whose != "anybody":
            parts.append("for other people" if events.whose == "others" else "for themselves")
        parts += [f"to {self._party(thing)}" for thing in (events.application, events.group) if thing is not None]
        if events.roles:
            parts.append(f"of the role {Wording.quoted(events.roles[0])}")
        if events.reasons:
            parts.append(f"with the reason {Wording.quoted(events.reasons[0])}")
        parts += self._places(events)
        return "".join(
            f" {part}" for part in (*parts, f"on or after {moment(events.start)} and before {moment(events.end)}")
        )

    @staticmethod
    def _places(events: Events) -> list[str]:
        names = [f"from IP {ip}" for ip in ([" or ".join(f'"{ip}"' for ip in events.ips)] if events.ips else [])]
        spellings = event_words().spellings
        countries = [name for name in events.countries if name in spellings] or list(events.countries)
        names += [f"from country {' or '.join(Wording.quoted(name) for name in countries)}"] if countries else []
        names += [f"from city {' or '.join(Wording.quoted(name) for name in events.cities)}"] if events.cities else []
        return names

    def _party(self, selection: Selection) -> str:
        if isinstance(selection.where, Named):
            noun = NOUNS[selection.kind].one
            return " or ".join(f"the {noun} {Wording.quoted(name)}" for name in selection.where.names)
        return f"({self._wording.things(selection)})"

    def _things(self, selection: Selection) -> str:
        if selection.where is None:
            return NOUNS[selection.kind].many
        return f"{NOUNS[selection.kind].many} ({self._wording.condition(selection.where, selection.kind)})"


def moment(when: datetime) -> str:
    """A moment to the microsecond, as short as that may be."""
    utc = when.astimezone(UTC)
    if (utc.hour, utc.minute, utc.second, utc.microsecond) == (0, 0, 0, 0):
        return utc.strftime("%Y-%m-%d")
    return utc.strftime("%Y-%m-%d %H:%M:%S UTC")


def _named(one: EventSet) -> str:
    return f"{_BEFORE.get(one.ended, '')}{kind_of(one).title}"


def counted(events: Events) -> str:
    """Which events count, by type and outcome: the sentence that an answer's reader can check."""
    parts = []
    for one in events.sets:
        kind = kind_of(one)
        results = kind.results(one.ended)
        ended = f" with the outcome {' or '.join(results)}" if results else " of every outcome"
        types = list(kind.types_of(one.ended))
        shown = ", ".join(types[:4]) + (f" and {len(types) - 4} more types" if len(types) > 4 else "")
        parts.append(f"{shown}{ended}")
    return f"Read from the system log: {'; '.join(dict.fromkeys(parts))}."


def noun_of(meaning: LogMeaning) -> tuple[str, str]:
    """What the rows are, one and many."""
    match meaning:
        case LogTally(distinct=Facet() as facet):
            return singular(facet), plural(facet)
        case LogTally(by=(facet,)):
            return singular(facet), plural(facet)
        case LogTally(by=(_, _, *_) as facets):
            each = " and ".join(singular(facet) for facet in facets)
            return f"combination of {each}", f"combinations of {each}"
        case LogList() | LogTally():
            return "event", "events"
        case LogTravel():
            return "impossible journey", "impossible journeys"
        case LogWithout(things=things) | LogUsage(things=things):
            noun = NOUNS[things.kind]
            return noun.one, noun.many
    raise AssertionError(f"there is no {meaning.shape}")
