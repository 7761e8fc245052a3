"""What scheduled syncs and saved questions exchange with their activities; see `holdfast.contracts`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from holdfast.answer import ArtifactRef, Header, Outcome
from holdfast.sync_contracts import SyncMode


class ScheduledSync(BaseModel):
    """A sync that a schedule asks for."""

    model_config = ConfigDict(frozen=True)
    tenant: str
    mode: SyncMode
    asker: str


class ScheduledSyncEnd(BaseModel):
    """How it came out. `snapshot_id` is None where another sync ran already, and this one was not needed."""

    model_config = ConfigDict(frozen=True)
    snapshot_id: str | None


class SavedQuestion(BaseModel):
    """A question that a schedule asks again and again, as the person who saved it."""

    model_config = ConfigDict(frozen=True)
    name: str
    text: str
    tenant: str
    asker: str


class AnsweredRows(BaseModel):
    """The table of an answer, and whether something of it could not be read."""

    model_config = ConfigDict(frozen=True)
    question_id: str
    rows: ArtifactRef
    headers: tuple[Header, ...]
    has_gaps: bool
    answered: datetime


class CompareRequest(BaseModel):
    """Compare the rows of a run with those of the last run that had any."""

    model_config = ConfigDict(frozen=True)
    before: AnsweredRows
    now: AnsweredRows


class Difference(BaseModel):
    """What became different since an earlier run.

    `rows` hold each row that is new, gone or changed, what it is in the column `change_column`; None where the two
    could not be compared, and `notes` says why. Of a changed row there are two: `was` and `is`. Rows are recognised
    by `key`, the heading of a column whose cells are different in every row of both runs; without one, a row that
    changed is one that is gone and one that is new.
    """

    model_config = ConfigDict(frozen=True)
    since: str
    since_answered: datetime
    rows_before: int
    rows_now: int
    new: int = 0
    gone: int = 0
    changed: int = 0
    key: str | None = None
    rows: ArtifactRef | None = None
    headers: tuple[Header, ...] = ()
    notes: tuple[str, ...] = ()


class SavedRun(BaseModel):
    """One run of a saved question. `latest` are the rows that the next run is compared with."""

    model_config = ConfigDict(frozen=True)
    question_id: str
    outcome: Outcome
    message: str
    finished: datetime
    row_count: int | None
    latest: AnsweredRows | None
    # None for the first run, and for one that has no rows.
    difference: Difference | None


@activity.defn(name="compare_answers")
async def compare_answers(request: CompareRequest) -> Difference:
    """What became different. Raises StorageFull."""
    raise NotImplementedError
