"""A loopback server that speaks the wire formats of the four kinds of model provider, and answers as it is told.

    async with model_server() as server:
        server.will_answer({"steps": []}, Text("no"), Status(429, {"Retry-After": "3"}))
        calls = ModelCalls(server.settings("openai"), library)
        ...
        assert len(server.requests) == 1

A reply is JSON or a pydantic model (what the model writes as structured output), one of the classes below, or a
callable that makes one of these from the `Request`. Each request takes the next reply of its model's queue, else of the
common one, else what `always` was given.

Tokens are estimated as the request's bytes divided by four, which is what English and JSON come to with the tokenizers
in use; no tokenizer's own tables are needed for it.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from holdfast.settings import ModelSettings
from tests.model_replies import (
    Dropped,
    Hang,
    Json,
    Raw,
    Refusal,
    Reply,
    Request,
    Scripted,
    Status,
    Text,
    Usage,
    Written,
    error_body,
    estimated_tokens,
    reply_body,
)

__all__ = [
    "KEYS",
    "MODELS",
    "Dropped",
    "Hang",
    "Json",
    "ModelServer",
    "Raw",
    "Refusal",
    "Reply",
    "Request",
    "Status",
    "Text",
    "Usage",
    "Written",
    "estimated_tokens",
    "model_server",
    "reply_body",
]

MODELS = {"openai": "gpt-5.2", "anthropic": "claude-opus-5", "google": "gemini-2.5-flash", "local": "qwen3"}
# Not like anything else that a log line or a message could hold.
KEYS = {name: f"sk-{name}-7f3a9c51d2e84b60" for name in MODELS}


class ModelServer:
    """See `model_server`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self._queues: defaultdict[str | None, deque[Scripted]] = defaultdict(deque)
        self._always: Scripted | None = None
        self._ending = asyncio.Event()

    def will_answer(self, *replies: Scripted, model: str | None = None) -> None:
        """Put replies into the queue: of one model (`gpt-5.2`), or of whichever asks."""
        self._queues[model].extend(replies)

    def always(self, reply: Scripted) -> None:
        """What is answered when the queues are empty."""
        self._always = reply

    def settings(self, *providers: str, **more: Any) -> ModelSettings:
        """Settings whose default models are those of `MODELS`, in this order, all of them here."""
        values: Json = {"default": tuple(f"{name}:{MODELS[name]}" for name in providers)}
        for name in providers:
            values[f"{name}_url"] = self.address(name)
            values[f"{name}_api_key"] = KEYS[name]
        return ModelSettings.model_validate({**values, **more})

    def address(self, provider: str) -> str:
        """What a provider's address setting is set to."""
        return f"{self.url}/{provider}" + ("/v1" if provider in {"openai", "local"} else "")

    @property
    def tokens(self) -> int:
        """Estimated for everything that was sent to models."""
        return sum(request.tokens for request in self.requests)

    def close(self) -> None:
        """Let go of what hangs."""
        self._ending.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Write the request down and answer with what comes next."""
        content = await request.read()
        body = json.loads(content)
        provider = request.path.split("/")[1]
        model = body.get("model") or request.path.rsplit("/", 1)[-1].partition(":")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(provider, model, request.path_qs, headers, body, len(content))
        self.requests.append(asked)
        reply = self._next(asked)
        match reply:
            case Hang():
                return await self._hang(request, trickle=reply.trickle)
            case Dropped():
                return await _drop(request, midway=reply.midway)
            case Raw():
                return web.Response(
                    body=reply.body, status=reply.status, content_type=reply.content_type, headers=reply.headers
                )
            case Status():
                return web.json_response(
                    error_body(provider, reply), status=reply.status, headers=dict(reply.headers) or None
                )
            case Written() | Text() | Refusal():
                return web.json_response(reply_body(asked, reply))
            case _:
                return web.json_response(reply_body(asked, Written(reply)))

    def _next(self, asked: Request) -> Reply:
        queue = self._queues[asked.model] or self._queues[None]
        scripted = queue.popleft() if queue else self._always
        if scripted is None:
            # Not tried again, and its message stands in the error that the test ends with.
            return Status(400, message=f"the test has no reply left for {asked.provider}:{asked.model}")
        return scripted if isinstance(scripted, dict) or not callable(scripted) else scripted(asked)

    async def _hang(self, request: web.Request, *, trickle: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if trickle:
            await response.prepare(request)
        with suppress(ConnectionResetError):
            while not self._ending.is_set():
                if trickle:
                    await response.write(b" ")
                await asyncio.sleep(0.02)
        return response


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """A server on 127.0.0.1 that ends with the block."""
    server = ModelServer()
    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        yield server
    finally:
        server.close()
        await runner.cleanup()


async def _drop(request: web.Request, *, midway: bool) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    if midway:
        await response.prepare(request)
        await response.write(b'{"id": "')
    assert request.transport is not None
    request.transport.abort()
    return response
