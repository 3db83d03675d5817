"""Fixtures of the task page's browser tests: a fake server, devices, and pages that must stay without errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.fake_api import FakeServer, FakeStudy

# What the browser itself prints about the faults that a test makes on purpose.
EXPECTED_NOISE = ("Failed to load resource", "Not logged:", "No lasting storage", "has stopped storing")


@pytest.fixture(name="serve")
def serve_fixture() -> Iterator[Callable[..., FakeServer]]:
    """`serve(trials=[[0, 1]], …)` starts a fake server with that study."""
    servers: list[FakeServer] = []

    def serve(**study: object) -> FakeServer:
        servers.append(FakeServer(FakeStudy(**study)))  # type: ignore[arg-type]
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture(name="device")
def device_fixture(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """`device()` is a fresh browser profile; script errors and violated policies on any of its pages fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def watch(page: Page) -> None:
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: _note(errors, message.type, message.text))

    def device(**options: object) -> BrowserContext:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 720}, "locale": "en", **options})
        context.on("page", watch)
        contexts.append(context)
        return context

    yield device
    for context in contexts:
        context.close()
    if errors:
        pytest.fail("\n".join(errors))


@pytest.fixture(name="page")
def page_fixture(device: Callable[..., BrowserContext]) -> Page:
    return device().new_page()


def _note(errors: list[str], kind: str, text: str) -> None:
    if kind in {"error", "warning"} and not any(noise in text for noise in EXPECTED_NOISE):
        errors.append(text)


def place(page: Page, *clips: int) -> None:
    """Puts clips into the stand-in arena."""
    for clip in clips:
        page.click(f"[data-clip='C-{clip}']")


def finish(page: Page) -> None:
    page.click("[data-done]")


def placed(page: Page) -> dict[str, tuple[float, float]]:
    """What the stand-in arena shows."""
    rows = page.evaluate("standIn.result().placements")
    return {row["clip"]: (row["x"], row["y"]) for row in rows}
