"""Files that are brought in from a browser: they come in pieces, are looked at, and become a study or are forgotten.

They lie beside the uploads of clips in the data folder, and the worker removes with those what nobody has gone on with
for a day. What they are to become is in no table until they are a study.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis.formats.hints import Hints, HintsError, hints_with, names_of
from analysis.formats.placement_table import ROLES
from analysis.formats.table_source import PAIR_ROLES
from analysis.formats.tables import unescape_text
from analysis.formats.text import read_grids
from analysis.formats.workbook import is_workbook
from app.config import Settings
from app.errors import Conflict, Invalid, NoRoom, NotFound
from app.files import write_whole
from app.studies.bundle_prepared import Prepared
from app.studies.bundle_rows import MAX_BYTES, read_data
from app.tokens import new_token

ID = re.compile(r"[A-Za-z0-9_-]{20,64}")
MAX_FILES, MAX_NAME = 500, 255
# Of one account at a time: whoever begins a fourth loses the oldest.
MAX_BATCHES = 3
# What is left of the disk in any case.
SPARE_BYTES = 1 << 28
TABLES = (".csv", ".tsv", ".txt", ".xlsx")


@dataclass(frozen=True)
class Batch:
    """The files that an account brings in together, by the names that people know them by."""

    id: str
    account_id: int
    names: tuple[str, ...]


def begin(settings: Settings, account_id: int, names: Sequence[str]) -> Batch:
    """Announce files.

    Raises
    ------
    Invalid
        When there is none, there are too many, two have the same name, or a name cannot be one.
    """
    names = [Path(name).name for name in names]
    if not 0 < len(names) <= MAX_FILES:
        raise Invalid(f"Choose at least one file and at most {MAX_FILES}.", field="names")
    if len(set(names)) < len(names):
        raise Invalid("Two of the files have the same name.", field="names")
    for name in names:
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise Invalid("A file has a name that cannot be shown.", field="names")
    for old in _of_account(settings, account_id)[MAX_BATCHES - 1 :]:
        forget(settings, old)
    batch = Batch(new_token(), account_id, tuple(names))
    write_whole(_note(settings, batch.id), json.dumps({"account_id": account_id, "names": names}))
    return batch


def find(settings: Settings, account_id: int, batch_id: str) -> Batch:
    """The files that the account has announced under that id.

    Raises
    ------
    NotFound
        When there are none, or they are another account's: the answer does not tell which.
    """
    batch = _read(settings, batch_id) if ID.fullmatch(batch_id) else None
    if batch is None or batch.account_id != account_id:
        raise NotFound("These files are no longer here: choose them again.")
    return batch


def add(settings: Settings, batch: Batch, number: int, offset: int, piece: bytes) -> int:
    """Take the next piece of a file; returns how many of its bytes are here.

    Raises
    ------
    NotFound
        When there is no file of that number.
    Conflict
        When the piece begins elsewhere than where the file ends (code `offset`).
    Invalid
        When all files together would be larger than can be read.
    NoRoom
        When the disk is nearly full.
    """
    if not 0 <= number < len(batch.names):
        raise NotFound("There is no such file.")
    part = _part(settings, batch, number)
    here = part.stat().st_size if part.exists() else 0
    if offset != here:
        raise Conflict(f"{here} bytes of this file are here, so the next piece begins there.", code="offset")
    together = sum(path.stat().st_size for path, _ in files_of(settings, batch)) + len(piece)
    if together > MAX_BYTES:
        raise Invalid(f"The files have more than the {MAX_BYTES >> 20} MB that are read.", field="file")
    if shutil.disk_usage(settings.uploads_folder).free < SPARE_BYTES + len(piece):
        raise NoRoom("The server's disk is nearly full, and takes no files.")
    with part.open("ab") as file:
        file.write(piece)
    return here + len(piece)


def files_of(settings: Settings, batch: Batch) -> list[tuple[Path, str]]:
    """The files that have come, each with its path and its name."""
    paths = [(_part(settings, batch, number), name) for number, name in enumerate(batch.names)]
    return [(path, name) for path, name in paths if path.exists()]


def forget(settings: Settings, batch: Batch) -> None:
    """Remove the files."""
    for number in range(len(batch.names)):
        _part(settings, batch, number).unlink(missing_ok=True)
    _note(settings, batch.id).unlink(missing_ok=True)


def prepared(settings: Settings, batch: Batch, hints: Hints) -> Prepared:
    """What the files hold, read and checked as a whole.

    Raises
    ------
    Invalid
        Naming the file and the reason.
    """
    files = files_of(settings, batch)
    if len(files) < len(batch.names):
        raise Invalid("Not all of the files have come yet.", field="file")
    with TemporaryDirectory(dir=settings.work_folder) as folder:
        return read_data(_with_endings(files, Path(folder)), hints, Path(folder))


def hints_of_form(values: dict[str, str], switches: dict[str, bool], names: str) -> Hints:
    """Hints as a page gives them; `names` are those of the items, one a line.

    Raises
    ------
    Invalid
        Naming the hint that cannot be understood.
    """
    given = {name: text.strip() for name, text in values.items() if text.strip()}
    try:
        return hints_with(given, switches, names_of(names))
    except HintsError as error:
        raise Invalid(str(error), field=str(error).partition(":")[0]) from error


def with_columns(hints: Hints, columns: Mapping[str, str]) -> Hints:
    """The hints with columns chosen one by one, so that a column's name may hold commas."""
    return replace(hints, columns={ours: theirs for ours, theirs in columns.items() if theirs})


