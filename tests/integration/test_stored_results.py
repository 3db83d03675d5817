"""What is stored of results: when it is out of date, what it leaves with, and that it comes out as it went in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select

from analysis.results import Choice
from analysis.results import rater_result as compute_rater_result
from app.domain import SessionState
from app.models import ParticipantSession, SessionEvent, SessionToken, StoredRater, StoredResults, Study
from app.participation.enrolment import enter
from app.results import inputs as inputs_module
from app.results import stored as stored_module
from app.results import work as work_module
from app.results.inputs import inputs_of
from app.results.overview import overview_of
from app.results.packing import pack_overview, pack_rater, unpack_overview, unpack_rater
from app.results.stored import results_now
from app.results.work import compute_next
from tests import experimenter
from tests.asked_results import EVERYBODY, QUICK, overview, request, standing, study_id
from tests.factories import make_study


def test_whoever_withdraws_is_in_no_stored_result(both_lab: experimenter.Lab) -> None:
    for choice in (QUICK, EVERYBODY):
        request(both_lab, choice)
    experimenter.compute(both_lab)
    experimenter.leave(both_lab, 1)
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
            experimenter.leave(both_lab, 1)
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
