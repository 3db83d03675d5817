"""Invitations on their way to whom they are for: as a link that is handed over, and as a mail where one can be sent."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for

from app.config import Settings
from app.mail import MailFailed, send_mail
from app.web.context import settings


@dataclass(frozen=True)
class Sent:
    """A new invitation as the page shows it, once: only its hash is kept."""

    email: str
    link: str
    mail: str
    """A sentence that says whether a mail went out; empty where none can."""
    failed: bool


def hand_over(email: str, token: str, what: str, inviter: str) -> Sent:
    """The link of an invitation, after a mail with it was sent, if there is a server for mail.

    Parameters
    ----------
    what
        What it is an invitation to, for a sentence: "the study Faces, as an editor".
    """
    here = settings()
    # The operator's own address where there is one: behind a proxy the request may not know it.
    base = here.base_url or request.host_url.rstrip("/")
    link = base + url_for("links.invited", token=token)
    if not here.smtp_host:
        return Sent(email, link, "", failed=False)
    try:
        _send(here, email, link, what, inviter)
    except MailFailed as error:
        return Sent(email, link, f"No mail was sent. {error.message}.", failed=True)
    return Sent(email, link, f"A mail with the link was sent to {email}.", failed=False)


def _send(here: Settings, email: str, link: str, what: str, inviter: str) -> None:
    text = (
        f"{inviter} invites you to {what}, at {here.base_url}.\n\n"
        f"Join here; the link works once, within seven days:\n{link}\n"
    )
    send_mail(here, email, "Invitation to Asterism", text)
