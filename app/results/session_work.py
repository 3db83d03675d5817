"""How somebody worked in a session, trial by trial: from its placements, and the moves and plays that its page sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from analysis.purposes import JUDGMENTS
from analysis.results import TrialWork, trials_work
from app.models import Submission, Trial
from app.participation.payloads import recorded

# Trials whose records are read at once; one holds up to half a megabyte.
BATCH = 20


def session_work(
    db: Session, session_id: int, items: Mapping[int, int], *, last: int | None = None
) -> list[tuple[int, TrialWork]]:
    """The session's judgments up to trial number `last` (from 0), each with its number from 1, in their order.

    Trials that somebody left out are among them, those with other clips than those of `items` are not; `items` are item
    indices by the clips' database ids.
    """
    query = select(Trial.id).join(Submission).where(Trial.session_id == session_id, Trial.purpose.in_(JUDGMENTS))
    if last is not None:
        query = query.where(Trial.number <= last)
    ids = list(db.scalars(query.order_by(Trial.number)))
    return [one for start in range(0, len(ids), BATCH) for one in _work(db, ids[start : start + BATCH], items)]


def _work(db: Session, ids: list[int], items: Mapping[int, int]) -> list[tuple[int, TrialWork]]:
    loaded = joinedload(Trial.submission)
    query = (
        select(Trial)
        .where(Trial.id.in_(ids))
        .options(loaded.undefer(Submission.body), loaded.selectinload(Submission.placements))
        .order_by(Trial.number)
    )
    trials = [trial for trial in db.scalars(query) if all(seat.clip_id in items for seat in trial.seats)]
    heads: list[dict[str, Any]] = []
    placements: list[dict[str, Any]] = []
    moves: list[dict[str, Any]] = []
    plays: list[dict[str, Any]] = []
    index: dict[str, int] = {}
    for trial in trials:
        sent = trial.submission
        assert sent is not None
        record = recorded(sent.body)
        key = {"trial_key": trial.key}
        index |= {seat.clip.public_id: items[seat.clip_id] for seat in trial.seats}
        seats = {seat.clip_id: seat for seat in trial.seats}
        heads.append(
            key
            | {
                "duration_ms": sent.duration_ms,
                "hidden_ms": sent.hidden_ms,
                "item_size_px": sent.item_width,
                "arena_diameter_px": sent.arena_diameter,
            }
        )
        placements += [
            key
            | {
                "clip": seats[place.clip_id].clip.public_id,
                "seat": seats[place.clip_id].seat,
                "x": place.x,
                "y": place.y,
                "watched": place.watched,
            }
            for place in sorted(sent.placements, key=lambda place: items[place.clip_id])
        ]
        moves += [key | {"sequence": number, "clip": move["clip"], "x": move["x"]} for number, move in record.moves]
        plays += [key | {"clip": play["clip"], "completed": play["ended"]} for _, play in record.plays]
        db.expire(sent, ["body"])
    works = trials_work(heads, placements, moves, plays, index)
    return [(trial.number + 1, work) for trial, work in zip(trials, works, strict=True)]
