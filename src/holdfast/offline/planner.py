"""The planner that needs no model: it answers what it understands completely and names the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

from holdfast.answer import NeedsClarification, Refused
from holdfast.graph.schema import GraphSchema
from holdfast.graph.snapshots import Snapshot
from holdfast.graph.vocabulary import Vocabulary, WordKind
from holdfast.offline.doubt import Unread, unsure_of, words
from holdfast.offline.grammar.fronting import only_said, unfronted
from holdfast.offline.grammar.names import PARTLY_COST
from holdfast.offline.grammar.questions import whole_question
from holdfast.offline.live.log.questions import log_question_first
from holdfast.offline.live.marking import unmarked, without_now
from holdfast.offline.live.plans import READ_BY
from holdfast.offline.live.questions import MARK, StoredReading, asked_live, live_question
from holdfast.offline.meaning import Asked, Numbers, Tally
from holdfast.offline.reading.lexicon import lexicon
from holdfast.offline.reading.orders import asks, begins_as_order, is_order, puts_in_order
from holdfast.offline.reading.parse import Parse, Read, TooManyReadings
from holdfast.offline.reading.refusing import likeliest, plainly, refusal, strange_words
from holdfast.offline.reading.spelling import Respelt, respelt
from holdfast.offline.reading.tokens import Token, tokenise
from holdfast.offline.reading.unstored import unstored, vague, without
from holdfast.offline.steps import main_meaning, marked, steps
from holdfast.offline.wording import Wording
from holdfast.offline.wording.notes import notes
from holdfast.plan import Plan
from holdfast.planner import Understanding
from holdfast.spending import Ledger

# Snapshots whose words stay in memory: the current one and the one that running questions still read.
_KEPT_VOCABULARIES: Final = 2
# A longer question is a text, not a question; rules would take long to find that out.
_MOST_WORDS: Final = 80
_MOST_CHOICES: Final = 8
# What is sure is 1; a name of which only the beginning was typed, or a mistyped word, is likely, and no more.
_CONFIDENCE_PARTLY: Final = 0.8

_CHANGE_REFUSED: Final = (
    "This asks to change the tenant, and Holdfast only reads. Ask which ones it would concern instead; the change "
    "itself is made in the Okta Admin Console."
)

_NOT_OF_NOW: Final = "This cannot be read live: it is how things stood at the last synchronisation."

_ALL_WAS_READ: Final = Unread()


class OfflinePlanner:
    """Implements `holdfast.planner.Planner` by rules. Safe to share between threads and tasks.

    `clock` gives the moment that "in the last 7 days" counts from; a plan holds the moments it came to, so that a
    repeated step asks the same.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._words: dict[str, Vocabulary] = {}
        self._lock = Lock()

    async def plan(self, question: str, snapshot: Snapshot, ledger: Ledger) -> Understanding:
        """A plan only where every word of the question was understood, and in one way."""
        return Understanding(await asyncio.to_thread(self._planned, question, snapshot), "offline")

    def _planned(self, question: str, snapshot: Snapshot) -> Plan | Refused | NeedsClarification:
        words = self._vocabulary(snapshot)
        # Whole seconds: what was understood names them, and must mean the same when it is asked.
        now = self._clock().replace(microsecond=0)
        return understood(question, words, snapshot.manifest.graph_schema, now, Unread(snapshot.manifest.unknown))

    def _vocabulary(self, snapshot: Snapshot) -> Vocabulary:
        name = str(snapshot.directory)
        with self._lock:
            words = self._words.pop(name, None) or Vocabulary.load(snapshot.vocabulary_file)
            self._words[name] = words
            while len(self._words) > _KEPT_VOCABULARIES:
                del self._words[next(iter(self._words))]
        return words


