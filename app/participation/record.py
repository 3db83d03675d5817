"""All that is known of a session, read at once: what comes next, how far it has come and what its page shows follow
from it, without another query.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from analysis import Arrangement
from analysis.purposes import JUDGMENTS
from app.definition.questions import COMMENT
from app.definition.study_toml import StudyDefinition, definition_of_session
from app.domain import MIN_CLIPS, Proof, SessionState
from app.errors import Conflict, Unauthorised
from app.models import ParticipantSession, SessionToken, Study
from app.participation.enrolment import UNKNOWN_LINK
from app.participation.practice import Round, open_round, rounds_of
from app.participation.ratings import RatingRecord, ratings_of, stage_of
from app.participation.session_clips import ReadyClip, session_clips, session_sets
from app.participation.sheets import due_sheets, first_open, handed_in
from app.participation.time_left import rating_minutes
from app.participation.trial_records import TrialRecord, trial_arrangement, trials_of
from app.tokens import hash_token


@dataclass(frozen=True)
class SessionRecord:
    """A session as one snapshot of the database shows it.

    `session` is the row as it was read; `state`, `progress` and `expected_minutes` are what changes as trials come in.
    `sheets` are the sheets of questions that were handed in; `ratings` the clips to rate, once they are chosen.
    """

    session: ParticipantSession
    study: Study
    definition: StudyDefinition
    proof: Proof
    state: SessionState
    progress: float
    expected_minutes: float | None
    trials: tuple[TrialRecord, ...]
    clips: tuple[ReadyClip, ...]
    rounds: tuple[Round, ...]
    sheets: frozenset[str] = frozenset()
    ratings: tuple[RatingRecord, ...] = ()

    @property
    def due_sheets(self) -> list[str]:
        """The sheets of questions that are to be handed in by now, and the comment, which may be."""
        if self.state == SessionState.FINISHED and self.owes_ratings:
            return []
        due = due_sheets(self.definition, self.state, len(self.submitted))
        return [*due, COMMENT] if self.state == SessionState.FINISHED and self.definition.comment else due

    @property
    def open_sheet(self) -> str | None:
        """The sheet of questions that comes before anything else, or None. Ratings come before questions after them."""
        if self.state == SessionState.FINISHED and self.owes_ratings:
            return None
        return first_open(self.definition, self.state, len(self.submitted), self.sheets)

    @property
    def owes_ratings(self) -> bool:
        """Whether the session is to rate clips before it goes on, sheets of questions aside."""
        if stage_of(self.definition) != self.state:
            return False
        return not self.ratings or any(one.rated is None for one in self.ratings)

    @property
    def is_rating(self) -> bool:
        """Whether rating clips is what the session has to do now."""
        return self.owes_ratings and self.open_sheet is None

    @property
    def open_rating(self) -> RatingRecord | None:
        """The clip that is to be rated now, once the session's clips are chosen."""
        return next((one for one in self.ratings if one.rated is None), None) if self.is_rating else None

    @property
    def last_rating(self) -> RatingRecord | None:
        """The clip that was rated last, which the session may go back to."""
        return next((one for one in reversed(self.ratings) if one.rated is not None), None) if self.is_rating else None

    @property
    def may_comment(self) -> bool:
        """Whether the session may still leave a comment."""
        return COMMENT in self.due_sheets and COMMENT not in self.sheets

    @property
    def rating_minutes(self) -> tuple[float, float]:
        """Minutes that rating the clips has taken, and those that the rest of it will take."""
        ratings, n_ready = self.definition.ratings, len(self.clips)
        given = [one for one in self.ratings if one.rated is not None]
        minutes = sum(one.active_ms for one in given) / 60_000
        left = rating_minutes(
            len(given),
            minutes,
            ratings.n_shown(n_ready) - len(given),
            clip_seconds=sum(clip.seconds for clip in self.clips) / max(n_ready, 1),
            n_questions=len(ratings.questions),
        )
        return minutes, left

    @cached_property
    def sets(self) -> tuple[tuple[int, ...], ...]:
        """The places of each set's clips among the session's clips, in the order in which it arranges the sets; one set
        with all of them where the study has no sets.
        """
        return session_sets(self.session, self.definition, self.clips)

    @property
    def submitted(self) -> tuple[TrialRecord, ...]:
        """The trials that are in."""
        return tuple(trial for trial in self.trials if trial.sha256 is not None)

    @property
    def open_trial(self) -> TrialRecord | None:
        """The trial that is assigned and not submitted yet, if there is one."""
        return next((trial for trial in self.trials if trial.sha256 is None), None)

    @property
    def open_round(self) -> str | None:
        """The key of the practice round that the session is at, or None when there is none, or none left."""
        return None if self.trials else open_round(self.session, self.definition, self.rounds)

    @property
    def active_minutes(self) -> float:
        """Minutes that the participant worked on submitted trials; breaks and hidden pages are left out."""
        return sum(trial.active_ms for trial in self.trials) / 60_000

    def arrangements(self) -> list[Arrangement]:
        """The judgments submitted so far, in the order of their trials."""
        clips = tuple(clip.id for clip in self.clips)
        return [trial_arrangement(trial, clips) for trial in self.submitted if trial.purpose in JUDGMENTS]

    def with_trial(self, trial: TrialRecord) -> SessionRecord:
        """The record with this trial, which is new or takes the place of the one with its number."""
        others = [one for one in self.trials if one.number != trial.number]
        return replace(self, trials=tuple(sorted([*others, trial], key=lambda one: one.number)))


