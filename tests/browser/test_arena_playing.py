"""What plays when, what is recorded of it, and the rule of watching."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.arena_pages import ArenaPage, OpenArena, draft_of
from tests.browser.waiting import until

pytest_plugins = ["tests.browser.arena_fixtures"]
pytestmark = pytest.mark.browser


PLAYING = """() => [...document.querySelectorAll('video.is-shown')]
    .filter((video) => !video.paused && !video.ended)
    .map((video) => video.closest('[data-clip]')?.dataset.clip ?? 'panel').sort()"""


def playing(page: ArenaPage) -> set[str]:
    """The clips whose video can be seen running."""
    return set(page.page.evaluate(PLAYING))


def wait_until_playing(page: ArenaPage, *clips: str) -> None:
    """Until these clips play, and no other."""
    page.page.wait_for_function(f"wanted => String(({PLAYING})()) === wanted", arg=",".join(clips))


def wait_for_playing(page: ArenaPage, clip: str) -> None:
    """Until the clip's first frame is there."""
    page.page.wait_for_selector(f'[data-clip="{clip}"] video.is-shown')


def wait_for_end(page: ArenaPage, clip: str) -> None:
    """Until the clip has been played to its end."""
    page.page.wait_for_selector(f'[data-clip="{clip}"]:not(.is-unwatched)')


def plays(page: ArenaPage) -> list[dict[str, Any]]:
    """The record of what was played."""
    return list(page.result()["plays"])


def test_the_clip_under_the_mouse_plays_and_no_other(open_arena: OpenArena) -> None:
    page = open_arena(n=12)
    for clip in [f"c{i}" for i in range(12)]:
        page.page.mouse.move(*page.centre(clip))
        wait_until_playing(page, clip)
    page.page.mouse.move(640, 350)
    wait_until_playing(page)
    assert [play["clip"] for play in plays(page)] == [f"c{i}" for i in range(12)]
    assert {play["how"] for play in plays(page)} == {"hover"}
    assert all(play["ms"] >= 0 and play["t"] >= 0 for play in plays(page))
    assert page.page.locator("video").count() <= 7


def test_a_looping_clip_counts_as_watched_when_it_has_gone_round(open_arena: OpenArena) -> None:
    page = open_arena(n=2, playback={"watch": "before_done"}, draft=draft_of({"c0": (0, 0), "c1": (0.2, 0)}))
    assert page.status() == "2 clips still need to be watched to the end"
    page.page.mouse.move(*page.centre("c0"))
    wait_for_end(page, "c0")
    page.page.mouse.move(5, 100)
    [play] = plays(page)
    assert play["ended"]
    assert play["ms"] >= 800
    assert page.status() == "1 clip still needs to be watched to the end"
    assert not page.available(page.done())
    page.page.mouse.move(*page.centre("c1"))
    wait_for_end(page, "c1")
    assert page.available(page.done())


def test_a_clip_must_be_watched_before_it_can_be_placed(open_arena: OpenArena) -> None:
    page = open_arena(n=2, playback={"play": "click", "loop": False, "watch": "before_placing"})
    page.drag("c0", 0, 0)
    assert page.placements() == {}
    assert "Watch “Clip 1” to its end first." in page.guidance()
    wait_for_end(page, "c0")  # the attempt itself set it playing
    page.drag("c0", 0, 0)
    assert set(page.placements()) == {"c0"}


@pytest.mark.parametrize("play", ["hover", "click"])
def test_a_first_click_on_an_unwatched_clip_only_plays_it(open_arena: OpenArena, play: str) -> None:
    page = open_arena(n=3, playback={"play": play, "watch": "before_placing"})
    slow = "document.querySelectorAll('video').forEach((video) => (video.playbackRate = 0.4))"
    page.page.mouse.move(*page.centre("c1"))
    page.click_clip("c1")
    wait_for_playing(page, "c1")
    page.page.evaluate(slow)
    assert page.guidance() == "Watch “Clip 2” to its end first."
    assert page.page.locator(".is-picked, .is-held").count() == 0
    look = "clip => getComputedStyle(document.querySelector(`[data-clip=${clip}]`)).outlineColor"
    accent = page.page.evaluate(
        """() => {
          const probe = document.querySelector('.arena').appendChild(document.createElement('i'));
          probe.style.color = 'var(--a-accent)';
          const { color } = getComputedStyle(probe);
          probe.remove();
          return color;
        }"""
    )
    assert page.page.evaluate(look, "c1") == accent, "no frame that looks like an error"
    shares = "clip => Number(document.querySelector(`[data-clip=${clip}]`).style.getPropertyValue('--seen'))"
    page.page.wait_for_function(f"clip => (({shares})(clip)) > 0.2", arg="c1")
    wait_for_end(page, "c1")
    assert page.guidance() == "You can place “Clip 2” now."
    page.click_clip("c1")
    assert page.page.locator(".is-picked").get_attribute("data-clip") == "c1"


