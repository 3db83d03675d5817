"""Rows and bodies for tests: a study with clips that can be shown, and what a page would send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from app.accounts.members import add_first_owner
from app.config import Settings
from app.db import Database
from app.definition.study_toml import parse_definition
from app.domain import ClipState, StudyState
from app.media import media_path
from app.models import Clip, Rendition, Study
from app.studies.versions import publish
from app.tokens import new_public_id

TOML = 'title = "A study"\nseed = 7\n'


def make_study(
    database: Database,
    settings: Settings,
    *,
    name: str = "faces",
    n_clips: int = 6,
    toml: str = TOML,
    state: StudyState = StudyState.OPEN,
    owner_id: int | None = None,
    sets: Sequence[str] = (),
) -> int:
    """A study whose clips are ready; their files hold a few bytes that name them. Returns the study's id.

    With `sets`, one for each clip, that is the clips' attribute "set".
    """
    definition = parse_definition(toml)
    with database.writing() as db:
        study = Study(
            name=name,
            state=state,
            definition=definition.model_dump(mode="json"),
            definition_toml=toml,
            made_by_id=owner_id,
        )
        db.add(study)
        db.flush()
        add_first_owner(db, study, owner_id)
        for position in range(len(sets) or n_clips):
            clip = Clip(
                study_id=study.id,
                public_id=new_public_id("C"),
                position=position,
                file_name=f"clip{position}.mp4",
                label=f"clip{position}",
                attributes={"set": sets[position]} if sets else {},
                source_sha256=hashlib.sha256(f"{name} {position}".encode()).hexdigest(),
                state=ClipState.READY,
                progress=1.0,
                width=64,
                height=48,
                duration_s=1.0,
                fps=25.0,
                has_audio=False,
            )
            clip.renditions = [
                _rendition(settings, f"{name} {position} {kind}".encode(), kind, extension)
                for kind, extension in (("mp4", "mp4"), ("webm", "webm"), ("poster", "webp"))
            ]
            db.add(clip)
        if state != StudyState.DRAFT:
            publish(db, study, by=None, new_version=True)
        db.commit()
        return study.id


def trial_body(trial: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    """A finished trial as a page would send it: every clip of the trial at a random place inside the arena."""
    rng = np.random.default_rng(seed)
    places = []
    for clip in trial["clips"]:
        angle, radius = rng.uniform(0, 2 * np.pi), 0.5 * np.sqrt(rng.uniform())
        places.append({"clip": clip["id"], "x": float(radius * np.cos(angle)), "y": float(radius * np.sin(angle))})
    return submit_body(
        places,
        moves=[{**place, "t": 1000.0 * k, "how": "drag"} for k, place in enumerate(places)],
        plays=[{"clip": places[0]["clip"], "t": 10.0, "ms": 500.0, "how": "hover", "ended": False}],
    )


def submit_body(
    placements: list[dict[str, Any]],
    *,
    moves: list[dict[str, Any]],
    plays: list[dict[str, Any]],
    duration: float = 30_000.0,
    hidden: float = 0.0,
    pixel_ratio: float = 1,
) -> dict[str, Any]:
    """The body of a submit, in the one form that the API takes."""
    return {
        "placements": placements,
        "moves": moves,
        "plays": plays,
        "duration": duration,
        "hidden": hidden,
        "viewport": {"width": 1280, "height": 720, "pixel_ratio": pixel_ratio},
        "arena": {"x": 640, "y": 360, "diameter": 560, "item": 64},
    }


def encode(body: dict[str, Any]) -> bytes:
    """The bytes of a body, as the page sends them."""
    return json.dumps(body).encode()


def _rendition(settings: Settings, content: bytes, kind: str, extension: str) -> Rendition:
    sha256 = hashlib.sha256(content).hexdigest()
    file = media_path(settings.media_folder, sha256, extension)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return Rendition(kind=kind, sha256=sha256, bytes=len(content))
