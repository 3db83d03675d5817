"""The experimenter's pages and API at size: a study of 300 participants and 12,000 trials, and one of 707 clips.

    python3 run.py bench pages [--sessions 300] [--trials 40] [--clips 60] [--items 10] [--data DIR] [--no-results]

The study is made by bulk insert: sessions of raters around one truth, each trial with placements and the bytes that a
page would have sent. Results are computed once as the worker does (not with `--no-results`), then each page is asked
for twice by Flask's test client, and the second is timed: seconds, statements, kilobytes, and the elements of pages.
Memory is the most that the process has held so far. `--data DIR` keeps the data folder, to be looked at with
`run.py serve --data DIR`; the account is size@lab.example, "five slow rivers".

Over 300 lines: the study that is made, and the pages that are timed on it, one after the other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import event, insert, select

from analysis.results import Choice
from app import create_app
from app.accounts.logins import start_login
from app.accounts.setup_links import make_setup_link, use_setup_link
from app.config import load_settings
from app.db import Database, open_database
from app.definition.study_toml import parse_definition
from app.domain import ClipState, SessionState, StudyState
from app.models import (
    Clip,
    Experimenter,
    ParticipantSession,
    Placement,
    Rendition,
    Seat,
    Study,
    StudyMember,
    Submission,
    Trial,
    now,
)
from app.results.inputs import inputs_of
from app.results.work import compute_next, request_results
from app.schema import migrate
from app.studies.versions import publish
from app.tokens import new_public_id, new_trial_key
from benchmarks.recovery_tables import table

EMAIL, PASSWORD = "size@lab.example", "five slow rivers"
TOML = 'title = "At size"\nseed = 7\n[design]\nmax_items = {items}\n'
PAGES = (
    "/studies",
    "/studies/{name}",
    "/api/v1/studies/{name}",
    "/api/v1/studies/{name}?page=3&sort=minutes",
    "/api/v1/studies/{name}/live",
    "/api/v1/studies/{name}/reliability",
    "/studies/{name}/clips",
    "/api/v1/studies/{name}/clips",
    "/studies/{name}/results",
    "/api/v1/studies/{name}/results",
    "/api/v1/studies/{name}/results/rdms/group",
    "/api/v1/studies/{name}/results/maps/group",
    "/api/v1/studies/{name}/results/agreement",
    "/api/v1/studies/{name}/results/rdms/P001",
    "/api/v1/studies/{name}/ratings",
    "/studies/{name}/quality",
    "/api/v1/studies/{name}/quality",
    "/api/v1/studies/{name}/decisions",
    "/studies/{name}/sessions/P001",
    "/api/v1/studies/{name}/sessions/P001/trials/1",
    "/studies/{name}/plan",
    "/api/v1/studies/{name}/plan",
    "/studies/{name}/settings",
    "/studies/{name}/recruit",
    "/studies/{name}/people",
    "/studies/{name}/delete",
    "/api/v1/studies/{name}/bundle.zip",
)


def main(argv: list[str]) -> int:
    """Make the studies, and print how each page did."""
    parser = argparse.ArgumentParser(prog="bench pages")
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--items", type=int, default=10)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--no-results", action="store_true")
    parser.add_argument("--only", default="", help="a part of the addresses that are asked for")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        report = measure(options, options.data or Path(folder) / "data")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def measure(options: argparse.Namespace, data: Path) -> dict[str, Any]:
    """All that is printed."""
    settings = load_settings(data=data, rate_limits=False)
    database = open_database(settings.database)
    migrate(database)
    name = f"size-{options.clips}"
    with database.reading() as db:
        is_there = db.scalar(select(Study.id).where(Study.name == name)) is not None
    if not is_there:
        start = time.monotonic()
        fill(database, name, options)
        print(f"made in {time.monotonic() - start:.1f} s")
    if not options.no_results:
        with database.writing() as db:
            request_results(db, inputs_of(db, db.scalars(select(Study.id).where(Study.name == name)).one(), Choice()))
        start = time.monotonic()
        while compute_next(database):
            pass
        print(f"results in {time.monotonic() - start:.1f} s, {_megabytes():.0f} MB")
    database.close()
    rows = []
    for page in PAGES:
        # Without a worker a bundle computes all that is missing first.
        if options.only in page and not (options.no_results and page.endswith(".zip")):
            rows.append(visit(settings, name, page))
            print("  ".join(str(value) for value in rows[-1].values()), flush=True)
    print(table(list(rows[0]), [[str(value) for value in row.values()] for row in rows]))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return {"rows": rows, "load": os.getloadavg()[0]}


_app: Any = None


def visit(settings: Any, name: str, page: str) -> dict[str, Any]:
    """One page, asked for twice."""
    global _app  # noqa: PLW0603 - one app for all pages
    if _app is None:
        _app = create_app(settings)
        _count(_app)
        database: Database = _app.extensions["asterism"].database
        with database.writing() as db:
            who = db.scalars(select(Experimenter)).first()
            _app.extensions["login"] = start_login(db, who.id)
    client = _app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = _app.extensions["login"], True
    address = page.format(name=name)
    for _ in range(2):
        _app.extensions["statements"] = 0
        start = time.perf_counter()
        answer = client.get(address, buffered=False)
        size = sum(len(piece) for piece in answer.iter_encoded()) if page.endswith(".zip") else len(answer.get_data())
        seconds = time.perf_counter() - start
    text = answer.text if answer.mimetype == "text/html" else ""
    return {
        "page": page,
        "status": answer.status_code,
        "seconds": round(seconds, 2),
        "statements": _app.extensions["statements"],
        "KB": round(size / 1000),
        "elements": len(re.findall(r"<[a-z]", text)) or "",
        "MB": round(_megabytes()),
    }


def _count(app: Any) -> None:
    @event.listens_for(app.extensions["asterism"].database.engine, "before_cursor_execute")
    def _(*_: Any) -> None:
        app.extensions["statements"] = app.extensions.get("statements", 0) + 1


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fill(database: Database, name: str, options: argparse.Namespace) -> None:
    """The study with all its rows."""
    toml = TOML.format(items=options.items)
    with database.writing() as db:
        owner = db.scalars(select(Experimenter)).first()
        owner_id = owner.id if owner else use_setup_link(db, make_setup_link(db) or "", EMAIL, PASSWORD).id
    with database.writing() as db:
        definition = parse_definition(toml).model_dump(mode="json")
        study = Study(name=name, state=StudyState.OPEN, definition=definition, definition_toml=toml)
        db.add(study)
        db.flush()
        db.add(StudyMember(study_id=study.id, experimenter_id=owner_id, role="owner"))
        clips = [_clip(study.id, name, place) for place in range(options.clips)]
        db.add_all(clips)
        publish(db, study, by=None, new_version=True)
        db.flush()
        ids, names = [clip.id for clip in clips], [clip.public_id for clip in clips]
        truth = np.random.default_rng(1).normal(size=(options.clips, 2))
        trial_id = (db.scalars(select(Trial.id).order_by(Trial.id.desc()).limit(1)).first() or 0) + 1
        for number in range(1, options.sessions + 1):
            rng = np.random.default_rng([2, number])
            session = _session(study.id, number)
            db.add(session)
            db.flush()
            rows: dict[Any, list[dict[str, Any]]] = {Trial: [], Seat: [], Submission: [], Placement: []}
            for place in range(options.trials):
                _trial(rows, trial_id, session.id, place, ids, names, truth, options.items, rng)
                trial_id += 1
            for model, values in rows.items():
                db.execute(insert(model), values)
        db.commit()


def _session(study_id: int, number: int) -> ParticipantSession:
    return ParticipantSession(
        study_id=study_id,
        public_id=new_public_id("S"),
        number=number,
        person=number,
        state=SessionState.FINISHED,
        recruiter={"PROLIFIC_PID": f"{number:024d}"},
        recruiter_key=hashlib.sha256(f"{study_id} {number}".encode()).hexdigest(),
        seed=number,
        progress=1.0,
        started_at=now(),
        ended_at=now(),
        ended_by="evidence",
        last_seen_at=now() - timedelta(minutes=number),
    )


def _clip(study_id: int, name: str, place: int) -> Clip:
    sha256 = hashlib.sha256(f"{name} {place}".encode()).hexdigest()
    return Clip(
        study_id=study_id,
        public_id=new_public_id("C"),
        position=place,
        file_name=f"clip{place:03d}.mp4",
        label=f"clip{place:03d}",
        source_sha256=sha256,
        attributes={"category": f"c{place % 7}"},
        state=ClipState.READY,
        progress=1.0,
        width=640,
        height=480,
        duration_s=2.0,
        fps=25.0,
        has_audio=False,
        renditions=[Rendition(kind=kind, sha256=sha256, bytes=1000) for kind in ("mp4", "webm", "poster")],
    )


def _trial(
    rows: dict[Any, list[dict[str, Any]]],
    trial_id: int,
    session_id: int,
    place: int,
    ids: list[int],
    names: list[str],
    truth: Any,
    size: int,
    rng: np.random.Generator,
) -> None:
    items = np.sort(rng.choice(len(ids), size, replace=False))
    points = truth[items] + rng.normal(scale=0.3, size=(size, 2))
    points -= points.mean(axis=0)
    # To the edge of the arena, as people use it.
    points *= 0.49 / np.hypot(*points.T).max()
    places = [{"clip": names[item], "x": float(x), "y": float(y)} for item, (x, y) in zip(items, points, strict=True)]
    body = {
        "placements": places,
        "moves": [{**one, "t": 4000.0 * (k + 1), "how": "drag"} for k, one in enumerate(places)],
        "plays": [
            {"clip": one["clip"], "t": 100.0 * k, "ms": 2000.0, "how": "hover", "ended": True}
            for k, one in enumerate(places)
        ],
        "duration": 60_000.0,
        "hidden": 0.0,
        "viewport": {"width": 1280, "height": 720, "pixel_ratio": 1},
        "arena": {"x": 640, "y": 360, "diameter": 560, "item": 64},
    }
    content = json.dumps(body).encode()
    rows[Trial].append(
        {
            "id": trial_id,
            "session_id": session_id,
            "key": new_trial_key(),
            "number": place,
            "design": "random",
            "seed": 1,
        }
    )
    rows[Seat] += [{"trial_id": trial_id, "seat": seat, "clip_id": ids[item]} for seat, item in enumerate(items)]
    rows[Submission].append(
        {
            "trial_id": trial_id,
            "sha256": hashlib.sha256(content).hexdigest(),
            "body": content,
            "duration_ms": 60_000.0,
            "hidden_ms": 0.0,
            "active_ms": float(rng.uniform(30_000, 60_000)),
            "viewport_width": 1280.0,
            "viewport_height": 720.0,
            "pixel_ratio": 1.0,
            "arena_x": 640.0,
            "arena_y": 360.0,
            "arena_diameter": 560.0,
            "item_width": 64.0,
        }
    )
    rows[Placement] += [
        {"trial_id": trial_id, "clip_id": ids[item], "x": one["x"], "y": one["y"]}
        for item, one in zip(items, places, strict=True)
    ]
