"""How the arena lies on the page: every size, many clips, directions, contrast and motion."""

from __future__ import annotations

import pytest

from tests.browser.arena_pages import ArenaPage, OpenArena, draft_of
from tests.browser.waiting import drawn, until

pytest_plugins = ["tests.browser.arena_fixtures"]
pytestmark = pytest.mark.browser

SIZES = [(1024, 700), (1280, 720), (2560, 1440), (820, 1180), (1180, 820), (390, 844)]
# All at once in the page: a hundred clips are measured in one call.
BOXES = """selector => [...document.querySelectorAll(selector)].map((element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom };
})"""


# The longest that our languages have, French for the status and German for the guidance.
MAX_WORDS = (
    ("status", "Tous les clips sont dans le cercle. Modifiez ce que vous voulez, puis appuyez sur Terminé."),
    ("guidance", "Die Pfeiltasten bewegen ihn, mit Umschalt weit; P legt ihn ab, Esc bringt ihn zurück."),
)


def boxes(page: ArenaPage, selector: str) -> list[dict[str, float]]:
    rectangles: list[dict[str, float]] = page.page.evaluate(BOXES, selector)
    return rectangles


def overlap(a: dict[str, float], b: dict[str, float]) -> bool:
    return a["left"] < b["right"] and b["left"] < a["right"] and a["top"] < b["bottom"] and b["top"] < a["bottom"]


@pytest.mark.parametrize("clips", [3, 12, 30, 60, 100])
def test_clips_and_controls_never_meet(open_arena: OpenArena, clips: int) -> None:
    page = open_arena(n=clips)
    for width, height in SIZES:
        page.page.set_viewport_size({"width": width, "height": height})
        page.settled()
        [stage], [circle] = boxes(page, "[data-stage]"), boxes(page, "[data-arena]")
        seats = boxes(page, "[data-clip]")
        controls = boxes(page, "button:not(.arena__close), [data-status], [data-question]")
        for index, seat in enumerate(seats):
            assert stage["left"] <= seat["left"] < seat["right"] <= stage["right"]
            assert stage["top"] <= seat["top"] < seat["bottom"] <= stage["bottom"]
            assert not any(overlap(seat, control) for control in controls)
            assert not any(overlap(seat, other) for other in seats[:index])
        # A clip at the circle's edge reaches over it by half its size, and still meets no control.
        reach = {
            "left": circle["left"] - (seats[0]["right"] - seats[0]["left"]) / 2,
            "right": circle["right"] + (seats[0]["right"] - seats[0]["left"]) / 2,
            "top": circle["top"] - (seats[0]["bottom"] - seats[0]["top"]) / 2,
            "bottom": circle["bottom"] + (seats[0]["bottom"] - seats[0]["top"]) / 2,
        }
        assert not any(overlap(reach, control) for control in controls)
        assert page.page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the page does not scroll"


def test_on_a_phone_all_of_it_is_in_reach(open_arena: OpenArena) -> None:
    page = open_arena(n=6, context={"has_touch": True, "is_mobile": True})
    # Phones upright and lying, less the height of the task's bar.
    for width, height in [(390, 688), (360, 484), (320, 412), (844, 289)]:
        page.page.set_viewport_size({"width": width, "height": height})
        page.settled()
        # A page that does not fit makes a phone's window as wide as itself.
        assert page.page.evaluate("[innerWidth, innerHeight]") == [width, height]
        for box in boxes(page, ".arena__bar > *, [data-question], [data-arena], [data-clip]"):
            assert 0 <= box["left"] < box["right"] <= width
            assert 0 <= box["top"] < box["bottom"] <= height


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 664)])
def test_nothing_shifts_when_words_come_and_go(open_arena: OpenArena, width: int, height: int) -> None:
    page = open_arena(n=3, context={"viewport": {"width": width, "height": height}})
    before = page.circle()
    page.click_clip("c0")
    assert page.guidance() != ""
    assert page.circle() == before
    for clip, x in (("c0", -0.02), ("c1", 0.0), ("c2", 0.02)):
        page.drag(clip, x, 0)
    assert "whole circle" in page.guidance()
    assert page.circle() == before


@pytest.mark.parametrize(("width", "height"), [(1000, 700), (1024, 700), (1280, 720), (820, 1180)])
@pytest.mark.parametrize("label", ["Done", "I am done with this arrangement"])
def test_the_longest_words_in_the_bar_do_not_move_the_arena(
    open_arena: OpenArena, width: int, height: int, label: str
) -> None:
    page = open_arena(n=3, context={"viewport": {"width": width, "height": height}})
    page.page.evaluate("label => (document.querySelector('[data-done]').textContent = label)", label)
    drawn(page.page)
    before = page.circle()
    say = "([name, words]) => (document.querySelector(`[data-${name}]`).textContent = words)"
    for name, words in MAX_WORDS:
        page.page.evaluate(say, [name, words])
        drawn(page.page)
        assert page.circle() == before, name


