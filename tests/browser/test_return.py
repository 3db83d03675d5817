"""The automatic return to the recruiter in Chromium: in sight, to be stopped, and never over something unsent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.models import Answer, ParticipantSession, Study
from tests.browser.axe import complaints
from tests.browser.session_pages import Device, done, place
from tests.browser.session_site import Site

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser

TOML = """
title = "There and back"
[design]
max_items = 3
[stop]
min_evidence = 100
max_trials = 1
[recruitment]
return_after = 60
completion_url = "https://recruiter.example/done?id={PROLIFIC_PID}"
no_consent_url = "https://recruiter.example/no?id={PROLIFIC_PID}"
"""


def test_the_page_goes_back_by_itself_unless_it_is_stopped_or_a_comment_is_written(
    whole_site: Site, add_study: object, device: Device
) -> None:
    add_study("back", TOML, n_clips=3)  # type: ignore[operator]
    link = f"{whole_site.address}/join/back?PROLIFIC_PID=5f0c9b2a7e1d4c3b8a6f9e01"
    context = device(bypass_csp=True)
    context.route("https://recruiter.example/**", lambda route: route.fulfill(body="<h1>Welcome back</h1>"))
    page = context.new_page()

    # Whoever declines: the count-down stands on a page without a task; stopped, it stays.
    page.goto(link)
    page.get_by_role("button", name="I do not want to take part").click()
    expect(page.locator("[data-return-words]")).to_have_text(re.compile(r"You will be taken back in \d\d s\."))
    assert complaints(page, "declined") == []
    page.get_by_role("button", name="Stay on this page").press("Enter")
    expect(page.locator("[data-back]")).to_be_focused()
    expect(page.locator("[data-return-words]")).to_contain_text("This page stays open.")

    page.goto(link)
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start").click()
    place(page, 0, 1, 2)
    done(page)
    expect(page.get_by_role("heading", name="Thank you!")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("You will be taken back in 60 s.")
    assert complaints(page, "thanks") == []
    # Whoever writes is not taken away.
    page.get_by_label("Is there anything you would like to tell us?").fill("It was fun.")
    expect(page.locator("[data-return-words]")).to_contain_text("This page stays open.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#comment-saved")).to_be_visible()
    with whole_site.database.reading() as db:
        of_study = select(Answer.value).join(ParticipantSession).join(Study).where(Study.name == "back")
        assert list(db.scalars(of_study.where(Answer.value.is_not(None)))) == ["It was fun."]
    page.clock.install()
    page.reload()
    expect(page.locator("[data-return-words]")).to_contain_text("You will be taken back")
    page.clock.run_for(61_000)
    page.wait_for_url("https://recruiter.example/done?id=5f0c9b2a7e1d4c3b8a6f9e01")
