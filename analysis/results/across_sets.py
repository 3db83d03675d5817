"""A rater's RDM over all clips of a study of several sets: estimated set by set, and put side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Arrangement, Floats, Ints, within
from ..estimators import RDMEstimate
from ..estimators.trials import pair_components, usable_trials
from ..evidence import pair_evidence
from ..rdm import n_pairs, pairs_within

NO_TRIAL = "no trial holds clips of one of the rater's sets alone"

Estimate = Callable[[list[Arrangement], int], RDMEstimate | str]


@dataclass(frozen=True, eq=False)
class _Part:
    """What was found of one set: its pairs among those of all clips, its trials' numbers, and the size of what was seen
    (root mean square).
    """

    pairs: Ints
    numbers: list[int]
    estimate: RDMEstimate
    size: float


def estimate_in_sets(
    arrangements: Sequence[Arrangement], n_items: int, sets: Sequence[Sequence[int]], estimate: Estimate
) -> RDMEstimate | str:
    """One estimate over all pairs of `n_items`, or in words why there is none.

    Each set is estimated from its own trials, as if it were a study, and what was seen of it has a root mean square of
    1: nothing else ties the scales of sets. A pair of two sets, as of anchor clips, is the mean of both. Pairs across
    sets stay NaN; no model says anything about them.

    Parameters
    ----------
    sets
        The items of each of the rater's sets, in rising order.
    estimate
        Gives the estimate of trials over so many items, or says why there is none.
    """
    parts, problems = [], []
    for items in sets:
        order = np.asarray(items, dtype=np.int64)
        numbers = [number for number, trial in enumerate(arrangements) if np.isin(trial.items, order).all()]
        if not numbers:
            continue
        of_set = estimate(within([arrangements[number] for number in numbers], order), order.size)
        if isinstance(of_set, str):
            problems.append(of_set)
        else:
            size = float(np.sqrt(np.nanmean(of_set.seen_rdm**2)))
            parts.append(_Part(pairs_within(order, n_items), numbers, of_set, size))
    if not parts:
        return problems[0] if problems else NO_TRIAL
    return _side_by_side(arrangements, n_items, parts)


def _side_by_side(arrangements: Sequence[Arrangement], n_items: int, parts: Sequence[_Part]) -> RDMEstimate:
    total = n_pairs(n_items)
    seen = mean_of_parts(total, [(part.pairs, part.estimate.seen_rdm / part.size) for part in parts])
    whole = mean_of_parts(total, [(part.pairs, part.estimate.rdm / part.size) for part in parts])
    predicted = np.isnan(seen) & np.isfinite(whole)
    rdm = np.where(predicted, whole, seen)
    size = np.sqrt(np.nansum(rdm**2))
    estimates = [part.estimate for part in parts]
    dropped = {part.numbers[number]: reason for part in parts for number, reason in part.estimate.dropped}
    known = {number for part in parts for number in part.numbers}
    dropped |= {number: "it holds clips of several sets" for number in range(len(arrangements)) if number not in known}
    used = [trial for number, trial in enumerate(arrangements) if number not in dropped]
    errors = [
        (part.pairs, part.estimate.standard_error / part.size)
        for part in parts
        if part.estimate.standard_error is not None
    ]
    alone = len(parts) == 1
    return RDMEstimate(
        rdm=rdm / size,
        evidence=pair_evidence(used, n_items),
        standard_error=mean_of_parts(total, errors) / size if len(errors) == len(parts) else None,
        correlation_with_truth=estimates[0].correlation_with_truth if alone else None,
        method=estimates[0].method,
        n_iter=max(one.n_iter for one in estimates),
        converged=all(one.converged for one in estimates),
        dropped=tuple(sorted(dropped.items())),
        components=pair_components(usable_trials(used, n_items)),
        predicted=predicted,
        parameters=estimates[0].parameters if alone else {},
        uncertainty_reason=estimates[0].uncertainty_reason if alone else None,
    )


def mean_of_parts(total: int, parts: Sequence[tuple[Ints, Floats]]) -> Floats:
    """The mean of each pair over the parts that have it, (total,); NaN where none has."""
    sums, counts = np.zeros(total), np.zeros(total)
    for pairs, values in parts:
        known = np.isfinite(values)
        sums[pairs[known]] += values[known]
        counts[pairs[known]] += 1
    means = np.full(total, np.nan)
    means[counts > 0] = sums[counts > 0] / counts[counts > 0]
    return means
