"""The parts of a study's folder, under their names or nearly: each is read or reported, never silently skipped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.definition.study_toml import FILE
from app.errors import Invalid

ATTRIBUTES = "attributes.csv"
CLIPS = "clips"
# Pictures and clips that the texts of study.toml show.
TEXTS = "texts"
READ_AS_ATTRIBUTES = ("attributes.csv", "attributes.tsv", "attributes.xlsx")
TABLES = {".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".numbers"}
# Names that people give the folder of clips.
LIKE_CLIPS = {"clip", "video", "videos", "movie", "movies", "stimuli", "stimulus", "media", "files"}


@dataclass(frozen=True)
class StudyParts:
    """Where the parts of a study's folder are, and sentences about what was passed over."""

    definition: Path
    clips: Path
    texts: Path | None
    attributes: Path | None
    notes: tuple[str, ...]


def find_parts(folder: Path) -> StudyParts:
    """The study's definition, clips and attributes in its folder; capitals in their names do not count.

    Raises
    ------
    Invalid
        When a part is missing or there twice, or has a name that is nearly right.
    """
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "~$")))
    files = [entry for entry in entries if entry.is_file()]
    attributes, notes = _attributes(folder, files)
    texts = next((entry for entry in entries if entry.is_dir() and entry.name.lower() == TEXTS), None)
    definition = _definition(folder, files)
    beside = [file.name for file in files if file != definition and file.suffix.lower() == ".toml"]
    notes = (*notes, *(f"{name} is not read: the settings are in {definition.name}" for name in beside))
    return StudyParts(definition, _clips(folder, entries), texts, attributes, notes)


def _definition(folder: Path, files: list[Path]) -> Path:
    matches = [file for file in files if file.name.lower() == FILE]
    near = [file for file in files if file not in matches and file.name.lower().startswith(("study.toml.", "study."))]
    hidden_ending = [file for file in near if file.name.lower() == f"{FILE}.txt"]
    if len(matches) > 1:
        raise Invalid(f"{folder}: holds both {matches[0].name} and {matches[1].name}; keep one")
    if matches and hidden_ending:
        raise Invalid(f"{folder}: holds both {matches[0].name} and {hidden_ending[0].name}; keep one, named {FILE}")
    if matches:
        return matches[0]
    near = near or [file for file in files if file.suffix.lower() == ".toml" or file.name.lower() == "study"]
    hint = f"; rename {near[0].name} to {FILE}" if near else "; docs/study-toml.md says what to write into it"
    if hidden_ending:
        hint += " (Windows hides the ending .txt: switch on View > File name extensions)"
    raise Invalid(f"{folder / FILE}: no such file{hint}")


def _clips(folder: Path, entries: list[Path]) -> Path:
    folders = [entry for entry in entries if entry.is_dir()]
    matches = [entry for entry in folders if entry.name.lower() == CLIPS]
    if len(matches) > 1:
        raise Invalid(f"{folder}: holds both {matches[0].name}/ and {matches[1].name}/; keep one")
    if matches:
        return matches[0]
    folders = [entry for entry in folders if entry.name.lower() != TEXTS]
    near = [entry for entry in folders if entry.name.lower() in LIKE_CLIPS] or (folders if len(folders) == 1 else [])
    hint = f"; rename {near[0].name}/ to {CLIPS}/" if near else "; put the video clips there"
    raise Invalid(f"{folder / CLIPS}: no such folder{hint}")


def _attributes(folder: Path, files: list[Path]) -> tuple[Path | None, tuple[str, ...]]:
    matches = [file for file in files if file.name.lower() in READ_AS_ATTRIBUTES]
    if len(matches) > 1:
        raise Invalid(f"{folder}: holds both {matches[0].name} and {matches[1].name}; keep the one that counts")
    others = [file for file in files if file not in matches]
    # As attribute.csv, attributes.csv.txt, attributes (1).csv, attributes.ods.
    near = [file for file in others if file.name.lower().startswith("attribut")]
    if near and not matches:
        raise Invalid(f"{near[0]}: is not read under this name; save it as {' or '.join(READ_AS_ATTRIBUTES)}")
    stray = [file for file in others if file in near or file.suffix.lower() in TABLES]
    notes = tuple(f"{file.name} is not read: what is known about the clips belongs in {ATTRIBUTES}" for file in stray)
    return (matches[0] if matches else None), notes
