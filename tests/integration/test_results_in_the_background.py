"""Results are computed once, in the background: claims, failures, withdrawals, and what is stored of them.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from analysis.estimators import Interval
from analysis.results import Choice, RaterResult, StudyResults
from analysis.results import rater_result as compute_rater_result
from app import cli
from app.config import Settings
from app.domain import SessionState, WorkState
from app.logs import configure_logs
from app.models import ParticipantSession, SessionEvent, SessionToken, StoredRater, StoredResults, Study, now
from app.participation.enrolment import enter
from app.participation.withdrawal import withdraw
from app.results import inputs as inputs_module
from app.results import stored as stored_module
from app.results import work as work_module
from app.results.inputs import Inputs, inputs_of
from app.results.overview import Overview, overview_of
from app.results.packing import pack_overview, pack_rater, unpack_overview, unpack_rater
from app.results.stored import Standing, results_now, standing_of, stored_overview
from app.results.work import claim_results, compute_next, ensure_results, request_results
from tests import experimenter
from tests.factories import make_study

QUICK = Choice("weighted_average")
EVERYBODY = Choice("weighted_average", with_unfinished=True)


@pytest.fixture
def both_lab(both_settings: Settings) -> Iterator[experimenter.Lab]:
    """The study "faces" with two finished raters and one after a trial, on SQLite and on PostgreSQL."""
    with experimenter.open_lab(both_settings) as lab:
        make_study(lab.database, lab.settings, toml=experimenter.SHORT)
        experimenter.take_part(lab.database, "faces", 0)
        experimenter.take_part(lab.database, "faces", 1)
        experimenter.take_part(lab.database, "faces", 2, trials=1)
        yield lab


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[int, str]]:
    """How often each rater (told by the number of trials and the last minute) was computed by a method."""
    calls: Counter[tuple[Any, str]] = Counter()

    def counting(
        arrangements: list[Any], minutes: list[float], n_items: int, method: str, *, uncertainty: bool, sets: Any
    ) -> RaterResult:
        calls[(len(arrangements), minutes[-1]), method] += 1
        time.sleep(0.05)
        assert not uncertainty
        assert not sets
        return compute_rater_result(arrangements, minutes, n_items, method)

    monkeypatch.setattr(stored_module, "rater_result", counting)
    return calls


def study_id(lab: experimenter.Lab) -> int:
    with lab.database.reading() as db:
        return db.scalars(select(Study.id).where(Study.name == "faces")).one()


def standing(lab: experimenter.Lab, choice: Choice = QUICK) -> tuple[Inputs, Standing]:
    with lab.database.reading() as db:
        inputs = inputs_of(db, study_id(lab), choice)
        return inputs, standing_of(db, inputs)


def request(lab: experimenter.Lab, choice: Choice = QUICK, *, retry: bool = False) -> None:
    inputs, _ = standing(lab, choice)
    with lab.database.writing() as db:
        request_results(db, inputs, retry=retry)


def overview(lab: experimenter.Lab, choice: Choice = QUICK) -> Overview | None:
    with lab.database.reading() as db:
        return stored_overview(db, inputs_of(db, study_id(lab), choice))


def test_what_was_asked_for_is_computed_and_kept(both_lab: experimenter.Lab) -> None:
    _, before = standing(both_lab)
    assert (before.is_wanted, before.computed, before.raters) == (True, None, 2)
    request(both_lab)
    _, waiting = standing(both_lab)
    assert (waiting.is_wanted, waiting.state) == (False, WorkState.WAITING)
    assert experimenter.compute(both_lab) == 1
    inputs, after = standing(both_lab)
    assert (after.is_current, after.state, after.done, after.raters) == (True, WorkState.IDLE, 2, 2)
    assert after.computed == inputs.of_study()
    with both_lab.database.reading() as db:
        expected = overview_of(inputs, results_now(db, inputs.study_id, QUICK))
    shown = overview(both_lab)
    assert shown is not None
    assert shown.raters == expected.raters
    np.testing.assert_array_equal(shown.group.rdm, expected.group.rdm)  # type: ignore[union-attr]


def test_asking_twice_is_computed_once(both_lab: experimenter.Lab, computed: Counter[tuple[int, str]]) -> None:
    for _ in range(3):
        request(both_lab)
    assert experimenter.compute(both_lab) == 1
    request(both_lab)
    assert experimenter.compute(both_lab) == 0
    assert set(computed.values()) == {1}
    assert len(computed) == 2


def test_only_what_is_new_is_computed(both_lab: experimenter.Lab, computed: Counter[tuple[int, str]]) -> None:
    request(both_lab)
    experimenter.compute(both_lab)
    request(both_lab, EVERYBODY)
    experimenter.compute(both_lab)
    assert len(computed) == 3, "the finished raters were there already"
    with both_lab.database.reading() as db:
        third = db.scalars(select(ParticipantSession.id).where(ParticipantSession.number == 3)).one()
    experimenter.go_on(both_lab.database, third, trials=1)
    assert standing(both_lab)[1].is_current, "an unfinished session is in no figure of this choice"
    assert not standing(both_lab, EVERYBODY)[1].is_current
    request(both_lab, EVERYBODY)
    experimenter.compute(both_lab)
    assert len(computed) == 4
    assert set(computed.values()) == {1}


def test_two_workers_never_compute_the_same(both_lab: experimenter.Lab, computed: Counter[tuple[int, str]]) -> None:
    """Three choices that share raters, and four workers that look again and again."""
    for choice in (QUICK, EVERYBODY, Choice("weighted_average", with_simulated=False)):
        request(both_lab, choice)
    deadline = time.monotonic() + 60

    def look() -> None:
        while time.monotonic() < deadline and not all(
            standing(both_lab, choice)[1].is_current for choice in (QUICK, EVERYBODY)
        ):
            compute_next(both_lab.database)
            time.sleep(0.01)

    workers = [threading.Thread(target=look) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    experimenter.compute(both_lab)
    assert len(computed) == 3
    assert set(computed.values()) == {1}


def test_uncertainty_gives_way_to_what_takes_seconds_and_is_kept(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked for while standard errors are computed comes between two raters; nothing is computed twice."""
    order: list[bool] = []

    def known(*given: Any, uncertainty: bool, sets: Any) -> RaterResult:
        order.append(uncertainty)
        result = compute_rater_result(*given)
        if not uncertainty or result.estimate is None:
            return result
        if len(order) == 1:
            request(lab)
        refused = {"uncertainty_reason": "too few"} if sum(order) == 2 else {}
        given_now = {"correlation_with_truth": Interval(0.8, 0.6, 0.9), "standard_error": result.estimate.rdm / 4}
        return replace(result, estimate=replace(result.estimate, **(refused or given_now)))

    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    csrf = {"X-CSRFToken": experimenter.csrf_token(lab.client.get("/studies").text)}
    address = "/api/v1/studies/faces/results/uncertainty?method=weighted_average"
    states = [lab.client.get(address).get_json()["state"]]
    states.append(lab.client.post(address, headers=csrf).get_json()["state"])
    monkeypatch.setattr(stored_module, "rater_result", known)
    experimenter.compute(lab)
    assert order == [True, False, False, False, True, True]
    answer = lab.client.get(address).get_json()
    states.append(answer["state"])
    assert [(one["rater"], one["correlation"], one["reason"]) for one in answer["known"][:2]] == [
        ("P001", [0.8, 0.6, 0.9], None),
        ("P002", None, "too few"),
    ]
    first = lab.client.get(f"{address.replace('uncertainty', 'rdms/P001')}&uncertainty=1").get_json()
    np.testing.assert_allclose(first["standard_error"], np.array(first["rdm"]) / 4, atol=1e-4)
    assert lab.client.get(address.replace("uncertainty", "rdms/P001")).get_json()["standard_error"] is None
    _leave(lab, 1)
    states.append(lab.client.get(address).get_json()["state"])
    assert states == ["none", "working", "ready", "none"], "a withdrawal takes what was computed with it"


