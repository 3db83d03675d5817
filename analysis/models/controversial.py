"""Controversial clips: the subset that best tells candidate models apart, and the raters that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ..arrangement import Floats, Ints
from ..rdm import n_items_of, subset, to_square
from ..similarity import Method, check_rdms, similarity
from ..simulate import Behaviour, individual, place_items

MAX_MODELS = 6
# The largest distance of a layout is about this many times its root mean square.
EXTENT = 1.8


@dataclass(frozen=True, eq=False)
class Controversial:
    """The chosen items (m,), in order, and how far they keep the two nearest models apart.

    `separation` is the difference to be expected of a noisy rater's correlations with the model that the rater follows
    and with the other; `of_random` the same of random subsets, their mean.
    """

    items: Ints
    separation: float
    of_random: float


def controversial(
    models: ArrayLike,
    n_items: int,
    *,
    noise: float = 0.1,
    n_starts: int = 5,
    rng: np.random.Generator | None = None,
) -> Controversial:
    """Choose items on which models disagree, and on which each of them still predicts differences.

    From random subsets, the one swap that gains most is made until none gains, for the least separation of any two
    models: sqrt(reliability) (1 - r), r their correlation over the subset's pairs, and reliability the share of a
    model's variance in a rater's distances. Without the first factor, subsets win in which all pairs are equal.

    Parameters
    ----------
    models : (M, P) float
        2 to 6, complete and not negative.
    n_items
        Items to be chosen.
    noise
        Standard deviation of a placement, in units of the largest distance of the layout.

    Raises
    ------
    ValueError
        When shapes or numbers do not fit, or a model has missing or negative values.

    References
    ----------
    Golan, Raju & Kriegeskorte (2020), PNAS 117, 29330-29337.
    """
    table = check_rdms(models, "models", row="model")
    n = n_items_of(table.shape[1])
    if not 2 <= len(table) <= MAX_MODELS:
        raise ValueError(f"there must be 2 to {MAX_MODELS} models, got {len(table)}")
    if np.isnan(table).any() or table.min() < 0:
        raise ValueError("models must be complete and not negative")
    if not 4 <= n_items < n:
        raise ValueError(f"choose at least 4 and fewer than the {n} clips there are, not {n_items}")
    rng = np.random.default_rng(0) if rng is None else rng
    scaled = table / np.sqrt((table**2).mean(axis=1, keepdims=True))
    squares = np.array([to_square(row) for row in scaled])
    pairs = list(combinations(range(len(table)), 2))
    features = np.concatenate([squares, squares**2, [squares[i] * squares[j] for i, j in pairs]])
    error = 2 * (noise * EXTENT) ** 2
    starts = [np.sort(rng.choice(n, n_items, replace=False)) for _ in range(max(n_starts, 1) + 20)]
    at_random = [_separation(_sums(features, one), n_items, len(table), pairs, error) for one in starts]
    best, most = starts[0], -np.inf
    for start in starts[: max(n_starts, 1)]:
        items, value = _improved(features, start, len(table), pairs, error)
        if value > most:
            best, most = items, value
    return Controversial(np.sort(best), float(most), float(np.mean(at_random)))


def _sums(features: Floats, items: Ints) -> Floats:
    """Sums of the features over the pairs of items, (F,)."""
    return np.asarray(features[:, items][:, :, items].sum(axis=(1, 2)) / 2)


def _separation(sums: Floats, m: int, n_models: int, pairs: list[tuple[int, int]], error: float) -> Floats:
    """The least separation of any two models, out of sums (F, ...) over the pairs of m items."""
    count = m * (m - 1) / 2
    mean, square, product = sums[:n_models] / count, sums[n_models : 2 * n_models] / count, sums[2 * n_models :] / count
    variance = np.maximum(square - mean**2, 1e-12)
    # A layout fills the arena, so noise is relative to the subset's own size.
    reliability = variance / (variance + error * square)
    apart = []
    for (i, j), both in zip(pairs, product, strict=True):
        r = (both - mean[i] * mean[j]) / np.sqrt(variance[i] * variance[j])
        apart.append((1 - r) * np.sqrt(np.minimum(reliability[i], reliability[j])))
    return np.asarray(np.min(apart, axis=0))


def _improved(
    features: Floats, items: Ints, n_models: int, pairs: list[tuple[int, int]], error: float
) -> tuple[Ints, float]:
    """Swap an item for another as long as that gains; the number of swaps is bounded."""
    n, m = features.shape[1], items.size
    sums = _sums(features, items)
    value = float(_separation(sums, m, n_models, pairs, error))
    for _ in range(10 * m):
        outside = np.setdiff1d(np.arange(n), items)
        to_chosen = features[:, :, items].sum(axis=2)
        # Sums after item i went (m of them) and item j came.
        after = (
            (sums[:, None] - to_chosen[:, items])[:, :, None]
            + to_chosen[:, outside][:, None]
            - features[:, items][:, :, outside]
        )
        tried = _separation(after, m, n_models, pairs, error)
        best = int(np.argmax(tried))
        if tried.ravel()[best] <= value + 1e-9:
            break
        gone, come = divmod(best, outside.size)
        sums, value = after[:, gone, come], float(tried.ravel()[best])
        items = np.append(np.delete(items, gone), outside[come])
    return items, value


def raters_to_tell(
    models: ArrayLike,
    items: Ints,
    *,
    method: Method = "spearman",
    own: float = 0.3,
    noise: float = 0.1,
    power: float = 0.8,
    alpha: float = 0.05,
    n_simulated: int = 30,
    rng: np.random.Generator | None = None,
) -> float:
    """How many raters a t test of the two similarities needs to find the right model, for these items; NaN if unknown.

    Raters are simulated who follow one of the models, with a part of their own, and arrange all items once. It is the
    largest number over every two models and which of both is true; infinite where the other one does not lose.

    Raises
    ------
    ValueError
        As `check_rdms` and `place_items`.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    chosen = np.array([subset(model, items) for model in check_rdms(models, "models", row="model")])
    behaviour, everything = Behaviour(noise=noise), np.arange(len(items))
    most = 0.0
    for true in range(len(chosen)):
        seen = [individual(chosen[true], own, rng=rng) for _ in range(n_simulated)]
        rdms = np.array([place_items(rdm, everything, behaviour=behaviour, rng=rng).distances() for rdm in seen])
        scores = similarity(rdms, chosen, method=method)
        for other in range(len(chosen)):
            if other == true:
                continue
            gain = scores[:, true] - scores[:, other]
            if not gain.mean() > 0:
                return float("inf")
            effect = float(gain.mean() / max(gain.std(ddof=1), 1e-9))
            most = max(most, _raters(effect, power, alpha))
    return most


def _raters(effect: float, power: float, alpha: float) -> float:
    """The fewest raters with that power in a two-sided one-sample t test."""
    for n in range(2, 1000):
        limit = scipy.stats.t.isf(alpha / 2, n - 1)
        if scipy.stats.nct.sf(limit, n - 1, effect * np.sqrt(n)) >= power:
            return float(n)
    return float("inf")
