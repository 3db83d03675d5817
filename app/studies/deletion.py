"""Deleting a study: all that refers to it, its bytes in the database, and the files that no other study uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from analysis.words import counted
from app.accounts.account import Account
from app.accounts.audit import note
from app.clips.unfinished import all_uploads, remove_upload
from app.clips.unused_files import files_of, files_of_texts, remove_unused, write_down
from app.config import Settings
from app.db import Database
from app.definition.find import find_study
from app.domain import StudyState
from app.errors import Invalid, NotAllowed
from app.models import Answer, Clip, ClipToRate, ParticipantSession, Rating, Study, Submission, TextFile, Trial, now
from app.removal import overwrite_deleted, remove_below
from app.studies.monitoring import shown_state


@dataclass(frozen=True)
class Holdings:
    """What goes with a study. `sessions` are those of participants; `at_task` of them may still be at it."""

    clips: int
    sessions: int
    at_task: int
    simulated: int
    pilots: int
    trials: int
    ratings: int
    answers: int
    megabytes: float

    @property
    def text(self) -> str:
        """In words, for the question."""
        parts = [
            _counted(self.clips, "clip"),
            _counted(self.sessions, "session") + " of participants",
            _counted(self.simulated, "simulated session") if self.simulated else "",
            _counted(self.pilots, "pilot") if self.pilots else "",
            _counted(self.trials, "trial") + " in all",
            _counted(self.ratings, "rating") + " of clips" if self.ratings else "",
            _counted(self.answers, "answer") + " to questions" if self.answers else "",
            f"{self.megabytes:,.1f} MB of files" if self.megabytes >= 0.05 else "",
        ]
        return ", ".join(part for part in parts if part)


def holdings_of(db: Session, settings: Settings, study: Study) -> Holdings:
    """What goes with the study when it is deleted; files that other studies use do not count."""
    sessions = list(db.scalars(select(ParticipantSession).where(ParticipantSession.study_id == study.id)))
    people = [one for one in sessions if not one.is_simulated and not one.is_pilot]
    moment = now()
    of_study = select(Trial.id).join(ParticipantSession).where(ParticipantSession.study_id == study.id)
    trials = select(func.count()).select_from(Submission).where(Submission.trial_id.in_(of_study))
    # Ratings that were changed count once.
    ratings = select(func.count(Rating.to_rate_id.distinct())).join(ClipToRate).join(ParticipantSession)
    answers = select(func.count()).select_from(Answer).join(ParticipantSession)
    of_its_sessions = ParticipantSession.study_id == study.id
    files = _own_files(db, settings, study)
    return Holdings(
        clips=db.scalar(select(func.count()).where(Clip.study_id == study.id)) or 0,
        sessions=len(people),
        at_task=sum(shown_state(one, moment) in {"instructed", "arranging", "idle"} for one in people),
        simulated=sum(one.is_simulated for one in sessions),
        pilots=sum(one.is_pilot for one in sessions),
        trials=db.scalar(trials) or 0,
        ratings=db.scalar(ratings.where(of_its_sessions)) or 0,
        answers=db.scalar(answers.where(of_its_sessions)) or 0,
        megabytes=sum(file.stat().st_size for file in files if file.exists()) / 1e6,
    )


def check_deletable(study: Study) -> None:
    """Return if the study may be deleted.

    Raises
    ------
    NotAllowed
        While it is open.
    """
    if study.state == StudyState.OPEN:
        raise NotAllowed(f"The study {study.name} is open: people may be about to take part. Close it first.")


def delete_study(
    database: Database, settings: Settings, name: str, *, typed: str, by: Account | None = None
) -> Holdings:
    """Delete the study and all that belongs to it; what it held is returned.

    Files of clips are removed after the commit. If the program ends in between, only files are left, which the next
    deletion or the worker removes.

    Raises
    ------
    NotFound
        When there is no such study.
    NotAllowed
        While the study is open.
    Invalid
        When `typed` is not its name.
    """
    with database.writing() as db:
        study = find_study(db, name)
        db.execute(select(Study.id).where(Study.id == study.id).with_for_update())
        check_deletable(study)
        if typed.strip() != study.name:
            raise Invalid(f"Type the study's name, {study.name}, to delete it.", field="typed")
        held = holdings_of(db, settings, study)
        of_texts = files_of_texts(db, settings, TextFile.study_id == study.id)
        write_down(settings, [*files_of(db, settings, Clip.study_id == study.id), *of_texts])
        note(
            db, by, "deleted", study, clips=held.clips, sessions=held.sessions, trials=held.trials, ratings=held.ratings
        )
        db.flush()
        overwrite_deleted(db)
        remove_below(db, Study, Study.id == study.id)
        db.execute(delete(Study).where(Study.id == study.id))
        db.commit()
    for upload in all_uploads(settings):
        if upload.study_id == study.id:
            remove_upload(settings, upload)
    remove_unused(database, settings)
    return held


def _own_files(db: Session, settings: Settings, study: Study) -> list[Path]:
    """The files that go with the study: nothing of another one has them."""
    own = files_of(db, settings, Clip.study_id == study.id)
    own += files_of_texts(db, settings, TextFile.study_id == study.id)
    others = files_of(db, settings, Clip.study_id != study.id)
    others += files_of_texts(db, settings, TextFile.study_id != study.id)
    return sorted(set(own) - set(others))


def _counted(number: int, one: str) -> str:
    return counted(number, one)
