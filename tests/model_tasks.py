"""A small task, and a prompt for it, with which tests ask models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from holdfast.models.calls import ModelCalls, Task, nothing
from holdfast.prompts import PromptLibrary
from holdfast.settings import ModelSettings


class Count(BaseModel):
    """How many, and of what."""

    model_config = ConfigDict(extra="forbid")
    number: int
    thing: str = "people"


def counting(check: Callable[[Count], None] = nothing) -> Task[Count]:
    """The task of an agent whose newest prompt is `counter/v3`."""
    return Task("counter", "How many people are in Oslo?", Count, check)


@asynccontextmanager
async def asking(settings: ModelSettings) -> AsyncIterator[ModelCalls]:
    """Model calls with that prompt, closed with the block."""
    with TemporaryDirectory() as folder:
        prompt = Path(folder) / "counter" / "v3.md"
        prompt.parent.mkdir()
        prompt.write_text("Count what is asked for.", encoding="utf-8")
        calls = ModelCalls(settings, PromptLibrary(Path(folder)))
        try:
            yield calls
        finally:
            await calls.close()
