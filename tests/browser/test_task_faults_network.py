"""Networks and servers that fail: the work ends on the server, once, and the page tells of it in the right words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fake_api import FakeServer, false_ack, held, lost_answer, sign_in_page, status
from tests.browser.task_pages import (
    NO_CONNECTION,
    Device,
    Serve,
    arrange,
    finish,
    place,
    saved,
    saving,
    shows_clip,
    stop_clock,
)
from tests.browser.waiting import stored, until

pytest_plugins = ["tests.browser.task_fixtures"]
pytestmark = pytest.mark.browser

# The browser's own dialog over a page that is then torn down has crashed Chromium; its cause is what counts.
ASKS_BEFORE_CLOSING = """() => {
  const event = new Event('beforeunload', {cancelable: true});
  dispatchEvent(event);
  return event.defaultPrevented;
}"""


def passes(page: Page, minutes: float) -> None:
    """Lets time go by, in steps, so that each pause between two attempts ends in its turn."""
    for _ in range(int(minutes * 2)):
        page.clock.fast_forward(30_000)
        page.wait_for_timeout(60)


def test_f01_minutes_without_a_network_lose_nothing(serve: Serve, page: Page) -> None:
    server = serve()
    page.clock.install()
    page.goto(server.task)
    shows_clip(page, 0)
    page.route("**/api/**", lambda route: route.abort())
    place(page, 0, 1, 2, 3)
    # Otherwise the page would find, when its clock jumps, that its storage has not answered for half a minute.
    stored(page)
    passes(page, 0.5)
    saving(page, NO_CONNECTION)
    finish(page)
    stored(page)
    passes(page, 5)
    saving(page, NO_CONNECTION)
    assert server.study.submitted == {}
    page.unroute("**/api/**")
    passes(page, 0.5)
    shows_clip(page, 4)
    saved(page)
    assert list(server.study.submitted) == [server.study.key(0)]


def test_f01_a_network_that_comes_back_is_used_at_once(serve: Serve, page: Page) -> None:
    server = serve()
    arrange(page, server)
    stop_clock(page)  # no pause between two attempts ends by itself
    page.context.set_offline(True)
    finish(page)
    saving(page, NO_CONNECTION)
    page.context.set_offline(False)
    shows_clip(page, 4)


def test_f01_the_outbox_survives_a_reload(serve: Serve, page: Page) -> None:
    server = serve()
    arrange(page, server)
    with server.study.failing("submit", status(503)):
        finish(page)
        saving(page, "the server is busy")
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        expect(page.get_by_role("heading", name="Saving your last arrangement")).to_be_visible()
        assert server.study.submitted == {}
    shows_clip(page, 4)
    assert len(json.loads(server.study.submitted[server.study.key(0)])["placements"]) == 4


def test_f01_a_closed_window_is_sent_by_the_next_one_whoever_opens_it(serve: Serve, device: Device) -> None:
    server = serve()
    laboratory = device()
    page = laboratory.new_page()
    arrange(page, server)
    with server.study.failing("submit", status(503)):
        finish(page)
        saving(page, "the server is busy")
        page.close()
    other = laboratory.new_page()
    other.goto(f"{server.url}/join/faces/somebody-else")
    expect(other.get_by_text("We do not recognise this link.")).to_be_visible()
    until(other, lambda: server.study.submitted)
    assert list(server.study.submitted) == [server.study.key(0)]


@pytest.mark.parametrize(
    "fault", [status(500), status(502), status(429, headers={"Retry-After": "1"}), status(408), sign_in_page()]
)
def test_f02_a_busy_server_is_asked_again(serve: Serve, page: Page, fault: Callable) -> None:  # type: ignore[type-arg]
    server = serve()
    server.study.faults["submit"] = [fault]
    arrives_at_the_second_attempt(page, server)
    saved(page)


def test_f02_a_refusal_stops_is_shown_and_the_data_can_be_kept(serve: Serve, page: Page) -> None:
    refusal = page.get_by_role("heading", name="This arrangement was not accepted")
    server = serve()
    server.study.faults["submit"] = [status(422), status(422)]
    arrange(page, server)
    finish(page)
    expect(refusal).to_be_visible()
    expect(page.get_by_text("The fake server says 422.")).to_be_visible()
    saving(page, "Not accepted by the server. Your work is kept.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download a copy").click()
    kept = json.loads(download.value.path().read_text())
    assert [row["clip"] for row in kept["placements"]] == ["C-0", "C-1", "C-2", "C-3"]
    assert download.value.suggested_filename == f"arrangement-{server.study.key(0)}.json"

    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()  # a refusal is not forgotten
    expect(refusal).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(refusal).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    shows_clip(page, 4)
    saved(page)
    assert json.loads(server.study.submitted[server.study.key(0)]) == kept


def test_f07_a_body_over_the_servers_limit_is_told_in_words_and_stays_in_the_browser(serve: Serve, page: Page) -> None:
    server = serve()
    arrange(page, server)
    with server.study.failing("submit", status(413)):
        finish(page)
        expect(page.get_by_text("It is too large for the server.")).to_be_visible()
        saving(page, "Not accepted by the server. Your work is kept.")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
    assert len(json.loads(download.value.path().read_bytes())["placements"]) == 4
    page.get_by_role("button", name="Try again").click()
    shows_clip(page, 4)
    assert list(server.study.submitted) == [server.study.key(0)]


def test_f02_after_a_refusal_the_task_goes_on(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [status(422)]
    arrange(page, server)
    finish(page)
    page.get_by_role("button", name="Continue").click()
    shows_clip(page, 0)
    saved(page)
    place(page, 0, 1, 2, 3)
    finish(page)
    shows_clip(page, 4)


def test_f03_a_false_ack_is_no_success(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [false_ack()]
    arrives_at_the_second_attempt(page, server)


def test_f10_an_answer_that_is_lost_leads_to_one_row(serve: Serve, page: Page) -> None:
    server = serve()
    server.study.faults["submit"] = [lost_answer()]
    arrives_at_the_second_attempt(page, server)


def arrives_at_the_second_attempt(page: Page, server: FakeServer) -> None:
    arrange(page, server)
    finish(page)
    shows_clip(page, 4)
    assert server.study.calls.count("submit") == 2
    assert list(server.study.submitted) == [server.study.key(0)]
    assert server.study.refused == []


def test_f06_the_task_waits_while_a_submit_is_in_flight(serve: Serve, page: Page) -> None:
    server = serve()
    release = threading.Event()
    server.study.faults["submit"] = [held(release)]
    arrange(page, server)
    finish(page)
    assert page.evaluate("standIn.busy") is True
    saving(page, "Saving…")
    release.set()
    shows_clip(page, 4)
    assert server.study.calls.count("submit") == 1


def test_closing_asks_only_while_something_is_unsaved(serve: Serve, page: Page) -> None:
    server = serve()
    page.goto(server.task)
    place(page, 0)
    saved(page)
    assert page.evaluate(ASKS_BEFORE_CLOSING) is False
    page.context.set_offline(True)
    place(page, 1)
    saving(page, NO_CONNECTION)
    assert page.evaluate(ASKS_BEFORE_CLOSING) is True
    page.context.set_offline(False)
    saved(page)
    assert page.evaluate(ASKS_BEFORE_CLOSING) is False
    place(page, 2, 3)
    saved(page)
    finish_and_ask = f"() => {{ document.querySelector('[data-done]').click(); return ({ASKS_BEFORE_CLOSING})(); }}"
    assert page.evaluate(finish_and_ask) is True, "in the very moment of Done"
    shows_clip(page, 4)
    assert page.evaluate(ASKS_BEFORE_CLOSING) is False


def test_a_start_without_a_server_says_so_and_begins_when_it_is_back(serve: Serve, page: Page) -> None:
    server = serve(state="instructed")
    page.goto(server.task)
    with server.study.failing("start", status(503)):
        page.get_by_role("button", name="Start").click()
        waiting = page.locator("#screen-instructions [data-waiting]")
        expect(waiting).to_have_text("The server is busy. We will keep trying.")
    shows_clip(page, 0)


def test_a_trial_that_is_not_ready_yet_is_asked_for_until_it_is(serve: Serve, page: Page) -> None:
    server = serve()
    ready, server.study.trials = server.study.trials, []
    page.goto(server.task)
    expect(page.get_by_role("heading", name="The next clips are being prepared")).to_be_visible()
    server.study.faults["view"] = [status(503)]
    server.study.trials = ready
    shows_clip(page, 0)


def test_a_server_that_is_away_at_the_start_is_waited_for(serve: Serve, page: Page) -> None:
    server = serve()
    with server.study.failing("lease", status(503)):
        page.goto(server.task)
        expect(page.get_by_text("The server is busy. We will keep trying.")).to_be_visible()
    shows_clip(page, 0)
