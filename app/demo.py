"""The demo: one study out of the project's drawn clips, with simulated raters who use the same services as a person."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import click
import numpy as np
from sqlalchemy import func, select, update

from analysis.arrangement import Arrangement, Floats
from analysis.rdm import subset
from analysis.simulate import Behaviour, individual, place_items, trial_seconds
from app.cli.support import Installation, convert_clips, echo_notes, echo_same
from app.clips.clip_files import clip_files, passed_over, with_folders
from app.db import Database
from app.domain import StudyState
from app.models import Clip, ParticipantSession, Study, now
from app.participation.arrangements import clip_order
from app.participation.enrolment import enter
from app.participation.submission import submit
from app.participation.trials import start
from app.studies.lifecycle import create_study, open_study
from app.studies.study_folder import StudyFolder, read_study_folder
from demo.geometry import read_attributes, true_rdm

ROOT = Path(__file__).parent.parent
DEMO_FOLDER = ROOT / "demo"
DEMO_DATA = ROOT / "instance" / "demo"
N_RATERS = 8
OWN_SHARE = 0.3
SEED = 20121104


def demo_study(here: Installation, clips: Path | None) -> str:
    """The name of the demo's study. Each step is left out when an earlier start has done it."""
    folder = read_study_folder(DEMO_FOLDER, name="faces")
    if clips is not None:
        definition = folder.definition.model_copy(update={"title": "Your own clips"})
        toml = folder.toml.replace(folder.definition.title, definition.title, 1)
        files = clip_files(clips)
        folder = StudyFolder("own-clips", definition, toml, files, with_folders(files, {}), passed_over(clips))
    with here.database.writing() as db:
        known = {study.name: study for study in db.scalars(select(Study))}
        if folder.name not in known:
            _, imported = create_study(db, here.settings, folder)
            echo_notes(folder.notes)
            echo_same(imported)
        elif clips is not None:
            click.echo("This data folder holds a study of your own clips already; it is shown as it is.")
    study = convert_clips(here, folder.name)
    if study.state == StudyState.DRAFT:
        with here.database.writing() as db:
            open_study(db, study.name, without_failed=True)
    if clips is None:
        _simulate(here, study)
    return study.name


def _simulate(here: Installation, study: Study) -> None:
    with here.database.reading() as db:
        query = select(func.count()).select_from(ParticipantSession)
        there = db.scalar(query.where(ParticipantSession.study_id == study.id, ParticipantSession.is_simulated)) or 0
        files = [clip.file_name for clip in clip_order(db, study.id)]
    row = {attributes["clip"]: number for number, attributes in enumerate(read_attributes())}
    truth = subset(true_rdm(), np.array([row[file] for file in files]))
    if there < N_RATERS:
        with click.progressbar(range(there, N_RATERS), label="Simulated raters take part") as raters:
            for rater in raters:
                simulate_rater_session(here.database, study.name, study.id, truth, rater)


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
        # The trials lie in the past, and nobody agrees after the last of them.
        of_rater = ParticipantSession.public_id == entry.session_id
        db.execute(update(ParticipantSession).where(of_rater).values(consented_at=clock))
        db.commit()
    with database.reading() as db:
        clips = clip_order(db, study_id)
    items = {clip.id: item for item, clip in enumerate(clips)}
    record = start(database, entry.token, at=clock)
    while (trial := record.open_trial) is not None:
        shown = np.array([items[clip_id] for clip_id in trial.clip_ids])
        arrangement = place_items(rdm, shown, behaviour=behaviour, rng=rng)
        seconds = trial_seconds(len(shown), behaviour=behaviour, rng=rng)
        clock += timedelta(seconds=seconds)
        body = _body(arrangement, clips, seconds, rng)
        _, record = submit(database, entry.token, trial.key, body, at=clock)


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
