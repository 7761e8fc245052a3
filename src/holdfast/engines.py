"""Which engines plan, write and format: rules, or the models that the settings name."""

from __future__ import annotations

from dataclasses import dataclass

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


def engines_from(settings: Settings) -> Engines:
    """The engines that the settings choose."""
    return Engines(OfflinePlanner(), OfflineCypherWriter(), OfflineFormatter())
