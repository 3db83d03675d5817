"""What the results service computes, and when it computes again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from analysis import Arrangement, estimate_group, estimate_rdm
from analysis.noise_ceiling import noise_ceiling
from analysis.results import Choice, StudyResults, clip_map, cluster_order, coverage, not_converged, notes
from app.domain import SessionState
from app.models import ParticipantSession, Placement, Study, now
from app.participation.arrangements import clip_order
from app.results.stored import results_now
from app.studies.monitoring import session_statuses, study_counts
from tests import experimenter
from tests.factories import make_study

# The session with a single trial is in: it makes RDMs that lack pairs.
REFERENCE = Choice("weighted_average", with_unfinished=True)


@pytest.fixture
def study(lab: experimenter.Lab) -> int:
    with lab.database.reading() as db:
        return db.scalars(select(Study.id).where(Study.name == "faces")).one()


def ask(lab: experimenter.Lab, study_id: int, choice: Choice = REFERENCE) -> StudyResults:
    with lab.database.reading() as db:
        return results_now(db, study_id, choice)


def test_each_raters_rdm_is_that_of_its_placements(lab: experimenter.Lab, study: int) -> None:
    results = ask(lab, study)
    with lab.database.reading() as db:
        trials = experimenter.placed_trials(db, study)
        n_items = len(clip_order(db, study))
    assert results.raters == ("P001", "P002", "P003", "P004")
    assert [one.work.trials for one in results.chosen.values()] == [len(theirs) for theirs in trials.values()]
    for (rater, estimate), (other, theirs) in zip(results.estimates.items(), trials.items(), strict=True):
        assert rater == other
        expected = estimate_rdm(theirs, n_items, method="weighted_average")
        np.testing.assert_array_equal(estimate.rdm, expected.rdm)


def test_the_choice_leaves_raters_out(lab: experimenter.Lab, study: int) -> None:
    def names(**choice: bool) -> list[str]:
        return list(ask(lab, study, Choice("weighted_average", **choice)).chosen)

    assert names() == ["P001", "P002", "P003"], "who is not finished is out unless asked for"
    assert names(with_unfinished=True) == ["P001", "P002", "P003", "P004"]
    assert names(with_simulated=False, with_unfinished=True) == ["P001", "P002", "P004"]
    assert names(with_simulated=False) == ["P001", "P002"]


def test_unfinished_sessions_are_counted_whether_they_are_in_or_out(lab: experimenter.Lab, study: int) -> None:
    assert ask(lab, study, Choice("weighted_average")).unfinished == ("P004",)
    assert ask(lab, study, Choice("weighted_average", with_unfinished=True)).unfinished == ("P004",)


def test_a_withdrawn_session_is_in_no_result(lab: experimenter.Lab, study: int) -> None:
    with lab.database.writing() as db:
        db.scalars(
            select(ParticipantSession).where(ParticipantSession.number == 1)
        ).one().state = SessionState.WITHDRAWN
        db.commit()
    assert ask(lab, study).raters == ("P002", "P003", "P004")


def test_a_rater_is_computed_anew_after_another_trial(lab: experimenter.Lab, study: int) -> None:
    before = ask(lab, study).chosen["P004"]
    with lab.database.reading() as db:
        session = db.scalars(select(ParticipantSession).where(ParticipantSession.number == 4)).one()
    experimenter.go_on(lab.database, session.id, trials=1)
    after = ask(lab, study).chosen["P004"]
    assert (before.work.trials, after.work.trials) == (1, 2)
    assert before.estimate is not None
    assert after.estimate is not None
    assert not np.array_equal(before.estimate.evidence, after.estimate.evidence)


def test_the_group_is_the_mean_of_equally_sized_rdms(lab: experimenter.Lab, study: int) -> None:
    results = ask(lab, study)
    group, table = results.pooled, results.table
    sizes = np.sqrt(np.nanmean(table**2, axis=1, keepdims=True))
    expected = np.nanmean(table / sizes, axis=0)
    np.testing.assert_allclose(group.rdm, expected / np.sqrt(np.nansum(expected**2)), rtol=1e-12)
    np.testing.assert_array_equal(group.n_raters, np.isfinite(table).sum(axis=0))
    assert group.n_raters.min() < 4, "the rater with a single trial of five clips saw not every pair"


def test_agreement_over_raters(lab: experimenter.Lab, study: int) -> None:
    results = ask(lab, study)
    between, table = results.agreement, results.table
    expected = []
    for i in range(4):
        for j in range(i):
            both = np.isfinite(table[i]) & np.isfinite(table[j])
            expected.append(np.corrcoef(table[i][both], table[j][both])[0, 1])
    assert between.reliability.pairwise_pearson.value == pytest.approx(np.mean(expected))
    ceiling, bounds = between.ceilings["pearson"], noise_ceiling(table, method="pearson")
    assert (ceiling.lower, ceiling.upper) == (bounds.lower, bounds.upper)


def test_estimates_that_borrow_are_those_of_the_same_trials_and_refused_when_they_take_long(
    lab: experimenter.Lab, study: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lab.database.reading() as db:
        trials = experimenter.placed_trials(db, study)
    expected = estimate_group({rater: trials[rater] for rater in ("P001", "P002", "P003")}, 6, method="latent")
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    address = "/api/v1/studies/faces/results/group-estimates"
    answer = lab.client.get(address).get_json()
    assert [one["rater"] for one in answer["raters"]] == ["P001", "P002", "P003"], "who is not finished is left out"
    for one in answer["raters"]:
        assert one["rdm"] == pytest.approx(expected.raters[one["rater"]].rdm * np.sqrt(15)), "a root mean square of 1"
        assert one["borrowed"] == pytest.approx(expected.shares[one["rater"]].mean())
        assert one["pairs_seen"] == 15 - expected.raters[one["rater"]].predicted.sum()
    assert answer["group"]["rdm"] == pytest.approx(expected.group.rdm * np.sqrt(15))
    assert answer["group"]["pairs_seen"] == 15 - expected.group.predicted.sum()
    assert "no rater's agreement with it" in answer["group"]["sentence"]
    lines = lab.client.get(f"{address}.csv?simulated=0").text.splitlines()
    assert lines[0] == "rater,clip_a,clip_b,dissimilarity,borrowed"
    assert {line.split(",")[0] for line in lines[1:]} == {"P001", "P002", "group"}
    monkeypatch.setattr("app.results.group_estimates.MAX_SECONDS", 0.1)
    refused = lab.client.get(address)
    assert refused.status_code == 409
    assert "python -m analysis BUNDLE.zip --group-estimates" in refused.get_json()["error"]["message"]


def test_nobody_has_taken_part(lab: experimenter.Lab) -> None:
    study_id = make_study(lab.database, lab.settings, name="empty")
    results = ask(lab, study_id)
    assert results.raters == ()
    with pytest.raises(ValueError, match="no rater has an RDM"):
        results.pooled  # noqa: B018


def test_one_rater_gives_an_rdm_and_says_why_there_is_no_agreement(lab: experimenter.Lab) -> None:
    study_id = make_study(lab.database, lab.settings, name="other", toml=experimenter.SHORT)
    experimenter.take_part(lab.database, "other")
    results = ask(lab, study_id)
    group, between = results.pooled, results.agreement
    np.testing.assert_allclose(group.rdm, results.estimates["P001"].rdm, rtol=1e-12)
    assert np.isnan(between.reliability.pairwise_pearson.value)
    assert between.reliability.pairwise_pearson.reason


def test_all_clips_on_one_spot_is_a_problem_with_a_reason(lab: experimenter.Lab, study: int) -> None:
    with lab.database.writing() as db:
        db.execute(Placement.__table__.update().values(x=0.1, y=0.1))
        db.commit()
    results = ask(lab, study)
    assert results.raters == ()
    assert "one spot" in results.failures["P001"]


def test_coverage_counts_pairs() -> None:
    counts = coverage(np.array([0.0, 0.1, 0.5, 0.7]), 0.5)
    assert (counts.pairs, counts.never_seen, counts.below_target) == (4, 1, 2)


def test_clusters_lie_side_by_side_and_missing_pairs_do_not_stop_them() -> None:
    points = np.array([0.0, 5.0, 0.1, 5.1, 0.2])
    first, second = np.triu_indices(5, 1)
    rdm = np.abs(points[first] - points[second])
    rdm[1] = np.nan
    order = cluster_order(rdm)
    assert sorted(order) == list(range(5))
    assert {0, 2, 4} in (set(order[:3]), set(order[2:]))
    assert cluster_order(np.full(3, np.nan)) == [0, 1, 2]
    assert cluster_order(np.array([1.0])) == [0, 1]


def test_a_map_of_pairs_that_do_not_hang_together_is_refused_in_words() -> None:
    rdm = np.full(6, np.nan)
    rdm[0] = rdm[5] = 1.0
    assert "do not tie" in str(clip_map(rdm))
    assert "three clips" in str(clip_map(np.array([1.0])))


def test_notes_say_what_a_reader_has_to_know() -> None:
    apart = [
        Arrangement([0, 1, 2], [[0, 0], [0.1, 0], [0, 0.3]]),
        Arrangement([3, 4, 5], [[0, 0], [0.1, 0], [0, 0.3]]),
        Arrangement([0, 1, 2], np.zeros((3, 2))),
    ]
    sentences = " ".join(notes(estimate_rdm(apart, 6, method="weighted_average")))
    assert "2 groups that share no pair" in sentences
    assert "Trial 3 was left out" in sentences
    assert "converge" not in sentences


def test_an_estimate_that_stopped_early_is_not_said_to_have_used_up_its_rounds() -> None:
    """`converged` is False at a bound and where a line search gives up, which may be after two rounds."""
    trial = Arrangement([0, 1, 2, 3], [[0, 0], [0.1, 0], [0, 0.3], [0.2, 0.2]])
    estimate = replace(estimate_rdm([trial], 4, method="weighted_average"), converged=False, n_iter=2)
    assert notes(estimate) == [not_converged()]
    assert "2 rounds" not in not_converged()
    assert not_converged("P001, P003").startswith("The estimate of P001, P003 did not converge")


def test_f19_a_silent_session_is_idle_then_left(lab: experimenter.Lab, study: int) -> None:
    def states() -> list[str]:
        with lab.database.reading() as db:
            return [status.state for status in session_statuses(db, db.get_one(Study, study))]

    def silent_for(**time: float) -> None:
        with lab.database.writing() as db:
            session = db.scalars(select(ParticipantSession).where(ParticipantSession.number == 4)).one()
            session.last_seen_at = now() - timedelta(**time)
            db.commit()

    # The study was prepared some time ago, for all tests that need it.
    silent_for(seconds=1)
    assert states() == ["finished"] * 3 + ["arranging"]
    silent_for(minutes=6)
    assert states()[3] == "idle"
    silent_for(hours=2)
    assert states()[3] == "left"
    with lab.database.reading() as db:
        statuses = session_statuses(db, db.get_one(Study, study))
        counts = study_counts(db, [db.get_one(Study, study)])[study]
    assert [status.is_simulated for status in statuses] == [False, False, True, False]
    assert statuses[3].trials == 1
    assert (counts.clips_ready, counts.finished, counts.running, counts.simulated) == (6, 3, 0, 1)


def test_a_session_without_a_trial_is_listed_and_is_no_rater(lab: experimenter.Lab) -> None:
    study_id = make_study(lab.database, lab.settings, name="other", toml=experimenter.SHORT)
    experimenter.take_part(lab.database, "other", trials=0)
    with lab.database.reading() as db:
        (status,) = session_statuses(db, db.get_one(Study, study_id))
    assert (status.rater, status.trials, status.minutes, status.state) == ("P001", 0, 0.0, "arranging")
    assert ask(lab, study_id).everybody == ()
