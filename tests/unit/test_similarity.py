"""Similarity of RDMs over the pairs that both hold; test_inference_rsatoolbox.py has the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from analysis.arrangement import Floats
from analysis.rdm import to_square
from analysis.similarity import COEFFICIENTS, similarity, tau_a


def padded(row: np.ndarray, n: int) -> np.ndarray:
    return np.append(row, np.full(n - row.size, np.nan))


@pytest.mark.parametrize("method", COEFFICIENTS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_missing_pairs_are_as_if_they_were_not_there(method, seed):
    rng = np.random.default_rng(seed)
    a, b = np.round(rng.random((2, 3, 28)), 1)
    a[rng.random(a.shape) < 0.3] = np.nan
    b[rng.random(b.shape) < 0.3] = np.nan
    similarities = similarity(a, b, method=method)
    for i in range(3):
        for j in range(3):
            both = np.isfinite(a[i]) & np.isfinite(b[j])
            # The shared pairs at the front and nothing after them: the same, but for the place of the gaps.
            alone = similarity(padded(a[i][both], 28), padded(b[j][both], 28), method=method)
            assert similarities[i, j] == pytest.approx(alone[0, 0], abs=1e-12)


@pytest.mark.parametrize("method", COEFFICIENTS)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-6, 1e6))
@settings(max_examples=15, deadline=None)
def test_a_scale_changes_nothing_and_the_order_of_pairs_neither(method, seed, scale):
    rng = np.random.default_rng(seed)
    a, b = rng.random((2, 1, 21))
    order = rng.permutation(21)
    r = similarity(a, b, method=method)
    assert similarity(scale * a, b, method=method) == pytest.approx(r)
    assert similarity(a[:, order], b[:, order], method=method) == pytest.approx(r)
    turned = similarity(b, a, method=method)[0, 0]
    assert turned == pytest.approx(r[0, 0])
    assert -1 <= r[0, 0] <= 1
    assert similarity(a, method=method)[0, 0] == pytest.approx(1)


def test_a_constant_has_no_correlation_however_large_it_is():
    x = np.arange(10.0)
    for constant in (0.0, 0.1, 1e9):
        rows = np.vstack([x, np.full(10, constant)])
        assert np.isnan(similarity(rows, method="pearson")[0, 1])
        assert np.isnan(similarity(rows, method="spearman")[0, 1])
        assert similarity(rows, method="tau_a")[0, 1] == similarity(rows, method="rho_a")[0, 1] == 0
    assert np.isnan(similarity(x, np.zeros(10), method="cosine")[0, 0])
    # A small spread on a large mean is no constant.
    assert similarity(1e6 + x, x)[0, 0] == pytest.approx(1)


def test_constant_over_the_shared_pairs_only():
    a = np.array([1.0, 1, 1, 1, 5, 7])
    b = np.array([1.0, 2, 3, 4, np.nan, np.nan])
    assert np.isnan(similarity(a, b)[0, 0])


def test_two_shared_pairs_are_too_few():
    a = np.array([1.0, 2, 3, np.nan, np.nan, np.nan])
    b = np.array([np.nan, 2, 3, 4, np.nan, np.nan])
    for method in COEFFICIENTS:
        assert np.isnan(similarity(a, b, method=method)[0, 0])


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        (np.ones(6), np.ones(10), {}, "6 and 10 pairs"),
        (np.ones(6), None, {"method": "tau_b"}, "one of pearson"),
        (np.full(6, np.nan), None, {}, "row 0 has no pair"),
    ],
)
def test_what_has_no_similarity_is_refused(a, b, options, message):
    with pytest.raises(ValueError, match=message):
        similarity(a, b, **options)


def test_many_rows_with_ties_and_missing_pairs_are_what_scipy_finds_for_each_two() -> None:
    rng = np.random.default_rng(4)
    x = np.round(rng.normal(size=(9, 36)) * 2) / 2
    x[rng.random(x.shape) < 0.3] = np.nan
    similarities = {method: similarity(x[:2], x[2:], method=method) for method in ("spearman", "rho_a")}
    similarities["tau_a"] = similarity(x, method="tau_a")[:2, 2:]
    for i in range(2):
        for j in range(7):
            shared = np.isfinite(x[i]) & np.isfinite(x[2 + j])
            one, two = x[i, shared], x[2 + j, shared]
            assert similarities["spearman"][i, j] == pytest.approx(spearmanr(one, two).statistic)
            assert similarities["rho_a"][i, j] == pytest.approx(rho_a(one, two))
            assert similarities["tau_a"][i, j] == pytest.approx(tau_a(one, two))


def rho_a(x: Floats, y: Floats) -> float:
    """By its definition (Schütt et al. 2023)."""
    n = len(x)
    centred = [rankdata(values) - (n + 1) / 2 for values in (x, y)]
    return float(12 / (n**3 - n) * (centred[0] @ centred[1]))


def test_a_masked_value_is_missing_and_a_square_is_not_many_raters():
    rows = np.random.default_rng(0).random((3, 21))
    hidden = rows > 0.7
    missing = np.where(hidden, np.nan, rows)
    np.testing.assert_array_equal(similarity(np.ma.masked_array(rows, hidden)), similarity(missing))
    with pytest.raises(ValueError, match="one RDM as a square of 21 x 21"):
        similarity(to_square(np.random.default_rng(0).random(210)))
    with pytest.raises(ValueError, match="complex"):
        similarity(rows + 1j)
