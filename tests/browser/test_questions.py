"""Questions to participants in Chromium: every kind by keyboard and finger, over reloads and a network that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.models import Answer
from tests.browser.axe import complaints
from tests.browser.session_pages import Device, done, place
from tests.browser.session_site import Site
from tests.browser.waiting import until

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser

ASKED = """
title = "Faces with questions"
[design]
max_items = 3
[stop]
min_evidence = 100
max_trials = 1
[recruitment]
completion_code = "DONE-44"
screened_out_code = "OUT-7"

[[questions]]
name = "age"
ask = "How old are you?"
kind = "number"
when = "before"
required = true
min = 1
max = 120
step = 1
screen_out_below = 18

[[questions]]
name = "vision"
ask = "Do you see well, with glasses if you need them?"
kind = "one_of"
when = "before"
required = true
choices = ["yes", { value = "no", label = { en = "no, not really", de = "nein" } }]

[[questions]]
name = "languages"
ask = "Which languages do you speak?"
kind = "several_of"
when = "before"
choices = ["English", "German", "French"]

[[questions]]
name = "tired"
ask = "How tired are you *right now*?"
kind = "scale"
when = "before"
min_label = "not at all"
max_label = "very"

[[questions]]
name = "share"
ask = "I agree that my data may be shared."
kind = "consent"
when = "before"
required = true

[[questions]]
name = "town"
ask = "Where did you grow up?"
kind = "text"
when = "before"
max_length = 60

[[questions]]
name = "strategy"
ask = "How did you decide?"
kind = "text"
required = true
"""


@pytest.fixture(scope="module")
def asked(add_study: Callable[..., None]) -> str:
    """A study with questions on the installation of all tests."""
    add_study("asked", ASKED, n_clips=3)
    return "asked"


def answers(site: Site, link: str) -> dict[str, Any]:
    session = site.session(link)
    with site.database.reading() as db:
        return {one.question: one.value for one in db.scalars(select(Answer).where(Answer.session_id == session.id))}


def go_on(page: Page) -> None:
    page.locator("#screen-questions form:not([hidden]) [type=submit]").click()


def agree(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("heading", name="Before you begin")).to_be_focused()


def test_every_kind_of_question_is_answered_and_nothing_is_lost(site: Site, asked: str, device: Device) -> None:
    link = site.link(asked)
    page = device(bypass_csp=True).new_page()
    agree(page, link)
    violations = complaints(page, "questions")

    # What is missing is told where it is missing, and the first such question has the focus.
    go_on(page)
    expect(page.get_by_label("How old are you?")).to_be_focused()
    expect(page.locator("#problem-age")).to_have_text("Please answer this question.")
    expect(page.locator("#problem-share")).to_have_text("Please tick this to go on.")
    assert page.locator(".problem:visible").count() == 3
    violations += complaints(page, "problems")
    page.keyboard.type("17.5")
    go_on(page)
    expect(page.locator("#problem-age")).to_have_text("Please enter a whole number.")
    assert answers(site, link) == {}

    # By keyboard alone.
    page.get_by_label("How old are you?").fill("34")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # yes
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("no, not really")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # German
    page.get_by_role("radio", name="3", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("I agree that my data may be shared.").press("Space")
    page.get_by_label("Where did you grow up?").fill("Łódź, =1+1")
    page.reload()
    expect(page.get_by_label("How old are you?")).to_have_value("34")
    expect(page.get_by_role("radio", name="4", exact=True)).to_be_checked()
    expect(page.get_by_label("Where did you grow up?")).to_have_value("Łódź, =1+1")

    # Without a network they wait in the browser, also over a reload, and go out by themselves.
    page.context.set_offline(True)
    go_on(page)
    expect(page.locator("form:not([hidden]) [data-sheet-status]")).to_contain_text("Not saved yet: no connection.")
    assert answers(site, link) == {}
    page.context.set_offline(False)
    page.get_by_role("button", name="Start").click()
    given = {"age": 34, "vision": "no", "languages": ["German"], "tired": 4, "share": True, "town": "Łódź, =1+1"}
    assert answers(site, link) == given

    place(page, 0, 1, 2)
    done(page)
    expect(page.get_by_role("heading", name="A few last questions")).to_be_focused()
    expect(page.locator("[data-code]")).to_have_text("")
    assert len(site.stored(link)) == 1
    page.get_by_label("How did you decide?").fill("by colour")
    go_on(page)
    expect(page.locator("[data-code]")).to_have_text("DONE-44")
    violations += complaints(page, "thanks")
    page.get_by_label("Is there anything you would like to tell us?").fill("Nice clips.")
    page.reload()
    expect(page.locator("#comment")).to_have_value("Nice clips.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your comment has been saved.")).to_be_focused()
    assert answers(site, link) == given | {"strategy": "by colour", "comment": "Nice clips."}
    page.reload()
    expect(page.locator("[data-code]")).to_have_text("DONE-44")
    expect(page.locator("#comment")).to_be_hidden()
    assert violations == []


def test_a_finger_two_tabs_and_an_answer_that_ends_the_session(site: Site, asked: str, device: Device) -> None:
    link = site.link(asked)
    context = device(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    agree(page, link)
    page.get_by_label("How old are you?").fill("15")
    page.get_by_text("no, not really").tap()
    page.locator(".scale label").nth(6).tap()
    page.get_by_text("I agree that my data may be shared.").tap()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        """() => [...document.querySelectorAll('form:not([hidden]) :is(label, button, [type=text])')]
          .map((one) => one.getBoundingClientRect()).filter(({width, height}) => Math.min(width, height) < 36).length"""
    )
    assert small == 0

    # Another tab takes the session, with what was typed; the first one says so, and comes back.
    other = context.new_page()
    other.goto(page.url)
    expect(other.get_by_label("How old are you?")).to_have_value("15")
    expect(page.get_by_role("heading", name="This task is open in another window")).to_be_visible()
    page.get_by_role("button", name="Continue here").click()
    expect(page.get_by_label("How old are you?")).to_have_value("15")
    go_on(page)
    expect(page.get_by_role("heading", name="The study ends here for you")).to_be_focused()
    expect(page.locator("[data-code]")).to_have_text("OUT-7")
    until(page, lambda: site.session(link).state.value == "screened_out")

    # The recruiter's link leads back there.
    page.goto(link)
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("heading", name="The study ends here for you")).to_be_visible()
