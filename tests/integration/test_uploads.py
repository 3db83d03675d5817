"""Clips that a browser sends piece by piece, in the app itself.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, select

from app import health as room
from app.clips import unfinished, uploads
from app.clips.clip_files import ClipFile
from app.clips.conversion import convert_waiting_clips
from app.clips.importing import source_path
from app.config import Settings
from app.domain import ClipState, StudyState
from app.models import Clip, Experimenter, Rendition, Study, StudyMember
from app.studies.lifecycle import import_clips
from app.web.clip_uploads import CHUNK_BYTES
from tests import experimenter
from tests.apps import installation
from tests.conftest import ROOT
from tests.factories import make_study
from tests.uploading import TUS, Sender, error_of

DRAWN = sorted((ROOT / "demo" / "clips").glob("*.mp4"))
Lab = experimenter.Lab


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[Lab]:
    """Ada is logged in; the draft "theirs" belongs to somebody else."""
    settings = installation(tmp_path_factory.mktemp("lab") / "data", empty_sqlite)
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        with lab.database.writing() as db:
            other = Experimenter(email="other@lab.example", password_hash="x")
            db.add(other)
            db.commit()
            other_id = other.id
        make_study(lab.database, settings, name="theirs", n_clips=0, state=StudyState.DRAFT, owner_id=other_id)
        experimenter.log_in(lab.client)
        yield lab


@pytest.fixture
def lab(shared_lab: Lab) -> Iterator[Lab]:
    """The shared lab, with the draft "faces" without clips."""
    study = make_study(shared_lab.database, shared_lab.settings, n_clips=0, state=StudyState.DRAFT)
    yield shared_lab
    with shared_lab.database.writing() as db:
        db.execute(delete(Rendition))
        db.execute(delete(Clip))
        db.execute(delete(StudyMember).where(StudyMember.study_id == study))
        db.execute(delete(Study).where(Study.name == "faces"))
        db.commit()
    for folder in (
        shared_lab.settings.uploads_folder,
        shared_lab.settings.source_folder,
        shared_lab.settings.work_folder,
    ):
        for file in folder.iterdir():
            file.unlink()


def clips_of(lab: Lab, name: str = "faces") -> list[Clip]:
    with lab.database.reading() as db:
        query = select(Clip).join(Study).where(Study.name == name).order_by(Clip.position)
        return list(db.scalars(query))


def clips_study(lab: Lab) -> int:
    with lab.database.reading() as db:
        return db.scalars(select(Study.id).where(Study.name == "faces")).one()


def left_over(settings: Settings) -> list[str]:
    return sorted(file.name for file in (*settings.uploads_folder.iterdir(), *settings.work_folder.iterdir()))


def test_files_become_clips_in_the_order_of_their_names_with_their_folders(lab: Lab) -> None:
    sender = Sender(lab)
    files = {f"{mood}/clip{k}.mp4": DRAWN[n] for n, (mood, k) in enumerate([("sad", 10), ("sad", 2), ("happy", 1)])}
    for name, file in files.items():
        assert sender.send(name, file.read_bytes(), piece=7000).status_code == 204
    clips = clips_of(lab)
    assert [clip.file_name for clip in clips] == ["happy/clip1.mp4", "sad/clip2.mp4", "sad/clip10.mp4"]
    assert [clip.attributes for clip in clips] == [{"folder": "happy"}, {"folder": "sad"}, {"folder": "sad"}]
    assert clips[0].label == "happy/clip1"
    assert left_over(lab.settings) == []
    assert {clip.state for clip in clips} == {ClipState.WAITING}
    assert [source_path(lab.settings, clip).read_bytes() for clip in clips] == [
        files[clip.file_name].read_bytes() for clip in clips
    ]


def test_once_clips_are_in_another_order_new_ones_go_to_the_end(lab: Lab) -> None:
    sender = Sender(lab)
    for name in ("b.mp4", "c.mp4"):
        sender.send(name, name.encode())
    with lab.database.writing() as db:
        for clip in db.scalars(select(Clip)):
            clip.position = {"b.mp4": 9, "c.mp4": 5}[clip.file_name]
        db.commit()
    sender.send("a.mp4", b"a")
    assert [(clip.file_name, clip.position) for clip in clips_of(lab)] == [("c.mp4", 5), ("b.mp4", 9), ("a.mp4", 10)]


def test_an_upload_goes_on_where_it_was_after_a_restart_of_the_server(lab: Lab) -> None:
    content = DRAWN[0].read_bytes()
    sender = Sender(lab)
    first = sender.begin("a.mp4", content)
    assert sender.add(first.headers["Location"], 0, content[:5000]).headers["Upload-Offset"] == "5000"
    with experimenter.open_lab(lab.settings) as again:
        experimenter.log_in(again.client)
        sender = Sender(again)
        head = again.client.head(first.headers["Location"], headers=TUS)
        assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("5000", str(len(content)))
        [known] = again.client.get(sender.address).json["uploads"]
        assert (known["name"], known["here"], known["size"]) == ("a.mp4", 5000, len(content))
        second = sender.begin("a.mp4", content)
        assert second.headers["Location"] == first.headers["Location"]
        assert second.headers["Upload-Offset"] == "5000"
        assert sender.add(second.headers["Location"], 5000, content[5000:]).status_code == 204
        assert len(clips_of(again)) == 1
        assert again.client.head(first.headers["Location"], headers=TUS).status_code == 404


def test_a_file_that_was_whole_when_the_server_ended_is_taken_by_an_empty_piece(lab: Lab) -> None:
    sender = Sender(lab)
    begun = sender.begin("a.mp4", b"all of it")
    (lab.settings.uploads_folder / f"{begun.json['id']}.part").write_bytes(b"all of it")
    assert sender.begin("a.mp4", b"all of it").headers["Upload-Offset"] == "9"
    assert sender.add(begun.headers["Location"], 9, b"").status_code == 204
    assert len(clips_of(lab)) == 1


def test_a_file_that_is_not_what_was_announced_is_never_a_clip(lab: Lab) -> None:
    sender = Sender(lab)
    begun = sender.begin("a.mp4", b"as it was read")
    answer = sender.add(begun.headers["Location"], 0, b"as it arrived!")
    assert error_of(answer)[:2] == (409, "damaged")
    assert clips_of(lab) == []
    assert left_over(lab.settings) == list(lab.settings.source_folder.iterdir()) == []


def test_a_file_dropped_twice_adds_nothing_and_says_so(lab: Lab) -> None:
    sender = Sender(lab)
    sender.send("a.mp4", b"content")
    assert error_of(sender.begin("b.mp4", b"content")) == (409, "same", "b.mp4: the same clip as a.mp4; taken once")
    assert len(clips_of(lab)) == 1
    assert left_over(lab.settings) == []


def test_the_bytes_of_somebody_elses_clip_have_to_be_sent_all_the_same(lab: Lab) -> None:
    with lab.database.writing() as db:
        other = db.scalars(select(Study).where(Study.name == "theirs")).one()
        db.add(
            Clip(study=other, public_id="C-1", position=0, file_name="x.mp4", label="x", source_sha256=_sha(b"secret"))
        )
        db.commit()
    answer = Sender(lab).begin("a.mp4", b"secret")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")


def test_a_repaired_file_takes_the_place_of_one_that_could_not_be_used(lab: Lab) -> None:
    sender = Sender(lab)
    for name in ("a.mp4", "b.mp4"):
        sender.send(name, f"not a video {name}".encode())
    convert_waiting_clips(lab.database, lab.settings)
    assert [clip.state for clip in clips_of(lab)] == [ClipState.FAILED, ClipState.FAILED]
    assert sender.send("a.mp4", DRAWN[0].read_bytes()).status_code == 204
    assert [(clip.file_name, clip.state, clip.reason is None) for clip in clips_of(lab)] == [
        ("a.mp4", ClipState.WAITING, True),
        ("b.mp4", ClipState.FAILED, False),
    ]


def test_another_file_takes_the_place_of_a_clips_own(lab: Lab) -> None:
    sender = Sender(lab)
    for name in ("a.mp4", "b.mp4", "b.webm"):
        sender.send(name, name.encode())
    before, b, _ = clips_of(lab)
    with lab.database.writing() as db:
        clip = db.get_one(Clip, before.id)
        clip.state, clip.attributes, clip.width = ClipState.READY, {"mood": "sad"}, 64
        clip.renditions = [Rendition(kind="mp4", sha256="f" * 64, bytes=1)]
        db.commit()
    begun = sender.begin("other.webm", b"new", replaces=before.public_id)
    assert sender.add(begun.headers["Location"], 0, b"new").status_code == 204
    after = clips_of(lab)[0]
    assert (after.id, after.public_id, after.position) == (before.id, before.public_id, before.position)
    assert (after.file_name, after.attributes, after.state) == ("a.webm", {"mood": "sad"}, ClipState.WAITING)
    assert (after.width, after.renditions, after.source_sha256) == (None, [], _sha(b"new"))
    assert error_of(sender.begin("x.webm", b"newer", replaces=b.public_id))[2] == (
        "b.webm: the study holds another clip named b.webm"
    )
    assert error_of(sender.begin("x.mp4", b"new", replaces=b.public_id))[1] == "same"
    assert error_of(sender.begin("x.mp4", b"newer", replaces="C-nobody"))[0] == 404
    assert len(clips_of(lab)) == 3


BAD_NAMES = {
    "../../etc/passwd.mp4": "is not the name of a file",
    "a/../b.mp4": "is not the name of a file",
    "/etc/a.mp4": "is not the name of a file",
    "a//b.mp4": "is not the name of a file",
    "a/": "is not the name of a file",
    "": "is not the name of a file",
    " ": "is not the name of a file",
    "..\\..\\a.mp4": "is not the name of a file",
    "a\x00.mp4": "cannot be stored",
    "a\u202e4pm.exe": "cannot be stored",
    "a\n.mp4": "cannot be stored",
    "a" * 300 + ".mp4": "longer than 255",
    "\U0001f600" * 100 + ".mp4": "longer than 255",
    ".hidden.mp4": "passed over",
    ".git/a.mp4": "passed over",
    "__MACOSX/a.mp4": "passed over",
    "notes.TXT": "passed over",
    "A.MP4": "another clip named a.mp4",
    "cafe\u0301.mp4": "another clip named caf\u00e9.mp4",
}
ODD_NAMES = [
    *("CON.mp4", "\U0001f600.mp4", "\u0645\u0631\u062d\u0628\u0627.mp4", "a b.mp4", "a", "x" * 251 + ".mp4"),
    *("=1+1.mp4", "<img src=x>.mp4", "%2e%2e.mp4", "C:a.mp4"),
]


def test_f37_a_name_that_cannot_be_used_is_refused_with_the_reason(lab: Lab) -> None:
    sender = Sender(lab)
    for taken in ("a.mp4", "caf\u00e9.mp4"):
        sender.send(taken, taken.encode())
    for name, said in BAD_NAMES.items():
        status, _, message = error_of(sender.begin(name, b"other"))
        assert (status, said in message) == (400, True), (name, message)
    # Half a letter cannot even be written in UTF-8.
    half = {"Upload-Length": "1", "Upload-Metadata": "filename " + base64.b64encode(b"\xed\xa0\x80.mp4").decode()}
    assert error_of(sender.client.post(sender.address, headers=sender.headers | half))[0] == 400
    assert len(clips_of(lab)) == 2
    assert left_over(lab.settings) == []


def test_f37_a_name_says_nothing_about_where_a_file_is_kept(lab: Lab) -> None:
    sender = Sender(lab)
    for name in ODD_NAMES:
        assert sender.send(name, name.encode()).status_code == 204, name
    assert {clip.file_name for clip in clips_of(lab)} == set(ODD_NAMES)
    kept = {file.name for file in lab.settings.source_folder.iterdir()}
    assert kept == {f"{_sha(name.encode())}.source" for name in ODD_NAMES}


def test_sizes_and_checksums_that_cannot_be_are_refused(lab: Lab) -> None:
    sender = Sender(lab)
    assert "is empty" in error_of(sender.begin("a.mp4", b""))[2]
    for size in ("-1", "1e3", "\u0663", "9" * 5000, ""):
        answer = sender.client.post(
            sender.address, headers=sender.headers | {"Upload-Length": size.encode().decode("latin-1")}
        )
        assert error_of(answer)[0] == 400
    large = error_of(sender.begin("a.mp4", b"x", size=lab.settings.max_clip_bytes + 1))
    assert large[2] == "a.mp4: the file has 536.870913 MB; at most 536.870912 MB are allowed"
    for sha256 in ("", "x" * 64, "A" * 64, "../" * 20):
        assert "SHA-256" in error_of(sender.begin("a.mp4", b"x", sha256=sha256))[2]
    broken = sender.client.post(
        sender.address, headers=sender.headers | {"Upload-Length": "1", "Upload-Metadata": "filename ?"}
    )
    assert error_of(broken)[0] == 400
    assert left_over(lab.settings) == []


def test_pieces_that_do_not_fit_are_refused_and_nothing_of_them_is_kept(lab: Lab) -> None:
    sender = Sender(lab)
    location = sender.begin("a.mp4", b"0123456789").headers["Location"]
    assert error_of(sender.add(location, 3, b"345"))[:2] == (409, "offset")
    assert sender.add(location, 0, b"0123").headers["Upload-Offset"] == "4"
    assert error_of(sender.add(location, 0, b"0123"))[:2] == (409, "offset")
    assert error_of(sender.add(location, 4, b"4567890"))[0] == 400
    assert error_of(sender.add(location, "x", b"4"))[0] == 400
    assert sender.client.patch(location, data=b"4", headers=sender.headers | {"Upload-Offset": "4"}).status_code == 415
    assert error_of(sender.add(location, 4, b"4" * (CHUNK_BYTES + 1)))[0] == 413
    assert sender.client.patch(location, data=b"4", headers=sender.headers | {"Tus-Resumable": "2"}).status_code == 412
    assert sender.client.head(location, headers=TUS).headers["Upload-Offset"] == "4"
    assert sender.add(location, 4, b"456789").status_code == 204
    assert len(clips_of(lab)) == 1


def test_two_pieces_of_one_upload_at_once_do_not_mix(lab: Lab) -> None:
    sender = Sender(lab)
    begun = sender.begin("a.mp4", b"0123456789")
    [(upload, _)] = unfinished.unfinished_uploads(lab.settings, clips_study(lab), 1)
    with uploads._alone(lab.settings, upload):
        assert error_of(sender.add(begun.headers["Location"], 0, b"01234"))[:2] == (409, "busy")
    assert sender.add(begun.headers["Location"], 0, b"01234").status_code == 204


def test_f43_another_accounts_upload_is_not_there(lab: Lab) -> None:
    with lab.database.reading() as db:
        study = db.scalars(select(Study).where(Study.name == "faces")).one()
        foreign = uploads.begin_upload(db, lab.settings, study, 2, "a.mp4", 3, _sha(b"abc"))
    sender = Sender(lab)
    mine = sender.begin("a.mp4", b"abc").json["id"]
    assert mine != foreign.id
    assert [one["id"] for one in lab.client.get(sender.address).json["uploads"]] == [mine]
    for upload_id in (foreign.id, "0" * 40, "..", "%2e%2e%2fsecret_key"):
        location = f"{sender.address}/{upload_id}"
        assert sender.add(location, 0, b"abc").status_code == 404
        assert sender.client.head(location, headers=TUS).status_code == 404
        assert sender.client.delete(location, headers=sender.headers).status_code == 404
    assert sender.add(f"/api/v1/studies/theirs/uploads/{mine}", 0, b"abc").status_code == 404
    assert unfinished.find_upload(lab.settings, study.id, 2, foreign.id) == foreign
    assert clips_of(lab) == []


def test_f39_without_the_pages_token_nothing_is_taken(lab: Lab) -> None:
    sender = Sender(lab)
    location = sender.begin("a.mp4", b"abc").headers["Location"]
    sender.headers = TUS
    for answer in (
        sender.begin("b.mp4", b"x"),
        sender.add(location, 0, b"abc"),
        lab.client.delete(location, headers=TUS),
    ):
        assert answer.status_code == 400
    assert lab.client.get(sender.address).json["uploads"][0]["here"] == 0


@pytest.mark.parametrize("state", [StudyState.OPEN, StudyState.CLOSED])
def test_a_study_that_opens_during_an_upload_keeps_its_clips(lab: Lab, state: StudyState) -> None:
    sender = Sender(lab)
    location = sender.begin("a.mp4", b"abcdef").headers["Location"]
    sender.add(location, 0, b"abc")
    with lab.database.writing() as db:
        db.scalars(select(Study).where(Study.name == "faces")).one().state = state
        db.commit()
    answer = sender.add(location, 3, b"def")
    assert error_of(answer) == (409, "not_allowed", f"The study faces is {state.value}: its clips are fixed.")
    assert error_of(sender.begin("b.mp4", b"x"))[0] == 409
    assert clips_of(lab) == []
    assert left_over(lab.settings) == list(lab.settings.source_folder.iterdir()) == []


def test_a_name_that_was_taken_in_the_meantime_is_refused_at_the_end(lab: Lab, tmp_path: Path) -> None:
    sender = Sender(lab)
    location = sender.begin("a.mp4", b"abc").headers["Location"]
    (tmp_path / "a.mp4").write_bytes(b"other")
    with lab.database.writing() as db:
        import_clips(db, lab.settings, "faces", [ClipFile(tmp_path / "a.mp4", "a.mp4")])
    assert "another clip named a.mp4" in error_of(sender.add(location, 0, b"abc"))[2]
    assert len(clips_of(lab)) == 1
    assert left_over(lab.settings) == []


def test_f50_unfinished_uploads_of_an_account_are_bounded_in_number_and_size(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_UNFINISHED", 2)
    monkeypatch.setattr(uploads, "MAX_UNFINISHED_FILES_OF_FULL_SIZE", 1)
    sender = Sender(lab)
    most = lab.settings.max_clip_bytes
    monkeypatch.setattr(
        room.shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * most + 2 * lab.settings.least_free_bytes)
    )
    first = sender.begin("a.mp4", b"a", size=most - 5)
    assert first.status_code == 201
    assert "would exceed" in error_of(sender.begin("b.mp4", b"b", size=6))[2]
    assert sender.begin("b.mp4", b"b", size=5).status_code == 201
    assert "are not finished" in error_of(sender.begin("c.mp4", b"c"))[2]
    assert sender.begin("a.mp4", b"a", size=most - 5).status_code == 201, "one that has begun goes on"
    assert lab.client.delete(first.headers["Location"], headers=sender.headers).status_code == 204
    assert sender.begin("c.mp4", b"c").status_code == 201


def test_f50_an_upload_that_the_disk_has_no_room_for_is_refused_before_it_begins(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender(lab)
    free = lab.settings.least_free_bytes + 15_000
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    location = sender.begin("a.mp4", b"a" * 10_000).headers["Location"]
    assert "the disk has room for" in error_of(sender.begin("b.mp4", b"b" * 10_000))[2], "the rest of a.mp4 is to come"
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert error_of(sender.add(location, 0, b"a" * 5_000))[:2] == (503, "no_room")
    monkeypatch.undo()
    assert sender.add(location, 0, b"a" * 10_000).status_code == 204


def test_f50_what_nobody_goes_on_with_is_removed_after_a_day(lab: Lab) -> None:
    sender = Sender(lab)
    for name in ("old.mp4", "new.mp4"):
        sender.add(sender.begin(name, name.encode() * 2).headers["Location"], 0, name.encode())
    sender.begin("only announced.mp4", b"x")
    for file in lab.settings.uploads_folder.iterdir():
        os.utime(file, (time.time() - 23 * 3600,) * 2)
    assert unfinished.remove_abandoned_uploads(lab.settings) == 0
    assert sender.begin("new.mp4", b"new.mp4" * 2).headers["Upload-Offset"] == "7", "and it is looked at once more"
    assert unfinished.remove_abandoned_uploads(lab.settings, at=time.time() + 3700) == 3
    assert [one["name"] for one in lab.client.get(sender.address).json["uploads"]] == ["new.mp4"]
    assert (
        sender.add(f"{sender.address}/{sender.begin('new.mp4', b'new.mp4' * 2).json['id']}", 7, b"new.mp4").status_code
        == 204
    )


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
