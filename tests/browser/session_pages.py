"""What the tests of whole sessions do on the pages in Chromium."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Frame, Locator, Page, expect

from tests.browser.session_site import Point
from tests.browser.waiting import settled

Device = Callable[..., BrowserContext]

# Where a clip goes by three presses of Shift and an arrow, from the middle of the arena: by the number of its seat.
PLACES = {"ArrowLeft": (-0.3, 0.0), "ArrowRight": (0.3, 0.0), "ArrowUp": (0.0, 0.3), "ArrowDown": (0.0, -0.3)}
NO_CONNECTION = "Not saved yet: no connection. Your work is kept on this computer. We will keep trying."


def begin(page: Page | Frame, link: str) -> None:
    """From the recruiter's link to the first trial."""
    page.goto(link)
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start").click()
    new_trial(page)


def new_trial(page: Page | Frame) -> None:
    """Wait for a trial in which nothing is placed."""
    expect(page.locator("[data-status]")).to_have_text("4 clips are still outside")


def clips(page: Page | Frame) -> list[str]:
    """The trial's clips in the order of their seats."""
    expect(page.locator("[data-clip]").first).to_be_visible()
    return [str(one.get_attribute("data-clip")) for one in page.locator("[data-clip]").all()]


def place(page: Page | Frame, *seats: int) -> dict[str, Point]:
    """Put the clips of these seats to places of their own by the keyboard; where they must be then, in arena units."""
    there = {}
    for seat in seats:
        key, at = list(PLACES.items())[seat]
        clip = page.locator("[data-clip]").nth(seat)
        for press in ("p", *[f"Shift+{key}"] * 3, "p"):
            clip.press(press)
        there[str(clip.get_attribute("data-clip"))] = at
    return there


def placed(page: Page | Frame) -> dict[str, Point]:
    """Where the clips inside the circle are drawn, arena units rounded to a hundredth."""
    settled(page)
    places: dict[str, list[float]] = page.evaluate(
        """() => {
          const circle = document.querySelector('[data-arena]').getBoundingClientRect();
          const place = (box) => [
            (box.left + box.width / 2 - circle.left) / circle.width - 0.5,
            0.5 - (box.top + box.height / 2 - circle.top) / circle.width,
          ];
          const all = [...document.querySelectorAll('[data-clip]')];
          return Object.fromEntries(all.map((one) => [one.dataset.clip, place(one.getBoundingClientRect())]));
        }"""
    )
    # Adding 0 turns the negative zero, which rounding may leave, into the other.
    return {clip: (round(x, 2) + 0, round(y, 2) + 0) for clip, (x, y) in places.items() if x * x + y * y <= 0.25}


def done(page: Page | Frame) -> None:
    """Press Done."""
    expect(page.locator("[data-done]")).to_be_enabled()
    page.locator("[data-done]").click()


def saving(page: Page | Frame) -> Locator:
    """The line on saving."""
    return page.locator("#saving")


def saved(page: Page | Frame) -> None:
    """Wait until the server has everything."""
    expect(saving(page)).to_have_text("All saved")


def elsewhere(page: Page | Frame) -> None:
    """Wait until the page says that the task is open in another window."""
    expect(page.get_by_role("heading", name="This task is open in another window")).to_be_visible()
