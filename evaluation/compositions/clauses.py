"""What follows a noun in a question, and of which things it is true: phrases, and clauses put together from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from evaluation.records import Records

# In place of the one thing of a phrase that says what can be opened: there may be several.
SEVERAL = "several"

# Whether it is true of the thing with this id; None where the tenant did not tell.
Fits = Callable[[str], bool | None]


@dataclass(frozen=True)
class Phrase:
    """ "In the Sales department": its words, its opposite's, and of what it is true."""

    said: str
    denied: str
    fits: Fits
    # What can follow "are neither", "nor", "but not".
    bare: str = ""
    # Whether it holds a clause of its own, so that nothing can follow it.
    is_last: bool = False
    # The one application that can be opened, or the one person who can open it: the answer has the paths, unless
    # something else is said of opening too.
    opens: str | None = None


Maker = Callable[[Random, Records], Phrase]


@dataclass(frozen=True)
class Clause:
    """Phrases put together. `simpler` are clauses that say less: what to try when this one is misunderstood."""

    words: str
    fits: Fits
    opens: str | None = None
    simpler: tuple[Clause, ...] = field(default=(), repr=False)


NOTHING_SAID = Clause("", lambda _: True)


def all_of(values: Sequence[bool | None]) -> bool | None:
    """Whether all are true; unknown where that hangs on an unknown one."""
    return False if False in values else None if None in values else True


def any_of(values: Sequence[bool | None]) -> bool | None:
    """Whether one is true; unknown where that hangs on an unknown one."""
    return True if True in values else None if None in values else False


def opposite(value: bool | None) -> bool | None:
    """Unknown stays unknown."""
    return None if value is None else not value


def said(phrase: Phrase) -> Clause:
    """The phrase as it is."""
    return Clause(phrase.said, phrase.fits, phrase.opens)


def denied(phrase: Phrase) -> Clause:
    """Its opposite."""
    return Clause(phrase.denied, lambda thing: opposite(phrase.fits(thing)), None, (said(phrase),))


def both(*parts: Clause) -> Clause:
    """ "A and B and C". One application or person among them: the paths are the answer."""
    opens = [part.opens for part in parts if part.opens is not None]
    return Clause(
        " and ".join(part.words for part in parts),
        lambda thing: all_of([part.fits(thing) for part in parts]),
        opens[0] if len(opens) == 1 else None,
        parts if len(parts) == 2 else (*parts, *(both(*(p for p in parts if p is not part)) for part in parts)),
    )


def either(*parts: Clause) -> Clause:
    """ "A or B"."""
    return Clause(
        " or ".join(part.words for part in parts),
        lambda thing: any_of([part.fits(thing) for part in parts]),
        None,
        parts,
    )


def in_parentheses(clause: Clause) -> Clause:
    """ "(A or B)", as it stands beside another clause."""
    return Clause(f"({clause.words})", clause.fits, None, (clause,))


def but_not(clause: Clause, phrase: Phrase) -> Clause:
    """ "A but not B"."""
    return Clause(
        f"{clause.words} but not {phrase.bare}",
        lambda thing: all_of([clause.fits(thing), opposite(phrase.fits(thing))]),
        clause.opens,
        (clause, denied(phrase)),
    )


def neither(one: Phrase, other: Phrase) -> Clause:
    """ "Who are neither A nor B"."""
    return Clause(
        f"who are neither {one.bare} nor {other.bare}",
        lambda thing: all_of([opposite(one.fits(thing)), opposite(other.fits(thing))]),
        None,
        (denied(one), denied(other)),
    )


def excepting(clause: Clause, noun: str, fits: Fits) -> Clause:
    """ "A except contractors"."""
    return Clause(
        f"{clause.words} except {noun}".strip(),
        lambda thing: all_of([clause.fits(thing), opposite(fits(thing))]),
        clause.opens,
        (clause,),
    )
