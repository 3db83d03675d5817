"""A study as a folder: study.toml, clips/ and attributes.csv; read and written without the database."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.definition import FILE, StudyDefinition, parse_definition
from app.errors import Invalid
from app.translations.catalogues import known_texts

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
ATTRIBUTES = "attributes.csv"
CLIPS = "clips"
LONGEST_FILE_NAME = 255


@dataclass(frozen=True)
class StudyFolder:
    """What a study's folder says. `attributes` maps a clip's file name to its row."""

    name: str
    definition: StudyDefinition
    toml: str
    clip_files: list[Path]
    attributes: dict[str, dict[str, str]]


def check_name(name: str) -> str:
    """The name, if it can stand in a link.

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
    toml = _read_text(folder / FILE)
    definition = parse_definition(toml, file=str(folder / FILE))
    _check_replaced_texts(definition, folder / FILE)
    clips = folder / CLIPS
    if not clips.is_dir():
        raise Invalid(f"{clips}: no such folder; put the video clips there")
    files = clip_files(clips)
    attributes_file = folder / ATTRIBUTES
    attributes = read_attributes(attributes_file) if attributes_file.exists() else {}
    # A Mac spells the ä of a file's name in two characters, a table in one: they are the same name.
    names = {unicodedata.normalize("NFC", file.name): file.name for file in files}
    attributes = {names.get(unicodedata.normalize("NFC", clip), clip): row for clip, row in attributes.items()}
    unknown = sorted(set(attributes) - {file.name for file in files})
    if unknown:
        raise Invalid(f"{attributes_file}: clip: {CLIPS}/ holds no file named {unknown[0]!r}", field="clip")
    return StudyFolder(check_name(name or folder.resolve().name.lower()), definition, toml, files, attributes)


def _check_replaced_texts(definition: StudyDefinition, file: Path) -> None:
    """A misspelt text would stay as it is on the page, and nobody would be told."""
    texts = known_texts()
    for text in definition.texts.replace:
        if text not in texts:
            near = difflib.get_close_matches(text, texts, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Invalid(f"{file}: texts.replace: the pages have no text {text!r}{hint}", field="texts.replace")


def clip_files(folder: Path) -> list[Path]:
    """The files of a folder that may be clips, in natural order (clip2 before clip10); hidden files are passed over.

    Raises
    ------
    Invalid
        When the folder does not exist or is empty, or a file's name is too long or cannot be stored.
    """
    if not folder.is_dir():
        raise Invalid(f"{folder}: no such folder")
    files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    if not files:
        raise Invalid(f"{folder}: holds no files; put the video clips there")
    for file in files:
        if len(file.name) > LONGEST_FILE_NAME:
            raise Invalid(f"{file}: the name is longer than {LONGEST_FILE_NAME} characters")
        if not file.name.isprintable():
            # As of old archives: bytes that are not UTF-8, which no database and no table of results could hold.
            raise Invalid(f"{str(file)!r}: the name has characters that cannot be stored; rename the file")
    return sorted(files, key=lambda file: _natural(file.name))


def read_attributes(file: Path) -> dict[str, dict[str, str]]:
    """The rows of attributes.csv by clip: the column `clip` names the file, each other column is an attribute.

    Raises
    ------
    Invalid
        When the column is missing, a header is empty or doubled, a row is too short or too long, a clip comes twice, or
        a cell is longer than 131072 characters (as after a quote that nothing closes).
    """
    reader = csv.reader(io.StringIO(_read_text(file), newline=""))
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise Invalid(f"{file}: line {reader.line_num}: {error}") from error
    header = [cell.strip() for cell in lines[0][1]] if lines else []
    if "clip" not in header:
        hint = "; separate the cells by commas" if re.match(r"clip[;\t]", header[0] if header else "") else ""
        raise Invalid(f"{file}: line 1: there is no column named clip{hint}", field="clip")
    if "" in header or len(set(header)) != len(header):
        raise Invalid(f"{file}: line 1: each column needs a name of its own")
    rows: dict[str, dict[str, str]] = {}
    for line, cells in lines[1:]:
        if not cells:
            continue
        if len(cells) != len(header):
            raise Invalid(f"{file}: line {line}: {len(cells)} cells, but the header has {len(header)}")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        clip = row.pop("clip")
        if clip in rows:
            raise Invalid(f"{file}: line {line}: clip: {clip!r} comes twice", field="clip")
        rows[clip] = row
    return rows


def write_attributes(file: Path, rows: Iterable[tuple[str, dict[str, str]]]) -> None:
    """Write attributes.csv; a column for each attribute that any clip has, in order of appearance."""
    listed = list(rows)
    columns = list(dict.fromkeys(name for _, attributes in listed for name in attributes))
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["clip", *columns])
        writer.writerows([clip, *(attributes.get(name, "") for name in columns)] for clip, attributes in listed)


def _read_text(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Invalid(f"{file}: no such file") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{file}: is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}") from error
    if "\0" in text:
        raise Invalid(f"{file}: is not text: it holds a zero byte")
    return text


def _natural(name: str) -> list[tuple[int, int | str]]:
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]
