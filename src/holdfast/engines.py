"""Which engines plan, write and format: rules, or the models that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from holdfast.cypher_writer import CypherWriter
from holdfast.formatter import Formatter
from holdfast.offline.formatter import OfflineFormatter
from holdfast.offline.live.writer import OfflineProgramWriter
from holdfast.offline.planner import OfflinePlanner
from holdfast.offline.sql import OfflineSqlWriter
from holdfast.offline.writer import OfflineCypherWriter
from holdfast.planner import Planner
from holdfast.program_writer import ProgramWriter
from holdfast.settings import Settings
from holdfast.sql_writer import SqlWriter

if TYPE_CHECKING:
    from holdfast.models.calls import ModelCalls


@dataclass(frozen=True)
class Engines:
    """The engines of one worker; safe to share between tasks. `close` them when nothing is asked any more."""

    planner: Planner
    writer: CypherWriter
    programs: ProgramWriter
    sql: SqlWriter
    formatter: Formatter
    calls: ModelCalls | None = None

    async def close(self) -> None:
        """Close the connections to models, where there are any."""
        if self.calls is not None:
            await self.calls.close()


def engines_from(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Engines:
    """The engines that the settings choose. `clock` gives the moment that "in the last 7 days" counts from.

    Raises SettingsError where the settings of models cannot be used.
    """
    if settings.models.for_reasoning:
        # Providers' libraries take seconds to import; who answers by rules does not wait for them.
        from holdfast.models.engines import engines_with_models

        return engines_with_models(settings, clock)
    return Engines(
        OfflinePlanner(clock), OfflineCypherWriter(), OfflineProgramWriter(), OfflineSqlWriter(), OfflineFormatter()
    )
