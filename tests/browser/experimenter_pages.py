"""What tests do on the experimenter's pages."""

from __future__ import annotations

from playwright.sync_api import Page

from tests import experimenter


def log_in(page: Page) -> None:
    """Fill in the form that any page shows first to whoever is not logged in, as Ada."""
    page.get_by_label("E-mail").fill(experimenter.EMAIL)
    page.get_by_label("Password").fill(experimenter.PASSWORD)
    page.get_by_role("button", name="Log in").click()
