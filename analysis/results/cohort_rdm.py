"""The raters' trials as one: of more clips than one person can sort each rater saw a small part of the pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Arrangement, Floats, Ints
from ..designs import DESIGNS
from ..estimators import NoUsableTrialsError, RDMEstimate, estimate_rdm
from ..noise_ceiling import NoiseCeiling
from ..quality import GroupQuality
from ..quality.group import OUTLIER, robust_z
from ..rdm import n_pairs, pairs_within
from ..reliability import Coefficient, Reliability
from ..reliability.report import COEFFICIENTS
from ..similarity import Method, similarity
from ..words import counted
from .agreement import COMPARATORS, Agreement
from .pooled import GroupRDM
from .raters import RaterResult
from .scales import not_converged, scale_sentences

# One rater's trials hold too few pairs for a model of all clips: their own RDM is made of what they saw.
OWN_METHOD = "precision_weighted"
# Halvings of the raters, and beyond so many pairs, where each takes long.
HALVINGS, FEW_HALVINGS, MANY_PAIRS = 10, 2, 50_000


NOT_KNOWN = "standard errors are not computed for a rater who saw a small part of the pairs"
NOT_SHARED = "the raters saw the pairs between them: two raters have too few in common"


@dataclass(frozen=True, eq=False)
class Together:
    """One RDM of the trials of all raters.

    `raters` are the R who have a trial among them, and `n_raters` (P,) says how many of them saw each pair. `halves`
    are the correlations (Pearson) of the RDMs of two halves of the raters, each estimated in the same way, over the
    pairs that somebody saw; one for each halving. `with_others` (R,) are, by comparator, the correlations of what a
    rater saw with the RDM of the half in which that rater is not, means over the halvings; NaN where unknown.
    """

    estimate: RDMEstimate
    raters: tuple[str, ...]
    n_raters: Ints
    halves: tuple[float, ...]
    with_others: dict[Method, Floats]

    @property
    def group(self) -> GroupRDM:
        """The RDM as the group's; `evidence` is that of all trials, the sum over raters."""
        estimate = self.estimate
        return GroupRDM(
            rdm=estimate.seen_rdm,
            completed=estimate.rdm,
            predicted=estimate.predicted,
            evidence=estimate.evidence,
            n_raters=self.n_raters,
        )

    @property
    def split_half(self) -> Coefficient:
        """Mean correlation of two halves of the raters."""
        return Coefficient(self._mean, reason=self._about)

    @property
    def split_half_corrected(self) -> Coefficient:
        """The reliability of the RDM of all raters that follows from it, by Spearman-Brown."""
        r = self._mean
        return Coefficient(2 * r / (1 + r) if r > 0 else np.nan, reason=self._about)

    @property
    def _mean(self) -> float:
        return float(np.mean(self.halves)) if self.halves else np.nan

    @property
    def _about(self) -> str:
        if not self.halves:
            return "each half of the raters needs a trial from which an RDM can be estimated"
        times = f"{len(self.halves)} halvings of the raters" if len(self.halves) > 1 else "one halving of the raters"
        return f"from the RDMs of all trials of two halves, over {times}; no interval is known"


def agreement_together(together: Together, raters: Sequence[str]) -> Agreement:
    """The agreement of two halves of the raters, and of each rater with the others; single raters are not compared."""
    seen = together.n_raters[together.n_raters > 0]
    unknown: dict[str, Any] = {name: Coefficient(np.nan, reason=NOT_SHARED) for name in COEFFICIENTS}
    report = Reliability(
        **unknown | {"split_half": together.split_half, "split_half_corrected": together.split_half_corrected},
        n_raters=len(raters),
        n_pairs_seen=seen.size,
        raters_per_pair=float(seen.size / np.sum(1.0 / seen)),
        n_splits=len(together.halves),
        level=0.95,
    )
    return Agreement(
        raters=tuple(raters),
        reliability=report,
        ceilings={method: NoiseCeiling(np.nan, np.nan, NOT_SHARED) for method in COMPARATORS},
        with_others={method: _of(together, values, raters) for method, values in together.with_others.items()},
        influence=None,
    )


def quality_together(together: Together, raters: Sequence[str]) -> GroupQuality:
    """Each rater against the others."""
    r = _of(together, together.with_others["pearson"], raters)
    z = robust_z(r)
    return GroupQuality(r, z, np.full(r.size, np.nan), z < OUTLIER)


def _of(together: Together, values: Floats, raters: Sequence[str]) -> Floats:
    by_name = dict(zip(together.raters, values, strict=True))
    return np.array([by_name.get(name, np.nan) for name in raters])


def is_over_cohort(design: str) -> bool:
    """Whether raters were shown the pairs between them, so that their trials are to be estimated as one."""
    return design in DESIGNS and DESIGNS[design].is_over_cohort


