"""The processes of the viewers' benchmark: a worker with scripted steps, a gateway, and viewers with plain sockets."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from time import time

import orjson
import uvicorn
from temporalio import activity
from temporalio.worker import Worker

from holdfast.answer import StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import TASK_QUEUE, StepRequest
from holdfast.settings import load_settings
from starter.connection import Connection, connect_to
from starter.gateway.app import create_app
from starter.gateway.gateway import Gateway
from starter.ports import LOOPBACK
from tests.gateways import ADMIN, CALLER, NamedCallers
from tests.workflows.fakes import ScriptedActivities, planned, step
from workflows.query import QueryWorkflow

STEPS = 6
# A step that reads the tenant waits for it nearly all the time.
_STEP_S = 0.5


class _Steps(ScriptedActivities):
    @activity.defn(name="run_cypher_step")
    async def run_cypher_step(self, request: StepRequest) -> StepResult:
        await asyncio.sleep(_STEP_S)
        return await super().run_cypher_step(request)


async def work(address: str) -> None:
    """Run questions that wait for a review first, and then take some steps in a row, each of half a second."""
    client = await connect_to(address, "default")
    steps = [step("s0"), *(step(f"s{n}", f"s{n - 1}") for n in range(1, STEPS))]
    script = _Steps(planned(*steps, approval="The benchmark decides when it begins."))
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all()):
        await asyncio.Event().wait()


async def serve(address: str, folder: str, port: str) -> None:
    """The gateway, open to everybody."""
    connection = Connection(await connect_to(address, "default"), load_settings(data_dir=Path(folder)), None)
    gateway = Gateway(connection, NamedCallers(), ArtifactStore(Path(folder) / "artifacts"))
    app = create_app(gateway, max_body_bytes=1 << 20)
    config = uvicorn.Config(app, host=LOOPBACK, port=int(port), log_config=None, access_log=False)
    await uvicorn.Server(config).serve()


async def view(port: str, viewers: str, *question_ids: str) -> None:
    """So many viewers of each question; says when all of them are served, and in the end what each saw, as JSON."""
    served = asyncio.Semaphore(0)
    everybody = [
        asyncio.create_task(_watch(int(port), question_id, served))
        for question_id in question_ids
        for _ in range(int(viewers))
    ]
    for _ in everybody:
        await served.acquire()
    print("served", flush=True)
    sys.stdout.buffer.write(orjson.dumps(await asyncio.gather(*everybody)) + b"\n")


async def _watch(port: int, question_id: str, served: asyncio.Semaphore) -> tuple[list[int], list[float]]:
    """Offsets in the order in which they came, and seconds from each event after the review to its arrival."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    request = f"GET /api/questions/{question_id}/events?rows=false HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n"
    writer.write(f"{request}{CALLER}: {ADMIN.subject}\r\n\r\n".encode())
    offsets: list[int] = []
    late: list[float] = []
    kind, is_decided = b"", False
    while kind != b"FINAL-RESULT" and (line := await reader.readline()):
        name, _, value = line.strip().partition(b": ")
        if name == b"id":
            offsets.append(int(value))
        elif name == b"event":
            kind = value
            is_decided |= kind == b"REVIEW-DECIDED"
            if kind == b"REVIEW-REQUESTED":
                served.release()
        elif name == b"data" and is_decided:
            late.append(time() - datetime.fromisoformat(orjson.loads(value)["at"]).timestamp())
    writer.close()
    return offsets, late


_ROLES: dict[str, Callable[..., Coroutine[None, None, None]]] = {"work": work, "serve": serve, "view": view}

if __name__ == "__main__":
    asyncio.run(_ROLES[sys.argv[1]](*sys.argv[2:]))
