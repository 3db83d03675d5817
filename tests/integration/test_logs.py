"""The server's log tells what went wrong, and no secret."""

from __future__ import annotations

import io
import json

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError

from app.config import Settings
from app.db import open_database
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
