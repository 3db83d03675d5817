"""What the tests of the task page do on it in Chromium, with the stand-in arena."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.fake_api import FakeServer

Serve = Callable[..., FakeServer]
Device = Callable[..., BrowserContext]
Places = dict[str, tuple[float, float]]

NO_CONNECTION = "Not saved yet: no connection. Your work is kept on this computer. We will keep trying."


def place(page: Page, *clips: int) -> None:
    """Put clips into the arena."""
    for clip in clips:
        page.click(f"[data-clip='C-{clip}']")


def finish(page: Page) -> None:
    """Press Done."""
    page.click("[data-done]")


def arrange(page: Page, server: FakeServer) -> None:
    """Open the task and place the four clips of its first trial."""
    page.goto(server.task)
    place(page, 0, 1, 2, 3)


def placed(page: Page) -> Places:
    """What the arena shows."""
    rows = page.evaluate("standIn.result().placements")
    return {row["clip"]: (row["x"], row["y"]) for row in rows}


def shows_clip(page: Page, clip: int) -> None:
    """Wait until a clip is there: clip 4 belongs to the second trial, which follows once the first is saved."""
    expect(page.locator(f"[data-clip='C-{clip}']")).to_be_visible()


def has_placed(page: Page, clip: int) -> None:
    """Wait until the arena shows a clip as placed."""
    expect(page.locator(f"[data-clip='C-{clip}']")).to_contain_text("at")


def stop_clock(page: Page) -> None:
    """Once a trial is shown: the page's timers stand still until `page.clock.resume()`."""
    expect(page.locator("[data-clip]").first).to_be_visible()
    page.clock.install(time=0)
    page.clock.pause_at(3600)


def saving(page: Page, words: str) -> None:
    """Wait until the line on saving says this."""
    expect(page.locator("#saving")).to_contain_text(words)


def saved(page: Page) -> None:
    """Wait until the server has everything."""
    expect(page.locator("#saving")).to_have_text("All saved")


def elsewhere(page: Page) -> None:
    """Wait until the page says that the task is open in another window."""
    expect(page.get_by_role("heading", name="This task is open in another window")).to_be_visible()
