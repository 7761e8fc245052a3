"""The adapters between Temporal and the engines: what they see to themselves, and how errors leave them."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.failures import translated
from activities.planning import PlanningActivities
from activities.syncing import _ProgressSignals
from holdfast.answer import Planned, Question
from holdfast.contracts import PlanRequest
from holdfast.errors import PermanentError, TransientError
from holdfast.graph.snapshots import SnapshotStore
from holdfast.offline.planner import OfflinePlanner
from holdfast.settings import load_settings
from holdfast.sync_contracts import FamilyProgress
from tests.graph_samples import sample_snapshot

TENANT = "https://acme.okta.test"


def question_about(tenant: str) -> PlanRequest:
    return PlanRequest(question=Question(correlation_id="q-1", text="list all people", tenant=tenant, asker="ada"))


@pytest.fixture(scope="module")
def planning(tmp_path_factory: pytest.TempPathFactory) -> PlanningActivities:
    root = tmp_path_factory.mktemp("sample")
    sample_snapshot(root)
    return PlanningActivities(OfflinePlanner(), SnapshotStore(root / "graph"), load_settings(data_dir=root))


@pytest.mark.parametrize("tenant", [TENANT, ""])
async def test_a_question_is_planned_on_the_snapshot_of_its_tenant(planning: PlanningActivities, tenant: str) -> None:
    outcome = await ActivityEnvironment().run(planning.plan_question, question_about(tenant))
    assert isinstance(outcome, Planned)


async def test_a_question_about_another_tenant_than_the_synced_one_is_told_to_sync(
    planning: PlanningActivities,
) -> None:
    with pytest.raises(
        ApplicationError, match=r"is of https://acme\.okta\.test, .* is about https://other\.test"
    ) as no:
        await ActivityEnvironment().run(planning.plan_question, question_about("https://other.test"))
    assert (no.value.type, no.value.non_retryable) == ("NoSnapshot", True)


@pytest.mark.parametrize(
    ("error", "is_final"),
    [
        (PermanentError("No."), True),
        (TransientError("Later."), False),
        (TypeError("'NoneType' object is not iterable"), True),
        (KeyError("scope"), True),
        (AssertionError(), True),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_no_waiting_mends_is_not_tried_again(error: Exception, is_final: bool) -> None:
    @translated
    async def failing() -> None:
        raise error

    with pytest.raises(ApplicationError) as told:
        await failing()
    assert (told.value.type, told.value.non_retryable) == (type(error).__name__, is_final)


async def test_words_of_any_length_leave_with_their_beginning_and_end() -> None:
    """What is larger than the server takes would not even be known to have failed."""
    book = "It began. " + "x" * 10_000_000 + " It ended."

    @translated
    async def failing() -> None:
        try:
            raise KeyError(book)
        except KeyError as error:
            raise PermanentError(book) from error

    with pytest.raises(ApplicationError) as told:
        await failing()
    sent = Failure()
    DefaultFailureConverter().to_failure(told.value, DefaultPayloadConverter(), sent)
    assert sent.message.startswith("It began.")
    assert sent.message.endswith(" It ended.")
    assert "9,992,020 characters" in sent.message
    assert sent.ByteSize() < 50_000


async def test_what_the_system_refuses_stays_what_it_is_and_is_tried_again() -> None:
    @translated
    async def failing() -> None:
        Path("/nowhere/at/all").read_bytes()

    with pytest.raises(FileNotFoundError):
        await failing()


@pytest.mark.parametrize("error", [TransientError("The tenant is away."), PermissionError(13, "Permission denied")])
async def test_a_read_that_is_tried_again_says_what_keeps_it(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[FamilyProgress] = []

    async def noted(_: _ProgressSignals, progress: FamilyProgress) -> None:
        sent.append(progress)

    monkeypatch.setattr(_ProgressSignals, "_send", noted)
    with pytest.raises(type(error)):
        async with _ProgressSignals("users").sending():
            raise error
    assert [progress.trouble for progress in sent] == [str(error)]
