"""What an experimenter does with the clips of a draft: names, places, attributes, removal."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.clips.clip_files import ClipFile, check_file_name, is_passed_over, plain_name
from app.clips.importing import require_draft
from app.clips.order import set_order
from app.clips.removal import remove_clips
from app.config import Settings
from app.errors import Invalid, NotFound
from app.models import Clip, Study
from app.studies.attributes import names_the_clip, read_attributes, write_attributes

MAX_COLUMNS = 100
MAX_COLUMN_NAME, MAX_VALUE = 64, 500
TABLES = (".csv", ".tsv", ".xlsx")


def rename_clip(db: Session, study: Study, clip_id: str, name: str, *, by: Account | None = None) -> None:
    """Give a clip another name; what the file's name ends with stays. The label follows.

    The name of the file is what attributes.csv, exports and the study's folder call the clip, so it is the one name
    that a clip has.

    Raises
    ------
    NotFound, NotAllowed, Invalid
        Where there is no such clip, the study is no draft, or the name cannot be used or is another clip's.
    """
    require_draft(study)
    [clip] = _clips(db, study, [clip_id])
    new = name.strip() + PurePosixPath(clip.file_name).suffix
    if new == clip.file_name:
        return
    check_file_name(new, new)
    if not name.strip() or is_passed_over(new):
        raise Invalid(f"{new}: is not the name of a clip", field="name")
    for other in study.clips:
        if other.id != clip.id and plain_name(other.file_name) == plain_name(new):
            raise Invalid(f"{new}: the study holds another clip named {other.file_name}", field="name")
    note(db, by, "clip renamed", study, before=clip.file_name, after=new)
    clip.file_name, clip.label = new, ClipFile(Path(new), new).label
    db.commit()


def move_clip(db: Session, study: Study, clip_id: str, place: int, *, by: Account | None = None) -> None:
    """Put a clip at a place, from 1; those between its old place and the new one make room.

    Raises
    ------
    NotFound, NotAllowed, Invalid
        Where there is no such clip, the study is no draft, or it has no such place.
    """
    require_draft(study)
    [clip] = _clips(db, study, [clip_id])
    if not 1 <= place <= len(study.clips):
        raise Invalid(f"The place must be between 1 and {len(study.clips)}.", field="place")
    order = [other.id for other in study.clips if other.id != clip.id]
    order.insert(place - 1, clip.id)
    note(db, by, "clip moved", study, clip=clip.file_name, place=place)
    set_order(db, study.id, order)
    db.commit()


def remove_from_draft(
    db: Session, settings: Settings, study: Study, clip_ids: Sequence[str], *, by: Account | None = None
) -> None:
    """Take clips out of a draft.

    Raises
    ------
    NotFound, NotAllowed
        Where there is no such clip, the study is no draft, or a pilot has shown one.
    """
    require_draft(study)
    clips = _clips(db, study, clip_ids)
    names = [clip.file_name for clip in clips]
    remove_clips(db, settings, clips)
    note(db, by, "clips removed", study, clips=names)
    db.commit()


def set_attribute(
    db: Session, study: Study, clip_ids: Sequence[str], column: str, value: str, *, by: Account | None = None
) -> None:
    """Give clips the same value of an attribute; an empty one takes it away from them.

    Raises
    ------
    NotFound, NotAllowed, Invalid
        Where there is no such clip, the study is no draft, or the column's name or the value cannot be used.
    """
    require_draft(study)
    column, value = column.strip(), value.strip()
    _check_column(column)
    if len(value) > MAX_VALUE or (value and not value.isprintable()):
        raise Invalid(f"A value has at most {MAX_VALUE} characters, in one line.", field="value")
    clips = _clips(db, study, clip_ids)
    for clip in clips:
        others = {name: cell for name, cell in clip.attributes.items() if name != column or value}
        clip.attributes = others | ({column: value} if value else {})
    _check_columns(study)
    note(db, by, "attribute set", study, attribute=column, value=value, clips=len(clips))
    db.commit()


def take_table(
    db: Session, settings: Settings, study: Study, name: str, content: bytes, *, by: Account | None = None
) -> tuple[int, list[str]]:
    """Take attributes from a CSV, TSV or XLSX file as `attributes.csv` of a study's folder is read.

    Clips that the table does not name, and columns that it does not have, stay as they are.

    Returns
    -------
    tuple
        How many clips it names, and its columns.

    Raises
    ------
    NotAllowed, Invalid
        Where the study is no draft, or naming the file, the line and the reason, as `read_attributes`. Then nothing is
        taken.
    """
    require_draft(study)
    kind = PurePosixPath(name).suffix.lower()
    if kind not in TABLES:
        raise Invalid(f"{name}: must be a .csv, .tsv or .xlsx file", field="file")
    with tempfile.TemporaryDirectory(dir=settings.work_folder) as folder:
        file = Path(folder) / f"table{kind}"
        file.write_bytes(content)
        try:
            table = read_attributes(file, [clip.file_name for clip in study.clips])
        except Invalid as error:
            raise Invalid(_named(error.message, file, name), field=error.field) from error
    columns = list(dict.fromkeys(column for row in table.values() for column in row))
    for column in columns:
        _check_column(column)
    for clip in study.clips:
        row = table.get(clip.file_name, {})
        kept = {column: cell for column, cell in clip.attributes.items() if column not in row}
        clip.attributes = kept | {column: cell for column, cell in row.items() if cell}
    _check_columns(study)
    note(db, by, "attributes taken from a table", study, file=name, columns=columns, clips=len(table))
    db.commit()
    return len(table), columns


def attributes_table(settings: Settings, study: Study) -> bytes:
    """The attributes of a study's clips as attributes.csv; all clips are in it, also those without any."""
    with tempfile.TemporaryDirectory(dir=settings.work_folder) as folder:
        file = Path(folder) / "attributes.csv"
        write_attributes(file, [(clip.file_name, clip.attributes) for clip in study.clips])
        return file.read_bytes()


def clip_named(study: Study, file: str) -> str:
    """The public id of the clip whose file has this name.

    Raises
    ------
    NotFound
        When the study has none.
    """
    for clip in study.clips:
        if plain_name(clip.file_name) == plain_name(file):
            return clip.public_id
    raise NotFound(f"The study {study.name} has no clip {file}.")


def _clips(db: Session, study: Study, clip_ids: Sequence[str]) -> list[Clip]:
    wanted = set(clip_ids)
    clips = list(db.scalars(select(Clip).where(Clip.study_id == study.id, Clip.public_id.in_(wanted))))
    if not wanted or len(clips) != len(wanted):
        raise NotFound("There is no such clip.")
    return sorted(clips, key=lambda clip: clip.position)


def _check_column(column: str) -> None:
    if not column or len(column) > MAX_COLUMN_NAME or not column.isprintable():
        raise Invalid(f"The name of an attribute has 1 to {MAX_COLUMN_NAME} characters, in one line.", field="column")
    if names_the_clip(column):
        raise Invalid(f"An attribute cannot be called {column!r}: such a column names the clip.", field="column")


def _check_columns(study: Study) -> None:
    if len({column for clip in study.clips for column in clip.attributes}) > MAX_COLUMNS:
        raise Invalid(f"Clips have at most {MAX_COLUMNS} attributes.", field="column")


def _named(message: str, file: Path, name: str) -> str:
    """A message about our own copy of a file as one about the experimenter's."""
    return message.replace(str(file), name).replace(file.name, name)
