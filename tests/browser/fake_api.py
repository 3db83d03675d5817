"""A small participant API in memory, for tests of the task page: real templates and scripts, faults on demand.

`FakeStudy` is the server's memory; `faults` queues what the next requests to a route shall suffer, `failing` is for as
long as a test needs:

    study.faults["submit"] = [status(503), lost_answer(), false_ack()]
    with study.failing("submit", status(503)):

Over 300 lines: a whole API in memory, and the faults that it can make.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import av
import numpy as np
from flask import Flask, Response, abort, jsonify, redirect, render_template, request, send_from_directory
from PIL import Image
from werkzeug.serving import WSGIRequestHandler, make_server

from app.definition.study_toml import StudyDefinition, check_definition
from app.participation.practice_score import judge
from app.web import language as strings
from app.web.default_texts import how_long
from tests.serving import POLL_SECONDS

ROOT = Path(__file__).parents[2]
TOKEN = "token-of-the-tests"
ANOTHER_TOKEN = "another-token-of-the-same-session"
CSP = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'"

Fault = Callable[[Callable[[], Response]], Response]


def status(code: int, *, headers: dict[str, str] | None = None) -> Fault:
    """The request is answered with this status, and nothing is stored."""
    body = {"error": {"code": f"fake_{code}", "message": f"The fake server says {code}.", "field": None}}
    return lambda answer: Response(json.dumps(body), code, headers, mimetype="application/json")


def lost_answer() -> Fault:
    """The request is carried out, and its answer never arrives whole."""

    def fault(answer: Callable[[], Response]) -> Response:
        answer()
        return Response(b'{"ack": {"trial_', headers={"Content-Length": "500"}, mimetype="application/json")

    return fault


def false_ack() -> Fault:
    """Nothing is stored, and the answer looks like a success: that of another trial."""
    return lambda answer: jsonify({"ack": {"trial_key": "0" * 32, "sha256": "0" * 64}, "next": {"state": "finished"}})


def sign_in_page() -> Fault:
    """A hotel's network answers in the server's place."""
    return lambda answer: Response("<h1>Welcome to our hotel</h1>", mimetype="text/html")


def held(release: threading.Event) -> Fault:
    """The request is carried out when the test says so (or after a minute)."""

    def fault(answer: Callable[[], Response]) -> Response:
        release.wait(60)
        return answer()

    return fault


def carried_out() -> Fault:
    """No fault: for the turn of a request that goes well between others."""
    return lambda answer: answer()


@dataclass
class FakeStudy:
    """What the server knows. `trials` lists the clips of each trial; `submitted` holds the bodies that were acked."""

    trials: list[list[int]] = field(default_factory=lambda: [[0, 1, 2, 3], [4, 5, 6]])
    purposes: dict[int, str] = field(default_factory=dict)
    state: str = "arranging"
    preview: bool = False
    language: str | None = None
    background: str = "auto"
    min_window: int | None = None
    play: str = "hover"
    sound: bool = False
    watch: str = "free"
    at_most: bool = False
    stalled_media: set[int] = field(default_factory=set)
    toml: str = ""
    completion: dict[str, str | None] = field(
        default_factory=lambda: {"code": "STAR-1234", "url": "https://recruiter.example/done?cc=STAR-1234"}
    )
    real_arena: bool = False
    broken_media: set[int] = field(default_factory=set)
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    lasting: dict[str, Fault] = field(default_factory=dict)
    submitted: dict[str, bytes] = field(default_factory=dict)
    refused: list[tuple[str, bytes]] = field(default_factory=list)
    drafts: dict[str, dict] = field(default_factory=dict)
    events: list[dict] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    tab: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @contextmanager
    def failing(self, route: str, fault: Fault) -> Iterator[None]:
        """While the block lasts, every request to a route suffers this."""
        self.lasting[route] = fault
        yield
        del self.lasting[route]

    def definition(self) -> StudyDefinition:
        """What the page says of the rules."""
        sections = {"playback": {"play": self.play, "sound": self.sound, "watch": self.watch}}
        return check_definition({"title": "Faces", **sections, **tomllib.loads(self.toml)})

    def key(self, number: int) -> str:
        return hashlib.md5(f"trial {number}".encode(), usedforsecurity=False).hexdigest()

    @property
    def number(self) -> int:
        return len(self.submitted)

    def view(self, tab: str) -> dict:
        trial = None
        if self.state == "arranging" and self.number < len(self.trials):
            number = self.number
            purpose = self.purposes.get(number, "main")
            clips = self.trials[number]
            trial = {
                "key": self.key(number),
                "number": number,
                "purpose": purpose,
                "clips": [_clip(c) for c in clips],
                "draft": self.drafts.get(self.key(number)),
            }
        after = self.number + (1 if self.state == "arranging" else 0)
        coming = self.trials[after] if after < len(self.trials) and self.state != "finished" else []
        return {
            "session": {"id": "S-1", "state": self.state, "simulated": False},
            "study": {"name": "faces", "title": "Faces", "question": "How alike are they?", "language": self.language},
            "playback": {"play": self.play, "sound": self.sound, "loop": True, "watch": self.watch, "enlarge": True},
            "arena": {
                "guide_lines": False,
                "hints": True,
                "background": self.background,
                "min_window": self.min_window,
            },
            "progress": {
                "fraction": 1.0 if self.state == "finished" else self.number / max(len(self.trials), 1),
                "trials_done": self.number,
                "minutes_left": None if self.state == "finished" else 6.0 * (len(self.trials) - self.number),
                "at_most": self.at_most,
                "minutes_a_trial": 6.0 if self.number else None,
            },
            "trial": trial,
            "practice": None,
            "upcoming": [{k: _clip(c)[k] for k in ("poster", "sources")} for c in coming],
            "completion": self.completion if self.state == "finished" else None,
            "elsewhere": bool(tab and self.tab and tab != self.tab),
        }

    def submit(self, key: str, body: bytes, tab: str) -> Response:
        keys = [self.key(n) for n in range(len(self.trials))]
        ack = {"trial_key": key, "sha256": hashlib.sha256(body).hexdigest()}
        if self.submitted.get(key) == body:
            return jsonify({"ack": ack, "next": self.view(tab)})
        if self.state != "arranging" or keys[self.number] != key:
            self.refused.append((key, body))
            code = "conflict" if key in self.submitted else "stale"
            error = {"code": code, "message": "This trial is over.", "field": None}
            return _answer({"error": error, "next": self.view(tab)}, 409)
        placed = [row["clip"] for row in json.loads(body)["placements"]]
        if sorted(placed) != sorted(f"C-{c}" for c in self.trials[self.number]):
            return _answer({"error": {"code": "invalid", "message": "Clips are missing.", "field": "placements"}}, 422)
        self.submitted[key] = body
        if self.number == len(self.trials):
            self.state = "finished"
        return jsonify({"ack": ack, "next": {**self.view(tab), "practice": self.judged(self.number - 1)}})

    def judged(self, number: int) -> dict | None:
        """How the practice round of that number went: its clips belong on a circle, in order."""
        if self.purposes.get(number) != "practice":
            return None
        layout = {
            f"C-{c}": tuple(_on_circle(i, len(self.trials[number])).values()) for i, c in enumerate(self.trials[number])
        }
        rows = json.loads(self.submitted[self.key(number)])["placements"]
        verdict = judge({row["clip"]: (row["x"], row["y"]) for row in rows}, layout)
        return {
            "key": self.key(number),
            "clips": [_clip(c) for c in self.trials[number]],
            "placements": rows,
            "expected": [{"clip": clip, "x": x, "y": y} for clip, (x, y) in verdict.expected.items()],
            "verdict": verdict.verdict,
            "advice": [{"kind": each.kind, "clips": list(each.shapes)} for each in verdict.advice],
        }


def create_fake_app(study: FakeStudy) -> Flask:
    app = Flask("fake", static_folder=None, template_folder=str(ROOT / "templates"))
    strings.init_app(app)

    @app.get("/static/test/<path:filename>", endpoint="static")
    def static_file(filename: str) -> Response:
        if filename == "arena/arena.js" and not study.real_arena:
            return send_from_directory(Path(__file__).parent, "stand_in_arena.js")
        return send_from_directory(ROOT / "static", filename)

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CSP)
        return response

    @app.get("/join/faces")
    def consent() -> str:
        return render_template(
            "participant/consent.html",
            study={"name": "faces", "title": "Faces"},
            consent_html="<p>You will watch short clips of faces and say how alike they are.</p><p>20 minutes.</p>",
            params={"PROLIFIC_PID": request.args.get("PROLIFIC_PID", "")},
            preview=study.preview,
            min_window=study.min_window,
            how_long=how_long(study.definition()),
        )

    @app.post("/join/faces")
    def agree() -> Response:
        study.state = "instructed"
        return redirect(f"/join/faces/{TOKEN}", 303)

    @app.get("/join/full")
    def full() -> str:
        words = "This study is full. Thank you for your interest."
        return render_template("participant/message.html", title="The study is full", message=words)

    @app.get("/join/faces/<token>")
    def task(token: str) -> str:
        return render_template(
            "participant/task.html",
            study={"name": "faces", "title": "Faces", "question": "How alike are they?"},
            instructions_html="<p>You will see short clips of faces. Arrange them by how alike they look to you.</p>",
            thanks_html="<p>You have helped us a lot.</p>",
            rules=study.definition(),
            how_long=how_long(study.definition()),
        )

    @app.get("/media/<int:number>.<kind>")
    def media(number: int, kind: str) -> Response:
        if number in study.broken_media and kind != "webp":
            abort(500)
        if number in study.stalled_media and kind != "webp":
            return Response(trickle(study), headers={"Content-Length": "100000"}, mimetype="video/mp4")
        data = poster(number) if kind == "webp" else clip_file(number)
        mimetype = "image/webp" if kind == "webp" else "video/mp4"
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}
        return Response(data, headers=headers, mimetype=mimetype)

    def guarded(route: str, act: Callable[[str], Response]) -> Response:
        tab = request.headers.get("X-Tab", "")
        study.calls.append(route)
        if request.headers.get("Authorization") not in (f"Bearer {TOKEN}", f"Bearer {ANOTHER_TOKEN}"):
            return _answer({"error": {"code": "unknown", "message": "Unknown.", "field": None}}, 401)

        def answer() -> Response:
            with study.lock:
                return act(tab)

        queued = study.faults[route]
        fault = study.lasting.get(route) or (queued.pop(0) if queued else carried_out())
        return fault(answer)

    @app.post("/api/v1/session/lease")
    def lease() -> Response:
        def act(tab: str) -> Response:
            study.tab = tab
            return jsonify(study.view(tab))

        return guarded("lease", act)

    @app.get("/api/v1/session")
    def view() -> Response:
        return guarded("view", lambda tab: jsonify(study.view(tab)))

    @app.post("/api/v1/session/start")
    def start() -> Response:
        def act(tab: str) -> Response:
            study.state = "arranging"
            return jsonify(study.view(tab))

        return guarded("start", act)

    @app.put("/api/v1/session/trials/<key>")
    def submit(key: str) -> Response:
        body = request.get_data()
        return guarded("submit", lambda tab: study.submit(key, body, tab))

    @app.put("/api/v1/session/trials/<key>/draft")
    def draft(key: str) -> Response:
        body = request.get_json()

        def act(tab: str) -> Response:
            if study.tab != tab:
                return _answer({"error": {"code": "elsewhere", "message": "Elsewhere.", "field": None}}, 409)
            study.drafts[key] = {"placements": body["placements"], "watched": body.get("watched", [])}
            return jsonify({"saved": True})

        return guarded("draft", act)

    @app.post("/api/v1/session/events")
    def event() -> Response:
        def act(tab: str) -> Response:
            study.events.append(request.get_json())
            return jsonify({})

        return guarded("event", act)

    @app.delete("/api/v1/session")
    def withdraw() -> Response:
        def act(tab: str) -> Response:
            study.state = "withdrawn"
            return jsonify(study.view(tab))

        return guarded("withdraw", act)

    return app


def trickle(study: FakeStudy) -> Iterator[bytes]:
    """A byte a second, for as long as the test lasts: neither an answer nor a failure."""
    while study.stalled_media:
        yield b"\x00"
        time.sleep(1)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing: a test names its own failure."""


