"""Which engines the settings choose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.engines import Engines, engines_from
from holdfast.models.fallback import FormatterWithFallback, PlannerWithFallback, WriterByStep
from holdfast.models.formatter import ModelFormatter
from holdfast.models.planner import ModelPlanner
from holdfast.offline.formatter import OfflineFormatter
from holdfast.offline.planner import OfflinePlanner
from holdfast.offline.writer import OfflineCypherWriter
from holdfast.settings import ModelSettings, load_settings


def engines(data_dir: Path, **models: object) -> Engines:
    settings = load_settings(data_dir=data_dir)
    return engines_from(settings.model_copy(update={"models": ModelSettings.model_validate(models)}))


async def test_no_model_means_rules_and_nothing_to_close(tmp_path: Path) -> None:
    chosen = engines(tmp_path)
    kinds = [type(engine) for engine in (chosen.planner, chosen.writer, chosen.formatter)]
    assert kinds == [OfflinePlanner, OfflineCypherWriter, OfflineFormatter]
    await chosen.close()


@pytest.mark.parametrize("fallback", [False, True])
async def test_a_named_model_is_asked_and_rules_follow_it_where_the_settings_say_so(
    fallback: bool, tmp_path: Path
) -> None:
    chosen = engines(tmp_path, default="local:qwen3", local_url="http://127.0.0.1:9/v1", fallback_to_offline=fallback)
    kinds = [type(engine) for engine in (chosen.planner, chosen.writer, chosen.formatter)]
    if fallback:
        assert kinds == [PlannerWithFallback, WriterByStep, FormatterWithFallback]
    else:
        assert kinds == [ModelPlanner, WriterByStep, ModelFormatter]
    await chosen.close()


def test_who_answers_by_rules_does_not_wait_for_the_libraries_of_providers() -> None:
    seen = "import sys, holdfast.engines; sys.exit('pydantic_ai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", seen], env={"PYTHONPATH": "src"}, timeout=60, check=False)
    assert done.returncode == 0
