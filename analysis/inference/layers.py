"""Which layer of a network is nearest to the raters, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .compare import ModelComparison, compare_models


@dataclass(frozen=True, eq=False)
class LayerProfile:
    """The layers of one network against the raters, first layer first.

    Attributes
    ----------
    comparison : ModelComparison
        Scores, intervals, ceiling and tests of the layers.
    best : int
        The layer of the highest score.
    best_interval : tuple of int
        First and last layer between which the best one lies in `level` of the bootstrap samples, as much of the rest
        before it as after it.
    not_worse : tuple of int
        The best layer, and those whose score is not significantly (at 1 - level, corrected) below its.
    """

    comparison: ModelComparison
    best: int
    best_interval: tuple[int, int]
    not_worse: tuple[int, ...]


def layer_profile(rdms: ArrayLike, layers: ArrayLike, names: Sequence[str], **options: Any) -> LayerProfile:
    """Compare each layer with the raters, and find the best.

    Parameters
    ----------
    rdms : (R, P) float
        Of the raters; NaN = missing pair.
    layers : (L, P) float
        From `layer_rdms`, in the order of the network.
    options
        Of `compare_models`.

    Raises
    ------
    ValueError
        As `compare_models`.
    """
    return profile_of(compare_models(rdms, layers, names=names, **options))


def profile_of(comparison: ModelComparison) -> LayerProfile:
    """The profile of layers that have been compared, all of one network in its order."""
    best = int(np.argmax(comparison.similarity))
    below = np.cumsum(comparison.share_best)
    outside = (1 - comparison.level) / 2
    places = np.arange(len(below))
    first, last = int(places[below > outside][0]), int(places[below >= below[-1] - outside - 1e-12][0])
    p = comparison.p_difference[best]
    not_worse = [k for k in range(len(p)) if k == best or not p[k] < 1 - comparison.level]
    return LayerProfile(comparison, best, (min(first, best), max(last, best)), tuple(not_worse))
