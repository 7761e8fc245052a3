"""The page in a real browser, over the whole product: asking, watching, steering, the table, and who may see what."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browser import NOBODY, Desk, Window, desk_of
from tests.e2e.local_stack import LocalStack, Tenant
from tests.e2e.test_live_steps import until

LIVE = "Which active users have which MFA factors, from the live API?"
GROUPS = "Which groups are there?"
DEPARTMENTS = "How many people are there in each department?"
MARKUP = "<img src=x onerror=\"document.title='taken'\">"
# The live step makes some sixty calls: it asks a person before them, and takes seconds for them.
SETTINGS = {"HOLDFAST_API__CALLS_EACH": "20", "HOLDFAST_OKTA__CONCURRENCY": "4"}
SLOW = "0.3"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A stack with a snapshot, whose tenant is slow from then on."""
    with (
        Tenant(tmp_path_factory.mktemp("tenant"), users=80) as tenant,
        LocalStack(tmp_path_factory.mktemp("page"), tenant, SETTINGS) as stack,
        desk_of(stack) as desk,
    ):
        stack.run("sync")
        tenant.kill()
        tenant.latency = SLOW
        tenant.start()
        yield desk


@pytest.fixture
def window(desk: Desk) -> Iterator[Window]:
    with desk.window() as window:
        yield window


def grid(window: Window) -> Locator:
    return window.page.get_by_role("grid")


def cells(window: Window, column: int) -> list[str]:
    """The drawn cells of a column, from the top."""
    return grid(window).locator(f"[data-row] [data-column='{column}']").all_inner_texts()


def answer_of(desk: Desk, question_id: str) -> dict[str, Any]:
    """The answer as the command line has it."""
    answer: dict[str, Any] = json.loads(desk.stack.run("watch", "--json", question_id, check=False).stdout)
    return answer


def events_of(desk: Desk, question_id: str) -> list[int]:
    """The offsets of the whole stream, without the rows that the page does not ask for."""
    told = [json.loads(line) for line in desk.stack.run("watch", "--events", question_id).stdout.splitlines()]
    return [each["offset"] for each in told if each["type"] not in {"METADATA", "BATCH"}]


def waiting_for_calls(window: Window) -> str:
    """Ask what needs many calls, and wait until a person is asked; the question's id."""
    question_id = window.ask(LIVE)
    expect(window.page.get_by_test_id("review")).to_be_visible()
    return question_id


def approved_and_reading(window: Window) -> str:
    """Ask it, let it make all calls, and wait until the page shows that it makes them."""
    question_id = waiting_for_calls(window)
    window.press("Approve all of them")
    expect(window.page.locator("[data-step='live'][data-stage='RUNNING']")).to_contain_text(
        re.compile(r"\d+ of 6\d calls")
    )
    return question_id


def test_the_link_signs_in_and_leaves_no_trace_of_its_code(desk: Desk) -> None:
    with desk.window(NOBODY) as window:
        window.page.goto(desk.link())
        expect(window.page.get_by_label("Your question")).to_be_focused()
        assert window.page.url == f"{desk.address}/"
        window.page.reload()
        expect(window.page.get_by_label("Your question")).to_be_focused()


def test_an_example_is_asked_and_its_answer_read_by_keyboard_alone(window: Window) -> None:
    page, keys = window.page, window.page.keyboard
    window.go("/")
    expect(page.get_by_label("Your question")).to_be_focused()
    while page.locator(".example:focus").count() == 0:
        keys.press("Tab")
    keys.press("Tab")
    keys.press("Tab")
    example = page.locator(".example:focus").inner_text()
    keys.press("Enter")
    expect(page.get_by_label("Your question")).to_have_value(example)
    expect(page.get_by_label("Your question")).to_be_focused()
    keys.press("Control+Enter")
    page.wait_for_url("**/q/*")
    window.await_state("COMPLETED")
    expect(page.get_by_role("heading", level=1)).to_have_text(example)
    expect(page.get_by_label("Search the rows")).to_be_visible()
    keys.press("/")
    expect(page.get_by_label("Search the rows")).to_be_focused()
    while page.locator("[role=grid] :focus").count() == 0:
        keys.press("Tab")
    keys.press("ArrowDown")
    expect(page.locator("[data-row='1'] [data-column='0']")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-row='1'] [data-column='0']")).to_be_focused()


