"""Lists that change while they are read: at some ends of pages, the last thing moves to the next page.

Between two reads of a page something is given back and something else is taken away, as in a tenant where people work
on. Nothing is ever missing from all the pages together; what was on one page may be on the next as well.
"""

from __future__ import annotations

from collections import Counter
from random import Random


class Shifts:
    """Decides by `seed` for a `share` of all ends of pages; keeps count of how often each page was read."""

    def __init__(self, seed: int = 0, share: float = 0.0) -> None:
        self._seed = seed
        self._share = share
        self._reads: Counter[str] = Counter()

    def moves(self, path: str, last: str) -> bool:
        """Whether `last`, the end of a page of the list at `path`, is on the page after it as well."""
        return self._share > 0 and Random(f"{self._seed}/{path}/{last}").random() < self._share

    def holds_back(self, address: str) -> bool:
        """Whether this read of the page at `address` leaves out its last: the first one does, the second does not."""
        self._reads[address] += 1
        return self._reads[address] % 2 == 1


# A tenant in which nobody works while somebody reads.
STILL = Shifts()
