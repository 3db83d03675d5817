"""Devices, windows, storage and clocks that are not as expected, on the real app: what was done arrives, and once.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from app.models import ParticipantSession, Trial
from tests.browser.chromium import QUIET, find_chromium
from tests.browser.session_pages import Device, begin, clips, done, elsewhere, new_trial, place, placed, saved, saving
from tests.browser.session_site import Site, arrived, assert_same_places
from tests.browser.waiting import PATIENCE, stored

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser

FIND_STORAGE = """() => {
  document.cookie = 'a=1';
  try {
    return [document.cookie, localStorage.length];
  } catch (error) {
    return [document.cookie, error.name];
  }
}"""
YESTERDAY = "Date.now = ((now) => () => now() - 26 * 3600 * 1000)(Date.now)"


def test_who_left_on_another_device_is_not_asked_to_decide_anything_here(site: Site, device: Device) -> None:
    link = site.link()
    here, there = device().new_page(), device().new_page()
    begin(here, link)
    place(here, 0, 1, 2, 3)
    saved(here)
    there.goto(here.url)
    there.get_by_role("button", name="Leave", exact=True).click()
    there.get_by_role("button", name="Leave for good").click()
    expect(there.get_by_role("heading", name="You have left the study")).to_be_visible()
    # This window may have learnt by a draft that the task went on elsewhere; else it learns of the end at once.
    here.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    left = here.get_by_role("heading", name="You have left the study")
    here_instead = here.get_by_role("button", name="Continue here")
    expect(left.or_(here_instead)).to_be_visible()
    if here_instead.is_visible():
        here_instead.click()
    expect(left).to_be_visible()
    assert site.stored(link) == []


def test_f10_f16_two_devices_finish_the_same_trial_and_both_are_kept(site: Site, device: Device) -> None:
    link = site.link()
    slow, fast = device().new_page(), device().new_page()
    begin(slow, link)
    common = place(slow, 0, 1)
    saved(slow)
    slow.context.set_offline(True)
    mine = common | place(slow, 2, 3)
    fast.goto(slow.url)
    expect(fast.locator("[data-status]")).to_have_text("2 clips are still outside")
    theirs = common | place(fast, 2, 3)
    fast.locator("[data-clip]").first.press("Shift+ArrowLeft")
    theirs[clips(fast)[0]] = (-0.4, 0.0)
    done(fast)
    new_trial(fast)
    done(slow)
    slow.context.set_offline(False)
    expect(slow.get_by_text("A different version had already been saved from another window.")).to_be_visible()
    slow.get_by_role("button", name="Continue").click()
    new_trial(slow)
    arrived(site, link, theirs)
    [refused] = [one for one in site.events(link) if one["kind"] == "refused_submit"]
    kept = {row["clip"]: (row["x"], row["y"]) for row in json.loads(refused["body"])["placements"]}
    assert_same_places(kept, mine)


def test_f11_f15_another_device_goes_on_with_the_same_trial(site: Site, device: Device) -> None:
    link = site.link()
    first = device().new_page()
    tablet = device(viewport={"width": 820, "height": 1180}, has_touch=True, is_mobile=True).new_page()
    begin(first, link)
    there = place(first, 0, 1)
    saved(first)
    seated = clips(first)
    tablet.goto(first.url)
    assert clips(tablet) == seated
    assert placed(tablet) == there
    there |= place(tablet, 2)
    saved(tablet)
    # The first device learns of it from a draft about what was watched, or when it is looked at.
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    elsewhere(first)
    there |= place(tablet, 3)
    done(tablet)
    new_trial(tablet)
    arrived(site, link, there)
    seated = clips(tablet)
    first.get_by_role("button", name="Continue here").click()
    new_trial(first)
    assert clips(first) == seated


def test_f12_storage_that_is_wiped_in_mid_trial_loses_nothing(site: Site, device: Device) -> None:
    link = site.link()
    page = device().new_page()
    begin(page, link)
    there = place(page, 0, 1)
    saved(page)

    def wipe() -> None:
        everything = {"origin": site.address, "storageTypes": "all"}
        page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)

    wipe()
    page.reload()
    expect(page.locator("[data-status]")).to_have_text("2 clips are still outside")
    assert placed(page) == there
    # Wiped under the open page, which then has nowhere to keep what it cannot send.
    wipe()
    there |= place(page, 2, 3)
    page.context.set_offline(True)
    done(page)
    expect(saving(page)).to_contain_text("Not saved yet: no connection.")
    page.context.set_offline(False)
    new_trial(page)
    arrived(site, link, there)


def test_f14_f16_the_recruiters_link_and_the_back_button_lead_to_the_same_session(site: Site, device: Device) -> None:
    link = site.link()
    page = device().new_page()
    begin(page, link)
    first = place(page, 0, 1, 2, 3)
    done(page)
    new_trial(page)
    second = place(page, 0)
    saved(page)
    seats = clips(page)

    page.go_back()
    page.get_by_role("button", name="I agree").click()
    expect(page.locator("[data-status]")).to_have_text("3 clips are still outside")
    assert clips(page) == seats

    other = device().new_page()
    other.goto(link)
    other.get_by_role("button", name="I agree").click()
    expect(other.locator("[data-status]")).to_have_text("3 clips are still outside")
    assert clips(other) == seats
    assert placed(other) == second
    second |= place(other, 1, 2, 3)
    done(other)
    expect(other.locator("[data-code]")).to_have_text("DONE-42")
    arrived(site, link, first, second)

    # And once more, after the end: the code again, for somebody who closed the page too early.
    page.goto(link)
    page.get_by_role("button", name="I agree").click()
    expect(page.locator("[data-code]")).to_have_text("DONE-42")


def test_f17_two_tabs_one_has_the_task_and_the_other_can_take_it_back(site: Site, device: Device) -> None:
    link = site.link()
    browser = device()
    older, newer = browser.new_page(), browser.new_page()
    begin(older, link)
    there = place(older, 0)
    stored(older)
    newer.goto(older.url)
    expect(newer.locator("[data-status]")).to_have_text("3 clips are still outside")
    elsewhere(older)
    there |= place(newer, 1)
    saved(newer)
    older.get_by_role("button", name="Continue here").click()
    elsewhere(newer)
    expect(older.locator("[data-status]")).to_have_text("2 clips are still outside")
    there |= place(older, 2, 3)
    done(older)
    new_trial(older)
    elsewhere(newer)
    arrived(site, link, there)


def test_f35_the_browser_of_a_session_can_leave_and_another_that_knows_the_id_cannot(
    site: Site, device: Device
) -> None:
    link = site.link()
    mine = device()
    page = mine.new_page()
    begin(page, link)
    address = page.url

    other = device().new_page()
    other.goto(link)
    other.get_by_role("button", name="I agree").click()
    new_trial(other)
    other.get_by_role("button", name="Leave", exact=True).click()
    other.get_by_role("button", name="Leave for good").click()
    expect(other.locator("#leave-problem")).to_contain_text("This session was started in another browser")
    assert site.session(link).state == "arranging"

    # The recruiter's link once more in the first browser: it is known there, and gets its own address again.
    again = mine.new_page()
    again.goto(link)
    again.get_by_role("button", name="I agree").click()
    new_trial(again)
    assert again.url == address
    again.get_by_role("button", name="Leave", exact=True).click()
    again.get_by_role("button", name="Leave for good").click()
    expect(again.get_by_role("heading", name="You have left the study")).to_be_visible()
    assert site.session(link).state == "withdrawn"


def test_f18_links_without_an_id_are_people_of_their_own(site: Site, device: Device) -> None:
    with site.database.reading() as db:
        before = len(list(db.scalars(select(ParticipantSession.id))))
    browser = device()
    for link in ("/join/plain", "/join/plain?lang=en", "/join/plain"):
        page = browser.new_page()
        page.goto(site.address + link)
        page.get_by_role("button", name="I agree").click()
        expect(page.get_by_role("button", name="Start")).to_be_visible()
    page = browser.new_page()
    page.goto(site.address + "/join/plain?PROLIFIC_PID=&STUDY_ID=s1")
    expect(page.get_by_text("This link does not say who you are")).to_be_visible()
    with site.database.reading() as db:
        assert len(list(db.scalars(select(ParticipantSession.id)))) == before + 3


def test_f22_a_browser_without_cookies_and_storage_takes_part_in_the_recruiters_frame(
    site: Site, chromium: Browser, tmp_path: Path
) -> None:
    link = site.link()
    profile = tmp_path / "profile"
    (profile / "Default").mkdir(parents=True)
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Default" / "Preferences").write_text(json.dumps(blocked))
    with recruiter(link) as address:
        context = chromium.browser_type.launch_persistent_context(
            profile, executable_path=find_chromium(), args=QUIET, locale="en"
        )
        try:
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(address)
            frame = page.frames[1]
            assert frame.evaluate(FIND_STORAGE) == ["", "SecurityError"]
            frame.get_by_role("button", name="I agree").click()
            frame.get_by_role("button", name="Start").click()
            new_trial(frame)
            expect(frame.locator("#loading")).to_contain_text("This browser cannot keep a copy")
            there = place(frame, 0, 1, 2, 3)
            saved(frame)
            done(frame)
            new_trial(frame)
            again = place(frame, 0, 1, 2, 3)
            done(frame)
            expect(frame.locator("[data-code]")).to_have_text("DONE-42")
            assert context.cookies() == []
        finally:
            context.close()
    arrived(site, link, there, again)
    with urllib.request.urlopen(site.address + "/login", timeout=60) as answer:  # an experimenter is never framed
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_f23_a_clock_that_is_a_day_slow_changes_nothing(site: Site, device: Device) -> None:
    link = site.link()
    page = device().new_page()
    page.add_init_script(YESTERDAY)
    begin(page, link)
    there = place(page, 0, 1, 2, 3)
    done(page)
    new_trial(page)
    [trial] = arrived(site, link, there)
    with site.database.reading() as db:
        assigned = db.get_one(Trial, trial.submission.trial_id).assigned_at
    elapsed = trial.submission.received_at - assigned
    assert timedelta(0) < timedelta(milliseconds=trial.submission.duration_ms) < elapsed + timedelta(seconds=1)


@contextmanager
def recruiter(link: str) -> Iterator[str]:
    """The address of a page of another site that shows the link in a frame."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<!doctype html><title>Recruiter</title><iframe src="{link}" width="1200" height="680"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.replace("&", "&amp;").encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def test_f17_a_tab_that_loses_the_session_sends_what_it_has_not_sent_yet(site: Site, device: Device) -> None:
    link = site.link()
    context = device()
    first = context.new_page()
    begin(first, link)
    second = context.new_page()
    asked: list[str] = []
    second.on("request", lambda request: asked.append(request.url) if request.url.endswith("/tabs.js") else None)
    # The network is back when the second tab is about to ask. An attempt by the clock would come in half a minute.
    first.route("**/draft", lambda route: route.continue_() if asked else route.abort())
    there = place(first, 0, 1, 2)
    expect(saving(first)).to_have_attribute("data-state", "trouble")
    assert site.drafted(link) == set()
    second.goto(first.url)
    expect(second.locator("[data-status]")).to_have_text("1 clip is still outside")
    assert_same_places(placed(second), there, within=0.011)
    elsewhere(first)
    assert site.drafted(link) == set(there)


def test_f17_what_was_placed_just_before_another_device_took_over_is_there(site: Site, device: Device) -> None:
    link = site.link()
    first, second = device().new_page(), device().new_page()
    begin(first, link)
    place(first, 0)
    saved(first)
    there = place(first, 1)
    second.goto(first.url)
    # The first device learns of it here only if its draft was not on its way yet.
    expect(second.locator("[data-status]")).to_have_text("2 clips are still outside")
    assert set(there) < site.drafted(link)
