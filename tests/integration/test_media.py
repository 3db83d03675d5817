"""Clips by signed address: for their study alone, in ranges, cached for good, and not after they expire."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app.db import Database
from app.models import Clip, ParticipantSession, Rendition, SessionToken, Study, StudyMember
from app.participation.erasure import erase_person
from app.participation.withdrawal import withdraw
from app.tokens import hash_token, new_token
from app.web import signing
from tests.experimenter import make_account, take_part
from tests.factories import make_study


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    runtime = app.extensions["asterism"]
    for name in ("one", "two"):
        make_study(runtime.database, runtime.settings, name=name)
        take_part(runtime.database, name, trials=0)
    return app.test_client()


def address(
    client: FlaskClient, study_id: int, of_study: int | None = None, kind: str = "mp4", audience: str = ""
) -> str:
    with client.application.extensions["asterism"].database.reading() as db:
        query = select(Rendition).join(Clip).where(Clip.study_id == (of_study or study_id), Rendition.kind == kind)
        rendition = db.scalars(query.order_by(Clip.position)).first()
        assert rendition is not None
        clip = rendition.clip.public_id
        session = db.scalars(select(ParticipantSession).where(ParticipantSession.study_id == study_id)).first()
        assert session is not None
    with client.application.app_context():
        return signing.media_url(study_id, audience or session.public_id, clip, rendition)


@pytest.mark.parametrize(("kind", "mime"), [("mp4", "video/mp4"), ("webm", "video/webm"), ("poster", "image/webp")])
def test_a_signed_address_serves_the_file(client: FlaskClient, kind: str, mime: str) -> None:
    with client.get(address(client, 1, kind=kind)) as answer:
        assert (answer.status_code, answer.mimetype) == (200, mime)
        assert answer.data == f"one 0 {kind}".encode()
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_f28_a_range_is_answered_with_that_part(client: FlaskClient) -> None:
    with client.get(address(client, 1), headers={"Range": "bytes=4-6"}) as answer:
        assert (answer.status_code, answer.data) == (206, b"0 m")
        assert answer.headers["Content-Range"] == "bytes 4-6/9"


def test_f36_a_ticket_opens_no_other_study(client: FlaskClient) -> None:
    assert client.get(address(client, 1, of_study=2)).status_code == 404


def test_f36_an_address_expires(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    url = address(client, 1)
    later = time.time() + 25 * 3600
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert client.get(url).status_code == 404


def test_f36_an_address_is_the_same_on_a_reload(client: FlaskClient) -> None:
    assert address(client, 1) == address(client, 1)


@pytest.mark.parametrize("how", ["withdraws", "is erased"])
def test_f36_an_address_dies_with_the_withdrawal(client: FlaskClient, how: str) -> None:
    database: Database = client.application.extensions["asterism"].database
    ours, theirs = address(client, 1), address(client, 2)
    with database.writing() as db:
        session = db.scalars(select(ParticipantSession).where(ParticipantSession.study_id == 1)).one()
        if how == "is erased":
            erase_person(db, db.get_one(Study, 1), session.rater)
        else:
            token = new_token()
            db.add(SessionToken(token_hash=hash_token(token), session_id=session.id))
            db.flush()
            withdraw(db, token)
    assert client.get(ours).status_code == 404
    with client.get(theirs) as answer:
        assert answer.status_code == 200


def test_f36_an_address_is_for_a_session_of_its_study_alone(client: FlaskClient) -> None:
    with client.application.extensions["asterism"].database.reading() as db:
        of_two = db.scalars(select(ParticipantSession.public_id).where(ParticipantSession.study_id == 2)).one()
    for audience in (of_two, "S-X"):
        assert client.get(address(client, 1, audience=audience)).status_code == 404


def test_f36_an_experimenters_address_dies_with_the_membership(client: FlaskClient) -> None:
    database: Database = client.application.extensions["asterism"].database
    account = make_account(database)
    seen = address(client, 1, audience=signing.experimenter_audience(account.id))
    with client.get(seen) as answer:
        assert answer.status_code == 200
    with database.writing() as db:
        db.execute(delete(StudyMember).where(StudyMember.study_id == 1))
        db.commit()
    assert client.get(seen).status_code == 404


@pytest.mark.parametrize("change", ["ticket", "extension", "clip", "path"])
def test_f34_f37_any_other_address_is_a_404(client: FlaskClient, change: str) -> None:
    _, media, ticket, name = address(client, 1).split("/")
    changed = {
        "ticket": f"/{media}/{ticket[:-2]}xx/{name}",
        "extension": f"/{media}/{ticket}/{name.replace('.mp4', '.html')}",
        "clip": f"/{media}/{ticket}/C-{'a' * 16}.mp4",
        "path": f"/{media}/{ticket}/..%2f..%2fsecret_key",
    }[change]
    assert client.get(changed).status_code == 404
