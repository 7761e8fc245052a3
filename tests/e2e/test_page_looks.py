"""Every view of the page in both themes, wide and on a phone: a screen reader stumbles over nothing, nothing is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.browser import NOBODY, PHONE, WIDE, Desk, Window, desk_of
from tests.e2e.local_stack import LocalStack, Tenant
from tests.e2e.test_page import DEPARTMENTS, GROUPS, MARKUP, SETTINGS, grid, waiting_for_calls

# A theme is drawn, and with it every colour is of that theme, two frames later.
_DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A stack with a snapshot."""
    with (
        Tenant(tmp_path_factory.mktemp("tenant"), users=80) as tenant,
        LocalStack(tmp_path_factory.mktemp("looks"), tenant, SETTINGS) as stack,
        desk_of(stack) as desk,
    ):
        stack.run("sync")
        yield desk


@pytest.fixture
def window(desk: Desk) -> Iterator[Window]:
    with desk.window() as window:
        yield window


def _asking(window: Window) -> None:
    window.go("/")
    expect(window.page.locator(".example").first).to_be_visible()


def _blocked(window: Window) -> None:
    waiting_for_calls(window)
    expect(window.page.locator("[data-step='live']")).to_be_visible()


def _answered(window: Window) -> None:
    window.ask(GROUPS)
    expect(grid(window).locator("[data-row='0']")).to_be_visible()
    expect(window.page.locator("[data-step='main']")).to_be_visible()


def _charted(window: Window) -> None:
    window.ask(DEPARTMENTS)
    window.press("Chart")
    expect(window.page.locator(".chart-ground svg")).to_be_visible()


def _refused(window: Window) -> None:
    window.ask(f"Who is in the group {MARKUP}?")
    window.await_state("COMPLETED", "FAILED")
    expect(window.page.locator(".ending, .answer")).to_be_visible()


def _menu(window: Window) -> None:
    _answered(window)
    window.page.locator("[role=columnheader][title='Group type']").hover()
    window.press("Menu of Group type")
    expect(window.page.get_by_role("dialog")).to_be_visible()


def _rerunning(window: Window) -> None:
    _answered(window)
    window.press("Run again from here")
    window.page.get_by_label("With an edited query").check()


def _history(window: Window) -> None:
    window.go("/history")
    expect(window.page.locator("[data-question]").first).to_be_visible()


def _syncs(window: Window) -> None:
    window.go("/syncs")
    expect(window.page.get_by_role("button", name="Sync everything")).to_be_visible()
    expect(window.page.get_by_role("heading", name="Earlier syncs")).to_be_visible()


def _nothing(window: Window) -> None:
    window.go("/q/q-of-nobody")
    expect(window.page.get_by_role("heading", name="No such question")).to_be_visible()


def _shortcuts(window: Window) -> None:
    _history(window)
    window.page.keyboard.press("?")
    expect(window.page.get_by_role("dialog")).to_be_visible()


def _sign_in(window: Window) -> None:
    window.go("/")
    expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()


VIEWS = (_asking, _blocked, _answered, _charted, _refused, _menu, _rerunning, _history, _syncs, _nothing, _shortcuts)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__.strip("_"))
def test_a_view_is_whole_and_accessible_in_every_look(
    view: Callable[[Window], None], window: Window, tmp_path: Path
) -> None:
    _look(window, view, tmp_path)


def test_signing_in_is_whole_and_accessible_in_every_look(desk: Desk, tmp_path: Path) -> None:
    with desk.window(NOBODY) as window:
        _look(window, _sign_in, tmp_path)


def _look(window: Window, view: Callable[[Window], None], folder: Path) -> None:
    page, name = window.page, view.__name__.strip("_")
    # Colours in the middle of a transition are nobody's.
    page.emulate_media(reduced_motion="reduce")
    for place, size in (("wide", WIDE), ("phone", PHONE)):
        page.set_viewport_size(size)
        view(window)
        for theme in _THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(_DRAWN)
            found = Axe().run(page).response["violations"]
            page.screenshot(path=folder / f"{name}-{place}-{theme}.png", full_page=True)
            stumbles = [(each["id"], node["html"], node["any"]) for each in found for node in each["nodes"]]
            assert stumbles == [], (place, theme)
        assert page.evaluate(_TOO_WIDE) <= 0, f"{name} is wider than its {place} window"
