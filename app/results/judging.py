"""What a study's page of quality shows: how everybody worked, what rules propose, what was decided, and who is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.purposes import JUDGMENTS
from analysis.results import Choice, Flow, SessionCount, flow_of
from app.definition.study_toml import definition_of
from app.domain import SessionState
from app.models import COUNTED, ParticipantSession, Study, Submission, Trial
from app.participation.attention_checks import checks_of_sessions
from app.participation.decisions import Decided, decisions_of, excluded_trials
from app.results.inputs import Inputs, inputs_of
from app.results.proposals import Proposal, proposals
from app.results.stored import Standing, standing_of, stored_overview

# Everybody is held against everybody, so that a decision about one does not change the values of the others.
EVERYBODY = Choice(with_excluded=True)


@dataclass(frozen=True)
class Judging:
    """How everybody who has finished worked, as computed last (None before the first time), and the state of that work.

    `workers` are the rows of `Overview.quality`, each with what is left out of it now: `left_out`, the reason or None,
    and `left_out_trials`, reasons by number.
    """

    inputs: Inputs
    standing: Standing
    workers: list[dict[str, Any]] | None
    proposals: list[Proposal]
    decided: list[Decided]


def judging(db: Session, study: Study) -> Judging:
    """All that is to be judged about a study's sessions."""
    inputs = inputs_of(db, study.id, EVERYBODY)
    overview = stored_overview(db, inputs, with_quality=True)
    if overview is None and inputs.choice.with_excluded:
        # Until the first results with what was left out are there, those from before it was left out are shown.
        inputs_before = replace(inputs, choice=replace(inputs.choice, with_excluded=False))
        overview = stored_overview(db, inputs_before, with_quality=True)
    sessions = list(db.scalars(select(ParticipantSession).where(ParticipantSession.study_id == study.id, COUNTED)))
    known = {session.public_id: session for session in sessions}
    trials = excluded_trials(db, study.id)
    public = {session.id: session.public_id for session in sessions}
    # Pilots do checks too.
    done = checks_of_sessions(db, ParticipantSession.study_id == study.id).items()
    checks = {public[session_id]: outcome for session_id, outcome in done if session_id in public}
    decided = [one for _, one in decisions_of(db, study)]
    workers = None
    if overview is not None:
        workers = [
            worker
            | {
                "left_out": known[worker["session"]].exclusion_reason,
                "left_out_trials": {
                    number + 1: reason for number, reason in trials.get(known[worker["session"]].id, {}).items()
                },
            }
            for worker in overview.quality
            if worker["session"] in known
        ]
    proposed = proposals(workers or (), checks, definition_of(study).quality, decided)
    return Judging(inputs, standing_of(db, inputs), workers, proposed, decided)


def session_counts(db: Session, study: Study) -> list[SessionCount]:
    """The study's sessions for its flow, in a few rows; a withdrawn or erased one is counted, and nothing more."""
    judged = (
        select(Trial.session_id)
        .join(Submission)
        .join(ParticipantSession)
        .where(ParticipantSession.study_id == study.id, Trial.purpose.in_(JUDGMENTS))
        .distinct()
        .subquery()
    )
    columns = (
        ParticipantSession.state,
        ParticipantSession.started_at.is_not(None).label("begun"),
        ParticipantSession.is_simulated,
        judged.c.session_id.is_not(None).label("with_trials"),
        ParticipantSession.exclusion_reason,
    )
    query = (
        select(*columns, func.count())
        .outerjoin(judged, judged.c.session_id == ParticipantSession.id)
        .where(ParticipantSession.study_id == study.id, COUNTED)
        .group_by(*columns)
    )
    counts = []
    for state, begun, simulated, with_trials, reason, number in db.execute(query):
        stage = _stage(state, begun=begun)
        # Of who withdrew nothing is told but that.
        is_told = stage in {"finished", "unfinished"}
        counts.append(SessionCount(stage, simulated, with_trials and is_told, reason if is_told else None, number))
    return sorted(counts, key=lambda row: tuple(map(str, row)))


def study_flow(db: Session, study: Study, choice: Choice, failures: Sequence[str] = ()) -> Flow:
    """The flow of a study's sessions to those analysed in a choice; `failures` are the raters without an RDM."""
    return flow_of(session_counts(db, study), choice, without_rdm=len(failures))


def _stage(state: SessionState, *, begun: bool) -> str:
    if state == SessionState.WITHDRAWN:
        return "withdrew" if begun else "withdrew_before"
    if state in {SessionState.SCREENED_OUT, SessionState.QUOTA_FULL}:
        return state.value
    if state == SessionState.FINISHED:
        return "finished"
    return "unfinished" if begun else "not_begun"
