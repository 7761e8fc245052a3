"""What keeps something that runs from going on, as Temporal itself knows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

_DESCRIBE_TIMEOUT = timedelta(seconds=2)
# A worker that is killed costs an attempt or two; one that cannot run the workflow's code costs one after the other.
_STUCK_AFTER = 4


async def trouble_of(handle: WorkflowHandle[Any, Any]) -> str:
    """What failed and is tried again, with the attempt; nothing where all goes well, or Temporal does not say."""
    try:
        description = await handle.describe(rpc_timeout=_DESCRIBE_TIMEOUT)
    except RPCError:
        # What was shown before stays true enough; the next look tells more.
        return ""
    told = description.raw_description
    failing = [each for each in told.pending_activities if each.HasField("last_failure")]
    troubles = [f"attempt {each.attempt}, before: {each.last_failure.message}" for each in failing]
    if told.pending_workflow_task.attempt >= _STUCK_AFTER:
        troubles.append(
            f"the worker cannot go on with it, attempt {told.pending_workflow_task.attempt}; its words are in "
            "logs/worker.out of the data folder. If Holdfast itself was changed while it ran: `holdfast down`, then "
            "`holdfast up --detach`; nothing is lost"
        )
    return "; ".join(troubles)
