"""From a meaning of the log to the steps of a plan: what is read of the snapshot first, and the read of the log."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

from holdfast.graph.schema import GraphSchema
from holdfast.offline.columns import listed
from holdfast.offline.live.log import columns
from holdfast.offline.live.log.shapes import Events, LogMeaning, LogUsage, LogWithout
from holdfast.offline.live.log.wording import noun_of
from holdfast.offline.meaning import Asked, Counted, Named, Noun, Order, Selection, StepMeaning
from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.meaning.showing import ShownColumn
from holdfast.offline.steps import main_meaning, steps
from holdfast.offline.wording import Wording
from holdfast.plan import ApiStep, CypherStep, Step

# Which part of the events the rows of a step of the snapshot are, by the step's id.
FED: Final = {"person": "people", "actor": "actors", "application": "apps", "group": "groups"}
THINGS: Final = "things"
_OPERATIONS: Final = {
    "log_list": "list",
    "log_tally": "count",
    "log_travel": "list",
    "log_without": "list",
    "log_usage": "list",
}


def fed(events: Events) -> dict[str, Selection]:
    """The parts of the events that the snapshot must tell first, by their step's id."""
    found = {}
    for part, step_id in FED.items():
        selection: Selection | None = getattr(events, part)
        if selection is not None and not isinstance(selection.where, Named):
            found[step_id] = selection
    return found


def log_steps(meaning: LogMeaning, schema: GraphSchema, sentence: str, wording: Wording, note: str) -> tuple[Step, ...]:
    """The steps of a question; the last one reads the log."""
    first = [_feeding(step_id, asked, schema, wording) for step_id, asked in _asked_first(meaning).items()]
    described = _described(meaning, schema, note)
    main = ApiStep(
        id="log",
        entity="LogEvent",
        operation=_OPERATIONS[meaning.shape],
        parameters=_json(described),
        query_context=sentence,
        reasoning="The system log tells what happened.",
        depends_on=tuple(step.id for step in first),
    )
    return (*first, main)


def _asked_first(meaning: LogMeaning) -> dict[str, Asked]:
    found = {step_id: Asked(subject=selection) for step_id, selection in fed(meaning.events).items()}
    if isinstance(meaning, LogWithout):
        found[THINGS] = Asked(subject=meaning.things)
    if isinstance(meaning, LogUsage):
        people = Counted(link=Link.OPENED_BY, target=Selection(kind=Kind.PERSON))
        found[THINGS] = Asked(mode="rank", subject=meaning.things, counted=people, limit=meaning.limit)
    return found


def _feeding(step_id: str, asked: Asked, schema: GraphSchema, wording: Wording) -> CypherStep:
    sentence = wording.sentence(asked)
    (step,) = steps(asked, main_meaning(asked), schema, sentence[0].upper() + sentence[1:], "")
    return step.model_copy(
        update={
            "id": step_id,
            "parameters": step.parameters | {"feeds": True},
            "reasoning": "The snapshot tells whose events count.",
        }
    )


def _json(described: StepMeaning) -> dict[str, JsonValue]:
    data: dict[str, JsonValue] = described.model_dump(mode="json", by_alias=True)
    return data


def _described(meaning: LogMeaning, schema: GraphSchema, note: str) -> StepMeaning:
    one, many = noun_of(meaning)
    if isinstance(meaning, LogWithout | LogUsage):
        shown, order = _of_things(meaning, schema)
    else:
        _, shown, order = columns.shown(meaning)
    return StepMeaning(meaning=meaning, columns=shown, order=order, noun=Noun(one=one, many=many), note=note)


def _of_things(
    meaning: LogWithout | LogUsage, schema: GraphSchema
) -> tuple[tuple[ShownColumn, ...], tuple[Order, ...]]:
    subject = meaning.things
    shown = tuple(column.shown for column in listed(schema, subject.kind, subject.where, ()))
    if isinstance(meaning, LogWithout):
        return shown, (Order(column=shown[0].name),)
    return (shown[0], columns.ASSIGNED, columns.OPENERS), (
        Order(column=columns.ASSIGNED.name, descending=True),
        Order(column=shown[0].name),
    )