def test_right_to_left_mirrors_the_bar_and_not_the_arena(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (0.3, 0.2)}))
    left_to_right = page.centre("c0")
    page.page.evaluate("document.documentElement.dir = 'rtl'")
    page.frame()
    assert page.centre("c0") == pytest.approx(left_to_right, abs=0.01)
    page.drag("c1", -0.3, 0.1)
    assert page.placements()["c1"] == pytest.approx((-0.3, 0.1), abs=1e-6)
    done, undo = boxes(page, "[data-done]")[0], boxes(page, "[aria-label=Undo]")[0]
    assert done["right"] < undo["left"]


def test_a_question_reads_in_its_own_direction_whatever_that_of_the_page(open_arena: OpenArena) -> None:
    page = open_arena(n=2, question="رتبوا المقاطع المتشابهة معا")
    direction = "getComputedStyle(document.querySelector('[data-question]')).direction"
    assert page.page.evaluate(direction) == "rtl"
    page.page.evaluate("harness.mount({ question: 'Put similar clips together' })")
    assert page.page.evaluate(direction) == "ltr"


OWN_DIRECTIONS = """() => [...document.querySelectorAll('.arena *')]
  .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.includes('نص')))
  .filter((element) => !element.closest('.arena__hidden'))
  .map((element) => `${element.className || element.tagName} ${getComputedStyle(element).direction}`)"""


def test_every_replaced_word_of_the_arena_goes_by_its_own_direction(open_arena: OpenArena) -> None:
    page = open_arena(n=3)
    page.page.evaluate("harness.mount({ t: () => 'نص (1)' })")
    page.click_clip("c0")
    page.page.get_by_role("button", name="نص (1)").last.wait_for()
    page.page.locator(".arena__tool").last.click()
    directions = page.page.evaluate(OWN_DIRECTIONS)
    assert {"arena__done rtl", "arena__status rtl", "DT rtl", "DD rtl"} <= set(directions)
    page.page.evaluate("harness.mount({ t: () => 'نص (1)', looks: { min_window: 2000 } })")
    page.settled()
    directions += page.page.evaluate(OWN_DIRECTIONS)
    assert {"H2 rtl", "P rtl"} <= set(directions)
    assert [each for each in directions if each.endswith("ltr")] == []


def test_guide_lines_lead_to_the_nearest_clips_only_while_dragging(open_arena: OpenArena) -> None:
    places = {f"c{i}": (0.06 * i - 0.2, 0.1) for i in range(7)}
    page = open_arena(n=8, draft=draft_of(places), looks={"guide_lines": True})
    drawn = "document.querySelector('.arena__guides').getAttribute('d') ?? ''"
    assert page.page.evaluate(drawn) == ""
    page.press("c7")
    page.move_to(-0.2, -0.1)
    page.frame()
    path = page.page.evaluate(drawn)
    assert path.count("M") == 5
    stage = page.page.locator("[data-stage]").bounding_box()
    assert stage is not None
    x, y = page.pixel(-0.2, 0.1)  # c0 is the nearest
    end = [float(number) for number in path.split("L")[1].split("M")[0].split()]
    assert end == pytest.approx([x - stage["x"], y - stage["y"]], abs=0.01)
    page.page.mouse.up()
    page.frame()
    assert page.page.evaluate(drawn) == ""


def test_who_wants_less_motion_gets_less(open_arena: OpenArena) -> None:
    page = open_arena(n=12, context={"reduced_motion": "reduce"}, playback={"play": "always"})
    page.page.wait_for_timeout(300)
    assert page.page.locator("video.is-shown").count() == 0
    page.page.mouse.move(*page.centre("c3"))
    page.page.wait_for_selector('[data-clip="c3"] video.is-shown')
    page.drag("c3", 0.2, 0.1)
    page.page.keyboard.press("Control+z")
    page.frame()
    running = "document.getAnimations().filter((each) => each.effect.getComputedTiming().duration > 1).length"
    assert page.page.evaluate(running) == 0


def test_a_drag_at_the_border_moves_a_magnified_view(open_arena: OpenArena) -> None:
    page = open_arena(n=2, draft=draft_of({"c0": (0, 0)}))
    page.move_to(0, 0)
    page.page.mouse.wheel(0, -800)
    page.frame()
    [stage] = boxes(page, "[data-stage]")
    page.press("c0")
    page.page.mouse.move(stage["left"] + 2, (stage["top"] + stage["bottom"]) / 2, steps=4)
    until(
        page.page, lambda: page.circle()["x"] > stage["left"]
    )  # the view drifts frame by frame, past the circle's edge
    page.page.mouse.up()
    page.page.keyboard.press("0")
    page.settled()
    assert page.placements().get("c0", (-0.5, 0))[0] < -0.4


def test_drops_while_busy_are_refused(open_arena: OpenArena) -> None:
    page = open_arena(n=2, draft=draft_of({"c0": (0, 0), "c1": (0.2, 0.2)}))
    page.page.evaluate("harness.arena.setBusy(true)")
    page.drag("c0", 0.3, 0)
    assert page.placements()["c0"] == (0, 0)
    assert not page.available(page.done())
    page.page.evaluate("harness.arena.setBusy(false)")
    page.drag("c0", 0.3, 0)
    assert page.placements()["c0"] == pytest.approx((0.3, 0), abs=1e-6)
