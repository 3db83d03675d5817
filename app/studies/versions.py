"""What may change in a study that was opened, and the versions that come of it.

Whatever changes the task makes a new version, for the sessions that begin from then on: those under way keep theirs. A
listed few settings change without one. What the clips were converted for, and the names under which the participants'
ids are stored, never change: who wants that duplicates the study.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.words import counted
from app.accounts.account import Account
from app.accounts.audit import COMMAND_LINE
from app.definition.changes import Change, changes_between
from app.definition.networks import Models
from app.definition.study_toml import StudyDefinition, check_definition
from app.errors import NotFound
from app.models import Study, StudyRevision
from app.recruiters.endings import Ending

# They say, invite, pay and compare; they do not change what is judged or how. The question does, and so do the sizes
# of windows.
WITHOUT_NEW_VERSION = frozenset(
    {
        "title",
        "language",
        "texts.consent",
        "texts.instructions",
        "texts.thanks",
        "texts.screened_out",
        "texts.quota_full",
        "ratings.instructions",
        "comment",
        "quality.outlier_z",
        "quality.repeats",
        "quality.failed_checks",
        "quality.seconds_per_item",
        "texts.replace",
        "recruitment.opens",
        "recruitment.closes",
        "recruitment.places",
        "recruitment.quotas",
        "recruitment.devices",
        "recruitment.visits",
        "recruitment.without_id",
        "recruitment.signed",
        "recruitment.return_after",
        *(f"recruitment.{ending}_{part}" for ending in Ending for part in ("code", "url")),
        "retention.recruiter_ids_days",
        "retention.unfinished_days",
        "retention.withdrawn_days",
        *(f"models.{key}" for key in Models.model_fields),
        "retention.screened_out_days",
    }
)
_CONVERTED = "the clips were converted for it, and are fixed since the study was opened"
_IN_SETS = "participants so far were given sets of clips by it"
NEVER = {
    "clips.max_side": _CONVERTED,
    "playback.sound": _CONVERTED,
    "arena.background": _CONVERTED,
    "sets.column": _IN_SETS,
    "sets.anchors": _IN_SETS,
    "recruitment.parameters": "the ids of the participants so far are stored under these names",
}


@dataclass(frozen=True)
class Revision:
    """A study's settings from one moment on: who saved them when, as which version, and what changed; `text` is
    study.toml.
    """

    number: int
    version: int
    at: datetime
    who: str
    changes: tuple[Change, ...]
    definition: StudyDefinition
    text: str


def makes_new_version(changes: Sequence[Change]) -> bool:
    """Whether these changes of an opened study make a new version."""
    return any(change.key not in WITHOUT_NEW_VERSION for change in changes)


def never_changes(change: Change) -> str | None:
    """Why an opened study's setting cannot be changed, as the rest of a sentence; None if it can."""
    reason = NEVER.get(change.key)
    return None if reason is None else f"can no longer be changed: {reason}. Duplicate the study to change it"


def publish(db: Session, study: Study, *, by: Account | None, new_version: bool) -> None:
    """Record the study's settings as they are now, as a new version or as a revision of the last; without a commit."""
    if new_version:
        study.version += 1
    last = db.scalar(select(func.max(StudyRevision.number)).where(StudyRevision.study_id == study.id)) or 0
    db.add(
        StudyRevision(
            study_id=study.id,
            number=last + 1,
            version=study.version,
            definition=study.definition,
            definition_toml=study.definition_toml,
            account=None if by is None else by.email,
        )
    )


def revisions_of(db: Session, study: Study) -> list[Revision]:
    """All that the study's settings were since it was opened, oldest first."""
    rows = db.scalars(select(StudyRevision).where(StudyRevision.study_id == study.id).order_by(StudyRevision.number))
    revisions: list[Revision] = []
    for row in rows:
        definition = check_definition(row.definition)
        changes = changes_between(revisions[-1].definition, definition) if revisions else []
        who = row.account or COMMAND_LINE
        revisions.append(
            Revision(row.number, row.version, row.at, who, tuple(changes), definition, row.definition_toml)
        )
    return revisions


def revision_of(db: Session, study: Study, number: int) -> Revision:
    """One of `revisions_of`.

    Raises
    ------
    NotFound
        When there is none of that number.
    """
    revisions = [one for one in revisions_of(db, study) if one.number == number]
    if not revisions:
        raise NotFound("There is no such revision.")
    return revisions[0]


def earlier_versions(db: Session, study: Study) -> dict[str, str]:
    """The study.toml of each version before the current one, as it was last."""
    rows = db.execute(
        select(StudyRevision.version, StudyRevision.definition_toml)
        .where(StudyRevision.study_id == study.id, StudyRevision.version < study.version)
        .order_by(StudyRevision.number)
    )
    return {str(version): text for version, text in rows.tuples()}


def pooled_sentence(sessions: dict[int, int]) -> str | None:
    """What must be said of results of several versions; None where there are not several."""
    if len(sessions) < 2:
        return None
    parts = [f"{counted(number, 'session')} of version {v}" for v, number in sessions.items()]
    return f"Results pool {', '.join(parts[:-1])} and {parts[-1]} of the study."
