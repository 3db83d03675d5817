"""Evidence: squared distance in arena diameters, floored at a fifth of the arena, summed over trials."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import Arrangement, pair_evidence
from analysis.evidence import evidence_weights


def test_a_hand_worked_case():
    trials = [
        Arrangement([0, 1, 2], [[0, 0], [0.3, 0], [0, 0.4]]),
        Arrangement([2, 0], [[0.5, 0], [-0.5, 0]]),
        Arrangement([1, 3], [[0, 0], [0.1, 0]]),
    ]
    # Pairs 01, 02, 03, 12, 13, 23.
    np.testing.assert_allclose(pair_evidence(trials, 4), [0.09, 0.16 + 1.0, 0.0, 0.25, 0.04, 0.0])


@pytest.mark.parametrize(("distance", "weight"), [(0.0, 0.04), (0.2, 0.04), (0.21, 0.0441), (1.0, 1.0)])
def test_below_a_fifth_of_the_arena_the_weight_falls_no_further(distance, weight):
    assert evidence_weights(np.array([distance]))[0] == pytest.approx(weight)


def test_trials_without_pairs_add_nothing():
    assert pair_evidence([], 3).tolist() == [0, 0, 0]
    assert pair_evidence([Arrangement([1], [[0, 0]])], 3).tolist() == [0, 0, 0]


def test_an_item_that_the_study_does_not_have_is_refused():
    with pytest.raises(ValueError, match="holds item 3"):
        pair_evidence([Arrangement([0, 3], np.eye(2))], 3)
