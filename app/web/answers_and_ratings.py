"""What participants said of the clips and of themselves: the results page's tables, and files of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify

from analysis.formats.bundle_tables import TABLES, Column
from analysis.formats.tables import csv_lines
from analysis.ratings import ScaleRatings
from app.accounts.members import require_study
from app.definition.questions import Scale, in_language
from app.definition.ratings import RatingQuestion, RatingScale
from app.domain import Role
from app.i18n.catalogues import SOURCE_LANGUAGE
from app.markdown import to_text
from app.models import Study
from app.participation.arrangements import clip_order
from app.results.answers import AnsweredQuestion, answer_counts, wide_columns, wide_rows
from app.results.chosen import Cells, ExportOptions, options_of
from app.results.ratings import RatedQuestion, attribute_rows, rated_questions, rating_rows
from app.results.ratings_words import agreement_lines, repeats_sentence
from app.web.context import database
from app.web.json_values import number
from app.web.login import account_id
from app.web.query import choice_of_request
from app.web.study_json import clip_view

# Parts of the experimenter's pages and of their API: guarded as all of these.
blueprint = Blueprint("answers_and_ratings", __name__, url_prefix="/studies/<name>")
api = Blueprint("answers_and_ratings", __name__)


@api.get("/<name>/ratings")
def ratings(name: str) -> Response:
    """What each clip was rated, question by question, and how far the raters agreed; no questions where none was asked.

    The switches of the results choose the raters: `simulated`, `unfinished` and `excluded`.
    """
    with database().reading() as db:
        study = _seen(name)
        questions = rated_questions(db, study, _options())
        clips = [clip_view(clip) for clip in clip_order(db, study.id)] if questions else []
    shown = ("id", "file", "label", "poster")
    return jsonify(
        clips=[{key: clip[key] for key in shown} for clip in clips], questions=[_question(one) for one in questions]
    )


@api.get("/<name>/answers")
def answers(name: str) -> Response:
    """How many sessions gave which answer to each of the study's questions; the raters are chosen as for ratings."""
    with database().reading() as db:
        return jsonify(questions=[_answered(one) for one in answer_counts(db, _seen(name), _options())])


@blueprint.get("/answers.csv")
def answers_file(name: str) -> Response:
    """A row a session and a column a question, as in the bundle."""
    with database().reading() as db:
        study = _seen(name)
        return _table(study, "answers", wide_columns(db, study), wide_rows(db, study, _options()))


@blueprint.get("/ratings.csv")
def ratings_file(name: str) -> Response:
    """Each rating as a row, as in the bundle."""
    with database().reading() as db:
        study = _seen(name)
        return _table(study, "ratings", TABLES["ratings"], rating_rows(db, study, _options()))


@blueprint.get("/attributes_from_ratings.csv")
def attributes_file(name: str) -> Response:
    """What the ratings come to for each clip, as in the bundle."""
    with database().reading() as db:
        study = _seen(name)
        columns = TABLES["attributes_from_ratings"]
        return _table(study, "attributes_from_ratings", columns, attribute_rows(db, study, _options()))


def _seen(name: str) -> Study:
    with database().reading() as db:
        return require_study(db, account_id(), name, Role.VIEWER)


def _options() -> ExportOptions:
    return options_of(choice_of_request())


def _table(study: Study, table: str, columns: Iterable[Column], rows: Iterable[Cells]) -> Response:
    answer = Response("".join(csv_lines(tuple(columns), rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{study.name}_{table}.csv"'
    return answer


def _answered(one: AnsweredQuestion) -> dict[str, Any]:
    question = one.question
    return {
        "name": question.name,
        "ask": one.ask,
        "kind": question.kind,
        "scale": scale_in_words(question) if isinstance(question, Scale) else None,
        "asked": one.asked,
        "answered": one.answered,
        "given": [asdict(given) for given in one.given],
        "numbers": None if one.numbers is None else asdict(one.numbers),
    }


def _question(one: RatedQuestion) -> dict[str, Any]:
    summary, question = one.summary, one.question
    view = {
        "name": question.name,
        "attribute": one.attribute,
        "ask": to_text(in_language(question.ask, SOURCE_LANGUAGE)),
        "kind": question.kind,
        "raters": one.n_raters,
        "agreement": [
            {
                "key": line.key,
                "label": line.label,
                "value": number(line.coefficient.value),
                "low": number(line.coefficient.interval[0]),
                "high": number(line.coefficient.interval[1]),
                "reason": line.coefficient.reason,
                "sentence": line.sentence,
            }
            for line in agreement_lines(one)
        ],
        "repeats": repeats_sentence(one),
    }
    if isinstance(summary, ScaleRatings):
        spread = zip(summary.mean.tolist(), summary.sd.tolist(), summary.n.tolist(), strict=True)
        clips = [{"mean": number(mean), "sd": number(sd), "n": n} for mean, sd, n in spread]
    else:
        clips = [{"n": sum(row), "counts": row} for row in summary.counts.tolist()]
    return view | _answers(question) | {"clips": clips}


def _answers(question: RatingQuestion) -> dict[str, Any]:
    """What could be answered."""
    if not isinstance(question, RatingScale):
        labels = [to_text(in_language(choice.label, SOURCE_LANGUAGE)) for choice in question.choices]
        values = [choice.value for choice in question.choices]
        return {"choices": [{"value": v, "label": label} for v, label in zip(values, labels, strict=True)]}
    return {"min": question.min, "max": question.max, "scale": scale_in_words(question)}


def scale_in_words(scale: Scale) -> str:
    """Such as "1 (not at all) to 7 (very)"."""
    ends = ((scale.min, scale.min_label), (scale.max, scale.max_label))
    return " to ".join(
        f"{end}".replace("-", "\u2212") + ("" if text is None else f" ({in_language(text, SOURCE_LANGUAGE)})")
        for end, text in ends
    )
