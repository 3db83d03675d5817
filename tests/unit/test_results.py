"""From arrangements to results: what was seen counts, what is predicted does not, and one rater ruins nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis import Arrangement, estimate_rdm
from analysis.formats.bundle import read_bundle
from analysis.formats.bundle_tables import RDM_COLUMNS
from analysis.rdm import n_pairs, pairs_within
from analysis.reliability import Coefficient, Reliability
from analysis.reliability.report import COEFFICIENTS
from analysis.results import (
    Choice,
    Rater,
    StudyResults,
    agreement,
    estimate_rater,
    group_rdm,
    group_set,
    judged,
    observations,
    rater_set,
    reliability_rows,
)
from analysis.results.agreement import showable
from analysis.results.labels import MEASURES, RANGES
from analysis.results.raters import given_result
from analysis.simulate import Behaviour, individual, make_truth, place_items
from tests.conftest import ROOT

N = 12
NAMES = [f"clip{i}.mp4" for i in range(N)]


def rater(truth: np.ndarray, sets: list[np.ndarray], seed: int) -> list[Arrangement]:
    rng = np.random.default_rng(seed)
    mine = individual(truth, 0.2, rng=rng)
    return [place_items(mine, np.asarray(items), behaviour=Behaviour(noise=0.05), rng=rng) for items in sets]


@pytest.fixture(scope="module")
def trials() -> list[list[Arrangement]]:
    """Three raters who saw every pair, and one who saw clips 0 to 4 and 3 to 7: 19 of 66 pairs."""
    truth = make_truth("clusters", N, rng=np.random.default_rng(0))
    everything = [np.arange(N), np.arange(0, N, 2)]
    few = [np.arange(5), np.arange(3, 8)]
    return [rater(truth, sets, seed) for seed, sets in enumerate((everything, everything, everything, few))]


@pytest.fixture(scope="module")
def estimates(trials: list[list[Arrangement]]) -> list:
    return [estimate_rdm(one, N, method="combined") for one in trials]


def seen_by(trials: list[Arrangement]) -> np.ndarray:
    seen = np.zeros(n_pairs(N), dtype=bool)
    for trial in trials:
        seen[pairs_within(trial.items, N)] = True
    return seen


def test_what_a_model_predicts_is_nowhere_among_the_judgments(trials, estimates) -> None:
    assert estimates[3].predicted.sum() == 47
    table = judged(estimates)
    for row, one in zip(table, trials, strict=True):
        np.testing.assert_array_equal(np.isfinite(row), seen_by(one))
    group = group_rdm(estimates)
    np.testing.assert_array_equal(group.n_raters, np.sum([seen_by(one) for one in trials], axis=0))
    rows = [np.where(seen_by(one), estimate.rdm, np.nan) for one, estimate in zip(trials, estimates, strict=True)]
    unit = np.array([row / np.sqrt(np.nanmean(row**2)) for row in rows])
    mean = np.nanmean(unit, axis=0)
    np.testing.assert_allclose(group.rdm, mean / np.linalg.norm(mean), rtol=1e-12)


def test_agreement_is_over_pairs_that_both_raters_saw(trials, estimates) -> None:
    coefficients = agreement(judged(estimates), ["a", "b", "c", "d"])
    expected = []
    for i in range(4):
        for j in range(i):
            both = seen_by(trials[i]) & seen_by(trials[j])
            expected.append(np.corrcoef(estimates[i].rdm[both], estimates[j].rdm[both])[0, 1])
    assert coefficients.reliability.pairwise_pearson.value == pytest.approx(np.mean(expected), abs=1e-12)
    with_predictions = np.corrcoef([estimate.rdm for estimate in estimates])[np.triu_indices(4, 1)].mean()
    assert abs(with_predictions - np.mean(expected)) > 0.005, "the two must differ, or this test shows nothing"


def test_a_study_in_which_nobody_saw_some_pairs_has_its_agreement(trials) -> None:
    raters = {name: given_result(np.where(seen_by(trials[3]), row, np.nan), "combined") for name, row in rows_of_two()}
    results = StudyResults(Choice(), tuple(NAMES), tuple(Rater(name) for name in raters), raters)
    both = seen_by(trials[3])
    expected = np.corrcoef([row[both] for _, row in rows_of_two()])[0, 1]
    assert results.agreement.reliability.pairwise_pearson.value == pytest.approx(expected)


def rows_of_two() -> list[tuple[str, np.ndarray]]:
    truth = make_truth("clusters", N, rng=np.random.default_rng(0))
    return [(name, individual(truth, 0.2, rng=np.random.default_rng(seed))) for seed, name in enumerate("ab")]


def test_the_size_of_a_row_does_not_follow_from_how_much_the_rater_saw(estimates) -> None:
    table = judged(estimates)
    np.testing.assert_allclose(np.sqrt(np.nanmean(table**2, axis=1)), 1.0, rtol=1e-12)


def test_the_completed_rdm_is_there_and_says_which_pairs_are_predicted(trials, estimates) -> None:
    counts = [observations(one, N, estimate) for one, estimate in zip(trials, estimates, strict=True)]
    rdms = rater_set(estimates, NAMES, list("abcd"), counts)
    seen = np.array([seen_by(one) for one in trials])
    np.testing.assert_array_equal(np.isfinite(rdms.rdms), seen)
    np.testing.assert_array_equal(rdms.observations > 0, seen)
    np.testing.assert_array_equal(rdms.predicted, ~seen)
    np.testing.assert_array_equal(rdms.completed, [estimate.rdm for estimate in estimates])
    np.testing.assert_array_equal(rdms.rdms[seen], rdms.completed[seen])


def test_the_group_is_completed_only_where_nobody_saw_the_pair(estimates) -> None:
    alone = group_rdm([estimates[3]])
    pooled = group_set(alone, NAMES, "combined")
    assert pooled.predicted.sum() == 47
    np.testing.assert_allclose(pooled.completed[0], estimates[3].rdm, rtol=1e-12)
    assert np.isnan(pooled.rdms[0][pooled.predicted[0] > 0]).all()
    whole = group_rdm(estimates)
    assert not whole.predicted.any()
    np.testing.assert_array_equal(whole.completed, whole.rdm)


def test_the_groups_evidence_is_the_mean_over_all_raters_and_its_column_says_so(estimates) -> None:
    group = group_rdm(estimates)
    np.testing.assert_allclose(
        group.evidence, np.mean([estimate.evidence for estimate in estimates], axis=0), rtol=1e-12
    )
    (column,) = [column for column in RDM_COLUMNS if column.name == "evidence"]
    assert "in group.csv its mean over raters" in column.meaning


def test_a_trial_that_could_not_be_used_is_no_observation() -> None:
    one_spot = Arrangement([0, 1, 2], np.zeros((3, 2)))
    used = Arrangement([1, 2, 3], [[0, 0], [0.3, 0], [0, 0.3]])
    estimate = estimate_rater([one_spot, used], 4, "weighted_average")
    assert not isinstance(estimate, str)
    counts = observations([one_spot, used], 4, estimate)
    np.testing.assert_array_equal(counts > 0, estimate.evidence > 0)
    assert isinstance(estimate_rater([one_spot], 4, "weighted_average"), str)


def test_one_rater_without_a_standard_error_leaves_the_others_theirs(trials) -> None:
    both = [estimate_rdm(one, N, method="weighted_average") for one in trials[:2]]
    both[0] = replace(both[0], standard_error=np.linspace(0.1, 0.2, n_pairs(N)))
    rdms = rater_set(both, NAMES, ["a", "b"], [np.ones(n_pairs(N))] * 2)
    np.testing.assert_array_equal(rdms.standard_error[0], both[0].standard_error)
    assert np.isnan(rdms.standard_error[1]).all()
    assert rater_set(both[1:], NAMES, ["b"], [np.ones(n_pairs(N))]).standard_error is None


def test_a_careless_round_of_five_clips_does_not_turn_the_figures_over() -> None:
    """At a sum of squares of 1 each, a rater who saw 10 pairs of 66 has dissimilarities 2.6 times as large."""
    rng = np.random.default_rng(4)
    truth = make_truth("clusters", N, rng=rng)
    careful = [rater(truth, [np.arange(N), np.arange(N)], seed) for seed in range(6)]
    careless = [Arrangement(np.arange(5), rng.uniform(-0.3, 0.3, size=(5, 2)))]
    estimated = [estimate_rdm(one, N, method="weighted_average") for one in [*careful, careless]]
    with_all = agreement(judged(estimated), [f"P{r}" for r in range(7)])
    for name in COEFFICIENTS:
        coefficient = getattr(with_all.reliability, name)
        low, high = coefficient.interval
        lowest, highest = RANGES[name]
        assert lowest <= coefficient.value <= highest, name
        assert coefficient.reason if np.isnan(low) else high - low <= highest - lowest, name
    assert with_all.influence is not None
    assert with_all.influence.rater == "P6"
    assert with_all.influence.pairwise_without > with_all.influence.pairwise
    assert "without P6, mean pairwise r is" in with_all.influence.sentence
    rest = agreement(judged(estimated[:-1]), [f"P{r}" for r in range(6)])
    assert with_all.influence.pairwise_without == pytest.approx(rest.reliability.pairwise_pearson.value, abs=1e-12)
    assert with_all.influence.alpha_without == pytest.approx(rest.reliability.cronbach_alpha.value, abs=1e-12)


def test_an_interval_wider_than_its_measure_is_explained_in_its_place() -> None:
    kept = showable(Coefficient(0.5, (0.1, 0.8)), "cronbach_alpha")
    assert kept == Coefficient(0.5, (0.1, 0.8))
    wide = showable(Coefficient(0.85, (-2098.0, 1.0)), "cronbach_alpha")
    assert wide.value == 0.85
    assert np.isnan(wide.interval).all()
    assert "from −2098.00 to 1.00" in wide.reason
    assert showable(Coefficient(0.85, (-np.inf, 1.0)), "icc_2_1").reason
    assert showable(Coefficient(0.1, (-0.2, 0.5)), "kendall_w").interval == (0.0, 0.5)
    assert showable(Coefficient(-0.14, (-1.43, 0.46)), "icc_2_1").interval == (-1.0, 0.46)
    assert showable(Coefficient(1 + 1e-15, (0.9, 1.0)), "pairwise_pearson").value == pytest.approx(1)


OPPOSITE = [[1, 2, 3, 4, 5, 6], [6.1, 5, 4, 3, 2, 1]]
NAN = np.nan
FEW_SHARED = [[7, 7, 2, NAN, 5, 8], [7, 4, 1, 3, NAN, 6], [8, NAN, 1, NAN, 6, 7]]


@pytest.mark.parametrize(
    ("table", "beyond"),
    [
        (OPPOSITE, {"cronbach_alpha": "−8520.00", "icc_2_1": "−1.50", "icc_2_k": "6.00", "icc_3_k": "−8520.00"}),
        (FEW_SHARED, {"cronbach_alpha": "1.11", "icc_2_1": "1.10", "icc_2_k": "1.05", "kendall_w": "1.06"}),
    ],
    ids=["opposite", "few shared"],
)
def test_a_value_beyond_its_measures_range_is_explained_in_its_place(table, beyond) -> None:
    coefficients = agreement(np.array(table, dtype=float), [f"P{rater}" for rater in range(len(table))])
    for name in COEFFICIENTS:
        coefficient = getattr(coefficients.reliability, name)
        lowest, highest = RANGES[name]
        assert coefficient.reason or lowest <= coefficient.value <= highest, name
        assert not coefficient.value < lowest, name
        assert not coefficient.value > highest, name
    for name, value in beyond.items():
        coefficient = getattr(coefficients.reliability, name)
        assert np.isnan([coefficient.value, *coefficient.interval]).all()
        assert f"it would be {value}, beyond the measure's own range" in coefficient.reason


def test_the_reason_stands_in_the_rows_of_the_table() -> None:
    rng = np.random.default_rng(0)
    table = np.abs(rng.normal(size=(2, 15)))
    coefficients = agreement(table, ["P001", "P002"])
    rows = {row["measure"]: row for row in reliability_rows(coefficients, "combined")}
    assert set(rows) == set(COEFFICIENTS)
    missing = [row for row in rows.values() if np.isnan(row["low"])]
    assert missing
    assert all(row["remark"] for row in missing)


def test_every_measure_has_a_label_and_a_range() -> None:
    names = {name for name, kind in Reliability.__annotations__.items() if kind == "Coefficient"}
    assert {measure.key for measure in MEASURES} == names == set(RANGES)


def test_a_bundle_that_holds_predictions_among_the_rdms_is_read_with_both_apart(tmp_path) -> None:
    """Bundles written before `completed` existed say so by what their manifest lacks."""
    stored = read_bundle(ROOT / "tests" / "data" / "bundle-v1.zip")
    assert "predictions" not in stored.manifest
    rdms = stored.rdms("combined")
    assert rdms.predicted is not None
    assert rdms.completed is not None
    np.testing.assert_array_equal(np.isnan(rdms.rdms), rdms.predicted > 0)
    assert np.isfinite(rdms.completed).all()
