from __future__ import annotations

import asyncio

from temporalio.client import Client

from holdfast.events import AnyEvent, FinalResult
from holdfast.settings import load_settings
from starter.connection import Connection
from starter.streams import Frame, QuestionStream
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


async def _collected(connection: Connection, question_id: str, start: int) -> list[Frame]:
    return [told async for told in QuestionStream(connection, question_id).follow(start) if isinstance(told, Frame)]


async def test_a_viewer_sees_each_event_once_and_in_order_while_the_question_runs(temporal_client: Client) -> None:
    connection = Connection(temporal_client, load_settings(), None)
    seen: list[Frame] = []

    async def watch(handle: Handle, script: ScriptedActivities) -> None:
        watching = asyncio.create_task(_collected(connection, handle.id, 0))
        await script.until_asked("a")
        await asyncio.sleep(0.2)
        script.release("a")
        seen.extend(await watching)

    await run_scenario(temporal_client, _script(), watch)
    assert [frame.type for frame in seen] == EXPECTED
    assert [frame.offset for frame in seen] == list(range(len(EXPECTED)))


async def test_a_viewer_that_dropped_goes_on_at_its_offset_and_learns_how_it_ended(temporal_client: Client) -> None:
    connection = Connection(temporal_client, load_settings(), None)
    first: list[Frame] = []
    rest: list[Frame] = []

    async def drop_and_return(handle: Handle, script: ScriptedActivities) -> None:
        async for told in QuestionStream(connection, handle.id).follow():
            assert isinstance(told, Frame)
            first.append(told)
            if told.type == "STEP-START":
                break
        script.release("a")
        await handle.result()
        # The question has ended; its worker still answers for it.
        rest.extend(await _collected(connection, handle.id, first[-1].offset + 1))

    await run_scenario(temporal_client, _script(), drop_and_return)
    assert [frame.type for frame in (*first, *rest)] == EXPECTED
    final = AnyEvent.model_validate_json(rest[-1].data).root
    assert isinstance(final, FinalResult)
    assert [gap.message for gap in final.answer.gaps] == ["Step b (context of b) failed: no"]