def test_every_place_is_reached_by_its_key(window: Window) -> None:
    page, keys = window.page, window.page.keyboard
    window.go("/history")
    expect(page.get_by_role("heading", name="Questions asked before")).to_be_visible()
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()
    keys.press("s")
    expect(page.get_by_role("heading", name="Syncs of the tenant")).to_be_visible()
    expect(page.locator("main")).to_be_focused()
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    keys.press("h")
    expect(page.get_by_role("heading", name="Syncs of the tenant")).to_be_visible()
    keys.press("Escape")
    keys.press("h")
    expect(page.get_by_role("heading", name="Questions asked before")).to_be_visible()
    keys.press("n")
    expect(page.get_by_label("Your question")).to_be_focused()
    keys.type("nhs?")
    expect(page.get_by_label("Your question")).to_have_value("nhs?")


def test_a_costly_step_is_approved_in_its_panel_and_two_windows_show_the_same(desk: Desk, window: Window) -> None:
    log = window.events
    question_id = waiting_for_calls(window)
    with desk.window() as other:
        other.go(f"/q/{question_id}")
        for each in (window, other):
            panel = each.page.get_by_test_id("review")
            expect(panel).to_contain_text("It will make about 63 calls; 20 are allowed without asking.")
            expect(panel.locator("dl")).to_contain_text("Calls to come63")
        other.page.get_by_label("How many further calls to approve").fill("25")
        other.page.get_by_label("Comment").fill(f"As every month {MARKUP}")
        other.press("Approve 25 calls")
        for each in (window, other):
            expect(each.page.get_by_role("list", name="Decisions")).to_contain_text(
                "approved step live, 25 further calls"
            )
            expect(each.page.get_by_role("list", name="Decisions")).to_contain_text(f"As every month {MARKUP}")
            expect(each.page.locator("[data-step='live'][data-stage='RUNNING']")).to_have_count(1)
        expect(window.page.get_by_test_id("review").locator("dl")).to_contain_text("Calls made25")
        window.press("Approve all of them")
        expect(other.page.locator("[data-step='live']")).to_contain_text(re.compile(r"\d+ of 63 calls"))
        for each in (window, other):
            each.await_state("COMPLETED")
            expect(grid(each).locator("[data-row='0']")).to_be_visible()
            expect(each.page.locator(".code-view, pre").first).to_be_visible()
        assert window.shown() == other.shown()
    assert log.ids == events_of(desk, question_id)


def test_a_plan_appears_and_its_steps_light_up_one_after_the_other(window: Window) -> None:
    page = window.page
    waiting_for_calls(window)
    node, row = page.locator("[data-step='live']"), page.get_by_role("list", name="Steps").locator("li.step").last
    expect(page.locator("[data-step='main']")).to_have_attribute("data-stage", "DONE")
    for each in (node, row):
        expect(each).to_have_attribute("data-stage", "BLOCKED")
    window.press("Approve all of them")
    for stage in ("RUNNING", "DONE"):
        for each in (node, row):
            expect(each).to_have_attribute("data-stage", stage)
    expect(row).to_contain_text("63 calls")
    expect(page.get_by_label("Where it comes from")).to_contain_text("the stored snapshot and the live tenant")
    expect(page.get_by_label("Where it comes from")).to_contain_text("Last synced")
    expect(page.get_by_text("What is missing (1)")).to_be_visible()


