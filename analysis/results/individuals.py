"""How raters differ: whether by more than noise, in which groups, and by what each goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Arrangement, Floats, Ints
from ..quality.repeats import odd_even_halves
from ..rdm import n_pairs, to_condensed
from ..reliability import IndividualTest, individual_test
from ..reliability.report import with_interval
from ..similarity import MIN_PAIRS, similarity
from ..structure import cluster_raters, indscal, silhouette_by_clusters
from ..words import counted

N_DIMS = 2
MAX_CLUSTERS = 8
SHARED = (
    "The raters saw the pairs between them: two of them, or the halves of one's trials, have too few in common to be "
    "compared. There are only the weights of the attributes, over the pairs that each rater saw."
)
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class RaterPlace:
    """One rater: group (from 1), weights of the common space's dimensions, weights of attributes; NaN = undefined.

    `own` is how much more alike the halves of the rater's trials are than noise alone would make them.
    """

    rater: str
    cluster: int
    dimensions: tuple[float, ...]
    fit: float
    attributes: tuple[float, ...]
    own: float


@dataclass(frozen=True)
class AttributeWeight:
    """Mean over raters of an attribute's weight with its interval, and the standard deviation between raters."""

    attribute: str
    mean: float
    low: float
    high: float
    spread: float


@dataclass(frozen=True)
class Individuals:
    """How raters differ; empty without raters. Each figure that could not be computed is NaN, with a remark.

    `within` is the mean correlation of two halves of a rater's trials, `expected` what it would be if raters differed
    by noise alone, `p` of the difference; `without_noise` the agreement of two raters, noise taken out: 1 where raters
    differ by noise alone.
    """

    n_tested: int = 0
    within: float = math.nan
    expected: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    n_permutations: int = 0
    without_noise: float = math.nan
    without_noise_low: float = math.nan
    without_noise_high: float = math.nan
    silhouette: float = math.nan
    n_clusters: int = 0
    indscal_rounds: int = 0
    weights: tuple[AttributeWeight, ...] = ()
    raters: tuple[RaterPlace, ...] = ()
    remarks: tuple[str, ...] = ()


def halves_of(trials: Mapping[str, Sequence[Arrangement]], raters: Sequence[str], n_items: int) -> Floats:
    """RDMs of the raters' odd and even trials, (R, 2, P); all NaN for a rater without two."""
    empty = np.full((2, n_pairs(n_items)), np.nan)
    return np.array(
        [empty if (two := odd_even_halves(trials.get(one, ()), n_items)) is None else two for one in raters]
    )


def individuals(
    table: Floats,
    raters: Sequence[str],
    halves: Floats | None,
    attributes: Mapping[str, Floats],
    *,
    n_permutations: int,
    level: float,
    seed: int,
    report: Progress,
    pairs_are_shared: bool = False,
) -> Individuals:
    """How R raters differ.

    Parameters
    ----------
    table : (R, P) float
        NaN = missing pair; no rater's RDM is constant.
    halves : (R, 2, P) float
        Of `halves_of`; None where there are no trials.
    attributes
        By name the RDM (P,) of an attribute.
    pairs_are_shared
        Whether the raters saw the pairs between them: two raters are then not compared, nor a rater's halves, which
        hold too few of the same pairs.
    """
    remarks: list[str] = []
    if pairs_are_shared:
        remarks.append(SHARED)
        weights = attribute_weights(table, list(attributes.values())) if attributes else np.empty((len(raters), 0))
        unknown = (math.nan,) * N_DIMS
        return Individuals(
            weights=tuple(_mean_weight(*one, level) for one in zip(attributes, weights.T, strict=True)),
            raters=tuple(
                RaterPlace(name, 0, unknown, math.nan, tuple(row), math.nan)
                for name, row in zip(raters, weights.tolist(), strict=True)
            ),
            remarks=tuple(remarks),
        )
    report("Comparing raters with themselves", 0.0)
    tested = _test(halves, n_permutations, level, seed, remarks)
    own = np.full(len(raters), np.nan)
    if tested is not None:
        own[tested[0]] = tested[1].by_rater
    report("Grouping raters", 0.3)
    clusters, silhouette = _clusters(table, remarks)
    report("Weighing dimensions and attributes", 0.5)
    dimensions, fit, rounds = _dimensions(table, remarks)
    weights = attribute_weights(table, list(attributes.values())) if attributes else np.empty((len(raters), 0))
    known = tested[1] if tested is not None else None
    return Individuals(
        n_tested=0 if tested is None else len(tested[0]),
        within=math.nan if known is None else known.within,
        expected=math.nan if known is None else known.expected,
        low=math.nan if known is None else known.difference.interval[0],
        high=math.nan if known is None else known.difference.interval[1],
        p=math.nan if known is None else known.p,
        n_permutations=0 if known is None else known.n_permutations,
        without_noise=math.nan if known is None else known.agreement.value,
        without_noise_low=math.nan if known is None else known.agreement.interval[0],
        without_noise_high=math.nan if known is None else known.agreement.interval[1],
        silhouette=silhouette,
        n_clusters=int(clusters.max(initial=0)),
        indscal_rounds=rounds,
        weights=tuple(_mean_weight(name, column, level) for name, column in zip(attributes, weights.T, strict=True)),
        raters=tuple(
            RaterPlace(
                rater=name,
                cluster=int(clusters[place]),
                dimensions=tuple(dimensions[place].tolist()),
                fit=float(fit[place]),
                attributes=tuple(weights[place].tolist()),
                own=float(own[place]),
            )
            for place, name in enumerate(raters)
        ),
        remarks=tuple(remarks),
    )


