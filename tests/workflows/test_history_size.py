"""Why a question never continues as new: the largest plan with the largest samples stays far from Temporal's limits."""

from __future__ import annotations

from pydantic import JsonValue
from temporalio.client import Client

from holdfast.plan import MAX_STEPS
from tests.workflows.fakes import ScriptedActivities, planned, step
from tests.workflows.scenarios import run_scenario

# Temporal suggests to continue as new at 4,096 events or 4 MiB.
SUGGESTED_EVENTS = 4_096
SUGGESTED_BYTES = 4 << 20
# `holdfast.samples` keeps at most 8 KiB of whole records for a step.
LARGEST_SAMPLES: tuple[dict[str, JsonValue], ...] = tuple({"text": "x" * 2_700} for _ in range(3))


async def test_the_largest_plan_with_the_largest_samples_needs_less_than_half_of_a_history(
    temporal_client: Client,
) -> None:
    # Each step needs the one before, so that the samples travel once more with every request.
    steps = [step("s0"), *(step(f"s{n}", f"s{n - 1}") for n in range(1, MAX_STEPS))]
    script = ScriptedActivities(planned(*steps), samples=LARGEST_SAMPLES)

    async def nobody_interferes(*_: object) -> None:
        pass

    history = await run_scenario(temporal_client, script, nobody_interferes)
    assert script.asked["format"] == 1
    assert len(history.events) < SUGGESTED_EVENTS / 2
    assert sum(event.ByteSize() for event in history.events) < SUGGESTED_BYTES / 2
