"""The demo: one study out of the project's drawn clips, with simulated raters who use the same services as a person."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np

from analysis.arrangement import Arrangement, Floats
from analysis.simulate import Behaviour, individual, place_items, trial_seconds
from app.db import Database
from app.domain import SessionState
from app.models import Clip, ParticipantSession, now
from app.services.arrangements import clip_order
from app.services.enrolment import enter, session_of
from app.services.submission import submit
from app.services.trials import advance, open_trial, start

N_RATERS = 8
OWN_SHARE = 0.3
SEED = 20121104


def simulate_rater_session(database: Database, study_name: str, study_id: int, truth: Floats, rater: int) -> None:
    """Let simulated rater number `rater` take part, from consent to the end; its row says that it is simulated.

    Parameters
    ----------
    truth : (P,) float
        What the raters have in common, over the study's items; a share of 30 % of each rater's RDM is their own.
    """
    rng = np.random.default_rng([SEED, rater])
    rdm = individual(truth, OWN_SHARE, rng=rng)
    behaviour = Behaviour(noise=0.06, seconds_per_item=3.0)
    clock = now() - timedelta(minutes=30)
    with database.writing() as db:
        entry = enter(db, study_name, {}, is_simulated=True)
    with database.reading() as db:
        session_id = session_of(db, entry.token).id
        clips = clip_order(db, study_id)
    items = {clip.id: item for item, clip in enumerate(clips)}
    start(database, session_id, at=clock)
    while True:
        with database.reading() as db:
            session = db.get_one(ParticipantSession, session_id)
            trial = open_trial(db, session) if session.state == SessionState.ARRANGING else None
        if trial is None:
            return
        shown = np.array([items[seat.clip_id] for seat in trial.seats])
        arrangement = place_items(rdm, shown, behaviour=behaviour, rng=rng)
        seconds = trial_seconds(len(shown), behaviour=behaviour, rng=rng)
        clock += timedelta(seconds=seconds)
        body = _body(arrangement, clips, seconds, rng)
        with database.writing() as db:
            submit(db, entry.token, trial.key, body, at=clock)
        advance(database, session_id, at=clock)


def _body(arrangement: Arrangement, clips: list[Clip], seconds: float, rng: np.random.Generator) -> bytes:
    """What a page would send: each clip played for a while and dragged to its place, one after the other."""
    names = [clips[int(item)].public_id for item in arrangement.items]
    step = 1000 * seconds / len(names)
    places = [
        {"clip": name, "x": float(x), "y": float(y)} for name, (x, y) in zip(names, arrangement.positions, strict=True)
    ]
    body = {
        "placements": places,
        "moves": [{**place, "t": (k + 0.9) * step, "how": "drag"} for k, place in enumerate(places)],
        "plays": [
            {"clip": name, "t": k * step, "ms": float(rng.uniform(0.3, 0.8)) * step, "how": "hover", "ended": False}
            for k, name in enumerate(names)
        ],
        "duration": 1000 * seconds,
        "hidden": 0.0,
        "viewport": {"width": 1280.0, "height": 720.0, "pixel_ratio": 1.0},
        "arena": {"x": 640.0, "y": 360.0, "diameter": 560.0, "item": 64.0},
    }
    return json.dumps(body).encode()
