"""Controversial clips, against all subsets and against raters who were simulated."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from analysis.models import controversial, raters_to_tell
from analysis.rdm import subset


def test_the_swaps_find_the_best_of_all_subsets() -> None:
    rng = np.random.default_rng(1)
    seen = rng.normal(size=(10, 3))
    models = np.array([pdist(seen), pdist(seen + 0.5 * rng.normal(size=seen.shape))])
    chosen = controversial(models, 5, rng=rng)
    scaled = models / np.sqrt((models**2).mean(axis=1, keepdims=True))

    def separation(items: tuple[int, ...]) -> float:
        both = np.array([subset(model, np.array(items)) for model in scaled])
        variance = both.var(axis=1)
        reliability = variance / (variance + 2 * (0.1 * 1.8) ** 2 * (both**2).mean(axis=1))
        return float(np.sqrt(reliability.min()) * (1 - np.corrcoef(both)[0, 1]))

    best = max(combinations(range(10), 5), key=separation)
    assert tuple(chosen.items) == best
    assert chosen.separation == pytest.approx(separation(best))
    assert chosen.of_random < 0.7 * chosen.separation
    with pytest.raises(ValueError, match="at least 4 and fewer than the 10 clips"):
        controversial(models, 10)
    with pytest.raises(ValueError, match="2 to 6 models"):
        controversial(models[:1], 5)


def test_they_take_fewer_raters_than_random_clips_and_equal_models_take_no_number() -> None:
    rng = np.random.default_rng(2)
    seen = rng.normal(size=(30, 4))
    models = np.array([pdist(seen), pdist(seen + 0.6 * rng.normal(size=seen.shape))])
    chosen = controversial(models, 8, rng=rng).items
    needed = raters_to_tell(models, chosen, rng=rng)
    random = np.median([raters_to_tell(models, rng.choice(30, 8, replace=False), rng=rng) for _ in range(5)])
    assert needed < random
    assert raters_to_tell(np.array([models[0], models[0]]), chosen, rng=rng) == np.inf
