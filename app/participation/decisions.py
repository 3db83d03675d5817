"""What is left out of the results: a session or a trial, with a reason. Decisions are kept, also those undone since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.purposes import JUDGMENTS
from app.accounts.account import Account
from app.accounts.audit import COMMAND_LINE, note
from app.domain import Verdict
from app.errors import Invalid, NotAllowed, NotFound
from app.models import COUNTED, Decision, ParticipantSession, Study, Trial, now
from app.participation.people import session_named
from app.participation.session_log import log

TEST = "test"
MAX_REASON = 200


@dataclass(frozen=True)
class Decided:
    """A decision: about which rater and trial (its number from 1; None: the session), what, why, who and when.

    `rule` is the rule that had proposed it; None where no rule did.
    """

    rater: str
    session: str
    trial: int | None
    trial_key: str | None
    verdict: Verdict
    reason: str | None
    rule: str | None
    who: str
    at: datetime


def exclude(
    db: Session,
    study: Study,
    name: str,
    reason: str,
    *,
    trial: int | None = None,
    rule: str | None = None,
    by: Account | None = None,
) -> None:
    """Leave the session, or one trial of it, out of the results; it stays in exports, marked with the reason. Commits.

    Parameters
    ----------
    name
        The rater (P001) or the session's id.
    trial
        Number of the trial in its session, from 1; None for the whole session.
    rule
        The rule that proposed it, if one did.

    Raises
    ------
    NotFound
        As `session_named`, or when the session has no such trial.
    Invalid
        When there is no reason, or it is too long.
    NotAllowed
        When it is in no results: a pilot's, a trial that is not stored, a check or practice.
    """
    session, trial_row = _target(db, study, name, trial)
    reason = _reason(reason)
    if not reason:
        raise Invalid(f"Give a reason of 1 to {MAX_REASON} characters.", field="reason")
    if trial_row is None:
        session.exclusion_reason = reason
    _keep(db, study, session, trial_row, Verdict.EXCLUDE, reason, rule, by)


def include(
    db: Session,
    study: Study,
    name: str,
    reason: str = "",
    *,
    trial: int | None = None,
    by: Account | None = None,
) -> None:
    """Take the session, or the trial, into the results again; saying why is up to whoever does it. Commits.

    Raises
    ------
    NotFound, Invalid
        As `exclude`.
    NotAllowed
        When it was not left out.
    """
    session, trial_row = _target(db, study, name, trial)
    reason = _reason(reason)
    if trial_row is None:
        if session.exclusion_reason is None:
            raise NotAllowed(f"{session.rater} was not left out of the results.")
        session.exclusion_reason = None
    elif trial_row.number not in excluded_trials(db, study.id).get(session.id, {}):
        raise NotAllowed(f"Trial {trial} of {session.rater} was not left out of the results.")
    _keep(db, study, session, trial_row, Verdict.INCLUDE, reason or None, None, by)


def dismiss(
    db: Session, study: Study, name: str, rule: str, reason: str, *, trial: int | None = None, by: Account | None = None
) -> None:
    """Pass over what a rule proposes: it stays in the results, and is not proposed by this rule again. Commits.

    Raises
    ------
    NotFound, Invalid, NotAllowed
        As `exclude`.
    """
    session, trial_row = _target(db, study, name, trial)
    _keep(db, study, session, trial_row, Verdict.DISMISS, _reason(reason) or None, rule, by)


def excluded_trials(db: Session, study_id: int) -> dict[int, dict[int, str]]:
    """The trials of a study that are left out, by session (database id) and number from 0, with the reason."""
    query = (
        select(Decision.session_id, Trial.number, Decision.verdict, Decision.reason)
        .join(Trial, Trial.id == Decision.trial_id)
        .join(ParticipantSession, ParticipantSession.id == Decision.session_id)
        .where(ParticipantSession.study_id == study_id, Decision.verdict != Verdict.DISMISS)
        .order_by(Decision.id)
    )
    reasons: dict[int, dict[int, str]] = defaultdict(dict)
    for session_id, number, verdict, reason in db.execute(query):
        if verdict == Verdict.EXCLUDE:
            reasons[session_id][number] = reason
        else:
            reasons[session_id].pop(number, None)
    return {session_id: dict(sorted(trials.items())) for session_id, trials in reasons.items() if trials}


def decisions_of(db: Session, study: Study) -> Iterator[tuple[int, Decided]]:
    """All decisions about the study's sessions, oldest first, each with the session's database id."""
    query = (
        select(Decision, ParticipantSession, Trial.number, Trial.key)
        .join(ParticipantSession, ParticipantSession.id == Decision.session_id)
        .outerjoin(Trial, Trial.id == Decision.trial_id)
        .where(ParticipantSession.study_id == study.id, COUNTED)
        .order_by(Decision.id)
    )
    for row, session, number, key in db.execute(query):
        yield (
            session.id,
            Decided(
                session.rater,
                session.public_id,
                None if number is None else number + 1,
                key,
                row.verdict,
                row.reason,
                row.rule,
                row.account or COMMAND_LINE,
                row.at,
            ),
        )


def _target(db: Session, study: Study, name: str, number: int | None) -> tuple[ParticipantSession, Trial | None]:
    session = session_named(db, study, name, lock=True)
    if session.is_pilot:
        raise NotAllowed("A pilot is in no results.")
    if number is None:
        return session, None
    trial = db.scalar(select(Trial).where(Trial.session_id == session.id, Trial.number == number - 1))
    if trial is None:
        raise NotFound(f"{session.rater} has no trial {number}.")
    if trial.submission is None or trial.purpose not in JUDGMENTS:
        what = "is not stored" if trial.submission is None else f"is a {trial.purpose.value} trial"
        raise NotAllowed(f"Trial {number} of {session.rater} {what}, so it is in no results.")
    return session, trial


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if len(reason) > MAX_REASON:
        raise Invalid(f"Give a reason of 1 to {MAX_REASON} characters.", field="reason")
    return reason


# Of a decision: the line in the session's log, and in the audit log about a session and about a trial.
_WORDS = {
    Verdict.EXCLUDE: ("excluded", "session left out", "trial left out"),
    Verdict.INCLUDE: ("included", "session taken in again", "trial taken in again"),
    Verdict.DISMISS: ("proposal_dismissed", "proposal dismissed", "proposal dismissed"),
}


def _keep(
    db: Session,
    study: Study,
    session: ParticipantSession,
    trial: Trial | None,
    verdict: Verdict,
    reason: str | None,
    rule: str | None,
    by: Account | None,
) -> None:
    """Add the decision, with its lines in the session's log and the audit log. Commits."""
    moment = now()
    db.add(
        Decision(
            session_id=session.id,
            trial_id=None if trial is None else trial.id,
            verdict=verdict,
            reason=reason,
            rule=rule,
            account=None if by is None else by.email,
            at=moment,
        )
    )
    about: dict[str, object] = {} if trial is None else {"trial": trial.number + 1}
    if reason is not None:
        about["reason"] = reason
    if rule is not None:
        about["rule"] = rule
    logged, of_session, of_trial = _WORDS[verdict]
    log(db, session.id, logged, moment, **about)
    note(db, by, of_session if trial is None else of_trial, study, rater=session.rater, **about)
    db.commit()
