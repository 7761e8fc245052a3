"""How often something happens, as far as it can be told before: surely at least, and likely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """`least` surely happens, in a run that comes to its end; `likely` is None where nobody can tell."""

    least: int
    likely: int | None

    def __add__(self, other: Times) -> Times:
        likely = None if self.likely is None or other.likely is None else self.likely + other.likely
        return Times(self.least + other.least, likely)

    def __mul__(self, other: Times) -> Times:
        if 0 in (self.likely, other.likely):
            return NEVER
        likely = None if self.likely is None or other.likely is None else self.likely * other.likely
        return Times(self.least * other.least, likely)

    def or_else(self, other: Times) -> Times:
        """One or the other happens."""
        likely = None if self.likely is None or other.likely is None else max(self.likely, other.likely)
        return Times(min(self.least, other.least), likely)

    def maybe(self) -> Times:
        """It may happen, or not."""
        return Times(0, self.likely)

    def distinct(self) -> Times:
        """As many different ones, or fewer."""
        return Times(min(self.least, 1), self.likely)

    def at_most(self, most: int) -> Times:
        """As many, but no more than `most`."""
        return Times(min(self.least, most), most if self.likely is None else min(self.likely, most))


NEVER = Times(0, 0)
ONCE = Times(1, 1)
UNKNOWN = Times(0, None)

# For each coroutine of the interface how often it is called.
Tally = Mapping[str, Times]


def together(*tallies: Tally) -> Tally:
    """All of them happen."""
    found: dict[str, Times] = {}
    for tally in tallies:
        for name, times in tally.items():
            found[name] = found.get(name, NEVER) + times
    return found


def one_of(*tallies: Tally) -> Tally:
    """One of them happens."""
    found: dict[str, Times] = {}
    for name in {name for tally in tallies for name in tally}:
        first, *others = (tally.get(name, NEVER) for tally in tallies)
        for other in others:
            first = first.or_else(other)
        found[name] = first
    return found


def repeated(tally: Tally, times: Times) -> Tally:
    """Each of its calls so often."""
    return {name: one * times for name, one in tally.items()}


def perhaps(tally: Tally) -> Tally:
    """It may all happen, or not."""
    return {name: one.maybe() for name, one in tally.items()}
