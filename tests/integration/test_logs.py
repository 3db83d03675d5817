"""The server's log tells what went wrong, and no secret."""

from __future__ import annotations

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError

from app.config import Settings
from app.db import open_database
from app.errors import ConfigurationError
from app.log_files import LogFile, log_of
from app.logs import configure_logs, describe_error
from app.models import SessionEvent, SetupLink
from app.web import participant


def test_an_unexpected_error_is_logged_without_local_variables(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    configure_logs(out)

    def fails(*_: object) -> None:
        secret = app.config["SECRET_KEY"]
        raise RuntimeError("something broke " + secret[:0])

    monkeypatch.setattr(participant, "find_study", fails)
    app.testing = False
    answer = app.test_client().get("/join/faces")
    configure_logs()
    assert answer.status_code == 500
    assert "something broke" not in answer.text
    line = json.loads(out.getvalue())
    assert (line["event"], line["method"], line["rule"]) == ("unexpected_error", "GET", "/join/<name>")
    assert "something broke" in line["exception"]
    assert "in fails" in line["exception"]
    assert app.config["SECRET_KEY"] not in out.getvalue()


def test_lines_go_to_standard_error_as_it_is_now(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs that were set up while a command had another standard error must not write to that one for ever."""
    with monkeypatch.context() as during, io.StringIO() as replaced:
        during.setattr(sys, "stderr", replaced)
        configure_logs(log_of(settings))
    now = io.StringIO()
    monkeypatch.setattr(sys, "stderr", now)
    structlog.get_logger().info("still_here")
    assert json.loads(now.getvalue())["event"] == "still_here"


MARK = "my-private-words"


@pytest.mark.parametrize("error", [ValueError(MARK), KeyError(MARK), UnicodeError(MARK)])
def test_the_log_holds_no_words_and_no_token_of_a_participant(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    out = io.StringIO()
    configure_logs(out)

    def fails(*_: object, **__: object) -> None:
        try:
            raise error
        except Exception as cause:
            raise OperationalError("INSERT", {"x": MARK}, Exception(f"token {MARK}"), hide_parameters=True) from cause

    app.testing = False
    for name in ("find_study", "session_of"):
        monkeypatch.setattr(participant, name, fails)
    app.test_client().get(f"/join/faces/{MARK}")
    monkeypatch.setattr(participant, "session_of", lambda *_: (_ for _ in ()).throw(error))
    app.test_client().get(f"/join/faces/{MARK}")
    configure_logs()
    assert "database_unavailable" in out.getvalue()
    assert "unexpected_error" in out.getvalue()
    assert MARK not in out.getvalue()


def test_an_error_of_the_database_does_not_quote_what_was_to_be_stored(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    with database.writing() as db:
        db.add(SetupLink(token_hash=MARK))
        db.flush()
        # There is no such session, and on PostgreSQL the kind is too long besides.
        db.add(SessionEvent(session_id=10**6, kind="x" * 40 + MARK, detail={"words": MARK}))
        with pytest.raises(DBAPIError) as refused:
            db.flush()
    assert MARK not in describe_error(refused.value)
    assert MARK not in describe_error(refused.value.orig or refused.value)
    # Who prints the whole error, as other libraries may, prints no values either.
    assert MARK not in str(refused.value)
    database.close()


def test_a_log_in_files_keeps_whole_lines_within_its_bounds_whoever_writes(tmp_path: Path) -> None:
    file = tmp_path / "asterism.log"

    def write(who: int) -> None:
        # As another process would: with a descriptor and a lock of its own.
        own = LogFile(file, most_bytes=2000, older=100)
        for number in range(100):
            own.write(json.dumps({"who": who, "number": number, "pad": "ü" * 20}) + "\n")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    files = [one for one in tmp_path.iterdir() if one.suffix != ".lock"]
    assert len(files) > 10
    assert max(one.stat().st_size for one in files) <= 2000
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
    lines = [json.loads(line) for one in files for line in one.read_text().splitlines()]
    assert sorted((line["who"], line["number"]) for line in lines) == [(w, n) for w in range(4) for n in range(100)]


def test_only_so_many_files_of_the_log_are_kept_and_a_full_disk_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = LogFile(tmp_path / "asterism.log", most_bytes=30, older=2)
    for number in range(9):
        log.write(f"line {number} of the log\n")
    kept = sorted(tmp_path.glob("asterism.log*"))
    assert [one.name for one in kept] == ["asterism.log", "asterism.log.1", "asterism.log.2", "asterism.log.lock"]
    assert [one.read_text() for one in kept[:3]] == [f"line {n} of the log\n" for n in (8, 7, 6)]
    (tmp_path / "asterism.log").unlink()
    (tmp_path / "asterism.log").mkdir()
    log.write("what cannot be written\n")
    assert capsys.readouterr().err == "what cannot be written\n"


def test_the_server_logs_to_the_file_of_its_setting(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "asterism.log"
    log = log_of(settings.model_copy(update={"log_file": file}))
    assert log is not None
    log.write("one line\n")
    assert file.read_text() == "one line\n"
    with pytest.raises(ConfigurationError, match=r"ASTERISM_LOG_FILE: .*nowhere.* cannot be written"):
        log_of(settings.model_copy(update={"log_file": tmp_path / "nowhere" / "asterism.log"}))
