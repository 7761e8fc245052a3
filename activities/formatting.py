"""Making one answer out of what the steps found."""

from __future__ import annotations

import asyncio

from temporalio import activity

from activities.failures import translated
from activities.liveness import beating
from holdfast.answer import FormattedAnswer
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import FormatRequest
from holdfast.formatter import Formatter, format_rows


class FormattingActivities:
    """Composed in `worker.py` with the formatter that the settings chose."""

    def __init__(self, formatter: Formatter, artifacts: ArtifactStore) -> None:
        self._formatter = formatter
        self._artifacts = artifacts

    @activity.defn(name="format_answer")
    @translated
    @beating
    async def format_answer(self, request: FormatRequest) -> FormattedAnswer:
        """See `holdfast.contracts.format_answer`."""
        presentation = await self._formatter.present(request)
        return await asyncio.to_thread(format_rows, request, presentation, self._artifacts)
