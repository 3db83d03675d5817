"""Faults that bite in the browser: each must end with the work on the server, once, and be told in the right words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.fake_api import ANOTHER_TOKEN, FakeServer, false_ack, lost_answer, sign_in_page, slow, status
from tests.browser.task_fixtures import (  # noqa: F401
    device_fixture,
    finish,
    page_fixture,
    place,
    placed,
    serve_fixture,
)

pytestmark = pytest.mark.browser
Serve = Callable[..., FakeServer]
Device = Callable[..., BrowserContext]

NO_CONNECTION = "Not saved yet: no connection. Your work is kept on this computer, we keep trying."
NO_STORAGE = "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }})"


def passes(page: Page, minutes: float) -> None:
    """Lets time go by, in steps, so that each pause between two attempts ends in its turn."""
    for _ in range(int(minutes * 2)):
        page.clock.fast_forward(30_000)
        page.wait_for_timeout(60)


def saved(page: Page) -> None:
    expect(page.locator("#saving")).to_have_text("All saved")


def test_f01_minutes_without_a_network_lose_nothing(serve: Serve, page: Page) -> None:
    server = serve()
    page.clock.install()
    page.goto(server.task)
    expect(page.locator("[data-clip='C-0']")).to_be_visible()
    page.route("**/api/**", lambda route: route.abort())
    place(page, 0, 1, 2, 3)
    # The page's clock jumps; the browser's storage needs real time before it does.
    time.sleep(1.5)
    passes(page, 0.5)
    expect(page.locator("#saving")).to_have_text(NO_CONNECTION)
    finish(page)
    time.sleep(1.5)
    passes(page, 5)
    expect(page.locator("#saving")).to_have_text(NO_CONNECTION)
    assert server.study.submitted == {}
    page.unroute("**/api/**")
    passes(page, 0.5)
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    saved(page)
    assert list(server.study.submitted) == [server.study.key(0)]


def test_f01_a_network_that_comes_back_is_used_at_once(serve: Serve, page: Page) -> None:
    server = serve()
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    page.context.set_offline(True)
    finish(page)
    expect(page.locator("#saving")).to_have_text(NO_CONNECTION)
    page.wait_for_timeout(3000)  # by now the next attempt is some seconds away
    page.context.set_offline(False)
    expect(page.locator("[data-clip='C-4']")).to_be_visible(timeout=1500)


def test_f01_the_outbox_survives_a_reload(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [status(503)] * 4
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.locator("#saving")).to_contain_text("the server is busy")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_role("heading", name="Your last arrangement is being saved")).to_be_visible()
    assert server.study.submitted == {}
    expect(page.locator("[data-clip='C-4']")).to_be_visible(timeout=15_000)
    assert len(json.loads(server.study.submitted[server.study.key(0)])["placements"]) == 4


def test_f01_a_closed_window_is_sent_by_the_next_one_whoever_opens_it(serve: Serve, device: Device) -> None:
    server = serve()
    laboratory = device()
    page = laboratory.new_page()
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    server.study.faults["submit"] = [status(503)] * 2
    finish(page)
    expect(page.locator("#saving")).to_contain_text("the server is busy")
    page.close()
    other = laboratory.new_page()
    other.goto(f"{server.url}/join/faces/somebody-else")
    expect(other.get_by_text("We do not know this link.")).to_be_visible()
    for _ in range(100):
        if server.study.submitted:
            break
        other.wait_for_timeout(100)
    assert list(server.study.submitted) == [server.study.key(0)]


@pytest.mark.parametrize(
    "fault", [status(500), status(502), status(429, headers={"Retry-After": "1"}), status(408), sign_in_page()]
)
def test_f02_a_busy_server_is_asked_again(serve: Serve, page: Page, fault: Callable) -> None:  # type: ignore[type-arg]
    server = serve()
    server.study.faults["submit"] = [fault]
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    saved(page)
    assert server.study.calls.count("submit") == 2


def test_f02_a_refusal_stops_is_shown_and_the_data_can_be_kept(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [status(422), status(422)]
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.get_by_role("heading", name="This arrangement was not accepted")).to_be_visible()
    expect(page.get_by_text("The fake server says 422.")).to_be_visible()
    expect(page.locator("#saving")).to_have_text("Not accepted by the server. Your work is kept.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download a copy").click()
    kept = json.loads(download.value.path().read_text())
    assert [row["clip"] for row in kept["placements"]] == ["C-0", "C-1", "C-2", "C-3"]
    assert download.value.suggested_filename == f"arrangement-{server.study.key(0)}.json"

    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()  # a refusal is not forgotten
    expect(page.get_by_role("heading", name="This arrangement was not accepted")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="This arrangement was not accepted")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    saved(page)
    assert json.loads(server.study.submitted[server.study.key(0)]) == kept


def test_f02_after_a_refusal_the_task_goes_on(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [status(422)]
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    finish(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("[data-clip='C-0']")).to_be_visible()
    saved(page)
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.locator("[data-clip='C-4']")).to_be_visible()


def test_f03_a_false_ack_is_no_success(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [false_ack()]
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    assert server.study.calls.count("submit") == 2
    assert list(server.study.submitted) == [server.study.key(0)]


def test_f06_the_task_waits_while_a_submit_is_in_flight(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [slow(1.0)]
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    page.evaluate("document.querySelector('[data-done]').click()")
    assert page.evaluate("standIn.busy") is True
    expect(page.locator("#saving")).to_have_text("Saving…")
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    assert server.study.calls.count("submit") == 1


def test_f10_an_answer_that_is_lost_leads_to_one_row(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [lost_answer()]
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    assert server.study.calls.count("submit") == 2
    assert list(server.study.submitted) == [server.study.key(0)]
    assert server.study.refused == []


def test_f09_f16_a_reload_shows_the_servers_state_and_overwrites_nothing(serve: Serve, page: Page) -> None:
    server = serve()
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    before = dict(server.study.submitted)
    page.reload()
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    page.goto(server.url + "/join/full")
    page.go_back()
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    assert server.study.submitted == before


def test_f11_a_tab_closed_in_mid_trial_finds_its_placements_again(serve: Serve, device: Device) -> None:
    server = serve()
    context = device()
    page = context.new_page()
    page.goto(server.task)
    place(page, 1, 3)
    expected = placed(page)
    page.close()
    again = context.new_page()
    again.goto(server.task)
    expect(again.locator("[data-clip='C-1']")).to_contain_text("at")
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
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(server.task)
    expect(again.locator("[data-clip='C-2']")).to_contain_text("at")
    assert placed(again) == expected
    saved(again)
    assert len(server.study.drafts[server.study.key(0)]["placements"]) == 3


def test_f14_the_recruiters_link_opened_again_goes_on_with_what_the_first_window_left(
    serve: Serve, device: Device
) -> None:
    server = serve()
    context = device()
    page = context.new_page()
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    server.study.faults["submit"] = [status(503)] * 2
    finish(page)
    expect(page.locator("#saving")).to_contain_text("the server is busy")
    again = context.new_page()
    again.goto(f"{server.url}/join/faces/{ANOTHER_TOKEN}")  # each opening has a token of its own
    expect(page.get_by_role("heading", name="The task goes on elsewhere")).to_be_visible()
    expect(again.locator("[data-clip='C-4']")).to_be_visible(timeout=15_000)
    assert list(server.study.submitted) == [server.study.key(0)]
    assert server.study.refused == []


def test_f15_another_device_goes_on_where_this_one_stopped(serve: Serve, device: Device) -> None:
    server = serve()
    first, second = device().new_page(), device().new_page()
    first.goto(server.task)
    place(first, 0, 2)
    expected = placed(first)
    first.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    for _ in range(20):  # long before the two seconds after which a draft is sent anyway
        if server.study.drafts:
            break
        first.wait_for_timeout(50)
    assert server.study.drafts
    second.goto(server.task)
    expect(second.locator("[data-clip='C-0']")).to_contain_text("at")
    assert placed(second) == expected
    # The first device learns of it from its next draft.
    place(first, 1)
    expect(first.get_by_role("heading", name="The task goes on elsewhere")).to_be_visible()
    place(second, 3)
    saved(second)
    first.get_by_role("button", name="Go on here instead").click()
    expect(first.locator("[data-clip='C-3']")).to_contain_text("at")
    assert set(placed(first)) == {"C-0", "C-2", "C-3"}


def test_f16_a_stale_submit_is_answered_with_the_present_state(serve: Serve, device: Device) -> None:
    server = serve()
    page = device().new_page()
    page.goto(server.task)
    place(page, 0, 1, 2, 3)
    body = json.dumps({"placements": [{"clip": f"C-{i}", "x": 0, "y": 0} for i in range(4)]}).encode()
    server.study.submitted[server.study.key(0)] = body  # another device was faster
    finish(page)
    expect(page.get_by_text("It had already been saved from another window, in another form.")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    assert server.study.submitted[server.study.key(0)] == body
    assert len(server.study.refused) == 1


def test_f17_the_newest_of_two_tabs_goes_on_and_the_older_can_take_it_back(serve: Serve, device: Device) -> None:
    server = serve()
    context = device()
    older = context.new_page()
    older.goto(server.task)
    place(older, 0)
    newer = context.new_page()
    newer.goto(server.task)
    expect(newer.locator("[data-clip='C-0']")).to_contain_text("at")
    expect(older.get_by_role("heading", name="The task goes on elsewhere")).to_be_visible()
    place(newer, 1)
    saved(newer)
    older.get_by_role("button", name="Go on here instead").click()
    expect(older.locator("[data-clip='C-1']")).to_contain_text("at")
    expect(newer.get_by_role("heading", name="The task goes on elsewhere")).to_be_visible()
    place(older, 2, 3)
    finish(older)
    expect(older.locator("[data-clip='C-4']")).to_be_visible()


def test_f17_a_window_that_is_looked_at_again_learns_that_the_task_goes_on_elsewhere(
    serve: Serve, device: Device
) -> None:
    server = serve()
    first, second = device().new_page(), device().new_page()
    first.goto(server.task)
    expect(first.locator("[data-clip='C-0']")).to_be_visible()
    second.goto(server.task)
    expect(second.locator("[data-clip='C-0']")).to_be_visible()
    expect(first.locator("[data-clip='C-0']")).to_be_visible()
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.get_by_role("heading", name="The task goes on elsewhere")).to_be_visible()


def test_a_browser_without_storage_works_and_warns(serve: Serve, device: Device) -> None:
    server = serve()
    page = device().new_page()
    page.add_init_script(NO_STORAGE)
    page.goto(server.task)
    expect(page.locator("#loading")).to_have_text("This browser keeps no copy: leave the page open until all is saved.")
    server.study.faults["submit"] = [status(503)]
    place(page, 0, 1, 2, 3)
    finish(page)
    expect(page.locator("#saving")).to_have_text(
        "Not saved yet: the server is busy. Please keep this page open, we keep trying."
    )
    expect(page.locator("[data-clip='C-4']")).to_be_visible()


def test_closing_asks_only_while_something_is_unsaved(serve: Serve, page: Page) -> None:
    # The browser's own dialog over a page that is then torn down has crashed Chromium; its cause is what counts.
    asks = """() => {
      const event = new Event('beforeunload', {cancelable: true});
      dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    server = serve()
    page.goto(server.task)
    place(page, 0)
    saved(page)
    assert page.evaluate(asks) is False
    page.context.set_offline(True)
    place(page, 1)
    expect(page.locator("#saving")).to_have_text(NO_CONNECTION)
    assert page.evaluate(asks) is True
    page.context.set_offline(False)
    saved(page)
    assert page.evaluate(asks) is False
    place(page, 2, 3)
    saved(page)
    server.study.faults["submit"] = [slow(1.0)]
    finish_and_ask = f"() => {{ document.querySelector('[data-done]').click(); return ({asks})(); }}"
    assert page.evaluate(finish_and_ask) is True, "in the very moment of Done"
    expect(page.locator("[data-clip='C-4']")).to_be_visible()
    assert page.evaluate(asks) is False


def test_a_start_without_a_server_says_so_and_begins_when_it_is_back(serve: Serve, page: Page) -> None:
    server = serve(state="instructed")
    server.study.faults["start"] = [status(503)]
    page.goto(server.task)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#screen-instructions [data-waiting]")).to_have_text("The server is busy. We keep trying.")
    expect(page.locator("[data-clip='C-0']")).to_be_visible()


def test_a_trial_that_is_not_ready_yet_is_asked_for_until_it_is(serve: Serve, page: Page) -> None:
    server = serve()
    ready, server.study.trials = server.study.trials, []
    page.goto(server.task)
    expect(page.get_by_role("heading", name="The next clips are being prepared")).to_be_visible()
    server.study.faults["view"] = [status(503)]
    server.study.trials = ready
    expect(page.locator("[data-clip='C-0']")).to_be_visible(timeout=15_000)


def test_a_server_that_is_away_at_the_start_is_waited_for(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["lease"] = [status(503)]
    page.goto(server.task)
    expect(page.get_by_text("The server is busy. We keep trying.")).to_be_visible()
    expect(page.locator("[data-clip='C-0']")).to_be_visible()
