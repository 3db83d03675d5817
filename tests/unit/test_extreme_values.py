"""RDMs of zeros, constants and values at the ends of floating point: a named error or a defined result."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import compare_models, noise_ceiling, reliability
from analysis.inference.mantel import mantel
from analysis.models import (
    attribute_effects,
    congruence,
    fit_weights,
    partial_correlation,
    predict_ratings,
    variance_partition,
    weighted_model,
)
from analysis.pooling import pool
from analysis.ratings import scale_ratings
from analysis.similarity import COEFFICIENTS, similarity
from analysis.structure import cluster_items, cluster_raters, dimensionality, indscal, mds, silhouettes

RNG = np.random.default_rng(3)
PAIRS = 66
PARTS = RNG.random((2, PAIRS))
LABELS = ["a", "b", "c"] * 4


REASONS = ("0 only", "0 everywhere", "vary", "varies", "no defined", "is 0", "is constant")


def raters() -> np.ndarray:
    return np.random.default_rng(1).random((5, PAIRS))


CALLS = {
    "weighted_model": lambda x: weighted_model(x, PARTS),
    "fit_weights": lambda x: fit_weights(x, PARTS),
    "components": lambda x: weighted_model(raters(), x[:2]),
    "variance_partition": lambda x: variance_partition(x, {"one": PARTS[0]}),
    "predictor": lambda x: variance_partition(raters(), {"one": x[0]}),
    "partial_correlation": lambda x: partial_correlation(x, PARTS[0], PARTS[1]),
    "attribute_effects": lambda x: attribute_effects(x, {"kind": LABELS}, n_permutations=20),
    "compare_models": lambda x: compare_models(x, PARTS, n_boot=20, rng=np.random.default_rng(0)),
    "models": lambda x: compare_models(raters(), x[:2], n_boot=20, rng=np.random.default_rng(0)),
    "mantel": lambda x: mantel(x, PARTS, n_permutations=20),
    "noise_ceiling": lambda x: noise_ceiling(x, method="pearson"),
    "reliability": reliability,
    "pool": lambda x: pool(x, "cosine"),
    "similarity": lambda x: [similarity(x, method=method) for method in COEFFICIENTS],
    "mds": lambda x: mds(x[0]),
    "indscal": lambda x: indscal(x, 2, max_iter=20),
    "dimensionality": lambda x: dimensionality(x, max_dims=2),
    "cluster_items": lambda x: cluster_items(x[0]),
    "cluster_raters": cluster_raters,
    "silhouettes": lambda x: silhouettes(x[0], LABELS),
}


def one_of(value: float) -> np.ndarray:
    rows = raters()
    rows[0] = value
    return rows


TABLES = {
    "features": lambda x: predict_ratings(x, x[:, :1] / x.max()),
    "ratings": lambda x: predict_ratings(x / x.max(), x[:, :1]),
    "axes": lambda x: congruence(x[:1] / x.max(), x[:1]),
    "scale": scale_ratings,
}


@pytest.mark.parametrize("call", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize(("size", "said"), [(1e200, "too large"), (1e-200, "too small")])
def test_features_and_ratings_whose_squares_overflow_or_vanish_are_refused_by_name(call, size, said):
    with pytest.raises(ValueError, match=f"has values up to .*, which are {said}"):
        call(size * (1 + RNG.random((12, 3))))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("size", [1e150, 1e300, 1e-150, 1e-300])
def test_values_whose_squares_overflow_or_vanish_are_refused_by_name(call, size):
    with pytest.raises(ValueError, match=r"0 has values up to .* scale this"):
        call(raters() * size)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("rows", [one_of(0.0), one_of(0.5), np.zeros((5, PAIRS)), np.full((5, PAIRS), 0.5)])
def test_zeros_and_constants_have_a_defined_result_or_an_error_that_says_so(call, rows):
    reason = ""
    try:
        call(rows)
    except ValueError as error:
        reason = str(error)
    # NumPy's and SciPy's own words would name no rater, component or reason; warnings are errors.
    assert not reason or any(word in reason for word in REASONS), reason


def test_weights_of_zeros_and_of_negative_values_are_refused():
    with pytest.raises(ValueError, match="0 everywhere: no weights"):
        weighted_model(np.zeros((5, PAIRS)), PARTS)
    with pytest.raises(ValueError, match="rater 3 must not be negative"):
        weighted_model(raters() - np.arange(5)[:, None] // 3, PARTS)


def test_a_rater_of_zeros_has_no_say_in_the_weights():
    rows = raters()
    np.testing.assert_allclose(fit_weights(np.vstack([rows, np.zeros(PAIRS)]), PARTS), fit_weights(rows, PARTS))


def test_a_models_scale_within_the_bounds_changes_no_weighted_prediction():
    expected = weighted_model(raters(), PARTS)
    for size in (1e50, 1e-50):
        weighted = weighted_model(raters() * size, PARTS * [[size], [1 / size]])
        np.testing.assert_allclose(weighted.rdm, expected.rdm, rtol=1e-9)
        assert weighted.cross_validated == pytest.approx(expected.cross_validated)
