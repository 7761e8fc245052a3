"""The page in Chromium on loopback: how soon one can ask, what it weighs, and a million rows that are scrolled."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, StorageState, async_playwright
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from benchmarks.measurement import Measurement
from benchmarks.rows import ScriptedTable, table
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import TASK_QUEUE
from holdfast.settings import Settings, load_settings
from starter.access.stored import open_access, sign_in_link
from starter.children import GatewayChild
from starter.embedded import EmbeddedTemporal, find_temporal
from workflows.query import QueryWorkflow

_VISITS = 7
_ASKER = "ada"
_PATIENCE_MS = 60_000
_JUMPS = 40
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# When the field for the question takes what is typed, counted from the beginning of the navigation.
_NOTE_FOCUS = """
    addEventListener("focusin", (event) => {
        if (event.target.id === "question") document.documentElement.dataset.usable ??= String(performance.now());
    });
"""
# Scrolls a frame at a time, and looks at what each frame draws: whether a row lies at every height of the grid.
_SCROLL = """async (steps) => {
    const grid = document.querySelector("[role=grid]");
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    const seen = { frames: 0, blank: 0, waiting: 0, heights: 0, row: 0 };
    for (const step of steps) {
        grid.scrollTop += step;
        await frame();
        const { left, top, height } = grid.getBoundingClientRect();
        const head = grid.querySelector(".grid-head").getBoundingClientRect().height;
        seen.frames += 1;
        for (let y = top + head + 4; y < Math.min(top + height, innerHeight) - 20; y += 18) {
            seen.heights += 1;
            if (!document.elementFromPoint(left + 40, y)?.closest("[data-row]")) { seen.blank += 1; break; }
        }
        if (grid.querySelector(".grid-waiting")) seen.waiting += 1;
        seen.row = Math.max(...[...grid.querySelectorAll("[data-row]")].map(({ dataset }) => Number(dataset.row)));
    }
    return seen;
}"""
_JUMP = """async (share) => {
    const grid = document.querySelector("[role=grid]");
    const begun = performance.now();
    grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    do await frame(); while (grid.querySelector(".grid-waiting"));
    return performance.now() - begun;
}"""


async def measure(folder: Path) -> list[Measurement]:
    """A gateway with its access store, a worker with a scripted answer, and a browser that knows nothing yet."""
    async with EmbeddedTemporal(find_temporal(None, tell=print), folder) as temporal:
        settings = load_settings(data_dir=folder)
        chosen = settings.temporal.model_copy(update={"address": temporal.address})
        settings = settings.model_copy(update={"temporal": chosen})
        client = await Client.connect(temporal.address, data_converter=pydantic_data_converter)
        script = ScriptedTable(ArtifactStore(folder / "artifacts"), table())
        async with (
            Worker(client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all()),
            _gateway(settings) as address,
            _chromium() as browser,
        ):
            state = await _signed_in(settings, address, browser)
            visits = [await _usable_ms(browser, address, state) for _ in range(_VISITS)]
            return [
                Measurement(
                    name="until one can ask",
                    value=statistics.median(visits),
                    unit="ms",
                    target=1_000,
                    note=f"median of {_VISITS}, nothing cached; slowest {max(visits):.0f} ms",
                ),
                *await _first_answer(browser, address, state),
            ]


@asynccontextmanager
async def _gateway(settings: Settings) -> AsyncIterator[str]:
    child = GatewayChild(settings, "", None)
    (settings.data_dir / "logs").mkdir(exist_ok=True)
    await child.start()
    try:
        yield child.url
    finally:
        await child.stop()


@asynccontextmanager
async def _chromium() -> AsyncIterator[Browser]:
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise FileNotFoundError("No Chromium is here to drive the page: install it (Debian: apt install chromium).")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


async def _signed_in(settings: Settings, address: str, browser: Browser) -> StorageState:
    with closing(open_access(settings)) as access:
        link = await sign_in_link(access, address, _ASKER)
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(link)
    await page.wait_for_selector("#question:focus", timeout=_PATIENCE_MS)
    state = await context.storage_state()
    await context.close()
    return state


async def _usable_ms(browser: Browser, address: str, state: StorageState) -> float:
    async with await browser.new_context(storage_state=state) as context:
        page = await context.new_page()
        await page.add_init_script(_NOTE_FOCUS)
        await page.goto(address)
        await page.wait_for_selector("#question:focus", timeout=_PATIENCE_MS)
        return float(await page.evaluate("() => document.documentElement.dataset.usable"))


async def _first_answer(browser: Browser, address: str, state: StorageState) -> list[Measurement]:
    async with await browser.new_context(storage_state=state, viewport={"width": 1280, "height": 900}) as context:
        page = await context.new_page()
        received = await _counted(page)
        await page.goto(address)
        await page.wait_for_selector("#question:focus", timeout=_PATIENCE_MS)
        ground = sum(received)
        await page.fill("#question", "People")
        await page.keyboard.press("Control+Enter")
        await page.wait_for_selector("[data-row='0'] .grid-text", timeout=_PATIENCE_MS)
        whole = sum(received)
        return [
            Measurement(name="received before one can ask", value=ground / 1e3, unit="kB", target=None),
            Measurement(
                name="received before the first answer",
                value=whole / 1e3,
                unit="kB",
                target=500,
                note="as compressed as it was sent, with what the gateway told and the first rows",
            ),
            *await _scrolled(page),
        ]


async def _counted(page: Page) -> list[int]:
    """Bytes of each answer as they came over the network, headers and all; it grows."""
    received: list[int] = []
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")

    def came(event: dict[str, Any]) -> None:
        received.append(int(event["encodedDataLength"]))

    session.on("Network.loadingFinished", came)
    return received


async def _scrolled(page: Page) -> list[Measurement]:
    wheel: dict[str, int] = await page.evaluate(_SCROLL, [120] * 200)
    fling: dict[str, int] = await page.evaluate(_SCROLL, [4_000] * 200)
    if not 100 < wheel["row"] < fling["row"] or wheel["heights"] < 10 * wheel["frames"]:
        raise RuntimeError(f"The table was not scrolled, or nobody looked: {wheel}, {fling}")
    begun = time.perf_counter()
    jumps = [float(await page.evaluate(_JUMP, (n * 0.381966) % 1)) for n in range(_JUMPS)]
    spent = time.perf_counter() - begun
    frames = wheel["frames"] + fling["frames"]
    return [
        Measurement(
            name="frames with a blank in a million rows",
            value=wheel["blank"] + fling["blank"],
            unit=f"of {frames}",
            target=0,
            note="200 turns of a wheel, 200 of 4,000 pixels each",
        ),
        Measurement(
            name="frames of the wheel that wait for values",
            value=wheel["waiting"],
            unit=f"of {wheel['frames']}",
            target=None,
        ),
        Measurement(
            name="values after a jump",
            value=statistics.median(jumps),
            unit="ms",
            target=None,
            note=f"median of {_JUMPS} in {spent:.0f} s; slowest {max(jumps):.0f} ms",
        ),
    ]
