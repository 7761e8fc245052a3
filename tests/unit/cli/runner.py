"""The commands as somebody types them, without a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from typer.testing import CliRunner, Result

from holdfast.answer import ArtifactRef, Column, Effort, FormattedAnswer, Header
from holdfast.artifacts import ArtifactStore
from holdfast.plan import CypherStep, Plan
from starter.cli import app

PLAN = Plan(
    steps=(CypherStep(id="people", entity="user", operation="list", query_context="active people"),),
    reasoning="One look.",
    understood_as="people who are active",
    confidence=0.5,
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def table(data_dir: Path, names: Sequence[str]) -> FormattedAnswer:
    frame = pl.DataFrame({"name": names, "hidden": [1] * len(names)})
    rows: ArtifactRef = ArtifactStore(data_dir / "artifacts").write("q-1/table", frame)
    assert rows.columns[0] == Column(name="name", dtype="String")
    return FormattedAnswer(
        display_type="table",
        headers=(Header(text="Full name", value="name"),),
        rows=rows,
        summary=f"{len(names)} people.",
        total_items=len(names),
        processing_method="offline",
        effort=Effort(seconds=0.1, peak_memory_bytes=1),
    )
