"""rsatoolbox as the oracle of the reference estimate: its evidence-weighted mean of partial RDMs."""

from __future__ import annotations

import warnings

import numpy as np

from analysis import Arrangement, estimate_rdm


def test_weighted_average_is_rsatoolboxs_evidence_rescaled_mean():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Its import is not our business.
        from rsatoolbox.rdm import RDMs
        from rsatoolbox.rdm.combine import from_partials, rescale

    rng = np.random.default_rng(4)
    n_items = 12
    trials = [Arrangement(np.arange(n_items), rng.uniform(-0.35, 0.35, size=(n_items, 2)))]
    for _ in range(7):
        size = int(rng.integers(3, 9))
        trials.append(Arrangement(np.sort(rng.permutation(n_items)[:size]), rng.uniform(-0.35, 0.35, size=(size, 2))))
    partial = [
        RDMs(trial.distances()[None], pattern_descriptors={"conds": [f"clip{i:02}" for i in trial.items]})
        for trial in trials
    ]
    theirs = rescale(from_partials(partial, descriptor="conds"), method="evidence").mean(weights="rescalingWeights")
    expected = theirs.dissimilarities[0] / np.linalg.norm(theirs.dissimilarities[0])
    estimate = estimate_rdm(trials, n_items, method="weighted_average")
    np.testing.assert_allclose(estimate.rdm, expected, atol=1e-5)
