"""What is looked at of a bucket: that it answers, its clock, its keys, who can read it, and that it is complete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from analysis.words import counted
from app.bucket.copies import wanted_files
from app.bucket.notes import all_notes, standing_of_bucket
from app.bucket.store import (
    Bucket,
    BucketError,
    address_until,
    asked_by_anybody,
    bucket_of,
    headers_of_listing,
    origin_of,
    sizes,
)
from app.config import Settings
from app.db import open_database
from app.doctor.finding import Finding

# Servers refuse what is 15 minutes off, and addresses hold for no more than twice that.
SKEW_SECONDS = 300
FROM_DISK = "clips come from this server's own disk"


def bucket(settings: Settings) -> Iterator[Finding]:
    """Whether the bucket can be used; nothing where none is set and nothing was ever sent to one."""
    there = bucket_of(settings)
    left = {note.bucket for note in all_notes(settings).values()} - {settings.bucket_url}
    if left:
        text = f"copies of clips may be left in {', '.join(sorted(left))}, which is not set any longer: empty it, and "
        yield Finding(False, "bucket", f"{text}delete {settings.data / 'bucket'}")
    if there is None:
        return
    try:
        yield _answers(there)
        yield from _doors(settings, there)
        yield _files(settings, there)
    except BucketError as error:
        yield Finding(False, "bucket", f"{there.url}: {error}; {FROM_DISK}")


def _answers(there: Bucket) -> Finding:
    said = headers_of_listing(there).get("Date", "")
    try:
        ahead = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    except ValueError:
        ahead = 0.0
    if abs(ahead) > SKEW_SECONDS:
        which = "ahead of" if ahead > 0 else "behind"
        text = f"{there.url}: its clock is {counted(round(abs(ahead) / 60), 'minute')} {which} this machine's: "
        "set the wrong one"
        return Finding(False, "bucket", text)
    return Finding(True, "bucket", f"{there.url} answers, and takes the key")


def _doors(settings: Settings, there: Bucket) -> Iterator[Finding]:
    """Whether it is closed to who has no signed address, and lets our pages read what comes by one."""
    if asked_by_anybody(f"{there.url}?list-type=2")[0] < 400:
        yield Finding(False, "bucket's rights", "anybody can list it: make it private")
        return
    notes = [note for note in all_notes(settings).values() if note.bucket == there.url and note.there]
    if not notes:
        return
    if asked_by_anybody(f"{there.url}/{notes[0].name}")[0] < 400:
        yield Finding(False, "bucket's rights", "anybody can read what is in it: make it private")
        return
    if not settings.base_url:
        yield Finding(True, "bucket's rights", "it is private; whether pages may read it needs ASTERISM_BASE_URL")
        return
    origin = origin_of(settings.base_url)
    address = address_until(there, notes[0].name, datetime.fromtimestamp(time.time(), UTC), 60)
    status, allowed = asked_by_anybody(address, origin=origin)
    if status >= 400:
        yield Finding(False, "bucket's rights", f"a signed address is refused with status {status}; {FROM_DISK}")
    elif allowed not in {"*", origin}:
        text = f"it does not let pages of {origin} read (CORS, docs/deployment.md#a-bucket-for-clips); {FROM_DISK}"
        yield Finding(False, "bucket's rights", text)
    else:
        yield Finding(True, "bucket's rights", f"it is private, and pages of {origin} may read")


def _files(settings: Settings, there: Bucket) -> Finding:
    """Whether the clips of open studies are there, and nothing that nobody knows of."""
    found = sizes(there)
    database = open_database(settings.database)
    try:
        with database.reading() as db:
            wanted = wanted_files(db)
    finally:
        database.close()
    notes = all_notes(settings)
    names = {sha256: note.name for sha256, note in notes.items() if note.bucket == there.url}
    waiting = [sha256 for sha256, (_, size) in wanted.items() if found.get(names.get(sha256, "")) != size]
    unknown = sorted(set(found) - set(names.values()))
    wrong = []
    standing = standing_of_bucket(settings)
    if standing is not None and standing.error is not None:
        wrong.append(f"when the worker last looked: {standing.error}")
    if waiting:
        wrong.append(f"{len(waiting)} of {len(wanted)} are not there yet: the worker of the server sends them")
    if unknown:
        wrong.append(f"{len(unknown)} are of no study that is open here, such as {unknown[0]}: delete them there")
    return Finding(not wrong, "files in the bucket", "; ".join(wrong) or f"{len(wanted)}, as on the disk")