def _test(
    halves: Floats | None, n_permutations: int, level: float, seed: int, remarks: list[str]
) -> tuple[Ints, IndividualTest] | None:
    """Which raters were tested, and what came out."""
    if halves is None:
        remarks.append("Whether raters differ in kind is not tested: there are no trials, only RDMs.")
        return None
    places = np.flatnonzero(_usable(halves))
    try:
        tested = individual_test(
            halves[places, 0] if places.size else np.empty((0, 1)),
            halves[places, 1] if places.size else np.empty((0, 1)),
            n_permutations=n_permutations,
            level=level,
            rng=np.random.default_rng(seed),
        )
    except ValueError as error:
        reason = str(error) if places.size else "no rater has two halves of trials that hold the same pairs"
        remarks.append(f"Whether raters differ in kind is not tested: {reason}.")
        return None
    if tested.agreement.reason:
        remarks.append(f"Agreement without noise: {tested.agreement.reason}.")
    if places.size < len(halves):
        remarks.append(
            f"{counted(len(halves) - places.size, 'rater has', 'raters have')} too few trials to be compared "
            "with themselves."
        )
    return places, tested


def _usable(halves: Floats) -> NDArray[np.bool_]:
    """Which raters have two halves that can be compared, (R,) bool."""
    shared = np.isfinite(halves).all(axis=1).sum(axis=1) >= MIN_PAIRS
    usable = [bool(ok) and bool(np.isfinite(similarity(*two)[0, 0])) for two, ok in zip(halves, shared, strict=True)]
    return np.array(usable, dtype=bool)


def _clusters(table: Floats, remarks: list[str]) -> tuple[Ints, float]:
    """The group of each rater, from 1, in as many groups as have the largest mean silhouette."""
    nobody = np.zeros(len(table), dtype=np.int64)
    if len(table) < 3:
        remarks.append("Groups of raters need at least three raters.")
        return nobody, math.nan
    try:
        tree = cluster_raters(table)
        apart = np.maximum(1 - to_condensed(similarity(table)), 0.0)
        silhouettes = silhouette_by_clusters(apart, tree, MAX_CLUSTERS)
        means = {n: value for n, value in silhouettes.items() if np.isfinite(value)}
    except ValueError as error:
        remarks.append(f"Raters are not grouped: {error}.")
        return nobody, math.nan
    if not means:
        remarks.append("Raters are not grouped: all are equally alike.")
        return nobody, math.nan
    best = max(means, key=lambda n: means[n])
    return tree.labels(best) + 1, means[best]


def _dimensions(table: Floats, remarks: list[str]) -> tuple[Floats, Floats, int]:
    try:
        solution = indscal(table, N_DIMS)
    except ValueError as error:
        remarks.append(f"No common space of the raters: {error}.")
        return np.full((len(table), N_DIMS), np.nan), np.full(len(table), np.nan), 0
    if not solution.converged:
        remarks.append(f"The common space of the raters did not converge in {counted(solution.n_iter, 'round')}.")
    return solution.weights, solution.fit, solution.n_iter


def attribute_weights(table: Floats, attributes: Sequence[Floats]) -> Floats:
    """Standardised weights of attributes' RDMs in a regression on each rater's RDM, (R, A).

    Over the pairs that the rater saw; NaN where these are too few, or RDM or an attribute do not vary over them.
    """
    columns = np.array(attributes)
    out = np.full((len(table), len(columns)), np.nan)
    for weights, row in zip(out, table, strict=True):
        seen = np.isfinite(row)
        rows = np.vstack([row, columns])[:, seen]
        if seen.sum() < len(columns) + MIN_PAIRS or (np.ptp(rows, axis=1) == 0).any():
            continue
        x = columns[:, seen] - columns[:, seen].mean(axis=1, keepdims=True)
        y = row[seen] - row[seen].mean()
        weights[:] = np.linalg.lstsq((x / x.std(axis=1, keepdims=True)).T, y / y.std(), rcond=None)[0]
    return out


def _mean_weight(name: str, column: Floats, level: float) -> AttributeWeight:
    known = column[np.isfinite(column)]
    if not known.size:
        return AttributeWeight(name, math.nan, math.nan, math.nan, math.nan)
    without = (known.sum() - known) / (known.size - 1) if known.size > 1 else np.full(1, np.nan)
    difference = with_interval(np.array([known.mean(), *without]), level, "difference")
    spread = float(known.std(ddof=1)) if known.size > 1 else math.nan
    return AttributeWeight(name, difference.value, *difference.interval, spread=spread)