def test_a_pause_holds_the_calls_over_a_reload_and_cancel_ends_it(desk: Desk, window: Window) -> None:
    page = window.page
    question_id = approved_and_reading(window)
    window.press("Pause")
    window.await_state("PAUSED")
    page.locator("[data-step='main']").click()
    address = page.url
    page.reload()
    assert page.url == address
    window.await_state("PAUSED")
    expect(page.locator("[data-step='main']")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", level=1)).to_have_text(LIVE)
    window.press("Resume")
    window.await_state("RUNNING")
    window.press("Cancel")
    page.get_by_role("button", name="Let it go on").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    window.press("Cancel")
    page.get_by_role("button", name="End it").click()
    window.await_state("CANCELLED")
    assert answer_of(desk, question_id)["outcome"] == "cancelled"


def test_a_lost_connection_is_said_and_the_page_goes_on_by_itself_with_every_event_once(
    desk: Desk, window: Window
) -> None:
    log, lost = window.events, window.page.get_by_text("Connection lost")
    question_id = approved_and_reading(window)
    desk.relay.cut()
    try:
        expect(lost).to_be_visible()
        # What happens meanwhile must be told afterwards.
        made = len(desk.stack.tenant.requests())
        until(lambda: len(desk.stack.tenant.requests()) >= made + 4, "calls that the page does not see")
    finally:
        desk.relay.mend()
    expect(lost).to_have_count(0)
    window.await_state("COMPLETED")
    assert len(log.connections) > 1
    assert log.ids == events_of(desk, question_id)


def test_a_plan_is_edited_before_it_runs_and_nonsense_in_it_is_explained(desk: Desk, window: Window) -> None:
    page = window.page
    question_id = window.ask(GROUPS, plan_first=True)
    expect(page.get_by_test_id("review")).to_contain_text("The plan waits for a decision")
    window.press("Edit the plan")
    field, send = page.get_by_label("The plan", exact=True), page.get_by_role("button", name="Run this plan")
    plan = json.loads(field.input_value())
    field.fill("{")
    send.click()
    expect(page.get_by_role("alert")).to_contain_text("This is not JSON")
    field.fill(json.dumps({**plan, "steps": [{**plan["steps"][0], "depends_on": ["nobody"]}]}))
    send.click()
    expect(page.get_by_role("alert")).to_contain_text("nobody")
    field.fill(json.dumps({**plan, "steps": [{**plan["steps"][0], "query_context": MARKUP}]}))
    send.click()
    window.await_state("COMPLETED")
    expect(page.get_by_role("list", name="Decisions")).to_contain_text("edited the plan")
    expect(page.locator(".detail-context")).to_have_text(MARKUP)
    assert answer_of(desk, question_id)["execution_plan"]["steps"][0]["query_context"] == MARKUP


def test_rows_are_sorted_searched_filtered_and_downloaded_as_they_are_in_the_answer(
    desk: Desk, window: Window, tmp_path: Path
) -> None:
    page = window.page
    question_id = window.ask(GROUPS)
    final = answer_of(desk, question_id)["final_result"]
    rows = final["content"]
    names = [row["group_name"] for row in rows]
    expect(page.locator(".table-count")).to_have_text(f"{len(rows)} rows")
    assert cells(window, 0) == names[: len(cells(window, 0))]
    whole = _downloaded(window, tmp_path / "whole.csv")
    assert whole == [[row[header["value"]] or "" for header in final["metadata"]["headers"]] for row in rows]
    heading = page.locator("[role=columnheader][title='Group']")
    heading.click()
    heading.click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(grid(window).locator("[data-row='0'] [data-column='0']")).to_have_text(max(names, key=str.casefold))
    page.get_by_label("Search the rows").fill("office")
    offices = [name for name in names if "office" in str([row for row in rows if row["group_name"] == name]).lower()]
    expect(page.locator(".table-count")).to_have_text(f"{len(offices)} of {len(rows)} rows")
    page.get_by_label("Search the rows").fill("")
    page.locator("[role=columnheader][title='Group type']").hover()
    window.press("Menu of Group type")
    page.get_by_label("Value of Group type").fill("app")
    page.get_by_role("button", name="Filter", exact=True).click()
    apps = [row for row in rows if row["group_type"] == "APP_GROUP"]
    expect(page.locator(".table-count")).to_have_text(f"{len(apps)} of {len(rows)} rows")
    part = _downloaded(window, tmp_path / "part.csv")
    assert sorted(row[0] for row in part) == sorted(row["group_name"] for row in apps)
    assert [row[0] for row in part] == cells(window, 0)
    page.get_by_role("list", name="Filters").get_by_role("button").click()
    expect(page.locator(".table-count")).to_have_text(f"{len(rows)} rows")


def _downloaded(window: Window, file: Path) -> list[list[str]]:
    """The rows of the CSV that the page gives, without its heading."""
    window.press("Download")
    with window.page.expect_download() as download:
        window.page.get_by_role("button", name=re.compile("^CSV")).click()
    download.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text))[1:]


def test_a_grouping_is_a_chart_at_one_click(desk: Desk, window: Window) -> None:
    # Where nothing may move, colours must be found all the same.
    window.page.emulate_media(reduced_motion="reduce")
    question_id = window.ask(DEPARTMENTS)
    window.press("Chart")
    chart = window.page.get_by_role("img", name=re.compile("^Bar chart of People by Department"))
    rows = answer_of(desk, question_id)["final_result"]["content"]
    bars = chart.locator("svg .mark-rect path")
    expect(bars).to_have_count(len(rows))
    ground = chart.locator("svg").evaluate("svg => getComputedStyle(svg).backgroundColor")
    assert bars.first.get_attribute("fill") != ground
    with window.page.expect_download() as download:
        window.press("SVG")
    assert "<svg" in Path(download.value.path()).read_text()


