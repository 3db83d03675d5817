"""The page "Models": models are added, waited for, read and removed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select

from app.config import Settings
from app.models import Clip
from app.results import model_work
from app.results.model_files import MAX_UPLOAD
from app.results.model_work import compute_next_comparison
from tests import experimenter
from tests.browser.axe import complaints
from tests.browser.experimenter_pages import log_in
from tests.factories import make_study
from tests.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def site(settings: Settings) -> Iterator[tuple[str, experimenter.Lab]]:
    """A server with Ada's study "faces" and two raters."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, lab.settings, toml=experimenter.SHORT)
        for seed in (1, 2):
            experimenter.take_part(lab.database, "faces", seed)
        with serving(lab.app) as address:
            yield address, lab


def test_models_are_added_waited_for_read_and_removed(
    site: tuple[str, experimenter.Lab],
    device: Callable[..., BrowserContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, lab = site
    monkeypatch.setattr(model_work, "N_BOOT", 100)
    with lab.database.reading() as db:
        clips = list(db.scalars(select(Clip.file_name)))
    rng, file = np.random.default_rng(1), io.BytesIO()
    np.savez(file, clips=clips, **{f"layer{k}": rng.normal(size=(len(clips), 10_000)) for k in range(3)})
    # More than one request holds, so it comes in pieces.
    assert len(file.getvalue()) > MAX_UPLOAD
    page = device(bypass_csp=True).new_page()
    page.goto(f"{address}/studies/faces/models")
    log_in(page)
    expect(page.locator("[data-what-to-do]")).to_contain_text("Add a file of model RDMs")
    picker, add = page.get_by_label("Add models"), page.get_by_role("button", name="Add", exact=True)
    picker.set_input_files({"name": "bad.npz", "mimeType": "application/zip", "buffer": b"PK nothing"})
    add.click()
    expect(page.locator("[data-add-problem]")).to_contain_text("bad.npz: truncated or corrupt")
    picker.set_input_files({"name": "net.npz", "mimeType": "application/zip", "buffer": file.getvalue()})
    add.click()
    expect(page.locator("[data-kept]")).to_contain_text("3 layers of a network")
    expect(page.locator("[data-no-worker]")).to_be_visible()
    assert compute_next_comparison(lab.database)
    expect(page.locator("svg.dots")).to_have_count(2)
    expect(page.locator("[data-scores-caption]")).to_contain_text("2 raters over 6 clips")
    assert page.locator("[data-scores] tbody tr").count() == 3
    expect(page.locator("[data-profiles]")).to_contain_text("Best layer: net: layer")
    page.get_by_text("More to compute").click()
    page.get_by_text("test each model by permutation").click()
    page.get_by_label("Model or group 1").select_option("net: layer0")
    page.get_by_label("Model or group 2").select_option("net: layer1")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("[data-no-worker]")).to_be_visible()
    assert compute_next_comparison(lab.database)
    expect(page.get_by_role("heading", name="Shares of variance")).to_be_visible()
    expect(page.get_by_role("heading", name="Models by permutation")).to_be_visible()
    assert complaints(page, "models") == []
    page.get_by_role("button", name="Remove net").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("[data-none]")).to_be_visible()
    expect(page.locator("[data-changed]")).to_contain_text("Models were added or removed.")
