"""What is looked at inside an installation: clips' files, stored trials, work that waits, studies, times."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from analysis.words import counted
from app.claims import CLAIM_LEASE
from app.clips.unused_files import CONTENTS, FRESH_SECONDS
from app.config import Settings
from app.db import open_database
from app.doctor.finding import Finding
from app.domain import ClipState, Role, WorkState
from app.errors import ConfigurationError
from app.media import EXTENSIONS, media_path
from app.models import (
    COUNTED,
    Clip,
    Experimenter,
    FormerRendition,
    ModelComparison,
    ParticipantSession,
    Rendition,
    StoredResults,
    Study,
    StudyMember,
    StudyPlan,
    Submission,
    TextFile,
    Trial,
    now,
)
from app.participation.retention import overdue_studies
from app.startup import in_words

# At most so many are named; the rest are counted.
NAMED = 5
BLOCK = 1 << 20
AHEAD = timedelta(minutes=5)
# The worker applies a study's rules once a day.
LATE = timedelta(days=2)
QUEUE_WAITS = timedelta(minutes=10)


def look_into(settings: Settings, *, quick: bool = False) -> list[Finding]:
    """All that the database tells; without `quick`, also whether files and trials are what their checksums say."""
    database = open_database(settings.database)
    try:
        with in_words(settings), database.reading() as db:
            looks: list[Callable[[], Finding]] = [
                lambda: _clip_files(db, settings, quick=quick),
                lambda: _orphans(db, settings),
                lambda: _clips(db),
                lambda: _results(db),
                lambda: _asked_for(db),
                lambda: _times(db),
                lambda: _members(db),
                lambda: _retention(db),
            ]
            if not quick:
                looks += [lambda: _trials(db), lambda: _structure(db)]
            return [look() for look in looks]
    except ConfigurationError as error:
        return [Finding(False, "database", error.message)]
    finally:
        database.close()


def _clip_files(db: Session, settings: Settings, *, quick: bool) -> Finding:
    """Whether each file of a clip is there, and what its name says (F36, F37)."""
    expected: dict[Path, str] = {}
    for clip, sha256 in db.execute(select(Clip.file_name, Clip.source_sha256)).tuples():
        expected[media_path(settings.source_folder, sha256, "source")] = clip
    for table in (Rendition, FormerRendition):
        rows = db.execute(select(Clip.file_name, table.kind, table.sha256).join(Clip, Clip.id == table.clip_id))
        for clip, kind, sha256 in rows.tuples():
            expected[media_path(settings.media_folder, sha256, EXTENSIONS[kind])] = clip
    for text in db.scalars(select(TextFile)):
        expected[media_path(settings.source_folder, text.source_sha256, "source")] = text.name
        for kind, sha256 in text.renditions.items():
            expected[media_path(settings.media_folder, sha256, EXTENSIONS[kind])] = text.name
    missing = [f"{clip} ({file.name[:12]}…{file.suffix})" for file, clip in expected.items() if not file.is_file()]
    damaged = []
    if not quick:
        there = [(file, clip) for file, clip in expected.items() if file.is_file()]
        damaged = [f"{clip} ({file.name[:12]}…{file.suffix})" for file, clip in there if _sha256(file) != file.stem]
    wrong = [
        f"{len(which)} {what}: {_some(which)}" for which, what in ((missing, "missing"), (damaged, "damaged")) if which
    ]
    checked = "are there" if quick else "are there, and are what their checksums say"
    return Finding(
        not wrong, "files of clips", "; ".join(wrong) + ". Restore a backup" if wrong else f"{len(expected)} {checked}"
    )


def _orphans(db: Session, settings: Settings) -> Finding:
    """Files that no clip needs any longer, as after a crash: they only take up space (F50)."""
    used = {sha256 for column in CONTENTS for sha256 in db.scalars(select(column))}
    fresh = now().timestamp() - FRESH_SECONDS
    orphans = []
    for folder in (settings.media_folder, settings.source_folder):
        for file in folder.iterdir() if folder.is_dir() else []:
            if file.stem not in used and file.stat().st_mtime < fresh:
                orphans.append(file)
    room = sum(file.stat().st_size for file in orphans)
    text = "none"
    if orphans:
        text = f"{len(orphans)} ({room / 1e6:,.1f} MB) that no clip needs: {_some([str(file) for file in orphans])}"
    return Finding(not orphans, "other files", text)


def _clips(db: Session) -> Finding:
    """Clips that cannot be used (F37), or wait although nobody works on them (F33)."""
    failed = [
        f"{clip} of {study}"
        for study, clip in db.execute(
            select(Study.name, Clip.file_name)
            .join(Clip, Clip.study_id == Study.id)
            .where(Clip.state == ClipState.FAILED)
            .order_by(Clip.id)
        ).tuples()
    ]
    waiting = db.scalar(
        select(func.count()).where(Clip.state == ClipState.WAITING, Clip.created_at < now() - QUEUE_WAITS)
    )
    stuck = db.scalar(
        select(func.count()).where(Clip.state == ClipState.CONVERTING, Clip.worked_at < now() - 2 * CLAIM_LEASE)
    )
    return _work("clips", failed, (waiting or 0) + (stuck or 0), "The page Clips says why")


def _results(db: Session) -> Finding:
    """Results that were given up, or wait although nobody computes them (F33)."""
    query = select(Study.name).join(StoredResults, StoredResults.study_id == Study.id)
    failed = list(db.scalars(query.where(StoredResults.state == WorkState.FAILED).distinct().order_by(Study.name)))
    return _work("results", failed, _waiting(db, StoredResults), "The page Results says why")


def _asked_for(db: Session) -> Finding:
    """Plans, and comparisons with models, that wait although nobody computes them (F33). One that cannot be computed is
    no fault of the installation: its page tells whoever asked for it.
    """
    return _work("plans and models", [], _waiting(db, StudyPlan) + _waiting(db, ModelComparison), "")


def _waiting(db: Session, table: type[StoredResults | StudyPlan | ModelComparison]) -> int:
    """How many were asked for long ago and wait, or are in hand without a heartbeat."""
    old = now() - QUEUE_WAITS
    waits = and_(table.state == WorkState.WAITING, table.requested_at < old)
    stuck = and_(table.state == WorkState.COMPUTING, table.worked_at < old)
    return db.scalar(select(func.count()).where(or_(waits, stuck))) or 0


def _work(what: str, failed: list[str], waiting: int, where: str) -> Finding:
    wrong = [f"{len(failed)} failed: {_some(failed)}. {where}"] if failed else []
    if waiting:
        wrong.append(f"{waiting} wait and nobody works on them: start the server, whose worker does")
    return Finding(not wrong, what, "; ".join(wrong) or "nothing failed, and nothing waits for long")


def _times(db: Session) -> Finding:
    """Whether times that were stored are ahead of the clock: one of the two was wrong (F23)."""
    newest = [
        db.scalar(select(func.max(ParticipantSession.last_seen_at))),
        db.scalar(select(func.max(Study.created_at))),
    ]
    last = max((one for one in newest if one is not None), default=None)
    if last is not None and last > now() + AHEAD:
        return Finding(
            False, "times", f"the database has times up to {last:%Y-%m-%d %H:%M} UTC: the clock is or was wrong"
        )
    return Finding(True, "times", "none is ahead of the clock")


def _members(db: Session) -> Finding:
    """Studies that nobody owns, so that nobody sees them (F43)."""
    if db.scalar(select(func.count()).select_from(Experimenter)) == 0:
        return Finding(True, "accounts", "none yet; `run.py setup-link` prints the link for the first")
    owned = select(StudyMember.study_id).where(StudyMember.role == Role.OWNER)
    lost = list(db.scalars(select(Study.name).where(Study.id.not_in(owned)).order_by(Study.name)))
    text = f"nobody owns {_some(lost)}: `run.py study role NAME E-MAIL owner`" if lost else "every study has an owner"
    return Finding(not lost, "accounts", text)


def _retention(db: Session) -> Finding:
    """Studies whose own rules should have deleted something by now."""
    late = [f"{name} ({counted(sessions, 'session')})" for name, sessions in overdue_studies(db, by=LATE)]
    text = f"overdue in {_some(late)}: the worker of the server does it once a day" if late else "nothing is overdue"
    return Finding(not late, "deleting by itself", text)


def _trials(db: Session) -> Finding:
    """Whether each stored trial is the bytes whose SHA-256 was confirmed (F09, F25, F26)."""
    query = (
        select(Trial.key, ParticipantSession.public_id, Submission.sha256, Submission.body)
        .join(Trial, Trial.id == Submission.trial_id)
        .join(ParticipantSession, ParticipantSession.id == Trial.session_id)
        .where(COUNTED)
    )
    number, wrong = 0, []
    for key, session, sha256, body in db.execute(query.execution_options(yield_per=200)).tuples():
        number += 1
        if hashlib.sha256(body).hexdigest() != sha256:
            wrong.append(f"{key[:8]} of {session}")
    text = (
        f"{len(wrong)} are not what was confirmed: {_some(wrong)}. Restore a backup"
        if wrong
        else f"{number}, each as confirmed"
    )
    return Finding(not wrong, "trials", text)


def _structure(db: Session) -> Finding:
    """Whether SQLite's pages hang together (F30); PostgreSQL looks after its own."""
    if db.get_bind().dialect.name != "sqlite":
        return Finding(True, "structure of the database", "PostgreSQL looks after it")
    said = [row[0] for row in db.connection().exec_driver_sql("PRAGMA quick_check(5)")]
    broken = db.connection().exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    if said != ["ok"]:
        return Finding(False, "structure of the database", f"damaged ({said[0]}): restore a backup")
    if broken:
        return Finding(False, "structure of the database", f"rows of {broken[0][0]} refer to rows that are not there")
    return Finding(True, "structure of the database", "whole")


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
