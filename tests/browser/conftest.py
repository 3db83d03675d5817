"""What all browser tests share: a Chromium for each module, and devices whose pages must stay without errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import launch_chromium
from tests.browser.waiting import PATIENCE

expect.set_options(timeout=PATIENCE)

# What the browser itself prints about the faults that a test makes on purpose.
EXPECTED_NOISE = ("Failed to load resource", "Not logged:", "No lasting storage", "has stopped storing")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium. (Other tests come after its end: beside a Playwright none can run an event loop.)"""
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def device(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """`device()` is a fresh browser profile; script errors and violated policies on any of its pages fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def note(kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(noise in text for noise in EXPECTED_NOISE):
            errors.append(text)

    def watch(page: Page) -> None:
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: note(message.type, message.text))

    def device(**options: object) -> BrowserContext:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 720}, "locale": "en", **options})  # type: ignore[arg-type]
        context.on("page", watch)
        contexts.append(context)
        return context

    yield device
    for context in contexts:
        context.close()
    if errors:
        pytest.fail("\n".join(errors))