def test_text_from_elsewhere_is_never_markup(window: Window) -> None:
    page = window.page
    window.ask(GROUPS)
    window.await_state("COMPLETED")
    window.press("Run again from here")
    page.get_by_label("With an edited query").check()
    text = "'<img src=x onerror=alert(1)>'"
    page.get_by_label("The query").fill(
        f"MATCH (s:`Group`) RETURN s.id AS group_id, {text} AS group_name, '[a](javascript:alert(1))' AS group_type,"
        " s.description AS group_description ORDER BY group_id LIMIT 3"
    )
    old = window.question_id
    window.press("Run again")
    page.wait_for_url(lambda url: "/q/" in url and old not in url)
    window.await_state("COMPLETED")
    expect(grid(window).locator("[data-row='0'] [data-column='0']")).to_have_text(text.strip("'"))
    window.ask(f"Who is in the group {MARKUP}?")
    window.await_state("COMPLETED", "FAILED")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Who is in the group {MARKUP}?")
    window.go("/history")
    expect(page.get_by_role("link", name=re.compile("onerror")).first).to_be_visible()
    assert page.locator("main img, main a[href^='javascript']").count() == 0
    assert "taken" not in page.title()


def test_a_failed_question_is_tried_again_as_a_new_one_that_names_it(window: Window) -> None:
    page = window.page
    window.ask(GROUPS)
    window.await_state("COMPLETED")
    window.press("Run again from here")
    page.get_by_label("With an edited query").check()
    # Right in its form, and more than a worker may compute.
    page.get_by_label("The query").fill("MATCH (s:`Group`) RETURN CAST(s.name AS INT64) AS group_name")
    first = window.question_id
    window.press("Run again")
    page.wait_for_url(lambda url: "/q/" in url and first not in url)
    window.await_state("FAILED")
    expect(page.get_by_text(f"Run again from {first}")).to_be_visible()
    failed = window.question_id
    window.press("Try again")
    page.wait_for_url(lambda url: "/q/" in url and failed not in url)
    window.await_state("FAILED")
    expect(page.get_by_text(f"Tried again after {failed}")).to_be_visible()


def test_questions_asked_before_are_found_by_their_words(window: Window) -> None:
    page = window.page
    question_id = window.ask(DEPARTMENTS)
    window.await_state("COMPLETED")
    window.go("/history")
    found = page.locator(f"[data-question='{question_id}']")
    expect(found).to_contain_text("Answered")
    page.get_by_label("Search the questions").fill("EACH department")
    expect(page.locator("[data-question]").filter(has_not_text=DEPARTMENTS)).to_have_count(0)
    expect(found).to_be_visible()
    found.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(DEPARTMENTS)
    page.go_back()
    expect(page.get_by_label("Search the questions")).to_have_value("EACH department")


def test_a_sync_is_started_watched_and_ended_from_its_panel(window: Window) -> None:
    page = window.page
    window.go("/syncs")
    expect(page.get_by_text("last synced")).to_be_visible()
    window.press("Sync everything")
    expect(page.get_by_role("progressbar", name="Read of the tenant")).to_be_visible()
    expect(page.locator(".families li")).not_to_have_count(0)
    window.press("End the sync")
    window.press("Let it run")
    window.press("End the sync")
    window.press("End it")
    expect(page.get_by_role("button", name="Sync everything")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_a_strangers_question_is_nothing_until_it_is_shared(desk: Desk, window: Window) -> None:
    question_id = window.ask(GROUPS)
    made = desk.stack.run("keys", "create", "--name", "Bob", "--role", "asker", "--subject", "bob")
    with desk.window(NOBODY) as stranger:
        stranger.go(f"/q/{question_id}")
        stranger.page.get_by_label("API key or token").fill("hf_wrong")
        stranger.press("Sign in")
        expect(stranger.page.get_by_role("alert")).to_contain_text("You are not signed in")
        stranger.page.get_by_label("API key or token").fill(made.stdout.strip())
        stranger.press("Sign in")
        expect(stranger.page.get_by_role("heading", name="No such question")).to_be_visible()
        stranger.go("/history")
        expect(stranger.page.get_by_text("You have not asked anything yet.")).to_be_visible()
        window.press("Share")
        window.page.get_by_label("The name under which they sign in").fill("bob")
        window.page.keyboard.press("Enter")
        expect(window.page.get_by_role("list", name="Who sees it")).to_contain_text("bob")
        stranger.go(f"/q/{question_id}")
        stranger.await_state("COMPLETED")
        expect(stranger.page.get_by_role("button", name="Share")).to_have_count(0)


def test_who_signs_out_is_out_in_every_window_of_that_browser(desk: Desk) -> None:
    with desk.window(NOBODY) as window:
        window.page.goto(desk.link())
        expect(window.page.get_by_label("Your question")).to_be_visible()
        other = window.context.new_page()
        other.goto(f"{desk.address}/history")
        expect(other.get_by_role("heading", name="Questions asked before")).to_be_visible()
        window.page.locator(".account summary").click()
        window.press("Sign out")
        expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
        other.get_by_label("Search the questions").fill("anything")
        expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
        window.page.go_back()
        window.go("/history")
        expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
