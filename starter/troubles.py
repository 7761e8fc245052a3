"""How far something is that runs, and what keeps it from going on, as Temporal itself knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from holdfast.contracts import run_program
from holdfast.events import StepProgressed

_DESCRIBE_TIMEOUT = timedelta(seconds=2)
# A worker that is killed costs an attempt or two; one that cannot run the workflow's code costs one after the other.
_STUCK_AFTER = 4
_LOST = "activity Heartbeat timeout"


@dataclass(frozen=True)
class Look:
    """What Temporal tells of something that runs.

    `trouble` is what failed and is tried again, with the attempt; nothing where all goes well. `live` is how far the
    steps are that read the tenant, by step id: they say it with their heartbeats.
    """

    trouble: str = ""
    live: Mapping[str, StepProgressed] = field(default_factory=dict)


NOTHING_TOLD = Look()


async def looked_at(handle: WorkflowHandle[Any, Any]) -> Look:
    """One look; an empty one where Temporal does not say: what was shown before stays true enough."""
    try:
        description = await handle.describe(rpc_timeout=_DESCRIBE_TIMEOUT)
    except RPCError:
        return NOTHING_TOLD
    told = description.raw_description
    failing = [each for each in told.pending_activities if each.HasField("last_failure")]
    troubles = [f"attempt {each.attempt}, before: {_words_for(each.last_failure.message)}" for each in failing]
    if told.pending_workflow_task.attempt >= _STUCK_AFTER:
        troubles.append(
            f"the worker cannot go on with it, attempt {told.pending_workflow_task.attempt}; its words are in "
            "logs/worker.out of the data folder. If Holdfast itself was changed while it ran: `holdfast down`, then "
            "`holdfast up --detach`; nothing is lost"
        )
    beats = [beat for each in told.pending_activities if (beat := _progress_of(each)) is not None]
    return Look("; ".join(troubles), {beat.step_id: beat for beat in beats})


def _words_for(message: str) -> str:
    """A lost worker is told by Temporal in words of its own."""
    return "the worker that ran it was lost" if message == _LOST else message


def _progress_of(pending: PendingActivityInfo) -> StepProgressed | None:
    """What the activity said last, if it says how far it is; others tell of their spending."""
    if pending.activity_type.name != run_program.__name__:
        return None
    said = [payload.data for payload in pending.heartbeat_details.payloads]
    return StepProgressed.model_validate_json(said[0]) if said else None
