"""A study is made and set up in a real browser: created, a setting broken, told, mended, saved, and there again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from app.config import Settings
from app.definition.study_toml import definition_of
from app.models import Study
from app.studies.editing import save_settings
from tests import experimenter
from tests.browser.axe import complaints
from tests.browser.experimenter_pages import log_in
from tests.browser.waiting import PATIENCE
from tests.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        yield lab


@pytest.fixture
def page(lab: experimenter.Lab, device: Callable[..., BrowserContext]) -> Iterator[Page]:
    """A browser in which Ada is logged in."""
    with serving(lab.app) as address:
        page = device(base_url=address, bypass_csp=True).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto("/login?next=/new-study")
        log_in(page)
        page.wait_for_url("**/new-study")
        yield page


def stored(lab: experimenter.Lab) -> Study:
    with lab.database.reading() as db:
        return db.scalars(select(Study)).one()


def test_a_question_is_written_by_keyboard_told_of_moved_and_saved(page: Page, lab: experimenter.Lab) -> None:
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.type("Similar faces")
    expect(page.get_by_label("Name")).to_have_value("similar-faces")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings")
    source = page.get_by_label("Text of study.toml")
    editor = page.locator('[data-control="questions"]')
    kind, add = editor.get_by_label("Kind of the new question"), editor.get_by_role("button", name="Add a question")

    kind.select_option("number")
    add.press("Enter")
    page.keyboard.type("How old are you?")
    first = editor.locator(".questions > li").nth(0)
    first.get_by_label("Name in the files").fill("age")
    first.get_by_label("Least").fill("18")
    kind.select_option("one_of")
    add.press("Enter")
    second = editor.locator(".questions > li").nth(1)
    page.keyboard.type("Which hand?")
    second.get_by_label("Choice 2", exact=True).fill("Yes")
    expect(second.locator('[data-beside="choices"]')).to_have_text("'Yes' appears twice")
    expect(second.get_by_label("Choice 2", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-saved]")).to_have_text("Not saved: 1 error.")
    assert complaints(page, "questions with an error") == []
    second.get_by_label("Choice 1", exact=True).fill("left")
    second.get_by_label("Choice 2", exact=True).fill("right")
    second.get_by_label("Asked").select_option("before")
    second.get_by_label("left", exact=True).check()
    second.get_by_label("In several languages").check()
    second.get_by_label("German", exact=True).fill("Welche Hand?")
    second.get_by_role("button", name="Move up").press("Enter")
    expect(editor.get_by_role("button", name="Move down").first).to_be_focused()
    expect(source).to_have_value(re.compile("Which hand.*How old", re.DOTALL))
    source.press("Control+Home")
    page.keyboard.type("# Approved in May.\n")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-saved]")).to_have_text("Saved")

    hand, age = definition_of(stored(lab)).questions
    assert (hand.ask, hand.screens_out("left")) == ({"en": "Which hand?", "de": "Welche Hand?"}, True)
    assert (age.name, age.model_dump()["min"]) == ("age", 18)
    page.reload()
    expect(editor.locator("summary")).to_have_text([re.compile("Which hand"), re.compile("How old")])
    editor.locator("summary").nth(1).press("Enter")
    editor.locator(".questions > li").nth(1).get_by_role("button", name="Remove", exact=True).press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    assert len(definition_of(stored(lab)).questions) == 1
    assert stored(lab).definition_toml.startswith("# Approved in May.\n")

    # How many with each answer, and a picture in a text.
    quota = page.get_by_role("group", name="Which hand?").filter(has=page.get_by_label("Limit"))
    quota.get_by_role("combobox").select_option("each")
    page.keyboard.type("many")
    expect(quota.get_by_role("status")).to_contain_text("whole number")
    page.keyboard.press("Control+A")
    page.keyboard.type("20")
    expect(quota.get_by_role("status")).not_to_contain_text("whole number")
    dot = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(dot, "PNG")
    content = {"name": "a dot.png", "mimeType": "image/png", "buffer": dot.getvalue()}
    page.locator("[data-text-files-input]").set_input_files(files=[content])  # type: ignore[list-item]
    page.get_by_role("textbox", name="Thanks", exact=True).fill("Well done ")
    page.get_by_role("textbox", name="Thanks", exact=True).press("End")
    page.get_by_role("button", name="Insert a-dot.png").press("Enter")
    page.keyboard.type("a red dot")
    expect(page.locator('[data-preview="texts.thanks"]').get_by_role("img", name="a red dot")).to_be_visible()
    assert complaints(page, "quotas and files") == []
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    kept = definition_of(stored(lab))
    assert (kept.recruitment.quotas, kept.texts.thanks) == (
        {hand.name: {"left": 20}},
        "Well done ![a red dot](a-dot.png)",
    )


def test_a_study_is_made_and_set_up_by_keyboard_and_what_is_wrong_is_told_beside_it(
    page: Page, lab: experimenter.Lab
) -> None:
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    assert complaints(page, "new study") == []
    # Faster than the name that is proposed.
    page.keyboard.type("Similar faces")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studies/similar-faces/settings")
    assert complaints(page, "settings") == []

    largest, source = page.get_by_label("Clips in a trial"), page.get_by_label("Text of study.toml")
    told = page.locator('[data-told="design.max_items"]')
    largest.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("200")
    expect(told).to_have_text("Must be at most 100")
    expect(source).to_have_value(re.compile("max_items = 200"))
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("[data-saved]")).to_have_text("Not saved: 1 error.")
    expect(largest).to_be_focused()
    expect(largest).to_have_value("200")
    assert complaints(page, "settings with an error") == []
    assert definition_of(stored(lab)).design.max_items == 20

    page.keyboard.press("Control+A")
    page.keyboard.type("12")
    expect(told).to_be_empty()
    page.get_by_role("textbox", name="Consent", exact=True).fill("We study **faces**.")
    expect(page.locator('[data-preview="texts.consent"] strong')).to_have_text("faces")
    expect(page.locator('[data-told="language"]')).to_contain_text("set language to that of your texts")
    page.get_by_role("combobox", name="Language").select_option("de")
    expect(page.locator('[data-preview="texts.thanks"]')).not_to_contain_text("help")
    source.press("Control+Home")
    page.keyboard.type("# Approved in May.\n")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-saved]")).to_have_text("Saved")

    page.reload()
    expect(page.get_by_label("Clips in a trial")).to_have_value("12")
    expect(page.get_by_role("textbox", name="Consent", exact=True)).to_have_value("We study **faces**.")
    assert stored(lab).definition_toml.startswith("# Approved in May.\n")
    assert definition_of(stored(lab)).language == "de"

    # Somebody else saves meanwhile: that is told and kept, and so is what was typed here.
    page.get_by_role("textbox", name="Title").fill("Mine")
    expect(page.get_by_label("Text of study.toml")).to_have_value(re.compile('title = "Mine"'))
    with lab.database.writing() as db:
        theirs = stored(lab).definition_toml.replace("max_items = 12", "max_items = 15")
        save_settings(db, "similar-faces", theirs)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-conflict]")).to_contain_text("Clips in a trial: 12 → 15")
    assert complaints(page, "settings in conflict") == []
    page.get_by_role("button", name="Put my changes on top of theirs").click()
    expect(page.get_by_label("Clips in a trial")).to_have_value("15")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    kept = definition_of(stored(lab))
    assert (kept.title, kept.design.max_items, kept.texts.consent) == ("Mine", 15, "We study **faces**.")

    # A text that is no TOML closes the form until it is mended.
    source = page.get_by_label("Text of study.toml")
    source.fill("title = Mine")
    expect(page.locator("[data-all-problems]")).to_contain_text('put text in quotes: title = "Mine"')
    expect(page.get_by_role("textbox", name="Title")).to_be_disabled()
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Mine")
