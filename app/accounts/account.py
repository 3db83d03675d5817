"""An experimenter's account as the services pass it on."""

from __future__ import annotations

from dataclasses import dataclass

from app.models import Experimenter


@dataclass(frozen=True)
class Account:
    """An experimenter's account."""

    id: int
    email: str
    is_administrator: bool = False
    token: str | None = None
    """The name of the API token with which a program acts for the account; None for a person at a page."""


def account_of(experimenter: Experimenter) -> Account:
    """The account that a row of the database holds."""
    return Account(experimenter.id, experimenter.email, experimenter.is_administrator)
