"""Small and turned windows: what is told, what is blocked, what stays in reach, and how large a clip can be seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.arena_pages import ArenaPage, OpenArena, draft_of
from tests.browser.task_pages import Device, Serve
from tests.browser.test_arena_touch import Fingers
from tests.browser.waiting import drawn, settled

pytest_plugins = ["tests.browser.arena_fixtures", "tests.browser.task_fixtures"]
pytestmark = pytest.mark.browser

SMALL = "The arena is small here."
TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True, "is_mobile": True}
# What cannot be reached: outside of the window, or covered by something else in its middle.
OUT_OF_REACH = """() => [...document.querySelectorAll(
    '#bar button, .arena__bar button, .arena__status, [data-question], [data-clip], [data-arena]'
  )].filter((element) => {
    const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
    if (!width) return false;
    if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) return true;
    if (!element.matches('button')) return false;
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    return !element.contains(there) || element.scrollWidth > element.clientWidth;
  }).map((element) => element.outerHTML.slice(0, 90))"""
LONGEST = {
    "en": "Not saved yet: no connection. Your work is kept on this computer. We will keep trying.",
    "de": "Noch nicht gespeichert: keine Verbindung. Ihre Arbeit bleibt auf diesem Computer, wir versuchen es weiter.",
    "fr": "Pas encore enregistré : pas de connexion. Votre travail est gardé sur cet ordinateur, nous réessayons.",
    "es": "Aún no guardado: sin conexión. Su trabajo se conserva en este equipo, seguimos intentándolo.",
}


def resize(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    settled(page)


@pytest.mark.parametrize("clips", [3, 30])
def test_an_enlarged_clip_takes_60_percent_of_the_windows_shorter_side(open_arena: OpenArena, clips: int) -> None:
    page = open_arena(n=clips)
    page.page.mouse.dblclick(*page.centre("c0"))
    page.page.wait_for_selector("[data-panel] video.is-shown")
    sizes = [(1280, 720), (1920, 1080), (853, 480), (640, 360), (820, 1180), (390, 844), (320, 568), (568, 320)]
    for width, height in sizes:
        resize(page.page, width, height)
        panel = page.page.locator("figure[data-panel]").bounding_box()
        assert panel is not None
        assert panel["x"] >= 0
        assert panel["y"] >= 0
        assert panel["x"] + panel["width"] <= width
        assert panel["y"] + panel["height"] <= height
        assert min(panel["width"], panel["height"]) >= 0.6 * min(width, height) - 0.5
        assert page.page.evaluate(
            """() => {
              const close = document.querySelector('.arena__close');
              const { left, top, width, height } = close.getBoundingClientRect();
              return close.contains(document.elementFromPoint(left + width / 2, top + height / 2));
            }"""
        ), "it can be closed"
    page.page.keyboard.press("Escape")
    expect(page.page.locator("figure[data-panel]")).to_be_hidden()
    assert page.placements() == {}


def test_a_press_beside_the_enlarged_clip_closes_it_and_does_what_it_does(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (-0.45, 0.1), "c1": (-0.4, -0.2)}))
    panel = page.page.locator("figure[data-panel]")
    page.page.mouse.dblclick(*page.centre("c0"))
    expect(panel).to_be_visible()
    page.drag("c1", -0.2, -0.4)
    expect(panel).to_be_hidden()
    assert page.placements()["c1"] == pytest.approx((-0.2, -0.4), abs=1e-6)
    page.page.mouse.dblclick(*page.centre("c0"))
    expect(panel).to_be_visible()
    page.page.mouse.dblclick(*page.centre("c1"))
    expect(panel).to_be_visible()


def test_a_small_arena_is_told_once_with_what_helps(open_arena: OpenArena) -> None:
    page = open_arena(n=12, context={"viewport": {"width": 640, "height": 360}})
    note = page.page.locator("[data-note]")
    expect(note).to_contain_text(f"{SMALL} Make the window larger, or zoom out")
    resize(page.page, 1280, 720)
    expect(note).to_be_hidden()
    resize(page.page, 640, 360)
    expect(note).to_be_visible()
    note.get_by_role("button", name="Close").click()
    expect(note).to_be_hidden()
    page.page.evaluate("harness.mount()")
    expect(note).to_be_hidden()


def test_a_phone_is_told_to_turn_where_that_helps(open_arena: OpenArena) -> None:
    lying = {"viewport": {"width": 667, "height": 260}, "has_touch": True, "is_mobile": True}
    page = open_arena(n=12, context=lying)
    expect(page.page.locator("[data-note]")).to_contain_text("Turn your device")
    upright = {"viewport": {"width": 330, "height": 600}, "has_touch": True, "is_mobile": True}
    page = open_arena(n=12, context=upright)
    expect(page.page.locator("[data-note]")).to_contain_text("A device with a larger screen helps.")


def test_below_a_studys_least_window_nothing_moves_and_all_is_kept(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (0.2, 0.1)}), looks={"min_window": 600})
    page.drag("c1", -0.2, 0.1)
    kept = page.placements()
    blocked = page.page.locator("[data-blocked]")
    expect(blocked).to_be_hidden()
    page.press("c2")
    page.move_to(0.1, 0.3)
    resize(page.page, 1280, 599)
    expect(blocked).to_contain_text("600 pixels or more in both directions, and has 1280 × 599")
    page.page.mouse.up()
    for key in ("Tab", "p", "ArrowLeft", "Control+z", "Delete"):
        page.page.keyboard.press(key)
    page.page.wait_for_timeout(300)
    assert page.placements() == kept
    assert page.page.locator("video.is-shown").count() == 0
    assert page.result()["hidden"] >= 300, "this time is not work"
    resize(page.page, 1280, 600)
    expect(blocked).to_be_hidden()
    page.drag("c2", 0.1, 0.3)
    assert page.placements() == {**kept, "c2": pytest.approx((0.1, 0.3), abs=1e-6)}
    hidden = page.result()["hidden"]
    page.page.wait_for_timeout(200)
    assert page.result()["hidden"] == hidden


def test_a_window_that_is_too_small_from_the_start_goes_on_when_it_has_grown(open_arena: OpenArena) -> None:
    page = open_arena(n=3, context={"viewport": {"width": 500, "height": 700}}, looks={"min_window": 600})
    expect(page.page.get_by_role("heading", name="This window is too small for this study")).to_be_visible()
    page.page.mouse.move(250, 300)
    resize(page.page, 700, 700)
    page.drag("c0", 0.1, 0.1)
    assert set(page.placements()) == {"c0"}


def test_a_tablet_turned_in_mid_drag_loses_nothing(open_arena: OpenArena) -> None:
    page = open_arena(n=3, context=TABLET, draft=draft_of({"c1": (0.2, -0.1)}))
    fingers = Fingers(page)
    start = page.centre("c0")
    fingers.send("touchStart", start)
    fingers.send("touchMove", page.pixel(0.0, 0.2))
    resize(page.page, 1180, 820)
    fingers.send("touchMove", page.pixel(-0.1, 0.15))
    drawn(page.page)
    fingers.send("touchEnd")
    page.frame()
    assert page.placements() == {"c0": pytest.approx((-0.1, 0.15), abs=1e-3), "c1": (0.2, -0.1)}
    assert page.shown("c1") == pytest.approx((0.2, -0.1), abs=1e-6)


def test_another_pixel_ratio_changes_nothing_but_sharpness(open_arena: OpenArena) -> None:
    places: list[ArenaPage] = [
        open_arena(n=3, context={"device_scale_factor": ratio}, draft=draft_of({"c0": (0.2, 0.1)}))
        for ratio in (1, 2.625)
    ]
    for page in places:
        page.drag("c1", -0.2, 0.1)
        assert page.placements()["c1"] == pytest.approx((-0.2, 0.1), abs=1e-3)
        assert page.circle()["width"] == places[0].circle()["width"]


@pytest.mark.parametrize(
    ("language", "touch"), [("en", False), ("de", False), ("fr", False), ("es", False), ("de", True)]
)
def test_all_controls_stay_in_reach_in_small_windows(serve: Serve, device: Device, language: str, touch: bool) -> None:
    """853 x 480; 1280 x 720 magnified to 200 %; phones upright and lying: with the longest words of the bars."""
    page = device(viewport={"width": 1280, "height": 720}, locale=language, has_touch=touch).new_page()
    page.goto(serve(trials=[list(range(12)), [4, 5]], real_arena=True).task)
    expect(page.locator("[data-clip='C-0']")).to_be_visible()
    page.evaluate(
        """words => {
          const line = document.querySelector('#saving');
          line.textContent = words;
          line.dataset.state = 'trouble';
        }""",
        LONGEST[language],
    )
    out_of_reach = {}
    for width, height in [
        (853, 480),
        (640, 360),
        (853, 500),
        (640, 500),
        (1000, 540),
        (568, 320),
        (390, 844),
        (320, 568),
    ]:
        resize(page, width, height)
        out_of_reach[width, height] = page.evaluate(OUT_OF_REACH)
        bar = page.locator("#bar").bounding_box()
        said = page.locator("#saving").bounding_box()
        assert bar is not None
        assert said is not None
        assert said["y"] >= bar["y"], (width, height)
        assert said["y"] + said["height"] <= bar["y"] + bar["height"], (width, height)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert {size: missed for size, missed in out_of_reach.items() if missed} == {}


def test_every_control_is_at_least_44_pixels_on_each_side_for_fingers(serve: Serve, device: Device) -> None:
    page = device(**TABLET).new_page()
    server = serve(real_arena=True, sound=True, state="instructed")
    small = """() => [...document.querySelectorAll('button, [role=button], input')].map((element) => {
        const { width, height } = element.getBoundingClientRect();
        return [element.id || element.className || element.textContent, Math.round(width), Math.round(height)];
    }).filter(([, width, height]) => width && Math.min(width, height) < 44)"""

    def measure(screen: str) -> None:
        settled(page)
        assert page.evaluate(small) == [], screen

    page.goto(server.url + "/join/faces")
    expect(page.get_by_role("button", name="I agree")).to_be_visible()
    measure("consent")
    page.goto(server.task)
    expect(page.locator("#start")).to_be_visible()
    measure("instructions")
    page.locator("#start").tap()
    expect(page.locator("#screen-sound")).to_be_visible()
    measure("sound check")
    for dialog in ("help", "pause", "leave"):
        page.evaluate("id => document.getElementById(id).showModal()", f"{dialog}-dialog")
        measure(dialog)
        page.evaluate("id => document.getElementById(id).close()", f"{dialog}-dialog")


def test_the_arenas_controls_are_at_least_44_pixels_for_fingers(open_arena: OpenArena) -> None:
    page = open_arena(n=12, context={**TABLET, "viewport": {"width": 667, "height": 300}})
    expect(page.page.locator("[data-note]")).to_be_visible()
    for width, height in [(667, 300), (820, 1180)]:
        resize(page.page, width, height)
        sizes = page.page.evaluate(
            """() => [...document.querySelectorAll('.arena button')].map((button) => {
              const { width, height } = button.getBoundingClientRect();
              return [button.className, width, height];
            })"""
        )
        shown = [one for one in sizes if one[1]]
        assert len(shown) >= 7, sizes
        assert [one for one in shown if min(one[1:]) < 43.99] == []


def test_too_small_a_window_is_told_before_consent_and_a_small_screen_cannot_agree(
    serve: Serve, device: Device
) -> None:
    server = serve(min_window=500)
    page = device(viewport={"width": 1280, "height": 480}, screen={"width": 1280, "height": 720}).new_page()
    page.goto(server.url + "/join/faces")
    note, agree = page.locator("[data-min-window]"), page.get_by_role("button", name="I agree")
    expect(note).to_contain_text("at least 500 pixels")
    expect(agree).to_be_enabled()
    resize(page, 1280, 600)
    expect(note).to_be_hidden()
    phone = device(viewport={"width": 390, "height": 700}, screen={"width": 390, "height": 844}).new_page()
    phone.goto(server.url + "/join/faces")
    expect(phone.locator("[data-min-window]")).to_contain_text("needs a larger screen than this device has")
    expect(phone.get_by_role("button", name="I agree")).to_be_disabled()
