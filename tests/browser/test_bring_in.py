"""Bringing in a table of another program: dropped, refused, its columns said, looked at, and a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from app.config import Settings
from tests import experimenter
from tests.browser.axe import complaints_in_both_schemes
from tests.browser.experimenter_pages import log_in
from tests.integration.test_bring_in_page import PIXELS
from tests.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """A server without a study."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        with serving(lab.app) as address:
            yield address


def test_a_table_becomes_a_study_once_its_columns_are_said(site: str, device: Callable[..., BrowserContext]) -> None:
    page = device(bypass_csp=True).new_page()
    page.goto(f"{site}/login")
    log_in(page)
    page.get_by_role("link", name="bring in data").click()
    violations = complaints_in_both_schemes(page, "empty")
    table = {"name": "my placements.csv", "mimeType": "text/csv", "buffer": PIXELS.encode()}
    page.get_by_label("Or choose files").set_input_files(files=[table])  # type: ignore[list-item]
    expect(page.get_by_role("alert").filter(has_text="my placements.csv")).to_be_visible()
    expect(page.get_by_role("heading", name="What was found")).to_be_hidden()
    for ours, theirs in (("rater", "vp"), ("trial", "block"), ("item", "stim"), ("x", "px"), ("y", "py")):
        page.get_by_label(ours, exact=True).select_option(theirs)
    page.get_by_label("Arena").fill("200,200,400")
    page.get_by_label("Y grows downwards").check()
    violations += complaints_in_both_schemes(page, "asked")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("These files are taken for a table of placements")).to_be_visible()
    expect(page.get_by_text("Raters: ann, bob. Clips: sun.mp4, sea.mp4, fog.mp4, oak.mp4.")).to_be_visible()
    violations += complaints_in_both_schemes(page, "found")
    page.get_by_role("button", name="Create the study").click()
    page.wait_for_url(f"{site}/studies/my-placements/results")
    expect(page.get_by_text("These data were brought in: they are a table of placements")).to_be_visible()
    assert not violations, "\n".join(violations)
