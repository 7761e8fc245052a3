"""The page as a person has it: Chromium without a screen, what it said, and what it was told."""

from __future__ import annotations

import base64
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.e2e.local_stack import LocalStack
from tests.e2e.relay import Relay

NOBODY = StorageState(cookies=[], origins=[])
WIDE = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
# What a busy machine needs at the very most; a test that passes never waits for it.
PATIENCE_MS = 60_000
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# What the browser itself says of a connection that a test has cut, or of an answer that a test wants refused.
_OF_THE_NETWORK = "Failed to load resource"
_TELL_VIOLATIONS = """
    addEventListener("securitypolicyviolation", (event) => {
        console.error("policy", event.violatedDirective, event.blockedURI);
    });
"""
_WITHOUT_TIMES = """() => {
    const main = document.querySelector("main").cloneNode(true);
    for (const time of main.querySelectorAll("time")) time.remove();
    return main.textContent.replace(/\\s+/g, " ");
}"""

expect.set_options(timeout=PATIENCE_MS)


def chromium() -> str:
    """The program; without one the tests of the page are skipped, but fail where everything must have been tested."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    reason = "No Chromium is here to drive the page: install it (Debian: apt install chromium)."
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass
class EventLog:
    """The ids of all events that one page was sent, connection by connection, as they came over the network."""

    session: CDPSession
    _streams: list[str] = field(default_factory=list)
    _bytes: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session.send("Network.enable")
        self.session.on("Network.responseReceived", self._opened)
        self.session.on("Network.dataReceived", self._received)

    def _opened(self, event: dict[str, Any]) -> None:
        if event["response"]["mimeType"] == "text/event-stream":
            name = event["requestId"]
            self._streams.append(name)
            self._bytes[name] = b""
            so_far = self.session.send("Network.streamResourceContent", {"requestId": name})
            self._bytes[name] = base64.b64decode(so_far["bufferedData"]) + self._bytes[name]

    def _received(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._bytes:
            self._bytes[event["requestId"]] += base64.b64decode(event.get("data", ""))

    @property
    def connections(self) -> list[list[int]]:
        """The ids that each connection brought whole, in order."""
        whole = [self._bytes[name].rpartition(b"\n\n")[0] for name in self._streams]
        return [[int(found) for found in re.findall(rb"^id: (\d+)", text, re.MULTILINE)] for text in whole]

    @property
    def ids(self) -> list[int]:
        """Those of all connections, one after the other."""
        return [each for connection in self.connections for each in connection]


@dataclass
class Window:
    """One window of a browser that shares nothing with another but what it is given."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.context.on("request", self._asked)
        self.context.add_init_script(_TELL_VIOLATIONS)
        self.page.set_default_timeout(PATIENCE_MS)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and _OF_THE_NETWORK not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", f"blob:{self.address}/")):
            self.strangers.append(request.url)

    @cached_property
    def events(self) -> EventLog:
        """From now on."""
        return EventLog(self.context.new_cdp_session(self.page))

    def go(self, path: str) -> None:
        """Open an address of the page."""
        self.page.goto(f"{self.address}{path}")

    def ask(self, question: str, *, plan_first: bool = False) -> str:
        """Ask as a person does; the question's id."""
        self.go("/")
        self.page.get_by_label("Your question").fill(question)
        self.page.get_by_label("Show me the plan first").set_checked(plan_first)
        self.page.get_by_role("button", name="Ask", exact=True).click()
        self.page.wait_for_url("**/q/*")
        return self.question_id

    @property
    def question_id(self) -> str:
        """Of the question that is shown."""
        found = re.search(r"/q/([^/?]+)", self.page.url)
        assert found, self.page.url
        return found[1]

    def await_state(self, *states: str) -> None:
        """Wait until the page shows one of them."""
        expect(self.page.get_by_test_id("state")).to_have_attribute("data-state", re.compile("|".join(states)))

    def press(self, name: str) -> None:
        """Press the button of that exact name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def shown(self) -> str:
        """All that the page says, without what is told by the clock."""
        text: str = self.page.evaluate(_WITHOUT_TIMES)
        return text


@dataclass
class Desk:
    """A stack, and a browser beside it that reaches the gateway over a wire that can be cut."""

    stack: LocalStack
    browser: Browser
    relay: Relay
    address: str

    @cached_property
    def signed_in(self) -> StorageState:
        """Cookies of the person who runs the stack."""
        with self.window(NOBODY) as window:
            window.page.goto(self.link())
            expect(window.page.get_by_label("Your question")).to_be_visible()
            return window.context.storage_state()

    def link(self) -> str:
        """One that signs in once."""
        return next(word for word in self.stack.run("page").stdout.split() if "#code=" in word)

    @contextmanager
    def window(self, state: StorageState | None = None, viewport: ViewportSize = WIDE) -> Iterator[Window]:
        """A window of its own, signed in; in the end nothing was complained of, and nobody else was asked."""
        kept = self.signed_in if state is None else state
        with self.browser.new_context(storage_state=kept, viewport=viewport, locale="en-GB") as context:
            window = Window(context, context.new_page(), self.address)
            yield window
        assert window.complaints == []
        assert window.strangers == []


@contextmanager
def desk_of(stack: LocalStack) -> Iterator[Desk]:
    """A browser for that stack. Skips or fails where there is none."""
    program = chromium()
    address = stack.run("page").stdout.split("/#code=")[0].split()[-1]
    port = int(address.rpartition(":")[2])
    with Relay(port) as relay, sync_playwright() as playwright:
        # The address stays that of the gateway: only the way there leads over the wire.
        way = f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}"
        with playwright.chromium.launch(executable_path=program, args=[*_ARGUMENTS, way]) as browser:
            yield Desk(stack, browser, relay, address)
