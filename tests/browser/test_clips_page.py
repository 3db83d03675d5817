"""The page of a draft's clips in a real browser, with a real server, which is killed while files are on their way."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from sqlalchemy import select

from app.config import Settings
from app.db import Database, open_database
from app.domain import ClipState, StudyState
from app.models import Clip
from tests import experimenter
from tests.browser.axe import complaints
from tests.browser.experimenter_pages import log_in
from tests.browser.waiting import until
from tests.conftest import ROOT
from tests.factories import make_study
from tests.integration.live_server import LiveServer

pytestmark = pytest.mark.browser

KEPT = ROOT / "tests" / "data" / "clips"
FORMATS = ("theora.ogv", "h264_1bframe.avi", "thumb_first_plain.mkv", "vp8_alpha.webm")
CHUNK = 1024 * 1024


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """Ada's account, and the draft "faces" without clips."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
    database = open_database(settings.database)
    make_study(database, settings, n_clips=0, state=StudyState.DRAFT)
    yield database
    database.close()


@pytest.fixture
def server(settings: Settings, database: Database) -> Iterator[LiveServer]:
    server = LiveServer(settings.data, ASTERISM_RATE_LIMITS="false")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six clips of mixed formats, the last one of three pieces, one file that is none, and a note."""
    folder = tmp_path / "my clips"
    (folder / "moving").mkdir(parents=True)
    for name in FORMATS:
        shutil.copy(KEPT / name, folder / "moving" / name)
    shutil.copy(KEPT / "thumb_first_plain.mp4", folder / "a.mp4")
    # A box that players skip makes the file long.
    box = bytearray(2 * CHUNK + 500_000)
    box[:8] = len(box).to_bytes(4, "big") + b"free"
    (folder / "z.mp4").write_bytes((KEPT / "thumb_first_plain.mp4").read_bytes() + box)
    (folder / "broken.mp4").write_bytes(b"<html>not a video</html>")
    (folder / "notes.txt").write_text("about the clips")
    return folder


def clips_of(database: Database) -> list[Clip]:
    with database.reading() as db:
        return list(db.scalars(select(Clip).order_by(Clip.position)))


def test_a_folder_becomes_clips_although_the_server_is_killed_on_the_way(
    device: Callable[..., BrowserContext], server: LiveServer, database: Database, folder: Path
) -> None:
    page = device(bypass_csp=True).new_page()
    page.goto(f"{server.address}/login?next=/studies/faces/clips")
    log_in(page)
    expect(page.get_by_role("button", name="Choose a folder")).to_be_enabled()
    pieces: list[tuple[str, int]] = []

    def pass_on(route: Route) -> None:
        """Note each piece; before the second one of the long file the server dies."""
        if route.request.method == "PATCH":
            pieces.append((route.request.url, int(route.request.headers["upload-offset"])))
            if [offset for _, offset in pieces].count(CHUNK) == 1 and pieces[-1][1] == CHUNK:
                server.kill()
        route.continue_()

    page.route("**/uploads/*", pass_on)
    page.locator("[data-choose-folder-input]").set_input_files(folder)
    expect(page.get_by_text("No connection. It goes on by itself.").first).to_be_visible()
    assert complaints(page, "uploading") == []
    [address] = [url for url, offset in pieces if offset == CHUNK]
    server.start()
    expect(page.locator("[data-upload-summary]")).to_contain_text("7 files uploaded.")
    assert [offset for url, offset in pieces if url == address] == [0, CHUNK, CHUNK, 2 * CHUNK], "it went on"
    expect(page.locator("[data-upload-passed]")).to_contain_text(
        "notes.txt: passed over, being hidden or no video, picture or sound"
    )

    # The worker converts them, and one of them is none.
    expect(page.locator("[data-summary]")).to_have_text("6 clips")
    expect(page.locator("[data-failures]")).to_contain_text("broken.mp4")
    clips = clips_of(database)
    assert [clip.file_name for clip in clips] == [
        *("a.mp4", "broken.mp4", *(f"moving/{name}" for name in sorted(FORMATS)), "z.mp4")
    ]
    assert [clip.file_name for clip in clips if clip.state == ClipState.FAILED] == ["broken.mp4"]
    assert clips[2].attributes == {"folder": "moving"}

    # The same files again add nothing: the folder is dropped, as a file manager drops it, and two are chosen.
    drop(page, folder)
    expect(page.locator("[data-upload-same]")).to_contain_text("moving/theora.ogv is in the study already")
    page.locator("[data-choose-files-input]").set_input_files([folder / "a.mp4", folder / "z.mp4"])
    expect(page.locator("[data-upload-same]")).to_contain_text("z.mp4 is in the study already")
    assert len(clips_of(database)) == 7
    assert complaints(page, "uploaded") == []
    _the_board(page, database)


def drop(page: Page, path: Path) -> None:
    """Drop a file or a folder of this machine upon the page."""
    tools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        tools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})


def _the_board(page: Page, database: Database) -> None:
    """By keyboard: a clip is played, renamed, moved and described; two are tagged at once; one is removed."""
    rows = page.locator("[data-clips] tbody tr")
    page.get_by_role("button", name="Play and edit a.mp4").press("Enter")
    dialog = page.get_by_role("dialog", name="a")
    playing = "[...document.querySelectorAll('dialog video')].some((v) => !v.paused && v.currentTime > 0.1)"
    until(page, lambda: page.evaluate(playing))
    dialog.get_by_label("Name").fill("z")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("z.mp4: the study holds another clip named z.mp4")
    dialog.get_by_label("Name").fill("first")
    dialog.get_by_label("Place").fill("2")
    dialog.get_by_label("Place").press("Enter")
    expect(rows.nth(1)).to_contain_text("first.mp4")
    page.get_by_label("Choose first.mp4").press("Space")
    page.get_by_label("Choose z.mp4").press("Space")
    page.get_by_role("combobox", name="Attribute").fill("mood")
    page.get_by_label("Value", exact=True).fill("happy")
    page.get_by_label("Value", exact=True).press("Enter")
    expect(rows.nth(1)).to_contain_text("mood: happy")
    page.get_by_role("button", name="Play and edit z.mp4").press("Enter")
    page.locator("[data-clip-file]").set_input_files(KEPT / "h264_2bframes.avi")
    expect(rows.filter(has_text="z.avi")).to_contain_text("ready")
    page.get_by_role("button", name="Play and edit broken.mp4").press("Enter")
    assert complaints(page, "dialog") == []
    page.get_by_role("button", name="Remove this clip").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(rows).to_have_count(6)
    clips = clips_of(database)
    assert clips[0].file_name == "first.mp4"
    _under_the_pointer(page, database)
    assert [clip.attributes.get("mood") for clip in clips] == ["happy", None, None, None, None, "happy"]


def _under_the_pointer(page: Page, database: Database) -> None:
    """A clip plays while the pointer is on its picture; a row is dragged to another place."""
    rows = page.locator("[data-clips] tbody tr")
    rows.filter(has_text="first.mp4").locator("td.picture button").hover()
    until(
        page,
        lambda: page.evaluate("[...document.querySelectorAll('td.picture video')].some((v) => v.currentTime > 0.1)"),
    )
    page.mouse.move(5, 5)
    expect(page.locator("td.picture video")).to_have_count(0)
    names = [clip.file_name for clip in clips_of(database)]
    handles = rows.locator("td.place")
    handles.nth(0).drag_to(handles.nth(3), target_position={"x": 8, "y": 4})
    expect(rows.nth(2)).to_contain_text(names[0])
    assert [clip.file_name for clip in clips_of(database)] == [names[1], names[2], names[0], *names[3:]]
    handles.nth(5).drag_to(handles.nth(0), target_position={"x": 8, "y": 4})
    expect(rows.nth(0)).to_contain_text(names[5])
    assert complaints(page, "board after dragging") == []
