"""Ada's studies in a real browser, for the tests that import these fixtures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from app.config import load_settings
from app.media import media_path
from app.models import Clip, Rendition
from tests import experimenter
from tests.browser.waiting import PATIENCE
from tests.conftest import ROOT
from tests.factories import make_study
from tests.serving import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

EVIL = "<img src=x onerror=\"document.title='broken'\">"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Path:
    """The study "faces" with four raters and drawn faces as clips; a study without raters; Ada's account."""
    folder = experimenter.prepare(tmp_path_factory.mktemp("prepared"), empty_sqlite)
    with experimenter.open_lab(load_settings(data=folder, rate_limits=False)) as lab:
        video = next((ROOT / "demo" / "clips").glob("*.mp4")).read_bytes()
        with lab.database.writing() as db:
            for rendition in db.scalars(select(Rendition).where(Rendition.kind == "mp4")):
                media_path(lab.settings.media_folder, rendition.sha256, "mp4").write_bytes(video)
            for position, clip in enumerate(db.scalars(select(Clip).order_by(Clip.position))):
                clip.label = EVIL if position == 0 else f"face {position}"
                clip.attributes = {"mood": "happy" if position % 2 else "sad"}
            db.commit()
        make_study(lab.database, lab.settings, name="nobody", toml=f"title = '''{EVIL}'''\n")
        experimenter.make_account(lab.database)
    return folder


@pytest.fixture
def lab(prepared: Path, tmp_path: Path) -> Iterator[experimenter.Lab]:
    with experimenter.open_copy(prepared, tmp_path / "data") as lab, experimenter.worker(lab):
        yield lab


@dataclass
class Site:
    """One address for all labs of a file and one browser profile: style sheets and scripts are loaded once."""

    address: str = ""
    context: BrowserContext | None = None
    app: Flask | None = None

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """What the lab's app answers that is there now."""
        assert self.app is not None
        return self.app(environ, start_response)


def site_of(chromium: Browser, **options: Any) -> Iterator[Site]:
    site = Site()
    with serving(site.answer) as site.address:
        site.context = chromium.new_context(base_url=site.address, viewport={"width": 1280, "height": 720}, **options)
        yield site
        site.context.close()


@pytest.fixture(scope="module")
def site(chromium: Browser) -> Iterator[Site]:
    yield from site_of(chromium)


@pytest.fixture(scope="module")
def site_for_axe(chromium: Browser) -> Iterator[Site]:
    """axe writes inline styles and loads style sheets while it measures."""
    yield from site_of(chromium, bypass_csp=True)


@pytest.fixture
def page(request: pytest.FixtureRequest, lab: experimenter.Lab) -> Iterator[Page]:
    """A page on which Ada is logged in, to be opened at an address; the test fails on any error in the console."""
    # What axe does to the page is not ours to judge.
    by_axe = "axe" in request.node.name
    site: Site = request.getfixturevalue("site_for_axe" if by_axe else "site")
    assert site.context is not None
    site.app = lab.app
    experimenter.log_in(lab.client)
    cookie = lab.client.get_cookie("session")
    assert cookie is not None
    site.context.clear_cookies()
    site.context.add_cookies([{"name": "session", "value": cookie.value, "url": site.address}])
    page = site.context.new_page()
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert by_axe or errors == []


def open_results(page: Page, query: str = "method=weighted_average&unfinished=1") -> None:
    page.goto(f"/studies/faces/results?{query}")
    expect(page.locator("table.agreement").first).to_be_visible()
