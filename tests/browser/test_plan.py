"""The page "Plan": a plan is asked for, waited for and read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect
from werkzeug.serving import make_server

from analysis.planning import plan_study
from analysis.planning.budget import Budget
from app.config import Settings
from app.planning import work as work_module
from app.planning.work import compute_next_plan
from tests import experimenter
from tests.browser.axe import complaints
from tests.factories import make_study
from tests.serving import read_whole

pytestmark = pytest.mark.browser


@pytest.fixture
def site(settings: Settings) -> Iterator[tuple[str, experimenter.Lab]]:
    """A server with Ada's study "faces"."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, lab.settings, toml=experimenter.SHORT)
        server = make_server("127.0.0.1", 0, read_whole(lab.app), threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", lab
        server.shutdown()
        thread.join(timeout=10)


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
    page.goto(f"{address}/studies/faces/plan")
    page.get_by_label("E-mail").fill(experimenter.EMAIL)
    page.get_by_label("Password").fill(experimenter.PASSWORD)
    page.get_by_role("button", name="Log in").click()
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
