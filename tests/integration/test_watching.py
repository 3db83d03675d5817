"""The live page at any size: figures and pages in a bounded number of statements; and the reliability so far."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import event, insert, select

from analysis.reliability import Coefficient, raters_for, raters_needed, reliability
from app.db import Database
from app.domain import SessionState
from app.errors import Invalid
from app.models import ParticipantSession, SessionEvent, Study, Submission, Trial, now
from app.results.so_far import reliability_so_far
from app.studies.monitoring import session_statuses
from app.studies.watching import FILTERS, ROWS, SORTS, View, figures_of, page_of
from tests import experimenter
from tests.apps import installation
from tests.factories import make_study

STATES = list(SessionState)
MANY = 1000


def fill(database: Database, study_id: int, n: int) -> None:
    """So many sessions in all states, each seen at another time, some with two trials, a check, a note or an id."""
    moment = now()
    with database.writing() as db:
        rows = [
            {
                "study_id": study_id,
                "public_id": f"S-{study_id}-{k:05}",
                "number": k if k % 10 else -k,
                "is_pilot": k % 10 == 0,
                "is_simulated": k % 7 == 0,
                "state": STATES[k % len(STATES)],
                "exclusion_reason": "test" if k % 11 == 0 else None,
                "note": "odd" if k % 13 == 0 else None,
                "recruiter": {"PROLIFIC_PID": f"person-{k:05}"},
                "person": k,
                "seed": k,
                "progress": (k % 100) / 100,
                "last_seen_at": moment - timedelta(minutes=(k * 11) % 97),
            }
            for k in range(1, n + 1)
        ]
        db.execute(insert(ParticipantSession), rows)
        ids = list(db.scalars(select(ParticipantSession.id).where(ParticipantSession.study_id == study_id)))
        trials = [
            {"session_id": one, "key": f"T{one}-{t}", "number": t, "design": "random", "seed": 0}
            for one in ids
            for t in range(one % 4)
        ]
        db.execute(insert(Trial), trials)
        of = {row.key: row.id for row in db.execute(select(Trial.key, Trial.id))}
        size = dict.fromkeys(("viewport_width", "viewport_height", "arena_diameter", "item_width", "pixel_ratio"), 1.0)
        db.execute(
            insert(Submission),
            [
                {
                    "trial_id": of[trial["key"]],
                    "sha256": "0" * 64,
                    "body": b"{}",
                    "duration_ms": 1.0,
                    "hidden_ms": 0.0,
                    "active_ms": 1000.0 * trial["session_id"],
                    "arena_x": 0.0,
                    "arena_y": 0.0,
                    **size,
                }
                for trial in trials
            ],
        )
        checks = [
            {"session_id": one, "kind": "check", "detail": {"passed": one % 4 > 0}, "at": moment} for one in ids[::5]
        ]
        db.execute(insert(SessionEvent), checks)
        db.commit()


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Any) -> Iterator[experimenter.Lab]:
    """A study with 1,000 sessions, "faces", and one with ten, "few"."""
    settings = installation(tmp_path_factory.mktemp("crowd") / "data", empty_sqlite)
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        for name, n in (("few", 10), ("faces", MANY)):
            fill_new(lab, name, n)
        yield lab


def fill_new(lab: experimenter.Lab, name: str, n: int) -> None:
    study_id = make_study(lab.database, lab.app.extensions["asterism"].settings, name=name, owner_id=1)
    fill(lab.database, study_id, n)


def of_name(db: Any, name: str) -> Study:
    return db.scalars(select(Study).where(Study.name == name)).one()


def statements_of(lab: experimenter.Lab, path: str) -> int:
    """How many SQL statements the answer to a request takes."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(lab.database.engine, "before_cursor_execute", note)
    try:
        assert lab.client.get(path).status_code == 200
    finally:
        event.remove(lab.database.engine, "before_cursor_execute", note)
    return len([one for one in seen if one.startswith(("SELECT", "WITH"))])


