"""Rating clips in Chromium: by keyboard, over a reload and a network that fails, and back to the clip before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.models import ClipToRate, Rating
from tests.browser.axe import complaints
from tests.browser.session_pages import Device
from tests.browser.session_site import Site
from tests.browser.waiting import until

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser

RATED = """
title = "Faces to rate"
[ratings]
when = "before"
clips = 2
[[ratings.questions]]
name = "valence"
ask = "How **pleasant** is it?"
kind = "scale"
min_label = "not at all"
max_label = "very"
[[ratings.questions]]
name = "place"
ask = "Where is it?"
kind = "one_of"
required = false
choices = ["indoors", "outdoors"]
"""


@pytest.fixture(scope="module")
def rated(add_study: Callable[..., None]) -> str:
    """A study in which two of three clips are rated before the arrangement."""
    add_study("rated", RATED, n_clips=3)
    return "rated"


def stored(site: Site, link: str) -> list[tuple[int, int, dict[str, Any], str]]:
    session = site.session(link)
    query = select(ClipToRate.place, Rating.revision, Rating.answers, Rating.watched).join(Rating)
    with site.database.reading() as db:
        of_session = query.where(ClipToRate.session_id == session.id)
        return [tuple(row) for row in db.execute(of_session.order_by(ClipToRate.place, Rating.revision))]  # type: ignore[misc]


def watched(page: Page) -> None:
    expect(page.get_by_role("radio", name="4", exact=True)).to_be_enabled(timeout=15_000)


def test_clips_are_rated_by_keyboard_and_nothing_is_lost(site: Site, rated: str, device: Device) -> None:
    link = site.link(rated)
    page = device(bypass_csp=True).new_page()
    page.goto(link)
    expect(page.get_by_text("Rating clips takes about a minute more.")).to_be_visible()
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_text("You will see clips one at a time, 2 in all.")).to_be_visible()
    violations = complaints(page, "before rating")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Clip 1 of 2")).to_be_focused()
    expect(page.get_by_text("Please watch the clip to its end, then rate it.")).to_be_visible()
    expect(page.get_by_role("radio", name="4", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Continue")).to_be_disabled()
    watched(page)
    violations += complaints(page, "rating")

    # What has to be answered is; an answer that need not be given can be taken back.
    page.keyboard.press("Enter")
    expect(page.locator("#problem-rate-valence")).to_have_text("Please answer this question.")
    page.keyboard.press("6")
    page.keyboard.press("2")
    expect(page.get_by_label("outdoors")).to_be_checked()
    page.get_by_role("button", name="Clear the answer").click()
    expect(page.get_by_label("outdoors")).not_to_be_checked()
    expect(page.get_by_role("button", name="Clear the answer")).to_be_hidden()
    page.keyboard.press("1")

    # A reload in the middle: what was chosen, and that the clip was watched, is kept.
    page.reload()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("radio", name="6", exact=True)).to_be_checked()
    expect(page.get_by_label("indoors")).to_be_checked()
    assert stored(site, link) == []

    # Without a network it waits here, and goes out by itself.
    page.context.set_offline(True)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#rating-form [data-sheet-status]")).to_contain_text("Not saved yet: no connection.")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Clip 2 of 2")).to_be_focused()
    first = (0, 0, {"valence": 6, "place": "indoors"}, "yes")
    assert stored(site, link) == [first]

    # Back to the clip before: its ratings are there, and can be changed.
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("heading", name="Clip 1 of 2")).to_be_focused()
    expect(page.get_by_text("You can change your last rating here.")).to_be_visible()
    expect(page.get_by_role("radio", name="6", exact=True)).to_be_checked()
    page.get_by_role("radio", name="6", exact=True).press("ArrowLeft")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Clip 2 of 2")).to_be_focused()
    revised = (0, 1, {"valence": 5, "place": "indoors"}, "yes")
    assert stored(site, link) == [first, revised]

    watched(page)
    page.keyboard.press("3")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How it works")).to_be_visible()
    until(page, lambda: stored(site, link) == [first, revised, (1, 0, {"valence": 3, "place": "outdoors"}, "yes")])
    assert violations == []
