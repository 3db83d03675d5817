"""The page "Plan": a plan is asked for, waited for and read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from analysis.planning import plan_study
from analysis.planning.budget import Budget
from app.config import Settings
from app.planning import work as work_module
from app.planning.work import compute_next_plan
from tests import experimenter
from tests.browser.axe import complaints
from tests.browser.experimenter_pages import log_in
from tests.factories import make_study
from tests.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def site(settings: Settings) -> Iterator[tuple[str, experimenter.Lab]]:
    """A server with Ada's study "faces"."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, lab.settings, toml=experimenter.SHORT)
        with serving(lab.app) as address:
            yield address, lab


def test_a_plan_is_asked_for_waited_for_and_read(
    site: tuple[str, experimenter.Lab],
    device: Callable[..., BrowserContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, lab = site

    def small(*arguments: object, **options: object) -> object:
        budget = Budget(worlds=3, raters=3, max_trials=12)
        return plan_study(*arguments, budget=budget, method="weighted_average", **options)  # type: ignore[arg-type]

    monkeypatch.setattr(work_module, "plan_study", small)
    page = device(bypass_csp=True).new_page()
    # The script comes late, and what is pressed before must not be lost.
    page.route("**/researcher/plan.js", lambda route: (page.wait_for_timeout(500), route.continue_()))
    page.goto(f"{address}/studies/faces/plan")
    log_in(page)
    page.get_by_label("Placement noise").fill("3")
    page.get_by_role("button", name="Plan the study").click()
    expect(page.locator("[data-problem]")).to_contain_text("noise")
    page.get_by_label("Placement noise").fill("0.05")
    page.get_by_role("button", name="Plan the study").click()
    expect(page.locator("[data-no-worker]")).to_be_visible()
    assert compute_next_plan(lab.database)
    expect(page.locator("[data-needed]")).to_contain_text("reliability of 0.9")
    expect(page.locator("[data-no-worker]")).to_be_hidden()
    expect(page.locator("svg.curve")).to_have_count(2)
    expect(page.locator("svg.curve").first).to_contain_text("raters")
    assert page.locator("svg.curve polyline").count() == 3
    assert page.locator("[data-numbers] tbody tr").count() >= 8
    expect(page.locator("[data-sentences]")).to_contain_text("placement noise 0.05")
    assert complaints(page, "plan") == []
    page.reload()
    expect(page.locator("svg.curve")).to_have_count(2)
    expect(page.get_by_label("Placement noise")).to_have_value("0.05")
