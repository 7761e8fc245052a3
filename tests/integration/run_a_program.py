"""Runs a program as a worker does, in a process of its own that a test may kill: `URL FOLDER which-program`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from holdfast.processes import die_with_parent
from holdfast.sandbox.pool import Sandbox
from tests.api_steps import Bench, factors_of_everyone, members_of_every_group

PROGRAMS = {"factors": factors_of_everyone, "members": members_of_every_group}


async def run(url: str, folder: Path, which: str) -> None:
    async with Sandbox() as sandbox:
        await Bench(sandbox, url, folder, concurrency=8).result(PROGRAMS[which]())


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(run(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
