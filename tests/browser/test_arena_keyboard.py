"""The arena by keyboard alone, and what a screen reader is told."""

from __future__ import annotations

import pytest

from tests.browser.arena_pages import OpenArena, draft_of
from tests.browser.axe import complaints_in_both_schemes

pytest_plugins = ["tests.browser.arena_fixtures"]
pytestmark = pytest.mark.browser


def test_a_trial_is_done_by_keyboard_alone(open_arena: OpenArena) -> None:
    page = open_arena(n=4)
    keys = page.page.keyboard
    keys.press("Tab")  # the stage
    for number, (key, times) in enumerate([("ArrowLeft", 3), ("ArrowRight", 2), ("ArrowUp", 4), ("ArrowDown", 1)]):
        keys.press("Tab")
        assert page.page.evaluate("document.activeElement.dataset.clip") == f"c{number}", "Tab goes in seat order"
        keys.press("p")
        for _ in range(times):
            keys.press(f"Shift+{key}")
        keys.press(key)
        keys.press("p")
    placed = page.placements()
    assert placed["c0"] == pytest.approx((-0.31, 0), abs=1e-9)
    assert placed["c1"] == pytest.approx((0.21, 0), abs=1e-9)
    assert placed["c2"] == pytest.approx((0, 0.41), abs=1e-9)
    assert placed["c3"] == pytest.approx((0, -0.11), abs=1e-9)
    assert page.name("c2") == "Clip 3, top, 82% of the way to the edge"
    page.done().focus()
    keys.press("Enter")
    result = page.page.evaluate("harness.done")
    assert [move["how"] for move in result["moves"]] == ["key"] * 4


def test_arrows_move_a_placed_clip_and_stop_at_the_edge(open_arena: OpenArena) -> None:
    page = open_arena(n=2, draft=draft_of({"c0": (0.3, 0.1)}))
    page.clip("c0").focus()
    page.page.keyboard.press("ArrowLeft")
    assert page.placements()["c0"] == pytest.approx((0.29, 0.1), abs=1e-9)
    for _ in range(6):
        page.page.keyboard.press("Shift+ArrowRight")
    x, y = page.placements()["c0"]
    assert x * x + y * y == pytest.approx(0.25, abs=1e-6)
    page.page.keyboard.press("ArrowLeft")
    assert page.placements()["c0"][0] == pytest.approx(x - 0.01, abs=1e-6), "pushing at the edge is not saved up"
    for _ in range(20):
        page.page.keyboard.press("Control+z")
    assert page.placements()["c0"] == (0.3, 0.1)


def test_escape_and_delete_bring_a_clip_back(open_arena: OpenArena) -> None:
    page = open_arena(n=2, draft=draft_of({"c0": (0.3, 0.1)}))
    keys = page.page.keyboard
    page.clip("c1").focus()
    keys.press("p")
    keys.press("ArrowUp")
    keys.press("Escape")
    assert set(page.placements()) == {"c0"}
    assert page.heard() == "Clip 2 is where it was."
    page.clip("c0").focus()
    keys.press("Delete")
    assert page.placements() == {}
    assert page.heard() == "Clip 1 is back outside. 2 clips are still outside"


def test_several_are_selected_and_moved_by_keys(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (0, 0), "c1": (0.1, 0.2), "c2": (-0.2, 0)}))
    for clip in ("c0", "c1"):
        page.clip(clip).focus()
        page.page.keyboard.press("s")
    assert page.selected() == {"c0", "c1"}
    page.page.keyboard.press("Shift+ArrowLeft")
    placed = page.placements()
    assert placed["c0"] == pytest.approx((-0.1, 0), abs=1e-9)
    assert placed["c1"] == pytest.approx((0, 0.2), abs=1e-9)
    assert placed["c2"] == (-0.2, 0)


def test_what_is_in_hand_and_where_it_goes_is_heard(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c1": (0.2, 0.2)}))
    keys = page.page.keyboard
    assert page.name("c0") == "Clip 1, waiting outside"
    assert page.page.locator("[data-live]").get_attribute("aria-live") == "polite"
    page.clip("c0").focus()
    keys.press("p")
    assert page.heard() == "Clip 1 in hand, in the middle."
    keys.press("Shift+ArrowRight")
    assert page.heard() == "right, 20% of the way to the edge"
    assert page.name("c0") == "Clip 1, in hand, right, 20% of the way to the edge"
    keys.press("p")
    assert page.heard() == (
        "Clip 1 placed: right, 20% of the way to the edge. Nearest: Clip 2. 1 clip is still outside"
    )
    page.done().press("Enter")
    assert page.page.evaluate("harness.done") is None
    assert page.heard() == "1 clip is still outside"


def test_keys_magnify_and_focus_brings_a_clip_into_sight(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (-0.45, 0.1), "c1": (0.45, 0.1), "c2": (0, -0.4)}))
    keys = page.page.keyboard
    whole = page.circle()
    keys.press("Tab")
    keys.press("Tab")
    for _ in range(8):
        keys.press("+")
    page.frame()
    assert page.circle()["width"] == pytest.approx(1.25**8 * whole["width"], rel=0.01)
    for clip in ("c1", "c2"):
        keys.press("Tab")
        page.frame()
        x, y = page.centre(clip)
        assert 0 < x < 1280
        assert 0 < y < 650
    keys.press("0")
    page.settled()
    assert page.circle() == pytest.approx(whole, abs=0.02)


@pytest.mark.parametrize("background", ["auto", "grey"])
def test_axe_finds_nothing(open_arena: OpenArena, background: str) -> None:
    page = open_arena(
        n=12,
        context={"bypass_csp": True},
        draft=draft_of({"c0": (0.1, 0.1), "c1": (-0.3, 0.2)}),
        looks={"background": background},
        playback={"watch": "before_done"},
    )
    page.clip("c0").focus()
    page.page.keyboard.press("s")
    page.page.keyboard.press("Enter")
    page.page.get_by_role("button", name="Mouse, touch and keys").click()
    assert complaints_in_both_schemes(page.page, "arena") == []
