"""The practice round: drawn shapes with a known layout, before the first trial. It is no trial: it leaves a line in the
session's log and nothing in the data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.purposes import Purpose
from app.definition.study_toml import StudyDefinition
from app.media import VIDEOS, sources_of
from app.models import ParticipantSession, SessionEvent
from app.participation.payloads import check_placements, parse_trial
from app.participation.practice_score import PASS_MARK, Judgement, judge

KIND = "practice"
# Somebody who does not reach the pass mark gets this many rounds and then continues; the log tells the experimenter.
MAX_ROUNDS = 3
SIDE, DURATION_S = 192, 1.5

# The known layout, in arena units: circles apart from squares, sizes in order within each, across the whole circle.
LAYOUT: dict[str, tuple[float, float]] = {
    "circle-small": (-0.41, -0.17),
    "circle-middle": (-0.36, 0.0),
    "circle-large": (-0.41, 0.17),
    "square-small": (0.41, -0.17),
    "square-middle": (0.36, 0.0),
    "square-large": (0.41, 0.17),
}

# Names for whoever can't see the shapes. The page's script translates them.
NAMES: dict[str, str] = {
    "circle-small": "small circle",
    "circle-middle": "medium circle",
    "circle-large": "large circle",
    "square-small": "small square",
    "square-middle": "medium square",
    "square-large": "large square",
}

AssetUrl = Callable[[str], str]


@dataclass(frozen=True)
class Round:
    """A practice round that is over: the SHA-256 of what was sent, the agreement, and whether it was passed."""

    key: str
    sha256: str
    agreement: float
    passed: bool


def rounds_of(db: Session, session: ParticipantSession) -> list[Round]:
    """The session's practice rounds, in order."""
    query = select(SessionEvent).where(SessionEvent.session_id == session.id, SessionEvent.kind == KIND)
    return [
        Round(event.detail["key"], event.detail["sha256"], event.detail["agreement"], event.detail["passed"])
        for event in db.scalars(query.order_by(SessionEvent.id))
    ]


def open_round(session: ParticipantSession, definition: StudyDefinition, done: Sequence[Round]) -> str | None:
    """The key of the practice round that the session is at after those `done`, or None when none follows."""
    if not definition.design.practice or any(one.passed for one in done) or len(done) >= MAX_ROUNDS:
        return None
    return _key(session, len(done))


def practice_view(session: ParticipantSession, key: str, asset_url: AssetUrl) -> dict[str, Any]:
    """The round as the page shows it, in the form of a trial."""
    order = np.random.default_rng([session.seed, int(key[:8], 16)]).permutation(list(LAYOUT))
    return {
        "key": key,
        "number": 0,
        "purpose": Purpose.PRACTICE,
        "clips": [_clip(str(name), asset_url) for name in order],
        "draft": None,
        "question": None,
    }


def submit_round(db: Session, session: ParticipantSession, definition: StudyDefinition, key: str, raw: bytes) -> bool:
    """Note a practice round in the session's log, if `key` is one of the session's; the same one twice is noted once.

    Does not commit.

    Returns
    -------
    bool
        Whether `key` names a practice round of this session that can be acked.

    Raises
    ------
    Invalid
        When the body cannot be used.
    """
    digest = hashlib.sha256(raw).hexdigest()
    done = rounds_of(db, session)
    if any((one.key, one.sha256) == (key, digest) for one in done):
        return True
    if key != open_round(session, definition, done):
        return False
    body = parse_trial(raw)
    check_placements(body, set(LAYOUT), complete=True)
    agreement = _judged(body.model_dump(), definition).agreement
    passed = definition.design.practice_pass is None or agreement >= definition.design.practice_pass
    detail = {"key": key, "sha256": digest, "agreement": agreement, "passed": passed, "body": body.model_dump()}
    db.add(SessionEvent(session_id=session.id, kind=KIND, detail=detail))
    return True


def practice_feedback(
    db: Session, session: ParticipantSession, definition: StudyDefinition, key: str, asset_url: AssetUrl
) -> dict[str, Any] | None:
    """What the page tells about a practice round that is over: the shapes, where they were put and where they belong,
    the verdict and what to do better. None when `key` names no such round of this session.
    """
    query = select(SessionEvent).where(SessionEvent.session_id == session.id, SessionEvent.kind == KIND)
    body = next((event.detail["body"] for event in db.scalars(query) if event.detail["key"] == key), None)
    if body is None:
        return None
    judged = _judged(body, definition)
    return {
        "key": key,
        "clips": [_clip(name, asset_url) for name in LAYOUT],
        "placements": [{name: place[name] for name in ("clip", "x", "y")} for place in body["placements"]],
        "expected": [{"clip": name, "x": x, "y": y} for name, (x, y) in judged.expected.items()],
        "verdict": judged.verdict,
        "advice": [{"kind": each.kind, "clips": list(each.shapes)} for each in judged.advice],
    }


def _judged(body: dict[str, Any], definition: StudyDefinition) -> Judgement:
    placed = {place["clip"]: (place["x"], place["y"]) for place in body["placements"]}
    mark = definition.design.practice_pass
    return judge(placed, LAYOUT, mark=PASS_MARK if mark is None else mark)


def _key(session: ParticipantSession, number: int) -> str:
    return hashlib.sha256(f"practice {session.public_id} {session.seed} {number}".encode()).hexdigest()[:32]


def _clip(name: str, asset_url: AssetUrl) -> dict[str, Any]:
    return {
        "id": name,
        "label": NAMES[name],
        "width": SIDE,
        "height": SIDE,
        "duration": DURATION_S,
        "poster": asset_url(f"practice/{name}.webp"),
        "sources": sources_of({kind: asset_url(f"practice/{name}.{kind}") for kind in VIDEOS}),
    }
