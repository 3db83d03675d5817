"""Rows of the export bundle's tables, fetched from the database a batch at a time (F29).

Over 300 lines: a short function for each table, read beside the tables' columns.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.definition.consent import as_question
from app.definition.questions import COMMENT
from app.definition.sets import SEPARATOR, clip_sets
from app.definition.study_toml import definition_of
from app.domain import ItemKind, SessionState
from app.models import Answer, Clip, ParticipantSession, Placement, Seat, Study, Submission, Trial
from app.participation.arrangements import clip_order
from app.participation.attention_checks import NO_CHECKS, checks_of_sessions
from app.participation.decisions import decisions_of, excluded_trials
from app.participation.payloads import Record, recorded
from app.participation.session_log import UNPROVEN_TRIAL
from app.results.chosen import BATCH, Cells, ExportOptions, chosen_sessions
from app.results.model_files import model_cells
from app.results.ratings import attribute_rows, earlier_definitions, rating_rows
from app.studies.monitoring import event_counts
from app.studies.origin import not_known

# A trial's record holds up to half a megabyte.
BATCH_OF_RECORDS = 5


def bundle_tables(db: Session, study: Study, options: ExportOptions) -> dict[str, Iterator[Cells]]:
    """The tables that come straight out of the database, by name; nothing is read before a table is iterated over."""
    tables = {
        "clips": _clips(db, study),
        "attributes": _attributes(db, study),
        "sets": _sets(db, study),
        "participants": _participants(db, study, options),
        "trials": _trials(db, study, options),
        "placements": _placements(db, study, options),
        "moves": _moves(db, study, options),
        "plays": _plays(db, study, options),
        "answers": answer_rows(db, study, options),
        "decisions": _decisions(db, study, options),
        "ratings": rating_rows(db, study, options),
        "attributes_from_ratings": attribute_rows(db, study, options),
        "candidate_models": model_cells(db, study),
    }
    return {name: without_unknown(rows, not_known(study, name)) for name, rows in tables.items()}


def without_unknown(rows: Iterator[Cells], unknown: Collection[str]) -> Iterator[Cells]:
    """The rows with what is not known left empty: the database wants a value where brought-in data have none."""
    return ({**row, **dict.fromkeys(unknown)} for row in rows) if unknown else rows


def _clips(db: Session, study: Study) -> Iterator[Cells]:
    with_sound = definition_of(study).playback.sound
    for item, clip in enumerate(clip_order(db, study.id)):
        yield {
            "item": item,
            "clip": clip.file_name,
            "label": clip.label,
            "sha256": clip.source_sha256,
            "duration_ms": None if clip.duration_s is None else clip.duration_s * 1000,
            "width_px": clip.width,
            "height_px": clip.height,
            "frame_rate": clip.fps,
            "has_sound": bool(clip.has_audio) and (with_sound or clip.kind == ItemKind.SOUND),
            "converted_at": clip.converted_at,
            "kind": clip.kind.value,
        }


def _sets(db: Session, study: Study) -> Iterator[Cells]:
    clips = clip_order(db, study.id)
    for number, one in enumerate(clip_sets(definition_of(study).sets, [clip.attributes for clip in clips]), start=1):
        for item in one.items:
            yield {
                "set": one.name,
                "number": number,
                "clip": clips[item].file_name,
                "is_anchor": item in one.anchors,
            }


def _attributes(db: Session, study: Study) -> Iterator[Cells]:
    for clip in clip_order(db, study.id):
        for attribute, value in clip.attributes.items():
            yield {"clip": clip.file_name, "attribute": attribute, "value": value}


def _participants(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    counted = select(Trial.session_id, func.count()).join(Submission).group_by(Trial.session_id)
    trials = dict(db.execute(counted).tuples().all())
    checks = checks_of_sessions(db, ParticipantSession.study_id == study.id)
    unproven = event_counts(db, study, UNPROVEN_TRIAL)
    for session in db.scalars(chosen_sessions(select(ParticipantSession), study, options)):
        attention = checks.get(session.id, NO_CHECKS)
        person, others = _recruiter(study, session) if options.recruiter_ids else (None, None)
        yield {
            "participant": session.rater,
            "session": session.public_id,
            "state": session.state.value,
            "is_simulated": session.is_simulated,
            "recruiter": others,
            "recruiter_id": person,
            "language": session.language,
            "seed": session.seed,
            "admitted_at": session.consented_at,
            "consented_at": session.consented_at,
            "started_at": session.started_at,
            "finished_at": session.ended_at if session.state == SessionState.FINISHED else None,
            "ended_by": session.ended_by,
            "n_trials": trials.get(session.id, 0),
            "excluded": session.exclusion_reason is not None,
            "exclusion_reason": session.exclusion_reason,
            "n_checks": attention.done,
            "n_checks_passed": attention.passed,
            "person": session.person,
            "visit": session.visit,
            "id_note": session.id_note,
            "experimenter_note": session.note,
            "n_unproven_trials": unproven.get(session.id, 0),
            "study_version": session.version,
            "clip_sets": None if session.clip_sets is None else SEPARATOR.join(session.clip_sets),
        }


def _recruiter(study: Study, session: ParticipantSession) -> tuple[str | None, str | None]:
    """The recruiter's id of the person (the study's first parameter), and the other parameters of the link as JSON."""
    names = definition_of(study).recruitment.parameters
    person = session.recruiter.get(names[0]) if names else None
    others = {name: value for name, value in session.recruiter.items() if name not in names[:1]}
    return person, json.dumps(others, ensure_ascii=False) if others else None


def _trials(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    repeated = aliased(Trial)
    clips = select(func.count()).where(Placement.trial_id == Trial.id).scalar_subquery()
    query = (
        select(
            Trial.key.label("trial_key"),
            (Trial.number + 1).label("number"),
            Trial.purpose.label("purpose"),
            repeated.key.label("repeat_of"),
            Trial.design.label("design"),
            clips.label("n_clips"),
            Trial.assigned_at.label("shown_at"),
            Submission.received_at.label("submitted_at"),
            Submission.duration_ms.label("duration_ms"),
            Submission.hidden_ms.label("hidden_ms"),
            Submission.active_ms.label("active_ms"),
            Submission.viewport_width.label("viewport_width_px"),
            Submission.viewport_height.label("viewport_height_px"),
            Submission.arena_x.label("arena_center_x_px"),
            Submission.arena_y.label("arena_center_y_px"),
            Submission.arena_diameter.label("arena_diameter_px"),
            Submission.item_width.label("item_size_px"),
            Submission.pixel_ratio.label("device_pixel_ratio"),
            Submission.sha256.label("sha256"),
        )
        .join_from(Trial, Submission)
        .outerjoin(repeated, (repeated.session_id == Trial.session_id) & (repeated.number == Trial.repeat_of))
    )
    excluded = excluded_trials(db, study.id)
    for row in _by_session(db, query, study, options, with_id=True):
        reason = excluded.get(row.pop("of"), {}).get(row["number"] - 1)
        yield row | {"excluded": reason is not None, "exclusion_reason": reason}


def _decisions(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    chosen = set(db.scalars(chosen_sessions(select(ParticipantSession.id), study, options)))
    for session_id, one in decisions_of(db, study):
        if session_id in chosen:
            yield {
                "participant": one.rater,
                "session": one.session,
                "trial_key": one.trial_key,
                "number": one.trial,
                "verdict": one.verdict.value,
                "reason": one.reason,
                "rule": one.rule,
                "decided_by": one.who,
                "decided_at": one.at,
            }


def _placements(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    query = (
        select(
            Trial.key.label("trial_key"),
            (Trial.number + 1).label("number"),
            Clip.file_name.label("clip"),
            Seat.seat.label("seat"),
            Placement.x.label("x"),
            Placement.y.label("y"),
            Placement.watched.label("watched"),
        )
        .join_from(Trial, Placement, Placement.trial_id == Trial.id)
        .join(Seat, (Seat.trial_id == Placement.trial_id) & (Seat.clip_id == Placement.clip_id))
        .join(Clip, Clip.id == Placement.clip_id)
    )
    # In the order of the items, as results are computed from the database: both give the same figures to the last
    # digit.
    yield from _by_session(db, query, study, options, Clip.position)


def _moves(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    for trial, record, files in _recorded(db, study, options):
        before: Cells = {}
        for sequence, move in record.moves:
            x, y = move["x"], move["y"]
            from_x, from_y = before.get(move["clip"], (None, None))
            before[move["clip"]] = (x, y)
            yield trial | {
                "sequence": sequence,
                "clip": files[move["clip"]],
                "kind": move["how"],
                "at_ms": move["t"],
                "from_x": from_x,
                "from_y": from_y,
                "x": x,
                "y": y,
            }


def _plays(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    for trial, record, files in _recorded(db, study, options):
        for sequence, play in record.plays:
            yield trial | {
                "sequence": sequence,
                "clip": files[play["clip"]],
                "trigger": play["how"],
                "started_ms": play["t"],
                "played_ms": play["ms"],
                "completed": play["ended"],
                # Pages did not say it at first.
                "muted": play.get("muted"),
            }


def answer_rows(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    """Clauses and answers to the study's questions, by session and in the order in which they were asked."""
    kinds = {clause.name: "consent" for clause in definition_of(study).consent.clauses}
    kinds |= {question.name: str(question.kind) for question in definition_of(study).questions}
    for definition in earlier_definitions(db, study):
        # Asked in an earlier version only.
        asked = [*map(as_question, definition.consent.clauses), *definition.questions]
        kinds |= {one.name: str(one.kind) for one in asked if one.name not in kinds}
    kinds[COMMENT] = "text"
    order = {name: place for place, name in enumerate(kinds)}
    sessions = chosen_sessions(select(ParticipantSession), study, options)
    for session in db.scalars(sessions.execution_options(yield_per=BATCH)):
        answers = db.scalars(select(Answer).where(Answer.session_id == session.id)).all()
        for answer in sorted(answers, key=lambda one: (order.get(one.question, len(order)), one.question)):
            # Several choices are rows of their own; none of them, like no answer, is one row without a value.
            values = (answer.value or [None]) if isinstance(answer.value, list) else [answer.value]
            for value in values:
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                yield {
                    "participant": session.rater,
                    "session": session.public_id,
                    "question": answer.question,
                    "asked": answer.sheet,
                    "kind": kinds.get(answer.question),
                    "value": value if isinstance(value, str | None) else json.dumps(value),
                    "number": float(value) if is_number else None,
                    "answered_at": answer.answered_at,
                }


