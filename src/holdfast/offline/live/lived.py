"""A question of the snapshot, asked of the live tenant: what of it is read live, and what must come from the snapshot.

Attributes of things are read from the tenant's own lists; what things have (factors, groups, applications …) is read of
each of them. Who is meant by what they belong to is known from the snapshot, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.graph.schema import GraphSchema
from holdfast.offline.columns import ID_COLUMNS, NOUNS, beside_column, column, count_column, listed, owner
from holdfast.offline.doubt import FITS, UNKNOWN_COUNT, Unread
from holdfast.offline.grammar.combining import all_of
from holdfast.offline.live.conditions import columns_of
from holdfast.offline.live.linked import links_in
from holdfast.offline.live.plans import UNREAD, after, api_step, inventory_plan
from holdfast.offline.live.shapes import Inventory, OfEach, Tested
from holdfast.offline.live.things import live_links, thing_family
from holdfast.offline.meaning import (
    AllOf,
    Asked,
    Compare,
    Condition,
    Join,
    Linked,
    Missing,
    Not,
    Order,
    Paths,
    RolePaths,
    Selection,
    ShownColumn,
    StepMeaning,
    Things,
)
from holdfast.offline.meaning.links import HOLDING, LINKS, Kind, Link
from holdfast.offline.steps import described, graph_step, main_meaning, marked
from holdfast.plan import Step

# What is read of each person to test a condition on it.
_TESTED: Final = frozenset({Link.ENROLLED})
_FROM_SNAPSHOT: Final = "Who is meant was read from the snapshot; {} were read live."


class NotLive(Exception):
    """What was asked cannot be read live; the message is why, as the end of a sentence."""


@dataclass(frozen=True)
class Lived:
    """Steps, and what a reader should know of where they read."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """How the question is put, and what a reader should know of it; `of` says any question so that it can be asked."""

    sentence: str
    note: str
    of: Callable[[Asked], str]


def lived(asked: Asked, schema: GraphSchema, unread: Unread, words: Words) -> Lived:
    """The steps that ask it live. Raises NotLive."""
    if asked.numbers is not None or asked.mode == "rank":
        raise NotLive("figures and rankings over everything are computed from the snapshot")
    if _means_open_sessions(asked.subject.where):
        raise NotLive("nothing tells who has a session open, only when each person last signed in")
    if asked.paths and not _asks_for_roles(asked):
        raise NotLive("paths of access are computed from the snapshot")
    return _Planner(asked, schema, unread, words).lived()


class _Planner:
    def __init__(self, asked: Asked, schema: GraphSchema, unread: Unread, words: Words) -> None:
        self._asked = asked
        self._schema = schema
        self._unread = unread
        self._sentence = words.sentence
        self._note = words.note
        self._words = words
        self._kind = asked.subject.kind
        self._parts = _parts(asked.subject.where)

    def lived(self) -> Lived:
        tested = [part for part in self._parts if links_in(part) & _TESTED]
        if tested and self._kind is Kind.PERSON:
            return self._tested(tested)
        linked = [part for part in self._parts if links_in(part)]
        if not linked:
            return self._listed()
        anchor = next((part for part in linked if self._is_anchor(part)), None)
        if anchor is not None and len(linked) == 1:
            return self._of_each(anchor)
        if self._asked.beside and self._asked.mode == "list":
            return self._beside_stored()
        if (roles := self._role_assignments(linked)) is not None:
            return roles
        raise NotLive(f"which {NOUNS[self._kind].many} these are is known from the snapshot only")

    def _role_assignments(self, linked: Sequence[Condition]) -> Lived | None:
        """Who holds which admin role: the tenant lists who holds any, and of each of them which."""
        asked, ways = self._asked, {Link.HOLDS: None, Link.HOLDS_DIRECTLY: "USER", Link.HOLDS_THROUGH_GROUP: "GROUP"}
        plainly = self._kind is Kind.PERSON and self._parts == list(linked) and len(linked) == 1
        held = linked[0]
        if not plainly or not isinstance(held, Linked) or held.link not in ways or asked.mode != "list":
            return None
        role, way = held.target.where, ways[held.link]
        if asked.also or asked.beside or asked.order or (held.at_least, held.at_most) != (1, None):
            return None
        if role is not None and not (isinstance(role, Compare) and role.column == "type"):
            return None
        how = Compare(column="way", values=(way,)) if way else None
        plan = inventory_plan(Inventory(family="role_assignment", where=all_of((role, how))))
        step = plan.steps[0].model_copy(update={"query_context": self._sentence})
        return Lived((step,), ("Each assignment has a row: somebody may hold a role in more than one way.",))

    def _is_anchor(self, part: Condition) -> bool:
        """Whether the things are those that something else has, which can be asked what it has."""
        plainly = isinstance(part, Linked) and (part.at_least, part.at_most) == (1, None)
        return plainly and isinstance(part, Linked) and _to(part.link) in live_links()

    def _tested(self, tested: list[Condition]) -> Lived:
        """People, of whom something is said that is read of each of them."""
        where = all_of(tested)
        assert where is not None
        if links_in(where) != _TESTED or _mixes(where):
            raise NotLive("what is said of people's factors must stand apart from what else is said of them")
        rest = all_of([part for part in self._parts if part not in tested])
        asked = self._asked
        if asked.limit is not None or [link for link in asked.beside if link is not Link.ENROLLED]:
            raise NotLive("the first of those whose factors fit, or what else they have, must be asked apart")
        people = asked.model_copy(
            update={"subject": Selection(kind=self._kind, where=rest), "mode": "list", "by": None, "beside": ()}
        )
        if asked.by is not None:
            raise NotLive("people are counted by an attribute in the snapshot")
        main = marked(main_meaning(people), self._unread)
        first = described(main, self._schema, "").model_copy(update={"feeds": True})
        shown = tuple(c for c in first.columns if c.name != FITS.name)
        carried = (*_ids(main), *(c.name for c in shown))
        meaning = Tested(
            kind=self._kind,
            where=where,
            carried=tuple(dict.fromkeys(carried)),
            counted=asked.mode == "count",
            unsure=(Link.ENROLLED,),
        )
        factors = beside_column(self._schema, Link.ENROLLED).shown.model_copy(update={"kind": "list"})
        columns = (*shown, factors, FITS, UNREAD)
        order: tuple[Order, ...] = (
            Order(column=FITS.name, descending=True),
            *(o for o in first.order if o.column != FITS.name),
        )
        if meaning.counted:
            columns, order = (count_column(self._kind), UNKNOWN_COUNT), ()
        live = StepMeaning(meaning=meaning, columns=columns, order=order, noun=NOUNS[self._kind], note=self._note)
        entity = live_links()[Link.ENROLLED].entity
        steps = (self._stored(first, people), after(api_step("live", entity, live, self._sentence), "main"))
        return Lived(steps, (_FROM_SNAPSHOT.format("their factors"),))

    def _stored(self, first: StepMeaning, asked: Asked) -> Step:
        sentence = self._words.of(asked)
        return graph_step(first, NOUNS[asked.subject.kind], f"{sentence[0].upper()}{sentence[1:]}")

    def _listed(self) -> Lived:
        """Things of which only attributes are said, from the tenant's own list; what they have beside them."""
        family = thing_family(self._kind)
        if family is None or not family.reads:
            raise NotLive(f"{NOUNS[self._kind].many} are not listed by the tenant at once")
        asked = self._asked
        order = asked.order
        self._known([*(columns_of(asked.subject.where) if asked.subject.where else ()), *asked.also])
        meaning = Inventory(
            family=self._kind.value,
            where=asked.subject.where,
            counted=asked.mode == "count",
            by=asked.by,
            order=order,
            limit=asked.limit,
        )
        first = described(marked(main_meaning(asked), Unread()), self._schema, self._note)
        live = first.model_copy(update={"meaning": meaning})
        steps = (api_step("main", family.entity, live, self._sentence), *self._beside())
        return Lived(steps, ())

    def _of_each(self, anchor: Condition) -> Lived:
        """What others have: the members of groups, the factors of people."""
        assert isinstance(anchor, Linked)
        link = _to(anchor.link)
        rest = all_of([part for part in self._parts if part is not anchor])
        asked = self._asked
        if asked.limit is not None or asked.by is not None or (asked.beside and self._kind is not Kind.PERSON):
            raise NotLive("the first of them, or how many there are of each kind, is known from the snapshot only")
        self._known([*(columns_of(rest) if rest is not None else ()), *asked.also])
        source = anchor.target.kind
        owners = Things(subject=anchor.target)
        first = described(marked(owners, self._unread), self._schema, "").model_copy(update={"feeds": True})
        mine, order = self._own_columns(rest)
        belongs = owner(self._schema, self._kind)
        carried = tuple(c.shown for c in belongs[1]) if belongs and LINKS[belongs[0]].target is source else ()
        columns = (mine[0], *carried, *mine[1:])
        counted = asked.mode == "count"
        meaning = OfEach(
            of="owners",
            link=link,
            where=rest,
            carried=tuple(c.name for c in carried if c.name in {x.name for x in first.columns}),
            once=not carried,
            counted=counted,
        )
        live = StepMeaning(
            meaning=meaning,
            columns=(count_column(self._kind),) if counted else (*columns, UNREAD),
            order=() if counted else order,
            noun=NOUNS[self._kind],
            note=self._note,
        )
        stored = self._stored(first, Asked(subject=anchor.target)).model_copy(update={"id": "owners"})
        step = after(api_step("main", live_links()[link].entity, live, self._sentence), "owners")
        owners_many, mine_many = NOUNS[source].many, NOUNS[self._kind].many
        said = f"Which {owners_many} are meant was read from the snapshot; their {mine_many} were read live."
        return Lived((stored, step, *self._beside()), (said,))

    def _beside_stored(self) -> Lived:
        """People who are known from the snapshot, with what each of them has read live."""
        main = marked(main_meaning(self._asked), self._unread)
        alone = self._asked.model_copy(update={"beside": ()})
        stored = self._stored(described(main, self._schema, self._note), alone)
        told = " and ".join(NOUNS[LINKS[link].target].many for link in self._asked.beside)
        return Lived((stored, *self._beside()), (_FROM_SNAPSHOT.format(f"their {told}"),))

    def _beside(self) -> Iterator[Step]:
        for link in self._asked.beside:
            if link not in live_links():
                raise NotLive(f"the {NOUNS[LINKS[link].target].many} of each of them cannot be read live")
            shown = beside_column(self._schema, link).shown
            described_live = StepMeaning(
                meaning=OfEach(link=link),
                columns=(shown,),
                order=(Order(column=shown.name),),
                join=Join(on=ID_COLUMNS[self._kind]),
                noun=NOUNS[LINKS[link].target],
            )
            sentence = f"For each of these {NOUNS[self._kind].many}: their {shown.heading.lower()}, read live"
            yield after(api_step(link.value, live_links()[link].entity, described_live, sentence), "main")

    def _own_columns(self, where: Condition | None) -> tuple[tuple[ShownColumn, ...], tuple[Order, ...]]:
        columns = tuple(c.shown for c in listed(self._schema, self._kind, where, self._asked.also))
        asked = [
            key.model_copy(update={"column": column(self._schema, self._kind, key.column).shown.name})
            for key in self._asked.order
        ]
        return columns, (*asked, Order(column=columns[0].name))

    def _known(self, names: Sequence[str]) -> None:
        """Raises NotLive for a column that the tenant's record is not known to have."""
        family = thing_family(self._kind)
        known = {c.said for c in family.columns} if family else set()
        if strange := [name for name in names if name not in known]:
            said = strange[0].removeprefix("custom_").replace("_", " ")
            raise NotLive(f"rules read {said} of {NOUNS[self._kind].many} from the snapshot only")