def record_of_token(db: Session, token: str) -> SessionRecord:
    """The record of the session that a bearer token belongs to.

    Raises
    ------
    Unauthorised
        When nobody was given this token.
    """
    row = db.execute(_SESSION, {"token": hash_token(token)}).tuples().one_or_none()
    if row is None:
        raise Unauthorised(UNKNOWN_LINK)
    return _record(db, *row)


def _record(db: Session, session: ParticipantSession, study: Study, proof: Proof) -> SessionRecord:
    definition = definition_of_session(db, session, study)
    trials = trials_of(db, session)
    record = SessionRecord(
        session=session,
        study=study,
        definition=definition,
        proof=proof,
        state=session.state,
        progress=session.progress,
        expected_minutes=session.expected_minutes,
        trials=trials,
        clips=session_clips(db, session, definition),
        # The first trial is assigned when practice is over.
        rounds=tuple(rounds_of(db, session)) if definition.design.practice and not trials else (),
        # Without questions there is only the comment, which comes after the end.
        sheets=handed_in(db, session.id)
        if definition.questions or session.state == SessionState.FINISHED
        else frozenset(),
        ratings=ratings_of(db, session.id) if definition.ratings.questions else (),
    )
    if session.is_pilot:
        _check_pilot(record)
    return record


def _check_pilot(record: SessionRecord) -> None:
    """Clips of a draft, and their sets, may still change; those of participants never do."""
    shown = {clip for trial in record.trials for clip in trial.clip_ids}
    has_sets = record.session.clip_sets is not None
    sets_fit = has_sets == (record.definition.sets.column is not None) and min(map(len, record.sets)) >= MIN_CLIPS
    if not shown <= {clip.id for clip in record.clips} or (has_sets and not sets_fit):
        raise Conflict("The study's clips have changed since this pilot began. Please begin another one.", code="ended")


# Made once: making a query costs more than running it.
_SESSION = (
    select(ParticipantSession, Study, SessionToken.proof)
    .join_from(SessionToken, ParticipantSession, ParticipantSession.id == SessionToken.session_id)
    .join(Study, Study.id == ParticipantSession.study_id)
    .where(SessionToken.token_hash == bindparam("token"))
)
