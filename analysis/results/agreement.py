"""How far the raters agree: coefficients, noise ceilings, and the rater who moves them most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arrangement import Floats
from ..ceiling_interval import ceiling_with_interval
from ..noise_ceiling import NoiseCeiling, leave_one_out, noise_ceiling
from ..pooling import seen_by_anybody
from ..quality import group_quality
from ..reliability import Coefficient, Reliability, reliability
from ..reliability.report import COEFFICIENTS, NO_INTERVAL
from ..similarity import Method, similarity
from .labels import LABELS, RANGES, in_sentence

# A coefficient that is 1 may come out as this much more.
ROUNDING = 1e-9
COMPARATORS: tuple[Method, ...] = ("pearson", "spearman", "rho_a", "tau_a", "cosine")


@dataclass(frozen=True)
class Influence:
    """The rater without whom the mean pairwise r changes most, with it and alpha for all raters and without this one.

    A value is NaN where it is not defined.
    """

    rater: str
    pairwise: float
    pairwise_without: float
    alpha: float
    alpha_without: float

    @property
    def sentence(self) -> str:
        """What the rater does to the figures, in words."""
        changes = [
            f"{name} {_change(value, without)}"
            for name, value, without in (
                (in_sentence(LABELS["pairwise_pearson"]), self.pairwise, self.pairwise_without),
                (in_sentence(LABELS["cronbach_alpha"]), self.alpha, self.alpha_without),
            )
            if np.isfinite([value, without]).all()
        ]
        return f"{self.rater} moves these figures most: without {self.rater}, {' and '.join(changes)}."


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement between the raters over the pairs that they saw, by name.

    `reliability` is as it is to be shown: without values and intervals beyond their measure's range (`showable`).
    `ceilings` and `with_others` (R,), each rater's similarity to the pool of the others, are there for each comparator
    that was asked for. `influence` is None with fewer than three raters.
    """

    raters: tuple[str, ...]
    reliability: Reliability
    ceilings: dict[Method, NoiseCeiling]
    with_others: dict[Method, Floats]
    influence: Influence | None


def agreement(
    table: Floats, raters: Sequence[str], *, comparators: Sequence[Method] = COMPARATORS, seed: int = 0
) -> Agreement:
    """Agreement between raters with these judgments.

    Parameters
    ----------
    table : (R, P) float
        As `pooled.judged` gives them.
    raters
        Their R names.
    comparators
        The measures of similarity whose noise ceilings are wanted.
    seed
        Draws the halvings of the raters, where there are too many to take them all.

    Raises
    ------
    ValueError
        When there is no rater, or a rater saw no pair.
    """
    table = seen_by_anybody(table)
    report = reliability(table, rng=np.random.default_rng(seed), names=raters)
    return Agreement(
        raters=tuple(raters),
        reliability=_showable(report),
        ceilings={method: _ceiling(table, method, raters) for method in comparators},
        with_others={method: leave_one_out(table, method) for method in comparators},
        influence=most_influential(table, raters, report),
    )


def _ceiling(table: Floats, method: Method, raters: Sequence[str]) -> NoiseCeiling:
    return ceiling_with_interval(noise_ceiling(table, method=method, names=raters), table, method=method)


def _showable(report: Reliability) -> Reliability:
    changed: dict[str, Any] = {name: showable(getattr(report, name), name) for name in COEFFICIENTS}
    return replace(report, **changed)


def showable(coefficient: Coefficient, name: str) -> Coefficient:
    """The coefficient without what lies beyond the measure's own range, but with the reason why not.

    A value beyond it is the quotient of two variances where raters contradict one another, or were estimated from other
    pairs each: alpha of two opposite raters is −112, and 1.09 of raters who share few pairs. An interval wider than the
    range says nothing, and a figure that holds it shows nothing else; it comes of few raters, or of one who is unlike
    the others. An end beyond the range is brought back to it.
    """
    low, high = coefficient.interval
    lowest, highest = RANGES[name]
    value = coefficient.value
    if value < lowest - ROUNDING or value > highest + ROUNDING:
        reason = (
            f"not given: it would be {_two_digits(value)}, beyond the measure's own range; the raters contradict one "
            "another, or share too few pairs"
        )
        return Coefficient(np.nan, NO_INTERVAL, reason)
    if np.isnan(low) or np.isnan(high):
        return coefficient
    if high - low > highest - lowest:
        reason = (
            f"no interval: from {_two_digits(low)} to {_two_digits(high)} it would be wider than the measure's own "
            "range; there are too few raters, or one is unlike the others"
        )
        return replace(coefficient, interval=NO_INTERVAL, reason=reason)
    return replace(coefficient, interval=(max(low, lowest), min(high, highest)))


def most_influential(table: Floats, raters: Sequence[str], report: Reliability) -> Influence | None:
    """The rater without whom the mean pairwise r (R, P table) changes most; None where no rater can be spared."""
    if len(table) < 3:
        return None
    between = similarity(table)
    np.fill_diagonal(between, np.nan)
    without = np.array([_mean(np.delete(np.delete(between, r, 0), r, 1)) for r in range(len(table))])
    change = np.abs(without - report.pairwise_pearson.value)
    if not np.isfinite(change).any():
        return None
    rater = int(np.nanargmax(change))
    return Influence(
        raters[rater],
        report.pairwise_pearson.value,
        float(without[rater]),
        *(_alpha(one) for one in (report.cronbach_alpha.value, group_quality(table).alpha_if_deleted[rater])),
    )


def _alpha(value: float) -> float:
    """Alpha as it is to be shown."""
    return showable(Coefficient(float(value), NO_INTERVAL), "cronbach_alpha").value


def reliability_rows(agreement: Agreement, method: str) -> Iterator[dict[str, Any]]:
    """Rows of the bundle's table "reliability"."""
    for name in COEFFICIENTS:
        coefficient = getattr(agreement.reliability, name)
        low, high = coefficient.interval
        yield {
            "method": method,
            "measure": name,
            "value": coefficient.value,
            "low": low,
            "high": high,
            "n_raters": agreement.reliability.n_raters,
            "remark": coefficient.reason,
        }


def ceiling_rows(agreement: Agreement, method: str) -> Iterator[dict[str, Any]]:
    """Rows of the bundle's table "noise_ceiling"."""
    for comparator, ceiling in agreement.ceilings.items():
        yield {
            "method": method,
            "comparator": comparator,
            "lower": ceiling.lower,
            "upper": ceiling.upper,
            "n_raters": agreement.reliability.n_raters,
            "remark": ceiling.reason or ceiling.no_interval,
            "lower_low": ceiling.lower_interval[0],
            "lower_high": ceiling.lower_interval[1],
            "upper_low": ceiling.upper_interval[0],
            "upper_high": ceiling.upper_interval[1],
        }


def _mean(values: Floats) -> float:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if defined.size else float("nan")


def _change(value: float, without: float) -> str:
    before, after = _two_digits(value), _two_digits(without)
    return f"stays {before}" if before == after else f"is {after} in place of {before}"


def _two_digits(value: float) -> str:
    return (f"{value:.2f}" if abs(value) < 1e4 else f"{value:.0e}").replace("-", "−")
