"""Another study of the same definition, clips and candidate models, without anybody's data."""

from __future__ import annotations

from collections.abc import Collection

import tomlkit
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.clips.text_files import text_files
from app.definition.study_toml import definition_of, parse_definition
from app.domain import ClipState
from app.errors import Invalid
from app.models import Clip, Rendition, Study, TextFile
from app.studies.kept_models import copy_models
from app.studies.lifecycle import add_study
from app.studies.naming import name_problem
from app.studies.origin import check_collected_here
from app.studies.text import study_text
from app.tokens import new_public_id

# What belongs to a clip however often its study is copied; the files are shared, because they go by their content.
KEPT = (
    *(
        "position",
        "file_name",
        "label",
        "source_sha256",
        "attributes",
        "kind",
        "state",
        "progress",
        "reason",
        "width",
        "height",
    ),
    *("duration_s", "source_width", "source_height", "frames", "fps", "codec", "has_audio", "remarks", "converted_at"),
)
KEPT_OF_TEXTS = (
    *("name", "bytes", "width", "height", "remarks", "source_sha256", "picture", "mp4", "webm", "poster"),
    "added_at",
)


def duplicate_study(
    db: Session,
    study: Study,
    *,
    name: str,
    title: str,
    clips: Collection[str] | None = None,
    by: Account | None = None,
) -> str:
    """Make a draft with the study's definition, texts, clips, attributes and models; returns its name. Commits.

    `clips` are the file names of those that are wanted; all, when left out. Nothing is converted again.
    Sessions, members and versions stay with the study that they belong to.

    Raises
    ------
    Invalid
        When the title cannot be used, the name cannot be part of a link or is taken, or a clip is unknown; `field` says
        which.
    """
    check_collected_here(study, "be duplicated")
    document = tomlkit.parse(study_text(study.definition_toml, definition_of(study)))
    document["title"] = title.strip()
    toml = tomlkit.dumps(document)
    definition = parse_definition(toml)
    if problem := name_problem(db, name):
        raise Invalid(problem, field="name")
    if unknown := set(clips or ()) - {clip.file_name for clip in study.clips}:
        raise Invalid(f"The study has no clip {min(unknown)}.", field="clips")
    wanted = [clip for clip in study.clips if not clips or clip.file_name in clips]
    made = add_study(db, name, definition, toml, by)
    for clip in wanted:
        copy = Clip(study_id=made.id, public_id=new_public_id("C"), **{field: getattr(clip, field) for field in KEPT})
        if copy.state == ClipState.CONVERTING:
            # Whoever converts the other one does it for that study alone.
            copy.state, copy.progress = ClipState.WAITING, 0.0
        copy.renditions = [Rendition(kind=one.kind, sha256=one.sha256, bytes=one.bytes) for one in clip.renditions]
        db.add(copy)
    for one in text_files(db, study):
        kept = {field: getattr(one, field) for field in KEPT_OF_TEXTS}
        db.add(TextFile(study_id=made.id, public_id=new_public_id("T"), **kept))
    models = copy_models(db, study, made)
    note(db, by, "created", made, duplicate_of=study.name, clips=len(wanted), models=models)
    db.commit()
    return made.name
