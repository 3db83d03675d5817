"""Does a participant agree with itself: repeated trials, and the RDMs of odd and even trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from ..arrangement import Arrangement, Floats
from ..estimators import NoUsableTrialsError, estimate_rdm
from ..rdm import pairs_within
from ..similarity import similarity
from ..words import counted


@dataclass(frozen=True)
class Repeats:
    """Agreement of a participant's repeated trials.

    Attributes
    ----------
    trials : tuple of (first, second)
        Numbers of the trials that were compared, from 0.
    correlations : tuple of float
        Pearson r between the distances of each such pair of trials.
    mean : float
        Mean over Fisher's z, turned back.
    corrected : float
        Spearman-Brown of the mean: reliability of both trials together; NaN for a mean not above 0.
    t, p : float
        One-sided t test of Fisher's z above 0 over the repeats.
    consistent : bool or None
        p <= .05; None where there is no test.
    reason : str or None
        Why something is NaN.
    """

    trials: tuple[tuple[int, int], ...]
    correlations: tuple[float, ...]
    mean: float
    corrected: float
    t: float
    p: float
    consistent: bool | None
    reason: str | None = None


def repeat_reliability(
    arrangements: Sequence[Arrangement], repeats: Sequence[tuple[int, int]] | None = None
) -> Repeats:
    """Correlate the distances of trials that show the same items, and test whether they agree.

    Parameters
    ----------
    arrangements
        A participant's trials in order.
    repeats
        Which trials repeat which; found when left out: each trial with the latest earlier one of the same items.

    Raises
    ------
    ValueError
        When two trials named as repeats do not hold the same items, or a number is out of range.
    """
    pairs = _same_items(arrangements) if repeats is None else [(int(a), int(b)) for a, b in repeats]
    agreements = [(pair, _agreement(arrangements, *pair)) for pair in pairs]
    defined = [(pair, r) for pair, r in agreements if np.isfinite(r)]
    nan = float("nan")
    if not defined:
        missing = "no trial was repeated" if not pairs else "no repeated trial has distances that vary"
        return Repeats((), (), nan, nan, nan, nan, None, missing)
    r = np.array([r for _, r in defined])
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    mean = float(np.tanh(z.mean()))
    t, p = nan, nan
    consistent: bool | None = None
    reason: str | None = None
    if r.size < 2:
        reason = "a single repeat allows no test"
    elif z.std() <= 1e-9:
        reason = "all repeats agree equally well, which allows no t test"
    else:
        t = float(z.mean() / (z.std(ddof=1) / np.sqrt(r.size)))
        p = float(scipy.stats.t.sf(t, r.size - 1))
        consistent = p <= 0.05
    corrected = 2 * mean / (1 + mean) if mean > 0 else nan
    trials = tuple(pair for pair, _ in defined)
    return Repeats(trials, tuple(float(value) for value in r), mean, corrected, t, p, consistent, reason)


def _same_items(arrangements: Sequence[Arrangement]) -> list[tuple[int, int]]:
    latest: dict[frozenset[int], int] = {}
    pairs = []
    for number, trial in enumerate(arrangements):
        items = frozenset(trial.items.tolist())
        if len(items) > 2:
            if items in latest:
                pairs.append((latest[items], number))
            latest[items] = number
    return pairs


def _agreement(arrangements: Sequence[Arrangement], first: int, second: int) -> float:
    if not (0 <= first < len(arrangements) and 0 <= second < len(arrangements)):
        raise ValueError(f"repeats name trials {first} and {second}, of {counted(len(arrangements), 'trial')}")
    one, two = arrangements[first], arrangements[second]
    if set(one.items.tolist()) != set(two.items.tolist()):
        raise ValueError(f"trials {first} and {second} are named as repeats but do not hold the same items")
    if len(one) < 3:
        return float("nan")
    n = int(one.items.max()) + 1
    order_one, order_two = np.argsort(pairs_within(one.items, n)), np.argsort(pairs_within(two.items, n))
    return float(similarity(one.distances()[order_one], two.distances()[order_two])[0, 0])


def odd_even_correlation(arrangements: Sequence[Arrangement], n_items: int) -> float:
    """Pearson r between the RDMs of the odd and the even trials (weighted averages), over the pairs that both hold.

    NaN where there are fewer than 3 such pairs, or where one half of the trials gives no RDM.

    Raises
    ------
    ValueError
        When a trial holds an item that is not below `n_items`.
    """
    halves = odd_even_halves(arrangements, n_items)
    return float("nan") if halves is None else float(similarity(*halves)[0, 0])


def odd_even_halves(arrangements: Sequence[Arrangement], n_items: int) -> Floats | None:
    """The RDMs of the odd and the even trials (weighted averages), (2, P); None where one of them gives none.

    Raises
    ------
    ValueError
        When a trial holds an item that is not below `n_items`.
    """
    try:
        return np.array(
            [estimate_rdm(arrangements[part::2], n_items, method="weighted_average").rdm for part in (0, 1)]
        )
    except NoUsableTrialsError:
        return None
