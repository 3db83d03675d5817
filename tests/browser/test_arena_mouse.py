"""The arena under a real mouse, in a real Chromium.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import math

import pytest

from tests.browser.arena_pages import OpenArena, draft_of
from tests.browser.waiting import drawn, settled

pytest_plugins = ["tests.browser.arena_fixtures"]
pytestmark = pytest.mark.browser


def test_clips_are_dragged_in_and_the_result_is_what_is_shown(open_arena: OpenArena) -> None:
    page = open_arena(n=6)
    assert page.status() == "6 clips are still outside"
    targets = {f"c{i}": (-0.31 + 0.11 * i, 0.24 - 0.07 * i) for i in range(6)}
    for clip, (x, y) in targets.items():
        assert not page.available(page.done())
        page.drag(clip, x, y)
    assert page.status().startswith("All clips are in place")
    page.done().click()
    result = page.page.evaluate("harness.done")
    assert [placement["clip"] for placement in result["placements"]] == list(targets)
    for placement in result["placements"]:
        x, y = targets[placement["clip"]]
        # The mouse reports its position as a 32-bit float, so that a target is met to some 1e-7.
        assert (placement["x"], placement["y"]) == pytest.approx((x, y), abs=1e-6)
        assert page.shown(placement["clip"]) == pytest.approx((placement["x"], placement["y"]), abs=1e-6)
    assert set(result) == {
        "placements",
        "watched",
        "unplayable",
        "moves",
        "plays",
        "duration",
        "hidden",
        "viewport",
        "arena",
    }
    assert [move["how"] for move in result["moves"]] == ["drag"] * 6
    assert [move["t"] for move in result["moves"]] == sorted(move["t"] for move in result["moves"])
    assert result["viewport"] == {"width": 1280, "height": 720, "pixel_ratio": 1}
    box = page.circle()
    assert result["arena"]["diameter"] == pytest.approx(box["width"], abs=0.02)
    assert result["arena"]["x"] == pytest.approx(box["x"] + box["width"] / 2, abs=0.02)


def test_nothing_moves_when_the_button_is_released(open_arena: OpenArena) -> None:
    page = open_arena(n=3)
    page.press("c0")
    page.move_to(0.1234, -0.2345)
    page.frame()
    before = page.page.locator('[data-clip="c0"]').bounding_box()
    page.page.mouse.up()
    page.frame()
    assert page.page.locator('[data-clip="c0"]').bounding_box() == before


def test_a_clip_stays_in_the_circle_and_returns_to_its_seat_from_far_outside(open_arena: OpenArena) -> None:
    page = open_arena(n=3)
    seat = page.shown("c0")
    page.drag("c0", 0.35, 0.37)  # beyond the edge, still touching it
    x, y = page.placements()["c0"]
    assert x * x + y * y == pytest.approx(0.25, abs=1e-9)
    page.drag("c0", 0.8, 0.1)
    assert page.placements() == {}
    page.settled()
    assert page.shown("c0") == pytest.approx(seat, abs=1e-4)
    assert page.result()["moves"][-1]["x"] is None


def test_a_draft_comes_back_and_a_resize_keeps_arena_coordinates(open_arena: OpenArena) -> None:
    draft = {"placements": [{"clip": "c1", "x": 0.123456789012, "y": -0.25}, {"clip": "c0", "x": -0.4, "y": 0.1}]}
    page = open_arena(n=4, draft=draft)
    assert page.placements() == {"c0": (-0.4, 0.1), "c1": (0.123456789012, -0.25)}
    for width, height in [(1024, 700), (820, 1180), (2560, 1440)]:
        page.page.set_viewport_size({"width": width, "height": height})
        page.settled()
        assert page.placements() == {"c0": (-0.4, 0.1), "c1": (0.123456789012, -0.25)}
        assert page.shown("c1") == pytest.approx((0.123456789012, -0.25), abs=1e-6)
    assert page.result()["moves"] == []


def test_click_to_pick_and_click_to_place(open_arena: OpenArena) -> None:
    page = open_arena(n=3)
    page.click_clip("c1")
    assert "Now click where it should go" in page.guidance()
    page.click_at(-0.2, 0.15)
    assert page.placements()["c1"] == pytest.approx((-0.2, 0.15), abs=1e-6)
    assert page.result()["moves"][-1]["how"] == "click"
    page.click_clip("c2")
    page.page.keyboard.press("Escape")
    page.click_at(0.2, 0.2)
    assert "c2" not in page.placements()


def test_with_a_clip_in_hand_a_press_on_a_placed_one_puts_it_down_there(open_arena: OpenArena) -> None:
    page = open_arena(n=4, draft=draft_of({"c0": (-0.1, 0.1), "c1": (0.3, -0.2)}))
    page.click_clip("c2")
    page.click_clip("c0")  # its very middle
    placed = page.placements()
    assert set(placed) == {"c0", "c1", "c2"}
    assert placed["c0"] == (-0.1, 0.1)
    near = math.dist(placed["c0"], placed["c2"]) * page.circle()["width"]
    box = page.clip("c0").bounding_box()
    assert box is not None
    assert 0.25 * box["height"] < near < 0.5 * box["width"], "close by, and the other can still be seen"
    assert page.guidance() == ""
    on_top = "([x, y]) => document.elementFromPoint(x, y).dataset.clip"
    assert page.page.evaluate(on_top, page.centre("c2")) == "c2", "what was put down is on top"
    page.page.wait_for_timeout(400)  # the next click is not the second of a pair
    corner = [2 if placed["c2"][0] > -0.1 else box["width"] - 2, 2 if placed["c2"][1] < 0.1 else box["height"] - 2]
    page.page.mouse.click(box["x"] + corner[0], box["y"] + corner[1])  # nothing is in hand: it is picked up
    page.click_clip("c1")  # and put on the other
    page.click_clip("c1")
    assert math.dist(page.placements()["c0"], (0.3, -0.2)) * page.circle()["width"] < 0.5 * box["width"]
    page.page.keyboard.press("Control+z")
    assert page.placements() == placed
    page.page.keyboard.press("Control+z")
    assert set(page.placements()) == {"c0", "c1"}


def test_the_second_click_of_a_pair_does_not_pick_up_what_the_first_put_down(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (-0.1, 0.1)}))
    for clip, at in (("c1", page.centre("c0")), ("c2", page.pixel(0.3, 0.2))):
        page.click_clip(clip)
        page.page.mouse.dblclick(*at)
        page.frame()
        assert clip in page.placements()
        assert page.page.locator(".is-picked").count() == 0
        assert page.page.locator("figure[data-panel]").is_hidden()
        page.page.wait_for_timeout(400)


def test_a_double_click_enlarges_a_placed_clip_also_where_others_lie(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (0, 0), "c1": (0, 0)}))
    page.page.mouse.dblclick(*page.pixel(0, 0))
    page.page.wait_for_selector("figure[data-panel]:not([hidden])")
    page.frame()
    assert page.page.locator(".is-picked").count() == 0
    assert page.placements() == {"c0": (0, 0), "c1": (0, 0)}


def test_clicks_on_a_heap_pick_up_one_clip_after_the_other(open_arena: OpenArena) -> None:
    page = open_arena(n=4, draft=draft_of({"c0": (0, 0), "c1": (0, 0), "c2": (0, 0)}))
    picked = []
    for _ in range(4):
        page.click_at(0, 0)
        picked += page.page.eval_on_selector_all(".is-picked", "all => all.map((each) => each.dataset.clip)") or [
            "none"
        ]
        page.page.wait_for_timeout(400)  # slower than a double click
    assert picked == ["c2", "c1", "c0", "none"]
    page.click_at(0, 0)
    page.page.wait_for_timeout(400)
    page.click_at(0, 0)
    assert "clip beneath" in page.guidance()
    second = page.page.locator(".is-picked").get_attribute("data-clip")
    assert second is not None
    page.click_at(0.3, 0.1)
    assert page.placements()[second] == pytest.approx((0.3, 0.1), abs=1e-6)


def test_several_in_hand_are_put_down_on_a_clip_together(open_arena: OpenArena) -> None:
    page = open_arena(n=4, draft=draft_of({"c0": (-0.4, 0.2), "c1": (-0.1, 0.2), "c2": (0.2, -0.2)}))
    for clip in ("c0", "c1"):
        page.click_clip(clip, modifiers=["Shift"])
    page.click_clip("c1")
    page.click_clip("c2")
    placed = page.placements()
    assert placed["c2"] == (0.2, -0.2)
    assert placed["c1"][0] - placed["c0"][0] == pytest.approx(0.3, abs=1e-9)
    assert math.dist(((placed["c0"][0] + placed["c1"][0]) / 2, placed["c0"][1]), (0.2, -0.2)) < 0.1
    page.page.keyboard.press("Control+z")
    assert page.placements()["c0"] == (-0.4, 0.2)


def test_the_mouse_goes_on_with_what_the_keys_hold(open_arena: OpenArena) -> None:
    page = open_arena(n=4, draft=draft_of({"c0": (-0.2, 0.2)}))
    page.clip("c1").focus()
    page.page.keyboard.press("p")
    page.click_clip("c0")
    assert 0 < math.dist(page.placements()["c1"], (-0.2, 0.2)) < 0.1
    page.clip("c2").focus()
    page.page.keyboard.press("p")
    page.click_at(0.25, -0.1)
    assert page.placements()["c2"] == pytest.approx((0.25, -0.1), abs=1e-6)
    assert [move["how"] for move in page.result()["moves"]] == ["click", "click"]
    page.clip("c3").focus()
    page.page.keyboard.press("p")
    page.drag("c2", -0.3, 0.0)  # a drag of another leaves it where it was shown
    assert page.placements()["c3"] == pytest.approx((0, 0), abs=1e-6)
    assert page.placements()["c2"] == pytest.approx((-0.3, 0), abs=1e-6)


def test_lasso_and_shift_move_several_together(open_arena: OpenArena) -> None:
    places = {"c0": (-0.2, 0.1), "c1": (-0.1, 0.15), "c2": (0.3, -0.2), "c3": (-0.15, -0.05)}
    page = open_arena(n=4, draft=draft_of(places))
    page.lasso([(-0.35, 0.3), (0.05, 0.3), (0.05, -0.15), (-0.35, -0.15)])
    assert page.selected() == {"c0", "c1", "c3"}
    page.click_clip("c3", modifiers=["Shift"])
    assert page.selected() == {"c0", "c1"}
    page.drag("c1", 0.1, -0.1)
    placed = page.placements()
    assert placed["c1"] == pytest.approx((0.1, -0.1), abs=1e-6)
    assert placed["c0"] == pytest.approx((0.0, -0.15), abs=1e-6)
    assert placed["c3"] == places["c3"]
    assert {move["how"] for move in page.result()["moves"]} == {"lasso"}
    page.page.keyboard.press("Control+z")
    assert page.placements() == places
    page.page.keyboard.press("Control+y")
    assert page.placements() == placed


def test_several_waiting_clips_come_in_together_and_apart(open_arena: OpenArena) -> None:
    page = open_arena(n=8)
    for clip in ("c0", "c1", "c2"):
        page.click_clip(clip, modifiers=["Shift"])
    page.drag("c1", 0.0, 0.0)
    placed = page.placements()
    assert set(placed) == {"c0", "c1", "c2"}
    assert placed["c1"] == pytest.approx((0, 0), abs=1e-6)
    assert len(set(placed.values())) == 3


def test_undo_and_redo_by_button(open_arena: OpenArena) -> None:
    page = open_arena(n=3)
    page.drag("c0", 0.1, 0.1)
    page.drag("c0", -0.1, 0.2)
    undo = page.page.get_by_role("button", name="Undo")
    undo.click()
    assert page.placements()["c0"] == pytest.approx((0.1, 0.1), abs=1e-6)
    undo.click()
    assert page.placements() == {}
    assert not page.available(undo)
    page.page.get_by_role("button", name="Redo").click()
    assert page.placements()["c0"] == pytest.approx((0.1, 0.1), abs=1e-6)
    assert [move["how"] for move in page.result()["moves"]] == ["drag", "drag", "undo", "undo", "redo"]


def test_a_record_that_is_too_long_to_be_sent_says_what_it_leaves_out(open_arena: OpenArena) -> None:
    page = open_arena(n=3)
    page.drag("c0", 0.1, 0.0)
    assert "moves_gap" not in page.result()
    page.page.evaluate(
        """() => {
          const [undo, redo] = ["Undo", "Redo"].map((name) => document.querySelector(`[aria-label=${name}]`));
          for (let turn = 0; turn < 1001; turn += 1) { undo.click(); redo.click(); }
        }"""
    )
    result = page.result()
    assert len(result["moves"]) == 2000
    assert result["moves_gap"] == {"after": 1000, "left_out": 3}
    assert (result["moves"][0]["how"], result["moves"][-1]["how"]) == ("drag", "redo")
    assert "plays_gap" not in result


def test_zoom_keeps_the_point_under_the_pointer_and_positions_exact(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (0.2, 0.2), "c1": (-0.1, 0.1)}))
    whole = page.circle()
    page.move_to(0.2, 0.2)
    before = page.centre("c0")
    page.page.mouse.wheel(0, -600)
    page.frame()
    assert page.circle()["width"] > 2 * whole["width"]
    assert page.centre("c0") == pytest.approx(before, abs=1.5)  # wheel events report whole pixels, here magnified
    page.drag("c0", 0.15, 0.25)  # in the magnified view
    assert page.placements()["c0"] == pytest.approx((0.15, 0.25), abs=1e-6)
    page.page.get_by_role("button", name="Show the whole arena").click()
    page.settled()
    assert page.circle() == pytest.approx(whole, abs=0.02)
    assert page.shown("c0") == pytest.approx((0.15, 0.25), abs=1e-6)


def test_escape_takes_a_drag_back(open_arena: OpenArena) -> None:
    page = open_arena(n=3, draft=draft_of({"c0": (0.2, 0.2)}))
    page.press("c0")
    page.move_to(-0.3, 0.0)
    page.page.keyboard.press("Escape")
    page.page.mouse.up()
    page.settled()
    assert page.shown("c0") == pytest.approx((0.2, 0.2), abs=1e-6)
    assert page.result()["moves"] == []


def test_a_window_that_changes_its_size_during_a_drag_keeps_the_clip_under_the_pointer(open_arena: OpenArena) -> None:
    page = open_arena(n=3)
    page.press("c0")
    page.move_to(0.1, 0.1, steps=3)
    page.page.set_viewport_size({"width": 900, "height": 1100})
    settled(page.page)
    page.move_to(-0.2, 0.15, steps=3)
    page.page.mouse.up()
    drawn(page.page)
    assert page.placements()["c0"] == pytest.approx((-0.2, 0.15), abs=1e-6)


def test_100_clips_can_all_be_reached_and_seen_at_1280_by_720(open_arena: OpenArena) -> None:
    page = open_arena(n=100)
    reached = page.page.evaluate(
        """() => [...document.querySelectorAll('[data-clip]')].filter((clip) => {
            const { x, y, width, height } = clip.getBoundingClientRect();
            const top = (dx, dy) => document.elementFromPoint(x + dx * width, y + dy * height).closest('[data-clip]');
            const spots = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.5], [0.1, 0.9], [0.9, 0.9]];
            return spots.every(([dx, dy]) => top(dx, dy) === clip);
        }).length"""
    )
    assert reached == 100
