"""A real installation for the tests of whole sessions: a server that can be restarted, and what its database holds."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer
from werkzeug.serving import ThreadedWSGIServer

from app import create_app
from app.config import Settings
from app.db import Database
from app.models import Clip, Draft, ParticipantSession, Placement, SessionEvent, Submission, Trial
from app.participation.payloads import recorded
from tests.ports import free_port
from tests.serving import POLL_SECONDS, read_whole

Point = tuple[float, float]


@dataclass(frozen=True)
class StoredTrial:
    """What the database holds of a submitted trial."""

    placements: dict[str, Point]
    moves: list[tuple[str, str]]  # (clip, how), in order
    plays: list[tuple[str, str]]  # (clip, how), in order
    submission: Submission


def assert_same_places(actual: dict[str, Point], expected: dict[str, Point], *, within: float = 1e-6) -> None:
    """Check that the same clips are at the same places, up to `within` arena units in each coordinate."""
    assert set(actual) == set(expected)
    for clip, place in expected.items():
        assert actual[clip] == pytest.approx(place, abs=within), clip


class Server(ThreadedWSGIServer):
    """A server that can hang up: browsers open connections before they need them, and use them after its end."""

    accepted: list[socket.socket]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, as the base class does, and remember the connection."""
        self.accepted.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """Stop serving, also those who are connected."""
        self.shutdown()
        self.server_close()
        for connection in self.accepted:
            with contextlib.suppress(OSError):  # most are closed already
                connection.shutdown(socket.SHUT_RDWR)


class Site:
    """A data folder and a server of it. The address stays the same over restarts; each start is an app of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port = free_port()
        self._server: Server | None = None
        self._people = itertools.count(1)
        self.start()

    def start(self) -> None:
        """Serve, on the same port each time."""
        app = create_app(self.settings)
        self.database: Database = app.extensions["asterism"].database
        self._server = Server("127.0.0.1", self.port, read_whole(app))
        self._server.accepted = []
        self._thread = threading.Thread(target=self._server.serve_forever, args=[POLL_SECONDS], daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving: nobody is answered from now on."""
        if self._server is None:
            return
        self._server.hang_up()
        self._thread.join(timeout=30)
        self._server = None
        self.database.close()

    @property
    def is_serving(self) -> bool:
        """Whether the server runs."""
        return self._server is not None

    @property
    def address(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def link(self, study: str = "plain", person: str | None = None) -> str:
        """The recruiter's link for a person; a new one each time unless named."""
        who = person or f"p{next(self._people)}"
        return f"{self.address}/join/{study}?PROLIFIC_PID={who}&STUDY_ID=s1&SESSION_ID=x1"

    def session(self, link: str) -> ParticipantSession:
        """The session of a recruiter's link."""
        person = link.partition("PROLIFIC_PID=")[2].partition("&")[0]
        with self.database.reading() as db:
            sessions = [
                one for one in db.scalars(select(ParticipantSession)) if one.recruiter.get("PROLIFIC_PID") == person
            ]
        assert len(sessions) == 1, f"{len(sessions)} sessions of {person}"
        return sessions[0]

    def stored(self, link: str) -> list[StoredTrial]:
        """The submitted trials of the person with that link, by number."""
        session = self.session(link)
        with self.database.reading() as db:
            names = {clip.id: clip.public_id for clip in db.scalars(select(Clip))}
            query = (
                select(Trial, Submission)
                .join(Submission)
                .where(Trial.session_id == session.id)
                .options(undefer(Submission.body))
            )
            rows = list(db.execute(query.order_by(Trial.number)))
            assert [trial.number for trial, _ in rows] == list(range(len(rows)))
            return [
                StoredTrial(
                    {
                        names[row.clip_id]: (row.x, row.y)
                        for row in db.scalars(select(Placement).where(Placement.trial_id == trial.id))
                    },
                    [(move["clip"], move["how"]) for _, move in recorded(submission.body).moves],
                    [(play["clip"], play["how"]) for _, play in recorded(submission.body).plays],
                    submission,
                )
                for trial, submission in rows
            ]

    def drafted(self, link: str) -> set[str]:
        """The clips in the draft of the person's open trial."""
        session = self.session(link)
        with self.database.reading() as db:
            query = select(Draft.body).join(Trial, Trial.id == Draft.trial_id).where(Trial.session_id == session.id)
            return {row["clip"] for body in db.scalars(query) for row in body["placements"]}

    def events(self, link: str) -> list[dict[str, Any]]:
        """The log of the person's session."""
        session = self.session(link)
        with self.database.reading() as db:
            query = select(SessionEvent).where(SessionEvent.session_id == session.id).order_by(SessionEvent.id)
            return [{"kind": event.kind, **event.detail} for event in db.scalars(query)]


def arrived(site: Site, link: str, *trials: dict[str, Point]) -> list[StoredTrial]:
    """Check that the database holds these arrangements of the person with that link, and no others."""
    stored = site.stored(link)
    assert len(stored) == len(trials)
    for trial, places in zip(stored, trials, strict=True):
        assert_same_places(trial.placements, places)
    return stored
