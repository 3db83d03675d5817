"""Whole sessions by keyboard alone and by touch alone, and every participant page of the real app before axe-core."""

from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from app.studies.lifecycle import close_study, open_study
from tests.browser.axe import complaints_in_both_schemes
from tests.browser.keyboard import tab_to
from tests.browser.session_pages import PLACES, Device, begin, clips, done, elsewhere, new_trial, place, saved
from tests.browser.session_site import Point, Site, assert_same_places
from tests.browser.touch import no_long_press
from tests.browser.waiting import settled

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser

TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True, "is_mobile": True}


def test_a_whole_session_by_keyboard_alone(site: Site, device: Device) -> None:
    """With a practice round, and looking at a clip closely on the way. No mouse is ever touched, no focus set."""
    link = site.link("practised")
    page = device().new_page()
    keys = page.keyboard
    page.goto(link)
    tab_to(page, "I agree")
    keys.press("Enter")
    expect(page.locator("#start")).to_be_visible()
    tab_to(page, "Start")
    keys.press("Space")

    expect(page.locator("[data-status]")).to_have_text("6 clips are still outside")
    for _ in range(6):
        keys.press("p")
        keys.press("Shift+ArrowUp")
        keys.press("p")
        keys.press("Tab")
    tab_to(page, "Done")
    keys.press("Enter")
    expect(page.locator("#screen-feedback h1")).to_be_focused()
    expect(page.locator("#go-on-after-feedback")).to_be_enabled()
    tab_to(page, "Continue")
    keys.press("Enter")

    dropped: list[dict[str, Point]] = []
    for number in range(2):
        expect(page.locator("[data-status]")).to_have_text("3 clips are still outside")
        seats = clips(page)
        there = {}
        for clip, (key, at) in zip(seats, PLACES.items(), strict=False):
            expect(page.locator(f'[data-clip="{clip}"]')).to_be_focused()
            for press in ("p", *[f"Shift+{key}"] * 3, "p", "Tab"):
                keys.press(press)
            there[clip] = at
        if number == 0:
            keys.press("Shift+Tab")
            expect(page.locator(f'[data-clip="{seats[-1]}"]')).to_be_focused()
            keys.press("Enter")
            expect(page.locator("[data-panel] video").first).to_be_visible()
            keys.press("Escape")
            keys.press("ArrowUp")
            there[seats[-1]] = (there[seats[-1]][0], there[seats[-1]][1] + 0.01)
            keys.press("Control+z")
            there[seats[-1]] = (there[seats[-1]][0], there[seats[-1]][1] - 0.01)
        dropped.append(there)
        tab_to(page, "Done")
        keys.press("Enter")
    expect(page.locator("h1", has_text="Thank you!")).to_be_focused()
    expect(page.locator("[data-code]")).to_have_text("DONE-43")
    tab_to(page, "Finish and go back")

    stored = site.stored(link)
    assert len(stored) == 2
    for trial, there in zip(stored, dropped, strict=True):
        assert_same_places(trial.placements, there)
        assert {how for _, how in trial.moves} <= {"key", "undo"}
    assert "enlarged" in {how for _, how in stored[0].plays}
    assert {how for trial in stored for _, how in trial.plays} <= {"focus", "enlarged"}
    assert [one["kind"] for one in site.events(link)].count("practice") == 1
    assert site.session(link).state == "finished"


def test_a_whole_session_by_touch_alone(site: Site, device: Device) -> None:
    """On an upright tablet: the first trial by dragging, the second by tapping a clip and then its place."""
    link = site.link()
    page = device(**TABLET).new_page()
    finger = Finger(page)
    page.goto(link)
    finger.tap_on(page.get_by_role("button", name="I agree"))
    expect(page.locator("#start")).to_be_visible()
    no_long_press(page)
    finger.tap_on(page.get_by_role("button", name="Start"))
    dropped = []
    for gesture in (finger.drag, finger.tap_twice):
        new_trial(page)
        dropped.append({clip: gesture(clip, at) for clip, at in zip(clips(page), PLACES.values(), strict=True)})
        saved(page)
        finger.tap_on(page.locator("[data-done]"))
    expect(page.locator("[data-code]")).to_have_text("DONE-42")
    finger.tap_on(page.get_by_role("button", name="Copy"))
    assert page.evaluate("[scrollX, visualViewport.scale]") == [0, 1], "the page itself never moved"

    stored = site.stored(link)
    assert len(stored) == 2
    for trial, there, how in zip(stored, dropped, ("drag", "click"), strict=True):
        assert_same_places(trial.placements, there, within=1e-4)
        assert [move[1] for move in trial.moves] == [how] * 4
        assert (trial.submission.viewport_width, trial.submission.viewport_height) == (820, 1180)
    assert "tap" in {how for _, how in stored[1].plays}


