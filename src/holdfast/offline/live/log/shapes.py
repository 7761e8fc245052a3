"""What a step asks of the system log. Part of `holdfast.offline.meaning`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from holdfast.offline.meaning.selection import Value


class LogEvents(Value):
    """The events of a window of time; without an end, until the step runs."""

    shape: Literal["log_events"] = "log_events"
    since: datetime
    until: datetime | None = None


LogMeaning = LogEvents
