"""Results that are computed while the page is open: their age, progress and failures, in a real browser."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from analysis.results import rater_result
from app import jobs
from app.heartbeat import Heartbeat, beat
from app.models import StoredResults
from app.results import stored
from tests import experimenter
from tests.browser.axe import complaints
from tests.browser.researcher_fixtures import EVIL, lab, open_results, page, prepared, site, site_for_axe

__all__ = ["lab", "page", "prepared", "site", "site_for_axe"]
pytestmark = pytest.mark.browser


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
