"""Condensed order is SciPy's; every helper is checked against `squareform` or a hand-worked case."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import squareform

from analysis.rdm import (
    n_items_of,
    n_pairs,
    pair_index,
    pairs_within,
    scale_to_rms,
    subset,
    to_condensed,
    to_square,
    upper_triangle,
)


@pytest.mark.parametrize(("items", "pairs"), [(0, 0), (1, 0), (2, 1), (3, 3), (92, 4186)])
def test_number_of_pairs(items, pairs):
    assert n_pairs(items) == pairs
    if items > 1:
        assert n_items_of(pairs) == items


@pytest.mark.parametrize("n", [2, 4, 5, 4187])
def test_a_length_that_no_number_of_items_has_is_refused(n):
    with pytest.raises(ValueError, match="not a number of pairs"):
        n_items_of(n)


def test_order_is_scipys():
    condensed = np.arange(10.0)
    np.testing.assert_array_equal(to_square(condensed), squareform(condensed))
    np.testing.assert_array_equal(to_condensed(squareform(condensed)), condensed)


def test_missing_pairs_stay_missing():
    condensed = np.array([1.0, np.nan, 3.0])
    square = to_square(condensed)
    assert np.isnan(square[0, 2])
    assert np.isnan(square[2, 0])
    np.testing.assert_array_equal(to_condensed(square), condensed)


@given(st.integers(2, 30))
def test_pair_index_is_the_place_in_condensed_order_whichever_item_comes_first(n):
    row, col = np.triu_indices(n, 1)
    np.testing.assert_array_equal(pair_index(row, col, n), np.arange(n_pairs(n)))
    np.testing.assert_array_equal(pair_index(col, row, n), np.arange(n_pairs(n)))


@given(st.integers(2, 12), st.randoms(use_true_random=False))
def test_a_subset_is_the_rows_and_columns_of_its_items_in_their_order(n, random):
    rdm = np.array([random.random() for _ in range(n_pairs(n))])
    items = np.array(random.sample(range(n), random.randint(2, n)))
    expected = squareform(squareform(rdm)[np.ix_(items, items)], checks=False)
    np.testing.assert_array_equal(subset(rdm, items), expected)
    np.testing.assert_array_equal(rdm[pairs_within(items, n)], expected)
    np.testing.assert_array_equal(subset(np.stack([rdm, 2 * rdm]), items), [expected, 2 * expected])


def test_scaling_looks_at_present_pairs_only():
    np.testing.assert_allclose(scale_to_rms(np.array([3.0, np.nan, 4.0])), np.array([3, np.nan, 4]) / np.sqrt(12.5))


@pytest.mark.parametrize("empty", [np.array([]), np.zeros(3), np.full(3, np.nan)])
def test_what_has_no_scale_is_left_alone(empty):
    np.testing.assert_array_equal(scale_to_rms(empty), empty)


def test_shared_indices_cannot_be_changed():
    row, _ = upper_triangle(4)
    with pytest.raises(ValueError, match="read-only"):
        row[0] = 1
