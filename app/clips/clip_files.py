"""The files of a folder and of the folders in it: taken, or named as passed over, never left out in silence."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.definition.sets import natural_order
from app.errors import Invalid

# As the database and file systems have it: in characters as a whole, in bytes for each part between slashes.
MAX_FILE_NAME_LENGTH = 255
# The attribute that says in which folder a clip lies, where clips lie in folders.
FOLDER = "folder"
# What lies beside clips and never is one: notes, tables, subtitles, programs, archives, and what systems leave.
NO_CLIPS = {
    *(".txt", ".md", ".rtf", ".doc", ".docx", ".odt", ".pdf", ".csv", ".tsv", ".xls", ".xlsx", ".ods", ".json", ".xml"),
    *(".toml", ".yaml", ".yml", ".html", ".srt", ".vtt", ".ass", ".sub", ".idx", ".py", ".r", ".m", ".mat", ".ipynb"),
    *(".zip", ".7z", ".rar", ".gz", ".tar", ".db", ".ini", ".lnk", ".log", ".xmp", ".aae", ".cue", ".m3u", ".m3u8"),
    *(".sha256", ".md5", ".bak", ".tmp", ".part", ".crdownload", ".prproj", ".aep", ".blend", ".eaf", ".pfsx"),
}
# The icon of a folder on a Mac; the name ends in a control character.
SYSTEM_FILES = {"icon\r"}
SYSTEM_FOLDERS = {"__macosx", "@eadir", "$recycle.bin", "system volume information"}
# Between the parts of an emoji, and of letters in Persian and several languages of India.
JOINERS = "\u200d\u200c"
# More names than this are counted in place of being listed.
LISTED = 8


@dataclass(frozen=True)
class ClipFile:
    """A file that may be a clip; `name` is its path below the folder of clips, with / between folders."""

    path: Path
    name: str

    @property
    def label(self) -> str:
        """The name without its extension."""
        return str(PurePosixPath(self.name).with_suffix(""))

    @property
    def folder(self) -> str:
        """The folder below the folder of clips in which the file lies; empty for the folder of clips itself."""
        parent = str(PurePosixPath(self.name).parent)
        return "" if parent == "." else parent


def clip_files(folder: Path) -> list[ClipFile]:
    """The files of a folder, and of the folders in it, that may be clips, in natural order (clip2 before clip10).

    Raises
    ------
    Invalid
        When the folder does not exist or holds none, a file's name is too long or cannot be stored, or two names differ
        in their capitals only.
    """
    if not folder.is_dir():
        raise Invalid(f"{folder}: no such folder")
    files, _ = _look_through(folder)
    if not files:
        passed = passed_over(folder)
        raise Invalid(
            f"{folder}: holds no files; put the clips, pictures or sounds there" + (f" ({passed[0]})" if passed else "")
        )
    known: dict[str, str] = {}
    for file in files:
        check_file_name(file.name, str(file.path))
        plain = plain_name(file.name)
        if plain in known:
            in_what = "capitals" if known[plain].casefold() == file.name.casefold() else "how accents are stored"
            raise Invalid(
                f"{folder}: {known[plain]} and {file.name} differ in {in_what} only, and would be one file on a Mac or "
                "in Windows; rename one"
            )
        known[plain] = file.name
    return sorted(files, key=lambda file: natural_order(file.name))


def check_file_name(name: str, where: str) -> None:
    """Return if a clip may have this name, a path below the folder of clips; `where` is what an error calls it.

    Raises
    ------
    Invalid
        When the name is too long, cannot be stored, or would lead out of the folder of clips.
    """
    if not is_storable(name):
        # As of old archives: bytes that are not UTF-8, which no database and no table of results could hold.
        raise Invalid(f"{where!r}: the name has characters that cannot be stored; rename the file")
    parts = name.split("/")
    if len(name) > MAX_FILE_NAME_LENGTH or any(len(part.encode()) > MAX_FILE_NAME_LENGTH for part in parts):
        raise Invalid(f"{where}: the name is longer than {MAX_FILE_NAME_LENGTH} characters")
    if "\\" in name or any(part.strip() in {"", ".", ".."} for part in parts):
        raise Invalid(f"{where}: is not the name of a file; rename it")


def is_storable(name: str) -> bool:
    """Whether tables and figures can hold the name, and people see all of it.

    A Mac names its screen recordings with a narrow blank before PM, and some emoji are joined by a sign without width.
    """
    return all(sign.isprintable() or sign in JOINERS or unicodedata.category(sign) == "Zs" for sign in name)


def plain_name(name: str) -> str:
    """The same for all spellings that are one file on some system: of capitals, and of letters with accents."""
    return unicodedata.normalize("NFC", name).casefold()


def is_passed_over(name: str) -> bool:
    """Whether a path below the folder of clips is that of a file which lies beside clips and never is one."""
    path = PurePosixPath(name)
    folders = path.parts[:-1]
    return (
        path.suffix.lower() in NO_CLIPS
        or path.name.lower() in SYSTEM_FILES
        or any(part.startswith(".") or part.lower() in SYSTEM_FOLDERS for part in (*folders, path.name))
    )


def passed_over(folder: Path) -> tuple[str, ...]:
    """What a folder holds beside clips, in one sentence at most."""
    _, others = _look_through(folder)
    if not others:
        return ()
    shown = sorted(name.rstrip("\r") for name in others)[:LISTED]
    more = f" and {len(others) - LISTED} more" if len(others) > LISTED else ""
    return (f"passed over in {folder.name}/, as no clips: {', '.join(shown)}{more}",)


def with_folders(files: Sequence[ClipFile], attributes: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The attributes, and the folder of each clip where clips lie in folders; a column of that name wins."""
    if not any(file.folder for file in files):
        return attributes
    return attributes | {file.name: {FOLDER: file.folder} | attributes.get(file.name, {}) for file in files}


def _look_through(folder: Path) -> tuple[list[ClipFile], list[str]]:
    """The files that may be clips, and the names of all others. Links to folders are not followed."""
    files, others = [], []
    for place, folders, names in os.walk(folder):
        below = Path(place).relative_to(folder)
        for name in list(folders):
            if name.startswith(".") or name.lower() in SYSTEM_FOLDERS or (Path(place) / name).is_symlink():
                folders.remove(name)
                others.append(f"{(below / name).as_posix()}/")
        for name in names:
            file = ClipFile(Path(place) / name, (below / name).as_posix())
            if not is_passed_over(file.name) and file.path.is_file():
                files.append(file)
            else:
                others.append(file.name)
    return files, others