def test_results_under_way_are_not_claimed_by_another(both_lab: experimenter.Lab) -> None:
    request(both_lab)
    request(both_lab, EVERYBODY)
    with both_lab.database.writing() as db:
        first = claim_results(db)
    assert first is not None
    with both_lab.database.writing() as db:
        assert claim_results(db) is None, "the other choice shares its raters"
    request(both_lab, Choice("latent"))
    with both_lab.database.writing() as db:
        other = claim_results(db)
    assert other is not None
    assert other.choice.method == "latent"


def _let_the_heartbeat_stop(lab: experimenter.Lab) -> None:
    with lab.database.writing() as db:
        db.execute(update(StoredResults).values(worked_at=now() - timedelta(minutes=1)))
        db.commit()


def test_f33_what_a_dead_worker_held_is_taken_over_and_given_up_the_third_time(both_lab: experimenter.Lab) -> None:
    request(both_lab)
    for attempt in (1, 2, 3):
        with both_lab.database.writing() as db:
            assert claim_results(db) is not None, attempt
        _let_the_heartbeat_stop(both_lab)
    assert experimenter.compute(both_lab) == 0
    _, failed = standing(both_lab)
    assert failed.state == WorkState.FAILED
    assert failed.reason == "the worker ended 3 times during the computation; its log says more"
    request(both_lab)
    assert experimenter.compute(both_lab) == 0, "it is not tried again by itself"
    request(both_lab, retry=True)
    assert experimenter.compute(both_lab) == 1
    assert standing(both_lab)[1].is_current


