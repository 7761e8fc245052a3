"""Questions of the system log: how they are read."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final

from holdfast.answer import NeedsClarification, Refused
from holdfast.offline.doubt import hinges, words
from holdfast.offline.grammar.dates import number_at
from holdfast.offline.grammar.names import PARTLY_COST
from holdfast.offline.grammar.questions import asked_from
from holdfast.offline.live.log.asked import LogAsked, Meant, meant
from holdfast.offline.live.log.events import event_words
from holdfast.offline.live.log.forms import whole_log_question
from holdfast.offline.live.log.planning import fed, log_steps
from holdfast.offline.live.log.reading_events import NEAR_KM
from holdfast.offline.live.log.shapes import LogMeaning, LogTally, LogTravel, LogUsage, LogWithout
from holdfast.offline.live.log.wording import LogWording, counted
from holdfast.offline.reading.orders import begins_as_order, is_order
from holdfast.offline.reading.parse import Parse, Read
from holdfast.offline.wording import Wording
from holdfast.plan import Plan

_MOST_CHOICES: Final = 8
# Of these a snapshot holds the last one, and the log each of them.
_EACH: Final = frozenset({"sign_in", "attempt", "password_change"})
# What is undone in an hour.
_PASSING: Final = frozenset({"lockout"})
# What was done, of which a snapshot knows only what it led to, or only who might.
_MEMBERSHIPS: Final = frozenset({"group_add", "group_remove"})
_OPENINGS: Final = frozenset({"app_opening"})
_OPENED: Final = frozenset({"did", "opened"})
_PASSWORDS: Final = frozenset({"password_change", "password_reset"})
_OFTEN: Final = frozenset({"changes", "resets"})
_PASSING_WORDS: Final = frozenset({"locked", "added", "put", "removed", "taken"}) | _OPENED
_CONFIDENCE_PARTLY: Final = 0.8


def log_question(parse: Parse, wording: Wording) -> Plan | Refused | NeedsClarification | None:
    """What a question of the system log means; None where it is none, or is not understood completely."""
    # "Reset the factors of Dana" orders; "push denials" only begin like an order.
    if begins_as_order(parse) or (is_order(parse) and not event_words().nouns.at(parse.tokens, 0)):
        return None
    readings = _likeliest(whole_log_question(parse))
    if not readings:
        return None
    found = {reading: meant(reading.value, parse.now) for reading in readings}
    if refused := next((why for why in found.values() if isinstance(why, str)), None):
        return Refused(reason=refused)
    meanings = {m.meaning: (m, reading) for reading, m in found.items() if isinstance(m, Meant)}
    if len(meanings) > 1:
        return _question_back([m for m, _ in meanings.values()], LogWording(wording))
    ((one, reading),) = meanings.values()
    return _plan(one, reading, parse, wording)


def log_question_first(parse: Parse, wording: Wording) -> Plan | Refused | NeedsClarification | None:
    """What a question means that a snapshot would take for less: "sign-ins today" are not who signed in last today."""
    keys = {token.key for token in parse.tokens if not token.quoted}
    begins = asked_from(parse)
    # "The last sign-in this week from Dublin"; "the last 5 sign-ins today"
    lasts = [end for at in begins for _, end in event_words().words["last"].at(parse.tokens, at)]
    numbered = [number.end for at in (*begins, *lasts) for number in number_at(parse, at)]
    by_noun, by_last = _tells_each(parse, (*begins, *numbered)), _tells_each(parse, lasts)
    told = by_noun or by_last or keys & _PASSING_WORDS or "first" in keys or (keys & _OFTEN and "password" in keys)
    if not told:
        return None
    readings = _likeliest(whole_log_question(parse))
    if not readings or not all(
        _tells_more(read.value, keys, by_noun=by_noun or (by_last and _has_a_place(read.value))) for read in readings
    ):
        return None
    return log_question(parse, wording)


def _tells_each(parse: Parse, begins: Iterable[int]) -> bool:
    """Whether events of which a snapshot holds the last one are named at one of these places."""
    at = list(begins)
    at += [end for begin in at for _, end in event_words().outcomes.at(parse.tokens, begin)]
    return any(_EACH & {name for name, _ in event_words().nouns.at(parse.tokens, begin)} for begin in at)


def _has_a_place(asked: LogAsked) -> bool:
    said = asked.phrase.said
    return bool(said.countries or said.cities or said.ips)


def _tells_more(asked: LogAsked, keys: Set[str], *, by_noun: bool) -> bool:
    names = {one.name for one in asked.phrase.sets}
    if asked.oldest_first and names <= _EACH:
        return True
    if names <= _PASSWORDS and asked.shape == "tally":
        return True
    if names <= _MEMBERSHIPS:
        return True
    # "Apps used by contractors" are those that they may use.
    if names <= _OPENINGS:
        return bool(keys & _OPENED)
    if asked.phrase.said.span is None:
        return False
    return names <= _PASSING or (by_noun and names <= _EACH)


def _likeliest(readings: list[Read[LogAsked]]) -> list[Read[LogAsked]]:
    least = min((read.cost for read in readings), default=0)
    return list({read.value: read for read in readings if read.cost == least}.values())


def _question_back(meanings: list[Meant], wording: LogWording) -> NeedsClarification:
    choices = dict.fromkeys(wording.sentence(one.meaning) for one in meanings)
    asked = "This can be read in more than one way. Which is meant?"
    if len(choices) > _MOST_CHOICES:
        asked = f"{asked} (The first {_MOST_CHOICES} of {len(choices)} are shown.)"
    return NeedsClarification(question=asked, choices=tuple(sorted(choices)[:_MOST_CHOICES]))


def _plan(one: Meant, reading: Read[LogAsked], parse: Parse, wording: Wording) -> Plan:
    sentence = LogWording(wording).sentence(one.meaning)
    sentence = sentence[0].upper() + sentence[1:]
    partly = reading.cost >= PARTLY_COST
    further = [counted(one.meaning.events), *one.notes, *_notes(one.meaning)]
    if partly:
        further.append("A name was completed from its beginning.")
    note = " ".join(further)
    return Plan(
        steps=log_steps(one.meaning, parse.schema, sentence, wording, note),
        reasoning="Read by the rules of the offline planner; every word of the question was understood.",
        understood_as=f"{sentence}. {note}",
        confidence=_CONFIDENCE_PARTLY if partly else 1.0,
    )


def _notes(meaning: LogMeaning) -> list[str]:
    found = []
    if isinstance(meaning, LogTravel) or (isinstance(meaning, LogTally) and meaning.travel):
        kmh = meaning.kmh if isinstance(meaning, LogTravel) else 900
        found.append(
            f"Impossible is what would take more than {kmh} km/h between two sign-ins of one person that follow each "
            f"other, {NEAR_KM} km apart or more; where an address is, the tenant says."
        )
    selections = [*fed(meaning.events).values()]
    selections += [meaning.things] if isinstance(meaning, LogWithout | LogUsage) else []
    if selections:
        found.append("Who and what is meant was read from the stored snapshot.")
    unsure = dict.fromkeys(link for one in selections if one.where is not None for link in hinges(one.where))
    if unsure:
        found.append(f"Those whose {words(list(unsure))} could not be read are left out.")
    return found
