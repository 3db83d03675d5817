"""Fixtures of the task page's browser tests, named in their `pytest_plugins`: a fake server, and a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.fake_api import FakeServer, FakeStudy


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeServer]]:
    """`serve(trials=[[0, 1]], …)` starts a fake server with that study."""
    servers: list[FakeServer] = []

    def serve(**study: object) -> FakeServer:
        servers.append(FakeServer(FakeStudy(**study)))  # type: ignore[arg-type]
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture
def page(device: Callable[..., BrowserContext]) -> Page:
    """An empty page on a device of its own."""
    return device().new_page()
