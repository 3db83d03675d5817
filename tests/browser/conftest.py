"""What all browser tests share: a Chromium for each module. (Two Playwrights at once cannot live in one thread.)"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import launch_chromium

# What a page shows in the end is asserted, not how fast a busy machine gets there.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium; each test opens contexts of its own and closes them."""
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()
