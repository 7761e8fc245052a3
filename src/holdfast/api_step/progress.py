"""How far a step is that reads the tenant, for those who watch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from holdfast.events import StepProgressed

# Each event stays in the question's history for ever: one a second at first, then the further apart the longer it
# takes. A step of an hour tells of itself some three hundred times, one of six hours some four hundred.
_TELL_EVERY = timedelta(seconds=1)
_TELL_GROWTH = 1 / 60


class LiveProgress:
    """Follows one run. Nothing is told before something new was read: what a journal gives back is no news."""

    def __init__(self) -> None:
        self._snapshot: Callable[[], StepProgressed] | None = None
        self._news = 0

    def follow(self, snapshot: Callable[[], StepProgressed]) -> None:
        """From now on `snapshot` says how far it is."""
        self._snapshot = snapshot

    def something_was_read(self) -> None:
        """The tenant answered, or the program told."""
        self._news += 1

    @property
    def news(self) -> int:
        """How often something was read: what was told at the same number need not be told again."""
        return self._news

    def event(self) -> StepProgressed | None:
        """How far it is now; None where there is nothing to tell yet."""
        return self._snapshot() if self._snapshot is not None and self._news else None


def pause_before_telling(running: timedelta) -> timedelta:
    """How long a step that has run for so long keeps quiet before it tells of itself again."""
    return max(_TELL_EVERY, running * _TELL_GROWTH)


def at_epoch(seconds: float | None) -> datetime | None:
    """A moment in seconds since 1970 as a datetime."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
