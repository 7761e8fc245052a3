"""One state of the system log, to be read by place, by window and by filter."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from holdfast.demo.log.columns import Columns
from holdfast.demo.log.events import EventMaker
from holdfast.demo.log.happenings import Happening
from holdfast.demo.log.search import filtered, mentioning
from holdfast.demo.records import Record

# A page of a filtered read comes after the page before it, of the same filter.
_KEPT_CHOICES = 8


class SystemLog:
    """Events in the order of their moments. Nothing in it changes; `moved_on` gives a longer one."""

    def __init__(self, columns: Columns, seed: int) -> None:
        self.columns = columns
        self._seed = seed
        self._maker = EventMaker(columns, seed)
        self._choices: dict[tuple[str, tuple[str, ...]], bytes] = {}

    def __len__(self) -> int:
        return len(self.columns)

    def event(self, row: int) -> Record:
        """The event at that place, as Okta gives it."""
        return self._maker.event(row)

    def events(self) -> Iterator[Record]:
        """All events, oldest first, each made when it is reached."""
        return map(self._maker.event, range(len(self.columns)))

    def moved_on(self, happenings: Iterable[Happening]) -> SystemLog:
        """This log with more in it."""
        return SystemLog(self.columns.extended(happenings), self._seed)

    def row_after(self, when: int, number: int) -> int:
        """The first row after the event of that moment and number, which need not be there."""
        columns = self.columns
        first, last = bisect_left(columns.whens, when), bisect_right(columns.whens, when)
        return bisect_right(columns.numbers, number, first, last)

    def chosen(self, expression: str, words: tuple[str, ...]) -> bytes | None:
        """A byte an event, 1 for those that the filter and all words choose; None: every one. ApiError E0000031."""
        if not expression and not words:
            return None
        key = (expression, words)
        if key not in self._choices:
            while len(self._choices) >= _KEPT_CHOICES:
                del self._choices[next(iter(self._choices))]
            self._choices[key] = self._choose(expression, words)
        return self._choices[key]

    def _choose(self, expression: str, words: tuple[str, ...]) -> bytes:
        mask = mentioning(self.columns, words)
        if expression:
            mask &= filtered(self.columns, self._seed, expression)
        return mask.to_bytes(len(self.columns), "little")