class FakeServer:
    """A fake app behind a real socket; `url` is its address, `study` its memory."""

    def __init__(self, study: FakeStudy) -> None:
        self.study = study
        self._server = make_server("127.0.0.1", 0, create_fake_app(study), threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.task = f"{self.url}/join/faces/{TOKEN}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[POLL_SECONDS], daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.study.stalled_media.clear()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _answer(body: dict, code: int) -> Response:
    return Response(json.dumps(body), code, mimetype="application/json")


def _on_circle(i: int, n: int) -> dict[str, float]:
    angle = 2 * np.pi * i / n
    return {"x": round(0.35 * float(np.cos(angle)), 6), "y": round(0.35 * float(np.sin(angle)), 6)}


def _clip(number: int) -> dict:
    return {
        "id": f"C-{number}",
        "number": number + 1,
        "label": f"Clip {number + 1}",
        "sound": True,
        "width": 160,
        "height": 120,
        "duration": 1.0,
        "poster": f"/media/{number}.webp?sig=x",
        "sources": [{"src": f"/media/{number}.mp4?sig=x", "type": "video/mp4"}],
    }


def _picture(number: int, t: float = 0.0) -> np.ndarray:
    """A disc on a plain ground; its hue tells the clips apart, its place the time."""
    hue = int(255 * ((number * 0.381966) % 1))
    ground = np.full((120, 160, 3), (hue, 110, 70), np.uint8)
    y, x = np.mgrid[:120, :160]
    ground[(x - 80 - 40 * np.cos(2 * np.pi * t)) ** 2 + (y - 60 - 30 * np.sin(2 * np.pi * t)) ** 2 < 500] = (
        40,
        90,
        235,
    )
    return np.asarray(Image.fromarray(ground, "HSV").convert("RGB"))


@cache
def poster(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(_picture(number)).save(file, "WEBP")
    return file.getvalue()


@cache
def clip_file(number: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for i in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(number, i / 10), format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()
