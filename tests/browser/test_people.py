"""Inviting somebody to a study and joining it, in two browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from app.config import Settings
from tests import experimenter
from tests.browser.axe import complaints
from tests.browser.experimenter_pages import log_in
from tests.factories import make_study
from tests.serving import serving

pytestmark = pytest.mark.browser

GRACE = "grace@lab.example"


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """A server with Ada's study "faces"."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, lab.settings, toml=experimenter.SHORT)
        with serving(lab.app) as address:
            yield address


def test_an_owner_invites_somebody_joins_is_made_an_editor_and_removed(
    site: str, device: Callable[..., BrowserContext]
) -> None:
    ada, grace = (device(bypass_csp=True).new_page() for _ in range(2))
    violations: list[str] = []
    ada.goto(f"{site}/login")
    log_in(ada)
    ada.goto(f"{site}/studies/faces/people")
    ada.get_by_label("E-mail address").fill(GRACE)
    ada.get_by_label("Role", exact=True).select_option("viewer")
    ada.get_by_role("button", name="Invite").click()
    link = ada.get_by_label("Link of the invitation").input_value()
    violations += complaints(ada, "people")

    grace.goto(link)
    expect(grace.get_by_text("To the study A study, as a viewer.")).to_be_visible()
    grace.get_by_label("Password", exact=True).fill(experimenter.PASSWORD)
    grace.get_by_label("Password again").fill(experimenter.PASSWORD)
    violations += complaints(grace, "invitation")
    grace.get_by_role("button", name="Make the account and join").click()
    expect(grace.get_by_role("heading", name="A study")).to_be_visible()
    expect(grace.get_by_role("button", name="Close the study")).to_have_count(0)

    ada.goto(f"{site}/studies/faces/people")
    row = ada.get_by_role("row").filter(has=ada.get_by_role("rowheader", name=GRACE))
    expect(row.get_by_role("button", name="Save")).to_be_hidden()
    row.get_by_label(f"Role of {GRACE}").select_option("editor")
    row.get_by_role("button", name="Save").click()
    grace.reload()
    expect(grace.get_by_role("button", name="Close the study")).to_be_visible()

    row.get_by_role("button", name="Remove").click()
    dialog = ada.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Remove {GRACE} from this study?")
    dialog.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    expect(ada.get_by_role("cell", name="member removed")).to_be_visible()
    assert grace.goto(f"{site}/studies/faces").status == 404  # type: ignore[union-attr]
    grace.goto(f"{site}/account")
    violations += complaints(grace, "account")
    ada.goto(f"{site}/accounts")
    violations += complaints(ada, "accounts")
    assert violations == []
