"""Requests of live steps, as the workflow makes them, for tests of their programs."""

from __future__ import annotations

from holdfast.answer import ArtifactRef, Column, Generated, SnapshotRef
from holdfast.contracts import EarlierStep, StepRequest
from holdfast.plan import Step
from tests.unit.offline_tenant import NOW

_EMPTY = ArtifactRef(key="k", row_count=3, size_bytes=1, columns=())


def request_of(step: Step, *earlier: tuple[Step, tuple[str, ...]]) -> StepRequest:
    """A step with those before it, each with the names of its columns."""
    return StepRequest(
        correlation_id="q1",
        question="asked",
        snapshot=SnapshotRef(id="1", synced_at=NOW),
        step=step,
        earlier=tuple(
            EarlierStep(
                step=before,
                generated=Generated(language="cypher", text="", author="offline"),
                rows=_EMPTY.model_copy(update={"columns": tuple(Column(name=n, dtype="String") for n in columns)}),
                samples=(),
            )
            for before, columns in earlier
        ),
    )
