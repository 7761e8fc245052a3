"""Making one answer out of what the steps found."""

from __future__ import annotations

import asyncio

from temporalio import activity

from activities.failures import translated
from activities.liveness import beating
from activities.spending import opened_ledger
from holdfast.answer import FormattedAnswer
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import FormatRequest
from holdfast.effort import Stopwatch
from holdfast.formatter import Formatter, format_rows, written_by_hand
from holdfast.settings import ModelSettings


class FormattingActivities:
    """Composed in `worker.py` with the formatter that the settings chose."""

    def __init__(self, formatter: Formatter, artifacts: ArtifactStore, models: ModelSettings) -> None:
        self._formatter = formatter
        self._artifacts = artifacts
        self._models = models

    @activity.defn(name="format_answer")
    @translated
    @beating
    async def format_answer(self, request: FormatRequest) -> FormattedAnswer:
        """See `holdfast.contracts.format_answer`."""
        watch, ledger = Stopwatch(), opened_ledger(self._models, request.correlation_id, request.spent)
        edited = request.edited
        written = written_by_hand(edited) if edited is not None else await self._formatter.present(request, ledger)
        formatted = await asyncio.to_thread(format_rows, request, written, self._artifacts)
        return formatted.model_copy(update={"effort": watch.effort(ledger.usage)})
