"""A question over 100,000 people, on the real engines: rows travel by reference, so its history stays small."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from temporalio.client import Client
from temporalio.worker import Worker

from activities.formatting import FormattingActivities
from activities.planning import PlanningActivities
from activities.steps import StepActivities
from benchmarks.large_tables import draft, write_tables
from holdfast.answer import Question
from holdfast.artifacts import ArtifactStore
from holdfast.cypher_step import CypherStepRunner
from holdfast.engines import engines_from
from holdfast.graph.snapshots import SnapshotStore
from holdfast.query_worker import QueryPool
from holdfast.settings import load_settings
from workflows.query import QueryWorkflow

PEOPLE = 100_000
QUESTION = "List all people and their groups"
MOST_HISTORY_BYTES = 100_000


async def test_the_history_of_a_question_over_a_hundred_thousand_rows_stays_under_100_kb(
    temporal_client: Client, tmp_path: Path
) -> None:
    schema = write_tables(tmp_path / "tables", users=PEOPLE, groups=100, memberships=2 * PEOPLE)
    snapshots = SnapshotStore(tmp_path / "graph")
    snapshots.publish(snapshots.build(tmp_path / "tables", draft("large", schema), "ladybug"))
    artifacts = ArtifactStore(tmp_path / "artifacts")
    pool = QueryPool(engine="ladybug", size=2, timeout=timedelta(minutes=1), memory_bytes=2 << 30, max_rows=10 * PEOPLE)
    settings = load_settings(data_dir=tmp_path)
    engines = engines_from(settings)
    planning = PlanningActivities(engines.planner, snapshots, settings)
    steps = StepActivities(CypherStepRunner(engines.writer, snapshots, pool, artifacts), settings.models)
    formatting = FormattingActivities(engines.formatter, artifacts, settings.models)
    queue = f"large-{uuid4()}"
    try:
        async with Worker(
            temporal_client,
            task_queue=queue,
            workflows=[QueryWorkflow],
            activities=[planning.plan_question, steps.run_cypher_step, formatting.format_answer],
        ):
            question = Question(correlation_id=f"q-{uuid4()}", text=QUESTION, tenant="http://127.0.0.1", asker="ada")
            handle = await temporal_client.start_workflow(
                QueryWorkflow.run, question, id=question.correlation_id, task_queue=queue
            )
            answer = await handle.result()
            history = await handle.fetch_history()
    finally:
        await pool.close()
    assert answer.formatted is not None, answer.message
    assert answer.formatted.total_items == PEOPLE
    assert [report.result.rows.row_count for report in answer.steps if report.result] == [PEOPLE, 2 * PEOPLE]
    assert sum(event.ByteSize() for event in history.events) < MOST_HISTORY_BYTES
    assert answer.formatted.rows is not None
    first = artifacts.scan(answer.formatted.rows).head(1).collect().to_dicts()[0]
    assert "Team" in str(first), "the groups stand beside the person"
