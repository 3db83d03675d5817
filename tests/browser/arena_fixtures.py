"""Fixtures of the arena's browser tests: a static site with drawn clips, and arenas opened on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from tests.browser.arena_pages import ArenaPage, OpenArena
from tests.browser.arena_site import draw_clips, serve_arena


@pytest.fixture(scope="session")
def arena_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the harness with twelve drawn clips of one second."""
    folder = tmp_path_factory.mktemp("arena-clips")
    draw_clips(folder, 12)
    with serve_arena(folder) as address:
        yield address


@pytest.fixture
def open_arena(chromium: Browser, arena_site: str) -> Iterator[OpenArena]:
    """Opens arenas; at the end no page may have had an error, whether thrown, rejected or logged."""
    contexts = []
    troubles: list[str] = []

    def open_page(n: int, *, context: dict[str, Any] | None = None, **options: Any) -> ArenaPage:
        made = chromium.new_context(**{"viewport": {"width": 1280, "height": 720}, **(context or {})})
        contexts.append(made)
        page = made.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("response", lambda response: troubles.append(response.url) if response.status >= 400 else None)
        page.goto(f"{arena_site}/?{urlencode({'n': n, 'options': json.dumps(options)})}")
        page.wait_for_selector("html[data-ready]")
        page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
        return ArenaPage(page)

    yield open_page
    for made in contexts:
        made.close()
    assert troubles == []
