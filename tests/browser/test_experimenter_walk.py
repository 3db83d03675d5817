"""The experimenter's pages from end to end, without a terminal: from an empty installation to results."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from app.accounts.setup_links import make_setup_link
from app.config import Settings
from app.db import open_database
from app.domain import SessionState
from app.models import Answer, ParticipantSession, Rating
from tests.browser.test_whole_path import drag, shown_clips, spread
from tests.browser.waiting import PATIENCE
from tests.conftest import ROOT
from tests.experimenter import PASSWORD
from tests.integration.live_server import LiveServer

pytestmark = pytest.mark.browser

N_CLIPS = 5
QUESTION = """
[[questions]]
name = "age"
ask = "How old are you?"
kind = "number"
when = "before"
required = true

[ratings]
clips = 2
watch = false
[[ratings.questions]]
name = "pleasant"
ask = "How pleasant is it?"
kind = "scale"
"""


@pytest.fixture
def server(settings: Settings) -> Iterator[LiveServer]:
    """A server on an installation without account and study."""
    server = LiveServer(settings.data, ASTERISM_RATE_LIMITS="false")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "faces"
    folder.mkdir()
    for clip in sorted((ROOT / "demo" / "clips").glob("*.mp4"))[:: 24 // N_CLIPS][: N_CLIPS - 2]:
        shutil.copy(clip, folder)
    frames = [Image.new("RGB", (48, 36), colour) for colour in ("red", "blue", "green")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:], duration=200)
    frames[1].save(folder / "still.png")
    (folder / "readme.txt").write_text("not a clip")
    return folder


def test_a_study_is_built_tried_run_and_judged_without_a_terminal(
    server: LiveServer, settings: Settings, folder: Path, device: Callable[..., BrowserContext]
) -> None:
    database = open_database(settings.database)
    with database.writing() as db:
        setup = make_setup_link(db)
    page = device(base_url=server.address).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"/setup/{setup}")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.keyboard.press("Enter")

    page.get_by_role("link", name="New study").first.click()
    page.get_by_role("textbox", name="Title").fill("Faces")
    expect(page.get_by_label("Name")).to_have_value("faces")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studies/faces/settings")
    page.get_by_role("textbox", name="Trials", exact=True).fill("1")
    source = page.get_by_label("Text of study.toml")
    source.fill(source.input_value() + QUESTION)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-saved]")).to_have_text("Saved")

    page.get_by_role("link", name="Clips", exact=True).click()
    expect(page.get_by_role("button", name="Choose a folder")).to_be_enabled()
    page.locator("[data-choose-folder-input]").set_input_files(folder)
    expect(page.locator("[data-summary]")).to_have_text(f"{N_CLIPS - 1} clips and 1 picture")

    page.get_by_role("link", name="Participants", exact=True).click()
    _pilot(page)
    page.reload()
    page.get_by_role("button", name="Open the study").click()
    page.get_by_role("dialog").get_by_role("button", name="Open the study").click()
    expect(page.locator("[data-study-state]")).to_have_text("open")
    link = page.get_by_role("textbox", name="Participants' link").input_value()
    for turn in (0.1, 0.4):
        _take_part(device(viewport={"width": 1280, "height": 720}).new_page(), link, turn)
    with database.reading() as db:
        people = db.scalars(select(ParticipantSession).where(~ParticipantSession.is_pilot)).all()
        assert [person.state for person in people] == [SessionState.FINISHED] * 2
        assert set(db.scalars(select(Answer.value).where(Answer.question == "age"))) >= {34}
        assert [rating.answers for rating in db.scalars(select(Rating))] == [{"pleasant": 5}] * 4
    database.close()

    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.get_by_text("2 raters").first).to_be_visible()


def _pilot(page: Page) -> None:
    """The study is tried; the pilot is left behind, and counts nowhere."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Try the task").click()
    pilot = opened.value
    pilot.get_by_role("button", name="I agree").click()
    expect(pilot.get_by_text("How old are you?")).to_be_visible()
    pilot.close()


def _take_part(page: Page, link: str, turn: float) -> None:
    page.set_default_timeout(PATIENCE)
    page.goto(link)
    page.get_by_role("button", name="I agree").click()
    page.get_by_label("How old are you?").fill("34")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-clip]")).to_have_count(N_CLIPS)
    for clip, at in zip(shown_clips(page), spread(N_CLIPS, turn), strict=True):
        drag(page, clip, at)
    page.locator("[data-done]").click()
    page.get_by_role("button", name="Start").click()
    for number in (1, 2):
        expect(page.get_by_role("heading", name=f"Item {number} of 2")).to_be_visible()
        page.get_by_role("radio", name="5", exact=True).check()
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.close()
