"""Copies of clips in a bucket: how they come there and go, who is sent there, and what happens when it is away."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.bucket import copies
from app.bucket.copies import address_in_bucket, look_after_bucket
from app.bucket.notes import FRESH_SECONDS, Standing, all_notes, is_well, say_standing, standing_of_bucket
from app.bucket.store import bucket_of
from app.config import Settings, read_settings
from app.db import Database
from app.domain import SessionState, StudyState
from app.errors import ConfigurationError
from app.jobs import keep_bucket
from app.media import media_path
from app.metrics import Counts, metrics_text
from app.models import ParticipantSession, Rendition, Study
from app.studies.deletion import delete_study
from tests.apps import app_for
from tests.bucket_server import KEY, SECRET, BucketServer, Stored
from tests.experimenter import take_part
from tests.factories import make_study
from tests.integration.test_media import address

pytest_plugins = ["tests.bucket_fixtures"]

N_FILES = 2 * 6


@pytest.fixture
def client(here: Settings, database: Database) -> Iterator[FlaskClient]:
    take_part(database, "one", trials=0)
    with app_for(here) as app:
        yield app.test_client()


def loaded(address: str, part: str = "") -> tuple[int, bytes]:
    request = urllib.request.Request(address, headers={"Range": part} if part else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read()


def from_bucket(client: FlaskClient, kind: str = "mp4") -> tuple[str, str | None, bytes]:
    """The page's own request for a clip: its address, where it is sent, and what came from us."""
    asked = f"{address(client, 1, kind=kind)}&from=bucket"
    with client.get(asked) as answer:
        return asked, answer.headers.get("Location"), answer.data


def test_the_worker_copies_the_clips_of_open_studies_whole_and_once(
    here: Settings, database: Database, s3: BucketServer
) -> None:
    make_study(database, here, name="draft", state=StudyState.DRAFT)
    s3.page = 5
    look_after_bucket(database, here)
    contents = {f"one {position} {kind}".encode() for position in range(6) for kind in ("mp4", "webm")}
    assert {one.content for one in s3.objects.values()} == contents
    assert {one.headers["content-type"] for one in s3.objects.values()} == {"video/mp4", "video/webm"}
    # Neither the study nor the content can be told from a name.
    hashes = {hashlib.sha256(content).hexdigest() for content in contents}
    assert not any(sha256 in name or "one" in name for name in s3.objects for sha256 in hashes)
    standing = standing_of_bucket(here)
    assert standing is not None
    assert (standing.error, standing.there, standing.waiting) == (None, N_FILES, 0)
    look_after_bucket(database, here)
    assert len(s3.methods("PUT")) == N_FILES


def test_a_bucket_that_was_emptied_is_filled_again(here: Settings, database: Database, s3: BucketServer) -> None:
    look_after_bucket(database, here)
    s3.objects.pop(next(iter(s3.objects)))
    look_after_bucket(database, here)
    assert len(s3.objects) == N_FILES
    assert len(s3.methods("PUT")) == N_FILES + 1


def test_a_file_that_is_damaged_on_our_disk_is_not_copied_and_keeps_no_other_back(
    here: Settings, database: Database, s3: BucketServer
) -> None:
    with database.reading() as db:
        rendition = db.scalars(select(Rendition).where(Rendition.kind == "mp4")).first()
    assert rendition is not None
    media_path(here.media_folder, rendition.sha256, "mp4").write_bytes(b"damaged")
    look_after_bucket(database, here)
    assert len(s3.objects) == N_FILES - 1
    assert b"damaged" not in {one.content for one in s3.objects.values()}
    assert address_in_bucket(here, rendition.sha256) is None


