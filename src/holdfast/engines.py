"""Which engines plan, write and format: rules, or the models that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.cypher_writer import CypherWriter
from holdfast.formatter import Formatter
from holdfast.offline.formatter import OfflineFormatter
from holdfast.offline.planner import OfflinePlanner
from holdfast.offline.writer import OfflineCypherWriter
from holdfast.planner import Planner
from holdfast.settings import Settings


@dataclass(frozen=True)
class Engines:
    """The engines of one worker; safe to share between tasks."""

    planner: Planner
    writer: CypherWriter
    formatter: Formatter


def engines_from(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Engines:
    """The engines that the settings choose. `clock` gives the moment that "in the last 7 days" counts from."""
    return Engines(OfflinePlanner(clock), OfflineCypherWriter(), OfflineFormatter())
