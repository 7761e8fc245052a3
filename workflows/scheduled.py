"""What Temporal's schedules start: a sync, or a saved question that is compared with its last run."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ChildWorkflowError, FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from holdfast import schedule_contracts
    from holdfast.answer import Answer, Outcome, Question
    from holdfast.contracts import attributes_of_question, attributes_of_sync
    from holdfast.schedule_contracts import (
        AnsweredRows,
        CompareRequest,
        Difference,
        SavedQuestion,
        SavedRun,
        ScheduledSync,
        ScheduledSyncEnd,
    )
    from holdfast.sync_contracts import SyncRequest, sync_workflow_id
    from workflows.limits import HEARTBEAT_TIMEOUT, RETRIES
    from workflows.query import QueryWorkflow
    from workflows.sync import SyncWorkflow

# A million rows of two runs take some seconds.
COMPARING_TIMEOUT = timedelta(minutes=10)


@workflow.defn
class ScheduledSyncWorkflow:
    """A sync as a schedule starts it: under the tenant's own workflow id, so that it is never the second one."""

    @workflow.run
    async def run(self, asked: ScheduledSync) -> ScheduledSyncEnd:
        """Where another sync runs, this one is not needed. Fails where the sync fails."""
        now = workflow.now()
        request = SyncRequest(sync_id=f"s-{now:%Y%m%d}-{workflow.uuid4().hex[:8]}", mode=asked.mode)
        try:
            report = await workflow.execute_child_workflow(
                SyncWorkflow.run,
                request,
                id=sync_workflow_id(asked.tenant),
                parent_close_policy=ParentClosePolicy.ABANDON,
                memo={"asker": asked.asker},
                search_attributes=attributes_of_sync(asked.tenant),
                static_summary=f"Sync {asked.tenant} ({asked.mode}), by schedule",
            )
        except WorkflowAlreadyStartedError:
            return ScheduledSyncEnd(snapshot_id=None)
        except ChildWorkflowError as error:
            raise _failed("sync", error) from error
        return ScheduledSyncEnd(snapshot_id=report.snapshot_id)


@workflow.defn
class SavedQuestionWorkflow:
    """A saved question, asked once more. Its result is what Temporal hands to the next run of the schedule."""

    @workflow.run
    async def run(self, saved: SavedQuestion) -> SavedRun:
        """A question that fails, fails the run: the next one is compared with the last that did not."""
        last = workflow.get_last_completion_result(SavedRun)
        answer = await self._asked(saved)
        now = _rows_of(answer)
        before = last.latest if last is not None else None
        return SavedRun(
            question_id=answer.correlation_id,
            outcome=answer.outcome,
            message=answer.message,
            finished=answer.finished,
            row_count=now.rows.row_count if now is not None else None,
            latest=now or before,
            difference=await _difference(before, now) if before is not None and now is not None else None,
        )

    async def _asked(self, saved: SavedQuestion) -> Answer:
        question = Question(
            correlation_id=f"q-{workflow.now():%Y%m%d}-{workflow.uuid4().hex[:8]}",
            text=saved.text,
            tenant=saved.tenant,
            asker=saved.asker,
        )
        try:
            return await workflow.execute_child_workflow(
                QueryWorkflow.run,
                question,
                id=question.correlation_id,
                # What waits for a person goes on waiting, whatever becomes of the schedule.
                parent_close_policy=ParentClosePolicy.ABANDON,
                memo={"asker": question.asker, "question": question.text, "saved_as": saved.name},
                search_attributes=attributes_of_question(question),
                static_summary=f"{saved.name}, by schedule",
            )
        except ChildWorkflowError as error:
            raise _failed(f"question {question.correlation_id}", error) from error


async def _difference(before: AnsweredRows, now: AnsweredRows) -> Difference:
    return await workflow.execute_activity(
        schedule_contracts.compare_answers,
        CompareRequest(before=before, now=now),
        start_to_close_timeout=COMPARING_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary="Compare with the last run",
    )


def _rows_of(answer: Answer) -> AnsweredRows | None:
    formatted = answer.formatted
    if answer.outcome is not Outcome.ANSWERED or formatted is None or formatted.rows is None:
        return None
    return AnsweredRows(
        question_id=answer.correlation_id,
        rows=formatted.rows,
        headers=formatted.headers,
        has_gaps=bool(answer.gaps),
        answered=answer.finished,
    )


def _failed(what: str, error: ChildWorkflowError) -> ApplicationError:
    cause = error.cause
    words = cause.message if isinstance(cause, FailureError) else str(cause)
    return ApplicationError(f"The {what} failed: {words}", type="ScheduledRunFailed", non_retryable=True)