@pytest.mark.parametrize("query", ["", "?sort=minutes&descending=1&page=9", "?only=idle&search=person-00"])
def test_a_thousand_sessions_take_as_many_statements_as_ten(crowd: experimenter.Lab, query: str) -> None:
    many, few = (statements_of(crowd, f"/api/v1/studies/{name}{query}") for name in ("faces", "few"))
    assert many <= few <= 20
    rows = crowd.client.get(f"/api/v1/studies/faces{query}").json["sessions"]
    assert len(rows) <= ROWS


def test_figures_and_pages_are_those_of_all_sessions(both_app: Flask) -> None:
    runtime = both_app.extensions["asterism"]
    study_id = make_study(runtime.database, runtime.settings)
    fill(runtime.database, study_id, 130)
    at = now()
    with runtime.database.reading() as db:
        study = db.get_one(Study, study_id)
        everybody = session_statuses(db, study, pilots=None, at=at)
        figures = figures_of(db, study, at=at)
        people = [one for one in everybody if not one.is_pilot]
        included = [one for one in people if one.exclusion_reason is None]
        assert figures.states == {state: n for state in FILTERS if (n := sum(one.state == state for one in included))}
        assert set(figures.states) == {*STATES, "idle", "left"}
        assert (figures.people, figures.visits) == (len(included), len(included))
        assert figures.simulated == sum(one.is_simulated for one in included)
        assert (figures.left_out, figures.pilots) == (len(people) - len(included), len(everybody) - len(people))
        counted = [one for one in included if one.state != "withdrawn"]
        assert figures.checks == (
            sum(one.checks.done for one in counted),
            sum(one.checks.passed for one in counted),
        )
        minutes = sorted(one.minutes for one in included if one.state == "finished" and one.trials)
        assert figures.minutes == pytest.approx((minutes[(len(minutes) - 1) // 2] + minutes[len(minutes) // 2]) / 2)

        def keys(sort: str) -> list[Any]:
            value = {
                "number": lambda one: 0,
                "state": lambda one: one.state,
                "progress": lambda one: one.progress,
                "trials": lambda one: one.trials,
                "minutes": lambda one: one.minutes,
                "seen": lambda one: one.last_seen_at,
            }[sort]
            return [value(one) for one in rows if not one.is_pilot]

        for sort in SORTS:
            for descending in (False, True):
                pages = [page_of(db, study, View(page, sort, descending), at=at) for page in (1, 2, 3)]
                rows = [row for page in pages for row in page.rows]
                assert [len(page.rows) for page in pages] == [ROWS, ROWS, 30]
                assert {page.found for page in pages} == {len(people)}
                assert sorted(one.session_id for one in rows) == sorted(one.session_id for one in everybody)
                # Pilots are the last, whatever the order.
                assert [one.is_pilot for one in rows] == sorted(one.is_pilot for one in rows)
                assert keys(sort) == sorted(keys(sort), reverse=descending)
        for only in FILTERS:
            listed = page_of(db, study, View(only=only), at=at)
            expected = {
                "pilot": [one for one in everybody if one.is_pilot],
                "simulated": [one for one in people if one.is_simulated],
                "left_out": [one for one in people if one.exclusion_reason is not None],
            }.get(only, [one for one in included if one.state == only])
            assert listed.found == len(expected), only
        assert [one.rater for one in page_of(db, study, View(search="p012"), at=at).rows] == ["P012"]
        by_id = page_of(db, study, View(search="PERSON-00012"), at=at)
        assert [one.recruiter for one in by_id.rows] == [{"PROLIFIC_PID": "person-00012"}]
        assert page_of(db, study, View(search="PERSON-00012"), with_ids=False, at=at).found == 0
        assert page_of(db, study, View(search="100%_"), at=at).rows == []
        beyond = page_of(db, study, View(page=99), at=at)
        assert (beyond.page, beyond.pages, len(beyond.rows)) == (3, 3, 30)
        for wrong in (View(sort="name"), View(only="asleep")):
            with pytest.raises(Invalid):
                page_of(db, study, wrong, at=at)


def test_the_pages_data_say_what_is_wrong_with_an_address(crowd: experimenter.Lab) -> None:
    for query, field in (("sort=x", "sort"), ("only=x", "only")):
        refused = crowd.client.get(f"/api/v1/studies/faces?{query}")
        assert (refused.status_code, refused.json["error"]["field"]) == (400, field)
    assert crowd.client.get("/api/v1/studies/faces/reliability?target=1").status_code == 400
    answer = crowd.client.get("/api/v1/studies/faces/reliability?target=0.8").json
    assert (answer["target"], answer["value"], answer["needed"]) == (0.8, None, None)
    assert answer["reason"] == answer["needed_reason"] == "the results are being computed"
    # A page that is no number is the first.
    assert crowd.client.get("/api/v1/studies/faces?page=x").json["page"] == 1


def test_raters_needed_turn_spearman_brown_around_and_carry_its_interval() -> None:
    def grown(value: float, times: float) -> float:
        """Spearman (1910), Brown (1910): the reliability of a measure that is made so many times as long."""
        return times * value / (1 + (times - 1) * value)

    for value, n, target in ((0.5, 10, 0.8), (0.93, 24, 0.9), (0.2, 3, 0.95), (0.8, 7, 0.8)):
        needed = raters_for(Coefficient(value, (value / 2, math.sqrt(value))), n, target)
        assert needed.n is not None
        assert grown(value, needed.n / n) >= target - 1e-9
        assert grown(value, (needed.n - 1) / n) < target
        fewest, most = needed.interval
        assert fewest <= needed.n <= most
        assert grown(math.sqrt(value), fewest / n) >= target - 1e-9 > grown(math.sqrt(value), (fewest - 1) / n) - 2e-9
        assert grown(value / 2, most / n) >= target - 1e-9
    endless = raters_for(Coefficient(0.3, (-0.1, 0.6)), 5, 0.9)
    assert endless.interval[1] == math.inf
    for unknown in (Coefficient(float("nan"), reason="too few"), Coefficient(-0.2)):
        needed = raters_for(unknown, 4, 0.9)
        assert needed.n is None
        assert needed.reason
    assert raters_for(Coefficient(0.4, reason="no interval"), 4, 0.9).n == 54
    with pytest.raises(ValueError, match="target"):
        raters_for(Coefficient(0.5), 4, 1.0)


def test_raters_for_and_raters_needed_agree_where_every_rater_saw_every_pair() -> None:
    rng = np.random.default_rng(5)
    rdms = rng.normal(size=66) + rng.normal(scale=1.5, size=(24, 66))
    coefficients = reliability(rdms)
    assert raters_for(coefficients.split_half_corrected, 24, 0.95).n == pytest.approx(
        raters_needed(rdms, 0.95).n, rel=0.05
    )
    simple = coefficients.pairwise_pearson.value
    grown = 24 * simple / (1 + 23 * simple)
    assert raters_for(Coefficient(grown), 24, 0.95).n == raters_needed(rdms, 0.95).n


def test_the_reliability_so_far_says_of_whom_it_is_or_why_it_cannot_be_told(lab: experimenter.Lab) -> None:
    with lab.database.reading() as db:
        study = db.scalars(select(Study)).one()
    early = reliability_so_far(lab.database, study.id, target=0.9)
    if early.at is None:
        assert "being computed" in str(early.reliability.reason)
    experimenter.compute(lab)
    so_far = reliability_so_far(lab.database, study.id, target=0.9)
    # Two people have finished; the simulated rater is none of them.
    assert (so_far.of_finished, so_far.raters, so_far.simulated) == (2, 2, False)
    assert math.isfinite(so_far.reliability.value)
    assert so_far.reliability.reason == "an interval over raters needs at least three raters"


def test_a_study_without_anybody_says_what_it_waits_for(app: Flask) -> None:
    runtime = app.extensions["asterism"]
    so_far = reliability_so_far(runtime.database, make_study(runtime.database, runtime.settings), target=0.9)
    assert so_far.reliability.reason == "agreement needs at least two participants who have finished"
    assert (so_far.needed.n, so_far.at) == (None, None)
