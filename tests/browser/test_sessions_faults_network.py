"""Servers, databases and networks that fail, on the real app with real clips: what was done arrives, and once."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import event

from app.db import Database
from app.studies.lifecycle import close_study, open_study
from tests.browser.session_pages import NO_CONNECTION, Device, begin, done, new_trial, place, saved, saving
from tests.browser.session_site import Site, arrived
from tests.browser.waiting import until

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser

SUBMIT = re.compile(r"/api/v1/session/trials/[0-9a-f]+$")
# A browser without a window never hides a page by itself.
VISIBILITY = """hidden => {
  Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_f01_f04_a_server_that_restarts_gets_what_was_done_without_it(site: Site, device: Device) -> None:
    link = site.link()
    page = device().new_page()
    begin(page, link)
    first = place(page, 0, 1)
    saved(page)
    site.stop()
    first |= place(page, 2, 3)
    expect(saving(page)).to_have_text(NO_CONNECTION)
    done(page)
    expect(saving(page)).to_have_text(NO_CONNECTION)
    site.start()
    new_trial(page)
    saved(page)
    arrived(site, link, first)

    # The last trial: the way back to the recruiter appears only after it has arrived.
    second = place(page, 0, 1, 2, 3)
    site.stop()
    done(page)
    expect(saving(page)).to_have_text(NO_CONNECTION)
    expect(page.locator("[data-code]")).to_be_hidden()
    expect(page.locator("[data-code]")).to_have_text("")
    site.start()
    expect(page.locator("[data-code]")).to_have_text("DONE-42")
    arrived(site, link, first, second)


def test_f01_a_laptop_whose_lid_was_closed_goes_on_and_the_time_away_does_not_count(site: Site, device: Device) -> None:
    link = site.link()
    page = device().new_page()
    begin(page, link)
    there = place(page, 0, 1)
    page.evaluate(VISIBILITY, True)
    until(page, lambda: site.drafted(link) == set(there))  # what was just done leaves before the computer sleeps
    page.context.set_offline(True)
    with asleep(page):
        time.sleep(3)
    page.evaluate(VISIBILITY, False)
    # Awake, but the network is not back yet.
    there |= place(page, 2, 3)
    expect(saving(page)).to_have_text(NO_CONNECTION)
    done(page)
    expect(saving(page)).to_have_text(NO_CONNECTION)
    assert site.stored(link) == []
    page.context.set_offline(False)
    new_trial(page)
    [trial] = arrived(site, link, there)
    assert trial.submission.hidden_ms >= 3000
    assert trial.submission.active_ms <= trial.submission.duration_ms - trial.submission.hidden_ms


def test_f05_a_database_that_cannot_be_written_to_is_waited_for(site: Site, device: Device) -> None:
    link = site.link()
    page = device().new_page()
    begin(page, link)
    there = place(page, 0, 1, 2, 3)
    saved(page)
    with read_only(site.database):
        done(page)
        expect(saving(page)).to_contain_text("the server is busy")
        assert site.stored(link) == []
    new_trial(page)
    arrived(site, link, there)


def test_f09_f10_an_answer_that_is_lost_leads_to_one_row(site: Site, device: Device) -> None:
    link = site.link()
    page = device().new_page()
    begin(page, link)
    sent: list[bytes | None] = []

    def lose_the_answer(route: Route) -> None:
        sent.append(route.request.post_data_buffer)
        if len(sent) > 1:
            return route.continue_()
        assert route.fetch().ok  # it is stored
        return route.abort()

    page.route(SUBMIT, lose_the_answer)
    there = place(page, 0, 1, 2, 3)
    done(page)
    new_trial(page)
    assert len(sent) == 2
    assert sent[0] == sent[1]
    arrived(site, link, there)
    assert not [one for one in site.events(link) if one["kind"] == "refused_submit"]


@contextmanager
def asleep(page: Page) -> Iterator[None]:
    """The processes of all pages stand still, as on a sleeping computer."""
    browser = page.context.browser
    assert browser is not None
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [each["id"] for each in processes if each["type"] == "renderer"]
    assert renderers
    for process in renderers:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in renderers:
            os.kill(process, signal.SIGCONT)


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    """A database that takes no writes, as on a disk that was remounted after an error."""

    def forbid(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    event.listen(database.engine, "checkout", forbid)
    try:
        yield
    finally:
        event.remove(database.engine, "checkout", forbid)
        database.engine.dispose()  # new connections take writes again


def test_f13_who_is_in_the_middle_when_the_study_closes_is_still_saved(site: Site, device: Device) -> None:
    link = site.link()
    page = device().new_page()
    begin(page, link)
    first = place(page, 0, 1)
    with closed_study(site, "plain"):
        newcomer = device().new_page()
        newcomer.goto(site.link())
        expect(newcomer.get_by_text("This study is not taking new participants at the moment.")).to_be_visible()
        first |= place(page, 2, 3)
        done(page)
        new_trial(page)
        second = place(page, 0, 1, 2, 3)
        done(page)
        expect(page.locator("[data-code]")).to_have_text("DONE-42")
        arrived(site, link, first, second)


@contextmanager
def closed_study(site: Site, name: str) -> Iterator[None]:
    """A study that takes nobody in for a while."""
    with site.database.writing() as db:
        close_study(db, name)
    try:
        yield
    finally:
        with site.database.writing() as db:
            open_study(db, name)
