"""The RDM of all trials of raters who saw the pairs between them, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import Arrangement
from analysis.designs import next_items_cohort, pair_counts
from analysis.estimators import estimate_rdm
from analysis.rdm import n_pairs, pairs_within
from analysis.results import (
    OWN_METHOD,
    Choice,
    Rater,
    StudyResults,
    Together,
    estimate_together,
    group_rdm,
    rater_result,
    scale_sentences,
    together_sentences,
)
from analysis.similarity import similarity
from analysis.simulate import Behaviour, individual, make_truth, place_items

N, RATERS, TRIALS, SIZE = 30, 12, 2, 9


@pytest.fixture(scope="module")
def cohort() -> tuple[np.ndarray, dict[str, list[Arrangement]]]:
    rng = np.random.default_rng(1)
    common = make_truth("gaussian_2", N, rng=rng)
    counts, trials = np.zeros(n_pairs(N), dtype=np.int64), {}
    for number in range(RATERS):
        own, theirs = individual(common, 0.3, rng=rng), []
        for _ in range(TRIALS):
            items = next_items_cohort(counts, size=SIZE, rng=rng)
            counts += pair_counts([items], N)
            theirs.append(place_items(own, items, behaviour=Behaviour(), rng=rng))
        trials[f"P{number + 1:03d}"] = theirs
    # One who put clips anywhere.
    trials["P012"] = [Arrangement(t.items, rng.permutation(t.positions)) for t in trials["P012"]]
    return common, trials


@pytest.fixture(scope="module")
def together(cohort: tuple[np.ndarray, dict[str, list[Arrangement]]]) -> Together:
    estimate = estimate_together(cohort[1], N, "latent")
    assert estimate is not None
    return estimate


def test_the_groups_rdm_is_that_of_all_trials(
    cohort: tuple[np.ndarray, dict[str, list[Arrangement]]], together: Together
) -> None:
    common, trials = cohort
    everything = [trial for theirs in trials.values() for trial in theirs]
    np.testing.assert_allclose(together.estimate.rdm, estimate_rdm(everything, N, method="latent").rdm)
    results = StudyResults(
        Choice("latent"),
        tuple(map(str, range(N))),
        tuple(map(Rater, trials)),
        {name: rater_result(theirs, [0.0] * TRIALS, N, OWN_METHOD) for name, theirs in trials.items()},
        together=together,
    )
    seen = sum(np.bincount(pairs_within(trial.items, N), minlength=n_pairs(N)) for trial in everything) > 0
    assert np.isfinite(results.pooled.rdm).tolist() == seen.tolist()
    assert (results.pooled.predicted == ~seen).all()
    assert (results.pooled.n_raters > 0).tolist() == seen.tolist()
    # Better than the mean of what single raters saw, and its reliability is near that of the RDM with the truth.
    r = float(similarity(together.estimate.rdm, common)[0, 0])
    assert r > float(similarity(group_rdm(list(results.estimates.values())).rdm, common)[0, 0]) + 0.05
    corrected = results.agreement.reliability.split_half_corrected
    assert corrected.value == pytest.approx(r**2, abs=0.1)
    assert np.isnan(results.agreement.reliability.pairwise_pearson.value)
    assert results.quality.leave_one_out[-1] < np.median(results.quality.leave_one_out) - 0.2
    told = together_sentences(together)
    assert "All trials of 12 raters were estimated as one" in told[0]
    assert f"{int((~seen).sum())} are only predicted" in told[0]
    assert f"{corrected.value:.2f}" in told[1]


def test_whether_the_scale_is_determined_depends_on_the_estimator() -> None:
    rng = np.random.default_rng(2)
    # Three trials of twelve clips in pairs of blocks: they share clips and no pair but those within a block of one.
    shared_clips = [
        Arrangement(np.array(items), rng.uniform(-0.4, 0.4, (4, 2))) for items in ([0, 1, 2, 3], [3, 4, 5, 6])
    ]
    apart = [Arrangement(np.array(items), rng.uniform(-0.4, 0.4, (4, 2))) for items in ([0, 1, 2, 3], [4, 5, 6, 7])]
    [tied] = scale_sentences(estimate_rdm(shared_clips, 8, method="latent"))
    assert "comes from the model" in tied
    for trials, method in ((shared_clips, "precision_weighted"), (apart, "latent")):
        [untied] = scale_sentences(estimate_rdm(trials, 8, method=method))
        assert "not determined by the data" in untied


def test_nobody_with_a_usable_trial_has_nothing_together() -> None:
    spot = Arrangement(np.arange(4), np.zeros((4, 2)))
    assert estimate_together({"P001": [spot]}, 6, "latent") is None
