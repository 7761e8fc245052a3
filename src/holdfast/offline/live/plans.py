"""From what was read of a question for the live tenant to a plan."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from holdfast.offline.doubt import FITS, UNKNOWN_COUNT
from holdfast.offline.live.conditions import columns_of
from holdfast.offline.live.families import Family, families, shown_column
from holdfast.offline.live.inventory_wording import inventory_sentence
from holdfast.offline.live.shapes import Inventory
from holdfast.offline.meaning import Order, ShownColumn, StepMeaning
from holdfast.plan import ApiStep, Plan

COUNT = "thing_count"
# The reason why something was not read; the formatter shows it where there is one.
UNREAD = ShownColumn(name="unread", heading="Not read")
READ_BY = "Read by the rules of the offline planner; every word of the question was understood."


def inventory_plan(meaning: Inventory, further: Sequence[str] = (), confidence: float = 1.0) -> Plan:
    """The plan of one step that lists or counts a family."""
    family = families()[meaning.family]
    sentence = inventory_sentence(meaning)
    sentence = sentence[0].upper() + sentence[1:]
    note = " ".join(filter(None, (family.note, *further)))
    columns, order = _shown(meaning, family)
    described = StepMeaning(meaning=meaning, columns=columns, order=order, noun=family.noun, note=note)
    return Plan(
        steps=(api_step("main", family.entity, described, sentence, wants_get=family.reads_people or family.single),),
        reasoning=READ_BY,
        understood_as=f"{sentence}. {note}".strip(),
        confidence=confidence,
    )


def api_step(
    step_id: str,
    entity: str,
    shown: StepMeaning,
    sentence: str,
    *,
    wants_get: bool = False,
) -> ApiStep:
    """A step that reads the live tenant; `entity` and `operation` choose its endpoints."""
    data: dict[str, JsonValue] = shown.model_dump(mode="json", by_alias=True)
    return ApiStep(
        id=step_id,
        entity=entity,
        operation="get" if wants_get else "list",
        parameters=data,
        query_context=sentence,
        reasoning="Only the tenant itself tells this.",
    )


def _shown(meaning: Inventory, family: Family) -> tuple[tuple[ShownColumn, ...], tuple[Order, ...]]:
    told = [c.name for c in family.columns if c.person or (family.of and not c.field.startswith("parent."))]
    spoken = columns_of(meaning.where) if meaning.where is not None else []
    doubtful = bool(set(spoken) & set(told))
    if meaning.counted:
        number = ShownColumn(name=COUNT, heading=family.many.capitalize(), kind="number")
        unknown = (UNKNOWN_COUNT,) if doubtful else ()
        if meaning.by is None:
            return (number, *unknown), ()
        value = shown_column(family.by_name[meaning.by])
        return (value, number, *unknown), (Order(column=COUNT, descending=True), Order(column=value.name))
    columns = [shown_column(c) for c in family.columns if c.shown or c.name in spoken]
    order: tuple[Order, ...] = tuple(meaning.order) or tuple(
        Order(column=c.name) for c in family.columns[:2] if c.kind != "list"
    )
    if doubtful:
        columns, order = [*columns, FITS], (Order(column=FITS.name, descending=True), *order)
    if told:
        columns = [*columns, UNREAD]
    return tuple(columns), order


def after(step: ApiStep, earlier: str) -> ApiStep:
    """The same step, which goes on with the rows of an earlier one."""
    return step.model_copy(update={"depends_on": (earlier,)})
