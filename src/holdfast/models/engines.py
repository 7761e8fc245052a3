"""The model-backed engines, put together as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from holdfast.artifacts import ArtifactStore
from holdfast.engines import Engines
from holdfast.graph.snapshots import SnapshotStore
from holdfast.models.calls import ModelCalls
from holdfast.models.cypher_writer import ModelCypherWriter, WriterWithoutRows
from holdfast.models.fallback import FormatterWithFallback, PlannerWithFallback, ProgramWriterByStep, WriterByStep
from holdfast.models.formatter import ModelFormatter
from holdfast.models.near_words import TenantLexicon
from holdfast.models.planner import ModelPlanner
from holdfast.models.program_writer import ModelProgramWriter, ProgramWriterWithoutRows
from holdfast.models.sql_writer import ModelSqlWriter, SqlWriterByStep, SqlWriterWithoutRows
from holdfast.offline.formatter import OfflineFormatter
from holdfast.offline.live.writer import OfflineProgramWriter
from holdfast.offline.planner import OfflinePlanner
from holdfast.offline.sql import OfflineSqlWriter
from holdfast.offline.writer import OfflineCypherWriter
from holdfast.prompts import PromptLibrary
from holdfast.settings import Settings


def engines_with_models(settings: Settings, clock: Callable[[], datetime]) -> Engines:
    """Engines that ask models, with the fallback to rules where the settings want it. Raises SettingsError."""
    send_rows = settings.models.send_rows
    calls, lexicon = ModelCalls(settings.models, PromptLibrary()), TenantLexicon(people=send_rows)
    snapshots = SnapshotStore(settings.data_dir / "graph")
    artifacts = ArtifactStore(settings.data_dir / "artifacts")
    writer = ModelCypherWriter(calls, lexicon, snapshots, clock)
    programs = ModelProgramWriter(calls, lexicon, snapshots, clock)
    sql = ModelSqlWriter(calls, clock)
    engines = Engines(
        ModelPlanner(calls, settings.models, lexicon, clock),
        WriterByStep(writer if send_rows else WriterWithoutRows(writer), OfflineCypherWriter()),
        ProgramWriterByStep(programs if send_rows else ProgramWriterWithoutRows(programs), OfflineProgramWriter()),
        SqlWriterByStep(sql if send_rows else SqlWriterWithoutRows(sql), OfflineSqlWriter()),
        ModelFormatter(calls, artifacts, settings.presentation, send_rows=send_rows),
        calls,
    )
    if not settings.models.fallback_to_offline:
        return engines
    return replace(
        engines,
        planner=PlannerWithFallback(engines.planner, OfflinePlanner(clock)),
        formatter=FormatterWithFallback(engines.formatter, OfflineFormatter()),
    )
