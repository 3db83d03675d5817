"""The ratings of a study's clips as they are exported and shown: single ones, and what they come to for each clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from analysis.ratings import ChoiceRatings, ScaleRatings, choice_ratings, scale_ratings
from app.definition.ratings import RatingQuestion, RatingScale
from app.definition.study_toml import StudyDefinition, check_definition, definition_of
from app.models import Clip, ClipToRate, ParticipantSession, Rating, Study, StudyRevision
from app.participation.arrangements import clip_order
from app.results.chosen import BATCH, Cells, ExportOptions, chosen_sessions

# Before the names of attributes that participants' ratings gave, so that none is taken for the experimenter's own.
RATED = "rated_"
# On pages, where they are among the experimenter's, the question's name comes first and is followed by this.
RATED_ON_PAGE = " (rated, "


@dataclass(frozen=True)
class RatedQuestion:
    """What a question about the clips came to; `clips` are the study's ready clips in their order."""

    question: RatingQuestion
    summary: ScaleRatings | ChoiceRatings
    n_raters: int

    @property
    def attribute(self) -> str:
        """The name under which it is an attribute of the clips."""
        return f"{RATED}{self.question.name}"


def rating_questions_of(db: Session, study: Study) -> list[RatingQuestion]:
    """All questions that were ever asked about the study's clips, those of the current version first."""
    questions = {question.name: question for question in definition_of(study).ratings.questions}
    for definition in earlier_definitions(db, study):
        for question in definition.ratings.questions:
            questions.setdefault(question.name, question)
    return list(questions.values())


def earlier_definitions(db: Session, study: Study) -> Iterator[StudyDefinition]:
    """What the study was in all its revisions, the latest first."""
    of_study = select(StudyRevision.definition).where(StudyRevision.study_id == study.id)
    for raw in db.scalars(of_study.order_by(StudyRevision.number.desc())):
        yield check_definition(raw)