def understood(
    text: str, vocabulary: Vocabulary, schema: GraphSchema, now: datetime, unread: Unread = _ALL_WAS_READ
) -> Plan | Refused | NeedsClarification:
    """What the question means: a plan, a question back, or why not. `now` is UTC."""
    tokens = tokenise(text)
    if len(tokens) > _MOST_WORDS:
        return Refused(reason=f"The question has {len(tokens)} words; rules read up to {_MOST_WORDS}. Ask in parts.")
    parse = Parse(tokens, lexicon(), vocabulary, schema, now)
    wording = Wording(parse.lexicon)
    try:
        return _understood(parse, wording, unread)
    except TooManyReadings:
        return Refused(reason="This can be read in too many ways. Ask it in parts, or say what each name is.")


def _understood(parse: Parse, wording: Wording, unread: Unread) -> Plan | Refused | NeedsClarification:
    if begins_as_order(parse):
        return Refused(reason=_CHANGE_REFUSED)
    if (plainly_asked := unmarked(parse)) is not None:
        return _live(plainly_asked, wording, unread)
    if (told := log_question_first(parse, wording)) is not None:
        return told
    asked_now = without_now(parse)
    if asked_now is not None and not isinstance(found := _live(asked_now, wording, unread), Refused):
        return found
    readings = _readings(parse)
    if len(readings) == 1:
        plan = _plan(readings[0], wording, parse, unread)
        return plan if asked_now is None else _of_the_snapshot(plan)
    if readings:
        return _question_back(readings, wording, parse)
    return live_question(parse, wording) or _not_read(parse, wording, unread)


def _of_the_snapshot(plan: Plan) -> Plan:
    """The plan of a question that asked for "now", which only the snapshot can tell; it says so."""
    return plan.model_copy(update={"understood_as": f"{plan.understood_as} {_NOT_OF_NOW}"})


def _readings(parse: Parse) -> list[Read[Asked]]:
    orders = (parse, *unfronted(parse))
    return likeliest([*(read for order in orders for read in whole_question(order)), *only_said(parse)])


def _live(parse: Parse, wording: Wording, unread: Unread) -> Plan | Refused | NeedsClarification:
    """What is asked of the live tenant in so many words, which are left out of `parse`."""
    readings = _readings(parse)
    if len(readings) == 1:
        return asked_live(_stored(readings[0], wording, parse), parse, unread, wording)
    if readings:
        back = _question_back(readings, wording, parse)
        return back.model_copy(update={"choices": tuple(f"{choice} {MARK}" for choice in back.choices)})
    return live_question(parse, wording) or _not_read(parse, wording, unread, live=True)


def _not_read(
    parse: Parse, wording: Wording, unread: Unread, *, live: bool = False
) -> Plan | Refused | NeedsClarification:
    """Why a question was not understood; or what it means with a mistyped word put right."""
    if asks(parse) and (not_held := _not_stored(parse, wording)):
        return not_held
    if is_order(parse):
        return Refused(reason=_CHANGE_REFUSED)
    if refused := vague(parse.tokens) or _not_stored(parse, wording):
        return refused
    strange = strange_words(parse)
    put_right = None if live else _put_right(parse, wording, unread, strange)
    return put_right or refusal(parse, wording, strange)


def _put_right(parse: Parse, wording: Wording, unread: Unread, strange: list[Token]) -> Plan | Refused | None:
    """What the question means with its mistyped words put right, where that is one thing; it says so."""
    meant: dict[Asked, tuple[Read[Asked], Respelt]] = {}
    ordered = False
    for respelling in respelt(parse, strange):
        if puts_in_order(respelling.words) and parse.tokens[0] in strange:
            return Refused(reason=_CHANGE_REFUSED)
        spelt = _with(parse, respelling.tokens)
        ordered = ordered or is_order(spelt)
        meant |= {reading.value: (reading, respelling) for reading in likeliest(whole_question(spelt))}
    if len(meant) != 1:
        return Refused(reason=_CHANGE_REFUSED) if ordered and not meant else None
    ((reading, respelling),) = meant.values()
    words = " and ".join(f"“{typed}” was read as “{word}”" for typed, word in respelling.words)
    return _plan(reading, wording, parse, unread, f"{words}.")


