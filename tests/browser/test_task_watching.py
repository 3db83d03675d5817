"""The rule of watching: what was watched survives, and clips that stall lock nobody in (F49)."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.arena_pages import OpenArena
from tests.browser.task_pages import Device, Serve

pytest_plugins = ["tests.browser.arena_fixtures", "tests.browser.task_fixtures"]
pytestmark = pytest.mark.browser


def unwatched(page: Page) -> set[str]:
    """The clips that still need to be watched."""
    return set(page.eval_on_selector_all(".clip.is-unwatched", "all => all.map((each) => each.dataset.clip)"))


def watch(page: Page, clip: str) -> None:
    """Point at a clip until it was watched to its end; one that failed until now needs no watching, which is no end."""
    page.locator(f"[data-clip='{clip}']").hover()
    page.wait_for_selector(f"[data-clip='{clip}']:not(.is-unwatched):not(.is-failed)")


def test_what_was_watched_is_there_after_a_reload_and_on_another_device(
    serve: Serve, page: Page, device: Device
) -> None:
    server = serve(real_arena=True, watch="before_done")
    page.goto(server.task)
    watch(page, "C-1")
    with page.expect_response("**/draft"):
        watch(page, "C-2")
    page.reload()
    page.wait_for_selector("[data-clip]")
    assert unwatched(page) - {"C-0"} == {"C-3"}  # C-0 has the focus, and plays meanwhile
    other = device().new_page()
    other.goto(server.task)
    other.wait_for_selector("[data-clip]")
    assert unwatched(other) - {"C-0"} == {"C-3"}


def test_what_was_watched_while_the_server_was_away_survives_a_reload(serve: Serve, page: Page) -> None:
    server = serve(real_arena=True, watch="before_placing")
    page.goto(server.task)
    page.wait_for_selector("[data-clip]")
    page.wait_for_function("() => document.querySelector('#loading').textContent === ''")
    page.route("**/draft", lambda route: route.abort())
    watch(page, "C-3")
    page.wait_for_timeout(300)
    page.reload()
    page.wait_for_selector("[data-clip]")
    assert unwatched(page) - {"C-0"} == {"C-1", "C-2"}


def test_after_a_reload_the_page_says_that_undo_is_gone(serve: Serve, page: Page) -> None:
    server = serve(real_arena=True)
    server.study.drafts[server.study.key(0)] = {"placements": [{"clip": "C-0", "x": 0.1, "y": 0.2}]}
    page.goto(server.task)
    words = "This is how you left it. Earlier changes can no longer be undone."
    expect(page.locator("[data-guidance]")).to_have_text(words)
    expect(page.locator("[data-live]")).to_have_text(words)
    page.locator("[data-clip='C-0']").press("Delete")
    expect(page.locator("[data-guidance]")).not_to_have_text(words)


def test_f49_a_clip_whose_server_never_answers_is_given_up_on_in_play(open_arena: OpenArena) -> None:
    page = open_arena(n=2, playback={"watch": "before_placing"})
    page.page.route("**/*.mp4*", lambda route: None)
    page.page.mouse.move(*page.centre("c0"))
    page.page.wait_for_selector('[data-clip="c0"].is-failed', timeout=15_000)
    assert "could not be loaded" in page.name("c0")
    page.drag("c0", 0.1, 0.1)
    assert set(page.placements()) == {"c0"}
    assert page.result()["unplayable"] == ["c0"]
    # It can be tried again: the network is back.
    page.page.unroute("**/*.mp4*")
    page.page.mouse.move(5, 5)
    page.page.mouse.move(*page.centre("c0"))
    page.page.wait_for_selector('[data-clip="c0"]:not(.is-failed)')
    assert page.result()["unplayable"] == []


def test_f49_clips_that_trickle_are_given_up_on_and_recorded_and_can_be_tried_again(serve: Serve, page: Page) -> None:
    server = serve(
        real_arena=True, watch="before_done", trials=[[0, 1, 2, 3, 4, 5], [6, 7]], stalled_media={0, 1, 2, 3, 4}
    )
    page.goto(server.task)
    page.wait_for_selector("[data-clip]")
    began = time.monotonic()
    for clip in range(5):
        page.wait_for_selector(f"[data-clip='C-{clip}'].is-failed", timeout=32_000)
    assert time.monotonic() - began < 30
    watch(page, "C-5")
    for clip in range(6):
        for press in ("p", f"Shift+Arrow{('Left', 'Right', 'Up')[clip % 3]}", "p"):
            page.locator(f"[data-clip='C-{clip}']").press(press)
    server.study.stalled_media = {0, 1, 2, 3}
    page.wait_for_selector("[data-clip='C-4']:not(.is-failed)")
    watch(page, "C-4")  # it is there now, so it has to be watched
    expect(page.locator("[data-done]")).to_be_enabled()
    page.locator("[data-done]").click()
    expect(page.locator("[data-clip='C-6']")).to_be_visible()
    (body,) = [json.loads(raw) for raw in server.study.submitted.values()]
    assert set(body["watched"]) == {"C-4", "C-5"}
    assert set(body["unplayable"]) == {"C-0", "C-1", "C-2", "C-3"}
