"""What an activity asks of models, kept over its attempts: a retry must not have the whole limit anew."""

from __future__ import annotations

from contextvars import ContextVar

from structlog.contextvars import bind_contextvars
from temporalio import activity

from holdfast.answer import ModelUsage
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger

# Set by `beating`, so that its heartbeats and the failure at the end can tell what was spent.
ledgers: ContextVar[list[Ledger]] = ContextVar("ledgers")


def opened_ledger(settings: ModelSettings, correlation_id: str, before: ModelUsage | None = None) -> Ledger:
    """The ledger of this activity, with what its earlier attempts have spent.

    `before` is what the question had spent when the activity was scheduled. From here on every log line of the
    activity, also one of a model call far below, names the question.
    """
    bind_contextvars(correlation_id=correlation_id)
    told = activity.info().heartbeat_details
    ledger = Ledger.under(settings, before)
    if told:
        ledger.add(ModelUsage.model_validate(told[0]))
    ledgers.get().append(ledger)
    return ledger


def spent() -> list[ModelUsage]:
    """What this activity has spent in all its attempts; empty where it asked no model."""
    return [usage for ledger in ledgers.get([]) if (usage := ledger.usage_so_far) is not None]
