"""Start and watch syncs through the Temporal client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import WorkflowFailureError, WorkflowHandle, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError
from workflows.sync import SyncWorkflow

from holdfast.contracts import (
    STATE_ATTRIBUTE,
    TASK_QUEUE,
    SyncMode,
    SyncProgress,
    SyncRecord,
    SyncReport,
    SyncRequest,
    sync_workflow_id,
)
from holdfast.errors import HoldfastError, SettingsError
from holdfast.execution import State
from starter.connection import Connection
from starter.questions import asker, new_id

_POLL_S = 0.3
_QUERY_TIMEOUT = timedelta(seconds=2)


class SyncFailed(HoldfastError):
    """The sync ended without a new snapshot; what was published before stays. `error_type` names the cause."""

    def __init__(self, message: str, error_type: str | None) -> None:
        super().__init__(message)
        self.error_type = error_type


def workflow_id(connection: Connection) -> str:
    """The one id under which the tenant's syncs run. Raises SettingsError where the tenant is not known here."""
    if not connection.tenant:
        raise SettingsError("Which tenant should be synced is not known here: set HOLDFAST_OKTA__URL.")
    return sync_workflow_id(connection.tenant)


async def start(connection: Connection, mode: SyncMode) -> tuple[str, bool]:
    """Start a sync; its workflow id, and whether it is new. While one runs, there is no second: it is that one."""
    name = workflow_id(connection)
    try:
        await connection.client.start_workflow(
            SyncWorkflow.run,
            SyncRequest(sync_id=new_id("s", datetime.now(UTC)), mode=mode),
            id=name,
            task_queue=TASK_QUEUE,
            memo={"asker": asker()},
            search_attributes=TypedSearchAttributes([SearchAttributePair(STATE_ATTRIBUTE, State.QUEUED.value)]),
            static_summary=f"Sync {connection.tenant} ({mode})",
        )
    except WorkflowAlreadyStartedError:
        return name, False
    return name, True


async def follow(connection: Connection, name: str, show: Callable[[SyncProgress], None]) -> SyncReport:
    """Show progress until the sync ends, and return its report. Raises SyncFailed."""
    handle: WorkflowHandle[SyncWorkflow, SyncReport] = connection.client.get_workflow_handle_for(SyncWorkflow.run, name)
    result = asyncio.create_task(handle.result())
    try:
        while not result.done():
            if (seen := await _progress(handle)) is not None and not result.done():
                show(seen)
            await asyncio.wait({result}, timeout=_POLL_S)
        return result.result()
    except WorkflowFailureError as error:
        cause: BaseException = error.cause
        # Temporal wraps what an activity said; the innermost failure is the one for people.
        while isinstance(cause, FailureError) and cause.cause is not None:
            cause = cause.cause
        message = cause.message if isinstance(cause, FailureError) else str(cause)
        raise SyncFailed(
            f"The sync failed: {message} What was published before stays as it is.",
            cause.type if isinstance(cause, ApplicationError) else None,
        ) from error
    finally:
        result.cancel()


def history(data_dir: Path) -> list[SyncRecord]:
    """Every sync that ended, well or not, the latest last."""
    file = data_dir / "sync" / "history.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [SyncRecord.model_validate_json(line) for line in lines if line]


async def _progress(handle: WorkflowHandle[SyncWorkflow, SyncReport]) -> SyncProgress | None:
    try:
        return await handle.query(SyncWorkflow.progress, rpc_timeout=_QUERY_TIMEOUT)
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError, RPCError):
        # No worker answers at the moment; the sync goes on with the next one.
        return None
