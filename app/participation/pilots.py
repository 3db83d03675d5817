"""Pilots: an experimenter walks through the whole task as a participant would, in any state of the study.

A pilot is a session with `is_pilot`: it goes through the same services as every other, takes no place and no rater's
number, and is in no count, result or export (`app.models.COUNTED`). What is here works on pilots alone; `test_data`
deletes them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import numpy as np
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.purposes import Purpose
from analysis.simulate import Behaviour, make_truth, place_items
from app.db import Database
from app.definition.find import find_study
from app.definition.ratings import RatingScale
from app.definition.study_toml import definition_of, definition_of_session
from app.domain import MIN_CLIPS, ClipState, SessionState
from app.errors import LinkRefused, NoRoom, NotAllowed, NotFound
from app.models import Clip, ClipToRate, Draft, ParticipantSession, Rating, SessionToken, Study, now
from app.participation.consent import clauses_given, require_read
from app.participation.enrolment import Entry, admit, session_of, session_seed
from app.participation.practice import LAYOUT
from app.participation.rating_answers import rate, skip_ratings
from app.participation.rating_choice import assign_ratings
from app.participation.ratings import stage_of
from app.participation.record import SessionRecord, record_of_token
from app.participation.session_log import log
from app.participation.sheets import skip_sheets
from app.participation.submission import submit
from app.participation.trial_records import TrialRecord
from app.participation.trials import advance, start
from app.removal import remove_below
from app.tokens import new_public_id

LINK_LASTS = timedelta(days=7)
# Whoever has the link can begin as many as a laboratory needs, but cannot fill the disk with them.
MAX_PILOTS = 200
# Seeds of pilots follow from the study's as those of participants do, and are never those of a participant.
FIRST_SEED = 2**31
ENDED_BY = "pilot"
_RATINGS = (ClipToRate.__tablename__, Rating.__tablename__)
SCREENS = ("questions_before", "ratings", "instructions", "first_trial", "questions_after", "thanks")


def pilot_ticket(secret: str, study: Study) -> str:
    """What a link holds that begins pilots of this study for a week; only somebody with the secret can make it."""
    ticket = _serializer(secret).dumps(_named(study))
    return ticket if isinstance(ticket, str) else ticket.decode()


def study_of_ticket(db: Session, secret: str, name: str, ticket: str) -> Study:
    """The study of that name, if the ticket is one of its pilots'.

    Raises
    ------
    LinkRefused
        When it is not, or is older than a week.
    """
    refused = LinkRefused("This link for trying the study is incomplete or older than a week. Ask for a new one.")
    try:
        named = _serializer(secret).loads(ticket, max_age=int(LINK_LASTS.total_seconds()))
        study = find_study(db, name)
    except (BadSignature, NotFound) as error:
        raise refused from error
    if named != _named(study):
        raise refused
    return study


def check_pilot(db: Session, study: Study) -> None:
    """Return if a pilot of the study may begin.

    Raises
    ------
    NotAllowed
        When fewer clips are ready than a trial needs, or very many pilots are there already.
    """
    if study.origin is not None:
        raise NotAllowed("The data of this study were brought in, without its clips' files: there is nothing to try.")
    ready = db.scalar(select(func.count()).where(Clip.study_id == study.id, Clip.state == ClipState.READY)) or 0
    if ready < MIN_CLIPS:
        raise NotAllowed(f"The task can be tried as soon as {MIN_CLIPS} clips are ready; {ready} are so far.")
    there = select(func.count()).where(ParticipantSession.study_id == study.id, ParticipantSession.is_pilot)
    if (db.scalar(there) or 0) >= MAX_PILOTS:
        raise NotAllowed(f"There are {MAX_PILOTS} pilots of this study. Delete them, then go on.")


def begin_pilot(
    db: Session,
    study_id: int,
    *,
    language: str = "en",
    read: str | None = None,
    ticked: Collection[str] | None = None,
    has_room: bool = True,
) -> Entry:
    """Begin a pilot of the study, in whatever state it is. Commits.

    Raises
    ------
    NotAllowed
        As `check_pilot`.
    NoRoom
        When the server has no room for its data.
    ReadAnother
        When the study is no longer what was read (`consent.require_read`).
    ClausesMissing
        When a required clause was not ticked.
    """
    study = db.scalars(select(Study).where(Study.id == study_id).with_for_update()).one()
    check_pilot(db, study)
    if not has_room:
        raise NoRoom("The server has no room for new sessions at the moment.")
    require_read(db, study, language, read)
    definition = definition_of(study)
    clauses = clauses_given(definition, ticked)
    lowest = select(func.min(ParticipantSession.number)).where(
        ParticipantSession.study_id == study.id, ParticipantSession.is_pilot
    )
    number = (db.scalar(lowest) or 0) - 1
    # The way back to the recruiter is filled in with something that shows where an id would be.
    recruiter = {name: f"PILOT-{name}"[:64] for name in definition.recruitment.parameters}
    return admit(
        db,
        ParticipantSession(
            study_id=study.id,
            number=number,
            is_pilot=True,
            public_id=new_public_id("S"),
            recruiter=recruiter,
            seed=session_seed(definition.seed, FIRST_SEED - number),
            language=language,
        ),
        clauses,
    )


def pilot_of(db: Session, token: str) -> ParticipantSession:
    """The pilot that a token belongs to.

    Raises
    ------
    NotFound
        When it is a participant's: for participants nothing of this exists.
    """
    session = session_of(db, token)
    if not session.is_pilot:
        raise NotFound("There is no page at this address.")
    return session


def place_rest(database: Database, token: str) -> tuple[SessionRecord, str | None]:
    """Hand in the present trial or practice round: clips of the draft as they lie, the others as simulated raters do.
    While clips are rated, rate all that are left.

    Returns
    -------
    tuple of SessionRecord and str
        The pilot's state after it, and the key of what was handed in; None where there is nothing to place.

    Raises
    ------
    NotFound
        As `pilot_of`.
    """
    with database.reading() as db:
        session = pilot_of(db, token)
        record = record_of_token(db, token)
        if record.state != SessionState.ARRANGING and record.open_rating is None:
            return record, None
        trial, practice = record.open_trial, record.open_round
        draft = None if trial is None else db.get(Draft, trial.id)
    if record.open_rating is not None:
        return _rate_rest(database, token, record), None
    if practice is not None:
        places, key = dict(LAYOUT), practice
    elif trial is not None:
        places, key = _places(session, record, trial, {} if draft is None else draft.body), trial.key
    else:
        return advance(database, token), None
    _, after = submit(database, token, key, _body(places))
    return after, key


def skip_to(database: Database, token: str, screen: str) -> None:
    """Take a pilot to a screen, however far it had come; what it has done after that is deleted.

    Raises
    ------
    NotFound
        When there is no such screen, or as `pilot_of`.
    """
    with database.writing() as db:
        pilot = pilot_of(db, token)
        rates = stage_of(definition_of_session(db, pilot, db.get_one(Study, pilot.study_id)))
        if screen not in SCREENS or (screen == "ratings" and rates is None):
            raise NotFound("There is no such screen.")
        if screen in ("questions_after", "thanks") or (screen == "ratings" and rates == SessionState.FINISHED):
            pilot.state, pilot.progress = SessionState.FINISHED, 1.0
            pilot.ended_at, pilot.ended_by = now(), ENDED_BY
            log(db, pilot.id, "finished", now(), by=ENDED_BY)
        else:
            _begin_again(db, pilot)
        if screen == "ratings" and rates == SessionState.FINISHED:
            remove_below(db, ParticipantSession, ParticipantSession.id == pilot.id, only=_RATINGS)
            skip_sheets(db, pilot, screen="questions_after")
        else:
            skip_sheets(db, pilot, screen=screen)
        if rates == pilot.state and screen not in ("questions_before", "ratings"):
            assign_ratings(db, record_of_token(db, token), now())
            skip_ratings(db, record_of_token(db, token), at=now())
        db.commit()
    if screen == "first_trial":
        record = start(database, token)
        while record.open_round is not None:
            record, _ = place_rest(database, token)


def _rate_rest(database: Database, token: str, record: SessionRecord) -> SessionRecord:
    rng = np.random.default_rng([record.session.seed, 2])
    while record.open_rating is not None:
        answers: dict[str, Any] = {}
        for question in record.definition.ratings.questions:
            if isinstance(question, RatingScale):
                answers[question.name] = int(rng.integers(question.min, question.max, endpoint=True))
            else:
                answers[question.name] = question.choices[rng.integers(len(question.choices))].value
        body = {"answers": answers, "watched": "yes", "plays": 1, "played": 1000.0, "duration": 2000.0, "hidden": 0.0}
        _, record = rate(database, token, record.open_rating.key, json.dumps(body).encode())
    return record


def _begin_again(db: Session, pilot: ParticipantSession) -> None:
    remove_below(db, ParticipantSession, ParticipantSession.id == pilot.id, keep=[SessionToken.__tablename__])
    pilot.state, pilot.progress, pilot.expected_minutes = SessionState.INSTRUCTED, 0.0, None
    pilot.started_at = pilot.ended_at = pilot.ended_by = None


def _places(
    session: ParticipantSession, record: SessionRecord, trial: TrialRecord, draft: dict[str, Any]
) -> dict[str, tuple[float, float]]:
    """Where the clips of the trial lie, by public id."""
    names = {clip.id: clip.public_id for clip in record.clips}
    items = {clip.id: item for item, clip in enumerate(record.clips)}
    truth = make_truth("gaussian_5", len(items), rng=np.random.default_rng([session.seed, 0]))
    layout = place_items(
        truth,
        np.array([items[clip_id] for clip_id in trial.clip_ids]),
        behaviour=Behaviour(noise=0.05),
        rng=np.random.default_rng([session.seed, 1, trial.number]),
    )
    places = {
        names[clip_id]: (float(x), float(y)) for clip_id, (x, y) in zip(trial.clip_ids, layout.positions, strict=True)
    }
    if trial.purpose == Purpose.CHECK:
        # It asks for the upper half of the circle.
        places = {clip: (0.9 * x, max(abs(y), 0.01)) for clip, (x, y) in places.items()}
    return places | {place["clip"]: (place["x"], place["y"]) for place in draft.get("placements", [])}


def _body(places: dict[str, tuple[float, float]]) -> bytes:
    """A trial's body in which the clips were watched and nothing was moved twice."""
    return json.dumps(
        {
            "placements": [{"clip": clip, "x": x, "y": y} for clip, (x, y) in places.items()],
            "moves": [
                {"clip": c, "t": float(k), "x": x, "y": y, "how": "drag"}
                for k, (c, (x, y)) in enumerate(places.items())
            ],
            "plays": [],
            "duration": 1000.0 * len(places),
            "hidden": 0.0,
            "watched": list(places),
            "viewport": {"width": 1280.0, "height": 720.0, "pixel_ratio": 1.0},
            "arena": {"x": 640.0, "y": 360.0, "diameter": 600.0, "item": 96.0},
        }
    ).encode()


def _named(study: Study) -> list[str]:
    # With the time, so that another study that is given the name of a deleted one has links of its own.
    return [study.name, study.created_at.isoformat()]


def _serializer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="pilot")
