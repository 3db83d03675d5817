"""Studies: made from a folder, opened, closed, and written back as the same folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session
from tomlkit import dumps

from analysis.words import counted
from app.accounts.account import Account
from app.accounts.audit import note
from app.accounts.members import add_first_owner
from app.clips.clip_files import ClipFile, with_folders
from app.clips.importing import Imported, register_clips, require_draft, source_path
from app.clips.text_files import Prepared, store, text_files
from app.config import Settings
from app.definition.find import find_study
from app.definition.labels import check_labels
from app.definition.study_toml import FILE, StudyDefinition, definition_of, parse_definition
from app.domain import StudyState, transition_study
from app.errors import Invalid, NotAllowed
from app.media import media_path
from app.models import Clip, Study
from app.studies.attributes import write_attributes
from app.studies.checking import clips_missing, facts_of, failed_clips, named, over_already, text_image_problems
from app.studies.naming import name_is_taken, name_problem
from app.studies.origin import check_collected_here
from app.studies.rules import CLIPS_TO_COME, Problem, errors_of, refuse, warnings_of
from app.studies.study_folder import StudyFolder
from app.studies.study_folder_parts import ATTRIBUTES, CLIPS, TEXTS
from app.studies.text import study_text
from app.studies.versions import publish


def create_study(
    db: Session,
    settings: Settings,
    folder: StudyFolder,
    *,
    texts: Sequence[Prepared] = (),
    by: Account | None = None,
) -> tuple[str, Imported]:
    """Make a draft study out of a folder that was read; its clips wait for conversion afterwards.

    It belongs to the account that makes it; made on the command line (None), to the account that was made first.
    `texts` are the folder's `text_files`, which are made ready before anything is locked.

    Raises
    ------
    Invalid
        When the study's name is taken, `clips.labels` names a column that is not there, a clip's file cannot
        be read, or the texts show a file that is not there.
    """
    if name_is_taken(db, folder.name):
        raise Invalid(f"there is a study named {folder.name!r} already", field="name")
    check_labels(folder.definition, folder.attributes.values())
    _refuse_unseen(folder.definition, [ready.name for ready in texts])
    study = add_study(db, folder.name, folder.definition, folder.toml, by)
    for ready in texts:
        store(db, settings, study, ready, by=by)
        db.flush()
    imported = register_clips(db, settings, study, folder.clip_files, folder.attributes)
    note(db, by, "created", study, clips=len(imported.added))
    db.commit()
    return study.name, imported


def create_draft(db: Session, *, title: str, name: str, by: Account | None = None) -> str:
    """Make a draft study of a title alone, without clips; returns its name. `by` is as in `create_study`.

    Raises
    ------
    Invalid
        When the title cannot be used, or the name cannot be part of a link or is taken; `field` says which.
    """
    toml = dumps({"title": title.strip()})
    definition = parse_definition(toml)
    if problem := name_problem(db, name):
        raise Invalid(problem, field="name")
    study = add_study(db, name, definition, toml, by)
    note(db, by, "created", study)
    db.commit()
    return study.name


def add_study(db: Session, name: str, definition: StudyDefinition, toml: str, by: Account | None) -> Study:
    """Add the row of a new draft, with its first owner; does not commit."""
    made_by = None if by is None else by.id
    study = Study(name=name, definition=definition.model_dump(mode="json"), definition_toml=toml, made_by_id=made_by)
    db.add(study)
    db.flush()
    add_first_owner(db, study, made_by)
    return study


def import_clips(
    db: Session, settings: Settings, name: str, files: list[ClipFile], *, by: Account | None = None
) -> Imported:
    """Add clips to a draft study.

    Raises
    ------
    NotFound
        When there is no such study.
    NotAllowed
        When participants may have seen its clips already.
    Invalid
        When a file cannot be read, or the study holds another clip of the same name.
    """
    study = find_study(db, name)
    require_draft(study)
    imported = register_clips(db, settings, study, files, with_folders(files, {}))
    db.flush()
    definition = definition_of(study)
    refuse([error for error in errors_of(definition, facts_of(db, study)) if error.key not in CLIPS_TO_COME], FILE)
    note(db, by, "clips imported", study, clips=len(imported.added))
    db.commit()
    return imported


def open_study(db: Session, name: str, *, without_failed: bool = True, by: Account | None = None) -> Study:
    """Let participants in. From now on the study's clips are fixed, and the first time publishes its version 1.

    Parameters
    ----------
    without_failed
        Whether a draft may open without the files that cannot be used.
    by
        The account that opens it; None for the command line.

    Raises
    ------
    NotFound
        When there is no such study.
    NotAllowed
        When clips still wait for conversion, or fewer than three can be shown, or files cannot be used and
        `without_failed` is false, or the study is open already or archived.
    Invalid
        When settings do not go together (`study_rules`), `clips.labels` names a column of attributes.csv that is not
        there, or a text shows a file that is not there.
    """
    study = find_study(db, name)
    check_collected_here(study, "be opened")
    if study.archived_at is not None:
        raise NotAllowed(f"The study {name} is archived. Bring it back first.")
    if missing := clips_missing(study):
        raise NotAllowed(missing[0])
    if study.state == StudyState.DRAFT and failed_clips(study) and not without_failed:
        raise NotAllowed(
            f"{_counted(failed_clips(study))} cannot be used, and once the study is open its clips are fixed."
            f"{named(failed_clips(study))} Import repaired files of the same names, or reload the page and open the "
            "study without these."
        )
    definition = definition_of(study)
    refuse(errors_of(definition, facts_of(db, study)), FILE)
    refuse(list(over_already(study)), FILE)
    _refuse_unseen(definition, [one.name for one in text_files(db, study)])
    check_labels(definition, (clip.attributes for clip in study.clips))
    study.state = transition_study(study.state, StudyState.OPEN)
    if study.version == 0:
        publish(db, study, by=by, new_version=True)
    note(db, by, "opened", study, version=study.version)
    db.commit()
    return study


def _refuse_unseen(definition: StudyDefinition, names: Sequence[str]) -> None:
    problems = text_image_problems(definition, names)
    refuse([problem for problem in problems if problem.severity == "error"], FILE)


def study_warnings(db: Session, name: str) -> list[Problem]:
    """Settings of the study with which it runs, but probably not as it was meant.

    Raises
    ------
    NotFound
        When there is no such study.
    """
    study = find_study(db, name)
    return warnings_of(definition_of(study), facts_of(db, study))


def _counted(clips: list[Clip]) -> str:
    return counted(len(clips), "file")


def close_study(db: Session, name: str, *, by: Account | None = None) -> Study:
    """Let no new participants in; those at the task can continue, and are saved (F13).

    Raises
    ------
    NotFound
        When there is no such study.
    NotAllowed
        When the study is not open.
    """
    study = find_study(db, name)
    study.state = transition_study(study.state, StudyState.CLOSED)
    note(db, by, "closed", study)
    db.commit()
    return study


def export_study(db: Session, settings: Settings, name: str, folder: Path) -> None:
    """Write the study back as the folder that it came from: the same clips, attributes and files of texts, and
    `study_text`.

    Raises
    ------
    NotFound
        When there is no such study.
    Invalid
        When `folder` exists and is not empty, or cannot be written.
    """
    study = find_study(db, name)
    check_collected_here(study, "be written as a folder")
    try:
        _write_folder(db, settings, study, folder)
    except OSError as error:
        raise Invalid(f"{error.filename or folder}: cannot be written: {error.strerror}") from error


def _write_folder(db: Session, settings: Settings, study: Study, folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"{folder}: is not empty")
    clips = folder / CLIPS
    clips.mkdir(parents=True, exist_ok=True)
    text = study_text(study.definition_toml, definition_of(study))
    (folder / FILE).write_text(text, encoding="utf-8")
    for clip in study.clips:
        file = clips / clip.file_name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source_path(settings, clip), file)
    for one in text_files(db, study):
        (folder / TEXTS).mkdir(exist_ok=True)
        shutil.copyfile(media_path(settings.source_folder, one.source_sha256, "source"), folder / TEXTS / one.name)
    if any(clip.attributes for clip in study.clips):
        write_attributes(folder / ATTRIBUTES, [(clip.file_name, clip.attributes) for clip in study.clips])
