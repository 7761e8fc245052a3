"""Rules take over where models fail, and say so; a step that carries its meaning is theirs in any case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.answer import Generated, ModelUsage, SnapshotRef
from holdfast.contracts import FormatRequest, StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.errors import (
    HoldfastError,
    ModelBudgetSpent,
    ModelOutputRejected,
    ModelRefused,
    ModelUnavailable,
    SettingsError,
)
from holdfast.formatter import Written
from holdfast.graph.schema import BASE_SCHEMA, GraphSchema
from holdfast.graph.snapshots import Snapshot
from holdfast.models.fallback import FormatterWithFallback, PlannerWithFallback, WriterByStep
from holdfast.offline.planner import OfflinePlanner
from holdfast.offline.writer import OfflineCypherWriter
from holdfast.plan import CypherStep, Plan, Step
from holdfast.planner import Understanding
from holdfast.presentation import Presentation
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger
from tests.graph_samples import sample_snapshot

FAILURES = [
    ModelOutputRejected("The model's plan had a cycle, twice."),
    ModelRefused("The model would not answer."),
    ModelBudgetSpent("The question has used 60,000 tokens of models."),
    ModelUnavailable("No model answered."),
]
SPENT = ModelUsage(calls=2, input_tokens=10, output_tokens=5, cost_usd=None)


class FailingModel:
    """A planner, writer and formatter that spends and then fails, or answers in its own name."""

    def __init__(self, failure: HoldfastError | None = None) -> None:
        self.failure = failure

    def _spend(self, ledger: Ledger) -> None:
        ledger.add(SPENT)
        if self.failure is not None:
            raise self.failure

    async def plan(self, question: str, snapshot: Snapshot, ledger: Ledger) -> Understanding:
        self._spend(ledger)
        plan = Plan(steps=(step({}),), reasoning="", confidence=0.9)
        return Understanding(plan, "a model")

    async def write(
        self, request: StepRequest, schema: GraphSchema, ledger: Ledger, refused: Sequence[RefusedQuery] = ()
    ) -> Generated:
        self._spend(ledger)
        return Generated(language="cypher", text="RETURN 1 AS one", author="a model")

    async def present(self, request: FormatRequest, ledger: Ledger) -> Written:
        self._spend(ledger)
        return Written(Presentation(source="main", operations=(), summary=""), "a model", "")


class Rules(FailingModel):
    async def present(self, request: FormatRequest, ledger: Ledger) -> Written:
        return Written(Presentation(source="main", operations=(), summary="by rules"), "offline", "by rules")


def step(parameters: dict[str, object]) -> CypherStep:
    return CypherStep.model_validate(
        {"id": "main", "entity": "user", "operation": "list", "query_context": "Everybody.", "parameters": parameters}
    )


def step_request(asked: Step) -> StepRequest:
    ref = SnapshotRef(id="one", synced_at=datetime(2026, 1, 1, tzinfo=UTC))
    return StepRequest(correlation_id="q", question="who?", snapshot=ref, step=asked, earlier=())


def format_request() -> FormatRequest:
    asked = step_request(step({}))
    plan = Plan(steps=(asked.step,), reasoning="", confidence=1)
    return FormatRequest(correlation_id="q", question="", plan=plan, snapshot=asked.snapshot, results=(), gaps=())


def ledger() -> Ledger:
    return Ledger.under(ModelSettings())


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    directory: Path = tmp_path_factory.mktemp("snapshot")
    return sample_snapshot(directory)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_the_whole_question_is_planned_by_rules_when_models_fail(
    failure: HoldfastError, snapshot: Snapshot
) -> None:
    spent = ledger()
    planner = PlannerWithFallback(FailingModel(failure), OfflinePlanner())
    understanding = await planner.plan("who can open Payroll", snapshot, spent)
    assert understanding.author == f"offline, because {failure}"
    assert understanding == Understanding(
        (await OfflinePlanner().plan("who can open Payroll", snapshot, ledger())).outcome, understanding.author
    )
    assert spent.usage == SPENT


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_rules_lay_the_answer_out_when_models_fail(failure: HoldfastError) -> None:
    written = await FormatterWithFallback(FailingModel(failure), Rules()).present(format_request(), ledger())
    assert (written.author, written.processing_method) == (f"offline, because {failure}", "by rules")


async def test_what_a_model_did_is_left_as_it_is(snapshot: Snapshot) -> None:
    model = FailingModel()
    assert (await PlannerWithFallback(model, OfflinePlanner()).plan("x", snapshot, ledger())).author == "a model"
    assert (await FormatterWithFallback(model, Rules()).present(format_request(), ledger())).author == "a model"


async def test_a_setting_that_is_wrong_is_told_and_not_worked_around(snapshot: Snapshot) -> None:
    model = FailingModel(SettingsError("Set HOLDFAST_MODELS__OPENAI_API_KEY."))
    with pytest.raises(SettingsError):
        await PlannerWithFallback(model, OfflinePlanner()).plan("who can open Payroll", snapshot, ledger())
    with pytest.raises(SettingsError):
        await FormatterWithFallback(model, Rules()).present(format_request(), ledger())


async def test_a_step_that_carries_its_meaning_never_reaches_a_model(snapshot: Snapshot) -> None:
    plan = (await OfflinePlanner().plan("who can open Payroll", snapshot, ledger())).outcome
    assert isinstance(plan, Plan)
    writer = WriterByStep(FailingModel(FAILURES[0]), OfflineCypherWriter())
    generated = await writer.write(step_request(plan.steps[0]), BASE_SCHEMA, ledger())
    assert generated.author == "offline"


@pytest.mark.parametrize("parameters", [{}, {"meaning": {"shape": "things"}}, {"group": "Finance"}])
async def test_a_step_of_words_is_written_by_a_model(parameters: dict[str, object]) -> None:
    writer = WriterByStep(FailingModel(), OfflineCypherWriter())
    assert (await writer.write(step_request(step(parameters)), BASE_SCHEMA, ledger())).author == "a model"
    with pytest.raises(ModelOutputRejected):
        await WriterByStep(FailingModel(FAILURES[0]), OfflineCypherWriter()).write(
            step_request(step(parameters)), BASE_SCHEMA, ledger()
        )