def _stored(reading: Read[Asked], wording: Wording, parse: Parse) -> StoredReading:
    asked = reading.value
    sentence = plainly(parse, wording, asked)
    partly = reading.cost >= PARTLY_COST
    further = notes(asked, _inactive_applications(parse.vocabulary), parse.now)
    if partly:
        further.append("A name was completed from its beginning.")
    confidence = _CONFIDENCE_PARTLY if partly else 1.0
    return StoredReading(asked, sentence[0].upper() + sentence[1:], further, confidence)


def _plan(reading: Read[Asked], wording: Wording, parse: Parse, unread: Unread, respelling: str = "") -> Plan:
    asked = reading.value
    stored = _stored(reading, wording, parse)
    further = list(stored.notes)
    main = marked(main_meaning(asked), unread)
    if unsure := unsure_of(main):
        further.append(unread.note(unsure, counted=isinstance(main, Tally)))
    elif isinstance(main, Numbers) and (unsure := unread.unsure(asked.subject.where)):
        further.append(f"Those whose {words(unsure)} could not be read are left out.")
    if respelling:
        further.append(respelling)
    return Plan(
        steps=steps(asked, main, parse.schema, stored.sentence, " ".join(further)),
        reasoning=READ_BY,
        understood_as=". ".join([stored.sentence, " ".join(further)]).strip() if further else f"{stored.sentence}.",
        confidence=_CONFIDENCE_PARTLY if respelling else stored.confidence,
    )


# The words of a snapshot never change, and to look through all of them takes as long as to read the question.
_INACTIVE: Final[WeakKeyDictionary[Vocabulary, frozenset[str]]] = WeakKeyDictionary()


def _inactive_applications(vocabulary: Vocabulary) -> frozenset[str]:
    found = _INACTIVE.get(vocabulary)
    if found is None:
        found = frozenset(w.id for w in vocabulary.of_kind(WordKind.APPLICATION) if w.detail == "INACTIVE")
        _INACTIVE[vocabulary] = found
    return found


def _question_back(readings: list[Read[Asked]], wording: Wording, parse: Parse) -> NeedsClarification:
    choices = list(dict.fromkeys(plainly(parse, wording, r.value) for r in readings))
    more = len(choices) - _MOST_CHOICES
    asked = "This can be read in more than one way. Which is meant?"
    if more > 0:
        asked = f"{asked} (The first {_MOST_CHOICES} of {len(choices)} are shown.)"
    return NeedsClarification(question=asked, choices=tuple(sorted(choices)[:_MOST_CHOICES]))


def _not_stored(parse: Parse, wording: Wording) -> Refused | None:
    """Why a question cannot be answered from any snapshot, with what can be."""
    found = unstored(parse.tokens)
    if found is None:
        return None
    further = strange_words(parse) or parse.tokens[parse.furthest : parse.furthest + 1]
    strange = [token.text for token in further if not found.start <= parse.tokens.index(token) < found.end]
    end = found.end + int(parse.tokens[found.end - 1].key == "from")
    phrase = parse.typed(found.start, end)
    named = ", ".join(f"“{word}”" for word in dict.fromkeys([phrase, *strange]))
    typed = tuple(dict.fromkeys([*(t.text for t in parse.tokens[found.start : end]), *strange]))
    rest = [likeliest(whole_question(_with(parse, tokens))) for tokens in without(parse.tokens, found)]
    nearest = next((wording.sentence(readings[0].value) for readings in rest if readings), found.topic.instead)
    hint = f" The nearest that would be: {nearest}." if nearest else ""
    reason = f"The stored snapshot does not hold {found.topic.what}. Not answered: {named}."
    return Refused(reason=f"{reason}{hint}", not_understood=typed)


def _with(parse: Parse, tokens: tuple[Token, ...]) -> Parse:
    return replace(parse, tokens=tokens, furthest=0, kept={}, readings=0)