def test_a_worker_that_was_taken_for_dead_stores_nothing(
    both_lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    request(both_lab)

    def lose(inputs: Inputs, results: StudyResults) -> Overview:
        monkeypatch.undo()
        _let_the_heartbeat_stop(both_lab)
        with both_lab.database.writing() as db:
            assert claim_results(db) is not None
        return overview_of(inputs, results)

    monkeypatch.setattr(work_module, "overview_of", lose)
    assert compute_next(both_lab.database)
    assert standing(both_lab)[1].state == WorkState.COMPUTING
    assert overview(both_lab) is None


def test_a_failure_is_said_with_its_reason_and_can_be_retried(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    token = experimenter.csrf_token(lab.client.get("/studies").text)
    address = "/api/v1/studies/faces/results"

    def fail(*_: object, **__: object) -> RaterResult:
        raise ZeroDivisionError(" ".join(["a", "reason"]))

    configure_logs()
    with monkeypatch.context() as patched:
        patched.setattr(stored_module, "rater_result", fail)
        assert lab.client.get(address).status_code == 202
        experimenter.compute(lab)
    assert "a reason" not in (logged := capsys.readouterr().err)
    assert "study_work_failed" in logged
    assert "ZeroDivisionError" in logged
    update_ = lab.client.get(address).json["update"]
    assert (update_["state"], update_["reason"]) == ("failed", "ZeroDivisionError: a reason")
    lab.client.get(address)
    assert experimenter.compute(lab) == 0
    assert lab.client.post(f"{address}/retry").status_code == 400, "without the form's token"
    assert lab.client.post(f"{address}/retry", headers={"X-CSRFToken": token}).status_code == 200
    assert experimenter.compute(lab) == 1
    assert lab.client.get(address).json["state"] == "ready"


def test_what_failed_is_tried_again_by_itself_once_its_inputs_have_changed(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(work_module, "overview_of", lambda *_: 1 / 0)
        request(lab, EVERYBODY)
        experimenter.compute(lab)
    assert not standing(lab, EVERYBODY)[1].is_wanted
    experimenter.take_part(lab.database, "faces", 9, trials=1)
    assert standing(lab, EVERYBODY)[1].is_wanted


def test_a_machine_at_fault_leaves_the_results_waiting(lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bytes:
        raise OSError("No space left on device")

    request(lab)
    with monkeypatch.context() as patched:
        patched.setattr(work_module, "pack_rater", full)
        for _ in range(4):
            with pytest.raises(OSError, match="No space"):
                compute_next(lab.database)
    assert standing(lab)[1].state == WorkState.WAITING
    assert experimenter.compute(lab) == 1


def _leave(lab: experimenter.Lab, number: int) -> None:
    """The participant withdraws through the service, by a token of the session."""
    token = experimenter.give_token(lab.database, number)
    with lab.database.writing() as db:
        withdraw(db, token)


def test_whoever_withdraws_is_in_no_stored_result(both_lab: experimenter.Lab) -> None:
    for choice in (QUICK, EVERYBODY):
        request(both_lab, choice)
    experimenter.compute(both_lab)
    _leave(both_lab, 1)
    with both_lab.database.reading() as db:
        left = db.execute(select(StoredRater.session_id, ParticipantSession.number).join(ParticipantSession)).all()
        assert {number for _, number in left} == {2, 3}
        assert db.scalars(select(StoredResults)).all() == []
    assert overview(both_lab) is None
    request(both_lab)
    experimenter.compute(both_lab)
    shown = overview(both_lab)
    assert shown is not None
    assert [rater["rater"] for rater in shown.raters] == ["P002"]


@pytest.mark.parametrize("moment", ["rater", "study"])
def test_whoever_withdraws_while_results_are_computed_is_in_none(
    both_lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    request(both_lab)

    def leaving(function: Callable[..., Any]) -> Callable[..., Any]:
        def leave_first(*given: Any, **more: Any) -> Any:
            monkeypatch.undo()
            _leave(both_lab, 1)
            return function(*given, **more)

        return leave_first

    if moment == "rater":
        monkeypatch.setattr(stored_module, "rater_result", leaving(compute_rater_result))
    else:
        monkeypatch.setattr(work_module, "overview_of", leaving(overview_of))
    compute_next(both_lab.database)
    with both_lab.database.reading() as db:
        assert db.scalars(select(StoredResults)).all() == []
        numbers = set(db.scalars(select(ParticipantSession.number).join(StoredRater)))
    assert 1 not in numbers


def test_results_go_with_their_session_and_their_study(both_lab: experimenter.Lab) -> None:
    make_study(both_lab.database, both_lab.settings, name="other", n_clips=0)
    with both_lab.database.writing() as db:
        enter(db, "other", {})
    with both_lab.database.writing() as db:
        other = db.scalars(select(Study).where(Study.name == "other")).one()
        session = db.scalars(select(ParticipantSession).where(ParticipantSession.study_id == other.id)).one()
        db.add(StoredRater(session_id=session.id, method="latent", inputs="x", content=b""))
        db.add(
            StoredResults(
                study_id=other.id, method="latent", with_simulated=True, with_unfinished=False, wanted="x", content=b""
            )
        )
        db.commit()
        db.execute(delete(SessionToken).where(SessionToken.session_id == session.id))
        db.execute(delete(SessionEvent).where(SessionEvent.session_id == session.id))
        db.execute(delete(ParticipantSession).where(ParticipantSession.id == session.id))
        assert db.scalars(select(StoredRater.inputs)).all() == []
        db.execute(delete(Study).where(Study.id == other.id))
        assert db.scalars(select(StoredResults.wanted)).all() == []
        db.rollback()


def test_results_are_out_of_date_whenever_something_that_they_follow_from_changes(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    request(lab)
    experimenter.compute(lab)
    assert standing(lab)[1].is_current
    with monkeypatch.context() as patched:
        patched.setattr(inputs_module, "VERSION", "another")
        assert not standing(lab)[1].is_current, "the program's version"
    with lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == "faces")).one()
        before = study.definition
        study.definition = before | {"stop": before["stop"] | {"min_evidence": 0.7}}
        db.commit()
        assert not standing(lab)[1].is_current, "the target"
        study.definition = before
        db.commit()
    assert standing(lab)[1].is_current
    for change in ({"is_simulated": True}, {"person": 99}, {"state": SessionState.ARRANGING}):
        with lab.database.writing() as db:
            session = db.scalars(select(ParticipantSession).where(ParticipantSession.number == 1)).one()
            kept = {name: getattr(session, name) for name in change}
            for name, value in change.items():
                setattr(session, name, value)
            db.commit()
            assert not standing(lab)[1].is_current, change
            for name, value in kept.items():
                setattr(session, name, value)
            db.commit()
    assert standing(lab)[1].is_current


def test_what_is_packed_is_the_same_when_it_is_unpacked(lab: experimenter.Lab) -> None:
    with lab.database.reading() as db:
        choice = Choice("combined", with_unfinished=True)
        inputs = inputs_of(db, study_id(lab), choice)
        results = results_now(db, inputs.study_id, choice)
    for rater in results.chosen.values():
        again = unpack_rater(pack_rater(rater))
        assert again.work.sizes == rater.work.sizes
        np.testing.assert_array_equal(again.work.minutes, rater.work.minutes)
        np.testing.assert_array_equal(again.observations, rater.observations)
        assert again.estimate is not None
        assert rater.estimate is not None
        for name, value in vars(rater.estimate).items():
            np.testing.assert_equal(getattr(again.estimate, name), value, err_msg=name)
    expected = overview_of(inputs, results)
    overview_again = unpack_overview(pack_overview(expected), with_quality=True)
    for name in ("raters", "unfinished", "unfinished_sentence", "remarks"):
        assert getattr(overview_again, name) == getattr(expected, name)
    assert list(overview_again.orders) == list(expected.orders)
    assert list(overview_again.rater_order) == list(expected.rater_order)
    np.testing.assert_array_equal(overview_again.between, results.between)
    assert overview_again.growth is not None
    assert results.growth is not None
    np.testing.assert_equal(asdict(overview_again.growth), asdict(results.growth))
    for name, value in vars(expected.group).items():
        np.testing.assert_array_equal(getattr(overview_again.group, name), value)
    assert overview_again.agreement is not None
    assert expected.agreement is not None
    np.testing.assert_equal(vars(overview_again.agreement.reliability), vars(expected.agreement.reliability))
    np.testing.assert_equal(
        {method: vars(one) for method, one in overview_again.agreement.ceilings.items()},
        {method: vars(one) for method, one in expected.agreement.ceilings.items()},
    )
    np.testing.assert_equal(overview_again.agreement.with_others, expected.agreement.with_others)
    assert overview_again.agreement.influence == expected.agreement.influence


def test_the_command_stores_where_the_pages_read(
    lab: experimenter.Lab, tmp_path: Path, computed: Counter[tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--data", str(lab.settings.data), "study", "results", "faces", "--out", str(tmp_path / "faces.zip")]
    with pytest.raises(SystemExit) as ended:
        cli.main(command)
    assert ended.value.code == 0, capsys.readouterr()
    assert standing(lab, Choice("weighted_average"))[1].is_current
    assert standing(lab, Choice("combined"))[1].is_current
    assert {method for _, method in computed} == {"weighted_average", "combined"}
    before = sum(computed.values())
    with pytest.raises(SystemExit):
        cli.main(command)
    assert sum(computed.values()) == before == 6


def test_whoever_cannot_compute_says_why(lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.errors import Invalid

    def fail(*_: object, **__: object) -> RaterResult:
        raise ValueError("the reason")

    monkeypatch.setattr(stored_module, "rater_result", fail)
    with pytest.raises(Invalid, match="cannot be computed: the reason"):
        ensure_results(lab.database, study_id(lab), QUICK)


def test_a_download_waits_for_what_somebody_else_computes(
    lab: experimenter.Lab, computed: Counter[tuple[int, str]]
) -> None:
    waiting = [threading.Thread(target=ensure_results, args=[lab.database, study_id(lab), QUICK]) for _ in range(3)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join(timeout=60)
    assert standing(lab)[1].is_current
    assert set(computed.values()) == {1}
