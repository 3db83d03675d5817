"""What the experimenter's pages escape, keep out of caches, and never show to a participant (F38)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.config import Settings
from app.models import Clip, Experimenter, ParticipantSession, Study
from tests import experimenter
from tests.factories import make_study

EVIL = '<script>alert("x")</script>'


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    """Ada is logged in and has the study "faces"; "theirs" belongs to somebody else."""
    with experimenter.open_lab(settings) as lab:
        make_study(lab.database, settings, toml=experimenter.SHORT)
        experimenter.make_account(lab.database)
        with lab.database.writing() as db:
            other = Experimenter(email="other@lab.example", password_hash="x")
            db.add(other)
            db.commit()
            other_id = other.id
        make_study(lab.database, settings, name="theirs", toml=experimenter.SHORT, owner_id=other_id)
        experimenter.take_part(lab.database, "faces")
        experimenter.take_part(lab.database, "theirs", trials=1)
        experimenter.log_in(lab.client)
        yield lab


def test_f38_titles_labels_and_recruiters_ids_are_escaped(lab: experimenter.Lab, settings: Settings) -> None:
    toml = f"title = '{EVIL}'\n"
    make_study(lab.database, settings, name="evil", toml=toml)
    with lab.database.writing() as db:
        for clip in db.scalars(select(Clip).join(Study).where(Study.name == "evil")):
            clip.label = EVIL
        db.commit()
    experimenter.take_part(lab.database, "evil", recruiter={"PROLIFIC_PID": EVIL}, trials=1)
    for path in ("/studies", "/studies/evil", "/studies/evil/clips", "/studies/evil/results"):
        page = lab.client.get(path)
        assert "&lt;script&gt;" in page.text, path
        assert EVIL not in page.text, path
        assert (
            "script-src" in page.headers["Content-Security-Policy"]
            or "default-src 'self'" in page.headers["Content-Security-Policy"]
        )
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    data = lab.client.get("/api/v1/studies/evil")
    assert data.mimetype == "application/json"
    assert data.headers["X-Content-Type-Options"] == "nosniff"
    assert data.json["sessions"][0]["recruiter"] == {"PROLIFIC_PID": EVIL}


def test_no_page_is_kept_by_a_cache(lab: experimenter.Lab) -> None:
    for path in ("/studies", "/studies/faces/results", "/api/v1/studies/faces"):
        assert lab.client.get(path).headers["Cache-Control"] == "no-store"


def test_a_participants_token_opens_nothing_here(lab: experimenter.Lab) -> None:
    with lab.database.reading() as db:
        session = db.scalars(select(ParticipantSession)).first()
    assert session is not None
    visitor = lab.app.test_client()
    answer = visitor.get("/api/v1/studies/faces", headers={"Authorization": f"Bearer {session.public_id}"})
    assert answer.status_code == 401
