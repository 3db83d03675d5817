"""The server's log tells what went wrong, and no secret."""

from __future__ import annotations

import io
import json

import pytest
from flask import Flask

from app.logs import configure_logs
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
    assert (line["event"], line["path"]) == ("unexpected_error", "/join/faces")
    assert "something broke" in line["exception"]
    assert app.config["SECRET_KEY"] not in out.getvalue()
