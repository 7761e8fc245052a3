from __future__ import annotations

import asyncio

from temporalio.client import Client

from holdfast.events import Event, FinalResult
from holdfast.settings import load_settings
from starter.connection import Connection
from starter.streams import events_of
from tests.workflows.fakes import ScriptedActivities, planned, refusal, step
from tests.workflows.scenarios import Handle, run_scenario

EXPECTED = [
    "STATE",
    "PLAN-GENERATED",
    "STEP-START",
    "STEP-END",
    "STEP-START",
    "STEP-ERROR",
    "STATE",
    "FINAL-RESULT",
]


def _script() -> ScriptedActivities:
    steps = (step("a"), step("b", "a", critical=False))
    return ScriptedActivities(planned(*steps), {"b": refusal("no")}, held=("a",))


async def _collected(connection: Connection, question_id: str, start: int) -> list[tuple[int, Event]]:
    return [seen async for seen in events_of(connection, question_id, start)]


async def test_a_viewer_sees_each_event_once_and_in_order_while_the_question_runs(temporal_client: Client) -> None:
    connection = Connection(temporal_client, load_settings(), None)
    seen: list[tuple[int, Event]] = []

    async def watch(handle: Handle, script: ScriptedActivities) -> None:
        watching = asyncio.create_task(_collected(connection, handle.id, 0))
        await script.until_asked("a")
        await asyncio.sleep(0.2)
        script.release("a")
        seen.extend(await watching)

    await run_scenario(temporal_client, _script(), watch)
    assert [event.type for _, event in seen] == EXPECTED
    assert [offset for offset, _ in seen] == list(range(len(EXPECTED)))


async def test_a_viewer_that_dropped_goes_on_at_its_offset_and_learns_how_it_ended(temporal_client: Client) -> None:
    connection = Connection(temporal_client, load_settings(), None)
    first: list[tuple[int, Event]] = []
    rest: list[tuple[int, Event]] = []

    async def drop_and_return(handle: Handle, script: ScriptedActivities) -> None:
        async for seen in events_of(connection, handle.id, 0):
            first.append(seen)
            if seen[1].type == "STEP-START":
                break
        script.release("a")
        await handle.result()
        # The question has ended; its worker still answers for it.
        rest.extend(await _collected(connection, handle.id, first[-1][0] + 1))

    await run_scenario(temporal_client, _script(), drop_and_return)
    assert [event.type for _, event in (*first, *rest)] == EXPECTED
    final = rest[-1][1]
    assert isinstance(final, FinalResult)
    assert [gap.message for gap in final.answer.gaps] == ["Step b (context of b) failed: no"]
