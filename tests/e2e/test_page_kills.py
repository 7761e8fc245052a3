"""`kill -9` under a watched question: the page goes on by itself, and shows every event once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Desk, desk_of
from tests.e2e.local_stack import LocalStack, Tenant
from tests.e2e.test_live_steps import asked_twice, reads, until
from tests.e2e.test_page import LIVE, events_of

SETTINGS = {"HOLDFAST_OKTA__CONCURRENCY": "4"}
# So slow that every kill meets the step at work.
SLOW = "0.4"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A stack with a snapshot, whose tenant is slow from then on."""
    with (
        Tenant(tmp_path_factory.mktemp("tenant"), users=80) as tenant,
        LocalStack(tmp_path_factory.mktemp("killed"), tenant, SETTINGS) as stack,
        desk_of(stack) as desk,
    ):
        stack.run("sync")
        tenant.kill()
        tenant.latency = SLOW
        tenant.start()
        yield desk


@pytest.mark.parametrize("victim", ["gateway", "worker", "Temporal"])
def test_a_page_goes_on_over_a_kill_and_shows_every_event_once(victim: str, desk: Desk) -> None:
    stack = desk.stack
    with desk.window() as window:
        log = window.events
        asked_at = time.time()
        question_id = window.ask(LIVE)
        running = window.page.locator("[data-step='live'][data-stage='RUNNING']")
        expect(running).to_contain_text(re.compile(r"\d+ of 6\d calls"))
        old = stack.pid(victim)
        killed = stack.kill(victim)
        stack.await_new(victim, old)
        window.await_state("COMPLETED")
        expect(window.page.locator("li.step").last).to_contain_text("63 calls")
        expect(window.page.get_by_role("grid").locator("[data-row='0']")).to_be_visible()
        assert asked_twice(stack.tenant, asked_at, [killed]) == {}
        assert len(reads(stack.tenant, asked_at)) >= 62
        assert log.ids == events_of(desk, question_id)
        # Who comes only now is shown the same.
        with desk.window() as late:
            late.go(f"/q/{question_id}")
            late.await_state("COMPLETED")
            expect(late.page.get_by_role("grid").locator("[data-row='0']")).to_be_visible()
            until(lambda: late.shown() == window.shown(), "both windows to show the same")
