"""What touch tests need of the page, however slow the machine is."""

from __future__ import annotations

from playwright.sync_api import Page


def no_long_press(page: Page) -> None:
    """From now on a finger on its way never passes for one that rests, though its next move comes very late."""
    page.evaluate(
        """() => {
          const wait = window.setTimeout;
          window.setTimeout = (act, ms, ...rest) => wait(act, ms > 500 && ms < 600 ? 60_000 : ms, ...rest);
        }"""
    )
