"""A study's settings are changed: as the text of study.toml, or key by key, which are two sides of the same.

Everything is checked in the same way while it is typed and when it is saved.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from app.errors import Conflict, NotAllowed, NotFound
from app.models import Clip, Study
from app.studies.checking import settings_problems
from app.studies.text import study_text, with_settings


@dataclass(frozen=True)
class Told(SettingProblem):
    """A problem as it is told beside its setting."""

    severity: Literal["error", "warning"]


@dataclass(frozen=True)
class Edited:
    """Settings as they stand while they are edited.

    `values` has what the text says of each key, usable or not, else its default; it is None where the text is no TOML.
    `definition` is None where it has errors of its own.
    """

    text: str
    values: dict[str, Any] | None
    problems: tuple[Told, ...]
    definition: StudyDefinition | None

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
    problems = tuple(
        Told(found.key, line_of(text, found.key.split(".")), found.sentence, found.severity)
        for found in settings_problems(db, study, definition)
    )
    return Edited(text, values, problems, definition)


def save_settings(
    db: Session, name: str, text: str, *, base: str | None = None, file: str = FILE, by: Account | None = None
) -> tuple[Edited, list[Change]]:
    """Store the text as the study's definition; returns what was stored, and in what it differs from before.

    Parameters
    ----------
    base
        The text that the edit began with: where another is stored by now, nothing is overwritten. None: whatever is
        stored.
    file
        What errors call the text.
    by
        The account that saves; None for the command line.

    Raises
    ------
    NotFound
        When there is no such study.
    NotAllowed
        When the study is no draft any more.
    ChangedMeanwhile
        When the stored text is not `base`.
    DefinitionRefused
        When there are errors; it has them all.
    """
    study = db.scalar(select(Study).where(Study.name == name.lower()).with_for_update())
    if study is None:
        raise NotFound("There is no such study.")
    if problem := not_editable(study):
        raise NotAllowed(problem)
    stored, before = current_text(study), definition_of(study)
    if base is not None and base != stored:
        raise ChangedMeanwhile(changes_between(parse_definition(base), before), stored)
    after = edited(db, study, text)
    if after.definition is None or after.errors:
        raise DefinitionRefused(after.errors, file)
    options = conversion_options(study)
    study.definition = after.definition.model_dump(mode="json")
    study.definition_toml = text
    if conversion_options(study) != options:
        # The worker makes them as they are wanted now. One that is being converted waits again when it is done.
        ready = (Clip.study_id == study.id, Clip.state == ClipState.READY)
        db.execute(update(Clip).where(*ready).values(state=ClipState.WAITING, progress=0.0))
    changes = changes_between(before, after.definition)
    note(db, by, "settings changed", study, changed=[change.key for change in changes])
    db.commit()
    return edited(db, study, text), changes


def not_editable(study: Study) -> str | None:
    """Why the study's settings cannot be changed, as a sentence; None if they can."""
    if study.state == StudyState.DRAFT:
        return None
    return "The study was opened: its settings are fixed, so that all participants get the same task."


def _told(problems: Sequence[SettingProblem]) -> tuple[Told, ...]:
    return tuple(Told(one.key, one.line, one.sentence, "error") for one in problems)


def _controls() -> dict[str, Control]:
    return {control.key: control for _, controls in control_groups() for control in controls}


def _values(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: value_at(raw, key, control.default) for key, control in _controls().items()}


def _worth_writing(text: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that the text leaves out and that are to have their default."""
    raw, controls = tomllib.loads(text + "\n"), _controls()
    missing = object()
    return {
        key: value
        for key, value in changes.items()
        if value_at(raw, key, missing) is not missing or value != (controls[key].default if key in controls else None)
    }