def preview(prepared: Prepared) -> dict[str, Any]:
    """What was recognised, as JSON values: the program, how much there is, and what has to be known of it."""
    raters = [session["name"] for session in prepared.sessions]
    trials = sum(len(one) for one in prepared.trials.values())
    return {
        "kind": prepared.origin["kind"],
        "title": prepared.definition.title,
        "raters": len(raters),
        "first_raters": raters[:5],
        "simulated": sum(bool(session["is_simulated"]) for session in prepared.sessions),
        "clips": len(prepared.clips),
        "first_clips": [clip["file_name"] for clip in prepared.clips[:5]],
        "trials": trials,
        "rdms": len(prepared.given),
        "ratings": sum(len(one) for one in prepared.ratings.values()),
        "answers": sum(len(one) for one in prepared.answers.values()),
        "remarks": list(prepared.origin["remarks"]),
    }


def columns_of(settings: Settings, batch: Batch) -> dict[str, list[str]] | None:
    """Where the first file is a table: its columns, and what can be said of which (`placements`, `pairs`)."""
    for path, name in files_of(settings, batch)[:1]:
        is_table = Path(name).suffix.lower() in TABLES or is_workbook(path)
        if not is_table:
            return None
        with TemporaryDirectory(dir=settings.work_folder) as folder:
            try:
                (file, _), *_ = _with_endings([(path, name)], Path(folder))
                grid = max(read_grids(file), key=lambda grid: len(grid.records[0][1]) if grid.records else 0)
            except ValueError:
                return None
            header = [unescape_text(cell).strip() for cell in grid.records[0][1]] if grid.records else []
        columns = [cell for cell in header if cell]
        if len(columns) > 1:
            return {"columns": columns[:200], "placements": list(ROLES), "pairs": list(PAIR_ROLES)}
    return None


def _with_endings(files: Sequence[tuple[Path, str]], folder: Path) -> list[tuple[Path, str]]:
    """The files under names with their own ending, which some readers go by, each alone in a folder."""
    linked = []
    for number, (path, name) in enumerate(files):
        file = folder / str(number) / f"{Path(name).stem[:100] or 'data'}{Path(name).suffix[:20]}"
        file.parent.mkdir()
        file.symlink_to(path.resolve())
        linked.append((file, name))
    return linked


def _of_account(settings: Settings, account_id: int) -> list[Batch]:
    """The newest first."""
    notes = sorted(settings.uploads_folder.glob("*.import"), key=lambda note: -note.stat().st_mtime)
    batches = [_read(settings, note.stem) for note in notes]
    return [batch for batch in batches if batch is not None and batch.account_id == account_id]


def _note(settings: Settings, batch_id: str) -> Path:
    return settings.uploads_folder / f"{batch_id}.import"


def _part(settings: Settings, batch: Batch, number: int) -> Path:
    return settings.uploads_folder / f"{batch.id}-{number}.part"


def _read(settings: Settings, batch_id: str) -> Batch | None:
    try:
        told = json.loads(_note(settings, batch_id).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Batch(batch_id, told["account_id"], tuple(told["names"]))
