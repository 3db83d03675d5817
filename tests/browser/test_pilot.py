"""A pilot of a draft in Chromium: clips placed by the page's strip, and jumps from screen to screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.domain import StudyState
from app.models import Study
from app.participation.pilots import pilot_ticket
from tests.browser.axe import complaints
from tests.browser.session_pages import Device, place, saved
from tests.browser.session_site import Site, assert_same_places

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser


@pytest.fixture
def draft(site: Site) -> Iterator[str]:
    """The link for trying the study `practised`, which is a draft meanwhile."""
    _put(site, StudyState.DRAFT)
    with site.database.reading() as db:
        study = db.scalars(select(Study).where(Study.name == "practised")).one()
    yield f"{site.address}/try/practised/{pilot_ticket(site.settings.secret_key, study)}"
    _put(site, StudyState.OPEN)


def _put(site: Site, state: StudyState) -> None:
    with site.database.writing() as db:
        db.scalars(select(Study).where(Study.name == "practised")).one().state = state
        db.commit()


def test_a_draft_is_walked_through_in_a_few_clicks(site: Site, draft: str, device: Device) -> None:
    page = device(bypass_csp=True).new_page()
    violations = []
    page.goto(draft)
    expect(page.get_by_text("nothing that you do here counts")).to_be_visible()
    violations += complaints(page, "consent")
    page.get_by_role("button", name="I agree").click()
    place_rest = page.get_by_role("button", name="Finish this round for me")
    expect(page.locator("#start")).to_be_visible()
    expect(place_rest).to_be_hidden()
    violations += complaints(page, "instructions")
    page.locator("#start").click()
    expect(page.locator("[data-status]")).to_have_text("6 clips are still outside")
    place_rest.click()
    page.get_by_role("button", name="Continue").click()

    # One clip by hand: it stays where it lies, and the page's own measures are those that participants have.
    expect(page.locator("[data-status]")).to_have_text("3 clips are still outside")
    by_hand = place(page, 0)
    violations += complaints(page, "trial")
    overflow = "document.documentElement.scrollHeight - document.documentElement.clientHeight"
    assert page.evaluate(overflow) <= 0
    place_rest.click()
    expect(page.locator("#progress-words")).to_contain_text("50 % done")
    expect(page.locator("[data-status]")).to_have_text("3 clips are still outside")
    saved(page)
    trial = site.stored("?PROLIFIC_PID=PILOT-PROLIFIC_PID")[0]
    assert_same_places({clip: at for clip, at in trial.placements.items() if clip in by_hand}, by_hand)
    assert len(trial.placements) == 3

    page.get_by_role("button", name="Thanks", exact=True).click()
    expect(page.locator("[data-code]")).to_have_text("DONE-43")
    expect(page.locator("[data-pilot-way-back]")).to_be_visible()
    violations += complaints(page, "thanks")
    page.get_by_role("button", name="First trial").click()
    expect(page.locator("[data-status]")).to_have_text("3 clips are still outside")
    page.get_by_role("button", name="Instructions", exact=True).first.click()
    expect(page.locator("#start")).to_be_visible()
    assert not violations