def _recorded(db: Session, study: Study, options: ExportOptions) -> Iterator[tuple[Cells, Record, dict[str, str]]]:
    """Each trial's names, what its page recorded, and the files of the study's clips by public id."""
    files = {clip.public_id: clip.file_name for clip in clip_order(db, study.id)}
    query = select(Trial.key.label("trial_key"), Submission.body.label("body")).join_from(Trial, Submission)
    for cells in _by_session(db, query, study, options, batch=BATCH_OF_RECORDS):
        yield cells, recorded(cells.pop("body")), files


def _by_session(
    db: Session,
    query: Select[Any],
    study: Study,
    options: ExportOptions,
    *within_trial: InstrumentedAttribute[int],
    batch: int = BATCH,
    with_id: bool = False,
) -> Iterator[Cells]:
    """The rows of a query over Trial, by session and trial, each with the names of its participant and session.

    `with_id` leaves the session's database id in `of`.
    """
    heads = {
        session.id: {"participant": session.rater, "session": session.public_id}
        for session in db.scalars(chosen_sessions(select(ParticipantSession), study, options))
    }
    in_order = query.add_columns(ParticipantSession.id.label("of")).join(
        ParticipantSession, ParticipantSession.id == Trial.session_id
    )
    chosen = chosen_sessions(in_order, study, options).order_by(Trial.number, *within_trial)
    for row in db.execute(chosen.execution_options(yield_per=batch)).mappings():
        cells = dict(row)
        head = heads[cells["of"] if with_id else cells.pop("of")]
        yield head | cells
