"""`/metrics`: what is counted, who may see it, and that it is in Prometheus' format."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.config import Settings, read_settings
from app.errors import ConfigurationError
from app.heartbeat import Heartbeat, beat
from app.metrics import BOUNDS, Counts, metrics_text
from app.models import Study, StudyPlan, now
from tests.apps import app_for
from tests.factories import encode, make_study, trial_body

LINE = re.compile(r'[a-z_]+(?:\{[a-z]+="[^"\\]*"(?:,[a-z]+="[^"\\]*")*\})? -?[0-9.e+-]+')


def values(text: str) -> dict[str, float]:
    """Every sample of the text by its name with its labels; each line is of the format."""
    lines = text.splitlines()
    assert text.endswith("\n")
    samples = [line for line in lines if not line.startswith("#")]
    assert [line for line in samples if not LINE.fullmatch(line)] == []
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(families) == len(set(families))
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in samples}


def test_joins_saves_refusals_and_times_are_counted(both_app: Flask) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml='title = "x"\n[design]\nmax_items = 4\n')
    beat(runtime.settings, Heartbeat(1, 1000.0, True, 3))
    client = both_app.test_client()
    joined = client.post("/join/faces")
    headers = {"Authorization": "Bearer " + joined.headers["Location"].rsplit("/", 1)[1], "X-Tab": "one"}
    trial = client.post("/api/v1/session/start", headers=headers).get_json()["trial"]
    address, body = f"/api/v1/session/trials/{trial['key']}", encode(trial_body(trial))
    assert client.put(address, headers=headers, data=b"{}").status_code == 400
    assert client.put(address, headers=headers, data=body).status_code == 200
    assert client.put(address, headers=headers, data=b"{}").status_code == 409
    with runtime.database.writing() as db:
        asked = now() - timedelta(hours=1)
        db.add(StudyPlan(study_id=db.scalars(select(Study.id)).one(), asked={}, requested_at=asked))
        db.commit()
    told = values(client.get("/metrics").text)
    assert told['asterism_plans{state="waiting"}'] == 1
    assert told['asterism_comparisons{state="waiting"}'] == told['asterism_oldest_wait_seconds{work="results"}'] == 0
    assert 3600 <= told['asterism_oldest_wait_seconds{work="plans"}'] < 7200
    assert told['asterism_requests_total{kind="join",status="3xx"}'] == 1
    assert told['asterism_requests_total{kind="save",status="2xx"}'] == 1
    assert told['asterism_requests_total{kind="save",status="4xx"}'] == 2
    assert told['asterism_save_seconds_count{kind="save"}'] == 1
    buckets = [
        told[f'asterism_save_seconds_bucket{{kind="save",le="{b}"}}'] for b in [*map("{:g}".format, BOUNDS), "+Inf"]
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1
    assert told['asterism_sessions{state="arranging"}'] == 1
    assert told['asterism_clips{state="ready"}'] == 6
    assert (told["asterism_database_up"], told["asterism_worker_up"], told["asterism_worker_restarts"]) == (1, 0, 3)
    assert told["asterism_disk_free_bytes"] > 1e6


def test_a_time_is_in_the_first_bucket_that_holds_it_and_the_sum_is_exact() -> None:
    counts = Counts()
    for seconds in (0.005, 0.0051, 9.0, 11.0):
        counts.count("draft", 200, seconds)
    counts.count("draft", 503, 1.0)
    row = counts.totals()[-len(BOUNDS) - 2 :]
    assert row == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, pytest.approx(20.0101)]


def test_without_a_database_the_rest_is_told(settings: Settings) -> None:
    gone = settings.model_copy(update={"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/none"})
    with app_for(gone) as app:
        told = values(metrics_text(Counts(), app.extensions["asterism"].database, settings))
    assert told["asterism_database_up"] == 0
    assert "asterism_disk_free_bytes" in told


def test_only_this_machine_or_who_has_the_token_sees_it(settings: Settings, app: Flask) -> None:
    def status(app: Flask, address: str = "127.0.0.1", **headers: str) -> int:
        return app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers).status_code

    assert status(app) == status(app, "::1") == 200
    assert status(app, "203.0.113.7") == 404
    # A proxy on this machine brings visitors from anywhere.
    for name in ("X-Forwarded-For", "Forwarded", "Via"):
        assert status(app, **{name: "203.0.113.7"}) == 404
    token = "a-token-of-twenty-characters"
    with app_for(settings.model_copy(update={"metrics_token": token})) as guarded:
        assert status(guarded) == status(guarded, Authorization="Bearer wrong") == 404
        assert status(guarded, "203.0.113.7", Authorization=f"Bearer {token}") == 200


def test_a_token_that_can_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTERISM_METRICS_TOKEN", "short")
    with pytest.raises(ConfigurationError, match="ASTERISM_METRICS_TOKEN: must have at least 20"):
        read_settings()
