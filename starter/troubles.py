"""What keeps something that runs from going on, as Temporal itself knows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

_DESCRIBE_TIMEOUT = timedelta(seconds=2)


async def trouble_of(handle: WorkflowHandle[Any, Any]) -> str:
    """What failed and is tried again, with the attempt; nothing where all goes well, or Temporal does not say."""
    try:
        description = await handle.describe(rpc_timeout=_DESCRIBE_TIMEOUT)
    except RPCError:
        # What was shown before stays true enough; the next look tells more.
        return ""
    failing = [each for each in description.raw_description.pending_activities if each.HasField("last_failure")]
    return "; ".join(f"attempt {each.attempt}, before: {each.last_failure.message}" for each in failing)
