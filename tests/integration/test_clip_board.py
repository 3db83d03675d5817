"""What an experimenter does with the clips of a draft: names, places, attributes, removal.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli import commands
from app.clips import conversion
from app.clips.importing import source_path
from app.clips.unused_files import files_of, remove_unused
from app.domain import ClipState, Role, StudyState
from app.media import media_path
from app.models import AuditEntry, Clip, Experimenter, Rendition, Seat, Study, StudyMember, Trial
from app.participation.enrolment import enter
from app.participation.trials import start
from app.video import VideoError
from tests import experimenter
from tests.apps import installation
from tests.factories import make_study

Lab = experimenter.Lab


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[Lab]:
    """Ada is logged in."""
    settings = installation(tmp_path_factory.mktemp("lab") / "data", empty_sqlite)
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        yield lab


class Board:
    """The page of a draft of its own, with four clips whose files are there."""

    def __init__(self, lab: Lab, name: str, **options: Any) -> None:
        self.lab, self.name = lab, name
        make_study(lab.database, lab.settings, name=name, n_clips=4, state=StudyState.DRAFT, **options)
        for clip in self.clips():
            source_path(lab.settings, clip).write_bytes(b"x")
        self.token = experimenter.csrf_token(lab.client.get("/studies").text)
        self.address = f"/api/v1/studies/{name}/clips"

    def post(self, path: str, body: Any, **more: Any) -> Any:
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.lab.client.post(self.address + path, headers={"X-CSRFToken": self.token}, **content, **more)

    def clips(self) -> list[Clip]:
        with self.lab.database.reading() as db:
            query = select(Clip).join(Study).where(Study.name == self.name).order_by(Clip.position)
            return list(db.scalars(query))

    def names(self) -> list[str]:
        return [clip.file_name for clip in self.clips()]

    def ids(self) -> list[str]:
        return [clip.public_id for clip in self.clips()]

    def said(self, answer: Any) -> str:
        assert answer.status_code == 400, answer.text
        return answer.json["error"]["message"]


@pytest.fixture
def board(shared_lab: Lab, request: pytest.FixtureRequest) -> Board:
    return Board(shared_lab, f"s{abs(hash(request.node.name)) % 10**9}")


def test_a_clip_is_renamed_and_its_ending_stays(board: Board) -> None:
    first = board.ids()[0]
    assert board.post(f"/{first}/rename", {"name": " happy/smile 1 "}).status_code == 200
    clip = board.clips()[0]
    assert (clip.file_name, clip.label, clip.public_id) == ("happy/smile 1.mp4", "happy/smile 1", first)
    assert board.post(f"/{first}/rename", {"name": "happy/smile 1"}).status_code == 200
    for name, said in {
        "clip1": "another clip named clip1.mp4",
        "CLIP1": "another clip named clip1.mp4",
        "": "is not the name",
        "../x": "is not the name",
        ".x": "is not the name",
        "a\u202eb": "cannot be stored",
        "x" * 300: "longer than 255",
    }.items():
        assert said in board.said(board.post(f"/{first}/rename", {"name": name})), name
    assert board.names()[0] == "happy/smile 1.mp4"


def test_a_clip_is_moved_and_the_others_make_room(board: Board) -> None:
    ids = board.ids()
    for clip, place, order in [(0, 3, [1, 2, 0, 3]), (3, 1, [3, 1, 2, 0]), (3, 4, [1, 2, 0, 3]), (3, 4, [1, 2, 0, 3])]:
        assert board.post(f"/{ids[clip]}/move", {"place": place}).status_code == 200
        assert board.ids() == [ids[k] for k in order]
    for place in (0, 5, -1, 10**30):
        assert board.post(f"/{ids[0]}/move", {"place": place}).status_code == 400
    assert board.post(f"/{ids[0]}/move", {"place": "1"}).status_code == 400


def test_removed_clips_are_gone_and_so_are_their_files_unless_another_clip_has_them(board: Board) -> None:
    lab, ids = board.lab, board.ids()
    shared = board.clips()[1]
    with lab.database.writing() as db:
        keeper = db.scalars(select(Clip).where(Clip.public_id == ids[3])).one()
        [poster] = [one for one in keeper.renditions if one.kind == "poster"]
        poster.sha256 = next(one.sha256 for one in shared.renditions if one.kind == "poster")
        db.commit()
        files = files_of(db, lab.settings, Clip.public_id.in_(ids[:2]))
    for file in files:
        os.utime(file, (time.time() - 3600,) * 2)
    assert board.post("/remove", {"clips": ids[:2]}).status_code == 200
    assert board.ids() == ids[2:]
    assert remove_unused(lab.database, lab.settings) == 7
    kept = media_path(lab.settings.media_folder, poster.sha256, "webp")
    assert [file for file in files if file.exists()] == [kept]
    assert board.post("/remove", {"clips": [ids[0]]}).status_code == 404
    assert board.post("/remove", {"clips": []}).status_code == 400


def test_a_clip_that_was_shown_in_a_pilot_stays(board: Board) -> None:
    with board.lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == board.name)).one()
        study.state = StudyState.OPEN
        db.commit()
        entry = enter(db, board.name, {})
        study.state = StudyState.DRAFT
        db.commit()
    start(board.lab.database, entry.token)
    with board.lab.database.reading() as db:
        assert db.scalar(select(Seat.clip_id).join(Trial).limit(1)) is not None
    answer = board.post("/remove", {"clips": board.ids()})
    assert answer.status_code == 409
    assert "Delete the pilots first" in answer.json["error"]["message"]
    assert len(board.ids()) == 4


def test_attributes_are_set_for_several_clips_at_once_and_taken_away(board: Board) -> None:
    ids = board.ids()
    assert board.post("/attribute", {"clips": ids[:3], "column": " mood ", "value": "happy"}).status_code == 200
    assert board.post("/attribute", {"clips": ids[:1], "column": "mood", "value": ""}).status_code == 200
    assert [clip.attributes for clip in board.clips()] == [{}, {"mood": "happy"}, {"mood": "happy"}, {}]
    for column, value, said in [
        ("", "x", "1 to 64"),
        ("c" * 65, "x", "1 to 64"),
        ("a\nb", "x", "1 to 64"),
        ("File name", "x", "names the clip"),
        ("mood", "x" * 501, "at most 500"),
        ("mood", "a\nb", "in one line"),
    ]:
        assert said in board.said(board.post("/attribute", {"clips": ids, "column": column, "value": value}))
    assert board.post("/attribute", {"clips": [*ids, "C-nobody"], "column": "a", "value": "x"}).status_code == 404


def test_a_table_is_read_as_attributes_csv_and_comes_back_the_same(board: Board) -> None:
    board.post("/attribute", {"clips": board.ids(), "column": "kept", "value": "yes"})
    workbook = openpyxl.Workbook()
    for row in [("Clip", "mood", "age"), ("clip0", "sad", 3.5), ("CLIP1.mp4", "happy", None)]:
        workbook.active.append(row)  # type: ignore[union-attr]
    content = io.BytesIO()
    workbook.save(content)
    for name, table in [
        ("mine.csv", b"clip;mood;age\nclip0;sad;3,5\nclip1;happy;\n"),
        ("mine.tsv", b"clip\tmood\tage\nclip0\tsad\t3.5\nclip1\thappy\tNA\n"),
        ("mine.XLSX", content.getvalue()),
    ]:
        answer = board.post(f"/attributes?file={name}", table)
        assert answer.json == {"clips": 2, "columns": ["mood", "age"]}, answer.text
        assert [clip.attributes for clip in board.clips()] == [
            {"kept": "yes", "mood": "sad", "age": "3.5"},
            {"kept": "yes", "mood": "happy"},
            *[{"kept": "yes"}] * 2,
        ]
    written = board.lab.client.get(f"{board.address}/attributes.csv")
    assert written.mimetype == "text/csv"
    assert written.text.splitlines()[:2] == ["clip,kept,mood,age", "clip0.mp4,yes,sad,3.5"]
    before = [clip.attributes for clip in board.clips()]
    assert board.post("/attributes?file=attributes.csv", written.data).status_code == 200
    assert [clip.attributes for clip in board.clips()] == before


def test_a_table_that_cannot_be_read_is_named_with_line_and_reason_and_nothing_is_taken(board: Board) -> None:
    for name, table, said in [
        (
            "my table.csv",
            b"clip,mood\nclip0,sad\nclip9,sad\n",
            "my table.csv, line 3: clip: no clip's file is named 'clip9'",
        ),
        ("a.csv", b"clip,mood\nclip0,sad\nclip0,sad\n", "a.csv, line 3: clip: 'clip0.mp4' appears twice"),
        ("a.csv", b"name,mood\nclip0,sad\n", "a.csv, line 1: no column is named clip"),
        ("a.csv", b"", "a.csv: holds nothing"),
        ("a.xlsx", b"not a workbook", "a.xlsx"),
        ("a.pdf", b"x", "a.pdf: must be a .csv, .tsv or .xlsx file"),
        ("../../x", b"x", "must be a .csv"),
        ("a.csv", b"clip," + b"c" * 65 + b"\nclip0,x\n", "1 to 64 characters"),
        (
            "a.csv",
            b"clip," + ",".join(f"c{k}" for k in range(101)).encode() + b"\nclip0" + b",x" * 101,
            "at most 100 attributes",
        ),
    ]:
        message = board.said(board.post(f"/attributes?file={name}", table))
        assert said in message
        assert str(board.lab.settings.data) not in message
    assert [clip.attributes for clip in board.clips()] == [{}] * 4
    assert list(board.lab.settings.work_folder.glob("tmp*")) == []


def test_an_open_study_keeps_its_clips_and_viewers_change_nothing(board: Board) -> None:
    ids = board.ids()
    asked = [
        (f"/{ids[0]}/rename", {"name": "x"}),
        (f"/{ids[0]}/move", {"place": 2}),
        ("/remove", {"clips": ids}),
        ("/attribute", {"clips": ids, "column": "a", "value": "b"}),
        ("/attributes?file=a.csv", b"clip,mood\nclip0,sad\n"),
    ]
    with board.lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == board.name)).one()
        study.state = StudyState.OPEN
        db.commit()
    assert [board.post(path, body).status_code for path, body in asked] == [409] * 5
    with board.lab.database.writing() as db:
        db.add(Experimenter(email=f"{board.name}@lab.example", password_hash="x"))
        db.flush()
        other = db.scalars(select(Experimenter.id).order_by(Experimenter.id.desc())).first()
        member = db.scalars(select(StudyMember).where(StudyMember.study_id == study.id)).one()
        db.add(StudyMember(study_id=study.id, experimenter_id=other, role=Role.OWNER))
        member.role = Role.VIEWER
        db.get_one(Study, study.id).state = StudyState.DRAFT
        db.commit()
    assert [board.post(path, body).status_code for path, body in asked] == [403] * 5
    assert "data-tools" not in board.lab.client.get(f"/studies/{board.name}/clips").text
    assert board.lab.client.get(f"{board.address}/attributes.csv").status_code == 200
    assert board.ids() == ids


def test_what_was_changed_is_in_the_studys_log(board: Board) -> None:
    ids = board.ids()
    board.post(f"/{ids[0]}/rename", {"name": "x"})
    board.post(f"/{ids[0]}/move", {"place": 2})
    board.post("/attribute", {"clips": ids, "column": "a", "value": "b"})
    board.post("/remove", {"clips": [ids[1]]})
    with board.lab.database.reading() as db:
        query = select(AuditEntry).where(AuditEntry.study == board.name).order_by(AuditEntry.id)
        lines = [(line.account, line.action) for line in db.scalars(query)]
    actions = ["clip renamed", "clip moved", "attribute set", "clips removed"]
    assert lines == [(experimenter.EMAIL, action) for action in actions]


def test_a_clip_removed_while_it_is_converted_is_not_missed(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    [clip, *_] = board.clips()
    with board.lab.database.writing() as db:
        db.get_one(Clip, clip.id).state = ClipState.WAITING
        db.commit()

    def convert(*_: Any, **__: Any) -> Any:
        assert board.post("/remove", {"clips": [clip.public_id]}).status_code == 200
        raise VideoError("it is no video")

    monkeypatch.setattr(conversion, "convert", convert)
    with board.lab.database.reading() as db:
        study_id = db.scalars(select(Study.id).where(Study.name == board.name)).one()
    conversion.convert_waiting_clips(board.lab.database, board.lab.settings, study_id)
    assert len(board.clips()) == 3
    with board.lab.database.reading() as db:
        assert db.scalar(select(Rendition.kind).where(Rendition.clip_id == clip.id).limit(1)) is None


def test_the_commands_do_the_same(board: Board, tmp_path: Path) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(commands, ["--data", str(board.lab.settings.data), "clips", *words])
        return f"{result.exit_code} {result.output} {result.exception}"

    (tmp_path / "table.csv").write_text("clip,mood\nclip1,sad\n")
    assert run("rename", board.name, "clip0.mp4", "zero").startswith("0 ")
    assert "1 clip of" in run("attributes", board.name, str(tmp_path / "table.csv"))
    assert run("remove", board.name, "CLIP2.mp4", "--yes").startswith("0 ")
    assert board.names() == ["zero.mp4", "clip1.mp4", "clip3.mp4"]
    assert board.clips()[1].attributes == {"mood": "sad"}
    refused = run("remove", board.name, "clip9.mp4", "--yes")
    assert refused.startswith("1 ")
    assert "has no clip clip9.mp4" in refused
    assert len(board.names()) == 3


def test_what_was_made_of_a_replaced_file_is_not_taken_for_the_new_one(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    [clip, *_] = board.clips()
    with board.lab.database.writing() as db:
        db.get_one(Clip, clip.id).state = ClipState.WAITING
        db.commit()
        study_id = clip.study_id

    def convert(*_: Any, **__: Any) -> Any:
        with board.lab.database.writing() as db:
            db.get_one(Clip, clip.id).source_sha256 = "a" * 64
            db.get_one(Clip, clip.id).state = ClipState.READY
            db.commit()
        raise VideoError("it is no video")

    monkeypatch.setattr(conversion, "convert", convert)
    conversion.convert_waiting_clips(board.lab.database, board.lab.settings, study_id)
    assert board.clips()[0].state == ClipState.READY
    assert board.clips()[0].reason is None
