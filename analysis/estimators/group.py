"""Several participants at once: one RDM of all their trials, and each participant's own, helped by the others'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..arrangement import Arrangement, Floats
from ..rdm import n_pairs, scale_to_rms
from .estimate import Fit, RDMEstimate, describe, estimate_rdm
from .latent import DESIGN_MAX_ITER, fit_latent
from .precision_weighted import PrecisionWeighted, precision_weighted
from .trials import NoUsableTrialsError, Trials, usable_trials

# Precision with which the others' RDM counts as one more observation of each pair; own trials give about 10 to 100.
PRECISIONS = (0.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
FOLDS = 5


@dataclass(frozen=True, eq=False)
class GroupEstimate:
    """RDMs of a group and of its raters.

    Attributes
    ----------
    group : RDMEstimate
        From all raters' trials in one model. Its `dropped` counts trials in the raters' order, each rater's in turn.
    raters : dict of rater to RDMEstimate
        In the order given; raters without a usable trial are left out.
    borrowed : dict of rater to float
        Precision with which the other raters' RDM counted as an observation of each pair, on the scale on which the
        rater's own trials give `precision`; 0: the rater's trials alone.
    shares : dict of rater to (P,) float
        The same as a share, pair by pair: of all that the rater's fit observed of a pair, how much was the others' RDM.
        1 where the rater never saw the pair and borrowed at all; 0: the rater's trials alone.
    unusable : dict of rater to str
        Raters without a usable trial, with the reason.
    """

    group: RDMEstimate
    raters: dict[str, RDMEstimate]
    borrowed: dict[str, float]
    shares: dict[str, Floats]
    unusable: dict[str, str]


def estimate_group(
    arrangements: Mapping[str, Iterable[Arrangement]], n_items: int, *, method: str = "combined", shrink: bool = True
) -> GroupEstimate:
    """RDMs of a group and of each of its raters.

    Parameters
    ----------
    arrangements
        The trials of each rater, by the rater's name. Raters may have seen different items.
    n_items
        Number of items of the study.
    method
        As in `estimate_rdm`: for the group's RDM, and for the raters' where `shrink` is False.
    shrink
        Whether a rater's estimate may borrow from the others'. Their RDM then counts as one more observation of each
        pair in the rater's latent fit, with the precision (none included) that best predicts trials held out of the
        fits, judged half by this rater's trials and half by all raters'. It helps most where a rater has seen little.
        Estimates that borrow are alike by construction: never compute agreement between raters, or a noise ceiling,
        from them; use ``shrink=False`` for these.

    Raises
    ------
    NoUsableTrialsError
        When no rater has a usable trial.
    ValueError
        When the method is unknown, or a trial holds an item that is not below `n_items`.
    """
    lists = {rater: list(trials) for rater, trials in arrangements.items()}
    group = estimate_rdm([trial for trials in lists.values() for trial in trials], n_items, method=method)
    usable: dict[str, Trials] = {}
    unusable: dict[str, str] = {}
    for rater, trials in lists.items():
        try:
            usable[rater] = usable_trials(trials, n_items)
        except NoUsableTrialsError as reason:
            unusable[rater] = str(reason)
    if not shrink or len(usable) == 1:
        alone = {rater: estimate_rdm(lists[rater], n_items, method=method) for rater in usable}
        nothing = np.zeros(n_pairs(n_items))
        return GroupEstimate(group, alone, dict.fromkeys(usable, 0.0), dict.fromkeys(usable, nothing), unusable)

    others = {rater: _others(lists, rater, n_items) for rater in usable}
    loss = np.array([_held_out_losses(usable[rater], others[rater]) for rater in usable])
    choice = np.argmin(loss + np.nanmean(loss, axis=0), axis=1)
    raters, borrowed, shares = {}, {}, {}
    for rater, best in zip(usable, choice, strict=True):
        own = usable[rater]
        borrowed[rater] = PRECISIONS[best]
        both = borrow(precision_weighted(own), others[rater], PRECISIONS[best])
        # Where nothing was borrowed, a pair that was never seen has a precision of 0.
        shares[rater] = np.divide(
            PRECISIONS[best], both.precision, out=np.zeros(len(both.precision)), where=both.precision > 0
        )
        fit = fit_latent(own, average=both)
        parameters = {"borrowed_precision": PRECISIONS[best]}
        raters[rater] = describe(own, "latent", Fit(fit.rdm, fit.n_iter, fit.converged, parameters))
    return GroupEstimate(group, raters, borrowed, shares, unusable)


def borrow(average: PrecisionWeighted, others: Floats, precision: float) -> PrecisionWeighted:
    """A rater's average with the RDM `others` (P,), complete, as one more observation of each pair, so precise."""
    if precision == 0:
        return average
    seen = average.precision > 0
    # Both are brought to one scale over the pairs that the rater has seen.
    known = others * np.sqrt(np.mean(average.rdm[seen] ** 2) / np.mean(others[seen] ** 2))
    own = np.where(seen, average.rdm, 0.0)
    total = average.precision + precision
    return replace(average, rdm=(average.precision * own + precision * known) / total, precision=total)


def _others(lists: Mapping[str, list[Arrangement]], rater: str, n_items: int) -> Floats:
    """The latent fit of all other raters' trials together, (P,)."""
    trials = [trial for name, trials in lists.items() if name != rater for trial in trials]
    return scale_to_rms(fit_latent(usable_trials(trials, n_items), max_iter=DESIGN_MAX_ITER).rdm)


def _held_out_losses(trials: Trials, others: Floats) -> Floats:
    """For each of PRECISIONS the share of held-out trials' squared distances that is not predicted, (7,).

    Each prediction is scaled to the trial; trials count by their pairs. With a single trial nothing can be held out:
    the losses are 0, and all raters' together decide.
    """
    n_trials = trials.sizes.size
    losses = np.zeros(len(PRECISIONS))
    if n_trials == 1:
        return losses
    for fold in range(min(FOLDS, n_trials)):
        held = np.arange(n_trials) % min(FOLDS, n_trials) == fold
        training = usable_trials(
            [a for a, out in zip(trials.arrangements, held, strict=True) if not out], trials.n_items
        )
        average = precision_weighted(training)
        out = held[trials.trial]
        distance, pair, trial = trials.relative_distance()[out], trials.pair[out], trials.trial[out]
        for number, precision in enumerate(PRECISIONS):
            fit = fit_latent(training, average=borrow(average, others, precision), max_iter=DESIGN_MAX_ITER)
            predicted = fit.rdm[pair]
            cross = np.bincount(trial, distance * predicted, n_trials)[held]
            own = np.bincount(trial, distance**2, n_trials)[held]
            model = np.bincount(trial, predicted**2, n_trials)[held]
            pairs = np.bincount(trial, minlength=n_trials)[held]
            losses[number] += pairs @ (1 - cross**2 / (own * model))
    return losses / trials.pair.size