def test_keys_play_an_unwatched_clip_instead_of_picking_it_up(open_arena: OpenArena) -> None:
    for key in ("p", "ArrowLeft"):
        page = open_arena(n=2, playback={"play": "click", "loop": False, "watch": "before_placing"})
        page.clip("c0").focus()
        page.page.keyboard.press(key)
        wait_for_playing(page, "c0")
        assert page.heard() == page.guidance() == "Watch “Clip 1” to its end first."
        wait_for_end(page, "c0")
        assert page.heard() == "You can place “Clip 1” now."
        page.page.keyboard.press("p")
        page.page.keyboard.press("p")
        assert set(page.placements()) == {"c0"}


def test_an_unwatched_clip_leaves_what_is_held_there(open_arena: OpenArena) -> None:
    page = open_arena(n=2, playback={"play": "click", "loop": False, "watch": "before_placing"})
    page.click_clip("c0")
    wait_for_end(page, "c0")
    page.click_clip("c0")
    page.click_clip("c1")
    assert "Watch “Clip 2”" in page.guidance()
    page.click_at(0.1, 0.1)
    assert page.placements() == {"c0": pytest.approx((0.1, 0.1), abs=1e-6)}


def test_play_on_click_and_once(open_arena: OpenArena) -> None:
    page = open_arena(n=3, playback={"play": "click", "loop": False})
    page.page.mouse.move(*page.centre("c0"))
    page.page.wait_for_timeout(150)
    assert playing(page) == set()
    page.click_clip("c0")
    wait_until_playing(page, "c0")
    wait_until_playing(page)  # it has come to its end and stays there
    [play] = plays(page)
    assert (play["how"], play["ended"]) == ("click", True)
    page.clip("c1").focus()
    page.page.keyboard.press("Space")
    wait_for_playing(page, "c1")
    page.page.keyboard.press("Space")
    wait_until_playing(page)


def test_always_plays_at_most_eight_and_gives_every_clip_its_turn(open_arena: OpenArena) -> None:
    page = open_arena(n=12, playback={"play": "always"})
    seen: set[str] = set()

    def all_were_seen() -> bool:
        running = playing(page)
        assert len(running) <= 8
        seen.update(running)
        return len(seen) == 12

    until(page.page, all_were_seen)
    assert seen == {f"c{i}" for i in range(12)}
    assert {play["how"] for play in plays(page)} == {"always"}


def test_focus_plays_and_sound_needs_a_gesture(open_arena: OpenArena) -> None:
    page = open_arena(n=3, playback={"sound": True})
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Tab")
    wait_for_playing(page, "c0")
    muted = 'clip => document.querySelector(`[data-clip="${clip}"] video`).muted'
    assert page.page.evaluate(muted, "c0")
    page.click_clip("c1")
    wait_for_playing(page, "c1")
    assert not page.page.evaluate(muted, "c1")
    assert plays(page)[0]["how"] == "focus"
    assert plays(page)[-1]["how"] == "tap"


def test_a_clip_that_cannot_be_played_is_reported_and_can_be_placed(open_arena: OpenArena) -> None:
    page = open_arena(n=2, playback={"watch": "before_placing"})
    page.page.evaluate(
        """() => {
            harness.failed = [];
            for (const clip of harness.clips) clip.sources = [{ src: '/clips.json', type: 'video/mp4' }];
            harness.mount({ onClipError: (id) => harness.failed.push(id) });
        }"""
    )
    page.page.mouse.move(*page.centre("c0"))
    page.page.wait_for_selector('[data-clip="c0"].is-failed')
    assert page.page.evaluate("harness.failed") == ["c0"]
    assert "could not be loaded" in page.heard()
    page.drag("c0", 0.1, 0.1)
    assert set(page.placements()) == {"c0"}
    page.page.evaluate("harness.arena.clipReady('c0', [{ src: '/clips/clip000.mp4', type: 'video/mp4' }])")
    page.page.mouse.move(5, 100)
    page.page.mouse.move(*page.centre("c0"))
    wait_for_playing(page, "c0")


def test_hints_are_given_and_do_not_block(open_arena: OpenArena) -> None:
    close = draft_of({"c0": (0, 0), "c1": (0.1, 0.05), "c2": (0.05, -0.1)})
    page = open_arena(n=3, draft=close)
    assert page.guidance().startswith("You can use the whole circle")
    assert page.available(page.done())
    page.page.evaluate("harness.mount({ looks: { hints: false } })")
    # What stays is no hint: what a participant left is there again, and cannot be undone.
    assert page.guidance() == "This is how you left it. Earlier changes can no longer be undone."


def test_leaving_the_trial_lets_go_of_everything(open_arena: OpenArena) -> None:
    page = open_arena(n=6)
    for clip in ("c0", "c1"):
        page.page.mouse.move(*page.centre(clip))
        wait_for_playing(page, clip)
    videos = page.page.evaluate_handle("[...document.querySelectorAll('video')]")
    page.page.evaluate("harness.arena.destroy()")
    expect(page.page.locator("#arena > *")).to_have_count(0)
    assert page.page.evaluate("videos => videos.every((video) => video.paused && !video.hasAttribute('src'))", videos)
