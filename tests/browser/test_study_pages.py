"""The pages of a study in a real browser: state, clips, sets, cohorts, a trial's replay; nothing for axe to find."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import health as room
from app.domain import ClipState, SessionState
from app.media import media_path
from app.models import Clip, ParticipantSession, Rendition, Study
from tests import experimenter
from tests.browser import session_pages
from tests.browser.axe import complaints, complaints_in_both_schemes
from tests.browser.researcher_fixtures import EVIL, lab, open_results, page, prepared, site, site_for_axe
from tests.browser.waiting import PATIENCE, drawn
from tests.conftest import ROOT
from tests.factories import make_study

__all__ = ["lab", "page", "prepared", "site", "site_for_axe"]
pytestmark = pytest.mark.browser


def test_sessions_appear_while_the_page_is_open(page: Page, lab: experimenter.Lab) -> None:
    page.goto("/studies/faces")
    rows = page.locator("[data-sessions] tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(2)).to_contain_text("simulated")
    expect(rows.nth(3)).to_contain_text("at the task")
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
    page.get_by_label("Exclusions", exact=True).select_option("1")
    expect(page.get_by_text("is in these figures")).to_be_visible()
