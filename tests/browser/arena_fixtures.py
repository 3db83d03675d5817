"""Fixtures of the arena's browser tests: a static site with drawn clips, and arenas opened on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.arena_pages import ArenaPage, OpenArena
from tests.browser.arena_site import draw_clips, serve_arena

USUAL_WINDOW: ViewportSize = {"width": 1280, "height": 720}


@pytest.fixture(scope="session")
def arena_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the harness with twelve drawn clips of one second."""
    folder = tmp_path_factory.mktemp("arena-clips")
    draw_clips(folder, 12)
    with serve_arena(folder) as address:
        yield address


@pytest.fixture(scope="module")
def usual_page(chromium: Browser) -> Iterator[Page]:
    """A page that tests use one after the other: a browser profile for each takes longer than most of them."""
    context = chromium.new_context(viewport=USUAL_WINDOW)
    yield context.new_page()
    context.close()


@pytest.fixture
def open_arena(chromium: Browser, usual_page: Page, arena_site: str) -> Iterator[OpenArena]:
    """Opens arenas; at the end no page may have had an error, whether thrown, rejected or logged.

    All whose `context` is but a window of some size are opened in one page, so that a test sees only the last of them.
    """
    contexts = []
    troubles: list[str] = []
    watched = {
        "pageerror": lambda error: troubles.append(str(error)),
        "console": lambda message: troubles.append(message.text) if message.type == "error" else None,
        "response": lambda response: troubles.append(response.url) if response.status >= 400 else None,
    }

    def watch(page: Page) -> None:
        for event, note in watched.items():
            page.on(event, note)  # type: ignore[call-overload]

    def open_page(n: int, *, context: dict[str, Any] | None = None, **options: Any) -> ArenaPage:
        given = {"viewport": USUAL_WINDOW, **(context or {})}
        if given.keys() == {"viewport"}:
            page = usual_page
            page.set_viewport_size(given["viewport"])
        else:
            made = chromium.new_context(**given)
            contexts.append(made)
            page = made.new_page()
            watch(page)
        page.goto(f"{arena_site}/?{urlencode({'n': n, 'options': json.dumps(options)})}")
        page.wait_for_selector("html[data-ready]")
        page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
        return ArenaPage(page)

    watch(usual_page)
    yield open_page
    for made in contexts:
        made.close()
    for event, note in watched.items():
        usual_page.remove_listener(event, note)
    usual_page.unroute_all()
    usual_page.mouse.up()
    usual_page.goto("about:blank")
    usual_page.mouse.move(0, 0)
    assert troubles == []
