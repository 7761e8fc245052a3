"""Questions for the live tenant: what is asked of it in so many words, and what only it can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.answer import NeedsClarification, Refused
from holdfast.offline.doubt import Unread
from holdfast.offline.live.counted import counted_live
from holdfast.offline.live.inventory_wording import inventory_sentence
from holdfast.offline.live.lived import NotLive, Words, lived
from holdfast.offline.live.log.questions import log_question
from holdfast.offline.live.owned import owned_question
from holdfast.offline.live.plans import READ_BY, inventory_plan
from holdfast.offline.live.reading import inventory_questions
from holdfast.offline.live.shapes import Inventory
from holdfast.offline.live.special import asked_of_one, special_question
from holdfast.offline.meaning import Asked
from holdfast.offline.reading.parse import Parse, Read
from holdfast.offline.wording import Wording
from holdfast.plan import Plan

Understood = Plan | Refused | NeedsClarification
_MOST_CHOICES: Final = 8
_WHICH: Final = "This can be read in more than one way. Which is meant?"
_APART: Final = "This can be read in more than one way: say what “and” and “or” join, or ask for each part."
MARK: Final = "right now"


@dataclass(frozen=True)
class StoredReading:
    """What a question means of the snapshot, as the planner would say it, and how sure that is."""

    asked: Asked
    sentence: str
    notes: Sequence[str] = ()
    confidence: float = 1.0


def live_question(parse: Parse, wording: Wording) -> Understood | None:
    """What a question means that the snapshot cannot answer; None where the live tenant cannot either."""
    found = special_question(parse) or _of_inventory(parse) or owned_question(parse, wording)
    # "Live users locked out" does not ask what happened to active ones.
    asks_of_now = any(token.text == "live" and not token.quoted for token in parse.tokens)
    return found or (None if asks_of_now else log_question(parse, wording))


def asked_live(reading: StoredReading, parse: Parse, unread: Unread, wording: Wording) -> Plan | Refused:
    """What the snapshot could answer, asked of the live tenant, or why that cannot be read live."""
    if (by_tool := asked_of_one(reading.asked)) is not None:
        return by_tool
    sentence = f"{reading.sentence} {MARK}"
    words = Words(sentence, " ".join(reading.notes), wording.sentence)
    try:
        found = counted_live(reading.asked, parse.schema, unread, words)
        found = found or lived(reading.asked, parse.schema, unread, words)
    except NotLive as why:
        return Refused(
            reason=f"This cannot be read from the live tenant: {why}. Ask without “{MARK}”: {reading.sentence}."
        )
    note = " ".join([*reading.notes, *found.notes])
    return Plan(
        steps=found.steps,
        reasoning=READ_BY,
        understood_as=f"{sentence}. {note}".strip(),
        confidence=reading.confidence,
    )


def _of_inventory(parse: Parse) -> Understood | None:
    readings = inventory_questions(parse)
    least = min((read.cost for read in readings), default=0)
    meant: dict[Inventory, Read[Inventory]] = {read.value: read for read in readings if read.cost == least}
    if len(meant) == 1:
        (meaning,) = meant
        return inventory_plan(meaning)
    if meant:
        choices = tuple(sorted({inventory_sentence(meaning) for meaning in meant}))
        if len(choices) < len(meant):
            return Refused(reason=_APART)
        return NeedsClarification(question=_WHICH, choices=choices[:_MOST_CHOICES])
    return None
