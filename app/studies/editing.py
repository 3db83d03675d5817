"""A study's settings are changed: as the text of study.toml, or key by key, which are two sides of the same.

Everything is checked in the same way while it is typed and when it is saved.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.clips.conversion import conversion_options
from app.definition.changes import Change, changes_between, value_at
from app.definition.controls import Control, control_groups
from app.definition.study_toml import FILE, StudyDefinition, definition_of, parse_definition, read_toml
from app.definition.study_toml_errors import DefinitionRefused, SettingProblem, line_of
from app.domain import ClipState, StudyState
from app.errors import Conflict, NoStudy, NotAllowed
from app.models import Clip, Study
from app.studies.checking import settings_problems
from app.studies.rules import CLIPS_TO_COME, Problem
from app.studies.text import study_text, with_settings
from app.studies.versions import WITHOUT_NEW_VERSION, makes_new_version, never_changes, publish


@dataclass(frozen=True)
class Told(SettingProblem):
    """A problem as it is told beside its setting."""

    severity: Literal["error", "warning"]


@dataclass(frozen=True)
class Edited:
    """Settings while they are edited.

    `values` has what the text says of each key, usable or not, else its default; it is None where the text is no TOML.
    `definition` is None where it has errors of its own. `new_version` is the version that a save would make, where the
    study was opened and the changes make one.
    """

    text: str
    values: dict[str, Any] | None
    problems: tuple[Told, ...]
    definition: StudyDefinition | None
    new_version: int | None = None

    @property
    def errors(self) -> list[Told]:
        """The problems with which it cannot be saved."""
        return [problem for problem in self.problems if problem.severity == "error"]


class ChangedMeanwhile(Conflict):
    """Somebody else has saved the settings since they were loaded; `changes` are theirs, `text` is what is stored."""

    def __init__(self, changes: Sequence[Change], text: str) -> None:
        told = "; ".join(change.sentence for change in changes) or "only its comments"
        super().__init__(
            f"Somebody else has saved these settings since you loaded them: {told}. Nothing of yours was saved.",
            code="changed_meanwhile",
        )
        self.changes = tuple(changes)
        self.text = text


def current_text(study: Study) -> str:
    """The study.toml that is edited, which is the one that an export holds."""
    return study_text(study.definition_toml, definition_of(study))


def edited(db: Session, study: Study, text: str, changes: Mapping[str, Any] | None = None) -> Edited:
    """The text with some keys changed (None takes a key out), and all that is wrong with it. Nothing is stored.

    Raises
    ------
    Invalid
        When a key cannot be written into the text.
    """
    try:
        read_toml(text)
    except DefinitionRefused as error:
        return Edited(text, None, _told(error.problems), None)
    text = with_settings(text, _worth_writing(text, changes or {}))
    values = _values(tomllib.loads(text + "\n"))
    try:
        definition = parse_definition(text)
    except DefinitionRefused as error:
        return Edited(text, values, _told(error.problems), None)
    of_settings = settings_problems(db, study, definition)
    new_version = None
    if study.state == StudyState.DRAFT:
        of_settings = [replace(one, severity="warning") if one.key in CLIPS_TO_COME else one for one in of_settings]
    if study.version:
        made = changes_between(definition_of(study), definition)
        # What was wrong before, as by a rule of a later release, does not prevent other changes.
        known = set(settings_problems(db, study, definition_of(study)))
        of_settings = [replace(one, severity="warning") if one in known else one for one in of_settings]
        of_settings += [Problem("error", change.key, reason) for change in made if (reason := never_changes(change))]
        new_version = study.version + 1 if makes_new_version(made) else None
    problems = tuple(
        Told(one.key, line_of(text, one.key.split(".")), one.sentence, one.severity) for one in of_settings
    )
    return Edited(text, values, problems, definition, new_version)


def save_settings(
    db: Session,
    name: str,
    text: str,
    *,
    base: str | None = None,
    may_make_version: bool = False,
    file: str = FILE,
    by: Account | None = None,
) -> tuple[Edited, list[Change]]:
    """Store the text as the study's definition; returns what was stored, and in what it differs from before.

    Parameters
    ----------
    base
        The text that the edit began with: where another is stored by now, nothing is overwritten. None: whatever is
        stored.
    may_make_version
        Whether a new version may come of it, where the study was opened.
    file
        What errors call the text.
    by
        The account that saves; None for the command line.

    Raises
    ------
    NotFound
        When there is no such study.
    NotAllowed
        When a new version would come of it, and none may.
    ChangedMeanwhile
        When the stored text is not `base`.
    DefinitionRefused
        When there are errors; it has them all.
    """
    study = db.scalar(select(Study).where(Study.name == name.lower()).with_for_update())
    if study is None:
        raise NoStudy(name)
    stored, before = current_text(study), definition_of(study)
    if base is not None and base != stored:
        raise ChangedMeanwhile(changes_between(parse_definition(base), before), stored)
    after = edited(db, study, text)
    if after.definition is None or after.errors:
        raise DefinitionRefused(after.errors, file)
    changes = changes_between(before, after.definition)
    if after.new_version is not None and not may_make_version:
        raise NotAllowed(version_sentence(after.new_version, changes), code="new_version")
    options = conversion_options(study)
    study.definition = after.definition.model_dump(mode="json")
    study.definition_toml = text
    if conversion_options(study) != options:
        # The worker makes them as they are wanted now. One that is being converted waits again when it is done.
        ready = (Clip.study_id == study.id, Clip.state == ClipState.READY)
        db.execute(update(Clip).where(*ready).values(state=ClipState.WAITING, progress=0.0))
    if study.version and text != stored:
        publish(db, study, by=by, new_version=after.new_version is not None)
    note(db, by, "settings changed", study, changed=[change.key for change in changes], version=study.version)
    db.commit()
    return edited(db, study, text), changes


def version_sentence(version: int, changes: Sequence[Change]) -> str:
    """What comes of changes that make a new version."""
    told = "; ".join(change.sentence for change in changes if change.key not in WITHOUT_NEW_VERSION)
    return (
        f"This makes version {version} of the study ({told}). Sessions that begin from then on follow it; those under "
        f"way keep theirs. Results pool the versions, and say so."
    )


def _told(problems: Sequence[SettingProblem]) -> tuple[Told, ...]:
    return tuple(Told(one.key, one.line, one.sentence, "error", at=one.at, reason=one.reason) for one in problems)


def _controls() -> dict[str, Control]:
    return {control.key: control for _, controls in control_groups() for control in controls}


def _values(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: _for_json(value_at(raw, key, control.default)) for key, control in _controls().items()}


def _for_json(value: Any) -> Any:
    """JSON has no nan and no inf, which TOML has."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _worth_writing(text: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that the text leaves out and that are to have their default."""
    raw, controls = tomllib.loads(text + "\n"), _controls()
    missing = object()
    return {
        key: value
        for key, value in changes.items()
        if value_at(raw, key, missing) is not missing or value != (controls[key].default if key in controls else None)
    }
