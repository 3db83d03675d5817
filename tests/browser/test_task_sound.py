"""Sound: the check before the task, the controls in the bar, and what counts as heard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.arena_pages import ArenaPage, OpenArena
from tests.browser.axe import complaints
from tests.browser.task_pages import Serve

pytest_plugins = ["tests.browser.arena_fixtures", "tests.browser.task_fixtures"]
pytestmark = pytest.mark.browser

FOUR_BEEPS = "Math.random = () => 0.6"
MUTED = {"muted": True, "volume": 1}
LOUD = {"muted": False, "volume": 1}


def unwatched(page: ArenaPage) -> set[str]:
    """The clips that still need to be watched."""
    page.frame()
    return set(page.page.eval_on_selector_all(".clip.is-unwatched", "all => all.map((each) => each.dataset.clip)"))


def test_a_clip_with_sound_counts_as_watched_only_when_it_was_heard(open_arena: OpenArena) -> None:
    playback = {"play": "hover", "sound": True, "watch": "before_done"}
    page = open_arena(n=2, clipsHaveSound=True, playback=playback)
    page.page.mouse.move(*page.centre("c0"))
    page.page.wait_for_function("() => harness.arena.result().plays.some((play) => play.ended)")
    assert unwatched(page) == {"c0", "c1"}
    assert page.status() == "2 clips are still outside"
    page.page.mouse.click(*page.centre("c0"))
    page.page.wait_for_selector('[data-clip="c0"]:not(.is-unwatched)')
    by_pointing, by_click = page.result()["plays"]
    assert (by_pointing["ended"], by_pointing["muted"]) == (True, True)
    assert (by_click["ended"], by_click["muted"]) == (True, False)
    assert page.result()["watched"] == ["c0"]


def test_what_was_played_with_the_sound_off_is_said_and_does_not_count(open_arena: OpenArena) -> None:
    playback = {"play": "click", "sound": True, "watch": "before_done"}
    page = open_arena(n=2, clipsHaveSound=True, playback=playback, sound=MUTED)
    page.page.mouse.click(*page.centre("c0"))
    page.page.wait_for_function("() => document.querySelector('[data-live]').textContent.includes('have not heard')")
    assert unwatched(page) == {"c0", "c1"}
    # The sound comes back in the middle of the clip: the next pass counts, not this one.
    page.page.wait_for_function(
        """() => {
          const { currentTime } = document.querySelector('[data-clip="c0"] video');
          if (currentTime < 0.2 || currentTime > 0.6) return false;
          window.setAt = performance.now();
          harness.arena.setSound({ muted: false, volume: 0.5 });
          return true;
        }"""
    )
    page.page.wait_for_selector('[data-clip="c0"]:not(.is-unwatched)')
    assert page.page.evaluate("performance.now() - window.setAt") > 1000
    assert page.result()["plays"][0]["muted"] is True


def test_a_clip_without_sound_of_its_own_need_not_be_heard(open_arena: OpenArena) -> None:
    page = open_arena(n=2, playback={"play": "hover", "sound": True, "watch": "before_done"}, sound=MUTED)
    page.page.mouse.move(*page.centre("c0"))
    page.page.wait_for_selector('[data-clip="c0"]:not(.is-unwatched)')


def test_the_space_bar_brings_sound_where_focus_alone_does_not(open_arena: OpenArena) -> None:
    page = open_arena(n=2, clipsHaveSound=True, playback={"play": "hover", "sound": True, "watch": "before_done"})
    page.clip("c0").focus()
    page.page.wait_for_selector('[data-clip="c0"] video.is-shown')
    page.page.keyboard.press("Space")
    page.page.wait_for_selector('[data-clip="c0"]:not(.is-unwatched)')


def start(page: Page, address: str) -> None:
    """From the task's address to the sound check."""
    page.add_init_script(FOUR_BEEPS)
    page.goto(address)
    expect(page.get_by_role("heading", name="Can you hear the beeps?")).to_be_visible()


def test_the_sound_check_leads_on_with_the_right_number_alone(serve: Serve, page: Page) -> None:
    server = serve(sound=True, real_arena=True)
    start(page, server.task)
    expect(page.get_by_role("button", name="3", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Play the beeps").click()
    page.get_by_role("button", name="3", exact=True).click()
    expect(page.get_by_text("That is not the number of beeps.")).to_be_visible()
    expect(page.get_by_text("What may help:")).to_be_visible()
    expect(page.get_by_role("button", name="4", exact=True)).to_be_disabled()
    assert complaints(page, "sound check") == []
    page.get_by_role("button", name="Play the beeps again").click()
    page.get_by_role("button", name="4", exact=True).click()
    expect(page.locator("[data-clip]")).to_have_count(4)
    checks = [event["detail"] for event in server.study.events if event["kind"] == "sound_check"]
    assert [check["passed"] for check in checks] == [False, True]
    page.reload()  # it is asked once on a device
    expect(page.locator("[data-clip]")).to_have_count(4)


def test_a_device_without_sound_is_told_so_and_locked_in_nowhere(serve: Serve, page: Page) -> None:
    server = serve(sound=True)
    page.add_init_script("AudioContext.prototype.resume = () => new Promise(() => {})")
    start(page, server.task)
    page.get_by_role("button", name="Play the beeps").click()
    expect(page.get_by_text("No sound came from this device.")).to_be_visible()
    expect(page.get_by_text("Open this page’s address on another device")).to_be_visible()
    expect(page.get_by_role("button", name="Play the beeps again")).to_be_enabled()
    expect(page.get_by_role("button", name="Leave", exact=True)).to_be_visible()


def test_mute_and_volume_are_reached_by_keyboard_and_remembered(serve: Serve, page: Page) -> None:
    server = serve(sound=True, real_arena=True)
    start(page, server.task)
    page.get_by_role("button", name="Mute").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Play the beeps").click()
    expect(page.get_by_text("The sound is off on this page.")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.get_by_role("slider", name="Volume").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Mute").press("Enter")
    page.reload()
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("slider", name="Volume")).to_have_value("90")
    page.get_by_role("button", name="Mute").press("Enter")
    page.get_by_role("button", name="Play the beeps").click()
    page.get_by_role("button", name="4", exact=True).click()
    page.get_by_role("button", name="Mute").press("Enter")
    expect(page.locator("#loading")).to_have_text("The sound is off.")
    first = page.locator("[data-clip]").first
    first.click()
    page.wait_for_selector("[data-clip] video.is-shown")
    assert page.evaluate("[...document.querySelectorAll('video.is-shown')].every((video) => video.muted)")


def test_a_study_without_sound_shows_none_of_it(serve: Serve, page: Page) -> None:
    server = serve()
    page.goto(server.task)
    expect(page.locator("[data-clip]")).to_have_count(4)
    expect(page.get_by_role("button", name="Mute")).to_be_hidden()
