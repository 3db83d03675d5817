"""What an experimenter does with a single session: write a note, end it on request."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.domain import SessionState
from app.errors import Invalid, NotAllowed
from app.models import Study
from app.participation.people import session_named
from app.participation.withdrawal import end_as_withdrawn

BY_EXPERIMENTER = "experimenter"
MAX_NOTE = 2000


def write_note(db: Session, study: Study, name: str, text: str, *, by: Account | None = None) -> None:
    """Keep a note on the session, in place of the one before; an empty text removes it. Commits.

    Raises
    ------
    NotFound
        As `session_named`.
    Invalid
        When the text is too long.
    """
    session = session_named(db, study, name, lock=True)
    text = text.replace("\r\n", "\n").strip()
    if len(text) > MAX_NOTE:
        raise Invalid(f"A note has at most {MAX_NOTE} characters; this one has {len(text)}.", field="note")
    session.note = text or None
    note(db, by, "note written" if text else "note removed", study, rater=session.rater)
    db.commit()


def withdraw_for(db: Session, study: Study, name: str, *, by: Account | None = None) -> None:
    """Withdraw a participant who asked for it, as the participant's own page would. Commits.

    Raises
    ------
    NotFound
        As `session_named`.
    NotAllowed
        When the session is withdrawn already, or is a pilot, which is deleted instead.
    """
    session = session_named(db, study, name, lock=True)
    if session.is_pilot:
        raise NotAllowed("A pilot is not a participant. Delete it instead.")
    if session.state == SessionState.WITHDRAWN:
        raise NotAllowed(f"{session.rater} is withdrawn already.")
    end_as_withdrawn(db, session, by=BY_EXPERIMENTER)
    note(db, by, "withdrawn", study, rater=session.rater)
    db.commit()
