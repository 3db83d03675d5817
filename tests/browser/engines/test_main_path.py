"""The main path in browsers other than Chromium: a session with a reload and a server that is away, then the data.

Each runs where its browser is installed, and is counted as skipped elsewhere: `docs/browsers.md` says how to get them.
"""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType

import pytest

from tests.browser.engines import firefox, webkit
from tests.browser.engines.engine import Engine, Point, centre, drag, hover, place_of, press, until
from tests.browser.session_site import Site, assert_same_places

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser


# WebKit's process sometimes stops answering for good while a video plays (docs/browsers.md). That is no answer to
# the question here, so that it is asked again; whatever the page does wrong fails at once.
ATTEMPTS = 3


def where_found(name: str, kind: ModuleType) -> object:
    reason = f"no {name} on this machine; docs/browsers.md says how to install it"
    return pytest.param(kind, id=name, marks=pytest.mark.skipif(kind.find() is None, reason=reason))


@pytest.mark.parametrize("kind", [where_found("firefox", firefox), where_found("webkit", webkit)])
def test_a_session_with_a_reload_and_a_server_that_is_away(kind: ModuleType, site: Site, tmp_path: Path) -> None:
    for attempt in range(ATTEMPTS):
        engine: Engine = kind.launch(tmp_path / f"browser-{attempt}")
        try:
            walk(engine, site)
            break
        except TimeoutError:
            if attempt == ATTEMPTS - 1:
                raise
            if not site.is_serving:
                site.start()
        finally:
            engine.close()


def walk(engine: Engine, site: Site) -> None:
    link = site.link()
    engine.open(link)
    press(engine, "form button")
    press(engine, "#start")

    # The first trial, with a reload in the middle.
    clips = shown(engine, 4)
    hover(engine, f'[data-clip="{clips[0]}"]')
    until(engine, "[...document.querySelectorAll('video')].some((one) => !one.paused && one.currentTime > 0.1)")
    first = {clip: drag(engine, clip, at) for clip, at in zip(clips[:2], ring(4), strict=False)}
    saved(engine)
    engine.reload()
    assert shown(engine, 4) == clips
    assert_same_places({clip: place_of(engine, clip) for clip in first}, first, within=0.002)
    first |= {clip: drag(engine, clip, at) for clip, at in zip(clips[2:], ring(4)[2:], strict=True)}
    press(engine, "[data-done]")

    # The second is finished while the server is away.
    until(engine, "document.querySelector('[data-status]')?.textContent === '4 clips are still outside'")
    clips = shown(engine, 4)
    second = {clip: drag(engine, clip, at) for clip, at in zip(clips, ring(4), strict=True)}
    saved(engine)
    site.stop()
    press(engine, "[data-done]")
    until(engine, "document.querySelector('#saving').textContent.startsWith('Not saved yet: no connection.')")
    site.start()
    assert until(engine, "document.querySelector('[data-code]').textContent") == "DONE-42"
    assert engine.evaluate("document.cookie") == ""
    assert engine.errors == []

    stored = site.stored(link)
    assert len(stored) == 2
    for trial, dropped in zip(stored, (first, second), strict=True):
        assert_same_places(trial.placements, dropped, within=5e-4)  # a quarter of a pixel
    assert "hover" in {how for trial in stored for _, how in trial.plays}
    assert site.session(link).state == "finished"


def shown(engine: Engine, n_clips: int) -> list[str]:
    """The clips on the page in the order of their seats."""
    until(engine, f"document.querySelectorAll('[data-clip]').length === {n_clips}")
    centre(engine, "[data-clip]")
    clips: list[str] = engine.evaluate("[...document.querySelectorAll('[data-clip]')].map((one) => one.dataset.clip)")
    return clips


def saved(engine: Engine) -> None:
    until(engine, "document.querySelector('#saving').textContent === 'All saved'")


def ring(n: int) -> list[Point]:
    return [(0.3 * math.cos(0.4 + 2 * math.pi * k / n), 0.3 * math.sin(0.4 + 2 * math.pi * k / n)) for k in range(n)]