def test_f36_a_page_is_sent_to_the_bucket_for_a_while_with_the_same_bytes_and_ranges(
    client: FlaskClient, here: Settings, database: Database, s3: BucketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, before, ours = from_bucket(client)
    assert (before, ours) == (None, b"one 0 mp4")
    look_after_bucket(database, here)
    moment = time.time()
    monkeypatch.setattr(copies.time, "time", lambda: moment)
    _, location, _ = from_bucket(client)
    assert location is not None
    assert location.startswith(f"{s3.url}/clips/")
    assert SECRET not in location
    assert loaded(location) == (200, b"one 0 mp4")
    assert loaded(location, "bytes=4-6") == (206, b"0 m")
    with client.get(asked) as answer:
        assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    # The same within a quarter of an hour, so that a reload finds it in the browser; and gone after half an hour.
    assert from_bucket(client)[1] == location
    s3.ahead = 1801
    with pytest.raises(urllib.error.HTTPError, match="403"):
        loaded(location)
    # Players ask without the word; so do posters, and HEAD requests. They are served here.
    with client.get(address(client, 1)) as answer:
        assert (answer.status_code, answer.data) == (200, b"one 0 mp4")
    assert from_bucket(client, "poster")[1:] == (None, b"one 0 poster")
    with client.head(asked) as answer:
        assert answer.status_code == 200


def test_f36_who_withdrew_is_not_sent_to_the_bucket(client: FlaskClient, here: Settings, database: Database) -> None:
    look_after_bucket(database, here)
    asked, location, _ = from_bucket(client)
    assert location is not None
    with database.writing() as db:
        db.execute(update(ParticipantSession).values(state=SessionState.WITHDRAWN))
        db.commit()
    assert client.get(asked).status_code == 404
    assert client.get(asked.replace("/media/", "/media/x")).status_code == 404


@pytest.mark.parametrize("wrong", ["refuses", "is away"])
def test_while_the_bucket_cannot_be_used_clips_come_from_our_disk_and_it_is_said(
    client: FlaskClient,
    here: Settings,
    database: Database,
    s3: BucketServer,
    wrong: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    look_after_bucket(database, here)
    assert from_bucket(client)[1] is not None
    s3.refuse, s3.away = ((503, "SlowDown"), False) if wrong == "refuses" else (None, True)
    look_after_bucket(database, here)
    assert not is_well(here)
    assert from_bucket(client)[1:] == (None, b"one 0 mp4")
    assert "asterism_bucket_up 0" in metrics_text(Counts(), database, here)
    said = client.get("/healthz").get_json()
    assert said["status"] == "degraded"
    assert said["problems"] == [
        "The bucket for clips cannot be used at the moment: clips come from this server's own disk."
    ]
    log = capfd.readouterr().err
    assert "bucket_failed" in log
    assert SECRET not in log
    assert "X-Amz" not in log
    # It comes back by itself.
    s3.refuse, s3.away = None, False
    look_after_bucket(database, here)
    assert loaded(from_bucket(client)[1] or "") == (200, b"one 0 mp4")
    assert client.get("/healthz").get_json()["status"] == "ok"


def test_no_page_is_sent_to_a_bucket_that_nobody_looks_after_or_that_is_another(
    here: Settings, database: Database
) -> None:
    look_after_bucket(database, here)
    with database.reading() as db:
        file = db.scalars(select(Rendition.sha256).where(Rendition.kind == "mp4")).first() or ""
    assert address_in_bucket(here, file) is not None
    assert address_in_bucket(here, file, at=time.time() + FRESH_SECONDS + 1) is None
    other = here.model_copy(update={"bucket_url": f"{here.bucket_url}-2"})
    say_standing(other, Standing(other.bucket_url, time.time()))
    assert is_well(other)
    assert address_in_bucket(other, file) is None


@pytest.mark.parametrize("how", ["study is closed", "study is deleted"])
def test_what_is_no_longer_needed_is_deleted_there(
    here: Settings, database: Database, s3: BucketServer, how: str
) -> None:
    make_study(database, here, name="two", n_clips=3)
    s3.objects["of-somebody-else"] = Stored(b"", {})
    look_after_bucket(database, here)
    assert len(s3.objects) == N_FILES + 6 + 1
    with database.writing() as db:
        db.execute(update(Study).where(Study.name == "one").values(state=StudyState.CLOSED))
        db.commit()
    if how == "study is deleted":
        delete_study(database, here, "one", typed="one")
    # It is tried again where the bucket is away at first.
    s3.refuse = (500, "InternalError")
    look_after_bucket(database, here)
    s3.refuse = None
    assert len(all_notes(here)) == N_FILES + 6
    look_after_bucket(database, here)
    assert {one.content for name, one in s3.objects.items() if name.startswith("clips/")} == {
        f"two {position} {kind}".encode() for position in range(3) for kind in ("mp4", "webm")
    }
    assert "of-somebody-else" in s3.objects
    assert len(all_notes(here)) == 6


def test_the_worker_looks_by_itself_and_not_where_no_bucket_is_set(
    here: Settings, settings: Settings, database: Database, s3: BucketServer
) -> None:
    keep_bucket(database, settings, threading.Event())
    assert s3.asked == []
    over = threading.Event()
    worker = threading.Thread(target=keep_bucket, args=[database, here, over])
    worker.start()
    deadline = time.monotonic() + 60
    while len(s3.objects) < N_FILES:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    over.set()
    worker.join()


def test_pages_of_participants_may_fetch_from_the_bucket_and_no_other_page(
    client: FlaskClient, database: Database, settings: Settings, s3: BucketServer
) -> None:
    origin = s3.url.rpartition("/")[0]
    token = client.post("/join/one").headers["Location"]
    page = client.get(token)
    assert f"; connect-src 'self' {origin}" in page.headers["Content-Security-Policy"]
    assert "data-from-bucket" in page.text
    assert origin not in client.get("/login").headers["Content-Security-Policy"]
    with app_for(settings) as app:
        page = app.test_client().get(token)
    assert "connect-src" not in page.headers["Content-Security-Policy"]
    assert "data-from-bucket" not in page.text


def test_metrics_say_what_is_there_and_what_waits(here: Settings, database: Database, settings: Settings) -> None:
    look_after_bucket(database, here)
    told = metrics_text(Counts(), database, here).splitlines()
    assert "asterism_bucket_up 1" in told
    assert f'asterism_bucket_files{{state="there"}} {N_FILES}' in told
    assert 'asterism_bucket_files{state="waiting"} 0' in told
    assert "asterism_bucket" not in metrics_text(Counts(), database, settings)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"bucket_url": "s3://clips"}, "ASTERISM_BUCKET_URL", "full address"),
        ({"bucket_url": "https://key:secret@s3.example/clips"}, "ASTERISM_BUCKET_URL", "ASTERISM_BUCKET_SECRET"),
        ({"bucket_url": "https://s3.example/clips"}, "ASTERISM_BUCKET_KEY", "is needed"),
        ({"bucket_url": "https://s3.example/clips", "bucket_key": "k"}, "ASTERISM_BUCKET_SECRET", "is needed"),
        (
            {
                "bucket_url": "http://s3.example/c",
                "bucket_key": "k",
                "bucket_secret": "s",
                "base_url": "https://lab.example",
            },
            *("ASTERISM_BUCKET_URL", "must begin with https"),
        ),
    ],
)
def test_settings_of_a_bucket_that_cannot_work_are_refused(
    given: dict[str, str], field: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        read_settings(data=tmp_path, **given)
    assert refused.value.field == field


def test_the_address_of_a_bucket_is_what_browsers_make_of_it(tmp_path: Path) -> None:
    keys = {"bucket_key": "k", "bucket_secret": "s"}
    made = read_settings(data=tmp_path, bucket_url="https://S3.Example:443/Clips/", **keys)
    assert made.bucket_url == "https://s3.example/Clips"


def test_the_keys_are_not_in_what_is_printed_of_the_settings(here: Settings) -> None:
    assert SECRET not in repr(here)
    assert KEY not in repr(here)
    assert SECRET not in repr(bucket_of(here))


def test_a_note_that_cannot_be_read_is_none(here: Settings, database: Database) -> None:
    look_after_bucket(database, here)
    for note in (here.data / "bucket").iterdir():
        note.write_text("")
    (here.data / "bucket.json").write_text(json.dumps({"else": 1}))
    assert all_notes(here) == {}
    assert not is_well(here)
    look_after_bucket(database, here)
    assert is_well(here)
    assert len(all_notes(here)) == N_FILES
