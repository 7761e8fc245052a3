"""Start and watch syncs through the Temporal client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.exceptions import ApplicationError, CancelledError, FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from holdfast.contracts import TASK_QUEUE, attributes_of_sync
from holdfast.errors import HoldfastError, InvalidTransition, SettingsError
from holdfast.sync_contracts import (
    SyncMode,
    SyncProgress,
    SyncReport,
    SyncRequest,
    sync_workflow_id,
)
from starter.connection import Connection
from starter.questions import new_id
from starter.troubles import looked_at
from workflows.sync import SyncWorkflow

# How a sync that somebody cancelled names its end (workflows/sync.py).
SYNC_CANCELLED = "SyncCancelled"

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


async def start(connection: Connection, mode: SyncMode, *, asker: str) -> tuple[str, bool]:
    """Start a sync; its workflow id, and whether it is new. While one runs, there is no second: it is that one."""
    name = workflow_id(connection)
    try:
        await connection.client.start_workflow(
            SyncWorkflow.run,
            SyncRequest(sync_id=new_id("s", datetime.now(UTC)), mode=mode),
            id=name,
            task_queue=TASK_QUEUE,
            memo={"asker": asker},
            search_attributes=attributes_of_sync(connection.tenant),
            static_summary=f"Sync {connection.tenant} ({mode})",
        )
    except WorkflowAlreadyStartedError:
        return name, False
    return name, True


async def cancel(connection: Connection) -> str:
    """Ask the sync that runs to end; its workflow id. Raises InvalidTransition where none runs."""
    name = workflow_id(connection)
    handle = _handle(connection, name)
    try:
        await handle.signal(SyncWorkflow.cancel)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise InvalidTransition(
            "No sync of this tenant runs; `holdfast sync --history` shows how the last ones ended."
        ) from error
    return name


async def current(connection: Connection) -> tuple[bool, SyncProgress | None, str]:
    """Whether a sync runs, how far it is as far as a worker tells, and what keeps failing and is tried again."""
    handle = _handle(connection, workflow_id(connection))
    try:
        description = await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False, None, ""
        raise
    if description.status is not WorkflowExecutionStatus.RUNNING:
        return False, None, ""
    seen = await _progress(handle)
    # A family tells its trouble by itself; the other chapters are one activity each.
    trouble = (await looked_at(handle)).trouble if seen is None or seen.phase != "reading" else ""
    return True, seen, trouble


async def follow(connection: Connection, name: str, show: Callable[[SyncProgress | None, str], None]) -> SyncReport:
    """Show progress until the sync ends, and return its report. Raises SyncFailed.

    `show` gets None while no worker tells any progress, and beside it what keeps failing and is tried again, or "".
    """
    handle = _handle(connection, name)
    result = asyncio.create_task(handle.result())
    try:
        while not result.done():
            seen = await _progress(handle)
            # A family tells its trouble by itself; the other chapters are one activity each.
            trouble = (await looked_at(handle)).trouble if seen is None or seen.phase != "reading" else ""
            if not result.done():
                show(seen, trouble)
            await asyncio.wait({result}, timeout=_POLL_S)
        return result.result()
    except WorkflowFailureError as error:
        cause = error.cause
        if isinstance(cause, CancelledError) or _origin(cause) == SYNC_CANCELLED:
            raise SyncFailed("The sync was cancelled; nothing was changed.", SYNC_CANCELLED) from error
        words = cause.message if isinstance(cause, FailureError) else str(cause)
        raise SyncFailed(
            f"The sync failed: {words} What was published before stays as it is.", _origin(cause)
        ) from error
    finally:
        result.cancel()


def _handle(connection: Connection, name: str) -> WorkflowHandle[SyncWorkflow, SyncReport]:
    return connection.client.get_workflow_handle_for(SyncWorkflow.run, name)


def _origin(cause: BaseException | None) -> str | None:
    """The name of our own error behind a failed sync: it stands below what the workflow and the activity made of it."""
    while isinstance(cause, FailureError):
        if isinstance(cause, ApplicationError) and cause.type not in {None, "SyncFailed"}:
            return cause.type
        cause = cause.cause
    return None


async def _progress(handle: WorkflowHandle[SyncWorkflow, SyncReport]) -> SyncProgress | None:
    try:
        return await handle.query(SyncWorkflow.progress, rpc_timeout=_QUERY_TIMEOUT)
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError, RPCError):
        # No worker answers at the moment; the sync goes on with the next one.
        return None
