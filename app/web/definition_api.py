"""A study's definition under /api/v1/studies/<name>/definition: read, checked while it is edited, and saved."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import Blueprint, Response, g, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from app.accounts.members import require_study
from app.clips.text_files import remove_text_file, text_files
from app.definition.changes import changes_between
from app.definition.study_toml import definition_of
from app.definition.study_toml_errors import DefinitionRefused
from app.domain import Role
from app.errors import Invalid
from app.i18n.catalogues import LANGUAGES
from app.models import Study
from app.studies.editing import ChangedMeanwhile, Edited, current_text, edited, save_settings, version_sentence
from app.studies.versions import Revision, revisions_of
from app.web.context import database, settings
from app.web.default_texts import (
    default_consent,
    default_instructions,
    default_quota_full,
    default_screened_out,
    default_thanks,
)
from app.web.error_answers import failure
from app.web.login import account, account_id, may
from app.web.study_texts import ToHtml, html_of, text_file_view

# A part of the experimenter's API: guarded as all of it.
blueprint = Blueprint("definition", __name__)

PREVIEWS = {
    "texts.consent": default_consent,
    "texts.instructions": default_instructions,
    "texts.thanks": default_thanks,
    "texts.screened_out": default_screened_out,
    "texts.quota_full": default_quota_full,
}


Model = TypeVar("Model", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: str = Field(max_length=500_000, description="study.toml.")


class CheckBody(_Body):
    """Settings as they are being edited: a text, and keys to change in it."""

    changes: dict[str, Any] = Field(default={}, description="Values by key, such as design.max_items; null: unset.")


class DefinitionBody(_Body):
    """Settings to be saved."""

    base: str | None = Field(
        default=None, description="The text that was read before: where another is stored by now, nothing is saved."
    )
    new_version: bool = Field(
        default=False, description="Whether a new version may come of it, where the study was opened."
    )


@blueprint.get("/<name>/definition")
def definition(name: str) -> Response:
    """The study's definition as study.toml, its values by key, and what is wrong with it."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        return jsonify(definition_view(db, edited(db, study, current_text(study)), study))


@blueprint.post("/<name>/definition/check")
def check(name: str) -> Response:
    """What a text would be with some keys changed, and what is wrong with it; nothing is stored."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        body = _parse(CheckBody)
        return jsonify(definition_view(db, edited(db, study, body.text, body.changes), study))


@blueprint.get("/<name>/versions")
def versions(name: str) -> Response:
    """All that the study's settings were since it was opened: versions, and their revisions with what changed."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        return jsonify(version=study.version, revisions=[revision_view(one) for one in revisions_of(db, study)])


def revision_view(revision: Revision) -> dict[str, Any]:
    """A revision of a study's settings."""
    return {
        "number": revision.number,
        "version": revision.version,
        "at": revision.at.isoformat(),
        "who": revision.who,
        "changes": [change.sentence for change in revision.changes],
        "text": revision.text,
    }


@blueprint.get("/<name>/texts")
def files_of_texts(name: str) -> Response:
    """The pictures and clips that the study's texts can show."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        return jsonify(files=[text_file_view(one) for one in text_files(db, study)])


@blueprint.delete("/<name>/texts/<file>")
def remove_file_of_texts(name: str, file: str) -> Response:
    """Take a file from the study's texts."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        remove_text_file(db, settings(), study, file, by=account())
        return jsonify(files=[text_file_view(one) for one in text_files(db, study)])


@blueprint.put("/<name>/definition")
def save(name: str) -> Response:
    """Store a text as the study's definition; refused with errors in it, or if somebody else has saved meanwhile."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        body = _parse(DefinitionBody)
        try:
            after, changes = save_settings(
                db, study.name, body.text, base=body.base, may_make_version=body.new_version, by=account()
            )
        except DefinitionRefused as error:
            answer = failure(error.status, error.code, error.message, error.field)
            return _with(answer, problems=[problem_view(problem) for problem in error.problems])
        except ChangedMeanwhile as error:
            answer = failure(error.status, error.code, error.message)
            return _with(answer, changes=[change.sentence for change in error.changes], text=error.text)
        return jsonify(definition_view(db, after, study) | {"changes": [change.sentence for change in changes]})


def definition_view(db: Session, after: Edited, study: Study) -> dict[str, Any]:
    """Settings as the page shows them, with the study's own texts as participants see them."""
    return {
        "text": after.text,
        "values": after.values,
        "problems": [problem_view(problem) for problem in after.problems],
        "previews": None if after.values is None else _previews(after.values, html_of(db, study)),
        "fixed": None if may(Role.EDITOR, study.name) else "Only an editor can change the settings.",
        "version": study.version,
        "new_version": None if after.new_version is None else _consequence(after, study),
    }


def _consequence(after: Edited, study: Study) -> dict[str, Any]:
    assert after.new_version is not None
    assert after.definition is not None
    changes = changes_between(definition_of(study), after.definition)
    return {"version": after.new_version, "sentence": version_sentence(after.new_version, changes)}


def problem_view(problem: Any) -> dict[str, Any]:
    """A problem with the setting and the line that it is about."""
    return {
        "key": problem.key,
        "line": problem.line,
        "sentence": problem.sentence,
        "severity": getattr(problem, "severity", "error"),
        "at": list(problem.at),
        "reason": problem.reason or problem.sentence,
    }


def _previews(values: dict[str, Any], html: ToHtml) -> dict[str, str]:
    """The HTML of each Markdown text; where the study has none, the page's own, in the study's language."""
    language = values["language"]
    g.study_language = language if language in LANGUAGES else "en"
    texts = {key: values[key] for key in PREVIEWS}
    return {key: html(text if text and isinstance(text, str) else PREVIEWS[key]()) for key, text in texts.items()}


def _parse(model: type[Model]) -> Model:
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{field}: {first['msg']}", field=field) from error


def _with(answer: Response, **more: Any) -> Response:
    answer.set_data(jsonify((answer.json or {}) | more).get_data())
    return answer
