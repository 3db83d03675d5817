"""Results are computed once, in the background: who computes, what is computed anew, and failures.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from analysis.estimators import Interval
from analysis.results import Choice, RaterResult, StudyResults
from analysis.results import rater_result as compute_rater_result
from app import cli
from app.domain import WorkState
from app.logs import configure_logs
from app.models import ParticipantSession, StoredResults, now
from app.results import stored as stored_module
from app.results import work as work_module
from app.results.inputs import Inputs
from app.results.overview import Overview, overview_of
from app.results.stored import results_now
from app.results.work import claim_results, compute_next, ensure_results
from tests import experimenter
from tests.asked_results import EVERYBODY, QUICK, overview, request, standing, study_id


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
    experimenter.leave(lab, 1)
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
