"""What `load` gives a program: the rows of the steps before it, and of no others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import orjson

from holdfast.answer import ArtifactRef
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import EarlierStep
from holdfast.errors import ProgramFailed, ProgramOverLimit
from holdfast.records import json_records

_SLICE = 10_000


class EarlierRows:
    """The rows of earlier steps as JSON text."""

    def __init__(self, artifacts: ArtifactStore, earlier: Sequence[EarlierStep], most_bytes: int) -> None:
        self._artifacts = artifacts
        self._rows: Mapping[str, ArtifactRef] = {one.step.id: one.rows for one in earlier}
        self._most_bytes = most_bytes

    async def load(self, step_id: str) -> bytes:
        """A JSON list of records. Raises ProgramFailed for another step, ProgramOverLimit, ArtifactMissing."""
        ref = self._rows.get(step_id)
        if ref is None:
            there = ", ".join(self._rows) or "none"
            raise ProgramFailed(f"load({step_id!r}): this step does not build on that one; it builds on: {there}.")
        return await asyncio.to_thread(self._json, ref, step_id)

    def _json(self, ref: ArtifactRef, step_id: str) -> bytes:
        parts: list[bytes] = []
        size = 0
        for some in self._artifacts.scan(ref).collect().iter_slices(_SLICE):
            part = orjson.dumps(json_records(some))[1:-1]
            parts.append(part)
            size += len(part)
            if size > self._most_bytes:
                raise ProgramOverLimit(
                    f"The {ref.row_count:,} rows of step {step_id} are more than {self._most_bytes >> 20:,} MiB and do "
                    "not fit into a program; let a step before it choose fewer rows or columns."
                )
        return b"[" + b",".join(part for part in parts if part) + b"]"