def test_the_pages_of_a_whole_session_ask_no_third_party(site: Site, device: Device) -> None:
    page = device().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    begin(page, site.link())
    for _ in range(2):
        new_trial(page)
        place(page, 0, 1, 2, 3)
        saved(page)
        done(page)
    expect(page.locator("[data-code]")).to_have_text("DONE-42")
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith((site.address + "/", "blob:", "data:"))] == []


def test_axe_finds_nothing_on_any_page_of_the_real_app(site: Site, device: Device) -> None:
    browser = device(bypass_csp=True)
    page = browser.new_page()
    violations: list[str] = []

    def examine(where: str) -> None:
        violations.extend(complaints_in_both_schemes(page, where))

    page.goto(site.address + "/join/plain?PROLIFIC_PID=ASSIGNMENT_ID_NOT_AVAILABLE")
    expect(page.get_by_text("This is a preview.")).to_be_visible()
    examine("preview")
    page.goto(site.address + "/join/there-is-no-such-study")
    expect(page.get_by_text("We do not recognise this link.")).to_be_visible()
    examine("unknown study")
    page.goto(site.address + "/join/plain/there-is-no-such-link")
    expect(page.get_by_text("We do not recognise this link.")).to_be_visible()
    examine("unknown link")

    page.goto(site.link("practised"))
    examine("consent")
    page.get_by_role("button", name="I agree").click()
    expect(page.locator("#start")).to_be_visible()
    examine("instructions")
    page.locator("#start").click()
    expect(page.locator("[data-status]")).to_have_text("6 clips are still outside")
    expect(page.locator("#loading")).to_have_text("This is a practice round.")
    examine("practice")
    for clip in page.locator("[data-clip]").all():
        for key in ("p", "Shift+ArrowLeft", "p"):
            clip.press(key)
    examine("practice, all clips on one spot")
    done(page)
    expect(page.get_by_role("button", name="Continue")).to_be_enabled()
    examine("feedback")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[data-status]")).to_have_text("3 clips are still outside")
    examine("trial")
    place(page, 0, 1, 2)
    saved(page)
    examine("trial, all clips placed")
    page.locator("[data-clip]").first.press("Enter")
    expect(page.locator("[data-panel] video").first).to_be_visible()
    examine("trial, a clip enlarged")
    for dialog in ("help", "pause", "leave"):
        page.locator(f"#{dialog}").click()
        expect(page.locator(f"#{dialog}-dialog")).to_be_visible()
        examine(dialog)
        page.keyboard.press("Escape")
    done(page)
    expect(page.locator("[data-status]")).to_have_text("3 clips are still outside")
    place(page, 0, 1, 2)
    done(page)
    expect(page.locator("[data-code]")).to_have_text("DONE-43")
    examine("thanks")

    begin(page, site.link())
    other = browser.new_page()
    other.goto(page.url)
    elsewhere(page)
    examine("elsewhere")
    page.get_by_role("button", name="Continue here").click()
    page.locator("#leave").click()
    page.get_by_role("button", name="Leave for good").click()
    expect(page.get_by_role("heading", name="You have left the study")).to_be_visible()
    examine("withdrawn")

    with site.database.writing() as db:
        close_study(db, "plain")
    try:
        page.goto(site.link())
        expect(page.get_by_text("not taking new participants")).to_be_visible()
        examine("closed")
    finally:
        with site.database.writing() as db:
            open_study(db, "plain")
    assert violations == []


class Finger:
    """One finger on a tablet, through the browser's debugging protocol."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.protocol: CDPSession = page.context.new_cdp_session(page)

    def tap_on(self, element: Locator) -> None:
        """Tap on the middle of an element, once it can be used."""
        expect(element).to_be_enabled()
        element.scroll_into_view_if_needed()
        self._tap(self._middle(element))

    def drag(self, clip: str, target: Point) -> Point:
        """Drag a clip; where it must lie then, in arena units."""
        start, end = self._middle(self.page.locator(f'[data-clip="{clip}"]')), self._pixel(target)
        self._send("touchStart", start)
        for step in range(1, 6):
            share = step / 5
            self._send("touchMove", (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
        self.page.wait_for_timeout(120)  # the finger rests before it lifts: no fling
        self._send("touchEnd")
        return target

    def tap_twice(self, clip: str, target: Point) -> Point:
        """Tap on a clip and then on a place."""
        self._tap(self._middle(self.page.locator(f'[data-clip="{clip}"]')))
        self._tap(self._pixel(target))
        return target

    def _tap(self, at: Point) -> None:
        self._send("touchStart", at)
        self.page.wait_for_timeout(60)
        self._send("touchEnd")
        self.page.wait_for_timeout(400)  # two quick taps on one clip would be a double tap

    def _middle(self, element: Locator) -> Point:
        settled(self.page)
        box = element.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def _pixel(self, at: Point) -> Point:
        box = self.page.locator("[data-arena]").bounding_box()
        assert box is not None
        return box["x"] + (0.5 + at[0]) * box["width"], box["y"] + (0.5 - at[1]) * box["width"]

    def _send(self, kind: str, *points: Point) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        self.protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