def _parts(where: Condition | None) -> list[Condition]:
    if where is None:
        return []
    return list(where.conditions) if isinstance(where, AllOf) else [where]


def _to(link: Link) -> Link:
    """The link by which the other end tells of it."""
    return LINKS[link].inverse


def _means_open_sessions(where: Condition | None) -> bool:
    """ "Who is logged in right now" does not ask who ever was."""
    return Not(condition=Missing(column="last_login")) in _parts(where)


def _asks_for_roles(asked: Asked) -> bool:
    """ "Who has which admin role and how": each assignment says how by itself."""
    return asked.subject.kind is Kind.PERSON and links_in_all(asked.subject.where) <= HOLDING


def links_in_all(where: Condition | None) -> frozenset[Link]:
    """The links of a condition that may be none."""
    return links_in(where) if where is not None else frozenset()


def _mixes(condition: Condition) -> bool:
    """Whether it speaks of something else than links."""
    return bool(columns_of(condition))


def _ids(main: object) -> tuple[str, ...]:
    match main:
        case Paths():
            return (ID_COLUMNS[Kind.PERSON], ID_COLUMNS[Kind.APPLICATION])
        case RolePaths():
            return (ID_COLUMNS[Kind.PERSON], ID_COLUMNS[Kind.ROLE])
        case _:
            return (ID_COLUMNS[Kind.PERSON],)
