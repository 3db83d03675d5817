"""The arena under real touch events, on a tablet upright and lying."""

from __future__ import annotations

import math

import pytest
from playwright.sync_api import CDPSession, Locator, expect

from tests.browser.arena_pages import ArenaPage, OpenArena, Point, draft_of
from tests.browser.touch import no_long_press
from tests.browser.waiting import until

pytest_plugins = ["tests.browser.arena_fixtures"]
pytestmark = pytest.mark.browser

UPRIGHT = {"viewport": {"width": 820, "height": 1180}, "has_touch": True, "is_mobile": True}
LYING = {"viewport": {"width": 1180, "height": 820}, "has_touch": True, "is_mobile": True}


class Fingers:
    """Touches of the page through the browser's debugging protocol."""

    def __init__(self, page: ArenaPage, *, may_rest: bool = False) -> None:
        self.page = page
        if not may_rest:
            no_long_press(page.page)
        self.protocol: CDPSession = page.page.context.new_cdp_session(page.page)

    def send(self, kind: str, *points: Point) -> None:
        """One event: touchStart, touchMove, touchEnd or touchCancel, with the fingers that are down."""
        touches = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        self.protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def glide(self, start: Point, end: Point, *, lift: bool = True) -> None:
        """One finger from a pixel to another."""
        self.send("touchStart", start)
        for step in range(1, 7):
            share = step / 6
            self.send("touchMove", (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
        self.page.page.wait_for_timeout(120)  # the finger rests before it lifts: no fling
        if lift:
            self.send("touchEnd")
        self.page.frame()

    def tap(self, at: Point) -> None:
        """A short touch."""
        self.send("touchStart", at)
        self.page.page.wait_for_timeout(60)
        self.send("touchEnd")
        self.page.frame()

    def tap_on(self, element: Locator) -> None:
        """A short touch on an element's middle."""
        box = element.bounding_box()
        assert box is not None
        self.tap((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))


@pytest.mark.parametrize("context", [UPRIGHT, LYING], ids=["upright", "lying"])
def test_a_trial_is_done_by_touch_alone(open_arena: OpenArena, context: dict[str, object]) -> None:
    page = open_arena(n=5, context=context)
    fingers = Fingers(page)
    targets = {f"c{i}": (0.35 * math.cos(i), 0.35 * math.sin(i)) for i in range(4)}
    for clip, target in targets.items():
        fingers.glide(page.centre(clip), page.pixel(*target))
    fingers.tap(page.centre("c4"))  # the last one by two taps
    fingers.tap(page.pixel(0.05, -0.02))
    for clip, place in page.placements().items():
        assert place == pytest.approx(targets.get(clip, (0.05, -0.02)), abs=1e-4)
    assert len(page.placements()) == 5
    fingers.tap_on(page.done())
    until(page.page, lambda: page.page.evaluate("harness.done !== null"))
    assert page.page.evaluate("harness.done.placements.length") == 5
    assert page.page.evaluate("[scrollX, scrollY, visualViewport.scale]") == [0, 0, 1], "the page itself never moved"


def test_similar_clips_are_put_close_by_taps_alone_and_the_words_fit_fingers(open_arena: OpenArena) -> None:
    page = open_arena(n=3, context=UPRIGHT, draft=draft_of({"c0": (-0.2, 0.1)}))
    fingers = Fingers(page)
    fingers.tap(page.centre("c1"))
    assert page.guidance().startswith("Now tap where it should go")
    fingers.tap(page.centre("c0"))
    assert 0 < math.dist(page.placements()["c1"], (-0.2, 0.1)) < 0.1
    page.page.wait_for_timeout(400)  # the next tap is not the second of a pair
    fingers.tap(page.centre("c1"))
    assert page.page.locator(".is-picked").get_attribute("data-clip") == "c1"
    fingers.tap(page.pixel(0.3, -0.3))
    assert page.placements()["c1"] == pytest.approx((0.3, -0.3), abs=1e-4)
    fingers.tap_on(page.page.get_by_role("button", name="Help"))
    words = page.page.locator("[data-help]").inner_text() + page.page.locator(".arena__bar").inner_html()
    for word in ("Esc", "Ctrl", "Shift", "click", "Click", "mouse"):
        assert word not in words


def test_a_cancelled_touch_puts_the_clip_back(open_arena: OpenArena) -> None:
    page = open_arena(n=3, context=UPRIGHT, draft=draft_of({"c0": (0.2, 0.1)}))
    fingers = Fingers(page)
    for clip in ("c0", "c1"):
        before = page.centre(clip)
        fingers.glide(before, page.pixel(-0.3, -0.2), lift=False)
        assert page.centre(clip) != pytest.approx(before, abs=5)
        fingers.send("touchCancel")
        page.settled()
        assert page.centre(clip) == pytest.approx(before, abs=0.01)
    assert page.placements() == {"c0": (0.2, 0.1)}
    assert page.result()["moves"] == []


def test_two_fingers_magnify_and_one_button_leads_back(open_arena: OpenArena) -> None:
    page = open_arena(n=3, context=LYING, draft=draft_of({"c0": (0.2, 0.1)}))
    whole = page.circle()
    fingers = Fingers(page)
    x, y = page.pixel(0, 0)
    fingers.send("touchStart", (x - 50, y))
    fingers.send("touchStart", (x - 50, y), (x + 50, y))
    for spread in (70, 100, 150):
        fingers.send("touchMove", (x - spread, y), (x + spread, y))
    fingers.send("touchEnd")
    page.frame()
    assert page.circle()["width"] == pytest.approx(3 * whole["width"], rel=0.02)
    assert page.placements() == {"c0": (0.2, 0.1)}
    fingers.glide(page.centre("c0"), page.pixel(0.1, 0.05))
    assert page.placements()["c0"] == pytest.approx((0.1, 0.05), abs=1e-4)
    fingers.tap_on(page.page.get_by_role("button", name="Show the whole arena"))
    expect(page.page.locator(".is-magnified")).to_have_count(0)
    page.settled()
    assert page.circle() == pytest.approx(whole, abs=0.02)


def test_a_second_finger_does_not_disturb_a_drag(open_arena: OpenArena) -> None:
    page = open_arena(n=2, context=LYING)
    fingers = Fingers(page)
    start, end = page.centre("c0"), page.pixel(0.1, 0.1)
    fingers.send("touchStart", start)
    fingers.send("touchMove", page.pixel(0, 0))
    fingers.send("touchStart", page.pixel(0, 0), page.pixel(-0.3, -0.3))
    fingers.send("touchMove", end, page.pixel(-0.2, -0.3))
    fingers.send("touchEnd", (end[0], end[1]))
    fingers.send("touchEnd")
    page.frame()
    assert page.placements()["c0"] == pytest.approx((0.1, 0.1), abs=1e-4)
    assert page.circle()["width"] < 700, "and the view has not been magnified"


def test_a_long_press_shows_a_clip_large_beside_the_arena(open_arena: OpenArena) -> None:
    page = open_arena(n=3, context=UPRIGHT)
    fingers = Fingers(page, may_rest=True)
    fingers.send("touchStart", page.centre("c1"))
    page.page.wait_for_selector("[data-panel]:not([hidden]) video.is-shown")
    fingers.send("touchEnd")
    page.frame()
    assert page.result()["plays"][-1]["how"] == "enlarged"
    assert page.page.locator(".is-picked").count() == 0
