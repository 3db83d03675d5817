"""Comparators, noise ceilings, bootstrap scores and their variances against rsatoolbox."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from analysis import noise_ceiling
from analysis.inference.bootstrap import corrected_variances
from analysis.inference.scores import prepare, sample_of_items, scores
from analysis.pooling import pool
from analysis.similarity import COEFFICIENTS, similarity

THEIRS = {"pearson": "corr", "spearman": "spearman", "rho_a": "rho-a", "tau_a": "tau-a", "cosine": "cosine"}
N_RATERS, N_ITEMS = 6, 10
ROW, COL = np.triu_indices(N_ITEMS, 1)

# rsatoolbox says of its own pools for tau that they are means of ranks; so are ours.
pytestmark = pytest.mark.filterwarnings("ignore:Noise ceiling for tau based on averaged ranks:UserWarning")


@pytest.fixture(scope="module")
def rsa() -> SimpleNamespace:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rsatoolbox.inference.noise_ceiling import boot_noise_ceiling
        from rsatoolbox.rdm import RDMs, compare
        from rsatoolbox.util.inference_util import extract_variances, pool_rdm

        return SimpleNamespace(
            RDMs=RDMs,
            compare=compare,
            boot_noise_ceiling=boot_noise_ceiling,
            extract_variances=extract_variances,
            pool_rdm=pool_rdm,
        )


@pytest.fixture(scope="module")
def rdms() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.round(rng.random(ROW.size) + 0.8 * rng.random((N_RATERS, ROW.size)), 2)


@pytest.fixture(scope="module")
def models(rdms) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.array([rdms.mean(axis=0), (rdms.mean(axis=0) > 0.9).astype(float), rng.random(ROW.size)])


@pytest.mark.parametrize("method", COEFFICIENTS)
def test_comparators(rsa, rdms, models, method):
    theirs = rsa.compare(rsa.RDMs(rdms), rsa.RDMs(models), method=THEIRS[method])
    assert similarity(rdms, models, method=method) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("method", COEFFICIENTS)
def test_noise_ceilings_and_pools(rsa, rdms, method):
    lower, upper = rsa.boot_noise_ceiling(rsa.RDMs(rdms), method=THEIRS[method])
    ceiling = noise_ceiling(rdms, method=method)
    assert (ceiling.lower, ceiling.upper) == pytest.approx((lower, upper), abs=1e-12)
    theirs = rsa.pool_rdm(rsa.RDMs(rdms), method=THEIRS[method]).get_vectors()
    assert similarity(pool(rdms, method), theirs, method=method)[0, 0] == pytest.approx(
        similarity(theirs, method=method)[0, 0]
    )


@pytest.mark.parametrize("method", COEFFICIENTS)
def test_scores_of_samples_of_raters_items_and_both(rsa, rdms, models, method):
    rng = np.random.default_rng(2)
    data = prepare(rdms, models, method)
    for _ in range(5):
        items = rng.multinomial(N_ITEMS, np.full(N_ITEMS, 1 / N_ITEMS))
        raters = rng.multinomial(N_RATERS, np.full(N_RATERS, 1 / N_RATERS))
        drawn_items = np.repeat(np.arange(N_ITEMS), items)
        drawn_raters = np.repeat(np.arange(N_RATERS), raters)
        sample = sample_of_items(data, (items[ROW] * items[COL]).astype(float))
        both, by_items = scores(sample, np.vstack([raters, np.ones(N_RATERS)]))
        by_raters = scores(sample_of_items(data, np.ones(ROW.size)), raters[None].astype(float))[0]
        theirs = rsa.RDMs(rdms).subsample_pattern("index", drawn_items)
        predicted = rsa.RDMs(models).subsample_pattern("index", drawn_items)
        table = rsa.compare(predicted, theirs, method=THEIRS[method])
        assert by_items[:3] == pytest.approx(table.mean(axis=1), abs=1e-12)
        assert both[:3] == pytest.approx(table[:, drawn_raters].mean(axis=1), abs=1e-12)
        assert by_items[3:] == pytest.approx(rsa.boot_noise_ceiling(theirs, method=THEIRS[method]), abs=1e-10)
        table = rsa.compare(rsa.RDMs(models), rsa.RDMs(rdms), method=THEIRS[method])
        assert by_raters[:3] == pytest.approx(table[:, drawn_raters].mean(axis=1), abs=1e-12)


def test_variances_of_the_dual_bootstrap_and_of_each_factor(rsa):
    rng = np.random.default_rng(3)
    root = rng.normal(size=(3, 5, 5))
    covariances = root @ root.transpose(0, 2, 1)
    n_raters, n_items = 7, 12
    for scale in (1.0, 0.2):
        # With a small variance over both the estimate meets its upper limit.
        covariances[0] *= scale
        model, difference, ceiling = rsa.extract_variances(covariances, True, n_raters, n_items)
        each = np.eye(5)
        i, j = np.triu_indices(3, 1)

        def ours(contrasts: np.ndarray, covariances: np.ndarray = covariances) -> np.ndarray:
            return corrected_variances(covariances, contrasts, n_raters, n_items, "both")

        assert ours(each[:3]) == pytest.approx(model)
        assert ours(each[i] - each[j]) == pytest.approx(difference)
        assert ours(each[:3] - each[3]) == pytest.approx(ceiling[:, 0])
    for resample, numbers in (("raters", (n_raters, None)), ("items", (None, n_items))):
        model, difference, _ = rsa.extract_variances(covariances[1], True, *numbers)
        variances = corrected_variances(covariances[1:2], np.eye(5)[:3], n_raters, n_items, resample)
        assert variances == pytest.approx(model)