def rating_rows(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    """Each answer about a clip that counts: a row a session, clip and question, in the order in which they came."""
    kinds = {question.name: question.kind for question in rating_questions_of(db, study)}
    for row in _rows(db, study, options):
        for name, value in row.answers.items():
            yield {
                "participant": row.ParticipantSession.rater,
                "session": row.ParticipantSession.public_id,
                "place": row.place + 1,
                "clip": row.file_name,
                "is_repeat": row.is_repeat,
                "question": name,
                "kind": kinds.get(name),
                "value": None if value is None else f"{value:g}" if isinstance(value, int | float) else value,
                "number": float(value) if isinstance(value, int | float) else None,
                "revisions": row.revision,
                "watched": row.watched,
                "plays": row.plays,
                "played_ms": row.played_ms,
                "duration_ms": row.duration_ms,
                "hidden_ms": row.hidden_ms,
                "active_ms": row.active_ms,
                "rated_at": row.rated_at,
            }


def rated_questions(db: Session, study: Study, options: ExportOptions) -> list[RatedQuestion]:
    """What each question came to over the chosen raters; empty where nothing was asked about clips.

    Repeats enter only as such: a clip's mean is over each rater's first rating of it.
    """
    questions = rating_questions_of(db, study)
    if not questions:
        return []
    clips = {clip.id: item for item, clip in enumerate(clip_order(db, study.id))}
    raters: dict[int, int] = {}
    values: dict[str, dict[tuple[int, int], float]] = {question.name: {} for question in questions}
    again: dict[str, list[tuple[int, int, float]]] = {question.name: [] for question in questions}
    codes = {question.name: codes_of(question) for question in questions}
    for row in _rows(db, study, options):
        is_excluded = row.ParticipantSession.exclusion_reason is not None and not options.with_excluded
        if is_excluded or row.clip_id not in clips:
            continue
        cell = (raters.setdefault(row.ParticipantSession.id, len(raters)), clips[row.clip_id])
        for name, answer in row.answers.items():
            # An earlier version's answer may be none of today's.
            value = codes[name].get(answer) if name in codes and answer is not None else None
            if value is None:
                continue
            if row.is_repeat:
                again[name].append((*cell, value))
            else:
                values[name][cell] = value
    return [
        _rated(question, values[question.name], again[question.name], (len(raters), len(clips)))
        for question in questions
    ]


def rated_attributes(db: Session, study: Study, options: ExportOptions) -> dict[str, dict[str, str]]:
    """What the clips were rated as, by file name, as attributes whose names say that raters gave them, and how many.

    A clip that nobody has rated lacks the attribute, as does one for which no choice has most raters.
    """
    attributes: dict[str, dict[str, str]] = {}
    clips = clip_order(db, study.id)
    for one in rated_questions(db, study, options):
        summary = one.summary
        counts = summary.n if isinstance(summary, ScaleRatings) else summary.counts.sum(axis=1)
        if not counts.any():
            continue
        least, most = int(counts[counts > 0].min()), int(counts.max())
        n = f"{least}" if least == most else f"{least} to {most}"
        kind = "mean" if isinstance(summary, ScaleRatings) else "choice of most"
        name = f"{one.question.name}{RATED_ON_PAGE}{kind} of {n})"
        for item, clip in enumerate(clips):
            value = _attribute_value(one, item)
            if value is not None:
                attributes.setdefault(clip.file_name, {})[name] = value
    return attributes


def _attribute_value(one: RatedQuestion, item: int) -> str | None:
    if isinstance(one.summary, ScaleRatings):
        mean = _number(one.summary.mean[item])
        return None if mean is None else f"{mean:.6g}"
    place = one.summary.most[item]
    return None if place is None or isinstance(one.question, RatingScale) else one.question.choices[place].value


def ratings_mark(db: Session, study: Study) -> str:
    """A short text that changes with each rating that comes in, is changed, or is deleted."""
    of_study = (
        select(func.count(), func.max(Rating.rated_at))
        .select_from(Rating)
        .join(ClipToRate, ClipToRate.id == Rating.to_rate_id)
        .join(ParticipantSession, ParticipantSession.id == ClipToRate.session_id)
        .where(ParticipantSession.study_id == study.id)
    )
    number, last = db.execute(of_study).one()
    return "" if not number else f"{number}-{last:%H%M%S%f}"


def codes_of(question: RatingQuestion) -> dict[Any, float]:
    """The number that stands for each answer: itself on a scale, its place among the choices."""
    if isinstance(question, RatingScale):
        return {step: float(step) for step in range(question.min, question.max + 1)}
    return {choice.value: float(place) for place, choice in enumerate(question.choices)}


def _rated(
    question: RatingQuestion,
    values: dict[tuple[int, int], float],
    again: Sequence[tuple[int, int, float]],
    shape: tuple[int, int],
) -> RatedQuestion:
    table = np.full(shape, np.nan)
    for cell, value in values.items():
        table[cell] = value
    repeats = [(table[rater, clip], value) for rater, clip, value in again]
    n_raters = int(np.isfinite(table).any(axis=1).sum())
    if isinstance(question, RatingScale):
        return RatedQuestion(question, scale_ratings(table, repeats), n_raters)
    return RatedQuestion(question, choice_ratings(table, len(question.choices), repeats), n_raters)


def attribute_rows(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    """Each clip's attributes as participants rated them: a row a question and clip."""
    clips = clip_order(db, study.id)
    for one in rated_questions(db, study, options):
        for item, clip in enumerate(clips):
            cells = {"clip": clip.file_name, "attribute": one.attribute, "question": one.question.name}
            summary = one.summary
            if isinstance(summary, ScaleRatings):
                n = int(summary.n[item])
                yield cells | {"mean": _number(summary.mean[item]), "sd": _number(summary.sd[item]), "n": n}
            elif not isinstance(one.question, RatingScale):
                most, n = summary.most[item], int(summary.counts[item].sum())
                share = None if most is None else summary.counts[item, most] / n
                value = None if most is None else one.question.choices[most].value
                yield cells | {"n": n, "choice": value, "share": share}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rows(db: Session, study: Study, options: ExportOptions) -> Iterator[Row[Any]]:
    """The last revision of each rating of the chosen sessions, with its clip and session."""
    last = select(Rating.to_rate_id, func.max(Rating.revision).label("revision")).group_by(Rating.to_rate_id).subquery()
    query = (
        select(
            ParticipantSession,
            ClipToRate.place,
            ClipToRate.is_repeat,
            ClipToRate.clip_id,
            Clip.file_name,
            Rating.answers,
            Rating.revision,
            Rating.watched,
            Rating.plays,
            Rating.played_ms,
            Rating.duration_ms,
            Rating.hidden_ms,
            Rating.active_ms,
            Rating.rated_at,
        )
        .join(ClipToRate, ClipToRate.session_id == ParticipantSession.id)
        .join(Clip, Clip.id == ClipToRate.clip_id)
        .join(last, last.c.to_rate_id == ClipToRate.id)
        .join(Rating, (Rating.to_rate_id == ClipToRate.id) & (Rating.revision == last.c.revision))
    )
    in_order = chosen_sessions(query, study, options).order_by(ClipToRate.place)
    yield from db.execute(in_order.execution_options(yield_per=BATCH))
