"""Counts and percentages of what is read live, by what the rows of earlier steps say: the last step is SQL.

The figures mean what those of the snapshot mean: of whom it is unknown is counted apart, and a percentage is of the
others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from holdfast.graph.schema import GraphSchema
from holdfast.offline.columns import ID_COLUMNS, NOUNS, beside_column, column, count_column
from holdfast.offline.doubt import FITS, UNKNOWN, UNKNOWN_COUNT, YES, Unread
from holdfast.offline.doubt import words as said
from holdfast.offline.grammar.combining import all_of
from holdfast.offline.live.conditions import columns_of
from holdfast.offline.live.linked import links_in
from holdfast.offline.live.lived import Lived, NotLive, Words
from holdfast.offline.live.plans import UNREAD, after, api_step
from holdfast.offline.live.shapes import Inventory, OfEach, Tested
from holdfast.offline.live.things import live_links, thing_family
from holdfast.offline.meaning import (
    AllOf,
    Asked,
    Breakdown,
    Condition,
    Linked,
    Meaning,
    Selection,
    ShownColumn,
    StepMeaning,
    Tally,
    Things,
)
from holdfast.offline.meaning.links import LINKS, Kind, Link
from holdfast.offline.number_columns import MATCHING, PERCENT, shown_of
from holdfast.offline.number_columns import UNKNOWN as NUMBER_UNKNOWN
from holdfast.offline.queries.numbers import measure_of
from holdfast.offline.sql_shapes import Filter, Match, Measure, Sorted, SqlMeaning, Taken
from holdfast.offline.steps import described, graph_step, main_meaning, marked
from holdfast.plan import SqlStep, Step

# What is read of each person to test a condition on it.
_FACTORS: Final = frozenset({Link.ENROLLED})
_PERSON: Final = ID_COLUMNS[Kind.PERSON]
_FROM_SNAPSHOT: Final = "Who is meant, and by what they are counted, was read from the snapshot; their factors live."


def counted_live(asked: Asked, schema: GraphSchema, unread: Unread, words: Words) -> Lived | None:
    """The steps that count it; None where it asks for no such numbers. Raises NotLive."""
    planner = _Planner(asked, schema, unread, words)
    match asked.numbers:
        case Breakdown() as numbers:
            return planner.breakdown(numbers)
        case None if asked.mode == "count" and asked.by is not None:
            return planner.tally(asked.by)
        case _:
            return None


@dataclass(frozen=True)
class _Planner:
    asked: Asked
    schema: GraphSchema
    unread: Unread
    words: Words

    def breakdown(self, numbers: Breakdown) -> Lived | None:
        """How many by attributes, and what part of them."""
        if numbers.ties or (numbers.at_least, numbers.at_most) != (None, None) or self._counts_items(numbers.by):
            return None
        if numbers.matching is None:
            return self._of_attributes(numbers)
        if not _is_of_factors(numbers.matching) or _speaks_of_factors(numbers.subject.where):
            return None
        return self._coverage(numbers, numbers.matching)

    def tally(self, by: str) -> Lived | None:
        """How many there are for each value of one attribute."""
        subject = self.asked.subject
        if subject.kind is not Kind.PERSON:
            return self._of_owners(by)
        if not _speaks_of_factors(subject.where) or self._counts_items((by,)):
            return None
        tested = [part for part in _parts(subject.where) if links_in(part) & _FACTORS]
        where = all_of(tested)
        if where is None or not _is_of_factors(where):
            raise NotLive("what is said of people's factors must stand apart from what else is said of them")
        return self._those_by(by, where, all_of([part for part in _parts(subject.where) if part not in tested]))

    # --- people by what is read of each of them -------------------------------------------------------------------

    def _coverage(self, numbers: Breakdown, matching: Condition) -> Lived:
        """Of how many of the people something holds: those of the snapshot, beside those of whom it was read."""
        main = main_meaning(Asked(subject=numbers.subject, also=numbers.by))
        fits = Taken(column=FITS.name, name=FITS.name)
        match = Match(step="live", ours=_PERSON, theirs=_PERSON, way="beside", take=(fits,))
        number = count_column(Kind.PERSON).name
        measures = [
            Measure(name=number, figure="count"),
            Measure(name=MATCHING, figure="count_of", column=FITS.name, value=YES),
            Measure(name=NUMBER_UNKNOWN, figure="count_of", column=FITS.name, value=UNKNOWN),
        ]
        if numbers.percent:
            measures.append(Measure(name=PERCENT, figure="share_of", column=FITS.name, value=YES, unknown=UNKNOWN))
        meaning = self._counting(numbers, "main", measures).model_copy(update={"matches": (match,)})
        steps = (
            self._people(main, Asked(subject=numbers.subject, also=numbers.by)),
            self._tested(matching, (_PERSON,), ()),
            self._counted(meaning, numbers, ("main", "live")),
        )
        unsure = self.unread.unsure(numbers.subject.where)
        left_out = (f"Those whose {said(unsure)} could not be read are left out.",) if unsure else ()
        return Lived(steps, (*left_out, _FROM_SNAPSHOT))

    def _those_by(self, by: str, where: Condition, rest: Condition | None) -> Lived:
        """How many people there are of whom something holds, and of how many that is unknown."""
        people = Asked(subject=Selection(kind=Kind.PERSON, where=rest), also=(by,))
        value = column(self.schema, Kind.PERSON, by).shown
        number = count_column(Kind.PERSON)
        meaning = SqlMeaning(
            step="live",
            by=(value.name,),
            measures=(
                Measure(name=number.name, figure="count_of", column=FITS.name, value=YES),
                Measure(name=UNKNOWN_COUNT.name, figure="count_of", column=FITS.name, value=UNKNOWN),
            ),
            order=(Sorted(column=number.name, descending=True),),
        )
        like = Tally(subject=self.asked.subject, by=by, unsure=(Link.ENROLLED,))
        main = marked(main_meaning(people), self.unread)
        carried = dict.fromkeys((_PERSON, value.name))
        steps = (
            self._people(main, people),
            self._tested(where, tuple(carried), (value,)),
            self._counted(meaning, like, ("live",)),
        )
        return Lived(steps, (_FROM_SNAPSHOT,))

    def _people(self, main: Meaning, asked: Asked) -> Step:
        assert isinstance(main, Things)
        shown = described(main, self.schema, "").model_copy(update={"feeds": True})
        sentence = self.words.of(asked)
        return graph_step(shown, NOUNS[asked.subject.kind], f"{sentence[0].upper()}{sentence[1:]}")

    def _tested(self, where: Condition, carried: tuple[str, ...], shown: tuple[ShownColumn, ...]) -> Step:
        factors = beside_column(self.schema, Link.ENROLLED).shown.model_copy(update={"kind": "list"})
        meaning = Tested(kind=Kind.PERSON, where=where, carried=carried, unsure=(Link.ENROLLED,))
        described_live = StepMeaning(
            meaning=meaning,
            columns=(*shown, factors, FITS, UNREAD),
            order=(),
            noun=NOUNS[Kind.PERSON],
            feeds=True,
        )
        sentence = "Which of these people it holds of, by the factors that each of them has now"
        return after(api_step("live", live_links()[Link.ENROLLED].entity, described_live, sentence), "main")

    # --- things by their own attributes ---------------------------------------------------------------------------

    def _of_attributes(self, numbers: Breakdown) -> Lived | None:
        """Things of which only attributes are said, from the tenant's own list."""
        kind, where = numbers.subject.kind, numbers.subject.where
        family = thing_family(kind)
        if family is None or not family.reads or not numbers.by or (where is not None and links_in(where)):
            return None
        if numbers.percent and numbers.limit is not None:
            # The whole is everything, also what has no value.
            return None
        if {*numbers.by, *(columns_of(where) if where is not None else ())} - {c.said for c in family.columns}:
            return None
        columns = tuple(column(self.schema, kind, name).shown for name in numbers.by)
        listed = StepMeaning(
            meaning=Inventory(family=kind.value, where=where),
            columns=columns,
            order=(),
            noun=NOUNS[kind],
            feeds=True,
        )
        measures = [Measure(name=count_column(kind).name, figure="count")]
        if numbers.percent:
            measures.append(Measure(name=PERCENT, figure="percent"))
        sentence = f"{self.words.of(Asked(subject=numbers.subject, also=numbers.by))} right now"
        read = api_step("main", family.entity, listed, f"{sentence[0].upper()}{sentence[1:]}")
        return Lived((read, self._counted(self._counting(numbers, "main", measures), numbers, ("main",))), ())

    # --- what others have -----------------------------------------------------------------------------------------

    def _of_owners(self, by: str) -> Lived | None:
        """Things that others have, by one of their own attributes: factors of people by type."""
        kind = self.asked.subject.kind
        parts = _parts(self.asked.subject.where)
        linked = [part for part in parts if links_in(part)]
        family = thing_family(kind)
        if len(linked) != 1 or family is None or not isinstance(linked[0], Linked):
            return None
        anchor, rest = linked[0], all_of([part for part in parts if part is not linked[0]])
        link = LINKS[anchor.link].inverse
        if link not in live_links() or (anchor.at_least, anchor.at_most) != (1, None):
            return None
        known = {c.said: c for c in family.columns}
        spoken = (by, *(columns_of(rest) if rest is not None else ()))
        if set(spoken) - set(known) or known[by].kind == "list":
            return None
        value, number = column(self.schema, kind, by).shown, count_column(kind)
        read = StepMeaning(
            meaning=OfEach(of="owners", link=link, where=rest, once=True),
            columns=(value, UNREAD),
            order=(),
            noun=NOUNS[kind],
            feeds=True,
        )
        owners = Asked(subject=anchor.target)
        sentence = f"Which {NOUNS[kind].many} these {NOUNS[anchor.target.kind].many} have now"
        meaning = SqlMeaning(
            step="live",
            # A row that only says that something could not be read is no thing; the step says so itself.
            filters=(Filter(column=UNREAD.name, test="empty"),),
            by=(value.name,),
            measures=(Measure(name=number.name, figure="count"),),
            order=(Sorted(column=number.name, descending=True),),
        )
        steps = (
            self._people(marked(main_meaning(owners), self.unread), owners).model_copy(update={"id": "owners"}),
            after(api_step("live", live_links()[link].entity, read, sentence), "owners"),
            self._counted(meaning, Tally(subject=self.asked.subject, by=by), ("live",)),
        )
        told = f"Which {NOUNS[anchor.target.kind].many} are meant was read from the snapshot; their {NOUNS[kind].many}"
        return Lived(steps, (f"{told} were read live.",))

    # --- the last step --------------------------------------------------------------------------------------------

    def _counting(self, numbers: Breakdown, step: str, measures: Sequence[Measure]) -> SqlMeaning:
        names = [column(self.schema, numbers.subject.kind, by).shown.name for by in numbers.by]
        # The first of them are of things that have a value.
        some = [Filter(column=name, test="filled") for name in names] if numbers.limit else []
        return SqlMeaning(
            step=step,
            filters=tuple(some),
            by=tuple(names),
            measures=tuple(measures),
            order=(Sorted(column=measure_of(numbers), descending=not numbers.lowest_first),),
            limit=numbers.limit,
        )

    def _counted(self, meaning: SqlMeaning, like: Breakdown | Tally, earlier: tuple[str, ...]) -> SqlStep:
        kind = like.subject.kind
        if isinstance(like, Breakdown):
            columns, order, noun = shown_of(like, self.schema)
        else:
            shown = described(like, self.schema, "")
            columns, order, noun = shown.columns, shown.order, shown.noun
        return sql_step(
            StepMeaning(meaning=meaning, like=like, columns=columns, order=order, noun=noun, note=self.words.note),
            NOUNS[kind].many,
            self.words.sentence,
            earlier,
        )

    def _counts_items(self, by: Sequence[str]) -> bool:
        """Whether somebody may be counted for several values."""
        return any(column(self.schema, self.asked.subject.kind, name).shown.kind == "list" for name in by)


def sql_step(shown: StepMeaning, things: str, sentence: str, earlier: tuple[str, ...]) -> SqlStep:
    """The last step of a plan, which counts the rows of earlier ones."""
    data: dict[str, JsonValue] = shown.model_dump(mode="json", by_alias=True)
    return SqlStep(
        id="counted",
        entity=things,
        operation="count",
        parameters=data,
        query_context=sentence,
        reasoning="Counts what was found.",
        depends_on=earlier,
    )


def _is_of_factors(condition: Condition) -> bool:
    """Whether it is said of what people's factors are, and of nothing else."""
    return links_in(condition) == _FACTORS and not columns_of(condition)


def _speaks_of_factors(condition: Condition | None) -> bool:
    return condition is not None and bool(links_in(condition) & _FACTORS)


def _parts(where: Condition | None) -> list[Condition]:
    if where is None:
        return []
    return list(where.conditions) if isinstance(where, AllOf) else [where]