def estimate_together(
    trials: Mapping[str, Sequence[Arrangement]], n_items: int, method: str, *, seed: int = 0
) -> Together | None:
    """The RDM of all raters' trials as if they were one person's, and how well two halves of the raters agree on it.

    None where no rater has a trial from which anything can be estimated.

    Parameters
    ----------
    trials
        The trials of each rater by name.
    seed
        Draws the halvings.
    """
    there = {name: list(theirs) for name, theirs in trials.items() if theirs}
    try:
        estimate = estimate_rdm([trial for theirs in there.values() for trial in theirs], n_items, method=method)
    except NoUsableTrialsError:
        return None
    own = [_own(theirs, n_items) for theirs in there.values()]
    n_raters = np.zeros(n_pairs(n_items), dtype=np.int64)
    for pairs, _ in own:
        n_raters[pairs] += 1
    halves, with_others = _halves(list(there.values()), own, n_items, method, n_raters > 0, seed)
    return Together(estimate, tuple(there), n_raters, halves, with_others)


def _own(trials: Sequence[Arrangement], n_items: int) -> tuple[Ints, Floats]:
    """The pairs that a rater saw, and the rater's own dissimilarities of them."""
    pairs = np.unique(np.concatenate([pairs_within(trial.items, n_items) for trial in trials]))
    try:
        return pairs, estimate_rdm(trials, n_items, method=OWN_METHOD).rdm[pairs]
    except NoUsableTrialsError:
        return pairs, np.full(pairs.size, np.nan)


def _halves(
    trials: Sequence[Sequence[Arrangement]],
    own: Sequence[tuple[Ints, Floats]],
    n_items: int,
    method: str,
    seen: NDArray[np.bool_],
    seed: int,
) -> tuple[tuple[float, ...], dict[Method, Floats]]:
    """The correlations of two halves, and of each rater with the half in which the rater is not."""
    rng, correlations = np.random.default_rng(seed), []
    agrees = {comparator: np.zeros(len(trials)) for comparator in COMPARATORS}
    for _ in range(HALVINGS if seen.size <= MANY_PAIRS else FEW_HALVINGS):
        order = rng.permutation(len(trials))
        halves = order[::2], order[1::2]
        try:
            rdms = [
                estimate_rdm([trial for rater in half for trial in trials[rater]], n_items, method=method).rdm
                for half in halves
            ]
        except NoUsableTrialsError:
            continue
        r = float(similarity(*(np.where(seen, rdm, np.nan) for rdm in rdms))[0, 0])
        if not np.isfinite(r):
            continue
        correlations.append(r)
        for half, others in zip(halves, reversed(rdms), strict=True):
            for rater in half:
                pairs, values = own[rater]
                for comparator, sums in agrees.items():
                    sums[rater] += _similarity(values, others[pairs], comparator)
    return tuple(correlations), {
        name: sums / len(correlations) if correlations else sums + np.nan for name, sums in agrees.items()
    }


def _similarity(own: Floats, others: Floats, comparator: Method) -> float:
    """The similarity over some pairs: as of a smaller RDM, whose last pairs are missing."""
    if np.isfinite(own + others).sum() < 3:
        return np.nan
    missing = np.full(n_pairs(math.ceil((1 + math.sqrt(1 + 8 * own.size)) / 2)) - own.size, np.nan)
    both = (np.concatenate([values, missing]) for values in (own, others))
    return float(similarity(*both, method=comparator)[0, 0])


def without_uncertainty(result: RaterResult) -> RaterResult:
    """A rater's result with the words why its standard errors are not there, though they were asked for."""
    if result.estimate is None:
        return result
    return replace(result, estimate=replace(result.estimate, uncertainty_reason=NOT_KNOWN))


def together_sentences(together: Together) -> list[str]:
    """What has to be known to read an RDM of all trials as one."""
    estimate, pairs = together.estimate, together.n_raters.size
    never = int((together.n_raters == 0).sum())
    seen = together.n_raters[together.n_raters > 0]
    told = (
        f"All trials of {counted(len(together.raters), 'rater was', 'raters were')} estimated as one: no rater "
        "saw more than a part of the "
        f"pairs. {seen.size} of {pairs} pairs were seen, by {seen.mean():.1f} raters on average and {seen.max()} at "
        "most"
    )
    predicted = int(estimate.predicted.sum())
    if never:
        told += f"; the other {never} are " + ("only predicted" if predicted == never else "missing")
    sentences = [told + "."]
    if np.isfinite(corrected := together.split_half_corrected.value):
        sentences.append(
            f"The reliability of this RDM, from the RDMs of two halves of the raters, is {corrected:.2f} "
            "(Spearman-Brown). Single raters are not compared with one another, and there is no noise ceiling: two of "
            "them have too few pairs in common."
        )
    sentences += scale_sentences(estimate)
    if not estimate.converged:
        sentences.append(not_converged())
    return sentences
