"""Windows, devices and storage that come and go: the task goes on in one place with all that was done in others."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fake_api import ANOTHER_TOKEN, status
from tests.browser.task_pages import (
    Device,
    Serve,
    arrange,
    elsewhere,
    finish,
    has_placed,
    place,
    placed,
    saved,
    saving,
    shows_clip,
    stop_clock,
)
from tests.browser.waiting import stored, until

pytest_plugins = ["tests.browser.task_fixtures"]
pytestmark = pytest.mark.browser

NO_STORAGE = "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }})"

# With patience: a busy machine may take many seconds to open the browser's storage.
OPEN_STORE = (
    "(async () => { window.store = await (await import('/static/test/task/store.js')).openStore(undefined, 60_000); })"
)


def test_f09_f16_a_reload_shows_the_servers_state_and_overwrites_nothing(serve: Serve, page: Page) -> None:
    server = serve()
    arrange(page, server)
    finish(page)
    shows_clip(page, 4)
    before = dict(server.study.submitted)
    page.reload()
    shows_clip(page, 4)
    page.goto(server.url + "/join/full")
    page.go_back()
    shows_clip(page, 4)
    assert server.study.submitted == before


def test_f16_what_was_stored_in_the_moment_of_a_reload_is_kept(serve: Serve, page: Page) -> None:
    page.goto(serve().url + "/join/full")
    for n in range(20):
        page.evaluate(f"{OPEN_STORE}()")
        with page.expect_navigation():
            page.evaluate(
                "body => { store.putDraft({id: 'trial', body}); store.put({id: 'one', body}); location.reload(); }",
                str(n),
            )
        kept = page.evaluate(f"{OPEN_STORE}().then(() => [store.draft('trial')?.body, store.entries()[0]?.body])")
        assert kept == [str(n), str(n)]


def test_f11_a_tab_closed_in_mid_trial_finds_its_placements_again(serve: Serve, device: Device) -> None:
    server = serve()
    context = device()
    page = context.new_page()
    page.goto(server.task)
    place(page, 1, 3)
    expected = placed(page)
    stored(page)
    page.close()
    again = context.new_page()
    again.goto(server.task)
    has_placed(again, 1)
    assert placed(again) == expected


def test_f11_placements_made_without_a_network_outlive_a_crash(serve: Serve, device: Device) -> None:
    server = serve()
    context = device()
    page = context.new_page()
    page.goto(server.task)
    place(page, 0)
    saved(page)
    context.set_offline(True)
    place(page, 1, 2)
    expected = placed(page)
    stored(page)
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(server.task)
    has_placed(again, 2)
    assert placed(again) == expected
    saved(again)
    assert len(server.study.drafts[server.study.key(0)]["placements"]) == 3


def test_f14_the_recruiters_link_opened_again_goes_on_with_what_the_first_window_left(
    serve: Serve, device: Device
) -> None:
    server = serve()
    context = device()
    page = context.new_page()
    arrange(page, server)
    with server.study.failing("submit", status(503)):
        finish(page)
        saving(page, "the server is busy")
        again = context.new_page()
        again.goto(f"{server.url}/join/faces/{ANOTHER_TOKEN}")  # each opening has a token of its own
        elsewhere(page)
        expect(again.get_by_role("heading", name="Saving your last arrangement")).to_be_visible()
    shows_clip(again, 4)
    assert list(server.study.submitted) == [server.study.key(0)]
    assert server.study.refused == []


def test_f15_another_device_goes_on_where_this_one_stopped(serve: Serve, device: Device) -> None:
    server = serve()
    first, second = device().new_page(), device().new_page()
    first.goto(server.task)
    stop_clock(first)  # the two seconds never end after which a draft is sent anyway
    place(first, 0, 2)
    expected = placed(first)
    first.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    until(first, lambda: server.study.drafts)
    second.goto(server.task)
    has_placed(second, 0)
    assert placed(second) == expected
    # The first device learns of it from its next draft.
    place(first, 1)
    first.clock.resume()
    elsewhere(first)
    place(second, 3)
    saved(second)
    first.get_by_role("button", name="Continue here").click()
    has_placed(first, 3)
    assert set(placed(first)) == {"C-0", "C-2", "C-3"}


def test_f16_a_stale_submit_is_answered_with_the_present_state(serve: Serve, page: Page) -> None:
    server = serve()
    arrange(page, server)
    body = json.dumps({"placements": [{"clip": f"C-{i}", "x": 0, "y": 0} for i in range(4)]}).encode()
    server.study.submitted[server.study.key(0)] = body  # another device was faster
    finish(page)
    expect(page.get_by_text("A different version had already been saved from another window.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    shows_clip(page, 4)
    assert server.study.submitted[server.study.key(0)] == body
    assert len(server.study.refused) == 1


def test_f17_a_window_that_is_looked_at_again_learns_that_the_task_is_open_elsewhere(
    serve: Serve, device: Device
) -> None:
    server = serve()
    first, second = device().new_page(), device().new_page()
    first.goto(server.task)
    shows_clip(first, 0)
    second.goto(server.task)
    shows_clip(second, 0)
    shows_clip(first, 0)
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    elsewhere(first)


def test_a_browser_without_storage_works_and_warns(serve: Serve, page: Page) -> None:
    server = serve()
    page.add_init_script(NO_STORAGE)
    page.goto(server.task)
    expect(page.locator("#loading")).to_have_text(
        "This browser cannot keep a copy: keep this page open until everything is saved."
    )
    place(page, 0, 1, 2, 3)
    with server.study.failing("submit", status(503)):
        finish(page)
        saving(page, "Not saved yet: the server is busy. Please keep this page open. We will keep trying.")
    shows_clip(page, 4)
