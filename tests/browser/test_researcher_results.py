"""The experimenter's pages in a real browser: live tables, figures that answer, and nothing for axe to find.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import select

from analysis.results import rater_result
from app import health as room
from app import jobs
from app.config import load_settings
from app.domain import ClipState, SessionState
from app.heartbeat import Heartbeat, beat
from app.media import media_path
from app.models import Clip, ParticipantSession, Rendition, StoredResults, Study
from app.results import stored
from tests import experimenter
from tests.browser import session_pages
from tests.browser.axe import complaints, complaints_in_both_schemes
from tests.browser.waiting import PATIENCE, drawn
from tests.conftest import ROOT
from tests.factories import make_study
from tests.serving import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

pytestmark = pytest.mark.browser

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
    """One address for the labs of this file and one browser profile: style sheets and scripts are loaded once."""

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


def colour_at(page: Page, figure: str, x: float, y: float) -> list[int]:
    """The canvas's colour at a place given in shares of its width and height."""
    return page.locator(f"[{figure}] canvas[role]").evaluate(
        "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x * canvas.width, y * canvas.height, 1, 1).data]",
        [x, y],
    )


def test_sessions_appear_while_the_page_is_open(page: Page, lab: experimenter.Lab) -> None:
    page.goto("/studies/faces")
    rows = page.locator("[data-sessions] tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(2)).to_contain_text("simulated")
    expect(rows.nth(3)).to_contain_text("arranging")
    expect(page.locator("[data-live]")).to_have_text("Live")
    experimenter.take_part(lab.database, "faces", 5, recruiter={"PROLIFIC_PID": EVIL}, trials=1)
    expect(rows).to_have_count(5)
    expect(rows.nth(4)).to_contain_text("P005")
    expect(rows.nth(4)).to_contain_text(EVIL)
    with lab.database.writing() as db:
        db.scalars(
            select(ParticipantSession).where(ParticipantSession.number == 5)
        ).one().state = SessionState.WITHDRAWN
        db.commit()
    expect(rows.nth(4)).to_contain_text("withdrawn")
    expect(page.locator('[data-figure="finished"]')).to_have_text("3")
    assert page.title() != "broken"


IN_SETS = """
title = "In sets"
[sets]
column = "set"
per_session = 2
[design]
max_items = 4
[stop]
min_evidence = 0.04
"""


def make_playable(lab: experimenter.Lab, name: str, **of_study: Any) -> None:
    """A study whose clips are a film that browsers play."""
    make_study(lab.database, lab.settings, name=name, **of_study)
    video = next((ROOT / "demo" / "clips").glob("*.mp4")).read_bytes()
    with lab.database.reading() as db:
        of_kind = select(Rendition).join(Clip).join(Study).where(Study.name == name, Rendition.kind == "mp4")
        for rendition in db.scalars(of_kind):
            media_path(lab.settings.media_folder, rendition.sha256, "mp4").write_bytes(video)


def arrange_two(page: Page, link: str) -> list[list[str]]:
    """Take part by the link, in two rounds of four clips, to the thanks; the clips of each round."""
    session_pages.begin(page, link)
    rounds = []
    for number in range(2):
        if number:
            session_pages.new_trial(page)
        rounds.append(session_pages.clips(page))
        session_pages.place(page, 0, 1, 2, 3)
        session_pages.done(page)
    expect(page.get_by_text("Thank you", exact=False).first).to_be_visible()
    return rounds


def test_a_study_of_two_sets_from_the_first_round_to_the_table(page: Page, lab: experimenter.Lab) -> None:
    make_playable(lab, "many", toml=IN_SETS, n_clips=8, sets="ab" * 4)
    for rater in range(2):
        experimenter.take_part(lab.database, "many", rater)
    first, second = arrange_two(page, "/join/many")
    assert len({*first, *second}) == 8
    page.goto("/studies/many")
    expect(page.locator("[data-set-counts]")).to_have_text(re.compile(r"a\s*3\s*b\s*3"))
    page.goto("/studies/many/results?method=weighted_average")
    rows = page.locator("table.sets tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1).locator("td").nth(1)).to_have_text("3")
    expect(page.locator("table.sets tfoot td").nth(2)).to_have_text(re.compile(r"\d\.\d\d"))
    page.get_by_role("button", name="b", exact=True).click()
    expect(page.locator("[data-figure='pairs']")).to_have_text("6")
    expect(page.locator("table.agreement").first).to_be_visible()
    assert "set=b" in page.url


SHARED = """
title = "Shared"
[design]
method = "cohort"
max_items = 4
[stop]
max_trials = 2
"""


def test_a_cohort_from_the_first_round_to_the_rdm_of_all_of_them(page: Page, lab: experimenter.Lab) -> None:
    make_playable(lab, "shared", toml=SHARED, n_clips=12)
    rounds = [arrange_two(page, f"/join/shared?PROLIFIC_PID={person}") for person in ("ann", "ben")]
    shown = [frozenset(pair) for both in rounds for clips in both for pair in combinations(clips, 2)]
    # The second gets what the first has not seen: only the last round may have to repeat a pair.
    assert len(set(shown[:18])) == 18
    assert len(set(shown)) >= 23
    page.goto("/studies/shared/results?method=latent&completed=1")
    never = 66 - len(set(shown))
    expect(page.locator("#rdm-title")).to_contain_text("of the group, completed by the model")
    expect(page.locator("[data-pairs-shown]")).to_contain_text(f"{never} of 66 pairs are predicted, because nobody saw")
    expect(page.locator("[data-figure='never_seen']")).to_have_text(str(never))
    told = page.locator("[data-agreement]")
    expect(told).to_contain_text("All trials of 2 raters were estimated as one")
    expect(told).to_contain_text(f"{66 - never} of 66 pairs were seen")
    expect(told.locator("tbody tr").first).to_contain_text("Split-half")


def test_f05_a_disk_that_fills_up_is_said_while_the_page_is_open(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.goto("/studies/faces")
    expect(page.get_by_role("row", name="P001")).to_be_visible()
    notice = page.get_by_role("alert").get_by_text("The disk is nearly full")
    expect(notice).to_have_count(0)
    monkeypatch.setattr(room, "has_room", lambda settings: False)
    expect(notice).to_be_visible(timeout=15_000)


def test_the_link_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/studies/faces")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith("/join/faces")


def test_a_study_is_closed_and_opened(page: Page) -> None:
    page.goto("/studies/faces")
    page.get_by_role("button", name="Close the study").click()
    expect(page.locator("[data-study-state]")).to_have_text("closed")
    page.get_by_role("button", name="Open the study").click()
    expect(page.locator("[data-study-state]")).to_have_text("open")


def test_clips_show_their_state_live(page: Page, lab: experimenter.Lab) -> None:
    def put(state: ClipState, progress: float, reason: str | None = None) -> None:
        with lab.database.writing() as db:
            clip = db.scalars(select(Clip).join(Study).where(Study.name == "nobody", Clip.position == 1)).one()
            clip.state, clip.progress, clip.reason = state, progress, reason
            db.commit()

    put(ClipState.CONVERTING, 0.5)
    page.goto("/studies/nobody/clips")
    expect(page.get_by_role("heading", name="5 of 6 clips are ready")).to_be_visible()
    expect(page.get_by_label("Conversion of clip1.mp4")).to_have_attribute("value", "50")
    put(ClipState.FAILED, 0.5, "no video stream")
    expect(page.locator("[data-failures]")).to_contain_text("clip1.mp4 no video stream")
    expect(page.get_by_role("heading", name="5 clips")).to_be_visible()


def test_the_page_of_clips_says_what_became_of_each(page: Page, lab: experimenter.Lab) -> None:
    remark = "video track 2 of 2 is shown: track 1 is a still picture"
    with lab.database.writing() as db:
        clip = db.scalars(select(Clip).join(Study).where(Study.name == "nobody", Clip.position == 1)).one()
        clip.width, clip.height, clip.source_width, clip.source_height = 960, 540, 3840, 2160
        clip.frames, clip.remarks = 25, [remark]
        db.commit()
    page.goto("/studies/nobody/clips")
    row = page.get_by_role("row").filter(has_text="clip1.mp4")
    expect(row).to_contain_text("3840 × 2160")
    expect(row).to_contain_text("960 × 540")
    expect(row.locator(".remarks")).to_have_text(remark)


def test_the_matrix_answers_to_the_pointer_and_to_the_keyboard(page: Page) -> None:
    open_results(page, "method=weighted_average&unfinished=1&order=study")
    matrix = page.locator("[data-rdm] canvas[role]")
    values = page.evaluate(
        "fetch('/api/v1/studies/faces/results/rdms/group?method=weighted_average&unfinished=1').then(r => r.json())"
    )
    matrix.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        matrix.press(key)
    card = page.locator("[data-rdm] .pair-card")
    expect(card).to_contain_text("face 1")
    expect(card).to_contain_text("face 2")
    # Pair (1, 2) of six items is number 5 of the condensed vector.
    expect(card).to_contain_text(f"Dissimilarity{values['rdm'][5]:.2f}")
    expect(card).to_contain_text(f"{values['n_raters'][5]} of 4")
    expect(page.locator("[data-rdm] [aria-live]")).to_contain_text("face 1 and face 2, Dissimilarity")
    # Both clips play, for who goes by the keyboard as for who points.
    for place in range(2):
        expect(card.locator("video").nth(place)).to_have_js_property("paused", False)
        expect(card.locator("video").nth(place)).to_have_js_property("readyState", 4)
    matrix.blur()
    expect(card).to_be_hidden()
    assert card.locator("video").evaluate_all("(all) => all.every((video) => video.paused && !video.src)")
    box = matrix.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 0.2 * box["height"])
    expect(card).to_contain_text("face 5")
    page.mouse.move(box["x"] - 5, box["y"] - 5)
    expect(card).to_be_hidden()
    # The same for every two raters, agreement growing with their number, and the tree of the clips.
    between = page.locator("[data-between] canvas[role]")
    between.focus()
    between.press("ArrowRight")
    expect(page.locator("[data-between] .pair-card")).to_contain_text("Spearman ρ")
    expect(page.locator("[data-growth] svg")).to_have_attribute("aria-label", re.compile("The mean of 3: 0"))
    expect(page.locator(".tree text").filter(has_text="face")).to_have_count(5)
    page.get_by_label("Order").select_option("mood")
    expect(page).to_have_url(re.compile("order=mood"))
    page.get_by_label("Order").select_option("study")
    assert page.title() != "broken"


def test_the_matrix_is_symmetric_and_coloured_by_its_values(page: Page) -> None:
    open_results(page, "method=weighted_average&unfinished=1&order=study")
    shares = [(0.92, 0.35), (0.35, 0.92)]
    above, below = (colour_at(page, "data-rdm", *share) for share in shares)
    assert above == below
    assert len({tuple(colour_at(page, "data-rdm", 0.2 + 0.14 * k, 0.93)) for k in range(5)}) > 2
    size = page.locator("[data-rdm] canvas[role]").evaluate(
        "(canvas) => [canvas.width, Math.round(canvas.getBoundingClientRect().width * devicePixelRatio)]"
    )
    assert size[0] == size[1]


def test_every_rater_has_a_small_picture_once_it_is_in_view(page: Page) -> None:
    open_results(page)
    pictures = page.locator(".thumb canvas")
    pictures.last.scroll_into_view_if_needed()
    fewest = pictures.evaluate_all(
        """async (canvases, patience) => {
            const coloursOf = (canvas) => {
                const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                return new Set(new Uint32Array(data.buffer)).size;
            };
            const end = performance.now() + patience;
            let fewest = 0;
            while (fewest < 4 && performance.now() < end) {
                await new Promise(requestAnimationFrame);
                fewest = Math.min(...canvases.map(coloursOf));
            }
            return fewest;
        }""",
        PATIENCE / 4,
    )
    assert fewest >= 4


def test_choosing_a_rater_an_order_and_who_is_in(page: Page) -> None:
    open_results(page)
    expect(page.locator("[data-simulated]")).to_contain_text("1 of 4 raters are simulated")
    page.locator(".thumb", has_text="P002").click()
    expect(page.get_by_role("heading", name="Dissimilarities of P002")).to_be_visible()
    expect(page).to_have_url(re.compile("rater=P002"))
    page.reload()
    expect(page.get_by_role("heading", name="Map of P002")).to_be_visible()
    page.get_by_label("simulated raters").uncheck()
    expect(page.locator(".thumb")).to_have_count(4)
    expect(page.locator("[data-simulated]")).to_be_hidden()
    expect(page.get_by_role("link", name="Export bundle (ZIP)")).to_have_attribute("href", re.compile("simulated=0"))
    with page.expect_download() as download:
        page.get_by_role("link", name="NPZ for NumPy").first.click()
    assert download.value.suggested_filename.endswith("_raters_weighted_average.npz")


def test_estimates_that_borrow_are_computed_by_a_button_and_shown_for_the_chosen_rater(page: Page) -> None:
    open_results(page)
    card = page.get_by_role("region", name="Estimates that borrow from the group")
    expect(card).to_contain_text("No agreement, noise ceiling or reliability may be computed from them.")
    expect(card.get_by_role("table")).to_have_count(0)
    card.get_by_role("button", name="Compute estimates").click()
    expect(card.locator("tbody th")).to_have_text(["P001", "P002", "P003", "P004", "group"])
    expect(card.locator("tbody tr").last).to_contain_text("of 15")
    expect(card.get_by_role("img", name="Dissimilarities of the group, from all trials")).to_be_visible()
    expect(card).to_contain_text("no rater's agreement with it, and no noise ceiling, may be computed from it")
    page.get_by_label("RDM of").select_option("P001")
    expect(card.get_by_role("img", name="Dissimilarities of P001")).to_be_visible()
    expect(card).not_to_contain_text("no rater's agreement with it")
    page.get_by_label("unfinished sessions").uncheck()
    expect(card.get_by_role("button", name="Compute estimates")).to_be_visible()
    expect(card.get_by_role("table")).to_have_count(0)


def test_unfinished_sessions_are_out_until_they_are_asked_for(page: Page) -> None:
    open_results(page, "method=weighted_average")
    expect(page.locator(".thumb")).to_have_count(4)
    notice = page.locator("[data-left-out]")
    expect(notice).to_contain_text("1 unfinished session is left out")
    page.get_by_label("unfinished sessions").check()
    expect(page.locator(".thumb")).to_have_count(5)
    expect(notice).to_contain_text("1 unfinished session is in all figures below")
    expect(page.get_by_role("link", name="Export bundle (ZIP)")).to_have_attribute("href", re.compile("unfinished=1"))


def test_predicted_pairs_are_shown_when_asked_for_and_say_so(page: Page) -> None:
    open_results(page, "method=latent&unfinished=1&order=study")
    expect(page.locator("[data-pairs-shown]")).to_contain_text("1 is the size of a typical dissimilarity")
    page.get_by_label("predicted pairs").check()
    page.get_by_label("RDM of").select_option("P004")
    title = page.get_by_role("heading", name="Dissimilarities of P004")
    expect(title).to_have_text("Dissimilarities of P004, completed by the model")
    expect(page.locator("[data-pairs-shown]")).to_contain_text("5 of 15 pairs are predicted")
    expect(page.locator(".spot")).to_have_count(6)
    expect(page).to_have_url(re.compile("completed=1"))
    with page.expect_download() as download:
        page.get_by_role("link", name="HDF5, completed by the model").first.click()
    assert download.value.suggested_filename.endswith("_raters_latent_completed.hdf5")


def test_a_clip_on_the_map_plays_while_it_is_pointed_at(page: Page) -> None:
    open_results(page)
    spot = page.locator(".spot").nth(3)
    spot.scroll_into_view_if_needed()
    spot.hover()
    video = page.locator(".preview video")
    expect(video).to_be_visible()
    expect(video).to_have_js_property("paused", False)
    expect(video).to_have_js_property("readyState", 4)
    expect(video).to_have_js_property("muted", True)
    page.mouse.move(2, 2)
    expect(video).to_be_hidden()
    expect(video).to_have_js_property("paused", True)
    page.get_by_label("Colour by").select_option("mood")
    expect(page.locator("[data-colour-legend]")).to_contain_text("happy")
    page.get_by_label("points").check()
    expect(page.locator(".spot.point")).to_have_count(6)

    page.get_by_label("Dimensions of the map").select_option("3-D")
    expect(page.locator("[data-map] .hint")).to_contain_text("in 3 dimensions")
    field = page.get_by_role("region", name="Map of the clips in three dimensions")
    at_first = place_on_map(page)
    page.get_by_role("button", name="Turn the map to the left").click()
    assert place_on_map(page) != pytest.approx(at_first, abs=1)
    field.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    # Three steps of a key are one of a button.
    assert place_on_map(page) == pytest.approx(at_first, abs=0.01)
    box = field.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 90)
    page.mouse.up()
    assert place_on_map(page) != pytest.approx(at_first, abs=1)
    page.locator(".spot").nth(3).focus()
    expect(video).to_be_visible()
    page.get_by_label("Dimensions of the map").select_option("2-D")
    expect(page.locator("[data-map] .hint")).to_contain_text("in 2 dimensions")
    expect(field).to_have_count(0)
    drawn_while_it_turns, buttons_again = page.evaluate(TURN_MANY)
    assert drawn_while_it_turns == [True, True, True]
    assert buttons_again == [True, True]


# A map of 200 clips on the same page: while it turns it is a drawing, and the buttons stay where they were.
TURN_MANY = """async () => {
  const results = document.querySelector('script[src*="researcher/results.js"]').src;
  const { mountMap } = await import(new URL('map.js', results));
  const element = document.querySelector('main').appendChild(document.createElement('div'));
  const clips = Array.from({ length: 200 }, (_, k) => ({ id: `${k}`, label: `${k}`, poster: null, sources: [] }));
  const positions = clips.map((_, k) => [Math.cos(k), Math.sin(k), k / 200]);
  mountMap(element).show({ clips, positions, points: true, colours: clips.map(() => null), words: '' });
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  const [field, spot, canvas] = ['.field-of-clips', '.spot', 'canvas'].map((name) => element.querySelector(name));
  const before = spot.style.transform;
  field.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }));
  while (!field.classList.contains('turning')) await frame();
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const turning = [!canvas.hidden, data.some((value) => value > 0), spot.style.transform === before];
  while (field.classList.contains('turning')) await frame();
  element.remove();
  return [turning, [canvas.hidden, spot.style.transform !== before]];
}"""


def place_on_map(page: Page) -> float:
    """How far to the right of the map's middle a clip is, once it is drawn."""
    drawn(page)
    where: float = page.locator(".spot").nth(3).evaluate("(spot) => new DOMMatrix(spot.style.transform).e")
    return where


def test_new_trials_reach_the_open_results(page: Page, lab: experimenter.Lab) -> None:
    open_results(page)
    expect(page.locator(".thumb")).to_have_count(5)
    experimenter.take_part(lab.database, "faces", 6, trials=1)
    expect(page.locator(".thumb")).to_have_count(6)
    expect(page.locator("[data-agreement] .hint").first).to_contain_text("5 raters")


def test_old_results_stay_with_their_age_and_progress_until_the_new_ones_are_there(
    page: Page, lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_results(page)
    age = page.locator("[data-age]")
    expect(age).to_have_text("Computed just now.")
    go_on = threading.Event()

    def slow(*given: Any, **more: Any) -> Any:
        go_on.wait(60)
        return rater_result(*given, **more)

    monkeypatch.setattr(stored, "rater_result", slow)
    experimenter.take_part(lab.database, "faces", 6, trials=1)
    expect(age).to_contain_text("being updated (0 of 5 raters)")
    expect(page.locator(".thumb")).to_have_count(5)
    expect(page.locator("[data-working]")).to_be_hidden()
    go_on.set()
    expect(page.locator(".thumb")).to_have_count(6)
    expect(age).to_have_text("Computed just now.")


def test_progress_is_shown_while_there_are_no_results_yet(
    page: Page, lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(*given: Any, **more: Any) -> Any:
        go_on.wait(60)
        return rater_result(*given, **more)

    monkeypatch.setattr(stored, "rater_result", slow)
    page.goto("/studies/faces/results?method=latent")
    expect(page.locator("[data-working]")).to_contain_text("0 of 3 raters")
    go_on.set()
    expect(page.locator("table.agreement").first).to_be_visible()
    expect(page.locator("[data-working]")).to_be_hidden()


def test_a_failure_is_said_and_tried_again_by_a_button(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(stored, "rater_result", lambda *_, **__: 1 / 0)
        page.goto("/studies/faces/results?method=latent")
        failed = page.locator("[data-failed]")
        expect(failed).to_contain_text("The results could not be computed: ZeroDivisionError: division by zero.")
        assert complaints(page, "failed") == []
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("table.agreement").first).to_be_visible()
    expect(failed).to_be_hidden()


def test_the_page_says_that_no_worker_runs(page: Page, lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "results_wait", lambda database: False)
    beat(lab.settings, Heartbeat(0, 0.0, False, 0))
    page.goto("/studies/faces/results?method=latent")
    expect(page.locator("[data-no-worker]")).to_contain_text("The worker that computes results is not running")
    expect(page.locator("[data-working]")).to_be_hidden()
    monkeypatch.undo()
    expect(page.locator("table.agreement").first).to_be_visible()
    expect(page.locator("[data-no-worker]")).to_be_hidden()


def test_a_download_begins_by_itself_once_its_results_are_computed(page: Page) -> None:
    open_results(page, "method=combined")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export bundle (ZIP)").click()
        expect(page.get_by_role("heading", name="Preparing the download")).to_be_visible()
        assert complaints(page, "preparing") == []
    assert download.value.suggested_filename.startswith("faces_")


def test_without_data_the_pages_say_what_to_do_until_the_first_trial_comes(page: Page, lab: experimenter.Lab) -> None:
    page.goto("/studies/nobody")
    expect(page.get_by_text("Nobody has taken part yet")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    page.goto("/studies/nobody/results?method=weighted_average&unfinished=1")
    expect(page.get_by_role("heading", name="No results yet")).to_be_visible()
    experimenter.take_part(lab.database, "nobody", trials=1)
    expect(page.locator("[data-agreement]")).to_contain_text("agreement needs at least two")
    expect(page.get_by_role("heading", name="No results yet")).to_be_hidden()
    expect(page.locator(".spot")).to_have_count(6)


def test_axe_finds_nothing(page: Page) -> None:
    for path in ("/studies", "/studies/faces", "/studies/faces/clips", "/studies/nobody", "/studies/nobody/results"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert complaints_in_both_schemes(page, path) == []
    open_results(page)
    page.locator("details").first.evaluate("(details) => { details.open = true; }")
    assert complaints_in_both_schemes(page, "results") == []
    page.goto("/studies/faces/quality")
    expect(page.locator("svg.strip").first).to_be_visible()
    assert complaints_in_both_schemes(page, "quality") == []
    page.get_by_role("link", name="P001", exact=True).click()
    page.get_by_role("link", name="Trial 1", exact=True).click()
    expect(page.locator("[data-stage] svg")).to_be_visible()
    page.locator("details").last.evaluate("(details) => { details.open = true; }")
    assert complaints_in_both_schemes(page, "session") == []


def test_axe_finds_nothing_before_the_login(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/login")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert complaints(page, "login") == []


def session(lab: experimenter.Lab) -> str:
    """The page of a session, with a trial replayed."""
    with lab.database.reading() as db:
        public_id = db.scalars(select(ParticipantSession.public_id).order_by(ParticipantSession.number)).first()
    return f"/studies/faces/sessions/{public_id}?trial=1"


@pytest.mark.parametrize("width", [1024, 820, 390])
def test_no_page_scrolls_sideways(page: Page, lab: experimenter.Lab, width: int) -> None:
    def too_wide() -> list[str]:
        return page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] : [
              `the page is ${document.documentElement.scrollWidth} pixels wide`,
              ...[...document.querySelectorAll("body *")]
                .filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".scroll"))
                .map((one) => one.outerHTML.slice(0, 100)),
            ]"""
        )

    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/studies", "/studies/faces", "/studies/faces/clips", "/studies/faces/quality", session(lab)):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        # A page that waits for results loads itself again once they are there, which would end the next step.
        expect(page.locator("[data-quality=working]")).to_have_count(0, timeout=PATIENCE)
        assert too_wide() == [], path
    for first in (width, 1280):  # a window that becomes narrow keeps what was drawn for a wide one
        page.set_viewport_size({"width": first, "height": 900})
        open_results(page)
        page.wait_for_load_state("networkidle")
        page.set_viewport_size({"width": width, "height": 900})
        # Figures are drawn anew one after another, each once it is told of its new size.
        for _ in range(100):
            drawn(page)
            if not too_wide():
                break
        assert too_wide() == [], first


def test_quality_that_is_ready_before_the_page_asks_for_it_is_shown(page: Page, lab: experimenter.Lab) -> None:
    asked: list[str] = []

    def answer_late(route: Route) -> None:
        """The page was made while the worker computed; its first question is answered once that is done."""
        asked.append(route.request.url)
        for _ in range(600):
            with lab.database.reading() as db:
                if db.scalar(select(StoredResults.computed_at)) is not None:
                    break
            time.sleep(0.1)
        route.continue_()

    page.route("**/api/v1/studies/faces/quality", answer_late, times=1)
    page.goto("/studies/faces/quality")
    expect(page.locator("svg.strip").first).to_be_visible()
    # The page that was loaded anew asks once more, by itself.
    assert len(asked) == 1


def test_a_trial_is_replayed_by_keyboard_and_left_out(page: Page, lab: experimenter.Lab) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/studies/faces/quality")
    # The worker computes what the page asks for, and the page shows it by itself.
    expect(page.locator("svg.strip").first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("values from")).first).to_be_visible()
    page.get_by_role("link", name="P001", exact=True).click()
    page.get_by_role("link", name="Trial 2", exact=True).click()
    replay = page.get_by_role("region", name="Trial 2, move by move")
    expect(replay.get_by_text(re.compile(r"^Move \d+ of \d+: .* dragged"))).to_be_visible()
    slider = replay.get_by_label("Time in the trial")
    slider.focus()
    page.keyboard.press("Home")
    expect(replay.get_by_text("Nothing was moved yet.")).to_be_visible()
    replay.get_by_role("button", name="Next move").press("Enter")
    expect(replay.get_by_text(re.compile(r"^Move 1 of .*playing: "))).to_be_visible()
    assert replay.locator(".item.playing").count() == 1
    # At 16 times the speed a minute takes four seconds.
    replay.get_by_label("Speed").select_option("16")
    toggle = replay.get_by_role("button", name="Play")
    toggle.press("Space")
    expect(replay.get_by_role("button", name="Pause")).to_be_visible()
    expect(toggle).to_be_visible()
    expect(replay.get_by_text("1:00 of 1:00")).to_be_visible()
    replay.get_by_label("Reason").fill(EVIL)
    replay.get_by_role("button", name="Leave this trial out").click()
    expect(page.get_by_text(f"left out: {EVIL}")).to_be_visible()
    expect(page.get_by_role("button", name="Take this trial in again")).to_be_visible()
    page.goto("/studies/faces/results?method=weighted_average")
    expect(page.get_by_text("1 trial of 1 participant (")).to_be_visible()
    page.get_by_label("Figures", exact=True).select_option("1")
    expect(page.get_by_text("is in these figures")).to_be_visible()
