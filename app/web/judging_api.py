"""Quality, decisions, the participant flow and the record of single trials under /api/v1/studies/<name>."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from analysis.results import QUALITY_MEASURES
from app.accounts.members import require_study
from app.domain import Role
from app.errors import Invalid, NotFound
from app.models import Clip, Study, Submission, Trial
from app.participation.decisions import Decided, decisions_of
from app.participation.payloads import recorded
from app.participation.people import session_named
from app.results.judging import judging
from app.results.work import request_results
from app.web.context import database
from app.web.json_values import iso_time
from app.web.login import account_id
from app.web.quality import decide_as_asked, decided_flow
from app.web.study_json import clip_view

# A part of the experimenter's API: guarded as all of it.
blueprint = Blueprint("judging", __name__)


class DecisionBody(BaseModel):
    """A decision about a session, or about one trial of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    participant: str = Field(max_length=64, description="P001, or the session's id.")
    verdict: str = Field(max_length=16, description="exclude, include, or dismiss (what a rule proposes).")
    trial: int | None = Field(default=None, ge=1, le=1_000_000, description="Number in its session, from 1.")
    reason: str = Field(default="", max_length=2000, description="Why; it is needed to exclude.")
    rule: str | None = Field(default=None, max_length=32, description="The rule that proposed it, if one did.")


@blueprint.get("/<name>/quality")
def quality(name: str) -> Response:
    """How everybody who has finished worked, as computed last, and what rules propose; "working" until there is any."""
    with database().reading() as db:
        judged = judging(db, require_study(db, account_id(), name, Role.VIEWER))
    if judged.standing.is_wanted:
        with database().writing() as db:
            request_results(db, judged.inputs)
    measures = [
        {"key": m.key, "label": m.label, "meaning": m.meaning, "unit": m.unit, "limit": m.limit, "side": m.side}
        for m in QUALITY_MEASURES
    ]
    # Without anybody who has finished there is nothing to wait for.
    works = judged.workers is None and bool(judged.inputs.chosen)
    workers = [worker | {"trials": _trials(worker)} for worker in judged.workers or []]
    proposed = [
        {"participant": one.rater, "session": one.session, "trial": one.trial, "rule": one.rule, "reason": one.reason}
        for one in judged.proposals
    ]
    state = "working" if works else "ready"
    return jsonify(state=state, measures=measures, participants=workers, proposals=proposed)


@blueprint.get("/<name>/decisions")
def decisions(name: str) -> Response:
    """All decisions, oldest first."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        return jsonify(decisions=_decisions(db, study))


@blueprint.post("/<name>/decisions")
def decide(name: str) -> Response:
    """Leave a session or a trial out of the results, take it in again, or pass over what a rule proposes."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        body = _parse()
        decide_as_asked(db, study, body.verdict, body.participant, body.trial, body.reason, body.rule)
    with database().reading() as db:
        return jsonify(decisions=_decisions(db, study))


@blueprint.get("/<name>/flow")
def flow(name: str) -> Response:
    """How many agreed, began, finished and are analysed, and why others went no further."""
    with database().reading() as db:
        decided = decided_flow(db, require_study(db, account_id(), name, Role.VIEWER))
    steps = [
        {
            "label": step.label,
            "sessions": step.count,
            "went_no_further": [{"label": one.label, "sessions": one.count} for one in step.asides],
        }
        for step in decided.steps
    ]
    return jsonify(steps=steps, analysed=decided.analysed, simulated=decided.simulated)


@blueprint.get("/<name>/sessions/<session>/trials/<int:number>")
def trial(name: str, session: str, number: int) -> Response:
    """A stored trial with all that its page recorded: clips by seat, moves, plays, and what was handed in."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        row = db.scalar(
            select(Trial)
            .where(Trial.session_id == session_named(db, study, session).id, Trial.number == number - 1)
            .options(joinedload(Trial.submission).options(undefer(Submission.body)))
        )
        if row is None or row.submission is None:
            raise NotFound("There is no such trial, or it is not stored yet.")
        return jsonify(_trial_view(row, row.submission))


def _trial_view(trial: Trial, sent: Submission) -> dict[str, Any]:
    record = recorded(sent.body)
    clips = [seat.clip for seat in trial.seats]
    ids = {clip.id: clip.public_id for clip in clips}
    last = record.moves[-1][0] + 1 if record.moves else 0
    return {
        "number": trial.number + 1,
        "purpose": trial.purpose.value,
        "clips": [_clip(seat.clip) | {"seat": seat.seat} for seat in trial.seats],
        "aspect": _aspect(clips),
        "moves": [move for _, move in record.moves],
        "moves_left_out": last - len(record.moves),
        "plays": [play for _, play in record.plays],
        "placements": [{"clip": ids[place.clip_id], "x": place.x, "y": place.y} for place in sent.placements],
        "duration": sent.duration_ms,
        "hidden": sent.hidden_ms,
    }


def _clip(clip: Clip) -> dict[str, Any]:
    view = clip_view(clip)
    return {key: view[key] for key in ("id", "label", "poster")}


def _aspect(clips: list[Clip]) -> float:
    """Width by height of the clips, in the middle of them, as the arena would take it."""
    known = sorted(clip.width / clip.height for clip in clips if clip.width and clip.height)
    return min(2.5, max(0.4, known[len(known) // 2])) if known else 4 / 3


def _decisions(db: Session, study: Study) -> list[dict[str, Any]]:
    return [_decision(one) for _, one in decisions_of(db, study)]


def _decision(one: Decided) -> dict[str, Any]:
    return {
        "participant": one.rater,
        "session": one.session,
        "trial": one.trial,
        "verdict": one.verdict.value,
        "reason": one.reason,
        "rule": one.rule,
        "by": one.who,
        "at": iso_time(one.at),
    }


def _trials(worker: dict[str, Any]) -> list[dict[str, Any]]:
    out = worker["left_out_trials"]
    return [trial | {"left_out": out.get(trial["number"])} for trial in worker["trials"]]


def _parse() -> DecisionBody:
    try:
        return DecisionBody.model_validate_json(request.get_data())
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{field}: {first['msg']}", field=field) from error
