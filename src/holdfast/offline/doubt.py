"""Those of whom it is unknown whether they are asked for: the tenant did not tell what the question hangs on.

"Who has no factor" cannot be said of somebody whose factors could not be read. They are listed, marked unknown, where
the question hangs on a read that failed for that very thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from holdfast.graph.manifest import UnknownRead
from holdfast.offline.columns import NOUNS
from holdfast.offline.meaning import (
    AllOf,
    AnyOf,
    Condition,
    Inventory,
    Linked,
    Meaning,
    Not,
    Only,
    Pairs,
    Paths,
    RolePaths,
    Selection,
    ShownColumn,
    Tally,
    Tested,
    Things,
)
from holdfast.offline.meaning.links import LINKS, Link

# Links that a tenant tells of each thing by itself: what the manifest calls them, and what a reader does.
_TOLD_OF_EACH: Final = {
    Link.ENROLLED: ("User", "ENROLLED", "factors"),
    Link.HOLDS: ("User", "HAS_ROLE", "admin roles"),
    Link.HOLDS_DIRECTLY: ("User", "HAS_ROLE", "admin roles"),
    Link.OWNED_BY: ("Device", "OWNS", "owners"),
    Link.MANAGED_FOR: ("Device", "OWNS", "owners"),
    Link.UNMANAGED_FOR: ("Device", "OWNS", "owners"),
}
YES: Final = "yes"
UNKNOWN: Final = "unknown"
FITS: Final = ShownColumn(name="fits", heading="Fits")
UNKNOWN_COUNT: Final = ShownColumn(name="unknown_count", heading="Unknown", kind="number")


class Unread:
    """What a snapshot could not read of single things."""

    def __init__(self, unknown: Iterable[UnknownRead] = ()) -> None:
        # Link → how many things it could not be read of; None: of none of them.
        self._numbers: dict[Link, int | None] = {}
        for read in unknown:
            for link, (label, relation, _) in _TOLD_OF_EACH.items():
                if (read.label, read.relation) == (label, relation):
                    known = self._numbers.get(link, 0)
                    self._numbers[link] = None if read.subject_id is None or known is None else known + 1

    def unsure(self, where: Condition | None) -> tuple[Link, ...]:
        """The links that the condition hangs on and that could not be read of everything, each once."""
        found = dict.fromkeys(hinges(where)) if where is not None else {}
        return tuple(link for link in found if link in self._numbers)

    def note(self, links: Sequence[Link], *, counted: bool) -> str:
        """What a reader of the rows must know of them."""
        kind = LINKS[links[0]].source
        parts = []
        for link in links:
            number = self._numbers[link]
            of = (
                f"any {NOUNS[kind].one}"
                if number is None
                else f"{number:,} {NOUNS[kind].one if number == 1 else NOUNS[kind].many}"
            )
            parts.append(f"{words([link])} of {of}")
        shown = "counted apart" if counted else f'listed last, marked "{UNKNOWN}"'
        said = " and the ".join(parts)
        return f"The {said} could not be read; those of them who may be meant are {shown}."


def hinges(condition: Condition) -> Iterator[Link]:
    """Links told of each thing by itself that the condition speaks of."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            for part in parts:
                yield from hinges(part)
        case Not(condition=inner):
            yield from hinges(inner)
        case Linked(link=link) | Only(link=link):
            if link in _TOLD_OF_EACH:
                yield link
        case _:
            return


def words(links: Sequence[Link]) -> str:
    """ "Factors", "factors or admin roles"."""
    return " or ".join(_TOLD_OF_EACH[link][2] for link in links)


def subject_of(meaning: Things | Paths | RolePaths | Pairs | Tally) -> Selection:
    """The things whose fitting the rows are about."""
    return meaning.people if isinstance(meaning, Paths | RolePaths) else meaning.subject


def unsure_of(meaning: Meaning) -> tuple[Link, ...]:
    """The links of which the rows tell who is unknown."""
    told = Things | Paths | RolePaths | Pairs | Tally | Tested
    return meaning.unsure if isinstance(meaning, told) else ()


def doubtful(meaning: Meaning) -> str:
    """What was not read of those of whom it is unknown whether they are meant, in words: "factors"."""
    return "details" if isinstance(meaning, Inventory) else words(unsure_of(meaning))


def counts(meaning: Meaning) -> bool:
    """Whether the rows are numbers of things, in all or for each value."""
    return isinstance(meaning, Tally) or (isinstance(meaning, Inventory) and meaning.counted)
