"""An experimenter for tests: accounts, logins, and raters who use the same services as a person."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis import Arrangement
from analysis.simulate import Behaviour, place_items
from app.accounts import passwords
from app.accounts.account import Account
from app.accounts.setup_links import make_setup_link, use_setup_link
from app.config import Settings, load_settings
from app.db import Database, open_database
from app.heartbeat import Heartbeat, beat
from app.jobs import compute_results
from app.models import ParticipantSession, Placement, SessionToken, Study, Trial
from app.participation.arrangements import clip_order
from app.participation.enrolment import enter, session_of
from app.participation.submission import submit
from app.participation.trials import advance, start
from app.participation.withdrawal import withdraw
from app.results.work import compute_next
from app.tokens import hash_token, new_token
from tests.apps import app_for, installation
from tests.factories import encode, make_study, submit_body

EMAIL = "ada@lab.example"
PASSWORD = "seven quiet rivers"
# Sessions of a handful of clips that end after a few trials.
SHORT = """
title = "A study"
seed = 7
[design]
method = "lift_the_weakest"
max_items = 5
[stop]
min_evidence = 0.2
max_trials = 4
"""


@dataclass(frozen=True)
class Lab:
    """An app with its database and a browser without cookies yet."""

    app: Flask
    client: FlaskClient
    database: Database
    settings: Settings


@contextmanager
def open_lab(settings: Settings) -> Iterator[Lab]:
    """An app of its own, so that no request context of a test is shared between requests; passwords are cheap in it."""
    costly = passwords._hasher
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._nobodys_hash.cache_clear()
    try:
        with app_for(settings) as app:
            yield Lab(app, app.test_client(), app.extensions["asterism"].database, settings)
    finally:
        passwords._hasher = costly
        passwords._nobodys_hash.cache_clear()


def prepare(folder: Path, empty_sqlite: Path) -> Path:
    """A data folder with a study of six clips: three raters, the last one simulated, and a fourth after one trial.

    Building it takes a while, so a module of tests builds it once and each test works on a copy (`open_copy`).
    """
    settings = installation(folder, empty_sqlite)
    database = open_database(settings.database)
    make_study(database, settings, toml=SHORT)
    for seed in range(3):
        recruiter = {"PROLIFIC_PID": f"person-{seed}", "STUDY_ID": "a-study"}
        take_part(database, "faces", seed, recruiter=recruiter, is_simulated=seed == 2)
    take_part(database, "faces", 3, trials=1)
    database.close()
    return folder


@contextmanager
def open_copy(prepared: Path, folder: Path) -> Iterator[Lab]:
    """An app on a copy of a prepared data folder."""
    shutil.copytree(prepared, folder)
    with open_lab(load_settings(data=folder, rate_limits=False)) as lab:
        yield lab


def compute(lab: Lab) -> int:
    """Compute all results that were asked for, as the worker does; returns the number of choices that were computed."""
    done = 0
    while compute_next(lab.database):
        done += 1
    return done


@contextmanager
def worker(lab: Lab) -> Iterator[None]:
    """A worker for results, in a thread; it says that it runs."""
    over = threading.Event()
    thread = threading.Thread(target=compute_results, args=[lab.database, over], daemon=True)
    thread.start()
    beat(lab.settings, Heartbeat(0, time.time() + 3600, True, 0))
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=60)


def make_account(database: Database, email: str = EMAIL) -> Account:
    """The first account, made by a set-up link as the launcher prints it."""
    with database.writing() as db:
        token = make_setup_link(db)
        assert token is not None
        return use_setup_link(db, token, email, PASSWORD)


def placed_trials(db: Session, study_id: int) -> dict[str, list[Arrangement]]:
    """The trials of each rater, out of the rows of their placements."""
    item = {clip.id: place for place, clip in enumerate(clip_order(db, study_id))}
    trials: dict[tuple[str, int], dict[int, tuple[float, float]]] = {}
    query = (
        select(ParticipantSession, Trial.number, Placement).join(Trial).join(Placement, Placement.trial_id == Trial.id)
    )
    for session, number, place in db.execute(query.order_by(ParticipantSession.number, Trial.number)):
        trials.setdefault((session.rater, number), {})[item[place.clip_id]] = (place.x, place.y)
    raters: dict[str, list[Arrangement]] = {}
    for (rater, _), places in trials.items():
        items = sorted(places)
        raters.setdefault(rater, []).append(Arrangement(items, [places[one] for one in items]))
    return raters


def csrf_token(page: str) -> str:
    """The token of the first form on a page."""
    match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert match, page
    return match.group(1)


def log_in(client: FlaskClient, email: str = EMAIL, password: str = PASSWORD) -> Any:
    """Send the login form as a browser would."""
    token = csrf_token(client.get("/login").text)
    return client.post("/login", data={"csrf_token": token, "email": email, "password": password})


def send_form(client: FlaskClient, path: str, page: str | None = None, **form: str) -> Any:
    """Send the form of a page, with its token."""
    token = csrf_token(client.get(page or path).text)
    return client.post(path, data={"csrf_token": token, **form})


def take_part(
    database: Database,
    name: str,
    seed: int = 0,
    *,
    recruiter: dict[str, str] | None = None,
    is_simulated: bool = False,
    trials: int | None = None,
    again: bool = False,
) -> str:
    """A rater takes part in a study (again) to the end, or for some trials; returns the session's public id.

    Raters of every seed share a random Gaussian geometry, to which each adds noise.
    """
    with database.writing() as db:
        entry = enter(db, name, recruiter or {}, is_simulated=is_simulated, again=again)
    with database.reading() as db:
        session = session_of(db, entry.token)
    start(database, entry.token)
    go_on(database, session.id, seed, trials=trials, token=entry.token)
    return session.public_id


def give_token(database: Database, number: int) -> str:
    """One more token of the session with this number in the study "faces", as of the browser in which it began."""
    token = new_token()
    with database.writing() as db:
        query = select(ParticipantSession).join(Study).where(Study.name == "faces", ParticipantSession.number == number)
        db.add(SessionToken(token_hash=hash_token(token), session_id=db.scalars(query).one().id))
        db.commit()
    return token


def leave(lab: Lab, number: int) -> None:
    """The participant withdraws through the service, by a token of the session."""
    token = give_token(lab.database, number)
    with lab.database.writing() as db:
        withdraw(db, token)


def go_on(database: Database, session_id: int, seed: int = 0, *, trials: int | None, token: str | None = None) -> None:
    """A session goes on for some trials, or to its end."""
    with database.writing() as db:
        session = db.get_one(ParticipantSession, session_id)
        clips = clip_order(db, session.study_id)
        if token is None:
            token = new_token()
            db.add(SessionToken(token_hash=hash_token(token), session_id=session_id))
            db.commit()
    first, second = np.triu_indices(len(clips), 1)
    points = np.random.default_rng(1).normal(size=(len(clips), 3))
    truth = np.linalg.norm(points[first] - points[second], axis=1)
    rng = np.random.default_rng([2, seed])
    index = {clip.id: item for item, clip in enumerate(clips)}
    record = advance(database, token)
    done = 0
    while (trials is None or done < trials) and (trial := record.open_trial) is not None:
        items = np.array([index[clip_id] for clip_id in trial.clip_ids])
        layout = place_items(truth, items, behaviour=Behaviour(noise=0.05), rng=rng)
        body = trial_bytes([clips[item].public_id for item in items], layout.positions)
        _, record = submit(database, token, trial.key, body)
        done += 1


def trial_bytes(names: list[str], positions: Any) -> bytes:
    """The body of a trial with these clips at these places; the first clip was moved twice and played once."""
    places = [{"clip": name, "x": float(x), "y": float(y)} for name, (x, y) in zip(names, positions, strict=True)]
    first = {"clip": names[0], "x": 0.125, "y": -0.25, "t": 10.0, "how": "drag"}
    return encode(
        submit_body(
            places,
            moves=[first, *({**place, "t": 100.0 + k, "how": "drag"} for k, place in enumerate(places))],
            plays=[{"clip": names[0], "t": 5.0, "ms": 700.0, "how": "hover", "ended": True}],
            duration=60_000.0,
            hidden=1_000.0,
            pixel_ratio=2,
        )
    )
