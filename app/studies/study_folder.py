"""A study as a folder: study.toml, clips/, texts/ and attributes.csv; read and written without the database."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from pathlib import Path

from app.clips.clip_files import ClipFile, clip_files, passed_over, with_folders
from app.clips.text_files import check_text_name
from app.definition.study_toml import StudyDefinition, parse_definition
from app.errors import Invalid
from app.models import now
from app.studies.attributes import read_attributes
from app.studies.checking import replaced_texts_problems, text_image_problems
from app.studies.naming import NAME
from app.studies.rules import CLIPS_TO_COME, Facts, problems_of, refuse
from app.studies.study_folder_parts import find_parts

SAVE_AS_UTF8 = "save it as UTF-8 (in Windows' Notepad: Save as, with the encoding UTF-8)"


@dataclass(frozen=True)
class StudyFolder:
    """What a study's folder says.

    `attributes` maps a clip's file name to its row; `text_files` are what the texts show; `notes` are sentences about
    what was passed over, or is probably not meant.
    """

    name: str
    definition: StudyDefinition
    toml: str
    clip_files: list[ClipFile]
    attributes: dict[str, dict[str, str]]
    notes: tuple[str, ...] = ()
    text_files: tuple[Path, ...] = ()


def check_name(name: str) -> str:
    """The name, if it can be part of a link.

    Raises
    ------
    Invalid
        When it has other characters than a-z, 0-9 and -, or is longer than 63 of them.
    """
    if not NAME.fullmatch(name):
        raise Invalid(
            f"the study's name {name!r} cannot be used in a link: rename the folder, or give another with --name, "
            "of 1 to 63 of a-z, 0-9 and - (not at an end)",
            field="name",
        )
    return name


def read_study_folder(folder: Path, *, name: str | None = None) -> StudyFolder:
    """Read and validate a study's folder.

    Raises
    ------
    Invalid
        When a part is missing or cannot be used; the message names the file, the key or row, and the reason.
    """
    if not folder.is_dir():
        raise Invalid(f"{folder}: no such folder")
    parts = find_parts(folder)
    toml = read_text(parts.definition)
    definition = parse_definition(toml, file=str(parts.definition))
    refuse(list(replaced_texts_problems(definition)), str(parts.definition))
    texts = _text_files(parts.texts)
    of_texts = list(text_image_problems(definition, [file.name for file in texts]))
    refuse([problem for problem in of_texts if problem.severity == "error"], str(parts.definition))
    files = clip_files(parts.clips)
    attributes = read_attributes(parts.attributes, [file.name for file in files]) if parts.attributes else {}
    rows = with_folders(files, attributes)
    of_files = tuple(rows.get(file.name, {}) for file in files)
    problems = problems_of(definition, Facts(len(files), attributes=of_files, at=now()))
    errors = [problem for problem in problems if problem.severity == "error" and problem.key not in CLIPS_TO_COME]
    refuse(errors, str(parts.definition))
    notes = tuple(f"{problem.key}: {problem.sentence}" for problem in [*of_texts, *problems])
    study = check_name(name or folder.resolve().name.lower())
    notes = (*parts.notes, *passed_over(parts.clips), *notes)
    return StudyFolder(study, definition, toml, files, rows, notes, texts)


def _text_files(folder: Path | None) -> tuple[Path, ...]:
    entries = [] if folder is None else sorted(folder.iterdir())
    files = [entry for entry in entries if entry.is_file() and not entry.name.startswith((".", "~$"))]
    for file in files:
        check_text_name(file.name)
    return tuple(files)


def read_text(file: Path) -> str:
    """The text of a study.toml.

    Raises
    ------
    Invalid
        When it cannot be read, or is not UTF-8 text; the message names the file.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise Invalid(f"{file}: no such file") from error
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}") from error
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise Invalid(f"{file}: is UTF-16 text; {SAVE_AS_UTF8}")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(
            f"{file}, line {line}: is not UTF-8 text (byte 0x{content[error.start]:02x}); {SAVE_AS_UTF8}"
        ) from error
    if "\0" in text:
        raise Invalid(f"{file}: is not text: it holds a zero byte")
    return text
