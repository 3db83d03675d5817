"""Which layer of a network is nearest to the raters, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..noise_ceiling import NoiseCeiling
from .adjust import adjust
from .compare import compare_models
from .conclusions import ModelComparison


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


@dataclass(frozen=True, eq=False)
class MeanProfile:
    """The layers of one network against raters of several sets of clips, averaged over the sets.

    Attributes
    ----------
    names : tuple of L str
    similarity : (L,) float
        Mean over sets of the mean over each set's raters.
    standard_error, interval : (L,) and (L, 2) float
        From the sets' standard errors, which are independent: other raters saw other clips.
    ceiling : NoiseCeiling
        Mean of the sets' bounds.
    best : int
        The layer of the highest mean.
    p_difference : (L, L) float
        Two-sided test of the difference of two layers, adjusted over pairs as in the sets; NaN on the diagonal.
    not_worse : tuple of int
        As in `LayerProfile`, of the means.
    n_sets : int
    """

    names: tuple[str, ...]
    similarity: Floats
    standard_error: Floats
    interval: Floats
    ceiling: NoiseCeiling
    best: int
    p_difference: Floats
    not_worse: tuple[int, ...]
    n_sets: int


def mean_profile(profiles: Sequence[LayerProfile]) -> MeanProfile:
    """Average the profiles of several sets of clips, each arranged by raters of its own.

    The error of a mean of S independent figures is sqrt(sum of squared errors) / S, with the degrees of freedom of
    Welch and Satterthwaite.

    Raises
    ------
    ValueError
        When there is none, or they differ in layers, comparator, what is resampled, correction or level.
    """
    parts = [profile.comparison for profile in profiles]
    if not parts:
        raise ValueError("there is no profile to average")
    first = parts[0]
    for name in ("names", "method", "resample", "correction", "level"):
        if any(getattr(part, name) != getattr(first, name) for part in parts):
            raise ValueError(f"profiles to be averaged must agree in {name}")
    similarity = np.mean([part.similarity for part in parts], axis=0)
    error, dof = _joint_error([part.standard_error for part in parts], parts)
    reach = scipy.stats.t.ppf((1 + first.level) / 2, dof) * error
    difference = similarity[:, None] - similarity[None]
    difference_error, difference_dof = _joint_error([part.difference_error for part in parts], parts)
    i, j = np.triu_indices(len(similarity), 1)
    p_difference = np.full(difference.shape, np.nan)
    if i.size:
        # A pair of layers that score the same in each sample of each set has no error, and no difference.
        ratio = np.divide(difference, difference_error, out=np.zeros_like(difference), where=difference_error > 0)
        p = adjust(2 * scipy.stats.t.sf(np.abs(ratio[i, j]), difference_dof[i, j]), first.correction)  # type: ignore[arg-type]
        p_difference[i, j] = p_difference[j, i] = p
    best = int(np.argmax(similarity))
    return MeanProfile(
        names=first.names,
        similarity=similarity,
        standard_error=error,
        interval=np.stack([similarity - reach, similarity + reach], axis=1),
        ceiling=NoiseCeiling(
            lower=float(np.mean([part.ceiling.lower for part in parts])),
            upper=float(np.mean([part.ceiling.upper for part in parts])),
        ),
        best=best,
        p_difference=p_difference,
        not_worse=tuple(k for k, p in enumerate(p_difference[best]) if k == best or not p < 1 - first.level),
        n_sets=len(parts),
    )


def _joint_error(errors: Sequence[Floats], parts: Sequence[ModelComparison]) -> tuple[Floats, Floats]:
    """Error of the mean of independent figures, and its degrees of freedom, of the shape of one set's errors."""
    variances = np.array(errors) ** 2
    dof = np.reshape([part.degrees_of_freedom for part in parts], (-1, *[1] * (variances.ndim - 1)))
    total, least = variances.sum(axis=0), np.finfo(float).tiny
    freedom = total**2 / np.maximum((variances**2 / dof).sum(axis=0), least)
    return np.sqrt(total) / len(parts), np.maximum(freedom, 1.0)
