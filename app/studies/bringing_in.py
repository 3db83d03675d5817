"""Store what was read of a bundle as a closed study: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.accounts.members import add_first_owner
from app.domain import StudyState
from app.errors import Invalid
from app.models import (
    Answer,
    Clip,
    ClipToRate,
    Decision,
    GivenRdm,
    ParticipantSession,
    Placement,
    Rating,
    Seat,
    SessionEvent,
    Study,
    StudyModel,
    StudyRevision,
    Submission,
    Trial,
)
from app.studies.bundle_prepared import Prepared
from app.studies.bundle_rows import FINE_ID, FINE_KEY
from app.studies.naming import name_problem
from app.tokens import new_public_id, new_trial_key


def store(db: Session, name: str, prepared: Prepared, *, by: Account | None = None) -> Study:
    """Make the study, closed, with all that was prepared; commits once.

    Raises
    ------
    Invalid
        When the name cannot be part of a link or is taken (field `name`), or rows contradict each other.
    """
    if problem := name_problem(db, name):
        raise Invalid(problem, field="name")
    try:
        study = _store(db, name, prepared, by)
        db.commit()
    except IntegrityError as error:
        db.rollback()
        raise Invalid(
            f"The data contradict themselves, and nothing was stored ({error.orig}).", field="file"
        ) from error
    return study


def _store(db: Session, name: str, prepared: Prepared, by: Account | None) -> Study:
    study = Study(
        name=name,
        state=StudyState.CLOSED,
        definition=prepared.definition.model_dump(mode="json"),
        definition_toml=prepared.toml,
        made_by_id=None if by is None else by.id,
        version=max(prepared.versions),
        origin=prepared.origin,
    )
    db.add(study)
    db.flush()
    add_first_owner(db, study, study.made_by_id)
    account = None if by is None else by.email
    for number, (version, (definition, toml)) in enumerate(sorted(prepared.versions.items()), start=1):
        db.add(
            StudyRevision(
                study_id=study.id,
                number=number,
                version=version,
                definition=definition.model_dump(mode="json"),
                definition_toml=toml,
                account=account,
            )
        )
    db.execute(insert(Clip), [{"study_id": study.id, **clip} for clip in prepared.clips])
    clip_ids = dict(db.execute(select(Clip.file_name, Clip.id).where(Clip.study_id == study.id)).tuples().all())
    _rename_taken(db, prepared)
    ours = ("name", "session")
    rows = [{"study_id": study.id, **{k: v for k, v in one.items() if k not in ours}} for one in prepared.sessions]
    if rows:
        db.execute(insert(ParticipantSession), rows)
    by_public = select(ParticipantSession.public_id, ParticipantSession.id).where(
        ParticipantSession.study_id == study.id
    )
    ids = dict(db.execute(by_public).tuples().all())
    session_ids = {one["session"]: ids[one["public_id"]] for one in prepared.sessions}
    for session, session_id in session_ids.items():
        _store_session(db, session_id, session, prepared, clip_ids)
    for model in prepared.models:
        db.add(StudyModel(study_id=study.id, **model))
        # One after another: their order is that of their numbers.
        db.flush()
    note(db, by, "brought in", study, clips=len(prepared.clips), sessions=len(prepared.sessions))
    return study


def _rename_taken(db: Session, prepared: Prepared) -> None:
    """Give new ids to sessions and trials whose own are not ours, or are here already: brought in twice, say."""
    wanted = [one["public_id"] for one in prepared.sessions]
    taken = set(db.scalars(select(ParticipantSession.public_id).where(ParticipantSession.public_id.in_(wanted))))
    for one in prepared.sessions:
        if one["public_id"] in taken or not FINE_ID.fullmatch(one["public_id"]):
            one["public_id"] = new_public_id("S")
    trials = [one["trial"] for theirs in prepared.trials.values() for one in theirs]
    keys = [trial["key"] for trial in trials]
    there: set[str] = set()
    for start in range(0, len(keys), 500):
        there.update(db.scalars(select(Trial.key).where(Trial.key.in_(keys[start : start + 500]))))
    new = {key: new_trial_key() for key in keys if key in there or not FINE_KEY.fullmatch(key)}
    for trial in trials:
        trial["key"] = new.get(trial["key"], trial["key"])
    for events in prepared.events.values():
        for event in events:
            event["detail"]["trial"] = new.get(event["detail"]["trial"], event["detail"]["trial"])


def _store_session(db: Session, session_id: int, session: str, prepared: Prepared, clip_ids: Mapping[str, int]) -> None:
    trials = prepared.trials.get(session, [])
    if trials:
        db.execute(insert(Trial), [{"session_id": session_id, **one["trial"]} for one in trials])
        query = select(Trial.key, Trial.id).where(Trial.session_id == session_id)
        ids = dict(db.execute(query).tuples().all())
        with_id = [(ids[one["trial"]["key"]], one) for one in trials]
        db.execute(insert(Submission), [{"trial_id": trial, **one["submission"]} for trial, one in with_id])
        places = [(trial, *place) for trial, one in with_id for place in one["places"]]
        db.execute(
            insert(Seat),
            [{"trial_id": t, "seat": seat, "clip_id": clip_ids[clip]} for t, clip, _, _, _, seat in places],
        )
        db.execute(
            insert(Placement),
            [
                {"trial_id": t, "clip_id": clip_ids[clip], "x": x, "y": y, "watched": watched}
                for t, clip, x, y, watched, _ in places
            ],
        )
    if answers := prepared.answers.get(session):
        db.execute(insert(Answer), [{"session_id": session_id, **answer} for answer in answers])
    if ratings := prepared.ratings.get(session):
        _store_ratings(db, session_id, ratings, clip_ids)
    if events := prepared.events.get(session):
        db.execute(insert(SessionEvent), [{"session_id": session_id, **event} for event in events])
    if decisions := prepared.decisions.get(session):
        trial_ids = dict(
            db.execute(select(Trial.number, Trial.id).where(Trial.session_id == session_id)).tuples().all()
        )
        for one in decisions:
            trial = None if one["trial"] is None else trial_ids[one["trial"]]
            db.add(Decision(session_id=session_id, trial_id=trial, **{k: v for k, v in one.items() if k != "trial"}))
        db.flush()
    if session in prepared.given:
        db.execute(insert(GivenRdm), [{"session_id": session_id, "values": prepared.given[session]}])


def _store_ratings(
    db: Session, session_id: int, ratings: Sequence[Mapping[str, Any]], clip_ids: Mapping[str, int]
) -> None:
    to_rate = [
        {
            "session_id": session_id,
            "place": one["place"],
            "key": new_trial_key(),
            "clip_id": clip_ids[one["clip"]],
            "is_repeat": one["is_repeat"],
            "assigned_at": one["rated_at"],
        }
        for one in ratings
    ]
    db.execute(insert(ClipToRate), to_rate)
    stored = select(ClipToRate.place, ClipToRate.id).where(ClipToRate.session_id == session_id)
    ids = dict(db.execute(stored).tuples().all())
    ours = ("place", "clip", "is_repeat")
    rows = [{"to_rate_id": ids[one["place"]], **{k: v for k, v in one.items() if k not in ours}} for one in ratings]
    db.execute(insert(Rating), rows)
